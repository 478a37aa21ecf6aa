/* SPDX-License-Identifier: Apache-2.0 */
/* killat.c - runs a command and kills one of its processes with SIGKILL at the N-th system call
 * after the mark, whichever process makes it. Owns: counting.  Must not know: what the command
 * does.
 *
 * usage: store-killat N COMMAND [ARGUMENT]...   exit status: 0 it ended before that call, 3 killed,
 * else 1. One line: "COUNT calls" or "killed CALL-NUMBER". */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/crash/mark.h"

enum { TASKS_MAX = 64 };

static struct {
	pid_t pid;
	bool inside; /* between entry and exit of a call */
} tasks[TASKS_MAX];

static bool enters(pid_t pid)
{
	size_t i = 0;

	while (i < TASKS_MAX && tasks[i].pid && tasks[i].pid != pid)
		i++;
	if (i == TASKS_MAX)
		exit(1);
	tasks[i].pid = pid;
	tasks[i].inside = !tasks[i].inside;
	return tasks[i].inside;
}

static void forget(pid_t pid)
{
	size_t i = 0, last = 0;

	while (last < TASKS_MAX && tasks[last].pid)
		last++;
	while (i < last && tasks[i].pid != pid)
		i++;
	if (i == last)
		return;
	tasks[i] = tasks[last - 1];
	tasks[last - 1].pid = 0;
	tasks[last - 1].inside = false;
}

static long number_of(pid_t pid)
{
	struct user_regs_struct r;

	return ptrace(PTRACE_GETREGS, pid, NULL, &r) < 0 ? -1 : (long)r.orig_rax;
}

static int trace(long at)
{
	bool marked = false, killed = false;
	long count = 0;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		int sig = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;

		if (!WIFSTOPPED(status)) {
			forget(pid);
			continue;
		}
		if (sig == (SIGTRAP | 0x80)) {
			long call = enters(pid) ? number_of(pid) : -1;

			marked = marked || call == CRASH_MARK;
			if (marked && call >= 0 && call != CRASH_MARK && ++count == at) {
				(void)printf("killed %ld\n", call);
				(void)kill(pid, SIGKILL);
				killed = true;
				continue;
			}
			sig = 0;
		} else if (status >> 16 || sig == SIGSTOP || sig == SIGTRAP) {
			sig = 0;
		}
		(void)ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)sig);
	}
	if (!killed)
		(void)printf("%ld calls\n", count);
	return killed ? 3 : marked ? 0 : 1;
}

int main(int argc, char **argv)
{
	long at = argc > 2 ? strtol(argv[1], NULL, 10) : -1;
	int status;
	pid_t pid;

	if (at < 0)
		return 1;
	pid = fork();
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(1);
		(void)execv(argv[2], argv + 2);
		_exit(1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK |
			   PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC) < 0 ||
	    ptrace(PTRACE_SYSCALL, pid, NULL, NULL) < 0)
		return 1;
	return trace(at);
}
