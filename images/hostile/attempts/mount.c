/* SPDX-License-Identifier: Apache-2.0 */
/* mount.c - ways to another tree of files.
 * Owns: the table.  Must not know: which layers stand in the way. */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALL(name, expression)            \
	static long name(void)            \
	{                                 \
		return expression;        \
	}

CALL(mount_tmpfs, mount("none", "/tmp", "tmpfs", 0, NULL))
CALL(mount_proc, mount("none", "/tmp", "proc", 0, NULL))
CALL(mount_sysfs, mount("none", "/tmp", "sysfs", 0, NULL))
CALL(mount_cgroup, mount("none", "/tmp", "cgroup2", 0, NULL))
CALL(mount_overlay, mount("none", "/tmp", "overlay", 0, "lowerdir=/plugin:/vault"))
CALL(mount_bind, mount("/plugin", "/data", NULL, MS_BIND, NULL))
CALL(remount_root, mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL))
CALL(remount_exec, mount(NULL, "/tmp", NULL, MS_REMOUNT | MS_BIND, NULL))
CALL(remount_tmp, mount(NULL, "/tmp", NULL, MS_REMOUNT, "size=512m"))
CALL(move_mounts, mount("/proc", "/tmp", NULL, MS_MOVE, NULL))
CALL(share_mounts, mount(NULL, "/", NULL, MS_SHARED | MS_REC, NULL))
CALL(unmount_proc, umount2("/proc", MNT_DETACH))
CALL(unmount_root, umount2("/", MNT_DETACH))
CALL(clone_tree, syscall(SYS_open_tree, AT_FDCWD, "/", 1 /* OPEN_TREE_CLONE */))
CALL(pick, syscall(SYS_fspick, AT_FDCWD, "/", 0))

static long attach_tree(void)
{
	int fd = (int)syscall(SYS_open_tree, AT_FDCWD, "/", 1);

	return fd < 0 ? -1 : syscall(SYS_move_mount, fd, "", AT_FDCWD, "/tmp", 4 /* empty path */);
}

static long move_from_nothing(void)
{
	return syscall(SYS_move_mount, -1, "", AT_FDCWD, "/tmp", 4);
}

static long context(void)
{
	return syscall(SYS_fsopen, "tmpfs", 0);
}

static long configure(void)
{
	int fd = (int)syscall(SYS_fsopen, "tmpfs", 0);

	return fd < 0 ? syscall(SYS_fsconfig, -1, 6, NULL, NULL, 0)
		      : syscall(SYS_fsconfig, fd, 6 /* create */, NULL, NULL, 0);
}

static long make_mount(void)
{
	int fd = (int)syscall(SYS_fsopen, "tmpfs", 0);

	if (fd < 0 || syscall(SYS_fsconfig, fd, 6, NULL, NULL, 0) < 0)
		return syscall(SYS_fsmount, -1, 0, 0);
	return syscall(SYS_fsmount, fd, 0, 0);
}

static long set_attributes(void)
{
	unsigned long long a[4] = { 0, 8 /* noexec off */, 0, 0 };

	return syscall(SYS_mount_setattr, AT_FDCWD, "/tmp", 0, a, sizeof(a));
}

static long pivot(void)
{
	(void)mkdir("/tmp/new", 0700);
	(void)mount("/tmp/new", "/tmp/new", NULL, MS_BIND, NULL);
	return chdir("/tmp/new") < 0 ? -1 : syscall(SYS_pivot_root, ".", ".");
}

CALL(change_root, chroot("/tmp"))

/* The oldest way out of a changed root: a folder that stays open across the change. */
static long chroot_out(void)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || mkdir("/tmp/cage", 0700) < 0 || chroot("/tmp/cage") < 0)
		return -1;
	return fchdir(fd);
}

static long dots_up(void)
{
	int fd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < 8 && fd >= 0; i++)
		fd = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -1 : openat(fd, "etc/shadow", O_RDONLY | O_CLOEXEC);
}

static long statistics(long number)
{
	unsigned long long req[4] = { 24, 1, 0, 0 }, room[128];

	return syscall(number, req, room, sizeof(room), 0);
}
CALL(stat_mount, statistics(457))
CALL(list_mounts, statistics(458))

static const struct attempt list[] = {
	{ "a file system in memory", "ebpf:sb_mount seccomp:mount", mount_tmpfs, NULL },
	{ "another /proc", "ebpf:sb_mount seccomp:mount runners:20", mount_proc, NULL },
	{ "a /sys", "ebpf:sb_mount seccomp:mount", mount_sysfs, NULL },
	{ "a tree of cgroups", "ebpf:sb_mount seccomp:mount runners:14", mount_cgroup, NULL },
	{ "one tree over another", "ebpf:sb_mount seccomp:mount", mount_overlay, NULL },
	{ "the bundle in another place", "ebpf:sb_mount seccomp:mount", mount_bind, NULL },
	{ "the root, writable", "ebpf:sb_mount seccomp:mount runners:4", remount_root, NULL },
	{ "/tmp, executable", "ebpf:sb_mount seccomp:mount runners:13", remount_exec, NULL },
	{ "/tmp, larger", "ebpf:sb_remount seccomp:mount runners:13", remount_tmp, NULL },
	{ "a mount, moved", "ebpf:sb_mount seccomp:mount", move_mounts, NULL },
	{ "mounts that the host sees", "ebpf:sb_mount seccomp:mount runners:4", share_mounts,
	  NULL },
	{ "no /proc", "ebpf:sb_umount seccomp:umount2", unmount_proc, NULL },
	{ "no root", "ebpf:sb_umount seccomp:umount2 runners:4", unmount_root, NULL },
	{ "a copy of the tree", "seccomp:open_tree", clone_tree, NULL },
	{ "a copy of the tree, attached", "ebpf:move_mount seccomp:move_mount", attach_tree, NULL },
	{ "an attached nothing", "seccomp:move_mount", move_from_nothing,
	  "it needs a mount of its own" },
	{ "a file system's context", "seccomp:fsopen", context, NULL },
	{ "a file system, configured", "seccomp:fsconfig", configure, NULL },
	{ "a file system, made", "seccomp:fsmount", make_mount, NULL },
	{ "the root's context", "seccomp:fspick", pick, NULL },
	{ "other flags for /tmp", "seccomp:mount_setattr runners:13", set_attributes,
	  "there it is no mount point of its own" },
	{ "another root by pivot_root", "ebpf:sb_pivotroot seccomp:pivot_root", pivot,
	  "a root in memory cannot be exchanged" },
	{ "another root by chroot", "ebpf:path_chroot seccomp:chroot", change_root, NULL },
	{ "out of a changed root", "ebpf:path_chroot seccomp:chroot", chroot_out, NULL },
	{ "up from a folder", "ebpf:file_open runners:19", dots_up, NULL },
	{ "what a mount is", "seccomp:statmount", stat_mount, "older kernels have no such call" },
	{ "which mounts there are", "seccomp:listmount", list_mounts,
	  "older kernels have no such call" },
};
FAMILY(mount);
