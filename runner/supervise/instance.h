/* SPDX-License-Identifier: Apache-2.0 */
/* instance.h - the life of a plugin's instance: state x event -> next state and what to do. Pure.
 * Owns: which step may follow which.  Must not know: sockets, timers, who asks. */
#ifndef KENNEL_SUPERVISE_INSTANCE_H
#define KENNEL_SUPERVISE_INSTANCE_H

#include <stdbool.h>

/* Enumerator, name for people. */
#define INSTANCE_STATE_TABLE(X)                                                             \
	X(INSTANCE_STOPPED, "stopped")	       /* installed, nothing runs */                \
	X(INSTANCE_STARTING, "starting")       /* until initialize is answered */           \
	X(INSTANCE_UP, "up")		       /* takes events */                           \
	X(INSTANCE_IDLE, "idle")	       /* up, without work, frozen until there is some */ \
	X(INSTANCE_DRAINING, "stopping")       /* told to end, may end by itself */         \
	X(INSTANCE_ENDING, "ending")	       /* killed, because it was to stop */         \
	X(INSTANCE_KILLING, "killing")	       /* killed, because it misbehaved */          \
	X(INSTANCE_BACKOFF, "backoff")	       /* waits for its next start */               \
	X(INSTANCE_QUARANTINED, "quarantined") /* crashed too often; only a person helps */ \
	X(INSTANCE_STUCK, "stuck")	       /* killed, and the kernel does not end it */

#define INSTANCE_STATE_ENUM_(id, name) id,
enum instance_state { INSTANCE_STATE_TABLE(INSTANCE_STATE_ENUM_) INSTANCE_STATE_COUNT };
#undef INSTANCE_STATE_ENUM_

enum instance_event {
	INSTANCE_EV_START,	/* somebody wants it to run */
	INSTANCE_EV_FAILED,	/* it could not be launched */
	INSTANCE_EV_UP,		/* the handshake is done */
	INSTANCE_EV_ENDED,	/* the launcher says its cgroup is empty and gone */
	INSTANCE_EV_QUIET,	/* it has had no work for a while */
	INSTANCE_EV_WORK,	/* there is some again */
	INSTANCE_EV_STOP,	/* somebody wants it not to run */
	INSTANCE_EV_FAULT,	/* it broke a rule, or what it needs is gone */
	INSTANCE_EV_TIMEOUT,	/* the time of this state is over */
	INSTANCE_EV_LEFT,	/* it was not launched: one of before is there, and does not end */
	INSTANCE_EV_REST,	/* the restart rule: leave it */
	INSTANCE_EV_QUARANTINE, /* the restart rule: too often */
	INSTANCE_EV_COUNT
};

enum instance_action {
	INSTANCE_ACT_NONE,
	INSTANCE_ACT_LAUNCH,
	INSTANCE_ACT_ANNOUNCE, /* it is up */
	INSTANCE_ACT_FREEZE,
	INSTANCE_ACT_THAW,
	INSTANCE_ACT_REST,     /* drain, because it is idle: the next event starts it */
	INSTANCE_ACT_DRAIN,    /* detach from the broker, wait a little */
	INSTANCE_ACT_KILL,
	INSTANCE_ACT_RULE,   /* ask the restart rule */
	INSTANCE_ACT_FINISH, /* it is stopped; answer who waits */
	INSTANCE_ACT_ALARM,  /* a person must look */
};

struct instance_step {
	enum instance_state next;
	enum instance_action action;
};

/* false: this event has no meaning in this state; nothing changes. */
bool instance_step(enum instance_state s, enum instance_event ev, struct instance_step *ret);
const char *instance_state_name(unsigned int s); /* never NULL */
bool instance_is_up(enum instance_state s);	    /* takes events */
/* Does the launcher hold, or is it about to hold, a cgroup for it? */
bool instance_is_alive(enum instance_state s);

#endif
