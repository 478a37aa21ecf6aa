/* SPDX-License-Identifier: Apache-2.0 */
/* stub.c - the plugin of the jail tests: static, does what the other end of fd 3 tells it, line by
 * line, and answers each line with one line. Owns: nothing.  It stands for hostile native code. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int wire = 3;
static char line[4096];

static void answer(const char *text)
{
	dprintf(wire, "%s\n", text);
}

static void answer_errno(long r)
{
	char text[64];

	(void)snprintf(text, sizeof(text), r < 0 ? "errno %d" : "ok", errno);
	answer(text);
}

static void do_open(const char *arg)
{
	int flags = arg[0] == 'w' ? O_WRONLY : arg[0] == 'c' ? O_WRONLY | O_CREAT : O_RDONLY;
	int fd = open(arg + 2, flags | O_CLOEXEC, 0600);

	answer_errno(fd);
	if (fd >= 0)
		close(fd);
}

static void do_list(const char *arg)
{
	DIR *d = opendir(arg);

	if (!d) {
		answer_errno(-1);
		return;
	}
	for (struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.')
			dprintf(wire, "%s ", e->d_name);
	answer("");
	closedir(d);
}

static void do_read(const char *arg)
{
	char text[4096];
	int fd = open(arg, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0) {
		answer_errno(-1);
		return;
	}
	text[n] = '\0';
	for (char *p = text; *p; p++)
		if (*p == '\n')
			*p = '|';
	answer(text);
	close(fd);
}

/* A block of the size that disks are asked for, aligned as direct requests must be. */
static char block_of_disk[1 << 18] __attribute__((aligned(4096)));

static long ms_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* "HOW MS PATH": w writes and r reads directly, b writes by the page cache and asks for all of it
 * on the disk; the same MiB over and over, for so long. "BYTES MS ERRNO", or "ok" before it begins.
 */
static void do_disk(const char *arg, int answer_after)
{
	static const off_t round = 1 << 20;
	char how = 0, path[256] = "";
	long ms = 0, begin, done = 0, n = 0;
	int fd;

	(void)sscanf(arg, "%c %ld %255s", &how, &ms, path);
	fd = open(path,
		  (how == 'r' ? O_RDONLY : O_WRONLY | O_CREAT) | (how == 'b' ? 0 : O_DIRECT) |
			  O_CLOEXEC,
		  0600);
	if (!answer_after)
		answer_errno(fd);
	errno = 0;
	begin = ms_now();
	while (fd >= 0 && ms_now() - begin < ms) {
		off_t at = done % round;

		n = how == 'r' ? pread(fd, block_of_disk, sizeof(block_of_disk), at)
			       : pwrite(fd, block_of_disk, sizeof(block_of_disk), at);
		if (n <= 0 || (how == 'b' && fdatasync(fd) < 0))
			break;
		done += n;
	}
	if (answer_after)
		dprintf(wire, "%ld %ld %d\n", done, ms_now() - begin, fd < 0 ? -1 : errno);
	close(fd);
}

/* Asks for N MiB of a file in one call, directly: the kernel holds all of it in its queue. The
 * answer comes before, or there is nothing to wait for. */
static void do_gulp(const char *arg)
{
	static struct iovec all[1024];
	char path[256] = "";
	unsigned int mib = 0, n;
	int fd;

	(void)sscanf(arg, "%u %255s", &mib, path);
	n = mib * ((1 << 20) / sizeof(block_of_disk));
	for (unsigned int i = 0; i < n && i < 1024; i++)
		all[i] = (struct iovec){ block_of_disk, sizeof(block_of_disk) };
	fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	answer_errno(fd);
	if (fd >= 0 && readv(fd, all, (int)(n < 1024 ? n : 1024)) > 0)
		_exit(9); /* it had all it wanted */
}

/* Opens descriptors by number, so that the answer needs no /proc. */
static void do_fds(void)
{
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			dprintf(wire, "%d ", fd);
	answer("");
}

static void do_eat(const char *arg)
{
	size_t n = strtoul(arg, NULL, 10) << 20;
	volatile char *p =
		mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (size_t i = 0; p != MAP_FAILED && i < n; i += 4096)
		p[i] = 1;
	answer_errno(p == MAP_FAILED ? -1 : 0);
}

static void do_burn(const char *arg)
{
	long ms = strtol(arg, NULL, 10);
	struct timespec t;

	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < ms);
	answer("ok");
}

static void do_forks(const char *arg)
{
	long want = strtol(arg, NULL, 10), made = 0;

	for (; made < want; made++) {
		pid_t p = fork();

		if (p < 0)
			break;
		if (p == 0)
			for (;;)
				pause();
	}
	dprintf(wire, "%ld\n", made);
}

static void do_exec(const char *arg)
{
	char *const argv[] = { (char *)arg, NULL };
	char *const envp[] = { NULL };

	execve(arg, argv, envp);
	answer_errno(-1);
}

/* Writes a file until it is told no. "BYTES ERRNO" */
static void do_fill(const char *path)
{
	static char block[65536];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	long written = 0, n;

	memset(block, 'x', sizeof(block));
	while (fd >= 0 && (n = write(fd, block, sizeof(block))) > 0)
		written += n;
	dprintf(wire, "%ld %d\n", written, errno);
	close(fd);
}

/* Makes files DIR/0, 1 … of SIZE bytes until it is told no. "FILES ERRNO" */
static void do_many(const char *arg)
{
	static char block[65536];
	char dir[256] = "", path[300];
	unsigned int size = 0;
	long made = 0;

	if (sscanf(arg, "%u %255s", &size, dir) != 2 || size > sizeof(block))
		size = 0;
	for (;; made++) {
		int fd;

		snprintf(path, sizeof(path), "%s/%ld", dir, made);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0)
			break;
		errno = 0;
		if (size && write(fd, block, size) != (ssize_t)size) {
			close(fd);
			break;
		}
		close(fd);
	}
	dprintf(wire, "%ld %d\n", made, errno);
}

/* Empties a folder of plain files. */
static void do_empty(const char *dir)
{
	DIR *d = opendir(dir);

	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	answer_errno(d ? 0 : -1);
	if (d)
		closedir(d);
}

/* Gives a file or folder project 0, as if it were nobody's. */
static void do_escape_project(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct fsxattr x;
	int r = ioctl(fd, FS_IOC_FSGETXATTR, &x);

	if (r == 0) {
		x.fsx_projid = 0;
		x.fsx_xflags &= ~(unsigned int)FS_XFLAG_PROJINHERIT;
		r = ioctl(fd, FS_IOC_FSSETXATTR, &x);
	}
	answer_errno(r);
	close(fd);
}

static void do_names(void)
{
	struct utsname u;

	uname(&u);
	dprintf(wire, "pid %d ppid %d uid %d gid %d groups %d host %s\n", getpid(), getppid(),
		getuid(), getgid(), getgroups(0, NULL), u.nodename);
}

/* Goes on without its wire, and writes down what each try gave: one character, in /tmp/tries. */
static void do_linger(const char *path)
{
	int out = open("/tmp/tries", O_WRONLY | O_CREAT | O_APPEND, 0600);
	struct timespec pause_ns = { .tv_nsec = 50000000 };

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	answer(out < 0 ? "no /tmp" : "ok");
	for (;;) {
		int fd = open(path, O_RDONLY);

		if (write(out, fd >= 0 ? "!" : errno == EACCES ? "r" : "?", 1) != 1)
			_exit(1);
		nanosleep(&pause_ns, NULL);
	}
}

/* Goes on without its wire: opens what it may not and what it may, in turn, as fast as it can. The
 * sums stand in /data/tally, which outlives it: let through, refused, opened, withheld, odd. */
static void do_hammer(const char *arg)
{
	enum { LET, REFUSED, OPENED, WITHHELD, ODD, SUMS };
	int tally = open("/data/tally", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char paths[2][128] = { "", "" };
	unsigned long *sums;

	if (sscanf(arg, "%127s %127s", paths[0], paths[1]) != 2 ||
	    ftruncate(tally, SUMS * sizeof(*sums)) < 0)
		_exit(1);
	sums = mmap(NULL, SUMS * sizeof(*sums), PROT_READ | PROT_WRITE, MAP_SHARED, tally, 0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	answer_errno(sums == MAP_FAILED ? -1 : 0);
	for (int may = 0; sums != MAP_FAILED; may = !may) {
		int fd = open(paths[may], O_RDONLY | O_CLOEXEC);

		sums[fd >= 0	       ? (may ? OPENED : LET)
		     : errno != EACCES ? ODD
		     : may	       ? WITHHELD
				       : REFUSED]++;
		if (fd >= 0)
			close(fd);
	}
}

/* 1: it was read, and speaks of a secret. 0: another text. -1: it could not be read. */
static int look(int dir, const char *path)
{
	char text[64] = "";
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	return n <= 0 ? -1 : strstr(text, "secret") != NULL;
}

/* Reads what it may and what it may not, in turn, while others move both about.
 * "GRANTED LEAKS REFUSED": granted texts read, secrets seen, reads that failed. */
static void do_race(const char *arg)
{
	static const char *const paths[] = {
		"/vault/Private/c.md",		"/vault/Projects/../Private/c.md",
		"/vault/Projects/link/c.md",	"/vault/Projects/sub/../../Private/c.md",
		"/vault/Projects/sub/b.md",	"/vault/Projects/a.md",
	};
	static const char *const beneath[] = { "b.md", "../c.md", "../../Private/c.md",
					       "../../Private/sub/b.md" };
	time_t end = time(NULL) + strtol(arg, NULL, 10);
	unsigned long seen[2] = { 0 }, refused = 0;

	while (time(NULL) < end) {
		int dir = open("/vault/Projects/sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		for (size_t i = 0; i < 6; i++) {
			int r = look(AT_FDCWD, paths[i]);

			*(r < 0 ? &refused : &seen[r]) += 1;
		}
		/* a folder that was granted when it was opened, wherever it is now */
		for (size_t i = 0; dir >= 0 && i < 32; i++) {
			int r = look(dir, beneath[i % 4]);

			*(r < 0 ? &refused : &seen[r]) += 1;
		}
		if (dir >= 0)
			close(dir);
	}
	dprintf(wire, "%lu %lu %lu\n", seen[0], seen[1], refused);
}

static int step(char *s)
{
	char *arg = strchr(s, ' ');

	arg = arg ? (*arg = '\0', arg + 1) : s + strlen(s);
	if (!strcmp(s, "open"))
		do_open(arg);
	else if (!strcmp(s, "list"))
		do_list(arg);
	else if (!strcmp(s, "read"))
		do_read(arg);
	else if (!strcmp(s, "fds"))
		do_fds();
	else if (!strcmp(s, "eat"))
		do_eat(arg);
	else if (!strcmp(s, "burn"))
		do_burn(arg);
	else if (!strcmp(s, "forks"))
		do_forks(arg);
	else if (!strcmp(s, "exec"))
		do_exec(arg);
	else if (!strcmp(s, "linger"))
		do_linger(arg);
	else if (!strcmp(s, "hammer"))
		do_hammer(arg);
	else if (!strcmp(s, "fill"))
		do_fill(arg);
	else if (!strcmp(s, "disk"))
		do_disk(arg, 1);
	else if (!strcmp(s, "busy"))
		do_disk(arg, 0);
	else if (!strcmp(s, "gulp"))
		do_gulp(arg);
	else if (!strcmp(s, "many"))
		do_many(arg);
	else if (!strcmp(s, "empty"))
		do_empty(arg);
	else if (!strcmp(s, "project0"))
		do_escape_project(arg);
	else if (!strcmp(s, "race"))
		do_race(arg);
	else if (!strcmp(s, "names"))
		do_names();
	else if (!strcmp(s, "print"))
		dprintf(1, "%s\n", arg), answer("ok");
	else if (!strcmp(s, "exit"))
		_exit((int)strtol(arg, NULL, 10));
	else if (!strcmp(s, "signal"))
		kill(getpid(), (int)strtol(arg, NULL, 10));
	else
		answer("what?");
	return 0;
}

int main(void)
{
	size_t len = 0;
	char c;

	while (read(wire, &c, 1) == 1) {
		if (c != '\n' && len < sizeof(line) - 1) {
			line[len++] = c;
			continue;
		}
		line[len] = '\0';
		len = 0;
		step(line);
	}
	return 0;
}
