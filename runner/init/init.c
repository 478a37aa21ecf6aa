/* SPDX-License-Identifier: Apache-2.0 */
/* init.c - process 1 of a jail: starts the one program, reaps what it leaves, ends as it ended.
 * Owns: the program's life.  Must not know: anything else; it links nothing, not even a C library.
 *
 * argv[1..] is the program, or SELFTEST_WORD alone: then it tries its own jail (tries.c);
 * descriptors 0-3 are its, not ours. Exit status: the program's own, 128+n when signal n ended it,
 * 126 when it cannot be executed, 125 when this process itself failed. Process 1 of a pid namespace
 * gets only the signals it handles, so a plugin cannot end it.
 */
#include <errno.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>

#include "init/sys.h"
#include "init/tries.h"
#include "proto/selftest.h"

enum {
	USAGE_FAILED = 2,
	INIT_FAILED = 125,
	EXEC_FAILED = 126,
	SIGNALLED = 128,
	OWN_FDS = 4,
	SIGNALS = 64,
	ERRORS = 2, /* descriptor */
};

#define SIGNAL_BIT(n) (UINT64_C(1) << ((n)-1))
/* Taken with rt_sigtimedwait(2): no handler ever runs. */
static const uint64_t taken =
	SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGTERM) | SIGNAL_BIT(SIGINT) | SIGNAL_BIT(SIGHUP);

static void say(const char *text)
{
	size_t n = 0;

	while (text[n])
		n++;
	(void)sys(SYS_write, ERRORS, text, n);
}

static void default_signals(void)
{
	static const uint64_t none = 0;
	/* As the kernel has it: handler, flags, restorer, mask. SIG_DFL is 0. */
	static const unsigned long by_default[4] = { 0 };

	for (int sig = 1; sig <= SIGNALS; sig++) /* of SIGKILL and SIGSTOP it cannot be changed */
		(void)sys(SYS_rt_sigaction, sig, by_default, 0, SIGSET_BYTES);
	(void)sys(SYS_rt_sigprocmask, SIG_SETMASK, &none, 0, SIGSET_BYTES);
}

/* With CLONE_VFORK this process waits until the program is executed, and the two do not contend for
 * a processor meanwhile; its memory is a copy all the same. */
static long start_program(char **argv)
{
	static char *const no_env[] = { NULL };
	long pid = sys(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0);

	if (pid != 0)
		return pid;
	if (sys(SYS_setsid) < 0)
		(void)sys(SYS_exit_group, INIT_FAILED);
	default_signals();
	(void)sys(SYS_execve, argv[0], argv, no_env);
	say("init: cannot execute the program\n");
	for (;;)
		(void)sys(SYS_exit_group, EXEC_FAILED);
}

/* The program's descriptors must close when it closes them, not when this process ends. */
static int let_go_of_descriptors(void)
{
	for (int fd = 0; fd < OWN_FDS; fd++) {
		long r = sys(SYS_close, fd);

		if (r < 0 && r != -EBADF)
			return -1;
	}
	return 0;
}

/* Reaps everything there is; 1 with the program's status once it has ended. */
static int reap(long program, int *ret_status)
{
	int ended = 0;
	int status = 0;
	long pid;

	while ((pid = sys(SYS_wait4, -1, &status, WNOHANG, 0)) > 0)
		if (pid == program) {
			*ret_status = status;
			ended = 1;
		}
	return ended;
}

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

/* What the program left behind: all of this namespace but process 1. The kernel would do the same
 * when we exit; here they are gone, and counted, before the end is told. */
static void end_others(void)
{
	long r;

	(void)sys(SYS_kill, -1, SIGKILL);
	do
		r = sys(SYS_wait4, -1, 0, 0, 0);
	while (r > 0 || r == -EINTR);
}

static int is_selftest(const char *word)
{
	static const char expected[] = SELFTEST_WORD;
	size_t i = 0;

	while (i < sizeof(expected) - 1 && word[i] == expected[i])
		i++;
	return i == sizeof(expected) - 1 && !word[i];
}

static int run(int argc, char **argv)
{
	int status = 0;
	long program;

	if (argc < 2) {
		say("usage: init PROGRAM [ARGUMENT]...   (process 1 of a jail; nothing to run by hand)\n");
		return USAGE_FAILED;
	}
	/* kill(-1) below ends all it can see: inside a pid namespace that is the jail, outside it
	 * is the host. */
	if (sys(SYS_getpid) != 1) {
		say("init: runs as process 1 of a jail only\n");
		return INIT_FAILED;
	}
	if (argc == 2 && is_selftest(argv[1]))
		return tries_run();
	if (sys(SYS_rt_sigprocmask, SIG_BLOCK, &taken, 0, SIGSET_BYTES) < 0)
		return INIT_FAILED;
	/* Its memory and its descriptors are not the plugin's to see, though both are one user. */
	if (sys(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return INIT_FAILED;
	program = start_program(argv + 1);
	if (program < 0 || let_go_of_descriptors() < 0)
		return INIT_FAILED;
	while (!reap(program, &status)) {
		long sig = sys(SYS_rt_sigtimedwait, &taken, 0, 0, SIGSET_BYTES);

		if (sig > 0 && sig != SIGCHLD)
			(void)sys(SYS_kill, program, SIGTERM);
	}
	end_others();
	return exit_status(status);
}

/* Where the kernel begins: argc, then argv, lie on the stack (System V ABI, "Process
 * initialization"). */
void init_begin(long *stack) __attribute__((noreturn));
void init_begin(long *stack)
{
	for (;;)
		(void)sys(SYS_exit_group, run((int)stack[0], (char **)(stack + 1)));
}
__asm__(".globl _start\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call init_begin\n");
