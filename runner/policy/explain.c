/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c - asked, allowed, refused, by whom, and how it is enforced.
 * Owns: the structure of the answer.  Must not know: terminals; what is allowed, it asks compile.
 */
#include "policy/explain.h"

#include <string.h>

#include "base/cleanup.h"
#include "policy/limit.h"
#include "policy/rules.h"
#include "policy/terms.h"

/* Where each permission is enforced; what has no row here is used by no call, so it gives nothing.
 */
static const char *const enforcers[PERM_COUNT] = {
	[PERM_READ_METADATA] = "gate: notes.list, notes.stat, and which notes events may name",
	[PERM_READ_NOTES] = "gate: notes.read, notes.list; kernel guard: files rules",
	[PERM_SEARCH_NOTES] = "gate: notes.search",
	[PERM_CREATE_NOTES] = "gate: notes.create",
	[PERM_WRITE_NOTES] = "gate: notes.write",
	[PERM_DELETE_NOTES] = "gate: notes.delete",
	[PERM_READ_LINKS] = "gate: links.list, links.backlinks",
	[PERM_WRITE_LINKS] = "gate: links.write",
	[PERM_OPEN_DIALOG] = "gate: ui.openDialog",
	[PERM_STORAGE] = "gate: kv.get, kv.list, kv.put, kv.delete",
	[PERM_USE_AI] = "gate: ai.complete, ai.embed; models and tokens by kennel.json",
};
#define ENFORCED_BY_NOBODY "no call of this host uses it: it gives nothing"

static const char *const limit_enforcers[LIMIT_COUNT] = {
	[LIMIT_MEMORY] = "cgroup memory.max, no swap",
	[LIMIT_CPU] = "cgroup cpu.max",
	[LIMIT_TASKS] = "cgroup pids.max",
	[LIMIT_RUNTIME] = "deadline of the event, then the instance is killed",
	[LIMIT_CPU_TIME] =
		"meter in the kernel: a budget for each event, then the instance is killed",
	[LIMIT_CALLS] = "gate: rate",
	[LIMIT_STORAGE] = "project quota below data: bytes, and a file for each 4 KiB",
	[LIMIT_FREEZE] = "the broker sees it has no work; cgroup.freeze",
	[LIMIT_STOP] = "timer of the supervisor",
	[LIMIT_INSTANCES] = "the supervisor; none stands by for a plugin with files rules",
	[LIMIT_IO] = "cgroup io.max: bytes each way, and a request for each 4 KiB",
};

/* Where the host may do with less, and what holds then. */
static const struct lesser {
	enum limit_id limit;
	enum degradation accepted;
	const char *enforcer;
} lesser[] = {
	{ LIMIT_MEMORY, ACCEPT_NO_CGROUP, "cgroup memory.max; nothing where no-cgroup is used" },
	{ LIMIT_CPU, ACCEPT_NO_CGROUP, "cgroup cpu.max; nothing where no-cgroup is used" },
	{ LIMIT_TASKS, ACCEPT_NO_CGROUP,
	  "cgroup pids.max and rlimit; the rlimit where no-cgroup is used" },
	{ LIMIT_CPU_TIME, ACCEPT_NO_BPF_LSM,
	  "meter in the kernel; cpu and runtime together where no-bpf-lsm is used" },
	{ LIMIT_STORAGE, ACCEPT_NO_STORAGE_QUOTA,
	  "project quota below data; the size of one file where no-storage-quota is used" },
	{ LIMIT_IO, ACCEPT_NO_IO_LIMIT, "cgroup io.max; nothing where no-io-limit is used" },
};

static const char *limit_enforcer(const struct policy_inputs *in, enum limit_id id)
{
	for (size_t i = 0; i < countof(lesser); i++)
		if (lesser[i].limit == id && (in->accepted & (1u << lesser[i].accepted)))
			return lesser[i].enforcer;
	return limit_enforcers[id];
}

static const char *const class_names[] = {
	[CLASS_OBSERVE] = "observe", [CLASS_READ] = "read",	    [CLASS_WRITE] = "write",
	[CLASS_EGRESS] = "egress",   [CLASS_INTERACT] = "interact", [CLASS_COMPOSE] = "compose",
};

static const char *const restart_names[] = {
	[RESTART_NEVER] = "never",
	[RESTART_ON_FAILURE] = "on-failure",
	[RESTART_ALWAYS] = "always",
};

/* ---- permissions ---- */

static int add_refusal(json_t *refused, const char *by, const char *why)
{
	return json_array_append_new(refused, json_pack("{s:s, s:s}", "by", by, "why", why));
}

/* Everybody who says no, not only the first: an operator wants to fix all at once. */
static json_t *permission_refusals(const struct policy_inputs *in, enum permission p)
{
	const struct grant *g = in->grant;
	struct scope_rules asked = { in->manifest->scopes, in->manifest->scope_count };
	struct scope_rules granted = { g ? g->scopes : NULL, g ? g->scope_count : 0 };
	CLEANUP(json_decref_p) json_t *refused = json_array();
	bool is_granted = g && g->permissions & PERM_BIT(p);
	int r = refused ? 0 : -1;

	if (!(in->manifest->permissions & PERM_BIT(p)))
		r |= add_refusal(refused, "manifest", "not asked");
	else if (permission_needs_scope(p) && !scope_allows_anything(asked, p))
		r |= add_refusal(refused, "manifest", "asked without a scope: no note");
	if (!(in->key->permissions & PERM_BIT(p)))
		r |= add_refusal(refused, "key", "beyond what the signing key may ship");
	if (!(in->tenant->permissions & PERM_BIT(p)))
		r |= add_refusal(refused, "tenant", "beyond the tenant's ceiling");
	if (!is_granted)
		r |= add_refusal(refused, "grant", g ? "not granted" : "nothing granted yet");
	else if (permission_needs_scope(p) && !scope_allows_anything(granted, p))
		r |= add_refusal(refused, "grant", "granted without a scope: no note");
	return r < 0 ? NULL : take_ptr(refused);
}

static bool scope_is_broad(const struct policy *got, enum permission p)
{
	bool asked = false, granted = false;

	for (uint32_t i = 0; i < got->asked_scope_count; i++)
		asked |= got->asked_scopes[i].permission == p && !got->asked_scopes[i].deny &&
			 !strcmp(got->asked_scopes[i].glob, "**");
	for (uint32_t i = 0; i < got->granted_scope_count; i++)
		granted |= got->granted_scopes[i].permission == p && !got->granted_scopes[i].deny &&
			   !strcmp(got->granted_scopes[i].glob, "**");
	return asked && granted;
}

static json_t *explain_scope(const struct policy_inputs *in, const struct policy *got,
			     enum permission p)
{
	const struct grant *g = in->grant;
	json_t *asked = scope_to_json(in->manifest->scopes, in->manifest->scope_count, p);
	json_t *granted = scope_to_json(g ? g->scopes : NULL, g ? g->scope_count : 0, p);

	/* "o" takes both over, also when it fails. */
	return json_pack("{s:o, s:o, s:b}", "asked", asked, "granted", granted, "broad",
			 got && scope_is_broad(got, p));
}

static json_t *explain_permission(const struct policy_inputs *in, const struct policy *got,
				  enum permission p)
{
	bool asked = in->manifest->permissions & PERM_BIT(p);
	bool allowed = got && got->permissions & PERM_BIT(p);
	json_t *refused = allowed ? json_array() : permission_refusals(in, p);
	CLEANUP(json_decref_p) json_t *o = NULL;

	o = json_pack("{s:s, s:s, s:b, s:b, s:o, s:s}", "name", permission_name(p), "class",
		      class_names[permission_class(p)], "asked", asked, "allowed", allowed,
		      "refused", refused, "enforced",
		      enforcers[p] ? enforcers[p] : ENFORCED_BY_NOBODY);
	if (!o)
		return NULL;
	if (in->manifest->reasons[p][0] &&
	    json_object_set_new(o, "reason", json_string(in->manifest->reasons[p])) < 0)
		return NULL;
	if (permission_needs_scope(p) &&
	    json_object_set_new(o, "scope", explain_scope(in, got, p)) < 0)
		return NULL;
	return take_ptr(o);
}

static json_t *explain_permissions(const struct policy_inputs *in, const struct policy *got)
{
	CLEANUP(json_decref_p) json_t *list = json_array();
	permission_set set = in->manifest->permissions | (in->grant ? in->grant->permissions : 0);

	for (unsigned int p = 0; p < PERM_COUNT; p++)
		if (set & PERM_BIT(p) &&
		    json_array_append_new(list, explain_permission(in, got, p)) < 0)
			return NULL;
	return take_ptr(list);
}

/* ---- files ---- */

static bool policy_has_file(const struct policy *got, const struct file_rule *f)
{
	for (uint32_t i = 0; got && i < got->file_count; i++)
		if (!memcmp(&got->files[i], f, sizeof(*f)))
			return true;
	return false;
}

static const char *file_refusal(const struct policy_inputs *in, const struct policy *got)
{
	if (!got)
		return "the policy as a whole is refused";
	if (!in->grant)
		return "nothing granted yet";
	if (!in->grant->files)
		return "the grant does not say \"files\": true";
	return "readNotes is not allowed";
}

static json_t *explain_files(const struct policy_inputs *in, const struct policy *got)
{
	CLEANUP(json_decref_p) json_t *list = json_array();

	for (uint32_t i = 0; i < in->manifest->file_count && i < FILE_RULES_MAX; i++) {
		const struct file_rule *f = &in->manifest->files[i];
		bool vault = f->root == FILE_ROOT_VAULT, allowed = policy_has_file(got, f);
		json_t *o = json_pack(
			"{s:s+, s:s, s:b, s:s}", "path", vault ? "vault:/" : "data:/", f->path,
			"access", f->access & FILE_ACCESS_WRITE ? "write" : "read", "allowed",
			allowed, "enforced",
			vault ? "kernel guard: label read on the folder; read-only mount"
			      : "kernel guard: label on /data; nothing there is executable");

		if (!o || json_array_append_new(list, o) < 0)
			return NULL;
		if (!allowed &&
		    json_object_set_new(o, "why", json_string(file_refusal(in, got))) < 0)
			return NULL;
	}
	return take_ptr(list);
}

/* ---- limits ---- */

enum limit_side { SIDE_ASKED, SIDE_TENANT, SIDE_GRANT, SIDE_KEY, SIDE_COUNT };
static const char *const side_names[SIDE_COUNT] = { "manifest", "tenant", "grant", "key" };

static json_t *limit_text(enum limit_id id, uint64_t v)
{
	char text[LIMIT_TEXT_MAX];

	limit_print(limit_info(id)->unit, v, text);
	return json_string(text);
}

/* Who set it: the first whose number it is. */
static const char *limit_owner(const uint64_t side[SIDE_COUNT], enum limit_id id, uint64_t value)
{
	if (value == 0)
		return id == LIMIT_STORAGE ? "no data:/ rule allowed" : "nobody";
	for (unsigned int i = 0; i < SIDE_COUNT; i++)
		if (side[i] == value)
			return side_names[i];
	return "default";
}

static json_t *explain_limit(const struct policy_inputs *in, const struct policy *got,
			     enum limit_id id)
{
	const uint64_t side[SIDE_COUNT] = {
		[SIDE_ASKED] = limit_get(&in->manifest->limits, id),
		[SIDE_TENANT] = limit_get(&in->tenant->limits, id),
		[SIDE_GRANT] = in->grant ? limit_get(&in->grant->limits, id) : 0,
		[SIDE_KEY] = id == LIMIT_MEMORY ? in->key->memory_bytes : 0,
	};
	CLEANUP(json_decref_p)
	json_t *o = json_pack("{s:s, s:s}", "name", limit_info(id)->key, "enforced",
			      limit_enforcer(in, id));

	for (unsigned int i = 0; i < SIDE_COUNT; i++)
		if (side[i] && json_object_set_new(o, side_names[i], limit_text(id, side[i])) < 0)
			return NULL;
	if (!o || !got)
		return take_ptr(o);
	if (json_object_set_new(o, "value", json_integer((json_int_t)limit_get(&got->limits, id))) <
		    0 ||
	    json_object_set_new(o, "text", limit_text(id, limit_get(&got->limits, id))) < 0 ||
	    json_object_set_new(o, "setBy",
				json_string(limit_owner(side, id, limit_get(&got->limits, id)))) <
		    0)
		return NULL;
	return take_ptr(o);
}

static json_t *explain_limits(const struct policy_inputs *in, const struct policy *got)
{
	CLEANUP(json_decref_p) json_t *list = json_array();

	for (unsigned int i = 0; i < LIMIT_COUNT; i++)
		if (json_array_append_new(list, explain_limit(in, got, i)) < 0)
			return NULL;
	return take_ptr(list);
}

/* ---- the whole ---- */

static json_t *explain_events(const struct manifest *m)
{
	CLEANUP(json_decref_p) json_t *list = json_array();

	for (unsigned int i = 0; i < EVENT_COUNT; i++)
		if (m->events & EVENT_BIT(i) &&
		    json_array_append_new(list, json_string(event_name(i))) < 0)
			return NULL;
	return take_ptr(list);
}

static json_t *explain_verdict(const struct policy_inputs *in, const struct policy *got)
{
	struct err why = { 0 };
	struct policy unwanted;

	if (got)
		return json_pack("{s:b}", "runs", 1);
	if (policy_compile(in, &unwanted, &why) == 0)
		return json_pack("{s:b, s:s}", "runs", 0, "why", "not compiled");
	return json_pack("{s:b, s:s, s:s}", "runs", 0, "code", err_name(why.code), "why", why.text);
}

static json_t *explain_head(const struct policy_inputs *in, const struct policy *got)
{
	const struct manifest *m = in->manifest;
	char bundle[DIGEST_HEX_BYTES], signer[DIGEST_HEX_BYTES];

	hex_encode(in->bundle_id, DIGEST_BYTES, bundle);
	hex_encode(in->signer, DIGEST_BYTES, signer);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:{s:b, s:b}}", "_type",
			 "kennel.explain/1", "plugin", m->name, "version", m->version, "tenant",
			 in->tenant->name, "runtime",
			 runtime_name(m->runtime) ? runtime_name(m->runtime) : "?", "bundle",
			 bundle, "signer", signer, "author", m->author, "granted",
			 in->grant != NULL, "jit", "asked", m->jit, "allowed", got && got->jit);
}

static int add_native(json_t *o, const struct policy_inputs *in)
{
	static const char *const by[] = { [NATIVE_NOBODY] = "nobody",
					  [NATIVE_BY_BUNDLE] = "bundle id",
					  [NATIVE_BY_KEY] = "key" };
	bool tenant = in->tenant->runtimes & RUNTIME_BIT(RUNTIME_NATIVE);

	if (!in->manifest->native && in->manifest->runtime != RUNTIME_NATIVE)
		return 0;
	return json_object_set_new(
		o, "native",
		json_pack("{s:b, s:b, s:s, s:s}", "key", in->key->native, "tenant", tenant,
			  "approvedBy", by[in->native], "enforced",
			  "supervisor: at each start; kernel guard: only /plugin is executable"));
}

static json_t *explain_restart(const struct policy *got)
{
	const struct restart_rule *r = &got->restart;
	char within[LIMIT_TEXT_MAX];

	limit_print(LIMIT_UNIT_TIME, r->within_ms, within);
	return json_pack("{s:s, s:i, s:s}", "policy",
			 r->policy < countof(restart_names) ? restart_names[r->policy] : NULL,
			 "max", (int)r->max, "within", within);
}

int explain_build(const struct policy_inputs *in, const struct policy *got, json_t **ret,
		  struct err *e)
{
	CLEANUP(json_decref_p) json_t *o = explain_head(in, got);

	if (!o || json_object_set_new(o, "verdict", explain_verdict(in, got)) < 0 ||
	    json_object_set_new(o, "permissions", explain_permissions(in, got)) < 0 ||
	    json_object_set_new(o, "events", explain_events(in->manifest)) < 0 ||
	    json_object_set_new(o, "files", explain_files(in, got)) < 0 ||
	    json_object_set_new(o, "limits", explain_limits(in, got)) < 0)
		return err_set(e, ERR_NOMEM, "explain %.63s", in->manifest->name);
	if (json_object_set_new(
		    o, "leaks",
		    permissions_to_json(got ? permissions_that_leak(got->permissions) : 0)) < 0)
		return err_set(e, ERR_NOMEM, "explain %.63s", in->manifest->name);
	if (add_native(o, in) < 0)
		return err_set(e, ERR_NOMEM, "explain %.63s", in->manifest->name);
	if (got && json_object_set_new(o, "restart", explain_restart(got)) < 0)
		return err_set(e, ERR_NOMEM, "explain %.63s", in->manifest->name);
	*ret = take_ptr(o);
	return 0;
}
