/* SPDX-License-Identifier: Apache-2.0 */
/* sibling.h - the executables that lie beside this one.
 * Owns: finding, starting and awaiting them.  Must not know: what they do. */
#ifndef KENNEL_CLI_SIBLING_H
#define KENNEL_CLI_SIBLING_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* The executable of that name beside this one (/proc/self/exe); buf, or NULL when it does not fit.
 */
const char *sibling_path(const char *name, char *buf, size_t cap);

struct sibling {
	pid_t pid;
	int pidfd; /* close-on-exec; sibling_wait closes it */
};

/* argv[0] is its name, NULL ends the list; fds as in base/spawn.h. Its environment is empty. */
int sibling_start(const char *const *argv, const int *fds, size_t fds_count, struct sibling *ret,
		  struct err *e);
/* Waits for its end. *ret_status is its exit status, 125 when a signal ended it. */
int sibling_wait(struct sibling *s, int *ret_status, struct err *e);

#endif
