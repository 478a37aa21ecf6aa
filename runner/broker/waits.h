/* SPDX-License-Identifier: Apache-2.0 */
/* waits.h - calls of one tenant's plugins whose answer takes a while: a person's, a model's.
 * Owns: who waits for which, and until when.  Must not know: what they ask, who answers. */
#ifndef KENNEL_BROKER_WAITS_H
#define KENNEL_BROKER_WAITS_H

#include "broker/rpc.h"

struct wait {
	struct wait *next;
	uint64_t id; /* of this list's; never 0, never used again */
	uint64_t instance;
	struct rpc_id call; /* that waits for the answer */
	json_t *what;	    /* the question, as who answers gets it */
	uint64_t timeout_ms;
	int64_t deadline_ms; /* monotonic */
	uint64_t event_id;   /* of the event that waits with it; 0: none */
	/* of those that wait for a model: */
	uint32_t kind; /* which one */
	uint64_t cost; /* tokens that were set aside, */
	int64_t day;   /* and when */
	bool embed;
	bool stream;
	bool sent;
};

struct waits {
	size_t of_one_max; /* of one plugin at once: none shuts the others out */
	size_t all_max;
	const char *who; /* is waited for, in refusals: "a person" */
	struct wait *first; /* the oldest */
	size_t count;
	uint64_t last_id;
	/* Somebody must be told; it is in the list already. NULL: nobody is there. */
	void (*on_open)(void *arg, struct wait *w);
	void *arg;
};

/* ERR_FULL */
int waits_check_room(const struct waits *all, uint64_t instance, struct err *e);
/* After waits_check_room. as: all but next, id and deadline_ms (a new reference to what is taken).
 * -1: no memory. */
int waits_open(struct waits *all, const struct wait *as, int64_t now_ms);
/* Not in the list any more, freed; NULL is none. */
void waits_drop(struct waits *all, struct wait *w);

/* NULL: none. */
struct wait *waits_find(const struct waits *all, uint64_t id);
struct wait *waits_find_call(const struct waits *all, uint64_t instance, const struct rpc_id *call);
struct wait *waits_find_of(const struct waits *all, uint64_t instance);
struct wait *waits_find_due(const struct waits *all, int64_t now_ms);
int64_t waits_next_deadline(const struct waits *all); /* 0: none */

#endif
