/* SPDX-License-Identifier: Apache-2.0 */
/* enter.h - the child's way into the jail, as a table of steps.
 * Owns: their order.  Must not know: the parent's part, plugins. */
#ifndef KENNEL_SANDBOX_ENTER_H
#define KENNEL_SANDBOX_ENTER_H

#include <stdint.h>

#include "base/err.h"
#include "sandbox/jail.h"

/* Records on the sync socket. The launcher says GO when the id maps are written, when the guard is
 * in ENFORCE, and when the canary's refusal was counted. */
enum sync_kind {
	SYNC_READY = 1, /* child: proc_dev, proc_ino; nothing is left to mount; asks for ENFORCE */
	SYNC_CANARY, /* child: the canary was refused; asks to go on */
	SYNC_FAILED, /* child: step and error; it ends */
	SYNC_GO,
};

struct sync_msg {
	uint32_t kind; /* enum sync_kind */
	uint32_t reserved;
	uint64_t proc_dev; /* as stat(2) gives it */
	uint64_t proc_ino;
	struct err error; /* SYNC_FAILED; its text begins with the step's name */
};

/* In the child of clone3, in its new namespaces: never returns. Ends as the jail's init, or with a
 * SYNC_FAILED and status 125. */
void enter_jail(const struct jail *j, int sync) __attribute__((noreturn));

#endif
