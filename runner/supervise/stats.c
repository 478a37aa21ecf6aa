/* SPDX-License-Identifier: Apache-2.0 */
/* stats.c - one round of questions, then an answer to all who asked. */
#include "supervise/stats.h"

#include <string.h>

#include "base/clock.h"
#include "supervise/supervisor.h"

/* The canary of each start is refused on purpose, before the plugin runs: it is not the plugin's.
 */
static uint64_t own_refusals(const struct usage *u)
{
	return u->refused ? u->refused - 1 : 0;
}

/* ---- what is remembered of gone instances ---- */

void stats_add_usage(struct plugin *p, const struct usage *last)
{
	p->past.cpu_ns += last->cpu_ns;
	p->past.runtime_ns += last->runtime_ns;
	p->past.refused += own_refusals(last);
	p->past.opens += last->opens;
	if (last->memory_peak_bytes > p->past.memory_peak_bytes)
		p->past.memory_peak_bytes = last->memory_peak_bytes;
}

void stats_keep_usage(struct plugin *p, const struct usage *last)
{
	stats_add_usage(p, last);
	memset(&p->now, 0, sizeof(p->now));
}

static void keep_calls(struct plugin *p)
{
	p->stats_past.calls += p->stats_now.calls;
	p->stats_past.refused += p->stats_now.refused;
	p->stats_past.events += p->stats_now.events;
	p->stats_past.failed += p->stats_now.failed;
	p->stats_past.log_lines += p->stats_now.log_lines;
	p->stats_past.log_dropped_bytes += p->stats_now.log_dropped_bytes;
	memset(&p->stats_now, 0, sizeof(p->stats_now));
}

uint64_t stats_refusals(const struct plugin *p)
{
	return p->past.refused + own_refusals(&p->now);
}

/* ---- the answer ---- */

struct sums {
	uint64_t cpu_ms, memory, memory_peak, runtime_ms, calls, calls_refused, kernel_refusals,
		events, failed, queued, restarts, log_lines, plugins, up;
};

static struct sums sums_of(const struct plugin *p)
{
	struct sums z = {
		.cpu_ms = (p->past.cpu_ns + p->now.cpu_ns) / 1000000,
		.memory = p->now.memory_bytes,
		.memory_peak = p->past.memory_peak_bytes > p->now.memory_peak_bytes
				       ? p->past.memory_peak_bytes
				       : p->now.memory_peak_bytes,
		.runtime_ms = (p->past.runtime_ns + p->now.runtime_ns) / 1000000,
		.calls = p->stats_past.calls + p->stats_now.calls,
		.calls_refused = p->stats_past.refused + p->stats_now.refused,
		.kernel_refusals = stats_refusals(p),
		.events = p->stats_past.events + p->stats_now.events,
		.failed = p->stats_past.failed + p->stats_now.failed,
		.queued = p->stats_now.queued,
		.restarts = p->starts ? p->starts - 1 : 0,
		.log_lines = p->stats_past.log_lines + p->stats_now.log_lines,
		.plugins = 1,
		.up = instance_is_up(p->state),
	};

	return z;
}

static void add(struct sums *to, const struct sums *z)
{
	to->cpu_ms += z->cpu_ms;
	to->memory += z->memory;
	to->memory_peak += z->memory_peak;
	to->runtime_ms += z->runtime_ms;
	to->calls += z->calls;
	to->calls_refused += z->calls_refused;
	to->kernel_refusals += z->kernel_refusals;
	to->events += z->events;
	to->failed += z->failed;
	to->queued += z->queued;
	to->restarts += z->restarts;
	to->log_lines += z->log_lines;
	to->plugins += z->plugins;
	to->up += z->up;
}

static json_t *sums_to_json(const struct sums *z)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "cpuMs",
			 (json_int_t)z->cpu_ms, "memoryBytes", (json_int_t)z->memory,
			 "memoryPeakBytes", (json_int_t)z->memory_peak, "runtimeMs",
			 (json_int_t)z->runtime_ms, "calls", (json_int_t)z->calls, "callsRefused",
			 (json_int_t)z->calls_refused, "kernelRefusals",
			 (json_int_t)z->kernel_refusals, "events", (json_int_t)z->events,
			 "eventsFailed", (json_int_t)z->failed, "queued", (json_int_t)z->queued,
			 "restarts", (json_int_t)z->restarts, "logLines", (json_int_t)z->log_lines);
}

static json_t *plugin_row(const struct plugin *p, const struct sums *z)
{
	json_t *row = sums_to_json(z);

	(void)json_object_set_new(row, "plugin", json_string(p->name));
	(void)json_object_set_new(row, "tenant", json_string(p->ceiling->name));
	(void)json_object_set_new(row, "state", json_string(instance_state_name(p->state)));
	(void)json_object_set_new(row, "tasks", json_integer((json_int_t)p->now.tasks));
	return row;
}

static json_t *sum_row(const char *tenant, const struct sums *z)
{
	json_t *row = sums_to_json(z);

	if (tenant)
		(void)json_object_set_new(row, "tenant", json_string(tenant));
	(void)json_object_set_new(row, "plugins", json_integer((json_int_t)z->plugins));
	(void)json_object_set_new(row, "up", json_integer((json_int_t)z->up));
	return row;
}

static json_t *answer(const struct supervisor *s)
{
	json_t *plugins = json_array(), *tenants = json_array();
	struct sums host = { 0 };

	for (uint32_t t = 0; t < s->ceiling.tenant_count; t++) {
		const struct tenant_ceiling *c = &s->ceiling.tenants[t];
		struct sums tenant = { 0 };

		for (size_t i = 0; i < s->plugin_count; i++) {
			const struct plugin *p = s->plugins[i];
			struct sums z = sums_of(p);

			if (p->ceiling != c)
				continue;
			add(&tenant, &z);
			(void)json_array_append_new(plugins, plugin_row(p, &z));
		}
		add(&host, &tenant);
		(void)json_array_append_new(tenants, sum_row(c->name, &tenant));
	}
	return json_pack("{s:o, s:o, s:o, s:b, s:I}", "plugins", plugins, "tenants", tenants,
			 "host", sum_row(NULL, &host), "complete",
			 !s->stats.usage_open && !s->stats.brokers_open, "auditLost",
			 (json_int_t)s->audit_lost);
}

static void finish(struct supervisor *s)
{
	struct stats *t = &s->stats;
	json_t *result = answer(s);
	size_t n = t->asker_count;

	t->running = false;
	t->asker_count = 0;
	for (size_t i = 0; i < n; i++)
		control_answer(s, t->askers[i], json_incref(result));
	json_decref(result);
	t->usage_open = false;
	t->brokers_open = 0;
}

static void finish_if_done(struct supervisor *s)
{
	if (s->stats.running && !s->stats.usage_open && !s->stats.brokers_open)
		finish(s);
}

/* ---- the round ---- */

static void on_usage(struct supervisor *s, void *arg, const struct launch_msg *m,
		     struct record_fds *fds)
{
	struct plugin *p;

	(void)arg;
	(void)fds;
	if (m->result < 0) {
		s->stats.usage_open = false;
		finish_if_done(s);
		return;
	}
	p = plugin_find_instance(s, m->u.usage.id);
	if (p)
		p->now = m->u.usage.usage;
	if (!m->u.usage.more) {
		s->stats.usage_open = false;
		finish_if_done(s);
	}
}

/* The last figures of an instance come after its end, and before the first of the next one. */
static void take_calls(struct plugin *p, const struct broker_stats *m)
{
	if (p->stats_now.id != m->id)
		keep_calls(p);
	p->stats_now = *m;
	if (p->instance != m->id)
		p->stats_now.queued = 0;
}

void stats_on_broker(struct supervisor *s, const char *tenant, const struct broker_stats *m)
{
	for (size_t i = 0; m->id && i < s->plugin_count; i++) {
		struct plugin *p = s->plugins[i];

		if (!strcmp(p->ceiling->name, tenant) && p->last_instance == m->id)
			take_calls(p, m);
	}
	if (m->more)
		return;
	for (uint32_t i = 0; i < s->ceiling.tenant_count; i++)
		if (!strcmp(s->ceiling.tenants[i].name, tenant))
			s->stats.brokers_open &= ~(1u << i);
	finish_if_done(s);
}

static void begin(struct supervisor *s)
{
	struct launch_msg usage;
	struct broker_msg calls;

	s->stats.running = true;
	s->stats.deadline_ms = clock_mono_ms() + STATS_ROUND_MS;
	memset(&usage, 0, sizeof(usage));
	usage.kind = LAUNCH_USAGE;
	s->stats.usage_open = launcher_ask(s, &usage, NULL, on_usage, &s->stats, NULL) == 0;
	for (uint32_t i = 0; i < s->ceiling.tenant_count; i++) {
		memset(&calls, 0, sizeof(calls));
		calls.kind = BROKER_STATS;
		if (broker_tell(&s->brokers[i], &calls, NULL, NULL) == 0)
			s->stats.brokers_open |= 1u << i;
	}
	supervisor_rearm(s);
}

int stats_ask(struct supervisor *s, struct control_ref who, struct err *e)
{
	if (s->stats.asker_count == STATS_ASKERS_MAX)
		return err_set(e, ERR_FULL, "%u callers wait for figures already",
			       STATS_ASKERS_MAX);
	s->stats.askers[s->stats.asker_count++] = who;
	if (!s->stats.running)
		begin(s);
	finish_if_done(s);
	return CONTROL_LATER;
}

void stats_on_time(struct supervisor *s, int64_t now_ms)
{
	if (s->stats.running && s->stats.deadline_ms <= now_ms)
		finish(s);
}
