/* SPDX-License-Identifier: Apache-2.0 */
/* source.h - where a bundle's bytes come from: a callback, read once, front to back.
 * Owns: short reads and the two ways to end.  Must not know: what the bytes mean. */
#ifndef KENNEL_BUNDLE_SOURCE_H
#define KENNEL_BUNDLE_SOURCE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* read gives 1 to n bytes, 0 at the end, -1 with errno; one byte at a time is fine. */
struct source {
	ssize_t (*read)(void *arg, void *p, size_t n);
	void *arg;
};

/* Exactly n bytes, else ERR_TRUNCATED (what names the place) or ERR_SYS. */
int source_read(const struct source *s, void *p, size_t n, const char *what, struct err *e);
/* The end must be here: any further byte is ERR_TRAILING. */
int source_expect_end(const struct source *s, struct err *e);

/* A source over a descriptor; arg is an int *. */
ssize_t source_read_fd(void *arg, void *p, size_t n);
/* A source over memory; arg is a struct reader *. */
ssize_t source_read_memory(void *arg, void *p, size_t n);

#endif
