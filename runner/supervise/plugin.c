/* SPDX-License-Identifier: Apache-2.0 */
/* plugin.c - one installed plugin: the table of instance.c, carried out. */
#include "supervise/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "supervise/emit.h"
#include "supervise/feed.h"
#include "supervise/launch.h"
#include "supervise/note.h"
#include "supervise/stats.h"
#include "supervise/supervisor.h"

enum {
	DRAIN_MS = 500, /* a plugin that reads its wire ends in a few */
	END_MS = 15000, /* a killed cgroup is empty in milliseconds; a stuck one needs a person */
	HOST_FAULT_MS = 1000,
	BOOT_STEP_MS = 100,
};

/* ---- who is who ---- */

struct plugin *plugin_find(struct supervisor *s, const char *tenant, const char *name)
{
	for (size_t i = 0; i < s->plugin_count; i++)
		if (!strcmp(s->plugins[i]->name, name) &&
		    !strcmp(s->plugins[i]->ceiling->name, tenant))
			return s->plugins[i];
	return NULL;
}

struct plugin *plugin_find_instance(struct supervisor *s, uint64_t id)
{
	for (size_t i = 0; id && i < s->plugin_count; i++)
		if (s->plugins[i]->instance == id)
			return s->plugins[i];
	return NULL;
}

/* A broker speaks of its own tenant's instances only. */
struct plugin *plugin_find_attached(struct supervisor *s, const char *tenant, uint64_t id)
{
	struct plugin *p = plugin_find_instance(s, id);

	return p && !strcmp(p->ceiling->name, tenant) ? p : NULL;
}

struct plugin *plugin_named(struct supervisor *s, const char *tenant, const char *name,
			    struct err *e)
{
	struct plugin *found = NULL;

	for (size_t i = 0; i < s->plugin_count; i++) {
		struct plugin *p = s->plugins[i];

		if (strcmp(p->name, name) != 0 ||
		    (tenant[0] && strcmp(p->ceiling->name, tenant) != 0))
			continue;
		if (found) {
			(void)err_set(e, ERR_USAGE,
				      "%s is installed in tenants %s and %s: say which", name,
				      found->ceiling->name, p->ceiling->name);
			return NULL;
		}
		found = p;
	}
	if (!found)
		(void)err_set(e, ERR_NOT_FOUND, "no plugin %.63s is installed%s%.63s", name,
			      tenant[0] ? " in tenant " : "", tenant);
	return found;
}

int plugin_add(struct supervisor *s, const struct tenant_ceiling *t, const char *name,
	       struct plugin **ret, struct err *e)
{
	struct plugin *p = plugin_find(s, t->name, name);

	if (!p) {
		if (s->plugin_count == PLUGINS_MAX)
			return err_set(e, ERR_FULL, "%u plugins are installed already",
				       PLUGINS_MAX);
		p = calloc(1, sizeof(*p));
		if (!p)
			return err_set(e, ERR_NOMEM, "plugin");
		p->s = s;
		p->ceiling = t;
		(void)copy_str(p->name, sizeof(p->name), name);
		memset(p->host_fds, 0xff, sizeof(p->host_fds)); /* -1 */
		p->refusals.cap = PLUGIN_REFUSALS_KEPT;
		p->logs.cap = PLUGIN_LOGS_KEPT;
		standby_init(p);
		s->plugins[s->plugin_count++] = p;
	}
	*ret = p;
	return 0;
}

void plugin_drop(struct plugin *p)
{
	struct supervisor *s = p->s;

	for (size_t i = 0; i < s->plugin_count; i++)
		if (s->plugins[i] == p)
			s->plugins[i] = s->plugins[--s->plugin_count];
	launcher_forget(s, p);
	standby_drop(p);
	launch_drop(p);
	ring_free_p(&p->refusals);
	ring_free_p(&p->logs);
	for (size_t i = 0; i < p->waiter_count; i++)
		json_decref(p->waiters[i].result);
	free(p);
}

static struct registry_entry *entry_of(const struct plugin *p)
{
	return registry_find(&p->s->registry, p->ceiling->name, p->name);
}

/* ---- who waits ---- */

json_t *plugin_describe(const struct plugin *p)
{
	const struct registry_entry *g = entry_of(p);
	char signer[DIGEST_HEX_BYTES] = "";
	json_t *o;

	if (g)
		hex_encode(g->signer, DIGEST_BYTES, signer);
	o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:I}", "plugin", p->name,
		      "tenant", p->ceiling->name, "state", instance_state_name(p->state), "version",
		      g ? g->version : "", "bundle", g ? g->bundle : "", "signer", signer, "uid",
		      (json_int_t)p->s->ceiling.plugin_uid_base + (g ? g->uid_index : 0),
		      "restarts", (json_int_t)(p->starts ? p->starts - 1 : 0), "enabled",
		      g && g->enabled, "instance", (json_int_t)p->instance);
	if (p->rests)
		(void)json_object_set_new(o, "rests", json_true());
	if (standby_ready(p))
		(void)json_object_set_new(o, "standby", json_integer(standby_ready(p)));
	if (instance_is_up(p->state))
		(void)json_object_set_new(o, "upMs", json_integer(clock_mono_ms() - p->up_at_ms));
	if (p->reason.code != ERR_OK && !instance_is_up(p->state)) {
		(void)json_object_set_new(o, "reason", feed_text(p->reason.text));
		(void)json_object_set_new(o, "reasonName", json_string(err_name(p->reason.code)));
	}
	if (p->state == INSTANCE_BACKOFF && p->deadline_ms)
		(void)json_object_set_new(o, "nextStartMs",
					  json_integer(p->deadline_ms - clock_mono_ms()));
	return o;
}

static bool reached(const struct plugin *p, enum plugin_goal goal)
{
	if (goal == PLUGIN_GOAL_STOPPED)
		return !instance_is_alive(p->state) && p->state != INSTANCE_BACKOFF;
	return instance_is_up(p->state);
}

/* It will not get there without a person, or not soon. */
static bool given_up(const struct plugin *p)
{
	return p->state == INSTANCE_STOPPED || p->state == INSTANCE_QUARANTINED ||
	       p->state == INSTANCE_STUCK || p->state == INSTANCE_BACKOFF;
}

static void answer(struct plugin *p, struct plugin_waiter *w)
{
	struct err why;

	if (reached(p, w->goal) || w->goal == PLUGIN_GOAL_SETTLED) {
		json_t *d = plugin_describe(p);

		if (w->result)
			(void)json_object_update(d, w->result);
		control_answer(p->s, w->who, d);
	} else {
		(void)err_set(&why, p->reason.code ? p->reason.code : ERR_STATE, "%s is %s: %s",
			      p->name, instance_state_name(p->state), p->reason.text);
		control_refuse(p->s, w->who, &why);
	}
	json_decref(w->result);
}

static void answer_waiters(struct plugin *p)
{
	for (size_t i = p->waiter_count; i-- > 0;) {
		struct plugin_waiter w = p->waiters[i];

		if (!reached(p, w.goal) && !given_up(p))
			continue;
		p->waiters[i] = p->waiters[--p->waiter_count];
		answer(p, &w);
	}
}

int plugin_wait(struct plugin *p, struct control_ref who, enum plugin_goal goal, json_t *result,
		struct err *e)
{
	struct plugin_waiter w = { who, goal, result };

	if (reached(p, goal) || given_up(p)) { /* what was asked for may have failed already */
		answer(p, &w);
		return CONTROL_LATER;
	}
	if (p->waiter_count == PLUGIN_WAITERS_MAX) {
		json_decref(result);
		return err_set(e, ERR_FULL, "%u callers wait for %s already", PLUGIN_WAITERS_MAX,
			       p->name);
	}
	p->waiters[p->waiter_count++] = w;
	return CONTROL_LATER;
}

/* ---- what the table says ---- */

static void act_launch(struct plugin *p)
{
	struct err e = { 0 };

	p->ended_well = false;
	p->rests = false;
	if (launch_begin(p, &e) == 0)
		return;
	p->reason = e;
	feed_plugin(p, "refused", e.text, json_pack("{s:s}", "name", err_name(e.code)));
	note_tell(p->s, &(struct note){ .event = "launch.refused",
					.tenant = p->ceiling->name,
					.plugin = p->name,
					.result = err_name(e.code),
					.detail = e.text });
	(void)plugin_event(p, INSTANCE_EV_FAILED);
}

static void act_announce(struct plugin *p)
{
	p->up_at_ms = clock_mono_ms();
	p->reason = (struct err){ 0 };
	feed_plugin(p, "up", "takes events", NULL);
	answer_waiters(p);
	standby_adjust(p);
}

/* The longer time counts from the same moment as the shorter one. */
static void act_freeze(struct plugin *p)
{
	const struct limits *l = &p->policy->limits;
	int64_t more = (int64_t)l->stop_after_ms - l->freeze_after_ms;

	p->deadline_ms = clock_mono_ms() + (more > 0 ? more : 0);
	launch_freeze(p, true);
	feed_plugin(p, "idle", "frozen until its next event", NULL);
}

static void act_thaw(struct plugin *p)
{
	launch_freeze(p, false);
	feed_plugin(p, "up", "has work again", NULL);
}

static void act_drain(struct plugin *p)
{
	(void)standby_end_all(p);
	if (p->frozen)
		launch_freeze(p, false); /* to hear that it is to end */
	launch_detach(p);
	p->deadline_ms = clock_mono_ms() + DRAIN_MS;
	if (!p->instance && !p->asked) {
		p->waits_for_broker = false;
		(void)plugin_event(p, INSTANCE_EV_FAILED);
	}
}

static void act_rest(struct plugin *p)
{
	p->rests = true;
	act_drain(p);
}

static void act_kill(struct plugin *p)
{
	p->deadline_ms = clock_mono_ms() + END_MS;
	if (launch_kill(p) == 1)
		(void)plugin_event(p, INSTANCE_EV_FAILED);
}

static void set_quarantine(struct plugin *p, bool on)
{
	struct registry_entry *g = entry_of(p);
	struct err e = { 0 };

	if (!g || (g->quarantined == on && !on))
		return;
	g->quarantined = on;
	memset(g->reason, 0, sizeof(g->reason));
	if (on)
		(void)snprintf(g->reason, sizeof(g->reason), "%.200s", p->reason.text);
	if (registry_save(p->s->store.registry, g, &e) < 0)
		feed_plugin(p, "registry", e.text, NULL);
}

static void act_rule(struct plugin *p)
{
	static const struct restart_rule normal = { 0 };
	const struct restart_rule rule = p->policy ? p->policy->restart : normal;
	enum plugin_blame blame = p->blame;
	struct restart_decision d = { .verdict = RESTART_AGAIN, .delay_ms = HOST_FAULT_MS };

	launch_drop(p);
	if (blame == PLUGIN_BLAME_PLUGIN)
		standby_note_need(p);
	p->blame = PLUGIN_BLAME_PLUGIN;
	if (blame == PLUGIN_BLAME_POLICY)
		d.verdict = RESTART_LEAVE;
	else if (blame == PLUGIN_BLAME_PLUGIN)
		d = restart_decide(&p->restart, &rule, !p->ended_well, clock_mono_ms(),
				   supervisor_chance(p->s));
	if (d.verdict == RESTART_AGAIN) {
		p->deadline_ms = clock_mono_ms() + (int64_t)d.delay_ms;
		feed_plugin(p, "backoff", p->reason.text,
			    json_pack("{s:I, s:I}", "delayMs", (json_int_t)d.delay_ms, "recent",
				      (json_int_t)d.recent));
		answer_waiters(p);
		return;
	}
	(void)plugin_event(p,
			   d.verdict == RESTART_LEAVE ? INSTANCE_EV_REST : INSTANCE_EV_QUARANTINE);
}

static void act_finish(struct plugin *p)
{
	enum plugin_then then = p->then;

	if (standby_end_all(p) > 0) { /* their end leads here again */
		p->state = INSTANCE_ENDING;
		p->deadline_ms = clock_mono_ms() + END_MS;
		p->instance = 0;
		return;
	}
	launch_drop(p);
	p->then = PLUGIN_THEN_REST;
	if (then == PLUGIN_THEN_START) {
		(void)plugin_event(p, INSTANCE_EV_START);
		return;
	}
	feed_plugin(p, "stopped",
		    p->rests	     ? "idle; its next event starts it"
		    : p->reason.code ? p->reason.text
				     : "as asked",
		    NULL);
	answer_waiters(p);
	if (then == PLUGIN_THEN_RETIRE)
		plugin_retire(p);
}

/* Why it was killed stays readable behind it. */
static void explain_stuck(struct plugin *p)
{
	struct err was = p->reason;

	(void)err_set(&p->reason, ERR_STATE, "killed, but the kernel does not let go of it%s%.120s",
		      was.code ? "; killed because: " : "", was.code ? was.text : "");
}

static void act_alarm(struct plugin *p)
{
	bool quarantined = p->state == INSTANCE_QUARANTINED;

	(void)standby_end_all(p);
	if (!quarantined)
		explain_stuck(p);
	if (quarantined)
		set_quarantine(p, true);
	note_tell(p->s, &(struct note){ .event = quarantined ? "quarantine" : "stuck",
					.tenant = p->ceiling->name,
					.plugin = p->name,
					.instance = p->instance,
					.result = "deny",
					.detail = p->reason.text });
	feed_plugin(p, quarantined ? "quarantine" : "stuck", p->reason.text, NULL);
	answer_waiters(p);
}

static void act_none(struct plugin *p)
{
	(void)p;
}

bool plugin_event(struct plugin *p, enum instance_event ev)
{
	static void (*const actions[])(struct plugin * p) = {
		[INSTANCE_ACT_NONE] = act_none,		[INSTANCE_ACT_LAUNCH] = act_launch,
		[INSTANCE_ACT_ANNOUNCE] = act_announce, [INSTANCE_ACT_DRAIN] = act_drain,
		[INSTANCE_ACT_FREEZE] = act_freeze,	[INSTANCE_ACT_THAW] = act_thaw,
		[INSTANCE_ACT_REST] = act_rest,		[INSTANCE_ACT_KILL] = act_kill,
		[INSTANCE_ACT_RULE] = act_rule,		[INSTANCE_ACT_FINISH] = act_finish,
		[INSTANCE_ACT_ALARM] = act_alarm,
	};
	struct supervisor *s = p->s; /* the plugin itself may be gone after its action */
	struct instance_step step;

	if (!instance_step(p->state, ev, &step))
		return false;
	if (step.action != INSTANCE_ACT_NONE)
		p->deadline_ms = 0;
	p->state = step.next;
	actions[step.action](p);
	supervisor_rearm(s);
	return true;
}

bool plugin_start(struct plugin *p)
{
	restart_forget(&p->restart);
	set_quarantine(p, false);
	return instance_is_up(p->state) || p->state == INSTANCE_STARTING ||
	       plugin_event(p, INSTANCE_EV_START);
}

static void start_in(struct plugin *p, int64_t delay_ms)
{
	p->state = INSTANCE_BACKOFF;
	p->deadline_ms = clock_mono_ms() + delay_ms;
	supervisor_rearm(p->s);
}

void plugin_boot(struct plugin *p)
{
	const struct registry_entry *g = entry_of(p);

	if (g && g->quarantined) {
		p->state = INSTANCE_QUARANTINED;
		(void)err_set(&p->reason, ERR_STATE, "%s", g->reason);
	} else if (g && g->enabled) {
		start_in(p, 0);
	}
}

void plugin_renew(struct plugin *p)
{
	if (!instance_is_alive(p->state))
		return;
	p->then = PLUGIN_THEN_START;
	(void)plugin_event(p, INSTANCE_EV_STOP);
}

/* ---- what happens to it ---- */

void plugin_fault(struct plugin *p, enum plugin_blame blame, const struct err *why)
{
	struct instance_step step;

	if (!instance_step(p->state, INSTANCE_EV_FAULT, &step))
		return;
	p->blame = blame;
	p->reason = *why;
	if (p->reason.code == ERR_OK)
		p->reason.code = ERR_PROTOCOL;
	/* Killing takes rights away: it is put on record first, and done even when that fails. */
	note_tell(p->s, &(struct note){ .event = "kill",
					.tenant = p->ceiling->name,
					.plugin = p->name,
					.instance = p->instance,
					.result = err_name(p->reason.code),
					.detail = p->reason.text });
	feed_plugin(p, "kill", p->reason.text,
		    json_pack("{s:s}", "name", err_name(p->reason.code)));
	(void)plugin_event(p, INSTANCE_EV_FAULT);
}

void plugin_on_up(struct plugin *p)
{
	(void)plugin_event(p, INSTANCE_EV_UP);
}

void plugin_on_wanted(struct plugin *p)
{
	const struct registry_entry *g = entry_of(p);

	if (g && g->enabled && p->state == INSTANCE_STOPPED)
		(void)plugin_event(p, INSTANCE_EV_START);
	else if (p->rests && p->then == PLUGIN_THEN_REST)
		p->then = PLUGIN_THEN_START; /* on its way to rest */
}

void plugin_on_quiet(struct plugin *p, bool quiet)
{
	(void)plugin_event(p, quiet ? INSTANCE_EV_QUIET : INSTANCE_EV_WORK);
}

/* A broker that is killed closes the plugin's wire and our link one after the other. A plugin that
 * sees the first ends well, and we may hear of that before we hear of the broker. */
static bool left_with_its_broker(const struct plugin *p)
{
	const struct registry_entry *g = entry_of(p);

	return (p->state == INSTANCE_STOPPED || p->state == INSTANCE_ENDING) && !p->instance &&
	       p->ended_well && g && g->enabled &&
	       clock_mono_ms() - p->ended_at_ms <= HOST_FAULT_MS;
}

/* Its events were kept by the broker, and no other one knows of them until it was attached once. */
static bool is_missed(const struct plugin *p)
{
	return p->state == INSTANCE_STOPPED && p->rests;
}

void plugin_on_broker(struct supervisor *s, const char *tenant, const struct err *lost)
{
	for (size_t i = 0; i < s->plugin_count; i++) {
		struct plugin *p = s->plugins[i];
		struct err e = { 0 };

		if (strcmp(p->ceiling->name, tenant) != 0)
			continue;
		if (lost)
			(void)standby_end_all(p);
		if (lost && p->instance) {
			plugin_fault(p, PLUGIN_BLAME_HOST, lost);
		} else if (lost && (left_with_its_broker(p) || is_missed(p))) {
			p->reason = *lost;
			if (p->state == INSTANCE_STOPPED)
				start_in(p, HOST_FAULT_MS);
			else
				p->then = PLUGIN_THEN_START; /* its standbys end first */
		} else if (p->waits_for_broker && (lost || launch_go_on(p, &e) < 0)) {
			p->waits_for_broker = false;
			p->reason = lost ? *lost : e;
			p->blame = PLUGIN_BLAME_HOST;
			(void)plugin_event(p, INSTANCE_EV_FAILED);
		}
	}
}

static size_t count_starting(const struct supervisor *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->plugin_count; i++)
		n += s->plugins[i]->state == INSTANCE_STARTING;
	return n;
}

void plugin_on_time(struct plugin *p, int64_t now_ms)
{
	standby_on_time(p, now_ms);
	if (!p->deadline_ms || p->deadline_ms > now_ms)
		return;
	if (p->state == INSTANCE_BACKOFF && count_starting(p->s) >= STARTS_AT_ONCE) {
		p->deadline_ms = now_ms + BOOT_STEP_MS;
		return;
	}
	p->deadline_ms = 0;
	if (p->state == INSTANCE_STARTING) {
		struct err late;

		(void)err_set(&late, ERR_TIMEOUT, "%s",
			      p->instance ? "did not answer initialize in time"
					  : "was not started in time");
		plugin_fault(p, p->instance ? PLUGIN_BLAME_PLUGIN : PLUGIN_BLAME_HOST, &late);
		return;
	}
	(void)plugin_event(p, INSTANCE_EV_TIMEOUT);
}
