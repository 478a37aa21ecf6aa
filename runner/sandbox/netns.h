/* SPDX-License-Identifier: Apache-2.0 */
/* netns.h - empty network namespaces, made before they are needed (network_namespaces(7)).
 * Owns: the pool, and which network the launcher is in.  Must not know: jails.
 *
 * Making one takes the kernel longer than all other namespaces of a start together, and it can be
 * done beforehand: nothing in it belongs to a plugin. Each is used once; it goes with its jail. It
 * belongs to the launcher's user namespace, so that no capability of a jail's reaches it. */
#ifndef KENNEL_SANDBOX_NETNS_H
#define KENNEL_SANDBOX_NETNS_H

#include <stddef.h>

#include "base/err.h"
#include "base/loop.h"

#define NETNS_POOL 16u /* a burst of starts */

struct netns_pool {
	int proc_fd;	      /* the caller's */
	int own_fd;	      /* the launcher's own; -1: not open */
	int ready[NETNS_POOL];
	size_t count;
	struct loop_source *refill;
};

/* Makes the first one, so that a kernel that refuses is known now. */
int netns_open(struct netns_pool *p, int proc_fd, struct err *e);
/* From now on it is filled up again between starts, one a turn. */
int netns_serve(struct netns_pool *p, struct loop *l, struct err *e);
void netns_close(struct netns_pool *p);

/* What is cloned between the two is born in a namespace that nobody else is, or was, in. */
int netns_enter(struct netns_pool *p, struct err *e);
/* -1: the launcher is not where it should be, and what it just made must not live. */
int netns_leave(struct netns_pool *p, struct err *e);

#endif
