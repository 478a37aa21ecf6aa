/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - lines for the operator, logfmt on stderr; they may be lost.
 * Owns: escaping.  Must not know: decisions (those are audited).  Only main/ and cli/ call it. */
#ifndef KENNEL_BASE_LOG_H
#define KENNEL_BASE_LOG_H

#include "base/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_init(const char *role, enum log_level most);
/* Pairs of key and value, ended by NULL: log_line(LOG_WARN, "bundle refused", "plugin", name,
 * NULL). */
void log_line(enum log_level level, const char *msg, ...) __attribute__((sentinel));
void log_err(enum log_level level, const char *msg, const struct err *e);

#endif
