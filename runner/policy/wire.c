/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c - the range check of every record that arrives from another process or from disk.
 * Owns: that each field is in its range and each spare byte zero.  Must not know: JSON, sockets. */
#include "policy/wire.h"

#include <stddef.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "policy/aiprofile.h"
#include "policy/limit.h"
#include "policy/rules.h"

#define EVENT_ALL ((1u << EVENT_COUNT) - 1u)
#define RUNTIME_ALL \
	(RUNTIME_BIT(RUNTIME_WASM) | RUNTIME_BIT(RUNTIME_JS) | RUNTIME_BIT(RUNTIME_NATIVE))
#define ACCEPT_ALL ((1u << ACCEPT_COUNT) - 1u)
#define LIMITS_OPTIONAL ((1u << LIMIT_COUNT) - 1u)
#define LIMITS_SET \
	((1u << LIMIT_CPU_TIME) | (1u << LIMIT_STORAGE)) /* 0 has a meaning for these two */

/* No hole between fields: records are compared and checked byte by byte. */
#define SCOPES_SIZE (SCOPE_RULES_MAX * sizeof(struct scope_rule))
#define FILES_SIZE (FILE_RULES_MAX * sizeof(struct file_rule))
#define LIMITS_SIZE (sizeof(struct limits) + sizeof(struct restart_rule))
_Static_assert(sizeof(struct limits) == 64, "limits");
_Static_assert(sizeof(struct restart_rule) == 16, "restart_rule");
_Static_assert(sizeof(struct scope_rule) == 8 + SCOPE_GLOB_MAX, "scope_rule");
_Static_assert(sizeof(struct file_rule) == 8 + VAULT_PATH_MAX, "file_rule");
_Static_assert(sizeof(struct tenant_ceiling) ==
		       NAME_MAX_BYTES + HOST_PATH_MAX + 24 + sizeof(struct limits),
	       "tenant_ceiling");
_Static_assert(sizeof(struct ceiling) == 32 + sizeof(struct bundle_bounds) + 4 * HOST_PATH_MAX +
						 TENANTS_MAX * sizeof(struct tenant_ceiling) +
						 PINS_MAX * sizeof(struct pin) +
						 sizeof(struct revocation_conf) + 8 +
						 AI_PROFILES_MAX * sizeof(struct ai_profile),
	       "ceiling");
_Static_assert(sizeof(struct ai_profile) == 3 * NAME_MAX_BYTES + 2 * HOST_PATH_MAX +
						    UNIX_PATH_BYTES + 28 +
						    AI_PLUGINS_MAX * NAME_MAX_BYTES,
	       "ai_profile");
_Static_assert(sizeof(struct bundle_bounds) == 32, "bundle_bounds");
_Static_assert(sizeof(struct pin) == NAME_MAX_BYTES + DIGEST_HEX_BYTES + 7, "pin");
_Static_assert(sizeof(struct revocation_conf) == 16 + 2 * HOST_PATH_MAX, "revocations");
_Static_assert(sizeof(struct grant) ==
		       NAME_MAX_BYTES + DIGEST_BYTES + 16 + SCOPES_SIZE + sizeof(struct limits),
	       "grant");
_Static_assert(sizeof(struct policy) == 32 + 2 * NAME_MAX_BYTES + VERSION_MAX_BYTES +
						2 * DIGEST_BYTES + LIMITS_SIZE + 2 * SCOPES_SIZE +
						FILES_SIZE,
	       "policy");
_Static_assert(sizeof(struct manifest) == 32 + 2 * NAME_MAX_BYTES + VERSION_MAX_BYTES +
						  BUNDLE_PATH_MAX + 1 + PROSE_MAX_BYTES +
						  (1 + PERM_COUNT) * LINE_MAX_BYTES + LIMITS_SIZE +
						  SCOPES_SIZE + FILES_SIZE,
	       "manifest");

/* ---- building blocks ---- */

static int bad(struct err *e, const char *record, const char *field)
{
	return err_set(e, ERR_PROTOCOL, "%s record: bad %s", record, field);
}

static bool all_zero(const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		if (b[i])
			return false;
	return true;
}

/* A string that ends inside its field, printable, with nothing after its end. */
static bool text_is_sound(const char *s, size_t cap)
{
	size_t n = strnlen(s, cap);

	return n < cap && text_is_printable(s, n) && all_zero(s + n, cap - n);
}

struct text_row {
	const char *field;
	size_t offset;
	size_t cap;
	bool (*ok)(const char *s); /* NULL: any printable text */
	bool empty_ok;
};
#define TEXT_ROW(type, member, ok_, empty_ok_)                                                   \
	{                                                                                        \
#member, offsetof(struct type, member), sizeof(((struct type *)0)->member), ok_, \
			empty_ok_                                                                \
	}

static int check_texts(const char *record, const void *base, const struct text_row *rows, size_t n,
		       struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const char *s = (const char *)base + rows[i].offset;
		bool skip = rows[i].empty_ok && !*s;

		if (!text_is_sound(s, rows[i].cap) || (!skip && rows[i].ok && !rows[i].ok(s)))
			return bad(e, record, rows[i].field);
	}
	return 0;
}

static bool scope_is_sound(const struct scope_rule *r, permission_set permissions)
{
	return r->permission < PERM_COUNT && permissions & PERM_BIT(r->permission) &&
	       permission_needs_scope(r->permission) && r->deny <= 1 &&
	       all_zero(r->reserved, sizeof(r->reserved)) &&
	       text_is_sound(r->glob, sizeof(r->glob)) && scope_glob_is_valid(r->glob);
}

static bool scopes_are_sound(const struct scope_rule *r, uint32_t count, permission_set permissions)
{
	if (count > SCOPE_RULES_MAX)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (!scope_is_sound(&r[i], permissions))
			return false;
	return all_zero(r + count, (SCOPE_RULES_MAX - count) * sizeof(*r));
}

/* The vault is never written by a files rule; below data there is only its root. */
static bool file_is_sound(const struct file_rule *f)
{
	if (!all_zero(f->reserved, sizeof(f->reserved)) || !text_is_sound(f->path, sizeof(f->path)))
		return false;
	if (f->root == FILE_ROOT_DATA)
		return f->path[0] == '\0' && f->access > 0 &&
		       f->access <= (FILE_ACCESS_READ | FILE_ACCESS_WRITE);
	return f->root == FILE_ROOT_VAULT && f->access == FILE_ACCESS_READ &&
	       (f->path[0] == '\0' || relative_path_is_valid(f->path));
}

static bool files_are_sound(const struct file_rule *f, uint32_t count, permission_set permissions)
{
	if (count > FILE_RULES_MAX)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (!file_is_sound(&f[i]) ||
		    (f[i].root == FILE_ROOT_VAULT && !(permissions & PERM_BIT(PERM_READ_NOTES))))
			return false;
	return !file_rules_overlap(f, count) &&
	       all_zero(f + count, (FILE_RULES_MAX - count) * sizeof(*f));
}

/* required: every member is set; else 0 stands for "not asked". */
static bool restart_is_sound(const struct restart_rule *r, bool required)
{
	if (r->policy > RESTART_ALWAYS || r->max > MOST_RESTARTS ||
	    r->within_ms > MOST_RESTART_WINDOW_MS)
		return false;
	if (r->within_ms && r->within_ms < LEAST_RESTART_WINDOW_MS)
		return false;
	return !required || (r->policy && r->max && r->within_ms);
}

static bool runtime_is_sound(uint32_t runtime, uint8_t jit)
{
	return runtime_name(runtime) && jit <= 1 && (!jit || runtime == RUNTIME_JS);
}

/* ---- manifest ---- */

static const struct text_row manifest_texts[] = {
	TEXT_ROW(manifest, name, name_is_valid, false),
	TEXT_ROW(manifest, version, version_is_valid, false),
	TEXT_ROW(manifest, description, NULL, true),
	TEXT_ROW(manifest, author, NULL, true),
	TEXT_ROW(manifest, license, NULL, true),
	TEXT_ROW(manifest, entry, entry_is_valid, false),
};

static bool reasons_are_sound(const struct manifest *m)
{
	for (unsigned int p = 0; p < PERM_COUNT; p++)
		if (!text_is_sound(m->reasons[p], LINE_MAX_BYTES) ||
		    (m->reasons[p][0] && !(m->permissions & PERM_BIT(p))))
			return false;
	return true;
}

/* A .wasm or .js entry has its own runtime; any other may say which. */
static bool entry_fits_runtime(const struct manifest *m)
{
	enum runtime by_ending = entry_runtime(m->entry);

	return by_ending == RUNTIME_NATIVE || by_ending == m->runtime;
}

int manifest_check(const struct manifest *m, struct err *e)
{
	if (m->abi != POLICY_ABI)
		return bad(e, "manifest", "abi");
	if (check_texts("manifest", m, manifest_texts, countof(manifest_texts), e) < 0)
		return -1;
	if (!runtime_is_sound(m->runtime, m->jit) || !entry_fits_runtime(m))
		return bad(e, "manifest", "runtime or jit");
	if (m->native > 1 || !all_zero(m->reserved, sizeof(m->reserved)))
		return bad(e, "manifest", "native or reserved");
	if (m->permissions & ~PERM_ALL || m->events & ~EVENT_ALL)
		return bad(e, "manifest", "permissions or events");
	if (!reasons_are_sound(m))
		return bad(e, "manifest", "reasons");
	if (!restart_is_sound(&m->restart, false))
		return bad(e, "manifest", "restart");
	if (!scopes_are_sound(m->scopes, m->scope_count, m->permissions))
		return bad(e, "manifest", "scopes");
	if (!files_are_sound(m->files, m->file_count, m->permissions))
		return bad(e, "manifest", "files");
	return limit_check_all(&m->limits, LIMITS_OPTIONAL, "manifest record", e);
}

/* ---- ceiling ---- */

static const struct text_row ceiling_texts[] = {
	TEXT_ROW(ceiling, state, host_path_is_valid, false),
	TEXT_ROW(ceiling, images, host_path_is_valid, false),
	TEXT_ROW(ceiling, cgroup, relative_path_is_valid, true),
	TEXT_ROW(ceiling, scan, host_path_is_valid, true),
};

static const struct text_row tenant_texts[] = {
	TEXT_ROW(tenant_ceiling, name, tenant_name_is_valid, false),
	TEXT_ROW(tenant_ceiling, vault, host_path_is_valid, false),
};

static bool id_is_sound(const struct ceiling *c, uint32_t id)
{
	return tenant_id_is_valid(id) && !(id - c->plugin_uid_base < c->plugin_uid_count);
}

static int check_tenant(const struct ceiling *c, const struct tenant_ceiling *t, struct err *e)
{
	if (check_texts("tenant", t, tenant_texts, countof(tenant_texts), e) < 0)
		return -1;
	if (!id_is_sound(c, t->uid) || !id_is_sound(c, t->gid))
		return bad(e, "tenant", "uid or gid");
	if (t->permissions & ~PERM_ALL || t->runtimes & ~RUNTIME_ALL)
		return bad(e, "tenant", "permissions or runtimes");
	if (t->jit > 1 || !all_zero(t->reserved, sizeof(t->reserved)))
		return bad(e, "tenant", "jit or reserved");
	return limit_check_all(&t->limits, LIMITS_SET, "tenant record", e);
}

static int check_tenants(const struct ceiling *c, struct err *e)
{
	if (c->tenant_count == 0 || c->tenant_count > TENANTS_MAX)
		return bad(e, "ceiling", "tenant_count");
	for (uint32_t i = 0; i < c->tenant_count; i++) {
		if (check_tenant(c, &c->tenants[i], e) < 0)
			return -1;
		for (uint32_t k = 0; k < i; k++)
			if (!strcmp(c->tenants[i].name, c->tenants[k].name))
				return bad(e, "ceiling", "tenants: one name twice");
	}
	if (!all_zero(c->tenants + c->tenant_count,
		      (TENANTS_MAX - c->tenant_count) * sizeof(c->tenants[0])))
		return bad(e, "ceiling", "tenants after the last");
	return 0;
}

static const struct text_row pin_texts[] = {
	TEXT_ROW(pin, plugin, name_is_valid, false),
	TEXT_ROW(pin, what, pin_is_valid, false),
};

static int check_pins(const struct ceiling *c, struct err *e)
{
	if (c->pin_count > PINS_MAX)
		return bad(e, "ceiling", "pin_count");
	for (uint32_t i = 0; i < c->pin_count; i++)
		if (check_texts("pin", &c->pins[i], pin_texts, countof(pin_texts), e) < 0 ||
		    !all_zero(c->pins[i].reserved, sizeof(c->pins[i].reserved)))
			return bad(e, "ceiling", "pins");
	if (!all_zero(c->pins + c->pin_count, (PINS_MAX - c->pin_count) * sizeof(c->pins[0])))
		return bad(e, "ceiling", "pins after the last");
	return 0;
}

static int check_revocations(const struct revocation_conf *r, struct err *e)
{
	static const struct text_row texts[] = {
		TEXT_ROW(revocation_conf, folder, host_path_is_valid, true),
	};

	if (check_texts("ceiling", r, texts, countof(texts), e) < 0)
		return -1;
	if (!str_ends_inside(r->url, sizeof(r->url)) || r->stale_warns > 1 || r->configured > 1 ||
	    (r->configured != 0) != (r->every_ms != 0) ||
	    !all_zero(r->reserved, sizeof(r->reserved)))
		return bad(e, "ceiling", "revocations");
	return 0;
}

int ceiling_check(const struct ceiling *c, struct err *e)
{
	if (c->abi != POLICY_ABI)
		return bad(e, "ceiling", "abi");
	if (!plugin_uids_are_valid(c->plugin_uid_base, c->plugin_uid_count))
		return bad(e, "ceiling", "plugin uids");
	if (c->accept & ~ACCEPT_ALL)
		return bad(e, "ceiling", "accept");
	if (!bundle_bounds_are_valid(&c->bundles))
		return bad(e, "ceiling", "bundles");
	if (check_texts("ceiling", c, ceiling_texts, countof(ceiling_texts), e) < 0)
		return -1;
	if (check_pins(c, e) < 0 || check_revocations(&c->revocations, e) < 0)
		return -1;
	if (!ai_profiles_are_sound(c))
		return bad(e, "ceiling", "ai");
	return check_tenants(c, e);
}

/* ---- grant ---- */

int grant_check(const struct grant *g, struct err *e)
{
	static const struct text_row texts[] = { TEXT_ROW(grant, plugin, name_is_valid, false) };

	if (check_texts("grant", g, texts, countof(texts), e) < 0)
		return -1;
	if (g->permissions & ~PERM_ALL || g->files > 1 ||
	    !all_zero(g->reserved, sizeof(g->reserved)))
		return bad(e, "grant", "permissions, files or reserved");
	if (all_zero(g->signer, sizeof(g->signer)))
		return bad(e, "grant", "signer: not bound");
	if (!scopes_are_sound(g->scopes, g->scope_count, g->permissions))
		return bad(e, "grant", "scopes");
	return limit_check_all(&g->limits, LIMITS_OPTIONAL, "grant record", e);
}

/* ---- policy ---- */

static const struct text_row policy_texts[] = {
	TEXT_ROW(policy, plugin, name_is_valid, false),
	TEXT_ROW(policy, version, version_is_valid, false),
	TEXT_ROW(policy, tenant, tenant_name_is_valid, false),
};

int policy_check(const struct policy *p, struct err *e)
{
	if (p->abi != POLICY_ABI)
		return bad(e, "policy", "abi");
	if (check_texts("policy", p, policy_texts, countof(policy_texts), e) < 0)
		return -1;
	if (!runtime_is_sound(p->runtime, p->jit) || !all_zero(p->reserved, sizeof(p->reserved)))
		return bad(e, "policy", "runtime, jit or reserved");
	if (all_zero(p->bundle_id, sizeof(p->bundle_id)) || all_zero(p->signer, sizeof(p->signer)))
		return bad(e, "policy", "bundle_id or signer");
	if (p->permissions & ~PERM_ALL || p->events & ~EVENT_ALL)
		return bad(e, "policy", "permissions or events");
	if (!restart_is_sound(&p->restart, true))
		return bad(e, "policy", "restart");
	if (!scopes_are_sound(p->asked_scopes, p->asked_scope_count, p->permissions))
		return bad(e, "policy", "asked_scopes");
	if (!scopes_are_sound(p->granted_scopes, p->granted_scope_count, p->permissions))
		return bad(e, "policy", "granted_scopes");
	if (!files_are_sound(p->files, p->file_count, p->permissions))
		return bad(e, "policy", "files");
	return limit_check_all(&p->limits, LIMITS_SET, "policy record", e);
}
