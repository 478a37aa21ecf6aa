/* SPDX-License-Identifier: Apache-2.0 */
/* fds.h - exactly 0-3 reach the plugin.
 * Owns: where they stand.  Must not know: what they carry. */
#ifndef KENNEL_SANDBOX_FDS_H
#define KENNEL_SANDBOX_FDS_H

#include "base/err.h"

enum {
	JAIL_FDS = 4,	 /* /dev/null, stdout, stderr, wire */
	JAIL_SYNC_FD = 4 /* to the launcher, closed by exec */
};

/* Standard descriptors and 3 of a daemon are occupied, so that nothing opened later lands there and
 * placing never overwrites a source. */
int fds_reserve(struct err *e);
/* In the child: sources become 0-3, sync becomes JAIL_SYNC_FD; all sources are above it. The others
 * stay until fds_close_rest. */
int fds_place(const int sources[JAIL_FDS], int sync, struct err *e);
/* Everything above JAIL_SYNC_FD. */
int fds_close_rest(struct err *e);

#endif
