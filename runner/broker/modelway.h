/* SPDX-License-Identifier: Apache-2.0 */
/* modelway.h - the broker's end of the socket to its kennel-fetch: questions go out, answers come
 * in and go to the call that waits. kennel-fetch faces the network: what it says is hostile.
 * Owns: that socket, when a question ends, and what is on record of that.  Must not know: HTTP. */
#ifndef KENNEL_BROKER_MODELWAY_H
#define KENNEL_BROKER_MODELWAY_H

#include "base/frame.h"
#include "base/record.h"
#include "proto/broker_link.h"

struct broker;
struct loop;
struct loop_source;
struct peer;
struct rpc_id;

struct modelway {
	struct frame_conn conn; /* fd -1: there is none */
	struct loop_source *source;
	struct loop_source *timer;
	bool wanted; /* the supervisor was asked for it */
};

int modelway_open(struct broker *b, struct err *e);
void modelway_close(struct broker *b);
/* The supervisor's answer: the socket, or why there is none. Takes the descriptor. */
void modelway_take(struct broker *b, const struct broker_model_way *m, struct record_fds *fds);

/* The plugin wants no answer any more. */
void modelway_withdraw(struct peer *p, const struct rpc_id *call);
/* The instance is gone, and what it asked with it. */
void modelway_forget(struct peer *p);

#endif
