/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - ways to open what was not given.
 * Owns: the table.  Must not know: which layers stand in the way. */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/fiemap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OPEN(name, path, flags)                        \
	static long name(void)                         \
	{                                              \
		return try_open(path, flags);          \
	}

OPEN(shadow, "/etc/shadow", O_RDONLY)
OPEN(shadow_dots, "/plugin/../../../../etc/shadow", O_RDONLY)
OPEN(shadow_proc1, "/proc/1/root/etc/shadow", O_RDONLY)
OPEN(shadow_root, "/proc/self/root/etc/shadow", O_RDONLY)
OPEN(shadow_cwd, "/proc/self/cwd/../../etc/shadow", O_RDONLY)
OPEN(canary, "/canary", O_RDONLY)
OPEN(write_note, NOTE, O_WRONLY)
OPEN(truncate_note, NOTE, O_RDONLY | O_TRUNC)
OPEN(private_note, "/vault/Private/c.md", O_RDONLY)
OPEN(private_dots, "/vault/Projects/../Private/c.md", O_RDONLY)
OPEN(new_note, "/vault/Projects/new.md", O_WRONLY | O_CREAT)
OPEN(new_in_bundle, "/plugin/new", O_WRONLY | O_CREAT)
OPEN(write_manifest, OWN_MANIFEST, O_RDWR)
OPEN(new_in_root, "/new-in-root", O_WRONLY | O_CREAT)
OPEN(tmpfile_bundle, "/plugin", O_TMPFILE | O_RDWR)
OPEN(append_manifest, OWN_MANIFEST, O_WRONLY | O_APPEND)
OPEN(dev_mem, "/dev/mem", O_RDONLY)
OPEN(dev_kmsg, "/dev/kmsg", O_RDONLY)
OPEN(dev_disk, "/dev/vda", O_RDONLY)
OPEN(dev_loop, "/dev/loop-control", O_RDWR)
OPEN(dev_ptmx, "/dev/ptmx", O_RDWR)
OPEN(dev_console, "/dev/console", O_WRONLY)
OPEN(dev_shm, "/dev/shm/channel", O_RDWR | O_CREAT)
OPEN(dev_new, "/dev/new", O_RDWR | O_CREAT)
OPEN(mqueue, "/dev/mqueue/channel", O_RDWR | O_CREAT)
OPEN(kcore, "/proc/kcore", O_RDONLY)
OPEN(kallsyms, "/proc/kallsyms", O_RDONLY)
OPEN(proc_keys, "/proc/keys", O_RDONLY)
OPEN(proc_timers, "/proc/timer_list", O_RDONLY)
OPEN(proc_sched, "/sys/kernel/debug/sched/debug", O_RDONLY)
OPEN(proc_meminfo, "/proc/meminfo", O_RDONLY)
OPEN(proc_maps_1, "/proc/1/maps", O_RDONLY)
OPEN(proc_mem_1, "/proc/1/mem", O_RDWR)
OPEN(proc_environ_1, "/proc/1/environ", O_RDONLY)
OPEN(proc_core_pattern, "/proc/sys/kernel/core_pattern", O_WRONLY)
OPEN(proc_modprobe, "/proc/sys/kernel/modprobe", O_WRONLY)
OPEN(proc_userns, "/proc/sys/user/max_user_namespaces", O_WRONLY)
OPEN(proc_sysrq, "/proc/sysrq-trigger", O_WRONLY)
OPEN(proc_uid_map, "/proc/self/uid_map", O_WRONLY)
OPEN(proc_oom, "/proc/1/oom_score_adj", O_WRONLY)
OPEN(proc_attr, "/proc/self/attr/exec", O_WRONLY)
OPEN(proc_bus, "/proc/bus/pci/devices", O_RDONLY)
OPEN(proc_irq, "/proc/irq/default_smp_affinity", O_WRONLY)
OPEN(cgroup_procs, "/sys/fs/cgroup/cgroup.procs", O_WRONLY)
OPEN(cgroup_max, "/sys/fs/cgroup/cgroup.subtree_control", O_WRONLY)
OPEN(cgroup_list, "/sys/fs/cgroup", O_RDONLY | O_DIRECTORY)
OPEN(bpffs, "/sys/fs/bpf", O_RDONLY | O_DIRECTORY)
OPEN(securityfs, "/sys/kernel/security/lsm", O_RDONLY)
OPEN(tracefs, "/sys/kernel/tracing/trace", O_RDONLY)
OPEN(efi, "/sys/firmware/memmap/0/start", O_RDONLY)
OPEN(module_state, "/sys/module/ext4/refcnt", O_RDONLY)
OPEN(own_exe_write, "/proc/self/exe", O_WRONLY)

/* A descriptor that may not be read, opened once more through /proc. */
static long magic_link(void)
{
	char path[64];
	int fd = open("/canary", O_PATH | O_CLOEXEC);

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return fd < 0 ? -1 : try_open(path, O_RDONLY);
}

static long path_descriptor(void)
{
	int dir = open("/vault", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = dir < 0 ? -1 : openat(dir, "Private/c.md", O_RDONLY | O_CLOEXEC);

	return fd;
}

static long by_handle(void)
{
	union {
		struct file_handle head;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} h = { .head = { .handle_bytes = MAX_HANDLE_SZ } };
	int mount, root;

	if (name_to_handle_at(AT_FDCWD, OWN_MANIFEST, &h.head, &mount, 0) < 0)
		return -1;
	root = open("/plugin", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return open_by_handle_at(root, &h.head, O_RDONLY);
}

static long symlink_of_ours(void)
{
	(void)unlink("/tmp/link");
	return symlink("/etc/shadow", "/tmp/link") < 0 ? -1 : try_open("/tmp/link", O_RDONLY);
}

static long inherited(void)
{
	for (int fd = 4; fd < 4096; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return fd;
	errno = EBADF;
	return -1;
}

static long set_flags(void)
{
	int fd = own_file("/data/flags");
	int flags = FS_IMMUTABLE_FL;
	long r = fd < 0 ? -1 : ioctl(fd, FS_IOC_SETFLAGS, &flags);

	flags = 0;
	(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
	return r;
}

/* Another project's number: out of the quota of our own. */
static long set_project(void)
{
	struct fsxattr x = { 0 };
	int fd = own_file("/data/project");

	if (fd < 0 || ioctl(fd, FS_IOC_FSGETXATTR, &x) < 0)
		return -1;
	x.fsx_projid = 0x7ffffffe;
	x.fsx_xflags &= ~(unsigned int)FS_XFLAG_PROJINHERIT;
	return ioctl(fd, FS_IOC_FSSETXATTR, &x);
}

/* Where on the disk a note lies. */
static long map_extents(void)
{
	struct {
		struct fiemap head;
		struct fiemap_extent one;
	} m = { .head = {
			.fm_length = ~0ull, .fm_extent_count = 1, .fm_flags = FIEMAP_FLAG_SYNC } };
	int fd = own_file("/data/extents");

	return fd < 0 ? -1 : ioctl(fd, FS_IOC_FIEMAP, &m);
}

static long freeze(void)
{
	int fd = open("/data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long r = fd < 0 ? -1 : ioctl(fd, FIFREEZE, 0);

	(void)ioctl(fd, FITHAW, 0);
	return r;
}

/* Everybody who has the file sees the lock: a signal to another plugin, and a brake for its owner.
 */
static long lock_note(void)
{
	int fd = open(NOTE, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : flock(fd, LOCK_EX | LOCK_NB);
}

static long lock_note_range(void)
{
	struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	int fd = open(NOTE, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : fcntl(fd, F_SETLK, &l);
}

static long lease_note(void)
{
	int fd = open(NOTE, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : fcntl(fd, F_SETLEASE, F_RDLCK);
}

static long dnotify_note(void)
{
	int fd = open("/vault/Projects", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -1 : fcntl(fd, F_NOTIFY, DN_ACCESS | DN_MODIFY | DN_MULTISHOT);
}

static long watch_bundle(void)
{
	int fd = inotify_init1(IN_CLOEXEC);

	return fd < 0 ? -1 : inotify_add_watch(fd, "/vault", IN_ALL_EVENTS);
}

static long stat_canary(void)
{
	struct stat st;

	return stat("/canary", &st);
}

/* The descriptor of a file that a child may still open after its parent may not. */
static long pass_canary(void)
{
	char c = 'x', room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec v = { &c, 1 };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)
	};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	int pair[2], fd = open("/canary", O_PATH | O_CLOEXEC), got;

	if (fd < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(h), &fd, sizeof(fd));
	if (sendmsg(pair[0], &m, 0) < 0)
		return -1;
	m.msg_controllen = sizeof(room);
	if (recvmsg(pair[1], &m, MSG_CMSG_CLOEXEC) < 0 || !CMSG_FIRSTHDR(&m))
		return -1;
	memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(got));
	return read(got, &c, 1) == 1 ? 0 : -1;
}

static long own_memory(void)
{
	static const char secret = 'x';
	char c = 'y';
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -1 : pwrite(fd, &c, 1, (off_t)(unsigned long)&secret) == 1 ? 0 : -1;
}

static long openat2_root(void)
{
	struct open_how {
		unsigned long long flags, mode, resolve;
	} how = { .flags = O_RDONLY | O_CLOEXEC, .resolve = 0 };

	return syscall(SYS_openat2, AT_FDCWD, "/etc/shadow", &how, sizeof(how));
}

static const struct attempt list[] = {
	{ "the host's passwords", "ebpf:file_open runners:4", shadow, NULL },
	{ "the same by dots", "ebpf:file_open runners:4 runners:19", shadow_dots, NULL },
	{ "the same through process 1", "ebpf:file_open runners:5 runners:11", shadow_proc1, NULL },
	{ "the same through our own root", "ebpf:file_open runners:11", shadow_root, NULL },
	{ "the same above our folder", "ebpf:file_open runners:19", shadow_cwd, NULL },
	{ "the same by openat2", "ebpf:file_open", openat2_root, NULL },
	{ "the same by a link of ours", "ebpf:file_open ebpf:path_symlink", symlink_of_ours, NULL },
	{ "the canary", "ebpf:file_open", canary, NULL },
	{ "the canary by a magic link", "ebpf:file_open", magic_link, NULL },
	{ "the canary by a passed descriptor", "ebpf:file_receive", pass_canary,
	  "a descriptor of that kind reads for nobody" },
	{ "the canary's size", "ebpf:inode_getattr", stat_canary, NULL },
	{ "a note for writing", "ebpf:file_open", write_note, NULL },
	{ "a note, cut while reading", "ebpf:file_open ebpf:path_truncate", truncate_note, NULL },
	{ "a note that was not granted", "ebpf:file_open", private_note, NULL },
	{ "the same by dots from a granted folder", "ebpf:file_open", private_dots, NULL },
	{ "the same below a path descriptor", "ebpf:file_open", path_descriptor, NULL },
	{ "a new note", "ebpf:path_mknod", new_note, NULL },
	{ "a new file in the bundle", "ebpf:path_mknod", new_in_bundle, NULL },
	{ "a nameless file in the bundle", "ebpf:file_open", tmpfile_bundle, NULL },
	{ "the manifest for writing", "ebpf:file_open", write_manifest, NULL },
	{ "the manifest for appending", "ebpf:file_open", append_manifest, NULL },
	{ "a new file in the root", "ebpf:path_mknod runners:4", new_in_root, NULL },
	{ "our own program for writing", "cve:CVE-2019-5736 runners:18", own_exe_write,
	  "the kernel itself keeps a running program" },
	{ "physical memory", "runners:12", dev_mem, NULL },
	{ "the kernel's messages", "runners:12", dev_kmsg, NULL },
	{ "the disk", "runners:12", dev_disk, NULL },
	{ "loop devices", "runners:12", dev_loop, NULL },
	{ "a new terminal", "runners:12", dev_ptmx, NULL },
	{ "the console", "runners:12", dev_console, NULL },
	{ "shared memory by name", "runners:25", dev_shm, NULL },
	{ "a message queue", "runners:25", mqueue, NULL },
	{ "a new file in /dev", "runners:12", dev_new, NULL },
	{ "kernel memory", "runners:11", kcore, NULL },
	{ "kernel addresses", "runners:11", kallsyms, NULL },
	{ "the list of keys", "runners:11", proc_keys, NULL },
	{ "the list of timers", "runners:11", proc_timers, NULL },
	{ "the scheduler's tables", "runners:11", proc_sched, NULL },
	{ "the host's memory figures", "runners:11", proc_meminfo, NULL },
	{ "the memory map of process 1", "ebpf:ptrace_access_check runners:21", proc_maps_1, NULL },
	{ "the memory of process 1", "ebpf:ptrace_access_check runners:21", proc_mem_1, NULL },
	{ "the environment of process 1", "runners:22", proc_environ_1, NULL },
	{ "where cores go", "runners:11", proc_core_pattern, NULL },
	{ "how modules are loaded", "runners:11", proc_modprobe, NULL },
	{ "how many user namespaces there may be", "runners:3", proc_userns, NULL },
	{ "the kernel's trigger", "runners:11", proc_sysrq, NULL },
	{ "our own id map", "runners:1", proc_uid_map, NULL },
	{ "who is killed first", "runners:14", proc_oom, NULL },
	{ "our next security label", "runners:20 cve:CVE-2025-52881", proc_attr,
	  "no label is kept here that could be written" },
	{ "the list of PCI devices", "runners:11", proc_bus, NULL },
	{ "where interrupts go", "runners:11", proc_irq, NULL },
	{ "another cgroup's processes", "runners:14", cgroup_procs, NULL },
	{ "what the cgroups control", "runners:14", cgroup_max, NULL },
	{ "the tree of cgroups", "runners:14", cgroup_list, NULL },
	{ "the pinned programs", "ebpf:bpf", bpffs, NULL },
	{ "the list of security modules", "runners:11", securityfs, NULL },
	{ "the kernel's traces", "runners:11", tracefs, "an empty trace gives nothing to read" },
	{ "the firmware's memory map", "runners:11", efi, NULL },
	{ "the state of a module", "runners:11", module_state, NULL },
	{ "a file by its handle", "seccomp:name_to_handle_at seccomp:open_by_handle_at", by_handle,
	  NULL },
	{ "an inherited descriptor", "runners:17", inherited, NEEDS_JAIL },
	{ "our own read-only memory", "ebpf:file_open", own_memory, NULL },
	{ "flags that outlive us", "ebpf:file_ioctl", set_flags, NULL },
	{ "another project's quota", "ebpf:file_ioctl", set_project, NULL },
	{ "where a file lies on the disk", "ebpf:file_ioctl", map_extents, NULL },
	{ "a frozen file system", "ebpf:file_ioctl", freeze, NULL },
	{ "a lock on a note", "runners:25", lock_note, NULL },
	{ "a lock on a range of a note", "runners:25", lock_note_range, NULL },
	{ "a lease on a note", "runners:25", lease_note, NULL },
	{ "word of every access to notes", "runners:25", dnotify_note, NULL },
	{ "word of every change of the vault", "ebpf:path_notify", watch_bundle, NULL },
};
FAMILY(file);
