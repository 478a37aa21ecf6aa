/* SPDX-License-Identifier: Apache-2.0 */
/* limits.c - ways to use up what others need. Each gives back what it took.
 * Owns: the table.  Must not know: the limits. */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILLS "it would fill the test machine"
#define MANY 2048u		/* more than any plugin gets */
#define SPACE_BYTES (64u << 20) /* more than the test's plugin gets */
#define STEP (1u << 20)

static long processes(void)
{
	static pid_t children[MANY];
	size_t n = 0;
	int why = 0;

	while (n < MANY) {
		children[n] = fork();
		if (children[n] == 0) {
			(void)pause();
			_exit(0);
		}
		if (children[n] < 0) {
			why = errno;
			break;
		}
		n++;
	}
	for (size_t i = 0; i < n; i++) {
		(void)kill(children[i], SIGKILL);
		(void)waitpid(children[i], NULL, 0);
	}
	errno = why;
	return n == MANY ? 0 : -1;
}

static long descriptors(void)
{
	for (unsigned int i = 0; i < MANY; i++)
		if (dup(1) < 0)
			return -1;
	return 0;
}

static long fill(const char *path)
{
	static char chunk[STEP];
	int why, fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	long r = fd;

	for (size_t done = 0; done < SPACE_BYTES && r >= 0; done += STEP)
		r = write(fd, chunk, sizeof(chunk));
	why = errno;
	(void)unlink(path);
	errno = why;
	return r < 0 ? -1 : 0;
}

static long space_tmp(void)
{
	return fill("/tmp/bomb");
}

static long space_data(void)
{
	return fill("/data/bomb");
}

static long many_files(const char *folder)
{
	unsigned int n = 0;
	char path[64];
	int why = 0, fd;

	for (; n < 65536 && !why; n++) {
		(void)snprintf(path, sizeof(path), "%s/f%u", folder, n);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		why = fd < 0 ? errno : 0;
		(void)close(fd);
	}
	for (unsigned int i = 0; i < n; i++) {
		(void)snprintf(path, sizeof(path), "%s/f%u", folder, i);
		(void)unlink(path);
	}
	errno = why;
	return why ? -1 : 0;
}

static long files_tmp(void)
{
	return many_files("/tmp");
}

static long files_data(void)
{
	return many_files("/data");
}

static long large_file(void)
{
	int fd = own_file("/data/large");
	long r = fd < 0 ? -1 : ftruncate(fd, 1l << 40);

	(void)unlink("/data/large");
	return r;
}

static long pipes(void)
{
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0)
		return -1;
	return fcntl(pair[0], F_SETPIPE_SZ, 64 << 20);
}

/* Its whole group of control is ended for it; so it stands last. */
static long memory(void)
{
	for (unsigned long long done = 0; done < 4ull << 30; done += STEP) {
		volatile char *p = mmap(NULL, STEP, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			return -1;
		for (size_t i = 0; i < STEP; i += 4096)
			p[i] = 1;
	}
	return 0;
}

static const struct attempt list[] = {
	{ "processes without end", "runners:10 runners:14", processes, FILLS },
	{ "descriptors without end", "runners:10", descriptors, FILLS },
	{ "space in /tmp", "runners:13", space_tmp, NULL },
	{ "files in /tmp", "runners:13", files_tmp, FILLS },
	{ "space in /data", "runners:10", space_data, NULL },
	{ "files in /data", "runners:10", files_data, FILLS },
	{ "a file of a terabyte", "runners:10", large_file, FILLS },
	{ "a pipe of 64 MiB", "runners:10", pipes, NULL },
	{ "memory without end", "runners:14", memory, FILLS },
};
FAMILY(limits);
