/* SPDX-License-Identifier: Apache-2.0 */
/* sample.h - one series of times: collect, sort, print as one line "NAME ready|end P50 P99 N" in
 * µs. Owns: the arithmetic.  Must not know: what is measured. */
#ifndef KENNEL_BENCH_SAMPLE_H
#define KENNEL_BENCH_SAMPLE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SAMPLES_MAX 2000u

struct sample {
	double us[SAMPLES_MAX];
	size_t n;
};

static inline double bench_now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static inline void sample_add(struct sample *s, double us)
{
	if (s->n < SAMPLES_MAX)
		s->us[s->n++] = us;
}

static inline int sample_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline void sample_sort(struct sample *s)
{
	qsort(s->us, s->n, sizeof(s->us[0]), sample_compare);
}

/* Of a sorted one. */
static inline double sample_at(const struct sample *s, unsigned int percent)
{
	return s->n ? s->us[s->n * percent / 100] : 0;
}

static inline void sample_print(struct sample *s, const char *name, const char *what)
{
	if (!s->n)
		return;
	sample_sort(s);
	(void)printf("%s %s %.0f %.0f %zu\n", name, what, sample_at(s, 50), sample_at(s, 99), s->n);
}

#endif
