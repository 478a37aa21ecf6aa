/* SPDX-License-Identifier: Apache-2.0 */
/* peer.h - one connected instance: its wire, its logs, what it was asked and has not answered.
 * Owns: those descriptors and every deadline of the instance.  Must not know: what calls do. */
#ifndef KENNEL_BROKER_PEER_H
#define KENNEL_BROKER_PEER_H

#include "base/frame.h"
#include "broker/broker.h"
#include "broker/logs.h"

#define PEERS_MAX INSTANCES_MAX
#define PING_IDLE_MS 300000u	/* rare: an idle plugin should sleep */
#define PING_ANSWER_MS 10000u
#define STALL_MS 10000u		/* answers wait and not one byte of them was taken */
#define OUT_PAUSE_BYTES 65536u	/* more than this waits: its calls are not read */
#define HOPS_MEMORY_MS 10000u	/* a save this soon after an event counts as its effect */
#define MESSAGES_PER_TURN 32	/* then the other plugins have theirs */
#define MESSAGES_FLOOR \
	256u /* messages a second are read in any case; refused calls are messages, too */

enum peer_state { PEER_GREETING, PEER_UP, PEER_CLOSED };
enum waiting_for { WAIT_HANDSHAKE, WAIT_EVENT, WAIT_PING, WAIT_COUNT };

/* A request of ours. */
struct waiting {
	uint64_t rpc_id; /* 0: none */
	int64_t deadline_ms;
};

/* An answer of ours that is not on its way yet. */
struct unread {
	struct rpc_id id;
	uint64_t end; /* count of bytes sent when it is gone */
};

struct peer {
	struct peer *next;
	struct broker *broker;
	struct subject who;
	struct plugin_log log;
	enum peer_state state;
	struct frame_conn conn;
	struct loop_source *wire;
	struct loop_source *timer;
	struct bucket messages;
	struct waiting waiting[WAIT_COUNT];
	struct unread unread[WIRE_INFLIGHT_MAX];
	uint64_t next_rpc_id;
	uint64_t out_total; /* bytes ever queued */
	uint32_t interest;  /* epoll events asked for */
	int64_t armed_at_ms; /* when the timer fires; 0: it is not armed */
	int64_t stall_at_ms;
	int64_t resume_at_ms; /* reading goes on; 0: it does */
	int64_t idle_at_ms;
	int64_t worked_at_ms; /* quiet.h */
	bool quiet;
	bool standby; /* its wire is sealed once it has answered initialize */
	struct event_queue *queue;
	struct delivery {
		struct event *event; /* at the plugin now */
		int64_t started_ns;
		bool late;
		unsigned int asking; /* dialogs of it that wait for a person */
		int64_t left_ms;     /* of its time, which stands still for them */
		uint32_t last_hops;
		int64_t last_end_ms;
		uint64_t answered;
		uint64_t failed;
	} delivery;
};

/* Takes the three descriptors, also when it fails. Sends initialize. */
int peer_new(struct broker *b, const struct broker_attach *a, struct record_fds *fds,
	     struct peer **ret, struct err *e);
void peer_free(struct peer *p);
/* One that stood by takes events from now on. */
void peer_promote(struct peer *p);
void peer_stats(const struct peer *p, struct broker_stats *ret);

/* ---- peer.c, for wire.c and deliver.c ---- */
bool peer_is_sealed(const struct peer *p);
/* Queues a message; a plugin that does not read is closed. Takes j. */
bool peer_send(struct peer *p, json_t *j);
/* The same for printed JSON; NULL: there was no memory for it. */
bool peer_send_text(struct peer *p, const char *text, size_t n);
uint64_t peer_ask(struct peer *p, enum waiting_for what, const char *method, json_t *params,
		  uint32_t timeout_ms);
/* The wire is closed, the supervisor told; the record stays until BROKER_DETACH. */
void peer_violation(struct peer *p, const struct err *why);
void peer_close(struct peer *p);
void peer_rearm(struct peer *p);

/* ---- wire.c ---- */
void wire_greet(struct peer *p);
/* What answers the call of that id, now or when somebody has given it. Takes answer. */
void wire_answer(struct peer *p, const struct rpc_id *id, const char *method, json_t *answer);
/* Everything complete in the input, within the turn and the rates. */
void wire_process(struct peer *p);

/* ---- deliver.c ---- */
void deliver_next(struct peer *p);
void deliver_answer(struct peer *p, bool ok, const char *text); /* the result, or what went wrong */
void deliver_late(struct peer *p);
/* A person is asked, and an event is not late because of them. The event's id, for the release; 0:
 * none runs. */
uint64_t deliver_hold(struct peer *p);
void deliver_release(struct peer *p, uint64_t event_id);
/* The instance is going: what it had not answered waits for the next one. */
void deliver_abandon(struct peer *p);
uint32_t deliver_hops(const struct peer *p, int64_t now_ms);

#endif
