/* SPDX-License-Identifier: Apache-2.0 */
/* opens.h - what one open and close costs the task that does it, and one read of a byte.
 * Owns: the loops.  Must not know: who watches. */
#ifndef KENNEL_BENCH_OPENS_H
#define KENNEL_BENCH_OPENS_H

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "tools/bench/sample.h"

static inline double opens_now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* In ns, the clock's own reading taken away. -1: it cannot be opened. */
static inline int opens_measure(const char *path, unsigned int rounds, struct sample *ret)
{
	ret->n = 0;
	for (unsigned int i = 0; i < rounds; i++) {
		double t0 = opens_now_ns(), t1 = opens_now_ns(), t2;
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			return -1;
		(void)close(fd);
		t2 = opens_now_ns();
		sample_add(ret, t2 - t1 - (t1 - t0));
	}
	sample_sort(ret);
	return 0;
}

static inline int opens_measure_read(const char *path, unsigned int rounds, struct sample *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char c;

	ret->n = 0;
	for (unsigned int i = 0; i < rounds && fd >= 0; i++) {
		double t0 = opens_now_ns(), t1 = opens_now_ns(), t2;

		if (pread(fd, &c, 1, 0) != 1)
			return -1;
		t2 = opens_now_ns();
		sample_add(ret, t2 - t1 - (t1 - t0));
	}
	if (fd < 0)
		return -1;
	(void)close(fd);
	sample_sort(ret);
	return 0;
}

#endif
