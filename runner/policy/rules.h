/* SPDX-License-Identifier: Apache-2.0 */
/* rules.h - the checks that parser, compiler and record check share, without JSON.
 * Owns: what a good version, entry, host path and files rule is.  Must not know: where it came
 * from. */
#ifndef KENNEL_POLICY_RULES_H
#define KENNEL_POLICY_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "policy/policy.h"

/* Semantic versioning 2.0.0, and it fits its field. */
bool version_is_valid(const char *s);
/* A path that a bundle can hold (alphabet, depth and lengths of base/limits.h). */
bool entry_is_valid(const char *s);
/* What the ending means: .wasm, .js and .mjs, else native. */
enum runtime entry_runtime(const char *entry);
/* "/a/b": absolute, not "/" itself, no empty, "." or ".." component, printable. */
bool host_path_is_valid(const char *s);
/* A name, and not the one of the log that belongs to no tenant. */
#define TENANT_NAME_RESERVED "host"
bool tenant_name_is_valid(const char *s);
/* A bundle id, or a version in which '*' and '?' stand for any characters. */
bool pin_is_valid(const char *s);
/* Neither 0, nor nobody, nor -1. */
bool tenant_id_is_valid(uint32_t id);
/* Plugin ids: above the system's own, below 2^31, without nobody. */
#define PLUGIN_UID_LEAST 1000u
#define PLUGIN_UID_COUNT_MAX (1u << 20)
bool plugin_uids_are_valid(uint32_t base, uint32_t count);

struct scope_rules {
	const struct scope_rule *rule;
	uint32_t count;
};
bool scope_allows_anything(struct scope_rules r, enum permission p);
/* A vault rule must lie inside readNotes' allow with no deny below it; a data rule always passes.
 * whose says whose scope it is, in the message. ERR_FILES_RULE. */
int file_rule_inside_scope(const struct file_rule *f, struct scope_rules r, const char *whose,
			   struct err *e);
bool file_rules_overlap(const struct file_rule *f, uint32_t n);

#endif
