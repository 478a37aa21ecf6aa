/* SPDX-License-Identifier: Apache-2.0 */
/* events.c - what waits for which plugin. */
#include "broker/events.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

void events_init(struct events *ev, uint64_t first_id)
{
	*ev = (struct events){ .next_id = first_id };
}

void events_free_p(struct events *ev)
{
	while (ev->queues) {
		struct event_queue *q = ev->queues;
		struct event *e;

		ev->queues = q->next;
		while ((e = events_take(q)))
			free(e);
		free(q->rules);
		free(q);
	}
	ev->count = 0;
}

struct event_queue *events_find(struct events *ev, const char *plugin)
{
	for (struct event_queue *q = ev->queues; q; q = q->next)
		if (!strcmp(q->taker.plugin, plugin))
			return q;
	return NULL;
}

struct event_taker event_taker_of(const struct policy *policy)
{
	struct event_taker t = { .events = policy->events, .scopes = policy_scopes_of(policy) };

	(void)copy_str(t.plugin, sizeof(t.plugin), policy->plugin);
	return t;
}

static uint32_t rules_of(uint32_t count)
{
	return count < SCOPE_RULES_MAX ? count : SCOPE_RULES_MAX;
}

/* The queue's own copy of the policy's rules. */
static bool keep_taker(struct event_queue *q, const struct policy *policy)
{
	struct event_taker t = event_taker_of(policy);
	size_t asked = rules_of(t.scopes.asked_count), granted = rules_of(t.scopes.granted_count);
	struct scope_rule *rules = calloc(asked + granted + 1, sizeof(*rules));

	if (!rules)
		return false;
	memcpy(rules, t.scopes.asked, asked * sizeof(*rules));
	memcpy(rules + asked, t.scopes.granted, granted * sizeof(*rules));
	t.scopes.asked = rules;
	t.scopes.granted = rules + asked;
	free(q->rules);
	q->rules = rules;
	q->taker = t;
	return true;
}

static struct event_queue *new_queue(struct events *ev, const struct policy *policy)
{
	struct event_queue *q = ev->count < EVENT_PLUGINS_MAX ? calloc(1, sizeof(*q)) : NULL;

	if (!q || !keep_taker(q, policy)) {
		free(q);
		return NULL;
	}
	q->next = ev->queues;
	ev->queues = q;
	ev->count++;
	return q;
}

struct event_queue *events_attach(struct events *ev, const struct policy *policy)
{
	struct event_queue *q = events_find(ev, policy->plugin);

	if (!q)
		q = new_queue(ev, policy);
	else if (!keep_taker(q, policy))
		return NULL;
	if (!q)
		return NULL;
	q->attached++;
	q->wanted = false;
	return q;
}

bool event_is_for(const struct event_taker *taker, const struct event *e)
{
	if ((unsigned int)e->type >= EVENT_COUNT || !(taker->events & EVENT_BIT(e->type)))
		return false;
	if (e->hops > EVENT_HOPS_MAX || !strcmp(e->origin, taker->plugin))
		return false;
	return !e->note[0] || scopes_permit_path(&taker->scopes, PERM_READ_METADATA, e->note);
}

static struct event *find_note(struct event_queue *q, const struct event *e)
{
	if (e->type != EVENT_NOTE_SAVE)
		return NULL;
	for (struct event *at = q->first; at; at = at->next)
		if (at->type == e->type && !strcmp(at->note, e->note))
			return at;
	return NULL;
}

/* One event now stands for two saves. Two plugins' saves, or a person's, have no one origin. */
static void merge(struct event *waiting, const struct event *e)
{
	(void)copy_str(waiting->revision, sizeof(waiting->revision), e->revision);
	if (strcmp(waiting->origin, e->origin) != 0)
		waiting->origin[0] = '\0';
	if (waiting->hops < e->hops)
		waiting->hops = e->hops;
}

enum offer events_offer(struct events *ev, struct event_queue *q, const struct event *e)
{
	struct event *waiting, *copy;

	if (!event_is_for(&q->taker, e))
		return OFFER_NOT_FOR_IT;
	waiting = find_note(q, e);
	if (waiting) {
		merge(waiting, e);
		return OFFER_MERGED;
	}
	if (q->count >= EVENT_QUEUE_MAX) {
		q->dropped++;
		return OFFER_FULL;
	}
	copy = malloc(sizeof(*copy));
	if (!copy) {
		q->dropped++;
		return OFFER_NOMEM;
	}
	*copy = *e;
	copy->id = ev->next_id++;
	copy->attempt = 0;
	copy->next = NULL;
	if (q->last)
		q->last->next = copy;
	else
		q->first = copy;
	q->last = copy;
	q->count++;
	return OFFER_QUEUED;
}

struct event *events_take(struct event_queue *q)
{
	struct event *e = q->first;

	if (!e)
		return NULL;
	q->first = e->next;
	if (!q->first)
		q->last = NULL;
	q->count--;
	e->next = NULL;
	return e;
}

bool events_give_back(struct event_queue *q, struct event *e)
{
	struct event *newer = find_note(q, e);

	if (e->attempt >= EVENT_ATTEMPTS_MAX || newer) {
		/* The newer event tells of this note; it inherits the attempts, so that a note
		 * whose handler always dies is given up in the end. */
		if (newer && newer->attempt < e->attempt)
			newer->attempt = e->attempt;
		free(e);
		return false;
	}
	e->next = q->first;
	q->first = e;
	if (!q->last)
		q->last = e;
	q->count++;
	return true;
}
