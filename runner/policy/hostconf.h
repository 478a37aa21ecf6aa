/* SPDX-License-Identifier: Apache-2.0 */
/* hostconf.h - the operator's configuration file → the ceiling.
 * Owns: its keys, and the default of every limit.  Must not know: any plugin. */
#ifndef KENNEL_POLICY_HOSTCONF_H
#define KENNEL_POLICY_HOSTCONF_H

#include <stddef.h>

#include "base/err.h"
#include "policy/policy.h"

/* ret is written only on success, and every limit of every tenant in it is set. ERR_JSON…,
 * ERR_LIMIT, ERR_CONFIG, ERR_PERMISSION_UNKNOWN. That the file itself belongs to root is for the
 * caller to check. */
int hostconf_parse(const char *text, size_t n, struct ceiling *ret, struct err *e);

/* The table that drives it (policy/field.h), for the manual. */
struct field_table;
const struct field_table *hostconf_fields(void);

#endif
