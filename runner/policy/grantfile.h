/* SPDX-License-Identifier: Apache-2.0 */
/* grantfile.h - what the operator granted the plugins of one tenant, as a readable, diffable file.
 * Owns: its keys and its one spelling.  Must not know: manifests, where the file lies. */
#ifndef KENNEL_POLICY_GRANTFILE_H
#define KENNEL_POLICY_GRANTFILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "policy/policy.h"

/* ret has room for cap grants; on success the first *ret_count are set, on failure nothing is
 * promised of them. ERR_JSON…, ERR_LIMIT, ERR_GRANT, ERR_PERMISSION_UNKNOWN. */
int grantfile_parse(const char *text, size_t n, struct grant *ret, size_t cap, size_t *ret_count,
		    struct err *e);
/* The same checks, but only whose file it says it is. "tenant" and "version" may be absent: "" and
 * 0. */
struct grantfile_head {
	char tenant[NAME_MAX_BYTES];
	uint32_t version; /* rises by one with every change */
};
int grantfile_parse_head(const char *text, size_t n, struct grantfile_head *ret, struct err *e);

/* Pretty JSON, sorted, one spelling for one value, a newline at the end; malloc'd, NULL when memory
 * is out or GRANT_FILE_MAX is passed. The first leaves tenant and version out. */
char *grantfile_print(const struct grant *g, size_t n);
char *grantfile_print_as(const struct grantfile_head *head, const struct grant *g, size_t n);

/* The table that drives it (policy/field.h), for the manual. */
struct field_table;
const struct field_table *grantfile_fields(void);

#endif
