/* SPDX-License-Identifier: Apache-2.0 */
/* dialogs.h - the dialogs of one tenant's plugins that wait for a person.
 * Owns: who waits for which, and until when.  Must not know: what they ask, who shows them. */
#ifndef KENNEL_BROKER_DIALOGS_H
#define KENNEL_BROKER_DIALOGS_H

#include "broker/rpc.h"

struct dialog {
	struct dialog *next;
	uint64_t id; /* of this broker's; never 0, never used again */
	uint64_t instance;
	struct rpc_id call; /* that waits for the answer */
	json_t *shape;	    /* from dialog_read */
	uint64_t timeout_ms;
	int64_t deadline_ms; /* monotonic */
	uint64_t event_id;   /* of the event that waits with it; 0: none */
};

struct dialogs {
	struct dialog *first; /* the oldest */
	size_t count;
	uint64_t last_id;
	/* Somebody must be told; the dialog is in the list already. NULL: nobody is there. */
	void (*on_open)(void *arg, struct dialog *d);
	void *arg;
};

/* ERR_FULL: DIALOGS_OF_ONE_MAX, DIALOGS_MAX. */
int dialogs_check_room(const struct dialogs *all, uint64_t instance, struct err *e);
/* After dialogs_check_room. what: instance, call, shape (a new reference is taken), timeout_ms. -1:
 * no memory. */
int dialogs_open(struct dialogs *all, const struct dialog *what, int64_t now_ms);
/* Not in the list any more, freed; NULL is no dialog. */
void dialogs_drop(struct dialogs *all, struct dialog *d);

/* NULL: none. */
struct dialog *dialogs_find(const struct dialogs *all, uint64_t id);
struct dialog *dialogs_find_call(const struct dialogs *all, uint64_t instance,
				 const struct rpc_id *call);
struct dialog *dialogs_find_of(const struct dialogs *all, uint64_t instance);
struct dialog *dialogs_find_due(const struct dialogs *all, int64_t now_ms);
int64_t dialogs_next_deadline(const struct dialogs *all); /* 0: none */

#endif
