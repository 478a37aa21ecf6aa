/* SPDX-License-Identifier: Apache-2.0 */
/* harness.c - what the tests of guard and meter share: cgroups, trees, children, lines "ok N".
 * Owns: the slice /sys/fs/cgroup/kennel-test.  Must not know: single hooks. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fs.h"

static int done, bad;
pid_t victim;

bool check(bool good, const char *fmt, ...)
{
	va_list args;

	printf("%s %d - ", good ? "ok" : "not ok", ++done);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	bad += !good;
	return good;
}

bool check_ok(int r, const struct err *e, const char *what)
{
	return check(r >= 0, "%s%s%s", what, r < 0 ? ": " : "", r < 0 ? e->text : "");
}

void need(bool good, const char *fmt, ...)
{
	va_list args;

	if (good)
		return;
	printf("Bail out! ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf(" (%s)\n", strerror(errno));
	exit(99);
}

int finish(void)
{
	printf("1..%d\n# %d passed, %d failed\n", done, done - bad, bad);
	return bad || !done;
}

int failed(long r)
{
	return r < 0 ? errno : 0;
}

int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0644), r = failed(fd);

	fd_close_p(&fd);
	return r;
}

void write_file(const char *path, const char *text)
{
	CLEANUP_FD int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	need(fd >= 0 && fd_write_all(fd, text, strlen(text)) == 0, "write %s", path);
}

/* ---- cgroups ---- */

static void slice_path(char *ret, size_t cap, const char *path)
{
	(void)snprintf(ret, cap, "%s%s%s", SLICE, *path ? "/" : "", path);
}

uint64_t cgroup_make(const char *path, int *ret_fd)
{
	char full[256], *slash = full + sizeof(SLICE);
	struct stat st;
	int fd;

	slice_path(full, sizeof(full), path);
	while (*path &&
	       (slash = strchr(slash, '/'))) { /* the folders above it, with their controllers */
		char file[300];

		*slash = '\0';
		need(mkdir(full, 0755) == 0 || errno == EEXIST, "mkdir %s", full);
		(void)snprintf(file, sizeof(file), "%s/cgroup.subtree_control", full);
		write_file(file, "+memory +pids +cpu");
		*slash++ = '/';
	}
	need(mkdir(full, 0755) == 0 || errno == EEXIST, "mkdir %s", full);
	fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	need(fd >= 0 && fstat(fd, &st) == 0, "open %s", full);
	if (ret_fd)
		*ret_fd = fd;
	else
		close(fd);
	return st.st_ino;
}

void cgroup_remove(const char *path)
{
	char full[256], file[300];

	slice_path(full, sizeof(full), path);
	if (access(full, F_OK) < 0)
		return;
	(void)snprintf(file, sizeof(file), "%s/cgroup.kill", full);
	write_file(file, "1");
	for (int i = 0; rmdir(full) < 0 && i < 500; i++) {
		if (errno != EBUSY)
			return;
		usleep(10000);
	}
}

void slice_make(void)
{
	write_file(CGROUP_ROOT "/cgroup.subtree_control", "+memory +pids +cpu");
	need(mkdir(SLICE, 0755) == 0 || errno == EEXIST, "mkdir " SLICE);
	write_file(SLICE "/cgroup.subtree_control", "+memory +pids +cpu");
}

void slice_remove(void)
{
	cgroup_remove("t/p");
	cgroup_remove("t");
	cgroup_remove("");
}

uint64_t slice_id(void)
{
	return cgroup_make("", NULL);
}

uint64_t cgroup_read(const char *path, const char *file, const char *key)
{
	char full[256], name[300], text[8192] = "", *at = text;
	CLEANUP_FD int fd = -1;

	slice_path(full, sizeof(full), path);
	(void)snprintf(name, sizeof(name), "%s/%s", full, file);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	need(fd >= 0 && fd_read_full(fd, text, sizeof(text) - 1) > 0, "read %s", name);
	if (key) {
		(void)snprintf(name, sizeof(name), "%s ", key);
		while (at && strncmp(at, name, strlen(name)) != 0) {
			at = strchr(at, '\n');
			at += at != NULL;
		}
		need(at != NULL, "no %s in %s", key, file);
		at += strlen(name);
	}
	return strtoull(at, NULL, 10);
}

struct guard *guard_start(uint32_t ring_bytes)
{
	struct guard_config c = { .pin_dir = PINS,
				  .slice_level = 1,
				  .slice_cgroup = slice_id(),
				  .ring_bytes = ring_bytes };
	struct guard *g = NULL;
	struct err e = { 0 };

	need(guard_open(&c, &g, &e) == 0, "guard_open: %s", e.text);
	return g;
}

void guard_end(struct guard **g)
{
	guard_close_p(g);
	need(guard_unload(PINS, NULL) == 0, "unload");
}

/* ---- children ---- */

static long fork_into(int cgroup_fd)
{
	struct clone_args args = { .flags = cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0,
				   .exit_signal = SIGCHLD,
				   .cgroup = cgroup_fd >= 0 ? (unsigned long long)cgroup_fd : 0 };

	fflush(stdout);
	return syscall(SYS_clone3, &args, sizeof(args));
}

static void child_main(const char *dir, act_fn prepare, act_fn act, const int say[2],
		       const int hear[2])
{
	char c = 0;

	close(say[0]);
	close(hear[1]);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if ((dir && chdir(dir) < 0) || (prepare && prepare() != 0))
		c = 1;
	if (write(say[1], &c, 1) != 1 || read(hear[0], &c, 1) != 1)
		_exit(254);
	_exit(act());
}

int run_child(int cgroup_fd, const char *dir, act_fn prepare, act_fn act, let_fn let, void *arg)
{
	int say[2], hear[2], status = 0;
	char c = 0;
	long pid;

	need(pipe2(say, O_CLOEXEC) == 0 && pipe2(hear, O_CLOEXEC) == 0, "pipe");
	pid = fork_into(cgroup_fd);
	need(pid >= 0, "clone3");
	if (pid == 0)
		child_main(dir, prepare, act, say, hear);
	close(say[1]);
	close(hear[0]);
	need(read(say[0], &c, 1) == 1, "child died before its act");
	if (let)
		let(arg);
	need(write(hear[1], &c, 1) == 1, "child died before its act");
	need(waitpid((pid_t)pid, &status, 0) == pid, "waitpid");
	close(say[0]);
	close(hear[1]);
	if (c)
		return 512;
	return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

pid_t start_child(int cgroup_fd, const char *dir, act_fn act)
{
	long pid = fork_into(cgroup_fd);

	need(pid >= 0, "clone3");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(chdir(dir) < 0 ? 254 : act());
	}
	return (pid_t)pid;
}

pid_t victim_start(void)
{
	pid_t pid = fork();

	need(pid >= 0, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

void victim_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
