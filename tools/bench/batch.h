/* SPDX-License-Identifier: Apache-2.0 */
/* batch.h - N starts at once, held until all have said their last word, then ended together.
 * Owns: the waiting and the times.  Must not know: how a payload is started, or seen to end. */
#ifndef KENNEL_BENCH_BATCH_H
#define KENNEL_BENCH_BATCH_H

#include "tools/bench/sample.h"
#include "tools/bench/talk.h"

enum { BATCH_MAX = 10, BATCH_TIMEOUT_MS = 60000 };

struct batch_start {
	struct talk talk;
	double begin_us, closed_us, end_us; /* end 0: not yet */
	int end_fd;			    /* readable at its end; -1: another tells */
	uint64_t id;
};

/* One row of the tables: the same payload by the same runner, so many at once. */
struct series {
	const char *runner;
	bool wasm;
	unsigned int parallel;
	struct sample ready, event, down;
	double start_us, cycle_us; /* of whole batches: to the last word, to the last end */
	unsigned int batches;
};

struct batch {
	size_t count;
	bool idle; /* no event is said, and held is called before the end */
	struct batch_start starts[BATCH_MAX];
	void *arg;
	/* Starts number n; *ret_wire is ours from then on. */
	int (*start)(struct batch *b, size_t n, int *ret_wire, struct err *e);
	/* The end_fd of n, or notice_fd (n == count), can be read. */
	int (*on_end)(struct batch *b, size_t n, struct err *e);
	int (*held)(struct batch *b, struct err *e);
	int notice_fd; /* -1: none */
};

/* So many batches come before those that count. */
static inline unsigned int batch_warm(unsigned int parallel)
{
	return parallel > 1 ? 1 : 2;
}

/* A socket pair for a payload: theirs is blocking and close-on-exec. */
int batch_wire(int *ret_ours, int *ret_theirs, struct err *e);
/* Starts, talks, ends; adds the times to s. A failure names the runner. */
int batch_run(struct batch *b, struct series *s, struct err *e);
/* What was added so far warmed the caches. */
void series_reset(struct series *s);
/* Lines "RUNNER KIND PARALLEL ready|event|down P50 P99 N" and "... rate STARTS/S CYCLES/S N". */
void series_print(struct series *s);

#endif
