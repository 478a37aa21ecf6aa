/* SPDX-License-Identifier: Apache-2.0 */
/* auditlog.h - the lines of an audit log, front to back.
 * Owns: where they lie, and in which order.  Must not know: what a record says. */
#ifndef KENNEL_CLI_AUDITLOG_H
#define KENNEL_CLI_AUDITLOG_H

#include <stdbool.h>

#include "base/err.h"

/* A line without its newline; lent. -1 ends the walk. */
typedef int (*auditlog_fn)(void *arg, const char *line, struct err *e);

/* Every record of STATE/audit/NAME. ERR_SYS when there is none or it cannot be read. */
int auditlog_walk(const char *state, const char *name, auditlog_fn fn, void *arg, struct err *e);

/* Has kennel-audit verify STATE, or the log of one tenant (NULL: all). What it says goes to out, or
 * nowhere with -1. *ret_status: 0 intact, 20 tampered, 21 torn, 22 cannot be verified. */
int auditlog_verify(const char *state, const char *tenant, bool json, int out, int *ret_status,
		    struct err *e);

#endif
