/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h - the range check of every record that arrives from another process or from disk.
 * Owns: that each field is in its range and each spare byte zero.  Must not know: JSON, sockets. */
#ifndef KENNEL_POLICY_WIRE_H
#define KENNEL_POLICY_WIRE_H

#include "base/err.h"
#include "policy/policy.h"

/* The record may be any bytes of its size. ERR_PROTOCOL names the field. Bytes after a string's NUL
 * and rows after a count must be zero too: a record is equal iff its bytes are. */
int manifest_check(const struct manifest *m, struct err *e);
int ceiling_check(const struct ceiling *c, struct err *e);
int policy_check(const struct policy *p, struct err *e);
int grant_check(const struct grant *g, struct err *e);

#endif
