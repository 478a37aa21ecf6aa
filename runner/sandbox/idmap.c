/* SPDX-License-Identifier: Apache-2.0 */
/* idmap.c - user namespaces with exactly one id mapped (user_namespaces(7), mount_setattr(2)). */
#include "sandbox/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

enum {
	CACHE_MAX = 64
}; /* pairs of tenant and plugin with a vault rule; the oldest is forgotten first */

static struct cached {
	struct idmap map;
	int fd; /* 0: free; descriptor 0 is never ours */
} cache[CACHE_MAX];
static size_t cache_next;

static int write_proc(int proc_fd, pid_t pid, const char *name, const char *text, struct err *e)
{
	CLEANUP_FD int fd = -1;
	char path[64];

	(void)snprintf(path, sizeof(path), "%d/%s", (int)pid, name);
	fd = openat(proc_fd, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open /proc/%s", path);
	if (fd_write_all(fd, text, strlen(text)) < 0)
		return err_sys(e, "write /proc/%s", path);
	return 0;
}

int idmap_write(int proc_fd, pid_t pid, const struct idmap *m, struct err *e)
{
	char uids[64], gids[64];

	(void)snprintf(uids, sizeof(uids), "%u %u 1\n", m->inside_uid, m->outside_uid);
	(void)snprintf(gids, sizeof(gids), "%u %u 1\n", m->inside_gid, m->outside_gid);
	if (write_proc(proc_fd, pid, "setgroups", "deny", e) < 0 ||
	    write_proc(proc_fd, pid, "uid_map", uids, e) < 0)
		return -1;
	return write_proc(proc_fd, pid, "gid_map", gids, e);
}

/* A child that only waits to be killed; its user namespace outlives it through the descriptor. */
static int make_namespace(int proc_fd, const struct idmap *m, struct err *e)
{
	CLEANUP_FD int pidfd = -1;
	CLEANUP_FD int ns = -1;
	struct clone_args ca = { .flags = CLONE_NEWUSER | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
				 .exit_signal = SIGCHLD };
	int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	char path[64];
	long pid;
	int r = 0;

	ca.pidfd = (uint64_t)(uintptr_t)&pidfd;
	/* Its ns/user is opened below, which a process that is not dumpable lets nobody do; the
	 * copy lives for a moment, as root, and does nothing. */
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	pid = syscall(SYS_clone3, &ca, sizeof(ca));
	if (pid != 0 && prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0) < 0)
		r = err_sys(e, "keep the launcher's memory to itself");
	if (pid == 0) {
		for (;;)
			(void)pause();
	}
	if (pid < 0)
		return err_sys(e, "clone3 for an id map");
	if (r == 0)
		r = idmap_write(proc_fd, (pid_t)pid, m, e);
	(void)snprintf(path, sizeof(path), "%d/ns/user", (int)pid);
	if (r == 0) {
		ns = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
		if (ns < 0)
			(void)err_sys(e, "open /proc/%s", path);
	}
	(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR)
		;
	return ns < 0 ? -1 : take_fd(ns);
}

int idmap_namespace(int proc_fd, const struct idmap *m, struct err *e)
{
	struct cached *slot;
	int fd;

	for (size_t i = 0; i < CACHE_MAX; i++)
		if (cache[i].fd > 0 && !memcmp(&cache[i].map, m, sizeof(*m)))
			return cache[i].fd;
	fd = make_namespace(proc_fd, m, e);
	if (fd < 0)
		return -1;
	slot = &cache[cache_next++ % CACHE_MAX];
	if (slot->fd > 0)
		fd_close_p(&slot->fd);
	*slot = (struct cached){ .map = *m, .fd = fd };
	return fd;
}

void idmap_forget_all(void)
{
	for (size_t i = 0; i < CACHE_MAX; i++)
		if (cache[i].fd > 0)
			fd_close_p(&cache[i].fd);
	memset(cache, 0, sizeof(cache));
}
