/* SPDX-License-Identifier: Apache-2.0 */
/* drive.c - kennel-loader as the supervisor starts it, and the most memory it or its decoder ever
 * had. Prints "VERDICT KIB" and the refusal. Small itself: a child's high-water mark starts with
 * its parent's. Usage: malice-drive LOADER JOB BUNDLE TRUST [STAGING] */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/record.h"
#include "proto/loader.h"

enum { HIGH = 20 };

static int open_or_die(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

/* Above the places they go to, so that none is overwritten on the way. */
static int lift(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH);

	if (high < 0)
		err(1, "dup");
	return high;
}

/* The other end of the socket must be the loader's alone, or its end would not be seen. */
static pid_t start(char **argv, int argc, int sock)
{
	pid_t pid = fork();
	int fds[4];

	if (pid != 0)
		return pid;
	fds[0] = lift(sock);
	for (int i = 1; i < 4; i++)
		fds[i] = i + 2 < argc ? lift(open_or_die(argv[i + 2])) : -1;
	for (int i = 0; i < 4; i++)
		if (fds[i] >= 0 && dup2(fds[i], 3 + i) < 0)
			_exit(1);
	(void)execl(argv[1], "kennel-loader", argv[2], (char *)NULL);
	_exit(1);
}

int main(int argc, char **argv)
{
	static struct loader_msg m;
	const char *verdict = "E_NOTHING";
	struct rusage usage;
	struct err e = { 0 };
	int ends[2], status;
	pid_t pid;
	long n;

	if (argc < 5 || record_pair(ends, &e) < 0)
		errx(2, "usage: malice-drive LOADER JOB BUNDLE TRUST [STAGING]");
	pid = start(argv, argc, ends[1]);
	if (pid < 0)
		err(1, "fork");
	(void)close(ends[1]);
	while ((n = record_recv(ends[0], &m, sizeof(m), NULL, 0, &e)) > 0)
		if (m.kind == LOADER_DONE || m.kind == LOADER_REFUSED)
			verdict = err_name(m.kind == LOADER_DONE ? ERR_OK : m.u.refused.code);
	if (n < 0 || wait4(pid, &status, 0, &usage) != pid)
		errx(1, "the loader: %s", e.text);
	(void)printf("%s %ld %.200s\n",
		     WIFEXITED(status) && WEXITSTATUS(status) ==
						  err_exit_status((enum err_code)err_code_from_name(
							  verdict))
			     ? verdict
			     : "E_DIED",
		     usage.ru_maxrss, m.kind == LOADER_REFUSED ? m.u.refused.text : "");
	return 0;
}
