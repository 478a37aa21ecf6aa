/* SPDX-License-Identifier: Apache-2.0 */
/* talk.h - what the bench says to one started payload, the same to every runner's.
 * Owns: the words on the wire, and when each answer came.  Must not know: who started it. */
#ifndef KENNEL_BENCH_TALK_H
#define KENNEL_BENCH_TALK_H

#include <stdbool.h>

#include "base/frame.h"

struct talk {
	struct frame_conn conn;
	bool wasm;
	bool initialize_only; /* leave it idle: no event */
	bool done;
	double ready_us; /* the stub's byte, or the answer to initialize; 0: not yet */
	double event_us; /* the answer to the first event, wasm only */
};

/* Takes the wire, which becomes non-blocking. Says initialize to a plugin; it waits in the socket.
 */
int talk_begin(struct talk *t, int wire, bool wasm, struct err *e);
/* The wire can be read. Sets done when nothing more is to be said. */
int talk_step(struct talk *t, struct err *e);
/* A payload ends when its wire does. */
void talk_close(struct talk *t);

#endif
