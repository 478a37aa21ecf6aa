/* SPDX-License-Identifier: Apache-2.0 */
/* schema.h - the two readings of the manifest's table: for machines, for people.
 * Owns: nothing.  Must not know: any key. */
#ifndef KENNEL_TOOLS_GEN_SCHEMA_H
#define KENNEL_TOOLS_GEN_SCHEMA_H

#include <stdint.h>

#include "base/json.h"
#include "policy/field.h"
#include "policy/limit.h"

#define PATTERN_MAX 2048u

/* NULL when memory is out. */
json_t *schema_make(void);

/* The spellings of a size or a time from min to max, as an ECMA-262 pattern. */
struct span_rule {
	enum limit_unit unit;
	uint64_t min;
	uint64_t max;
};
void range_pattern(struct span_rule s, char ret[PATTERN_MAX]);

/* mdoc, on standard output. */
void page_print_fields(void);
void page_print_permissions(void);
void page_print_rules(void);
void page_print_beyond(void);
void page_print_errors(void);

#endif
