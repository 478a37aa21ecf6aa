/* SPDX-License-Identifier: Apache-2.0 */
/* events.h - what waits for which plugin: one queue a plugin name, which outlives its instances.
 * Owns: who is told, merging, order, the loop guard, bounds.  Must not know: sockets, clocks. */
#ifndef KENNEL_BROKER_EVENTS_H
#define KENNEL_BROKER_EVENTS_H

#include "policy/policy.h"

#define EVENT_HOPS_MAX 4u /* plugins that react to plugins: A's write wakes B, B's write C ... */
#define EVENT_ATTEMPTS_MAX 3u /* an event whose handler's instance died is sent again so often */
#define EVENT_PLUGINS_MAX 1024u

struct event {
	struct event *next;
	uint64_t id;
	enum event_type type;
	uint32_t hops;	  /* 0: from outside */
	uint32_t attempt; /* 1 when first sent */
	char origin[NAME_MAX_BYTES];
	char note[VAULT_PATH_MAX];
	char revision[DIGEST_HEX_BYTES];
	char command[TEXT_MAX_BYTES];
};

/* Of a policy, what says which events its plugin may hear of: a broker keeps it for every plugin
 * it has seen, so it is a small part. */
struct event_taker {
	char plugin[NAME_MAX_BYTES];
	uint32_t events; /* EVENT_BIT */
	struct policy_scopes scopes;
};

struct event_queue {
	struct event_queue *next;
	struct event_taker taker; /* of the last instance attached */
	struct scope_rule *rules; /* what its scopes point to */
	uint32_t attached;	/* instances that take from it */
	bool wanted;		/* the supervisor was told that something waits */
	struct event *first;
	struct event *last;
	size_t count;
	uint64_t dropped;	/* because the queue was full; since the last report */
};

struct events {
	struct event_queue *queues;
	size_t count;
	uint64_t next_id;
};

enum offer { OFFER_NOT_FOR_IT, OFFER_QUEUED, OFFER_MERGED, OFFER_FULL, OFFER_NOMEM };

/* first_id: greater than every id of an earlier broker. */
void events_init(struct events *ev, uint64_t first_id);
void events_free_p(struct events *ev);
/* The plugin's queue, made when it is new; NULL when there are too many or memory is out. */
struct event_queue *events_attach(struct events *ev, const struct policy *policy);
struct event_queue *events_find(struct events *ev, const char *plugin);

/* Borrows the policy's rules. */
struct event_taker event_taker_of(const struct policy *policy);
/* May it hear of this event at all? Asked when it is queued and again when it is sent. */
bool event_is_for(const struct event_taker *taker, const struct event *e);
/* Queues a copy. A note that waits already is merged: the newer revision, the older place. */
enum offer events_offer(struct events *ev, struct event_queue *q, const struct event *e);
/* The next event, now the caller's (free it, or give it back); NULL when there is none. */
struct event *events_take(struct event_queue *q);
/* To the front again. False: it was tried often enough, or a newer event for its note waits; it is
 * freed. */
bool events_give_back(struct event_queue *q, struct event *e);

#endif
