/* SPDX-License-Identifier: Apache-2.0 */
/* legitimate.c - what a plugin does all day, and must go on working without a single refusal.
 * Owns: the table legitimate.  Must not know: how it is run. */
#include "harness.h"

#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEP(call)                                 \
	do {                                       \
		if ((call) < 0)                    \
			return errno ? errno : 99; \
	} while (0)

static int use_files(void)
{
	char text[16];
	int fd = open("rw/new", O_RDWR | O_CREAT | O_EXCL, 0644);

	STEP(fd);
	STEP(write(fd, "x", 1));
	STEP(ftruncate(fd, 100));
	STEP(fchmod(fd, 0600));
	STEP(fsync(fd));
	STEP(pread(fd, text, 1, 0));
	STEP(truncate("rw/new", 3));
	STEP(utimensat(AT_FDCWD, "rw/new", NULL, 0));
	STEP(rename("rw/new", "rw/d/moved"));
	STEP(link("rw/d/moved", "rw/linked"));
	STEP(renameat2(AT_FDCWD, "rw/linked", AT_FDCWD, "rw/f", RENAME_EXCHANGE));
	STEP(unlink("rw/linked"));
	STEP(unlink("rw/d/moved"));
	STEP(open("rw/f", O_WRONLY | O_TRUNC));
	return 0;
}
static int use_locks(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open("rw/f", O_RDWR);

	STEP(fd);
	STEP(flock(fd, LOCK_EX | LOCK_NB));
	STEP(flock(fd, LOCK_UN));
	STEP(fcntl(fd, F_SETLK, &l));
	l.l_type = F_UNLCK;
	STEP(fcntl(fd, F_SETLK, &l));
	return 0;
}
static int use_folders(void)
{
	DIR *d;

	STEP(mkdir("rw/a", 0755));
	STEP(mkdir("rw/a/b", 0755));
	STEP(rename("rw/a/b", "rw/c"));
	STEP(rmdir("rw/c"));
	d = opendir("ro");
	return d && readdir(d) ? 0 : errno;
}
static int use_links(void)
{
	char text[16];

	STEP(symlink("../ro/f", "rw/link"));
	STEP(readlink("rw/link", text, sizeof(text)));
	STEP(open("rw/link", O_RDONLY));
	return 0;
}
static int use_nameless(void)
{
	STEP(linkat(open("rw", O_TMPFILE | O_RDWR, 0644), "", AT_FDCWD, "rw/new", AT_EMPTY_PATH));
	return 0;
}
static int read_only(void)
{
	struct stat st;
	char text[8];

	STEP(read(open("ro/f", O_RDONLY), text, sizeof(text)));
	STEP(stat("ro/f", &st));
	STEP(access("ro/f", R_OK));
	return 0;
}
static int use_memory(void)
{
	char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *f = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, open("rw/f", O_RDWR), 0);
	char *x =
		mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, open("ro/prog", O_RDONLY), 0);

	if (p == MAP_FAILED || f == MAP_FAILED || x == MAP_FAILED)
		return errno;
	memset(p, 1, 1 << 20);
	STEP(mprotect(p, 4096, PROT_READ));
	STEP(mprotect(p, 4096, PROT_NONE));
	STEP(mprotect(x, 4096, PROT_READ));
	STEP(mprotect(x, 4096, PROT_READ | PROT_EXEC));
	return f[0] == 'd' ? 0 : 99;
}
static int use_memfd(void)
{
	int fd = memfd_create("x", 0);
	struct stat st;

	STEP(ftruncate(fd, 4096));
	STEP(fstat(fd, &st));
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? errno
											 : 0;
}
static int use_pipes(void)
{
	int ends[2], pair[2], n, one = 1;
	char c;

	STEP(pipe(ends));
	STEP(write(ends[1], "x", 1));
	STEP(ioctl(ends[0], FIONREAD, &n));
	STEP(ioctl(ends[0], FIONBIO, &one));
	STEP(ioctl(ends[0], FIOCLEX));
	STEP(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	STEP(write(pair[0], "x", 1));
	STEP(read(pair[1], &c, 1));
	STEP(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	STEP(write(pair[0], "x", 1));
	return n == 1 ? 0 : 99;
}
static int use_sockets(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "rw/sock" };
	int server = socket(AF_UNIX, SOCK_STREAM, 0);

	STEP(bind(server, (struct sockaddr *)&a, sizeof(a)));
	STEP(listen(server, 4));
	STEP(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof(a)));
	(void)snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "inside-%d", getpid());
	a.sun_path[0] = '\0';
	server = socket(AF_UNIX, SOCK_STREAM, 0);
	STEP(bind(server, (struct sockaddr *)&a, sizeof(a)));
	STEP(listen(server, 4));
	STEP(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof(a)));
	return 0;
}
static int pass_descriptor(void)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { &byte, 1 };
	struct msghdr m = { .msg_iov = &io,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	int pair[2], fd = open("rw/f", O_RDWR);

	STEP(fd);
	STEP(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	CMSG_FIRSTHDR(&m)->cmsg_level = SOL_SOCKET;
	CMSG_FIRSTHDR(&m)->cmsg_type = SCM_RIGHTS;
	CMSG_FIRSTHDR(&m)->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &fd, sizeof(fd));
	STEP(sendmsg(pair[0], &m, 0));
	m.msg_controllen = sizeof(control);
	STEP(recvmsg(pair[1], &m, 0));
	return m.msg_flags & MSG_CTRUNC ? 99 : 0;
}
static int use_processes(void)
{
	int status;
	pid_t pid = fork();

	STEP(pid);
	if (pid == 0)
		for (;;)
			pause();
	STEP(kill(getpid(), 0));
	STEP(kill(pid, SIGTERM));
	STEP(waitpid(pid, &status, 0));
	return WIFSIGNALED(status) ? 0 : 99;
}
static int use_limits(void)
{
	struct rlimit l;

	STEP(getrlimit(RLIMIT_NOFILE, &l));
	STEP(setrlimit(RLIMIT_NOFILE, &l));
	STEP(prctl(PR_SET_NAME, "plugin"));
	return 0;
}
static int use_null(void)
{
	struct stat st;
	int fd = open("/dev/null", O_RDWR);

	STEP(fd);
	STEP(write(fd, "x", 1));
	STEP(fstat(fd, &st));
	return 0;
}
static int watch_own(void)
{
	STEP(inotify_add_watch(inotify_init1(IN_CLOEXEC), "rw", IN_CREATE));
	return 0;
}
static int run_allowed(void)
{
	char *argv[] = { (char *)"prog", NULL };
	int status;
	pid_t pid = fork();

	STEP(pid);
	if (pid == 0) {
		execv("ro/prog", argv);
		_exit(errno);
	}
	STEP(waitpid(pid, &status, 0));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

const struct attack legitimate[] = {
	{ "create, write, rename, link and remove files", 0, 0, 0, NULL, use_files, 0, 0 },
	{ "make, move, list and remove folders", 0, 0, 0, NULL, use_folders, 0, 0 },
	{ "make and follow symlinks inside the labels", 0, 0, 0, NULL, use_links, 0, 0 },
	{ "give a nameless file a name", 0, 0, 0, NULL, use_nameless, 0, 0 },
	{ "read and stat what is read-only", 0, 0, 0, NULL, read_only, 0, 0 },
	{ "map and protect memory", 0, 0, 0, NULL, use_memory, 0, 0 },
	{ "share memory by memfd", 0, 0, 0, NULL, use_memfd, 0, 0 },
	{ "use pipes and socket pairs", 0, 0, 0, NULL, use_pipes, 0, 0 },
	{ "connect to one's own sockets", 0, 0, 0, NULL, use_sockets, 0, 0 },
	{ "pass a descriptor of one's own", 0, 0, 0, NULL, pass_descriptor, 0, 0 },
	{ "signal one's own processes", 0, 0, 0, NULL, use_processes, 0, 0 },
	{ "look after one's own limits", 0, 0, 0, NULL, use_limits, 0, 0 },
	{ "use /dev/null", 0, 0, 0, NULL, use_null, 0, 0 },
	{ "watch one's own folder", 0, 0, 0, NULL, watch_own, 0, 0 },
	{ "lock one's own files", 0, 0, 0, NULL, use_locks, 0, 0 },
	{ "run an allowed program", 0, 0, 0, NULL, run_allowed, 0, 0 },
};
const size_t legitimate_count = sizeof(legitimate) / sizeof(legitimate[0]);
