/* SPDX-License-Identifier: Apache-2.0 */
/* files.c - tries to read, write, name or move what is not ours.
 * Owns: those tries.  Must not know: how they are refused. */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#define countof(a) (sizeof(a) / sizeof((a)[0]))

/* No path is our own executable. To open it is enough; to read nothing from it (an empty /proc
 * file) is not. */
static const struct {
	const char *name, *path;
	int flags;
} opens[] = {
	{ "read the host's passwords", "/etc/shadow", O_RDONLY },
	{ "read them through process 1", "/proc/1/root/etc/shadow", O_RDONLY },
	{ "read them through our own root", "/proc/self/root/../etc/shadow", O_RDONLY },
	{ "read them above the executable", "/exec/../../../etc/shadow", O_RDONLY },
	{ "read them above our working directory", "/proc/self/cwd/../../etc/shadow", O_RDONLY },
	{ "read the canary", "/canary", O_RDONLY },
	{ "write the canary", "/canary", O_WRONLY },
	{ "read another plugin's data", "/data/../word-count/notes", O_RDONLY },
	{ "write into our bundle", "/plugin/x", O_WRONLY | O_CREAT },
	{ "write our manifest", "/plugin/manifest.json", O_WRONLY },
	{ "write our executable", NULL, O_WRONLY },
	{ "make a file beside our executable", "/exec/x", O_WRONLY | O_CREAT },
	{ "make a file in the root", "/x", O_WRONLY | O_CREAT },
	{ "write process 1's executable", "/init", O_WRONLY },
	{ "write a kernel setting", "/proc/sys/kernel/core_pattern", O_WRONLY },
	{ "write the kernel's trigger", "/proc/sysrq-trigger", O_WRONLY },
	{ "read the kernel's memory", "/proc/kcore", O_RDONLY },
	{ "read kernel addresses", "/proc/kallsyms", O_RDONLY },
	{ "read the memory of process 1", "/proc/1/mem", O_RDONLY },
	{ "read the environment of process 1", "/proc/1/environ", O_RDONLY },
	{ "read physical memory", "/dev/mem", O_RDONLY },
	{ "read kernel memory", "/dev/kmem", O_RDONLY },
	{ "read a disk", "/dev/vda", O_RDONLY },
	{ "leave the cgroup", "/sys/fs/cgroup/cgroup.procs", O_WRONLY },
	{ "change our cgroup's limit", "/sys/fs/cgroup/memory.max", O_WRONLY },
	{ "read the host's kernel settings", "/sys/kernel/security/lsm", O_RDONLY },
};

static size_t current_open;

static long try_open(void)
{
	char byte;
	const char *path = opens[current_open].path ? opens[current_open].path : attempt_self;
	int fd = open(path, opens[current_open].flags | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	if ((opens[current_open].flags & O_ACCMODE) == O_RDONLY && read(fd, &byte, 1) <= 0) {
		errno = errno ? errno : ENODATA;
		return -1;
	}
	return 0;
}

static long try_symlink(void)
{
	int fd;

	(void)unlink("/tmp/link");
	if (symlink("/etc/shadow", "/tmp/link") < 0)
		return -1;
	fd = open("/tmp/link", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -1 : 0;
}

static long try_link_executable(void)
{
	return link(attempt_self, "/tmp/plugin");
}

static long try_link_canary(void)
{
	return link("/canary", "/data/canary");
}

static long try_rename_executable(void)
{
	return rename(attempt_self, "/tmp/plugin");
}

static long try_unlink_executable(void)
{
	return unlink(attempt_self);
}

static long try_chmod_executable(void)
{
	return chmod(attempt_self, 04777);
}

static long try_xattr(void)
{
	return setxattr(attempt_self, "user.x", "x", 1, 0);
}

static long try_mknod(void)
{
	return mknod("/tmp/disk", S_IFBLK | 0600, makedev(8, 0));
}

static long try_handle(void)
{
	union {
		struct file_handle head;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} h = { .head = { .handle_bytes = MAX_HANDLE_SZ } };
	int mount, root;

	if (name_to_handle_at(AT_FDCWD, "/", &h.head, &mount, 0) < 0)
		return -1;
	root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return open_by_handle_at(root, &h.head, O_RDONLY);
}

/* Out of a folder that is moved while it is open: the oldest way out of a changed root. */
static long try_open_parent(void)
{
	int fd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < 8 && fd >= 0; i++)
		fd = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -1 : openat(fd, "etc/shadow", O_RDONLY | O_CLOEXEC);
}

static long try_connect(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&a, sizeof(a));
}

static long try_control_socket(void)
{
	return try_connect("/run/kennel/control.sock");
}

static long try_inherited(void)
{
	for (int fd = 4; fd < 4096; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return fd;
	errno = EBADF;
	return -1;
}

static long try_reopen_wire(void)
{
	return open("/proc/self/fd/3", O_RDWR | O_CLOEXEC);
}

static const struct attempt attempts[] = {
	{ "read passwords through a symbolic link of ours", try_symlink },
	{ "link our executable elsewhere", try_link_executable },
	{ "link the canary into our data", try_link_canary },
	{ "rename our executable", try_rename_executable },
	{ "remove our executable", try_unlink_executable },
	{ "make our executable set-uid", try_chmod_executable },
	{ "set an attribute on our executable", try_xattr },
	{ "make a disk node", try_mknod },
	{ "open a file by its handle", try_handle },
	{ "walk up from an open folder", try_open_parent },
	{ "talk to the supervisor's socket", try_control_socket },
	{ "open the wire a second time", try_reopen_wire },
};

void attempt_files(json_t *report)
{
	static const struct attempt scan = { "use an inherited descriptor", try_inherited };

	attempt_here(report, &scan); /* first, while we have opened nothing */
	for (current_open = 0; current_open < countof(opens); current_open++) {
		struct attempt a = { opens[current_open].name, try_open };

		attempt_all(report, &a, 1);
	}
	attempt_all(report, attempts, countof(attempts));
}
