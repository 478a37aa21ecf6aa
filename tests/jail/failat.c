/* SPDX-License-Identifier: Apache-2.0 */
/* failat.c - makes the N-th system call of a start fail, for N = FROM, FROM + STEP, … until a start
 * makes fewer. Owns: counting and failing (ptrace(2)).  Must not know: what a start is.
 *
 * usage: jail-failat PID FROM STEP COMMAND [ARGUMENT]...
 * PID is the launcher. COMMAND has it start one jail and says by its exit status how that went. The
 * calls of the launcher are counted between the record that it receives and the one that it sends,
 * those of the jail's first process until its program is exec'ed. A line for each N: "N CALL-NUMBER
 * ERRNO status STATUS execs COUNT"; COUNT 2 means that the plugin's own program was exec'ed. The
 * last line: "COUNT calls". Exit status 0 if it came so far. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TASKS_MAX = 64, EXECS_MAX = 2 };

struct task {
	pid_t pid;
	bool failing; /* this call was taken from it */
};

static struct task tasks[TASKS_MAX];
static pid_t launcher;

/* One try. */
static struct {
	long at, count, call;
	int error;
	bool received, over;
	unsigned int execs;
} now;

static struct task *task_of(pid_t pid)
{
	struct task *free_one = NULL;

	for (size_t i = 0; i < TASKS_MAX; i++) {
		if (tasks[i].pid == pid)
			return &tasks[i];
		if (!tasks[i].pid && !free_one)
			free_one = &tasks[i];
	}
	if (!free_one)
		exit(1);
	*free_one = (struct task){ .pid = pid };
	return free_one;
}

/* What the kernel never refuses, or what only ends something: nothing can be learnt from a failure.
 * Without brk and arch_prctl libc aborts, and a process 1 that is traced survives that, to spin
 * (force_sig_info_to_task in the kernel's signal.c). */
static bool is_counted(long call)
{
	static const long never[] = { SYS_close,	 SYS_munmap,	   SYS_exit,
				      SYS_exit_group,	 SYS_rt_sigreturn, SYS_getpid,
				      SYS_gettid,	 SYS_recvmsg,	   SYS_sendmsg,
				      SYS_clock_gettime, SYS_getuid,	   SYS_pidfd_send_signal,
				      SYS_waitid,	 SYS_brk,	   SYS_arch_prctl };

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (call == never[i])
			return false;
	return true;
}

static int error_for(long call)
{
	switch (call) {
	case SYS_openat:
	case SYS_openat2:
	case SYS_socketpair:
		return EMFILE;
	case SYS_write:
	case SYS_mkdirat:
		return ENOSPC;
	default:
		return ENOMEM;
	}
}

static void on_entry(struct task *t, struct user_regs_struct *r)
{
	long call = (long)r->orig_rax;

	if (t->pid == launcher && call == SYS_sendmsg && now.received)
		now.over = true;
	if (!now.received || now.over || !is_counted(call) || ++now.count != now.at)
		return;
	now.call = call;
	now.error = error_for(call);
	t->failing = true;
	r->orig_rax = (unsigned long long)-1;
	(void)ptrace(PTRACE_SETREGS, t->pid, NULL, r);
}

static void on_exit_of_call(struct task *t, struct user_regs_struct *r)
{
	if (t->pid == launcher && (long)r->orig_rax == SYS_recvmsg && (long)r->rax > 0)
		now.received = true;
	if (!t->failing)
		return;
	t->failing = false;
	r->rax = (unsigned long long)-(long long)now.error;
	(void)ptrace(PTRACE_SETREGS, t->pid, NULL, r);
}

static void on_call(struct task *t)
{
	struct __ptrace_syscall_info info;
	struct user_regs_struct r;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, (void *)sizeof(info), &info) < 0 ||
	    ptrace(PTRACE_GETREGS, t->pid, NULL, &r) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		on_entry(t, &r);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		on_exit_of_call(t, &r);
}

static void on_stop(pid_t pid, int status)
{
	struct task *t = task_of(pid);
	int sig = WSTOPSIG(status), event = status >> 16;

	if (sig == (SIGTRAP | 0x80)) {
		on_call(t);
		sig = 0;
	} else if (event == PTRACE_EVENT_EXEC) {
		/* The call is still to return: its exit stop follows. */
		if (++now.execs == EXECS_MAX) {
			t->pid = 0;
			(void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
			return;
		}
		sig = 0;
	} else if (event) {
		sig = 0;
	}
	(void)ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)sig);
}

/* The exit status of the command; -1: the launcher ended. */
static int serve(pid_t command)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status)) {
			on_stop(pid, status);
			continue;
		}
		if (pid == command)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (pid == launcher)
			return -1;
		task_of(pid)->pid = 0;
	}
	return -1;
}

/* False when the start made fewer calls, or the launcher is gone. */
static bool try_at(long at, char **command)
{
	int status;
	pid_t pid;

	memset(&now, 0, sizeof(now));
	now.at = at;
	pid = fork();
	if (pid == 0) {
		(void)execvp(command[0], command);
		_exit(127);
	}
	status = serve(pid);
	if (now.error) {
		(void)printf("%ld %ld %d status %d execs %u\n", at, now.call, now.error, status,
			     now.execs);
		(void)fflush(stdout);
	}
	if (status < 0) {
		(void)printf("the launcher ended\n");
		exit(1);
	}
	return now.error != 0;
}

int main(int argc, char **argv)
{
	long from = argc > 4 ? strtol(argv[2], NULL, 10) : 0,
	     step = from > 0 ? strtol(argv[3], NULL, 10) : 0;
	long most = 0;

	launcher = argc > 4 ? (pid_t)strtol(argv[1], NULL, 10) : 0;
	if (launcher <= 0 || from <= 0 || step <= 0 ||
	    ptrace(PTRACE_SEIZE, launcher, NULL,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			   PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC) < 0 ||
	    ptrace(PTRACE_INTERRUPT, launcher, NULL, NULL) < 0)
		return 1;
	for (long at = from; try_at(at, argv + 4); at += step)
		;
	most = now.count;
	(void)printf("%ld calls\n", most);
	return most > 0 ? 0 : 1;
}
