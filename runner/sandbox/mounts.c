/* SPDX-License-Identifier: Apache-2.0 */
/* mounts.c - detached mounts (open_tree(2), mount_setattr(2), fsopen(2), move_mount(2)),
 * pivot_root(2). */
#include "sandbox/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"

static uint64_t attributes(unsigned int flags)
{
	uint64_t a = MOUNT_ATTR_NOSUID;

	if (flags & MOUNT_READ_ONLY)
		a |= MOUNT_ATTR_RDONLY;
	if (flags & MOUNT_NO_EXEC)
		a |= MOUNT_ATTR_NOEXEC;
	if (!(flags & MOUNT_DEVICES))
		a |= MOUNT_ATTR_NODEV;
	return a;
}

int mounts_seal(int mount_fd, unsigned int flags, struct err *e)
{
	struct mount_attr a = { .attr_set = attributes(flags),
				.attr_clr = flags & MOUNT_DEVICES ? MOUNT_ATTR_NODEV : 0 };

	if (mount_setattr(mount_fd, "", AT_EMPTY_PATH, &a, sizeof(a)) < 0)
		return err_sys(e, "mount_setattr");
	return 0;
}

static int seal_idmapped(int mount_fd, unsigned int flags, int userns_fd, struct err *e)
{
	struct mount_attr a = { .attr_set = attributes(flags) | MOUNT_ATTR_IDMAP,
				.userns_fd = (uint64_t)(unsigned int)userns_fd };

	if (mount_setattr(mount_fd, "", AT_EMPTY_PATH, &a, sizeof(a)) == 0)
		return 0;
	if (errno == EINVAL)
		return err_set(
			e, ERR_NO_IDMAP,
			"this file system cannot map ids on a mount; use the notes API instead of a files "
			"rule, or move the vault to ext4, xfs or btrfs");
	return err_sys(e, "mount_setattr with an id map");
}

int mounts_clone(int dir_fd, unsigned int flags, int userns_fd, struct err *e)
{
	CLEANUP_FD int fd =
		open_tree(dir_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	if (fd < 0)
		return err_sys(e, "open_tree");
	if (userns_fd >= 0 ? seal_idmapped(fd, flags, userns_fd, e) < 0
			   : mounts_seal(fd, flags, e) < 0)
		return -1;
	return take_fd(fd);
}

static int configure(int fs, const char *key, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static int configure(int fs, const char *key, struct err *e, const char *fmt, ...)
{
	char value[32];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (fsconfig(fs, FSCONFIG_SET_STRING, key, value, 0) < 0)
		return err_sys(e, "mount option %s=%s", key, value);
	return 0;
}

/* Creates the super block; the mount has attributes from the start. */
static int finish_mount(int fs, uint64_t attrs, struct err *e)
{
	int fd;

	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_sys(e, "create file system");
	fd = fsmount(fs, FSMOUNT_CLOEXEC, (unsigned int)attrs);
	return fd < 0 ? err_sys(e, "fsmount") : fd;
}

int mounts_tmpfs(const struct tmpfs *t, struct err *e)
{
	CLEANUP_FD int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);

	if (fs < 0)
		return err_sys(e, "fsopen tmpfs");
	if (configure(fs, "uid", e, "%u", t->uid) < 0 ||
	    configure(fs, "gid", e, "%u", t->gid) < 0 ||
	    configure(fs, "mode", e, "%o", t->mode) < 0 ||
	    configure(fs, "size", e, "%" PRIu64, t->size_bytes) < 0 ||
	    configure(fs, "nr_inodes", e, "%" PRIu64, t->inodes) < 0)
		return err_wrap(e, "tmpfs");
	return finish_mount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, e);
}

int mounts_devices(const char *at, struct err *e)
{
	static const struct {
		const char *name;
		unsigned int major, minor;
	} nodes[] = { { "null", 1, 3 },
		      { "zero", 1, 5 },
		      { "full", 1, 7 },
		      { "random", 1, 8 },
		      { "urandom", 1, 9 } };
	struct tmpfs t = { .mode = 0755, .size_bytes = 4096, .inodes = 16 };
	CLEANUP_FD int fd = mounts_tmpfs(&t, e);

	if (fd < 0)
		return -1;
	for (size_t i = 0; i < countof(nodes); i++)
		if (mknodat(fd, nodes[i].name, S_IFCHR | 0666,
			    makedev(nodes[i].major, nodes[i].minor)) < 0 ||
		    fchmodat(fd, nodes[i].name, 0666, 0) < 0)
			return err_sys(e, "device node %s", nodes[i].name);
	if (mounts_seal(fd, MOUNT_READ_ONLY | MOUNT_NO_EXEC | MOUNT_DEVICES, e) < 0)
		return -1;
	if (move_mount(fd, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_sys(e, "move_mount to %s", at);
	return take_fd(fd);
}

int mounts_make_points(int root_fd, const char *path, struct err *e)
{
	CLEANUP_FD int at = openat(root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char rest[VAULT_PATH_MAX];
	char *next = rest;

	if (at < 0 || !copy_str(rest, sizeof(rest), path))
		return err_sys(e, "mount point %s", path);
	for (char *name; (name = strsep(&next, "/"));) {
		int child;

		if (!*name)
			continue;
		if (mkdirat(at, name, 0755) < 0 && errno != EEXIST)
			return err_sys(e, "mount point %s", path);
		child = fd_open_beneath(at, name, O_PATH | O_DIRECTORY, 0);
		if (child < 0)
			return err_sys(e, "mount point %s", path);
		fd_close_p(&at);
		at = child;
	}
	return 0;
}

int mounts_private(struct err *e)
{
	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(e, "unshare mount namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(e, "private mounts");
	return 0;
}

int mounts_enter_root(int mount_fd, struct err *e)
{
	/* No path: the working directory is a copy of the launcher's, in this namespace. */
	if (move_mount(mount_fd, "", AT_FDCWD, ".", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_sys(e, "move_mount of the image");
	if (fchdir(mount_fd) < 0)
		return err_sys(e, "chdir into the image");
	return 0;
}

int mounts_attach(int mount_fd, const char *target, struct err *e)
{
	if (move_mount(mount_fd, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_sys(e, "move_mount to %s", target);
	return 0;
}

int mounts_proc(const char *target, enum mounts_proc_view view, struct err *e)
{
	CLEANUP_FD int fs = fsopen("proc", FSOPEN_CLOEXEC);
	CLEANUP_FD int fd = -1;

	if (fs < 0)
		return err_sys(e, "fsopen proc");
	if (view == MOUNTS_PROC_OWN &&
	    (configure(fs, "subset", e, "pid") < 0 || configure(fs, "hidepid", e, "invisible") < 0))
		return err_wrap(e, "proc");
	fd = finish_mount(
		fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY,
		e);
	if (fd < 0 || mounts_attach(fd, target, e) < 0)
		return err_wrap(e, "proc");
	return take_fd(fd);
}

int mounts_pivot(struct err *e)
{
	char cwd[16];

	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return err_sys(e, "pivot_root");
	/* The old root lies over the new one now; it is what "." means here. */
	if (umount2(".", MNT_DETACH) < 0)
		return err_sys(e, "umount of the old root");
	if (chdir("/") < 0)
		return err_sys(e, "chdir /");
	/* CVE-2024-21626: a working directory outside the root would begin with "(unreachable)". */
	if (syscall(SYS_getcwd, cwd, sizeof(cwd)) < 0 || strcmp(cwd, "/") != 0)
		return err_set(e, ERR_CONFINE, "the working directory is not in the jail");
	return 0;
}
