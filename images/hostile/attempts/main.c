/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - tries ways out of a jail, one after the other, and says what became of each. For tests
 * only. Owns: the table of families, a child for each attempt.  Must not know: the attempts.
 *
 * In a jail it takes lines on descriptor 3: "try N" is answered with the line of attempt N, "end"
 * when there is none. "--rows" lists what each attempt covers. "--control" and "--alone" try all of
 * them here and now and print their lines; only the test machine may do that: with --control every
 * layer is off, with --alone all but the guard.
 *
 * A line: FAMILY, NAME, OUTCOME (through, refused, killed, hung, skipped), errno or signal or why.
 */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define WIRE 3
#define PATIENCE_S 8u
#define WENT_THROUGH 255 /* no errno is as large */

static const struct family *const families[] = {
	&family_file, &family_path,  &family_code, &family_task, &family_kernel,
	&family_mount, &family_net, &family_limits, &family_cve,
};

static const struct attempt *find(size_t n, const char **ret_family)
{
	for (size_t i = 0; i < countof(families); i++) {
		if (n < families[i]->count) {
			*ret_family = families[i]->name;
			return &families[i]->list[n];
		}
		n -= families[i]->count;
	}
	return NULL;
}

/* Mounts that go through must not outlive the attempt. */
static void own_mounts(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		_exit(EINVAL);
}

/* What an attempt that went through changed, as the next one finds it in a jail. */
static void restore(void)
{
	static const struct {
		const char *path, *text;
	} files[] = { { OWN_MANIFEST, "{\"name\":\"x\"}\n" }, { NOTE, "a note\n" } };
	struct stat st;

	for (size_t i = 0; i < countof(files); i++) {
		int fd = open(files[i].path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

		if (fd < 0 || write(fd, files[i].text, strlen(files[i].text)) < 0 ||
		    fsetxattr(fd, "user.there", "x", 1, 0) < 0)
			(void)fprintf(stderr, "%s: %s\n", files[i].path, strerror(errno));
		(void)close(fd);
	}
	if (stat(OWN_PROGRAM, &st) == 0 && st.st_size > 4096)
		(void)chmod(OWN_PROGRAM, 0755);
	else if (rename("/plugin/old", OWN_PROGRAM) < 0 && rename("/data/copy", OWN_PROGRAM) < 0)
		(void)fprintf(stderr, "%s is gone\n", OWN_PROGRAM);
}

static void child(const struct attempt *a, bool control)
{
	long r;

	(void)setpgid(0, 0);
	(void)alarm(PATIENCE_S);
	if (control)
		own_mounts();
	errno = 0;
	r = a->run();
	_exit(r >= 0 ? WENT_THROUGH : errno ? errno & 127 : EINVAL);
}

static int run(const struct attempt *a, bool control)
{
	pid_t pid;
	int status = 0;

	(void)fflush(stdout);
	pid = fork();
	if (pid < 0)
		return -1;
	if (pid == 0)
		child(a, control);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	(void)kill(-pid, SIGKILL); /* what it left behind in its group */
	return status;
}

static void tell(int fd, size_t n, bool control, bool here)
{
	const char *family = NULL;
	const struct attempt *a = find(n, &family);
	int status;

	if (!a) {
		(void)dprintf(fd, "end\n");
		return;
	}
	if (here && a->no_control) {
		(void)dprintf(fd, "%s\t%s\tskipped\t%s\n", family, a->name, a->no_control);
		return;
	}
	status = run(a, control);
	if (status < 0)
		(void)dprintf(fd, "%s\t%s\trefused\tfork: %s\n", family, a->name,
			      strerrorname_np(errno));
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		(void)dprintf(fd, "%s\t%s\thung\t%u s\n", family, a->name, PATIENCE_S);
	else if (WIFSIGNALED(status))
		(void)dprintf(fd, "%s\t%s\tkilled\tSIG%s\n", family, a->name,
			      sigabbrev_np(WTERMSIG(status)));
	else if (WEXITSTATUS(status) == WENT_THROUGH)
		(void)dprintf(fd, "%s\t%s\tthrough\t-\n", family, a->name);
	else
		(void)dprintf(fd, "%s\t%s\trefused\t%s\n", family, a->name,
			      strerrorname_np(WEXITSTATUS(status)) ?: "?");
}

static int tell_all(bool control)
{
	const char *family;

	if (chdir("/plugin") < 0)
		return 2;
	for (size_t n = 0; find(n, &family); n++) {
		if (control)
			restore();
		tell(STDOUT_FILENO, n, control, true);
	}
	return 0;
}

static int print_rows(void)
{
	const struct attempt *a;
	const char *family;

	for (size_t n = 0; (a = find(n, &family)); n++)
		(void)printf("%s\t%s\t%s\n", family, a->name, a->rows);
	return 0;
}

static int serve(void)
{
	char line[64];
	size_t n = 0;

	while (read(WIRE, line + n, 1) == 1) {
		if (line[n] != '\n') {
			n += n < sizeof(line) - 1;
			continue;
		}
		line[n] = '\0';
		n = 0;
		if (!strncmp(line, "try ", 4))
			tell(WIRE, strtoul(line + 4, NULL, 10), false, false);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *word = argc == 2 ? argv[1] : "";

	(void)signal(SIGXFSZ, SIG_IGN);
	if (!strcmp(word, "--rows"))
		return print_rows();
	if (!strcmp(word, "--executed"))
		return EXECUTED;
	if (!strcmp(word, "--control") || !strcmp(word, "--alone")) {
		if (!getenv("KENNEL_VM")) {
			(void)fprintf(stderr, "only the test machine may try this\n");
			return 2;
		}
		return tell_all(!strcmp(word, "--control"));
	}
	return serve();
}

/* ---- what several families use ---- */

long try_open(const char *path, int flags)
{
	char some[4096]; /* the kernel's messages are read whole */
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);

	if (fd < 0)
		return -1;
	if ((flags & O_ACCMODE) == O_RDONLY && !(flags & (O_DIRECTORY | O_PATH | O_TRUNC)) &&
	    read(fd, some, sizeof(some)) <= 0) {
		errno = errno ? errno : ENODATA;
		return -1;
	}
	return 0;
}

int own_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

	return fd >= 0 && write(fd, "own\n", 4) == 4 ? fd : -1;
}

long try_exec(const char *path, int fd)
{
	static char word[] = "--executed";
	char name[] = "copy";
	char *argv[] = { name, word, NULL }, *envp[] = { NULL };
	int report[2], why = 0;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		if (path)
			(void)execve(path, argv, envp);
		else
			(void)execveat(fd, "", argv, envp, AT_EMPTY_PATH);
		why = errno;
		_exit(write(report[1], &why, sizeof(why)) < 0);
	}
	(void)close(report[1]);
	if (pid < 0)
		return -1;
	if (read(report[0], &why, sizeof(why)) <= 0)
		why = 0;
	(void)waitpid(pid, NULL, 0);
	errno = why;
	return why ? -1 : 0;
}
