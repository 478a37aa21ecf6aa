/* SPDX-License-Identifier: Apache-2.0 */
/* deliver.c - events to one instance, one at a time, each with its deadline. */
#include "broker/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static json_t *event_json(const struct event *e, uint32_t timeout_ms)
{
	json_t *ev = json_pack("{s:s, s:I, s:i}", "type", event_name(e->type), "eventId",
			       (json_int_t)e->id, "attempt", (int)e->attempt);

	if (e->note[0])
		(void)json_object_set_new(
			ev, "note",
			json_pack("{s:s, s:s}", "path", e->note, "revision", e->revision));
	if (e->command[0])
		(void)json_object_set_new(ev, "command", json_string(e->command));
	if (e->origin[0])
		(void)json_object_set_new(ev, "origin", json_string(e->origin));
	return json_pack("{s:o, s:{s:I}}", "event", ev, "_meta", "deadlineMs",
			 (json_int_t)timeout_ms);
}

static void report_dropped(struct peer *p)
{
	struct broker_event extra = { .result = -1 };
	struct event none = { .type = EVENT_NOTE_SAVE };

	if (!p->queue->dropped)
		return;
	(void)snprintf(extra.text, sizeof(extra.text),
		       "E_FULL: %llu events dropped, the queue was full",
		       (unsigned long long)p->queue->dropped);
	(void)copy_str(extra.plugin, sizeof(extra.plugin), p->who.policy.plugin);
	p->delivery.failed += p->queue->dropped;
	p->queue->dropped = 0;
	broker_report(p->broker, BROKER_EVENT_DONE, p->who.id, &none, extra);
}

static uint32_t timeout_ms(const struct peer *p)
{
	uint32_t ms = p->who.policy.limits.event_timeout_ms;

	return ms ? ms : EVENT_DEADLINE_MS;
}

void deliver_next(struct peer *p)
{
	const struct event_taker taker = event_taker_of(&p->who.policy);
	struct delivery *d = &p->delivery;

	while (p->state == PEER_UP && !p->standby && !d->event && !d->late &&
	       !frame_wants_write(&p->conn)) {
		struct event *e;

		report_dropped(p);
		e = events_take(p->queue);
		if (!e)
			break;
		/* The queue has the newest policy; this instance may run under another. */
		if (!event_is_for(&taker, e)) {
			free(e);
			continue;
		}
		e->attempt++;
		d->event = e;
		d->started_ns = clock_mono_ns();
		(void)peer_ask(p, WAIT_EVENT, event_name(e->type), event_json(e, timeout_ms(p)),
			       timeout_ms(p));
	}
	peer_rearm(p);
}

static uint32_t duration_us(const struct delivery *d)
{
	int64_t us = (clock_mono_ns() - d->started_ns) / 1000;

	return us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static void report(struct peer *p, enum broker_kind kind, int32_t result, const char *text)
{
	struct broker_event extra = { .result = result, .duration_us = duration_us(&p->delivery) };

	if (!copy_str(extra.text, sizeof(extra.text), text))
		(void)snprintf(extra.text, sizeof(extra.text),
			       "an answer of %zu bytes, too long to show", strlen(text));
	(void)copy_str(extra.plugin, sizeof(extra.plugin), p->who.policy.plugin);
	broker_report(p->broker, kind, p->who.id, p->delivery.event, extra);
}

static void end_event(struct peer *p)
{
	p->delivery.last_hops = p->delivery.event->hops;
	p->delivery.last_end_ms = clock_mono_ms();
	free(p->delivery.event);
	p->delivery.event = NULL;
	p->delivery.asking = 0;
}

void deliver_answer(struct peer *p, bool ok, const char *text)
{
	if (!p->delivery.event)
		return; /* it was late; the supervisor knows */
	if (ok)
		p->delivery.answered++;
	else
		p->delivery.failed++;
	report(p, BROKER_EVENT_DONE, ok ? 0 : -1, text);
	end_event(p);
	deliver_next(p);
}

uint64_t deliver_hold(struct peer *p)
{
	int64_t *deadline = &p->waiting[WAIT_EVENT].deadline_ms;
	struct delivery *d = &p->delivery;

	if (!d->event)
		return 0;
	if (d->asking++ == 0) {
		d->left_ms = *deadline - clock_mono_ms();
		*deadline = 0;
	}
	return d->event->id;
}

void deliver_release(struct peer *p, uint64_t event_id)
{
	struct delivery *d = &p->delivery;

	if (!d->event || d->event->id != event_id || --d->asking > 0)
		return;
	p->waiting[WAIT_EVENT].deadline_ms = clock_mono_ms() + d->left_ms;
	peer_rearm(p);
}

void deliver_late(struct peer *p)
{
	p->waiting[WAIT_EVENT].deadline_ms = 0; /* its answer may still come, and is no violation */
	if (!p->delivery.event)
		return;
	p->delivery.failed++;
	p->delivery.late = true;
	report(p, BROKER_EVENT_LATE, -1, "E_TIMEOUT");
	end_event(p);
}

void deliver_abandon(struct peer *p)
{
	struct event *e = p->delivery.event;
	uint32_t attempt;

	if (!e)
		return;
	attempt = e->attempt;
	if (attempt >= EVENT_ATTEMPTS_MAX) {
		p->delivery.failed++;
		report(p, BROKER_EVENT_DONE, -1,
		       "E_STATE: given up, its instance ended every time");
	}
	p->delivery.event = NULL;
	p->delivery.asking = 0;
	(void)events_give_back(p->queue, e);
}

uint32_t deliver_hops(const struct peer *p, int64_t now_ms)
{
	const struct delivery *d = &p->delivery;

	if (d->event)
		return d->event->hops + 1;
	if (d->last_end_ms && now_ms - d->last_end_ms < (int64_t)HOPS_MEMORY_MS)
		return d->last_hops + 1;
	return 1;
}
