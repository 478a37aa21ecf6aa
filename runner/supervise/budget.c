/* SPDX-License-Identifier: Apache-2.0 */
/* budget.c - the CPU time of one event. The kernel counts and says when a budget is spent; here it
 * is set anew between events. Not after each: a thousand short events a second would be as many
 * requests. It is set when an eighth of it may be gone, so that one event has at least its limit,
 * and at most an eighth more. */
#include "supervise/budget.h"

#include <string.h>

#include "base/clock.h"
#include "supervise/feed.h"
#include "supervise/link_broker.h"
#include "supervise/plugin.h"
#include "supervise/supervisor.h"

enum { PART = 8, PERCENT = 100 };

bool budget_is_due(int64_t elapsed_ms, uint32_t cpu_percent, uint64_t budget_ms)
{
	uint64_t ms = elapsed_ms > 0 ? (uint64_t)elapsed_ms : 0;

	return ms * cpu_percent / PERCENT >= budget_ms / PART;
}

void budget_begin(struct plugin *p)
{
	p->budget = (struct plugin_budget){ .set_ms = clock_mono_ms() };
}

static void on_set(struct supervisor *s, void *arg, const struct launch_msg *answer,
		   struct record_fds *fds)
{
	struct plugin *p = arg;

	(void)s;
	(void)fds;
	/* Its instance has ended meanwhile, or ends: there is nothing to bound. */
	if (answer->result < 0 && instance_is_up(p->state))
		feed_plugin(p, "budget", answer->u.error.text, NULL);
}

static int set_anew(struct plugin *p, struct err *e)
{
	struct launch_msg m;

	memset(&m, 0, sizeof(m));
	m.kind = LAUNCH_BUDGET;
	m.u.budget.id = p->instance;
	m.u.budget.budget_ms = p->policy->limits.cpu_time_ms;
	if (launcher_ask(p->s, &m, NULL, on_set, p, e) < 0)
		return -1;
	budget_begin(p);
	return 0;
}

void budget_renew(struct plugin *p)
{
	struct err e = { 0 };

	budget_begin(p);
	if (p->policy->limits.cpu_time_ms && set_anew(p, &e) < 0)
		feed_plugin(p, "budget", e.text, NULL); /* what is left of the old one bounds it */
}

void budget_on_event_end(struct plugin *p)
{
	const struct limits *l = p->policy ? &p->policy->limits : NULL;

	p->budget.event_ended = true;
	if (!l || !l->cpu_time_ms || !p->instance ||
	    !budget_is_due(clock_mono_ms() - p->budget.set_ms, l->cpu_percent, l->cpu_time_ms))
		return;
	(void)set_anew(p, NULL); /* the old one stands, and is looked at when it is spent */
}

void budget_on_spent(struct supervisor *s, const struct launch_budget *b)
{
	struct plugin *p = plugin_find_instance(s, b->id);
	enum plugin_blame blame = PLUGIN_BLAME_PLUGIN;
	struct err why;

	if (!p || !p->policy)
		return;
	/* The end of an event was sent before the next one could use anything. */
	broker_catch_up(broker_of(s, p->ceiling->name));
	p = plugin_find_instance(s, b->id);
	if (!p || !p->policy)
		return;
	(void)err_set(&why, ERR_LIMIT, "used %llu ms CPU of %llu for one event",
		      (unsigned long long)b->used_ms, (unsigned long long)b->budget_ms);
	if (p->budget.event_ended) {
		if (set_anew(p, &why) == 0)
			return;
		blame = PLUGIN_BLAME_HOST; /* nothing would bound it any more */
	}
	plugin_fault(p, blame, &why);
}
