/* SPDX-License-Identifier: Apache-2.0 */
/* grant.c - the vocabulary of permissions, runtimes, events and degradations.
 * Owns: names, classes, which need a scope.  Must not know: how they are enforced. */
#include "policy/grant.h"

#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"

#define ROW_(id, name, class, scoped) [id] = { name, CLASS_##class, scoped },
static const struct {
	const char *name;
	enum permission_class class;
	bool scoped;
} permissions[PERM_COUNT] = { PERMISSION_TABLE(ROW_) };
#undef ROW_

static const char *const degradations[ACCEPT_COUNT] = {
	[ACCEPT_NO_BPF_LSM] = "no-bpf-lsm",   [ACCEPT_NO_CGROUP] = "no-cgroup",
	[ACCEPT_NO_LANDLOCK] = "no-landlock", [ACCEPT_NO_STORAGE_QUOTA] = "no-storage-quota",
	[ACCEPT_NO_IO_LIMIT] = "no-io-limit",
};

static const char *const runtimes[RUNTIME_COUNT] = {
	[RUNTIME_WASM] = "wasm",
	[RUNTIME_JS] = "js",
	[RUNTIME_NATIVE] = "native",
};

#define ROW_(id, name) [id] = (name),
static const char *const events[EVENT_COUNT] = { EVENT_TABLE(ROW_) };
#undef ROW_

_Static_assert(PERM_COUNT < 32, "a permission_set has 32 bits, and PERM_ALL shifts by PERM_COUNT");
_Static_assert(EVENT_COUNT <= 32, "a set of events has 32 bits");

/* Rows may be NULL: RUNTIME_NONE has no name. */
static int find(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (names[i] && !strcmp(names[i], name))
			return (int)i;
	return -1;
}

const char *permission_name(unsigned int p)
{
	return p < PERM_COUNT ? permissions[p].name : NULL;
}

int permission_from_name(const char *name)
{
	for (int i = 0; i < PERM_COUNT; i++)
		if (!strcmp(permissions[i].name, name))
			return i;
	return -1;
}

enum permission_class permission_class(enum permission p)
{
	return permissions[p].class;
}

/* Outside the table: yes, and then no scope will be found. */
permission_set permissions_that_leak(permission_set s)
{
	permission_set reads = 0, sends = 0;

	for (unsigned int i = 0; i < PERM_COUNT; i++) {
		permission_set bit = s & PERM_BIT(i);

		reads |= permissions[i].class == CLASS_READ ? bit : 0;
		sends |= permissions[i].class == CLASS_EGRESS ? bit : 0;
	}
	return reads && sends ? reads | sends : 0;
}

bool permission_needs_scope(enum permission p)
{
	return (unsigned int)p >= PERM_COUNT || permissions[p].scoped;
}

const char *runtime_name(unsigned int r)
{
	return r < RUNTIME_COUNT ? runtimes[r] : NULL;
}

int runtime_from_name(const char *name)
{
	return find(runtimes, countof(runtimes), name);
}

const char *event_name(unsigned int ev)
{
	return ev < EVENT_COUNT ? events[ev] : NULL;
}

int event_from_name(const char *name)
{
	return find(events, countof(events), name);
}

const char *degradation_name(unsigned int d)
{
	return d < ACCEPT_COUNT ? degradations[d] : NULL;
}
