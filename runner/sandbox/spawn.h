/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.h - clone3 into the cgroup, and the launcher's half of the start.
 * Owns: the order of DESIGN 6 on this side.  Must not know: restart, why it starts. */
#ifndef KENNEL_SANDBOX_SPAWN_H
#define KENNEL_SANDBOX_SPAWN_H

#include <sys/types.h>

#include "base/err.h"
#include "sandbox/guard.h"
#include "sandbox/jail.h"

/* From clone3 to exec; what takes longer is killed. It is there for a start that hangs: under load
 * a start that works waits for its CPU, more than a second was seen, and in SETUP no plugin code
 * can run anyway. */
#define START_MS_MAX 5000

/* The child's network namespace is the caller's: netns_enter() comes first, netns_leave() after.
 * guard may be NULL, when that degradation is accepted: jail->guarded says so too. On success the
 * jail's init runs (or is about to be exec'ed), the guard enforces and its canary was refused. On
 * failure the child, if there is one (*ret_pidfd >= 0), is the caller's to kill and reap, and the
 * labels and the policy it made are the caller's to remove. Blocks at most START_MS_MAX. */
int jail_spawn(struct guard *g, int proc_fd, const struct jail *j, pid_t *ret_pid, int *ret_pidfd,
	       struct err *e);

#endif
