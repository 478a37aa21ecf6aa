/* SPDX-License-Identifier: Apache-2.0 */
/* alone.c - all attempts under the guard and nothing else: as root, in no namespace of its own, in
 * a cgroup whose policy is ENFORCE. Owns: the labels, as a start of a native plugin gives them.
 * Prints what the program prints, and at the end how many refusals each hook counted. */
#include "tests/bpf/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

static uint64_t by_hook[HOOK_COUNT];
static struct guard *guard;
static uint64_t cgroup;

static const struct {
	const char *path;
	uint32_t rights;
} labels[] = {
	{ "/plugin", MAY_READ | MAY_EXEC },
	{ "/data", MAY_READ | MAY_WRITE },
	{ "/tmp", MAY_READ | MAY_WRITE },
	{ "/vault/Projects", MAY_READ },
	{ "/canary", 0 },
	{ "/dev/null", MAY_READ | MAY_WRITE },
	{ "/dev/zero", MAY_READ | MAY_WRITE },
	{ "/dev/full", MAY_READ | MAY_WRITE },
	{ "/dev/random", MAY_READ },
	{ "/dev/urandom", MAY_READ },
};

static void count(void *arg, const struct refusal *r)
{
	(void)arg;
	if (r->hook < HOOK_COUNT)
		by_hook[r->hook]++;
}

static int attempts(void)
{
	static char name[] = "/plugin/plugin", word[] = "--alone", vm[] = "KENNEL_VM=1";
	char *argv[] = { name, word, NULL }, *envp[] = { vm, NULL };

	execve(name, argv, envp);
	return errno;
}

static void enforce(void *arg)
{
	struct err e = { 0 };

	(void)arg;
	need(guard_policy_set(guard, cgroup, PHASE_ENFORCE, 0, &e) == 0, "enforce: %s", e.text);
}

int main(void)
{
	struct err e = { 0 };
	uint64_t refused = 0;
	int fd, r;

	slice_make();
	guard = guard_start(1u << 20);
	cgroup = cgroup_make("t/p/attempts", &fd);
	need(guard_policy_set(guard, cgroup, PHASE_SETUP, 0, &e) == 0, "policy: %s", e.text);
	for (size_t i = 0; i < countof(labels); i++) {
		struct label l = { .rights = labels[i].rights, .rule = (uint32_t)i };
		CLEANUP_FD int at = open(labels[i].path, O_PATH | O_CLOEXEC);

		need(at >= 0 && guard_label_fd(guard, cgroup, at, &l, &e) == 0, "label %s: %s",
		     labels[i].path, e.text);
	}
	r = run_child(fd, "/plugin", NULL, attempts, enforce, NULL);
	need(guard_refused(guard, cgroup, &refused, &e) == 0, "refused: %s", e.text);
	while (guard_poll(guard, count, NULL, NULL) > 0)
		;
	for (size_t i = 0; i < HOOK_COUNT; i++)
		if (by_hook[i])
			printf("# hook %s %llu\n", guard_hook_name((uint32_t)i),
			       (unsigned long long)by_hook[i]);
	printf("# refused %llu\n", (unsigned long long)refused);
	cgroup_remove("t/p/attempts");
	need(guard_policy_remove(guard, cgroup, NULL) == 0, "remove policy");
	guard_end(&guard);
	slice_remove();
	return r;
}
