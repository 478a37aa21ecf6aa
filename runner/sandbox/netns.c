/* SPDX-License-Identifier: Apache-2.0 */
/* netns.c - empty network namespaces, made before they are needed.
 * tests: tests/jail/start.sh */
#include "sandbox/netns.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

enum { REFILL_MS = 1 }; /* after whatever is being served now */

static int open_current(const struct netns_pool *p, struct err *e)
{
	int fd = openat(p->proc_fd, "self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "open /proc/self/ns/net") : fd;
}

static int go_home(const struct netns_pool *p, struct err *e)
{
	return setns(p->own_fd, CLONE_NEWNET) < 0 ? err_sys(e, "back to the own network") : 0;
}

static int make_one(struct netns_pool *p, struct err *e)
{
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		return err_sys(e, "make a network namespace");
	fd = open_current(p, e);
	if (go_home(p, fd < 0 ? NULL : e) < 0)
		fd_close_p(&fd);
	return fd;
}

int netns_open(struct netns_pool *p, int proc_fd, struct err *e)
{
	*p = (struct netns_pool){ .proc_fd = proc_fd, .own_fd = -1 };
	p->own_fd = open_current(p, e);
	if (p->own_fd < 0)
		return -1;
	p->ready[0] = make_one(p, e);
	if (p->ready[0] < 0)
		return -1;
	p->count = 1;
	return 0;
}

static void refill_soon(struct netns_pool *p)
{
	if (p->refill && p->count < NETNS_POOL)
		(void)loop_arm(p->refill, REFILL_MS, NULL);
}

/* One that cannot be made now is made when it is needed, and refused by name there. */
static void on_refill(void *arg)
{
	struct netns_pool *p = arg;
	int fd = p->count < NETNS_POOL ? make_one(p, NULL) : -1;

	if (fd < 0)
		return;
	p->ready[p->count++] = fd;
	refill_soon(p);
}

int netns_serve(struct netns_pool *p, struct loop *l, struct err *e)
{
	if (loop_add_timer(l, on_refill, p, &p->refill, e) < 0)
		return -1;
	refill_soon(p);
	return 0;
}

void netns_close(struct netns_pool *p)
{
	loop_remove(&p->refill);
	while (p->count > 0)
		fd_close_p(&p->ready[--p->count]);
	fd_close_p(&p->own_fd);
}

int netns_enter(struct netns_pool *p, struct err *e)
{
	CLEANUP_FD int fd = p->count > 0 ? p->ready[--p->count] : make_one(p, e);

	if (fd < 0)
		return -1;
	refill_soon(p);
	return setns(fd, CLONE_NEWNET) < 0 ? err_sys(e, "enter a network namespace") : 0;
}

int netns_leave(struct netns_pool *p, struct err *e)
{
	return go_home(p, e);
}
