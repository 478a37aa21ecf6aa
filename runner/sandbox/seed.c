/* SPDX-License-Identifier: Apache-2.0 */
/* seed.c - the namespaces a jail is cloned from.
 * tests: tests/jail/start.sh tests/jail/inject.sh */
#include "sandbox/seed.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "sandbox/mounts.h"

#define SEED_PROC "proc"
#define SEED_JAIL "/jail"

void seed_init(struct seed *s)
{
	*s = (struct seed){ -1, -1, -1, -1, { .own_fd = -1 } };
}

void seed_close(struct seed *s)
{
	fd_close_p(&s->mounts_fd);
	fd_close_p(&s->home_fd);
	fd_close_p(&s->home_root_fd);
	fd_close_p(&s->home_cwd_fd);
	netns_close(&s->net);
}

static int open_mounts(int proc_fd, struct err *e)
{
	int fd = openat(proc_fd, "self/ns/mnt", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "open /proc/self/ns/mnt") : fd;
}

static int open_folder(const char *path, struct err *e)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "open %s", path) : fd;
}

/* setns(2) leaves root and working directory at the root of the namespace. */
static int go_home(const struct seed *s, struct err *e)
{
	if (setns(s->home_fd, CLONE_NEWNS) < 0 || fchdir(s->home_root_fd) < 0 || chroot(".") < 0 ||
	    fchdir(s->home_cwd_fd) < 0)
		return err_sys(e, "back to the own mounts");
	return 0;
}

/* In a copy of the launcher's namespace, which then has nothing else in it. */
static int furnish(struct err *e)
{
	const struct tmpfs t = { .mode = 0755, .size_bytes = 4096, .inodes = 8 };
	CLEANUP_FD int root = mounts_tmpfs(&t, e);
	CLEANUP_FD int proc = -1;

	if (root < 0)
		return -1;
	if (mkdirat(root, SEED_PROC, 0555) < 0 || mkdirat(root, SEED_JAIL + 1, 0555) < 0)
		return err_sys(e, "mkdir");
	if (mounts_enter_root(root, e) < 0)
		return -1;
	proc = mounts_proc(SEED_PROC, MOUNTS_PROC_WHOLE, e);
	if (proc < 0 || mounts_pivot(e) < 0)
		return -1;
	return mounts_seal(root, MOUNT_READ_ONLY | MOUNT_NO_EXEC, e);
}

static int make_mounts(struct seed *s, int proc_fd, struct err *e)
{
	struct err lost = { 0 };
	int r;

	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(e, "a mount namespace");
	r = furnish(e);
	if (r == 0) {
		s->mounts_fd = open_mounts(proc_fd, e);
		r = s->mounts_fd < 0 ? -1 : 0;
	}
	if (go_home(s, &lost) < 0) {
		if (r == 0 && e)
			*e = lost;
		return -1;
	}
	return r;
}

int seed_open(struct seed *s, int proc_fd, struct err *e)
{
	s->home_fd = open_mounts(proc_fd, e);
	s->home_root_fd = s->home_fd < 0 ? -1 : open_folder("/", e);
	s->home_cwd_fd = s->home_root_fd < 0 ? -1 : open_folder(".", e);
	if (s->home_cwd_fd < 0 || netns_open(&s->net, proc_fd, e) < 0)
		return -1;
	return make_mounts(s, proc_fd, e) < 0 ? err_wrap(e, "what jails are cloned from") : 0;
}

int seed_enter(struct seed *s, struct err *e)
{
	if (netns_enter(&s->net, e) < 0)
		return -1;
	if (setns(s->mounts_fd, CLONE_NEWNS) < 0 || chdir(SEED_JAIL) < 0)
		return err_sys(e, "enter the seed's mounts");
	return 0;
}

int seed_leave(struct seed *s, struct err *e)
{
	int r = go_home(s, e);

	return netns_leave(&s->net, r < 0 ? NULL : e) < 0 ? -1 : r;
}
