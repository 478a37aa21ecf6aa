/* SPDX-License-Identifier: Apache-2.0 */
/* leftovers.h - what an earlier launcher did not come to, and what does not end.
 * Owns: how it is taken over.  Must not know: requests. */
#ifndef KENNEL_SANDBOX_LEFTOVERS_H
#define KENNEL_SANDBOX_LEFTOVERS_H

#include "base/err.h"

struct launcher;
struct instance;

/* The compiler's output belongs to its user until its end. Else the supervisor could never remove
 * it, and would not start. */
int leftovers_give_back(struct launcher *l, struct err *e);
/* Jails that the kernel does not let go of become instances, STUCK. */
int leftovers_adopt(struct launcher *l, struct err *e);
/* One of this plugin that is STUCK, whoever started it, or NULL. */
const struct instance *leftovers_find(const struct launcher *l, const char *tenant,
				      const char *plugin);

#endif
