/* SPDX-License-Identifier: Apache-2.0 */
/* frame.h - length-prefixed messages on a byte stream: u32 little-endian length, then the body.
 * Owns: cutting and joining.  Must not know: message meaning. */
#ifndef KENNEL_BASE_FRAME_H
#define KENNEL_BASE_FRAME_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/record.h"

struct frame_conn {
	int fd;			/* non-blocking, owned by the caller */
	size_t body_max;	/* a longer announced body is ERR_LIMIT before any allocation */
	size_t out_max;		/* queued output beyond it is ERR_FULL */
	struct buffer in;
	struct buffer out;
	struct record_fds fds;	/* descriptors received so far, if take_fds */
	bool take_fds;
	bool eof;
};

void frame_init(struct frame_conn *c, int fd, size_t body_max, size_t out_max);
void frame_free_p(struct frame_conn *c); /* buffers and unclaimed descriptors, not fd */

/* Reads what is there without blocking. -1 on error; end of file sets eof. */
int frame_fill(struct frame_conn *c, struct err *e);
/* The next whole body: 1 with a view that is valid until frame_consume, 0 when none is complete. -1
 * for an oversize length. */
int frame_next(struct frame_conn *c, const uint8_t **ret_body, size_t *ret_len, struct err *e);
void frame_consume(struct frame_conn *c);

/* Queues one message and writes what the peer takes. */
int frame_send(struct frame_conn *c, const void *body, size_t n, struct err *e);
int frame_flush(struct frame_conn *c, struct err *e);
bool frame_wants_write(const struct frame_conn *c);

/* Blocking helpers for the command line and tests. fd_to_pass -1: none. */
int frame_write_blocking(int fd, const void *body, size_t n, int fd_to_pass, struct err *e);
int frame_read_blocking(int fd, size_t body_max, struct buffer *ret_body, struct err *e);

#endif
