/* SPDX-License-Identifier: Apache-2.0 */
/* bombs.c - tries to use up what others need: processes, descriptors, space, memory.
 * Owns: those tries.  Must not know: the limits. Each gives back what it took. */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 4096u		 /* more than any plugin gets */
#define SPACE_BYTES (1ull << 30) /* in a temporary folder */
#define MEMORY_BYTES (16ull << 30)
#define STEP (1u << 20)

static long try_fork_bomb(void)
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
	for (size_t i = 0; i < n; i++)
		(void)kill(children[i], SIGKILL);
	for (size_t i = 0; i < n; i++)
		(void)waitpid(children[i], NULL, 0);
	errno = why;
	return n == MANY ? 0 : -1;
}

static long try_descriptors(void)
{
	for (unsigned int i = 0; i < 1u << 20; i++)
		if (dup(1) < 0)
			return -1;
	return 0;
}

static long fill(const char *path)
{
	static char chunk[STEP];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	long r = 0;
	int why;

	if (fd < 0)
		return -1;
	for (unsigned long long done = 0; done < SPACE_BYTES && r >= 0; done += STEP)
		r = write(fd, chunk, sizeof(chunk));
	why = errno;
	(void)unlink(path);
	(void)close(fd);
	errno = why;
	return r < 0 ? -1 : 0;
}

static long try_tmp(void)
{
	(void)signal(SIGXFSZ, SIG_IGN);
	return fill("/tmp/bomb");
}

static long try_data(void)
{
	(void)signal(SIGXFSZ, SIG_IGN);
	return fill("/data/bomb");
}

static long try_memory(void)
{
	for (unsigned long long done = 0; done < MEMORY_BYTES; done += STEP) {
		volatile char *p = mmap(NULL, STEP, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			return -1;
		for (size_t i = 0; i < STEP; i += 4096)
			p[i] = 1;
	}
	return 0;
}

void attempt_bombs(json_t *report)
{
	static const struct attempt here = { "make processes without end", try_fork_bomb };
	static const struct attempt attempts[] = {
		{ "hold descriptors without end", try_descriptors },
		{ "fill /tmp", try_tmp },
		{ "fill /data", try_data },
	};

	attempt_here(report, &here);
	attempt_all(report, attempts, sizeof(attempts) / sizeof(attempts[0]));
}

void attempt_memory(json_t *report)
{
	static const struct attempt memory = { "hold 16 GiB of memory", try_memory };

	attempt_all(report, &memory, 1);
}
