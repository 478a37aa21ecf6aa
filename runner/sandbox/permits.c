/* SPDX-License-Identifier: Apache-2.0 */
/* permits.c - which request is allowed when, and which lies inside the ceiling. */
#include "sandbox/permits.h"

#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"

/* The compiler's own bounds: it belongs to no tenant. A 1.9 MB module needs 0.4 GB in cc. */
#define COMPILE_MEMORY_MAX (2ull << 30)
#define COMPILE_TASKS_MAX 64u
#define COMPILE_CPU_PERCENT_MAX 400u
#define COMPILE_OUT_MAX (256ull << 20)
#define COMPILE_IO_MAX (256ull << 20)
#define MOST_BUDGET_MS (1ull << 40) /* in nanoseconds it still is a number of 64 bits */
#define ROLES_COUNT 4u		    /* supervisor, store, audit, fetch */

static const bool launcher_table[LAUNCHER_STATE_COUNT][LAUNCH_KIND_COUNT] = {
	[LAUNCHER_SERVING] = { [LAUNCH_LOADER] = true,
			       [LAUNCH_BROKER] = true,
			       [LAUNCH_START] = true,
			       [LAUNCH_KILL] = true,
			       [LAUNCH_FREEZE] = true,
			       [LAUNCH_THAW] = true,
			       [LAUNCH_USAGE] = true,
			       [LAUNCH_SHUTDOWN] = true,
			       [LAUNCH_BUDGET] = true,
			       [LAUNCH_INSPECT] = true,
			       [LAUNCH_SELFTEST] = true,
			       [LAUNCH_FETCH] = true },
	[LAUNCHER_STOPPING] = { [LAUNCH_KILL] = true,
				[LAUNCH_USAGE] = true,
				[LAUNCH_SHUTDOWN] = true },
};

static const bool instance_table[INSTANCE_STATE_COUNT][LAUNCH_KIND_COUNT] = {
	[INSTANCE_RUNNING] = { [LAUNCH_KILL] = true,
			       [LAUNCH_FREEZE] = true,
			       [LAUNCH_USAGE] = true,
			       [LAUNCH_BUDGET] = true,
			       [LAUNCH_INSPECT] = true },
	[INSTANCE_FROZEN] = { [LAUNCH_KILL] = true,
			      [LAUNCH_THAW] = true,
			      [LAUNCH_USAGE] = true,
			      [LAUNCH_BUDGET] = true,
			      [LAUNCH_INSPECT] = true },
	[INSTANCE_ENDING] = { [LAUNCH_KILL] = true, [LAUNCH_USAGE] = true },
	[INSTANCE_STUCK] = { [LAUNCH_KILL] = true, [LAUNCH_USAGE] = true },
};

bool request_names_instance(uint32_t kind)
{
	return kind == LAUNCH_KILL || kind == LAUNCH_FREEZE || kind == LAUNCH_THAW ||
	       kind == LAUNCH_BUDGET || kind == LAUNCH_INSPECT;
}

bool launcher_permits(enum launcher_state state, uint32_t kind)
{
	return (unsigned int)state < LAUNCHER_STATE_COUNT && kind < LAUNCH_KIND_COUNT &&
	       launcher_table[state][kind];
}

bool instance_permits(enum instance_state state, uint32_t kind)
{
	return (unsigned int)state < INSTANCE_STATE_COUNT && kind < LAUNCH_KIND_COUNT &&
	       instance_table[state][kind];
}

/* Descriptors a request brings: from least to most. */
static void fd_bounds(const struct launch_msg *m, size_t *ret_least, size_t *ret_most)
{
	*ret_least = *ret_most = 0;
	if (m->kind == LAUNCH_LOADER) /* bundle, staging for unpack only, trust */
		*ret_least = *ret_most = m->u.loader.job == LAUNCH_JOB_UNPACK ? 3 : 2;
	if (m->kind == LAUNCH_START) { /* wire, stdout, stderr; the compiler has no wire */
		*ret_least = m->u.start.image == IMAGE_COMPILE ? 2 : 3;
		*ret_most = *ret_least;
	}
}

int request_check(const struct launch_msg *m, size_t len_bytes, size_t fd_count, struct err *e)
{
	size_t least, most;

	if (len_bytes != sizeof(*m))
		return err_set(e, ERR_PROTOCOL, "request of %zu bytes, not %zu", len_bytes,
			       sizeof(*m));
	if (m->abi != REQUEST_ABI || m->reserved || m->result)
		return err_set(e, ERR_PROTOCOL, "request with ABI %u", m->abi);
	if (m->kind == 0 || m->kind >= LAUNCH_KIND_COUNT)
		return err_set(e, ERR_PROTOCOL, "unknown request %u", m->kind);
	fd_bounds(m, &least, &most);
	if (fd_count < least || fd_count > most)
		return err_set(e, ERR_PROTOCOL, "request %u with %zu descriptors", m->kind,
			       fd_count);
	return 0;
}

static bool is_hex_digest(const char field[DIGEST_HEX_BYTES])
{
	uint8_t digest[DIGEST_BYTES];

	return str_ends_inside(field, DIGEST_HEX_BYTES) &&
	       hex_decode(field, digest, sizeof(digest));
}

static bool is_name(const char field[NAME_MAX_BYTES])
{
	return str_ends_inside(field, NAME_MAX_BYTES) && name_is_valid(field);
}

const struct tenant_ceiling *ceiling_find_tenant(const struct ceiling *c, const char *name)
{
	for (uint32_t i = 0; i < c->tenant_count && i < TENANTS_MAX; i++)
		if (!strcmp(c->tenants[i].name, name))
			return &c->tenants[i];
	return NULL;
}

/* Every limit is set and at most the ceiling's; a missing one is no limit at all and refused. */
static int check_limits(const struct limits *l, const struct limits *most, struct err *e)
{
	const struct {
		const char *name;
		uint64_t value, most;
		bool may_be_zero;
	} rows[] = {
		{ "memory", l->memory_bytes, most->memory_bytes, false },
		{ "cpu", l->cpu_percent, most->cpu_percent, false },
		{ "tasks", l->tasks, most->tasks, false },
		{ "storage", l->data_bytes, most->data_bytes, true },
		{ "io", l->io_bytes, most->io_bytes, false },
	};

	for (size_t i = 0; i < countof(rows); i++)
		if (rows[i].value > rows[i].most || (!rows[i].value && !rows[i].may_be_zero))
			return err_set(e, ERR_CEILING, "limit %s is %llu, the ceiling is %llu",
				       rows[i].name, (unsigned long long)rows[i].value,
				       (unsigned long long)rows[i].most);
	return 0;
}

static int check_file_rule(const struct file_rule *f, const struct tenant_ceiling *t, struct err *e)
{
	if (!str_ends_inside(f->path, sizeof(f->path)) ||
	    (f->path[0] && !relative_path_is_valid(f->path)))
		return err_set(e, ERR_CEILING, "files rule with an unsafe path");
	if (f->root != FILE_ROOT_VAULT && f->root != FILE_ROOT_DATA)
		return err_set(e, ERR_CEILING, "files rule below root %u", f->root);
	if (!f->access || (f->access & ~(FILE_ACCESS_READ | FILE_ACCESS_WRITE)))
		return err_set(e, ERR_CEILING, "files rule with access %u", f->access);
	if (f->root == FILE_ROOT_VAULT && (f->access & FILE_ACCESS_WRITE))
		return err_set(e, ERR_CEILING,
			       "a vault is read-only in a jail; notes are written by the broker");
	if (f->root == FILE_ROOT_VAULT && !(t->permissions & PERM_BIT(PERM_READ_NOTES)))
		return err_set(e, ERR_CEILING, "tenant %s gives nobody readNotes", t->name);
	return 0;
}

static int check_files(const struct launch_start *s, const struct tenant_ceiling *t, struct err *e)
{
	if (s->file_count > FILE_RULES_MAX)
		return err_set(e, ERR_CEILING, "%u files rules", s->file_count);
	for (uint32_t i = 0; i < s->file_count; i++)
		if (check_file_rule(&s->files[i], t, e) < 0)
			return -1;
	return 0;
}

static int check_compile(const struct launch_start *s, struct err *e)
{
	static const struct limits most = { .memory_bytes = COMPILE_MEMORY_MAX,
					    .cpu_percent = COMPILE_CPU_PERCENT_MAX,
					    .tasks = COMPILE_TASKS_MAX,
					    .data_bytes = COMPILE_OUT_MAX,
					    .io_bytes = COMPILE_IO_MAX };

	if (!is_name(s->staging))
		return err_set(e, ERR_CEILING, "staging folder's name");
	if (s->tenant[0] || s->file_count || s->jit || s->cpu_budget_ms)
		return err_set(e, ERR_CEILING,
			       "the compiler has no tenant, no files rules, no jit and no budget");
	return check_limits(&s->limits, &most, e);
}

/* A path of the bundle, for the images that run it from there. */
static int check_entry(const struct launch_start *s, struct err *e)
{
	if (!str_ends_inside(s->entry, sizeof(s->entry)))
		return err_set(e, ERR_CEILING, "entry without an end");
	if (s->image != IMAGE_NATIVE && s->image != IMAGE_JS)
		return s->entry[0]
			       ? err_set(e, ERR_CEILING, "an entry that is not run from its bundle")
			       : 0;
	return relative_path_is_valid(s->entry) ? 0 : err_set(e, ERR_CEILING, "entry's path");
}

int launcher_check_budget(const struct tenant_ceiling *t, uint64_t budget_ms, struct err *e)
{
	uint64_t most = t ? t->limits.cpu_time_ms : 0;

	if (!t)
		return err_set(e, ERR_CEILING, "the compiler has no budget");
	if (budget_ms > MOST_BUDGET_MS || (most && (!budget_ms || budget_ms > most)))
		return err_set(e, ERR_CEILING, "CPU budget of %llu ms, the ceiling is %llu",
			       (unsigned long long)budget_ms, (unsigned long long)most);
	return 0;
}

static int check_plugin(const struct launch_start *s, const struct tenant_ceiling *t, struct err *e)
{
	static const unsigned int runtimes[IMAGE_COUNT] = { [IMAGE_WASM] = RUNTIME_WASM,
							    [IMAGE_NATIVE] = RUNTIME_NATIVE,
							    [IMAGE_JS] = RUNTIME_JS };

	if (!t)
		return err_set(e, ERR_CEILING, "no such tenant");
	if (!is_hex_digest(s->bundle_hex))
		return err_set(e, ERR_CEILING, "bundle id");
	if (s->staging[0])
		return err_set(e, ERR_CEILING, "a plugin has no staging folder");
	if (!(t->runtimes & RUNTIME_BIT(runtimes[s->image])))
		return err_set(e, ERR_CEILING, "tenant %s does not allow this runtime", t->name);
	if (s->jit && s->image != IMAGE_JS)
		return err_set(e, ERR_CEILING, "jit is for the runtime js only");
	if (s->jit > t->jit)
		return err_set(e, ERR_CEILING, "tenant %s does not allow jit", t->name);
	if (check_limits(&s->limits, &t->limits, e) < 0 ||
	    launcher_check_budget(t, s->cpu_budget_ms, e) < 0)
		return -1;
	return check_files(s, t, e);
}

int launcher_check_start(const struct ceiling *c, const struct launch_start *s,
			 const struct tenant_ceiling **ret_tenant, struct err *e)
{
	const struct tenant_ceiling *t = NULL;

	if (!is_name(s->plugin) || !str_ends_inside(s->tenant, sizeof(s->tenant)))
		return err_set(e, ERR_CEILING, "plugin's or tenant's name");
	if (s->image < IMAGE_WASM || s->image >= IMAGE_COUNT)
		return err_set(e, ERR_CEILING, "image %u", s->image);
	if (s->uid_index >= c->plugin_uid_count)
		return err_set(e, ERR_CEILING, "uid index %u of %u", s->uid_index,
			       c->plugin_uid_count);
	if (check_entry(s, e) < 0)
		return -1;
	if (s->image == IMAGE_COMPILE) {
		if (check_compile(s, e) < 0)
			return -1;
	} else {
		t = ceiling_find_tenant(c, s->tenant);
		if (check_plugin(s, t, e) < 0)
			return -1;
	}
	*ret_tenant = t;
	return 0;
}

static bool in_range(uint32_t id, uint32_t base, uint32_t count)
{
	return id >= base && id - base < count;
}

int launcher_check_ids(const struct ceiling *c, uint32_t role_uid_base, struct err *e)
{
	uint32_t base = c->plugin_uid_base, count = c->plugin_uid_count;

	if (base == 0 || count == 0 || base + count < base)
		return err_set(e, ERR_CONFIG, "pluginUids: base %u, count %u", base, count);
	if (in_range(role_uid_base, base, count) || in_range(base, role_uid_base, ROLES_COUNT))
		return err_set(e, ERR_CONFIG, "pluginUids overlap Kennel's own ids from %u",
			       role_uid_base);
	for (uint32_t i = 0; i < c->tenant_count && i < TENANTS_MAX; i++) {
		const struct tenant_ceiling *t = &c->tenants[i];

		if (t->uid == 0 || t->gid == 0)
			return err_set(e, ERR_CONFIG, "tenant %s: a vault must not belong to root",
				       t->name);
		if (in_range(t->uid, base, count) || in_range(t->uid, role_uid_base, ROLES_COUNT) ||
		    in_range(t->gid, base, count) || in_range(t->gid, role_uid_base, ROLES_COUNT))
			return err_set(e, ERR_CONFIG,
				       "tenant %s: uid %u or gid %u is a plugin's or Kennel's own",
				       t->name, t->uid, t->gid);
	}
	return 0;
}
