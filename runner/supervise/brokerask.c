/* SPDX-License-Identifier: Apache-2.0 */
/* brokerask.c - questions of people that a broker carries out or refuses: who waits for which. */
#include "supervise/brokerask.h"

#include "base/clock.h"
#include "supervise/supervisor.h"

int broker_ask(struct control_request *q, struct broker *b, struct broker_msg *m, uint64_t *serial,
	       struct err *e)
{
	struct broker_asks *all = &q->s->broker_asks;
	size_t i = 0;

	while (i < BROKER_ASKS_MAX && all->list[i].serial)
		i++;
	if (i == BROKER_ASKS_MAX)
		return err_set(e, ERR_FULL, "%u questions wait for brokers already",
			       BROKER_ASKS_MAX);
	*serial = all->last_serial + 1;
	if (broker_tell(b, m, NULL, e) < 0)
		return -1;
	all->list[i].serial = ++all->last_serial;
	all->list[i].who = q->who;
	all->list[i].broker = b;
	all->list[i].deadline_ms = clock_mono_ms() + (int64_t)BROKER_ASK_WAIT_MS;
	supervisor_rearm(q->s);
	return CONTROL_LATER;
}

static void answer(struct supervisor *s, size_t i, const struct err *why)
{
	struct control_ref who = s->broker_asks.list[i].who;

	s->broker_asks.list[i].serial = 0;
	if (why->code == ERR_OK)
		control_answer(s, who, json_object());
	else
		control_refuse(s, who, why);
}

void broker_ask_on_done(struct supervisor *s, const struct broker *b, const struct broker_done *r)
{
	for (size_t i = 0; i < BROKER_ASKS_MAX; i++)
		if (s->broker_asks.list[i].serial == r->serial && r->serial &&
		    s->broker_asks.list[i].broker == b)
			answer(s, i, &r->error);
}

void broker_ask_on_time(struct supervisor *s, int64_t now_ms)
{
	struct err late;

	(void)err_set(&late, ERR_TIMEOUT,
		      "the broker did not answer; the audit log says whether it was done");
	for (size_t i = 0; i < BROKER_ASKS_MAX; i++)
		if (s->broker_asks.list[i].serial && s->broker_asks.list[i].deadline_ms <= now_ms)
			answer(s, i, &late);
}

int64_t broker_ask_next_deadline(const struct supervisor *s)
{
	int64_t least = 0;

	for (size_t i = 0; i < BROKER_ASKS_MAX; i++) {
		int64_t d = s->broker_asks.list[i].serial ? s->broker_asks.list[i].deadline_ms : 0;

		if (d && (!least || d < least))
			least = d;
	}
	return least;
}
