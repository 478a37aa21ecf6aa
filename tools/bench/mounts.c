/* SPDX-License-Identifier: Apache-2.0 */
/* mounts.c - bench-mounts N FOLDER PROGRAM ARG...: runs a program in a mount namespace of its own
 * with N mounts more than the host's, below FOLDER. They go when it ends. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 125;
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 3 ? strtoul(argv[1], NULL, 10) : 0;
	char at[512];

	if (argc < 4) {
		(void)fprintf(stderr, "usage: bench-mounts N FOLDER PROGRAM ARG...\n");
		return 2;
	}
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return fail("mount namespace");
	if (mount("bench", argv[2], "tmpfs", 0, "mode=755") < 0)
		return fail(argv[2]);
	for (unsigned long i = 0; i < n; i++) {
		(void)snprintf(at, sizeof(at), "%s/%lu", argv[2], i);
		if (mkdir(at, 0755) < 0 || mount(argv[2], at, NULL, MS_BIND, NULL) < 0)
			return fail(at);
	}
	(void)execvp(argv[3], argv + 3);
	return fail(argv[3]);
}
