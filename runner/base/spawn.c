/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.c - start one of our own programs with exactly the descriptors it is given
 * (clone3(2), close_range(2), execveat(2)). */
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

struct failure {
	int sys;
	char what[28];
};

static void fail_child(int report, const char *what)
{
	struct failure f = { .sys = errno };

	(void)strncat(f.what, what, sizeof(f.what) - 1);
	(void)fd_write_all(report, &f, sizeof(f));
	_exit(127); /* child */
}

/* Moves every source above the target range first, so that no placement overwrites a later source.
 */
static void place_fds(const struct spawn *s, int *report)
{
	int high[SPAWN_FDS_MAX];
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	*report = fcntl(*report, F_DUPFD_CLOEXEC, SPAWN_FDS_MAX * 2);
	for (size_t i = 0; i < s->fds_count; i++) {
		int from = i < 3 && s->fds[i] < 0 ? null_fd : s->fds[i];

		high[i] = from < 0 ? -1 : fcntl(from, F_DUPFD_CLOEXEC, SPAWN_FDS_MAX * 2);
		if (from >= 0 && high[i] < 0)
			fail_child(*report, "F_DUPFD");
	}
	for (size_t i = 0; i < s->fds_count; i++) {
		if (high[i] < 0)
			(void)close((int)i);
		else if (dup2(high[i], (int)i) < 0)
			fail_child(*report, "dup2");
	}
	/* The report pipe must live until exec; everything unnamed is closed by exec at the latest.
	 */
	if (syscall(SYS_close_range, s->fds_count, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		fail_child(*report, "close_range");
}

static void drop_ids(const struct spawn *s, int report)
{
	gid_t groups[1] = { s->extra_gid };

	if (s->uid == (uid_t)-1)
		return;
	if (setgroups(s->extra_gid == (gid_t)-1 ? 0 : 1, groups) < 0)
		fail_child(report, "setgroups");
	if (setresgid(s->gid, s->gid, s->gid) < 0)
		fail_child(report, "setresgid");
	if (setresuid(s->uid, s->uid, s->uid) < 0)
		fail_child(report, "setresuid");
}

static void child(const struct spawn *s, int report, pid_t parent)
{
	static char *const no_env[] = { NULL };
	char *const *env = s->envp ? s->envp : no_env;
	sigset_t none;

	place_fds(s, &report);
	drop_ids(s, report);
	if (s->parent_death_signal) {
		/* set after the id change, which clears it (prctl(2)) */
		if (prctl(PR_SET_PDEATHSIG, s->parent_death_signal) < 0)
			fail_child(report, "PR_SET_PDEATHSIG");
		if (getppid() != parent)
			_exit(127); /* child */
	}
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (s->path_fd >= 0)
		(void)syscall(SYS_execveat, s->path_fd, "", s->argv, env, AT_EMPTY_PATH);
	else
		(void)execve(s->path, s->argv, env);
	fail_child(report, "exec");
}

int spawn_program(const struct spawn *s, pid_t *ret_pid, int *ret_pidfd, struct err *e)
{
	CLEANUP_FD int pidfd = -1;
	int report[2];
	pid_t parent = getpid();
	struct clone_args ca = { .flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
				 .exit_signal = SIGCHLD };
	struct failure f = { 0 };
	long pid;

	if (s->fds_count > SPAWN_FDS_MAX)
		return err_set(e, ERR_LIMIT, "%zu descriptors", s->fds_count);
	if (pipe2(report, O_CLOEXEC) < 0)
		return err_sys(e, "pipe2");
	ca.pidfd = (uint64_t)(uintptr_t)&pidfd;
	if (s->cgroup_fd >= 0) {
		ca.flags |= CLONE_INTO_CGROUP;
		ca.cgroup = (uint64_t)(unsigned int)s->cgroup_fd;
	}
	pid = syscall(SYS_clone3, &ca, sizeof(ca));
	if (pid == 0)
		child(s, report[1], parent);
	(void)close(report[1]);
	if (pid < 0) {
		(void)close(report[0]);
		return err_sys(e, "clone3 for %s", s->path);
	}
	if (fd_read_full(report[0], &f, sizeof(f)) == (ssize_t)sizeof(f)) {
		(void)close(report[0]);
		(void)waitpid((pid_t)pid, NULL, 0);
		errno = f.sys;
		return err_sys(e, "start %s: %s", s->path, f.what);
	}
	(void)close(report[0]);
	*ret_pid = (pid_t)pid;
	*ret_pidfd = take_fd(pidfd);
	return 0;
}
