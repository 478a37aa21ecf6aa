/* SPDX-License-Identifier: Apache-2.0 */
/* standby.c - further instances of a plugin, ready to take the place of the one that works.
 * tests: tests/vm/standby.sh */
#include "supervise/standby.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "supervise/budget.h"
#include "supervise/feed.h"
#include "supervise/launch.h"
#include "supervise/note.h"
#include "supervise/stats.h"
#include "supervise/supervisor.h"

void standby_init(struct plugin *p)
{
	for (size_t i = 0; i < PLUGIN_STANDBY_MAX; i++)
		p->standbys.at[i] = (struct standby){ .p = p, .host_fds = { -1, -1, -1 } };
}

/* ---- one place ---- */

static void vacate(struct standby *b)
{
	for (size_t i = 0; i < countof(b->host_fds); i++)
		fd_close_p(&b->host_fds[i]);
	free(b->policy);
	*b = (struct standby){ .p = b->p, .host_fds = { -1, -1, -1 } };
}

static void ask(struct standby *b, enum launch_kind kind)
{
	struct launch_msg m;
	struct err e = { 0 };

	memset(&m, 0, sizeof(m));
	m.kind = kind;
	m.u.instance.id = b->instance;
	if (launcher_ask(b->p->s, &m, NULL, NULL, NULL, &e) < 0)
		feed_plugin(b->p, "standby", e.text, NULL);
}

static struct note note_of(const struct standby *b, const char *event, const struct err *why)
{
	return (struct note){ .event = event,
			      .tenant = b->p->ceiling->name,
			      .plugin = b->p->name,
			      .instance = b->instance,
			      .result = why ? err_name(why->code) : "ok",
			      .detail = why ? why->text : "standby" };
}

static void tell(const struct standby *b, const char *event, const struct err *why)
{
	const struct note n = note_of(b, event, why);

	note_tell(b->p->s, &n);
}

static void end(struct standby *b)
{
	if (!b->policy || b->ending)
		return;
	b->ending = true;
	b->ready = false;
	if (!b->instance)
		return; /* its start is answered first */
	launch_detach_instance(b->p, b->instance);
	ask(b, LAUNCH_KILL);
}

static void on_started(struct supervisor *s, void *arg, const struct launch_msg *answer,
		       struct record_fds *fds)
{
	struct standby *b = arg;
	struct err e = { 0 };

	(void)s;
	(void)fds;
	if (answer->result < 0) {
		feed_plugin(b->p, "standby", answer->u.error.text, NULL);
		vacate(b);
		return;
	}
	b->instance = answer->u.started.id;
	b->cgroup = answer->u.started.cgroup;
	if (b->ending) {
		b->ending = false;
		end(b);
	} else if (launch_attach(b->p, b->instance, b->policy, b->host_fds, true, &e) < 0) {
		feed_plugin(b->p, "standby", e.text, NULL);
		end(b);
	}
}

static void begin(struct standby *b)
{
	struct plugin *p = b->p;
	struct err e = { 0 };

	b->policy = malloc(sizeof(*b->policy));
	if (!b->policy)
		return;
	*b->policy = *p->policy;
	if (launch_start(p, b->host_fds, "standby", on_started, b, &e) == 0)
		return;
	feed_plugin(p, "standby", e.text, NULL);
	vacate(b);
}

/* ---- how many ---- */

static bool has_files(const struct plugin *p)
{
	return p->policy->file_count > 0;
}

static unsigned int demand(const struct plugin *p, int64_t now)
{
	unsigned int n = 0, most = p->policy ? p->policy->limits.instances : 0;

	for (size_t i = 0; i < PLUGIN_STANDBY_MAX; i++)
		n += p->standbys.needed_ms[i] && now - p->standbys.needed_ms[i] < STANDBY_WINDOW_MS;
	if (most <= 1 || has_files(p))
		return 0;
	return n < most - 1 ? n : most - 1;
}

void standby_note_need(struct plugin *p)
{
	struct standbys *b = &p->standbys;

	memmove(b->needed_ms + 1, b->needed_ms, sizeof(b->needed_ms) - sizeof(b->needed_ms[0]));
	b->needed_ms[0] = clock_mono_ms();
}

static int64_t next_fall(const struct standbys *b, int64_t now)
{
	int64_t at = 0;

	for (size_t i = 0; i < PLUGIN_STANDBY_MAX; i++) {
		int64_t falls = b->needed_ms[i] + STANDBY_WINDOW_MS;

		if (b->needed_ms[i] && falls > now && (!at || falls < at))
			at = falls;
	}
	return at;
}

void standby_adjust(struct plugin *p)
{
	int64_t now = clock_mono_ms();
	unsigned int wanted, have = 0;

	if (!instance_is_up(p->state) || !p->policy)
		return;
	wanted = demand(p, now);
	for (size_t i = 0; i < PLUGIN_STANDBY_MAX; i++) {
		struct standby *b = &p->standbys.at[i];

		if (!b->policy && have < wanted)
			begin(b);
		else if (b->policy && !b->ending && have >= wanted)
			end(b);
		have += b->policy && !b->ending;
	}
	p->standbys.deadline_ms = next_fall(&p->standbys, now);
	supervisor_rearm(p->s);
}

void standby_on_time(struct plugin *p, int64_t now_ms)
{
	if (!p->standbys.deadline_ms || p->standbys.deadline_ms > now_ms)
		return;
	p->standbys.deadline_ms = 0;
	standby_adjust(p);
}

unsigned int standby_ready(const struct plugin *p)
{
	unsigned int n = 0;

	for (size_t i = 0; i < PLUGIN_STANDBY_MAX; i++)
		n += p->standbys.at[i].ready;
	return n;
}

unsigned int standby_end_all(struct plugin *p)
{
	unsigned int left = 0;

	for (size_t i = 0; i < PLUGIN_STANDBY_MAX; i++) {
		end(&p->standbys.at[i]);
		left += p->standbys.at[i].policy != NULL;
	}
	return left;
}

static void end_unowned(struct supervisor *s, void *arg, const struct launch_msg *answer,
			struct record_fds *fds)
{
	struct launch_msg m;

	(void)arg;
	(void)fds;
	if (answer->result < 0)
		return;
	memset(&m, 0, sizeof(m));
	m.kind = LAUNCH_KILL;
	m.u.instance.id = answer->u.started.id;
	(void)launcher_ask(s, &m, NULL, NULL, NULL, NULL);
}

void standby_drop(struct plugin *p)
{
	(void)standby_end_all(p);
	for (size_t i = 0; i < PLUGIN_STANDBY_MAX; i++) {
		launcher_hand_over(p->s, &p->standbys.at[i], end_unowned);
		vacate(&p->standbys.at[i]);
	}
}

/* ---- the change of places ---- */

bool standby_take(struct plugin *p)
{
	for (size_t i = 0; i < PLUGIN_STANDBY_MAX; i++) {
		struct standby *b = &p->standbys.at[i];
		const struct note n = note_of(b, "launch", NULL);
		struct broker_msg m;

		/* As any start: what cannot be put on record does not happen. */
		if (!b->ready || memcmp(b->policy, p->policy, sizeof(*p->policy)) != 0 ||
		    note_write(&n, NULL) < 0)
			continue;
		memset(&m, 0, sizeof(m));
		m.kind = BROKER_PROMOTE;
		m.u.instance.id = b->instance;
		if (broker_tell(broker_of(p->s, p->ceiling->name), &m, NULL, NULL) < 0)
			continue;
		ask(b, LAUNCH_THAW);
		launch_adopt(p, b->instance, b->cgroup);
		vacate(b);
		return true;
	}
	return false;
}

/* ---- what happens to them ---- */

static struct standby *find(struct supervisor *s, uint64_t id)
{
	for (size_t n = 0; id && n < s->plugin_count; n++)
		for (size_t i = 0; i < PLUGIN_STANDBY_MAX; i++)
			if (s->plugins[n]->standbys.at[i].instance == id)
				return &s->plugins[n]->standbys.at[i];
	return NULL;
}

static struct standby *find_attached(struct supervisor *s, const char *tenant, uint64_t id)
{
	struct standby *b = find(s, id);

	return b && !strcmp(b->p->ceiling->name, tenant) ? b : NULL;
}

struct plugin *standby_owner(struct supervisor *s, uint64_t id)
{
	struct standby *b = find(s, id);

	return b ? b->p : NULL;
}

bool standby_on_up(struct supervisor *s, const char *tenant, uint64_t id)
{
	struct standby *b = find_attached(s, tenant, id);

	if (!b)
		return false;
	if (!b->ending && !b->ready) {
		b->ready = true;
		ask(b, LAUNCH_FREEZE);
		feed_plugin(b->p, "standby", "stands by", NULL);
	}
	return true;
}

bool standby_on_fault(struct supervisor *s, const char *tenant, uint64_t id, const struct err *why)
{
	struct standby *b = find_attached(s, tenant, id);

	if (!b)
		return false;
	tell(b, "kill", why);
	feed_plugin(b->p, "standby", why->text, NULL);
	end(b);
	return true;
}

/* One that ends by itself is not replaced: whatever ails it would be repeated. The next need brings
 * the next one. */
bool standby_on_ended(struct supervisor *s, const struct launch_ended *ended)
{
	struct standby *b = find(s, ended->id);
	struct plugin *p;

	if (!b)
		return false;
	p = b->p;
	tell(b, "end", NULL);
	launch_detach_instance(p, b->instance);
	stats_add_usage(p, &ended->usage);
	vacate(b);
	/* The plugin's own end waited for this one. */
	if ((p->state == INSTANCE_ENDING || p->state == INSTANCE_STUCK) && !p->instance &&
	    !p->asked && standby_end_all(p) == 0)
		(void)plugin_event(p, INSTANCE_EV_ENDED);
	return true;
}
