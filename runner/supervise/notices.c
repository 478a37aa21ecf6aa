/* SPDX-License-Identifier: Apache-2.0 */
/* notices.c - what the launcher tells of an instance: how it ended, what it was refused. */
#include <string.h>

#include "base/clock.h"
#include "supervise/emit.h"
#include "supervise/feed.h"
#include "supervise/launch.h"
#include "supervise/link_broker.h"
#include "supervise/note.h"
#include "supervise/plugin.h"
#include "supervise/stats.h"
#include "supervise/supervisor.h"

enum {
	REFUSALS_A_SECOND = 10,
	CANARY_SEQ = 1, /* the launcher has seen it counted before anything of the plugin ran */
};

/* ---- refusals ---- */

static struct note refusal_note(const struct plugin *p)
{
	return (struct note){ .event = "deny",
			      .tenant = p->ceiling->name,
			      .plugin = p->name,
			      .instance = p->instance,
			      .method = "kernel",
			      .result = "deny",
			      .soon = true };
}

/* What was held back since the last second stands in one record. */
static void tell_held_back(struct plugin *p)
{
	struct note n = refusal_note(p);

	if (!p->rate.held_back)
		return;
	n.count = p->rate.held_back;
	n.detail = "more refusals than are written one by one";
	p->rate.held_back = 0;
	note_tell(p->s, &n);
}

void plugin_on_refusal(struct supervisor *s, const struct launch_refusal *r)
{
	struct plugin *p = plugin_find_instance(s, r->id);
	int64_t second = clock_mono_ms() / 1000;
	struct launch_refusal safe = *r;
	char detail[REFUSAL_TEXT_MAX];
	struct note n;

	if (!p)
		p = standby_owner(s, r->id);
	if (!p || r->refusal.seq == CANARY_SEQ)
		return;
	safe.path[sizeof(safe.path) - 1] = '\0';
	p->refusals_seen++;
	feed_refusal(p, &safe);
	if (p->rate.second != second) {
		tell_held_back(p);
		p->rate = (struct plugin_rate){ .second = second };
	}
	if (p->rate.written >= REFUSALS_A_SECOND) {
		p->rate.held_back++;
		return;
	}
	p->rate.written++;
	n = refusal_note(p);
	n.instance = r->id;
	n.object = safe.path;
	n.detail = feed_refusal_text(&safe, detail);
	note_tell(s, &n);
}

/* ---- ends ---- */

static void describe_end(const struct plugin *p, const struct launch_ended *end, struct err *ret)
{
	unsigned long long mib =
		p->policy ? (unsigned long long)p->policy->limits.memory_bytes >> 20 : 0;

	switch (end->cause) {
	case END_EXIT:
		(void)err_set(ret, ERR_STATE, "ended by itself with status %u", end->status);
		break;
	case END_SIGNAL:
		(void)err_set(ret, ERR_STATE, "crashed: signal %u (%s)", end->status,
			      end->status < 65 && sigabbrev_np((int)end->status)
				      ? sigabbrev_np((int)end->status)
				      : "unknown");
		break;
	case END_OOM:
		(void)err_set(ret, ERR_LIMIT, "needed more memory than its limit of %llu MiB", mib);
		break;
	case END_SETUP:
		(void)err_set(ret, ERR_CONFINE, "its jail could not be set up; nothing of it ran");
		break;
	default:
		(void)err_set(ret, ERR_STATE, "was killed");
	}
}

/* Whose end it was. A plugin that loses its broker ends well, and is wanted again all the same. */
static void judge_end(struct plugin *p, const struct launch_ended *end, const struct err *why)
{
	const struct broker *b = broker_of(p->s, p->ceiling->name);
	bool well = end->cause == END_EXIT && end->status == 0;

	p->ended_well = well && !broker_has_ended(b);
	p->blame = well && !p->ended_well ? PLUGIN_BLAME_HOST : PLUGIN_BLAME_PLUGIN;
	p->reason = *why;
	if (p->blame == PLUGIN_BLAME_HOST)
		(void)err_set(&p->reason, ERR_IO, "its broker ended");
}

void plugin_on_ended(struct supervisor *s, const struct launch_ended *end)
{
	struct plugin *p = plugin_find_instance(s, end->id);
	struct err why = { 0 };
	bool faulted, asked_for;

	if (!p) {
		(void)standby_on_ended(s, end);
		return;
	}
	p->ended_at_ms = clock_mono_ms();
	faulted = p->state == INSTANCE_KILLING || p->state == INSTANCE_STUCK;
	asked_for = p->state == INSTANCE_DRAINING || p->state == INSTANCE_ENDING;
	describe_end(p, end, &why);
	tell_held_back(p);
	if (!faulted)
		judge_end(p, end, &why);
	else
		p->ended_well = false;
	if (p->state == INSTANCE_STUCK) /* it is no more what it was */
		p->reason = why;
	if (asked_for)
		p->reason = (struct err){ 0 };
	note_tell(s, &(struct note){
			     .event = faulted || asked_for || p->ended_well ? "end" : "crash",
			     .tenant = p->ceiling->name,
			     .plugin = p->name,
			     .instance = p->instance,
			     .result = asked_for || p->ended_well ? "ok" : err_name(p->reason.code),
			     .detail = why.text });
	feed_plugin(p, "end", faulted ? p->reason.text : why.text,
		    json_pack("{s:i, s:i, s:I}", "cause", (int)end->cause, "status",
			      (int)end->status, "cpuMs",
			      (json_int_t)(end->usage.cpu_ns / 1000000)));
	launch_detach(p);
	stats_keep_usage(p, &end->usage);
	p->stats_now.queued = 0;
	p->instance = 0;
	if (!p->rests) /* what came while it went to rest starts it again, and is answered then */
		emit_on_plugin_end(s, p->ceiling->name, p->name,
				   faulted ? p->reason.text : why.text);
	(void)plugin_event(p, INSTANCE_EV_ENDED);
}
