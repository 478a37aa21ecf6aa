/* SPDX-License-Identifier: Apache-2.0 */
/* brokerask.h - questions of people that a broker carries out or refuses: who waits for which.
 * Owns: the waiting.  Must not know: what is asked. */
#ifndef KENNEL_SUPERVISE_BROKERASK_H
#define KENNEL_SUPERVISE_BROKERASK_H

#include "proto/broker_link.h"
#include "supervise/control.h"

struct broker;

#define BROKER_ASKS_MAX 64u
#define BROKER_ASK_WAIT_MS 30000u

struct broker_asks {
	uint64_t last_serial;
	struct {
		uint64_t serial; /* 0: free */
		struct control_ref who;
		struct broker *broker;
		int64_t deadline_ms;
	} list[BROKER_ASKS_MAX];
};

/* CONTROL_LATER: {} or the broker's error follows. serial: where in m it goes. */
int broker_ask(struct control_request *q, struct broker *b, struct broker_msg *m, uint64_t *serial,
	       struct err *e);
/* What another broker says of a serial that is not its own does not count. */
void broker_ask_on_done(struct supervisor *s, const struct broker *b, const struct broker_done *r);
void broker_ask_on_time(struct supervisor *s, int64_t now_ms);
int64_t broker_ask_next_deadline(const struct supervisor *s); /* 0: none */

#endif
