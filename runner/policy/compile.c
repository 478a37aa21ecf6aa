/* SPDX-License-Identifier: Apache-2.0 */
/* compile.c - policy = manifest ∩ key ceiling ∩ tenant ∩ grant.
 * Owns: the intersection, and nothing else decides it.  Must not know: files, JSON, how it is
 * enforced. */
#include "policy/compile.h"

#include <string.h>

#include "base/bytes.h"
#include "policy/limit.h"
#include "policy/rules.h"

#define DIFFERENCE_MAX 200u /* of an err's text; what does not fit is counted by "..." */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* 0 is "says nothing". */
static uint64_t least_said(uint64_t a, uint64_t b)
{
	if (a == 0 || b == 0)
		return a ? a : b;
	return least(a, b);
}

static bool is_native(const struct manifest *m)
{
	return m->native || m->runtime == RUNTIME_NATIVE;
}

/* ---- the key: what its owner may ship at all; a manifest beyond it is refused as a whole ---- */

static int check_key(const struct policy_inputs *in, struct err *e)
{
	const struct manifest *m = in->manifest;
	const struct key_ceiling *k = in->key;
	permission_set beyond = m->permissions & ~k->permissions;
	char text[DIFFERENCE_MAX];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	for (unsigned int p = 0; p < PERM_COUNT; p++)
		if (beyond & PERM_BIT(p))
			writer_fmt(&w, " permission %s,", permission_name(p));
	if (!(k->runtimes & RUNTIME_BIT(m->runtime)))
		writer_fmt(&w, " runtime %s,", runtime_name(m->runtime));
	if (is_native(m) && !k->native)
		writer_str(&w, " native code,");
	if (m->jit && !k->jit)
		writer_str(&w, " jit,");
	if (k->memory_bytes && m->limits.memory_bytes > k->memory_bytes)
		writer_fmt(&w, " memory %llu above %llu,",
			   (unsigned long long)m->limits.memory_bytes,
			   (unsigned long long)k->memory_bytes);
	if (!w.len && !w.full)
		return 0;
	return err_set(e, ERR_CEILING, "%s asks for more than its key may ship:%.*s%s", m->name,
		       w.len ? (int)w.len - 1 : 0, text, w.full ? " ..." : "");
}

/* ---- the grant: the right one, and bound ---- */

static int check_grant(const struct policy_inputs *in, struct err *e)
{
	static const uint8_t unbound[DIGEST_BYTES];
	const struct grant *g = in->grant;

	if (!g)
		return 0;
	if (strncmp(g->plugin, in->manifest->name, NAME_MAX_BYTES) != 0)
		return err_set(e, ERR_GRANT, "the grant is for %.63s, not for %s", g->plugin,
			       in->manifest->name);
	if (!memcmp(g->signer, unbound, DIGEST_BYTES))
		return err_set(e, ERR_GRANT, "the grant of %s is not bound to a signer", g->plugin);
	if (memcmp(g->signer, in->signer, DIGEST_BYTES) != 0)
		return err_set(e, ERR_GRANT,
			       "the grant of %s is bound to another signer; grant anew", g->plugin);
	return 0;
}

/* ---- permissions and scopes ---- */

/* A scoped permission stays only if both sides allow some note: empty means nothing. */
static permission_set with_scope(const struct policy_inputs *in, permission_set set)
{
	struct scope_rules asked = { in->manifest->scopes, in->manifest->scope_count };
	struct scope_rules granted = { in->grant->scopes, in->grant->scope_count };

	for (unsigned int p = 0; p < PERM_COUNT; p++)
		if (permission_needs_scope(p) &&
		    !(scope_allows_anything(asked, p) && scope_allows_anything(granted, p)))
			set &= ~PERM_BIT(p);
	return set;
}

static uint32_t copy_scopes(struct scope_rule *to, struct scope_rules from, permission_set kept)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < from.count && i < SCOPE_RULES_MAX; i++)
		if (from.rule[i].permission < PERM_COUNT &&
		    kept & PERM_BIT(from.rule[i].permission))
			to[n++] = from.rule[i];
	return n;
}

static void compile_permissions(const struct policy_inputs *in, struct policy *p)
{
	if (!in->grant)
		return;
	p->permissions = with_scope(in, in->manifest->permissions & in->tenant->permissions &
						in->grant->permissions & PERM_ALL);
	p->asked_scope_count =
		copy_scopes(p->asked_scopes,
			    (struct scope_rules){ in->manifest->scopes, in->manifest->scope_count },
			    p->permissions);
	p->granted_scope_count = copy_scopes(
		p->granted_scopes,
		(struct scope_rules){ in->grant->scopes, in->grant->scope_count }, p->permissions);
}

/* ---- files ---- */

static int compile_files(const struct policy_inputs *in, struct policy *p, struct err *e)
{
	struct scope_rules asked = { p->asked_scopes, p->asked_scope_count };
	struct scope_rules granted = { p->granted_scopes, p->granted_scope_count };

	if (!in->grant || !in->grant->files)
		return 0;
	for (uint32_t i = 0; i < in->manifest->file_count && i < FILE_RULES_MAX; i++) {
		const struct file_rule *f = &in->manifest->files[i];

		if (f->root == FILE_ROOT_VAULT && !(p->permissions & PERM_BIT(PERM_READ_NOTES)))
			continue;
		if (file_rule_inside_scope(f, asked, "the manifest", e) < 0 ||
		    file_rule_inside_scope(f, granted, "the grant", e) < 0)
			return -1;
		p->files[p->file_count++] = *f;
	}
	if (file_rules_overlap(p->files, p->file_count))
		return err_set(e, ERR_FILES_RULE, "one files rule lies inside another");
	return 0;
}

/* ---- limits and the rest ---- */

static bool has_data_rule(const struct policy *p)
{
	for (uint32_t i = 0; i < p->file_count; i++)
		if (p->files[i].root == FILE_ROOT_DATA)
			return true;
	return false;
}

static void compile_limits(const struct policy_inputs *in, struct policy *p)
{
	for (unsigned int i = 0; i < LIMIT_COUNT; i++) {
		uint64_t asked = limit_get(&in->manifest->limits, i);
		uint64_t v = asked ? asked : limit_info(i)->normal;

		v = i == LIMIT_CPU_TIME ? least_said(v, limit_get(&in->tenant->limits, i))
					: least(v, limit_get(&in->tenant->limits, i));
		if (in->grant)
			v = least_said(v, limit_get(&in->grant->limits, i));
		if (i == LIMIT_MEMORY)
			v = least_said(v, in->key->memory_bytes);
		limit_set(&p->limits, i, v);
	}
	if (!has_data_rule(p))
		p->limits.data_bytes = 0;
}

static void compile_restart(const struct manifest *m, struct policy *p)
{
	p->restart = m->restart;
	if (!p->restart.policy)
		p->restart.policy = RESTART_ON_FAILURE;
	if (!p->restart.max)
		p->restart.max = DEFAULT_RESTART_MAX;
	if (!p->restart.within_ms)
		p->restart.within_ms = DEFAULT_RESTART_WITHIN_MS;
}

static void compile_head(const struct policy_inputs *in, struct policy *p)
{
	p->abi = POLICY_ABI;
	p->runtime = in->manifest->runtime;
	(void)copy_str(p->plugin, sizeof(p->plugin), in->manifest->name);
	(void)copy_str(p->version, sizeof(p->version), in->manifest->version);
	(void)copy_str(p->tenant, sizeof(p->tenant), in->tenant->name);
	memcpy(p->bundle_id, in->bundle_id, DIGEST_BYTES);
	memcpy(p->signer, in->signer, DIGEST_BYTES);
	p->events = in->manifest->events;
	p->jit = in->manifest->jit && in->tenant->jit && in->grant;
}

/* The other two of the three that must say yes to machine code; check_key asks the first. */
int policy_check_native(const struct policy_inputs *in, struct err *e)
{
	char bundle[DIGEST_HEX_BYTES];

	if (!is_native(in->manifest))
		return 0;
	if (!(in->tenant->runtimes & RUNTIME_BIT(RUNTIME_NATIVE)))
		return err_set(
			e, ERR_CEILING,
			"tenant %.63s runs no native code; \"runtimes\" of the configuration "
			"must name \"native\"",
			in->tenant->name);
	if (in->native != NATIVE_NOBODY)
		return 0;
	hex_encode(in->bundle_id, DIGEST_BYTES, bundle);
	return err_set(e, ERR_NATIVE,
		       "%.63s is native code that nobody approved: kennel native approve %s",
		       in->manifest->name, bundle);
}

int policy_compile(const struct policy_inputs *in, struct policy *ret, struct err *e)
{
	struct policy p;

	if (!in->manifest || !in->key || !in->tenant || !in->bundle_id || !in->signer)
		return err_set(e, ERR_INTERNAL, "policy_compile: an input is missing");
	if (!runtime_name(in->manifest->runtime))
		return err_set(e, ERR_MANIFEST, "%.63s: no such runtime", in->manifest->name);
	if (check_key(in, e) < 0 || check_grant(in, e) < 0)
		return -1;
	if (!(in->tenant->runtimes & RUNTIME_BIT(in->manifest->runtime)))
		return err_set(
			e, ERR_CEILING,
			"tenant %.63s runs no %s plugins; \"runtimes\" of the configuration says so",
			in->tenant->name, runtime_name(in->manifest->runtime));
	if (policy_check_native(in, e) < 0)
		return -1;
	memset(&p, 0, sizeof(p)); /* padding too: a policy is compared by its bytes */
	compile_head(in, &p);
	compile_permissions(in, &p);
	if (compile_files(in, &p, e) < 0)
		return -1;
	compile_limits(in, &p);
	compile_restart(in->manifest, &p);
	*ret = p;
	return 0;
}
