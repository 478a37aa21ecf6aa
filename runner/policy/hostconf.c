/* SPDX-License-Identifier: Apache-2.0 */
/* hostconf.c - the operator's configuration file → the ceiling.
 * Owns: its keys, and the default of every limit.  Must not know: any plugin. */
#include "policy/hostconf.h"

#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "policy/aiconf.h"
#include "policy/field.h"
#include "policy/limit.h"
#include "policy/rules.h"
#include "policy/terms.h"

#define CONFIG_TYPE "kennel.config/1"
#define CGROUP_MOUNT "/sys/fs/cgroup/"

/* Above the ranges of adduser's subordinate ids, below 2^31. */
#define DEFAULT_PLUGIN_UID_BASE 1000200000u
#define DEFAULT_PLUGIN_UID_COUNT 65536u
#define RELEASE_AGE_MAX_MS (366ull * 24 * 3600 * 1000)
#define DEFAULT_RUNTIMES RUNTIME_BIT(RUNTIME_WASM)

static bool is_config_type(const char *s)
{
	return !strcmp(s, CONFIG_TYPE);
}

/* "" is the process's own group. */
static bool cgroup_is_valid(const char *s)
{
	if (!strncmp(s, CGROUP_MOUNT, strlen(CGROUP_MOUNT)))
		s += strlen(CGROUP_MOUNT);
	return !*s || relative_path_is_valid(s);
}

static bool scan_is_valid(const char *s)
{
	return !*s || host_path_is_valid(s);
}

/* ---- one tenant ---- */

static const struct field tenant_rows[] = {
	{ .key = "uid",
	  .help = "Owner of the vault; the tenant's broker runs as it.",
	  .type = FIELD_NUMBER,
	  .required = true,
	  .ours = true,
	  .max = UINT32_MAX,
	  FIELD_PLACE(struct tenant_ceiling, uid) },
	{ .key = "gid",
	  .help = "Its group.",
	  .type = FIELD_NUMBER,
	  .required = true,
	  .ours = true,
	  .max = UINT32_MAX,
	  FIELD_PLACE(struct tenant_ceiling, gid) },
	{ .key = "vault",
	  .help = "The folder of Markdown notes.",
	  .expect = "an absolute path without . and ..",
	  .type = FIELD_TEXT,
	  .required = true,
	  .ours = true,
	  .ok = host_path_is_valid,
	  FIELD_TEXT_PLACE(struct tenant_ceiling, vault) },
	{ .key = "permissions",
	  .help = "The most that can be granted here; absent: all, [] is none.",
	  .type = FIELD_WORDS,
	  .refusal = ERR_PERMISSION_UNKNOWN,
	  .ours = true,
	  .word = permission_name,
	  .word_count = PERM_COUNT,
	  FIELD_PLACE(struct tenant_ceiling, permissions) },
	{ .key = "runtimes",
	  .help = "Which plugins may run here; absent: wasm.",
	  .type = FIELD_WORDS,
	  .ours = true,
	  .word = runtime_name,
	  .word_count = RUNTIME_COUNT,
	  FIELD_PLACE(struct tenant_ceiling, runtimes) },
	{ .key = "jit",
	  .help = "May js plugins that ask have anonymous executable memory; absent: no.",
	  .type = FIELD_FLAG,
	  .ours = true,
	  FIELD_PLACE(struct tenant_ceiling, jit) },
	{ .key = "limits",
	  .help = "The most one plugin gets.",
	  .type = FIELD_OBJECT,
	  .ours = true,
	  .members = &limit_fields,
	  FIELD_PLACE(struct tenant_ceiling, limits) },
};
static const struct field_table tenant_table = { tenant_rows, countof(tenant_rows) };

static void set_tenant_defaults(struct tenant_ceiling *t)
{
	t->permissions = PERM_ALL;
	t->runtimes = DEFAULT_RUNTIMES;
	for (unsigned int i = 0; i < LIMIT_COUNT; i++)
		limit_set(&t->limits, i, limit_info(i)->ceiling);
}

static int take_tenant(struct json_place at, const char *name, struct tenant_ceiling *t,
		       struct err *e)
{
	if (!tenant_name_is_valid(name))
		return err_set(e, ERR_CONFIG,
			       "%s: expected a name of letters, digits, '-' and '_', not \"%s\"",
			       at.where, TENANT_NAME_RESERVED);
	set_tenant_defaults(t);
	(void)copy_str(t->name, sizeof(t->name), name);
	if (fields_take(&tenant_table, at, t, e) < 0)
		return -1;
	if (!tenant_id_is_valid(t->uid))
		return err_set(e, ERR_CONFIG, "%s/uid: a broker never runs as root, nobody or -1",
			       at.where);
	if (!tenant_id_is_valid(t->gid))
		return err_set(e, ERR_CONFIG,
			       "%s/gid: a broker never has the group root, nogroup or -1",
			       at.where);
	return 0;
}

static int take_tenants(struct json_place at, void *base, struct err *e)
{
	struct ceiling *c = base;
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)at.obj, name, value) {
		char where[FIELD_WHERE_MAX];

		field_where(where, at.where, name);
		if (take_tenant((struct json_place){ value, where }, name,
				&c->tenants[c->tenant_count], e) < 0)
			return -1;
		c->tenant_count++;
	}
	return 0;
}

/* ---- pins ---- */

static int take_pins(struct json_place at, void *base, struct err *e)
{
	struct ceiling *c = base;
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)at.obj, name, value) {
		struct pin *p = &c->pins[c->pin_count];
		const char *what = json_string_value(value);
		char where[FIELD_WHERE_MAX];

		field_where(where, at.where, name);
		if (!name_is_valid(name) || !copy_str(p->plugin, sizeof(p->plugin), name))
			return err_set(e, ERR_CONFIG, "%s: expected the name of a plugin", where);
		if (!what || !pin_is_valid(what) || !copy_str(p->what, sizeof(p->what), what))
			return err_set(e, ERR_CONFIG,
				       "%s: expected a bundle id, or a version as \"1.2.*\"",
				       where);
		c->pin_count++;
	}
	return 0;
}

/* ---- revocations ---- */

#define EVERY_DEFAULT_MS (5u * 60 * 1000)
#define EVERY_MAX_MS (24ull * 3600 * 1000)

static const char *stale_word(unsigned int i)
{
	static const char *const words[] = { "refuse", "warn" };

	return i < countof(words) ? words[i] : NULL;
}

/* A list is signed, so a mirror on this very host may speak plain http; nobody else. */
static bool list_url_is_valid(const char *s)
{
	static const char *const starts[] = { "https://", "http://127.0.0.1:", "http://127.0.0.1/",
					      "http://localhost:", "http://localhost/" };

	for (size_t i = 0; i < countof(starts); i++)
		if (!strncmp(s, starts[i], strlen(starts[i])) && s[strlen(starts[i])])
			return !strpbrk(s, " \"<>\\^`{|}");
	return false;
}

static const struct field revocation_rows[] = {
	{ .key = "url",
	  .help = "Where kennel trust fetch gets the list; absent: somebody else brings the file.",
	  .expect = "an https:// address, or http:// on this very host",
	  .type = FIELD_TEXT,
	  .ours = true,
	  .refusal = ERR_CONFIG,
	  .ok = list_url_is_valid,
	  FIELD_TEXT_PLACE(struct revocation_conf, url) },
	{ .key = "folder",
	  .help = "The file \"revocations\" is looked for here; absent: STATE/fetch.",
	  .expect = "an absolute path without . and ..",
	  .type = FIELD_TEXT,
	  .ours = true,
	  .ok = host_path_is_valid,
	  FIELD_TEXT_PLACE(struct revocation_conf, folder) },
	{ .key = "every",
	  .help = "How often the file is looked at; absent: \"5m\".",
	  .type = FIELD_TIME,
	  .ours = true,
	  .min = 1000,
	  .max = EVERY_MAX_MS,
	  FIELD_PLACE(struct revocation_conf, every_ms) },
	{ .key = "stale",
	  .help = "What becomes of new installations without a list, or with an expired one; absent: \"refuse\".",
	  .type = FIELD_WORD,
	  .ours = true,
	  .word = stale_word,
	  .word_count = 2,
	  FIELD_PLACE(struct revocation_conf, stale_warns) },
};
static const struct field_table revocation_table = { revocation_rows, countof(revocation_rows) };

static int take_revocations(struct json_place at, void *base, struct err *e)
{
	struct revocation_conf *r = &((struct ceiling *)base)->revocations;

	(void)at;
	(void)e;
	r->configured = 1;
	if (!r->every_ms)
		r->every_ms = EVERY_DEFAULT_MS;
	return 0;
}

/* ---- the host ---- */

static const struct field uid_rows[] = {
	{ .key = "base",
	  .help = "The first uid and gid of a plugin.",
	  .type = FIELD_NUMBER,
	  .required = true,
	  .ours = true,
	  .max = INT32_MAX,
	  FIELD_PLACE(struct ceiling, plugin_uid_base) },
	{ .key = "count",
	  .help = "How many there are; none is used twice.",
	  .type = FIELD_NUMBER,
	  .required = true,
	  .ours = true,
	  .min = 1,
	  .max = PLUGIN_UID_COUNT_MAX,
	  FIELD_PLACE(struct ceiling, plugin_uid_count) },
};
static const struct field_table uid_table = { uid_rows, countof(uid_rows) };

static const struct field bundle_rows[] = {
	{ .key = "packed",
	  .help = "The largest bundle, as a file; absent: \"64M\".",
	  .type = FIELD_BYTES,
	  .ours = true,
	  .min = BUNDLE_BOUNDS_LEAST,
	  .max = BUNDLE_MOST,
	  FIELD_PLACE(struct ceiling, bundles.packed_bytes) },
	{ .key = "unpacked",
	  .help = "All its files together; absent: \"256M\".",
	  .type = FIELD_BYTES,
	  .ours = true,
	  .min = BUNDLE_BOUNDS_LEAST,
	  .max = BUNDLE_UNPACKED_MOST,
	  FIELD_PLACE(struct ceiling, bundles.unpacked_bytes) },
	{ .key = "file",
	  .help = "One of them; absent: \"64M\".",
	  .type = FIELD_BYTES,
	  .ours = true,
	  .min = BUNDLE_BOUNDS_LEAST,
	  .max = BUNDLE_FILE_MOST,
	  FIELD_PLACE(struct ceiling, bundles.file_bytes) },
	{ .key = "files",
	  .help = "How many there are; absent: 4096, which is also the most.",
	  .type = FIELD_NUMBER,
	  .ours = true,
	  .min = 1,
	  .max = BUNDLE_FILES_MAX,
	  FIELD_PLACE(struct ceiling, bundles.files) },
};
static const struct field_table bundle_table = { bundle_rows, countof(bundle_rows) };

static const struct field host_rows[] = {
	{ .key = "_type",
	  .help = "The version of this format.",
	  .expect = "\"" CONFIG_TYPE "\"",
	  .type = FIELD_TEXT,
	  .required = true,
	  .ours = true,
	  .ok = is_config_type },
	{ .key = "state",
	  .help = "Where the store, the grants, the audit log and plugins' data lie.",
	  .expect = "an absolute path without . and ..",
	  .type = FIELD_TEXT,
	  .required = true,
	  .ours = true,
	  .ok = host_path_is_valid,
	  FIELD_TEXT_PLACE(struct ceiling, state) },
	{ .key = "images",
	  .help = "The base images of the jails; root's.",
	  .expect = "an absolute path without . and ..",
	  .type = FIELD_TEXT,
	  .required = true,
	  .ours = true,
	  .ok = host_path_is_valid,
	  FIELD_TEXT_PLACE(struct ceiling, images) },
	{ .key = "cgroup",
	  .help = "The group below the cgroup v2 mount that is ours; absent: the service's own.",
	  .expect = "a path below " CGROUP_MOUNT,
	  .type = FIELD_TEXT,
	  .ours = true,
	  .ok = cgroup_is_valid,
	  FIELD_TEXT_PLACE(struct ceiling, cgroup) },
	{ .key = "scan",
	  .help = "The folder in which new bundles are looked for; absent: STATE/incoming.",
	  .expect = "an absolute path without . and ..",
	  .type = FIELD_TEXT,
	  .ours = true,
	  .ok = scan_is_valid,
	  FIELD_TEXT_PLACE(struct ceiling, scan) },
	{ .key = "pluginUids",
	  .help = "The uids that plugins run as.",
	  .type = FIELD_OBJECT,
	  .ours = true,
	  .members = &uid_table },
	{ .key = "accept",
	  .help = "What this host cannot do and the operator takes upon themselves; absent: nothing.",
	  .type = FIELD_WORDS,
	  .ours = true,
	  .refusal = ERR_CONFIG,
	  .word = degradation_name,
	  .word_count = ACCEPT_COUNT,
	  FIELD_PLACE(struct ceiling, accept) },
	{ .key = "bundles",
	  .help = "How large a bundle this host takes.",
	  .type = FIELD_OBJECT,
	  .ours = true,
	  .members = &bundle_table },
	{ .key = "minReleaseAge",
	  .help = "A bundle is not installed before this long after it was first seen here.",
	  .type = FIELD_TIME,
	  .ours = true,
	  .max = RELEASE_AGE_MAX_MS,
	  FIELD_PLACE(struct ceiling, min_release_age_ms) },
	{ .key = "pins",
	  .help = "By plugin: the bundle id or the versions that may be installed, and no other.",
	  .type = FIELD_MAP,
	  .ours = true,
	  .max = PINS_MAX,
	  .take = take_pins },
	{ .key = "revocations",
	  .help = "The signed list of what is not trusted any more; absent: there is none.",
	  .type = FIELD_OBJECT,
	  .ours = true,
	  .members = &revocation_table,
	  .take = take_revocations,
	  FIELD_PLACE(struct ceiling, revocations) },
	{ .key = "ai",
	  .help = "By name: the language models that plugins with useAI can ask; \"default\" is the one they get when they name none.",
	  .type = FIELD_MAP,
	  .ours = true,
	  .max = AI_PROFILES_MAX,
	  .members = &aiconf_fields,
	  .take = aiconf_take },
	{ .key = "tenants",
	  .help = "By name: who has a vault here.",
	  .type = FIELD_MAP,
	  .required = true,
	  .ours = true,
	  .min = 1,
	  .max = TENANTS_MAX,
	  .members = &tenant_table,
	  .take = take_tenants },
};
static const struct field_table host_table = { host_rows, countof(host_rows) };

const struct field_table *hostconf_fields(void)
{
	return &host_table;
}

/* The cgroup is kept relative to the mount. */
static void strip_cgroup_mount(struct ceiling *c)
{
	size_t n = strlen(CGROUP_MOUNT);

	if (strncmp(c->cgroup, CGROUP_MOUNT, n) != 0)
		return;
	memmove(c->cgroup, c->cgroup + n, sizeof(c->cgroup) - n);
	memset(c->cgroup + sizeof(c->cgroup) - n, 0, n);
}

static int check_uids(const struct ceiling *c, struct err *e)
{
	if (!plugin_uids_are_valid(c->plugin_uid_base, c->plugin_uid_count))
		return err_set(
			e, ERR_CONFIG,
			"/pluginUids: expected a range from %u to 2^31 without 65534 and 65535",
			PLUGIN_UID_LEAST);
	for (uint32_t i = 0; i < c->tenant_count; i++) {
		const struct tenant_ceiling *t = &c->tenants[i];

		if (t->uid - c->plugin_uid_base < c->plugin_uid_count ||
		    t->gid - c->plugin_uid_base < c->plugin_uid_count)
			return err_set(e, ERR_CONFIG,
				       "/tenants/%s: uid or gid is one of the plugins'", t->name);
	}
	return 0;
}

int hostconf_parse(const char *text, size_t n, struct ceiling *ret, struct err *e)
{
	CLEANUP(json_decref_p) json_t *j = NULL;
	CLEANUP(free_p) struct ceiling *c = NULL;

	if (n > CONFIG_FILE_MAX)
		return err_set(e, ERR_LIMIT, "configuration of %zu bytes, at most %u", n,
			       CONFIG_FILE_MAX);
	if (json_parse(text, n, JSON_DEPTH_MANIFEST, JSON_NODES_MAX, &j, e) < 0)
		return -1;
	c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(e, ERR_NOMEM, "configuration");
	c->abi = POLICY_ABI;
	c->plugin_uid_base = DEFAULT_PLUGIN_UID_BASE;
	c->plugin_uid_count = DEFAULT_PLUGIN_UID_COUNT;
	c->bundles = bundle_bounds_default();
	if (fields_take(&host_table, (struct json_place){ j, "" }, c, e) < 0)
		return -1;
	if (check_uids(c, e) < 0)
		return -1;
	strip_cgroup_mount(c);
	*ret = *c;
	return 0;
}
