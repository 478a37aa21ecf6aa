/* SPDX-License-Identifier: Apache-2.0 */
/* terms.h - the JSON shapes that manifest, configuration and grant file share: limits, scopes.
 * Owns: their keys.  Must not know: which of the three files it reads. */
#ifndef KENNEL_POLICY_TERMS_H
#define KENNEL_POLICY_TERMS_H

#include "base/err.h"
#include "base/json.h"
#include "policy/field.h"
#include "policy/policy.h"

/* The members of "limits", placed in a struct limits. */
extern const struct field_table limit_fields;
/* The members of one scope: "allow" and "deny", and what stands in them. */
extern const struct field_table scope_fields;
extern const struct field scope_glob_field;
/* The names of the permissions that have a scope; NULL for the others. */
const char *scoped_permission_name(unsigned int p);

/* {PERMISSION: {"allow": [GLOB…], "deny": [GLOB…]}}. Every permission must be in the set and need a
 * scope. The rules come out in the order of the permissions' table, allow before deny. */
struct scope_target {
	struct scope_rule *rules; /* SCOPE_RULES_MAX */
	uint32_t *count;
	permission_set permissions;
};
int scopes_take(struct json_place at, struct scope_target to, struct err *e);
/* The reverse. NULL when memory is out. */
json_t *scopes_to_json(const struct scope_rule *rules, uint32_t count);
/* {"allow": […], "deny": […]} of one permission, empty lists left out. */
json_t *scope_to_json(const struct scope_rule *rules, uint32_t count, enum permission p);
/* The names of a set, in the table's order. */
json_t *permissions_to_json(permission_set set);
/* What differs from 0, each in its shortest spelling. */
json_t *limits_to_json(const struct limits *l);

#endif
