/* SPDX-License-Identifier: Apache-2.0 */
/* turn.h - two programs take turns, batch by batch, so that a slow minute of the machine meets
 * both. Owns: the two FIFOs, to-kennel and to-peers.  Must not know: what is done in a turn. */
#ifndef KENNEL_BENCH_TURN_H
#define KENNEL_BENCH_TURN_H

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/err.h"

enum { TURN_TIMEOUT_MS = 120000 };

/* Both ways, so that neither opening waits nor an end is seen: the other may come later. */
static inline int turn_open(int dirfd, const char *name, struct err *e)
{
	int fd = openat(dirfd, name, O_RDWR | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "open %s", name) : fd;
}

static inline int turn_give(int fd, struct err *e)
{
	return write(fd, "t", 1) == 1 ? 0 : err_sys(e, "give the turn");
}

static inline int turn_take(int fd, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c;

	if (poll(&p, 1, TURN_TIMEOUT_MS) != 1 || read(fd, &c, 1) != 1)
		return err_set(e, ERR_TIMEOUT, "the other side did not take its turn");
	return 0;
}

#endif
