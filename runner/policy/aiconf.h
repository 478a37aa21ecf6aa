/* SPDX-License-Identifier: Apache-2.0 */
/* aiconf.h - the language models that the operator's configuration names ("ai").
 * Owns: its keys and defaults.  Must not know: how a server is asked. */
#ifndef KENNEL_POLICY_AICONF_H
#define KENNEL_POLICY_AICONF_H

#include "policy/ceiling.h"
#include "policy/field.h"

/* One entry, for the schema and the manual. */
extern const struct field_table aiconf_fields;
/* FIELD_MAP's take of /ai: base is a struct ceiling. */
int aiconf_take(struct json_place at, void *base, struct err *e);

#endif
