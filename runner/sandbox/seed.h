/* SPDX-License-Identifier: Apache-2.0 */
/* seed.h - the namespaces a jail is cloned from (mount_namespaces(7), setns(2)).
 * Owns: them, and the launcher's way in and out.  Must not know: jails.
 *
 * clone3(2) copies the caller's mount table, and the jail then drops it: on a host with hundreds of
 * mounts that alone takes longer than all the rest of a start. So the launcher steps into a mount
 * namespace with nothing in it but an empty root and a proc (which the kernel wants to see before
 * a user namespace may mount its own), and into an empty network, clones, and steps back. */
#ifndef KENNEL_SANDBOX_SEED_H
#define KENNEL_SANDBOX_SEED_H

#include "base/err.h"
#include "sandbox/netns.h"

struct seed {
	int mounts_fd;	 /* the small mount namespace; -1: not open */
	int home_fd;	 /* the launcher's own */
	int home_root_fd;
	int home_cwd_fd;
	struct netns_pool net;
};

/* Closed, so that seed_close() may follow whatever happens. */
void seed_init(struct seed *s);
/* The launcher has its own mount namespace and its working directory already. Single-threaded. */
int seed_open(struct seed *s, int proc_fd, struct err *e);
void seed_close(struct seed *s);

/* What is cloned between the two is born with the working directory on a mount point. After a
 * failure of either the launcher may be elsewhere, where nothing of the host is to be found: then
 * what it just made must not live, and its next start says so again. */
int seed_enter(struct seed *s, struct err *e);
int seed_leave(struct seed *s, struct err *e);

#endif
