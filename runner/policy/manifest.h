/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.h - manifest.json → what the plugin asks.
 * Owns: its keys, their types and bounds, one table.  Must not know: what the host allows. */
#ifndef KENNEL_POLICY_MANIFEST_H
#define KENNEL_POLICY_MANIFEST_H

#include <stddef.h>

#include "base/err.h"
#include "policy/policy.h"

/* text need not end in NUL. ret is written only on success and never has native set: the table of
 * contents says that, the caller adds it. What the plugin does not ask is 0. ERR_JSON…, ERR_LIMIT,
 * ERR_MANIFEST…, ERR_PERMISSION_UNKNOWN, ERR_FILES_RULE; the text starts with a JSON pointer. */
int manifest_parse(const char *text, size_t n, struct manifest *ret, struct err *e);

/* The same without the rules that a schema cannot say: what ajv and the published schema accept. */
int manifest_parse_form(const char *text, size_t n, struct manifest *ret, struct err *e);

/* The table that drives it (policy/field.h), for the published schema and the manual. */
struct field_table;
const struct field_table *manifest_fields(void);

/* What several keys say together. */
struct manifest_rule {
	const char *says;   /* one sentence for the manual */
	const char *schema; /* the same as a JSON Schema; NULL: none can say it */
	int (*check)(const struct manifest *m, struct err *e); /* NULL: refused while reading */
};
struct manifest_rules {
	const struct manifest_rule *rows;
	size_t count;
};
const struct manifest_rules *manifest_rules(void);

#endif
