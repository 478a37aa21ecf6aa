/* SPDX-License-Identifier: Apache-2.0 */
/* decode.h - one packed frame into at most FRAME_PLAIN_MAX bytes.
 * Owns: libzstd, and the child process that runs it under strict seccomp (read, write, exit,
 * sigreturn). Must not know: digests, tar, files. */
#ifndef KENNEL_BUNDLE_DECODE_H
#define KENNEL_BUNDLE_DECODE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Exactly n packed bytes must be one frame of exactly plain_n bytes. ERR_FRAME. */
struct decoder {
	int (*decode)(void *arg, const uint8_t *packed, size_t n, uint8_t *ret_plain,
		      size_t plain_n, struct err *e);
	void *arg;
	/* Starts on the frame that decode will be asked for next, with the same packed bytes, so
	 * that the caller can do something else meanwhile. May be NULL. */
	int (*begin)(void *arg, const uint8_t *packed, size_t n, size_t plain_n, struct err *e);
};

/* In this process: for kennel-pack, which reads what it has just packed, and for tests. */
struct decode_local;
int decode_local_new(struct decode_local **ret, struct err *e);
void decode_local_free_p(struct decode_local **d);
struct decoder decode_local_decoder(struct decode_local *d);

/* In a child. Start it before this process has read anything, and before it confines itself: a
 * process with a filter cannot enter strict mode. What comes back is untrusted and is copied once.
 */
struct decode_child {
	pid_t pid;   /* 0: none */
	int request; /* write end; -1: none */
	int answer;  /* read end */
	uint8_t *shared;
	const uint8_t *begun; /* the packed bytes it is at work on; NULL: none */
};
int decode_child_start(struct decode_child *ret, struct err *e);
void decode_child_stop_p(struct decode_child *c); /* closes, and waits for its end */
struct decoder decode_child_decoder(struct decode_child *c);

#endif
