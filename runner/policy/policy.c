/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c - what a finished policy says about one path, and whether it fits a tenant.
 * Owns: the order deny, allow.  Must not know: JSON, files, how a policy was made.
 */
#include "policy/policy.h"

#include <string.h>

#include "base/bytes.h"
#include "policy/limit.h"

struct question {
	enum permission perm;
	const char *path;
};

static bool any_matches(const struct scope_rule *rules, uint32_t n, const struct question *q,
			bool deny)
{
	for (uint32_t i = 0; i < n && i < SCOPE_RULES_MAX; i++)
		if (rules[i].permission == (uint8_t)q->perm && !rules[i].deny == !deny &&
		    scope_glob_matches(rules[i].glob, q->path))
			return true;
	return false;
}

struct policy_scopes policy_scopes_of(const struct policy *p)
{
	return (struct policy_scopes){ .permissions = p->permissions,
				       .asked_count = p->asked_scope_count,
				       .granted_count = p->granted_scope_count,
				       .asked = p->asked_scopes,
				       .granted = p->granted_scopes };
}

/* A readNotes scope speaks of metadata as well: who may read a note may see that it exists. A deny
 * of readMetadata still wins. */
bool scopes_permit_path(const struct policy_scopes *s, enum permission perm, const char *path)
{
	const struct question q = { perm, path };

	if ((unsigned int)perm >= PERM_COUNT || !relative_path_is_valid(path) ||
	    !utf8_is_valid(path, strlen(path)))
		return false;
	if (any_matches(s->asked, s->asked_count, &q, true) ||
	    any_matches(s->granted, s->granted_count, &q, true))
		return false;
	if (s->permissions & PERM_BIT(perm) &&
	    (!permission_needs_scope(perm) ||
	     (any_matches(s->asked, s->asked_count, &q, false) &&
	      any_matches(s->granted, s->granted_count, &q, false))))
		return true;
	return perm == PERM_READ_METADATA && scopes_permit_path(s, PERM_READ_NOTES, path);
}

bool policy_permits_path(const struct policy *p, enum permission perm, const char *path)
{
	const struct policy_scopes s = policy_scopes_of(p);

	return scopes_permit_path(&s, perm, path);
}

static const char *first_name(permission_set set)
{
	return set & PERM_ALL ? permission_name((unsigned int)__builtin_ctz(set))
			      : "outside the table";
}

int policy_within_tenant(const struct policy *p, const struct tenant_ceiling *t, struct err *e)
{
	permission_set beyond = p->permissions & ~t->permissions;

	if (strncmp(p->tenant, t->name, NAME_MAX_BYTES) != 0)
		return err_set(e, ERR_CEILING, "policy of tenant %.63s, ceiling of %.63s",
			       p->tenant, t->name);
	if (beyond)
		return err_set(e, ERR_CEILING, "permission %s is not tenant %.63s's",
			       first_name(beyond), t->name);
	if (!runtime_name(p->runtime) || !(t->runtimes & RUNTIME_BIT(p->runtime)))
		return err_set(e, ERR_CEILING, "tenant %.63s runs no %s plugins", t->name,
			       runtime_name(p->runtime) ? runtime_name(p->runtime) : "such");
	if (p->jit && !t->jit)
		return err_set(e, ERR_CEILING, "jit is not tenant %.63s's", t->name);
	for (unsigned int i = 0; i < LIMIT_COUNT; i++) {
		uint64_t has = limit_get(&p->limits, i), most = limit_get(&t->limits, i);
		/* 0 is "no bound" for the CPU budget alone; for storage it is less than any number.
		 */
		bool unbounded = has == 0 && i != LIMIT_STORAGE;

		if (i == LIMIT_CPU_TIME && most == 0)
			continue;
		if (unbounded || has > most)
			return err_set(e, ERR_CEILING, "limit %s is %llu, tenant %.63s has %llu",
				       limit_info(i)->key, (unsigned long long)has, t->name,
				       (unsigned long long)most);
	}
	return 0;
}
