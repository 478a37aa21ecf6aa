/* SPDX-License-Identifier: Apache-2.0 */
/* broker.h - one tenant's broker: its parts and the supervisor's records.
 * Owns: every part below.  Must not know: sandboxing, restart. */
#ifndef KENNEL_BROKER_BROKER_H
#define KENNEL_BROKER_BROKER_H

#include "base/loop.h"
#include "broker/events.h"
#include "broker/gate.h"
#include "broker/modelway.h"
#include "broker/uplink.h"
#include "broker/watch.h"

struct peer;

struct broker {
	char tenant[NAME_MAX_BYTES];
	struct loop *loop;
	struct uplink uplink;
	struct host host;
	int state_fd; /* the caller's */
	struct watch *watch;
	struct events events;
	struct peer *peers;
	size_t peer_count;
	struct loop_source *dialog_timer;
	struct modelway modelway;
};

/* Descriptors stay the caller's; names are enum broker_fd. */
struct broker_fds {
	int link;
	int audit;
	int vault;
	int state;
};

/* Opens the vault and reads its index, tells the supervisor BROKER_READY. */
int broker_new(const char *tenant, const struct broker_fds *fds, struct broker **ret,
	       struct err *e);
void broker_free_p(struct broker **b);
/* Until the supervisor is gone (0) or breaks the protocol (-1). */
int broker_run(struct broker *b, struct err *e);

/* NULL: not attached */
struct peer *broker_peer(struct broker *b, uint64_t id);
/* For peers: queues the event with every plugin that takes it, and wakes them. plugin "": all.
 * Returns how many it now waits for. */
unsigned int broker_tell(struct broker *b, const char *plugin, const struct event *e);
/* A queue has something and an instance left, or came: whoever can takes it, else the supervisor is
 * asked. */
void broker_wake(struct broker *b, struct event_queue *q);
/* Reports an event to the supervisor. */
void broker_report(struct broker *b, enum broker_kind kind, uint64_t instance,
		   const struct event *e, struct broker_event extra);

#endif
