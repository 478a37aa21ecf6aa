/* SPDX-License-Identifier: Apache-2.0 */
/* init.c - process 1 of a jail: starts the one program, reaps what it leaves, ends as it ended.
 * Owns: the program's life.  Must not know: anything else; it links nothing of ours and no library.
 *
 * argv[1..] is the program, or SELFTEST_WORD alone: then it tries its own jail (tries.c);
 * descriptors 0-3 are its, not ours. Exit status: the program's own, 128+n when signal n ended it,
 * 126 when it cannot be executed, 125 when this process itself failed. Process 1 of a pid namespace
 * gets only the signals it handles, so a plugin cannot end it.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/tries.h"
#include "proto/selftest.h"

enum { INIT_FAILED = 125, EXEC_FAILED = 126, SIGNALLED = 128, OWN_FDS = 4 };

/* Taken with sigwait(3): no handler ever runs. */
static const int taken[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP };

static void say(const char *text)
{
	size_t n = 0;

	while (text[n])
		n++;
	(void)!write(STDERR_FILENO, text, n);
}

static void default_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)signal(sig,
			     SIG_DFL); /* fails for SIGKILL and SIGSTOP, which cannot be changed */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static pid_t start_program(char **argv)
{
	static char *const no_env[] = { NULL };
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (setsid() < 0)
		_exit(INIT_FAILED);
	default_signals();
	(void)execve(argv[0], argv, no_env);
	say("init: cannot execute the program\n");
	_exit(EXEC_FAILED);
}

/* The program's descriptors must close when it closes them, not when this process ends. */
static int let_go_of_descriptors(void)
{
	for (int fd = 0; fd < OWN_FDS; fd++)
		if (close(fd) < 0 && errno != EBADF)
			return -1;
	return 0;
}

/* Reaps everything there is; 1 with the program's status once it has ended. */
static int reap(pid_t program, int *ret_status)
{
	int ended = 0;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
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
	(void)kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

static int is_selftest(const char *word)
{
	static const char expected[] = SELFTEST_WORD;
	size_t i = 0;

	while (i < sizeof(expected) - 1 && word[i] == expected[i])
		i++;
	return i == sizeof(expected) - 1 && !word[i];
}

int main(int argc, char **argv)
{
	int status = 0;
	sigset_t set;
	pid_t program;

	if (argc < 2) {
		say("usage: init PROGRAM [ARGUMENT]...   (process 1 of a jail; nothing to run by hand)\n");
		return 2;
	}
	/* kill(-1) below ends all it can see: inside a pid namespace that is the jail, outside it
	 * is the host. */
	if (getpid() != 1) {
		say("init: runs as process 1 of a jail only\n");
		return INIT_FAILED;
	}
	if (argc == 2 && is_selftest(argv[1]))
		return tries_run();
	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		(void)sigaddset(&set, taken[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return INIT_FAILED;
	/* Its memory and its descriptors are not the plugin's to see, though both are one user. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return INIT_FAILED;
	program = start_program(argv + 1);
	if (program < 0 || let_go_of_descriptors() < 0)
		return INIT_FAILED;
	while (!reap(program, &status)) {
		int sig;

		if (sigwait(&set, &sig) == 0 && sig != SIGCHLD)
			(void)kill(program, SIGTERM);
	}
	end_others();
	return exit_status(status);
}
