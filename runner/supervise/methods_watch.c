/* SPDX-License-Identifier: Apache-2.0 */
/* methods_watch.c - stats, emit, events, logs, refusals, inspect, selftest. */
#include <string.h>

#include "policy/grant.h"
#include "supervise/feed.h"
#include "supervise/inspect.h"
#include "supervise/methods.h"
#include "supervise/selftest.h"
#include "supervise/supervisor.h"

enum { LAST_DEFAULT = 100, LAST_MAX = 4096, WAIT_MAX_MS = 600000 };

int method_stats(struct control_request *q, struct err *e)
{
	return stats_ask(q->s, q->who, e);
}

/* ---- emit ---- */

static int take_emit(const struct control_request *q, struct broker_emit *m, struct err *e)
{
	char event[NAME_MAX_BYTES];
	int type;

	memset(m, 0, sizeof(*m));
	if (method_text(q, "event", true, sizeof(event), event, e) < 0 ||
	    method_text(q, "plugin", false, sizeof(m->plugin), m->plugin, e) < 0 ||
	    method_text(q, "note", false, sizeof(m->note), m->note, e) < 0 ||
	    method_text(q, "command", false, sizeof(m->text), m->text, e) < 0)
		return -1;
	type = event_from_name(event);
	if (type < 0)
		return err_set(e, ERR_USAGE, "no event %.60s", event);
	if (type == EVENT_NOTE_SAVE && !relative_path_is_valid(m->note))
		return err_set(e, ERR_USAGE, "%s needs a note: its path below the vault", event);
	if (type == EVENT_COMMAND_PALETTE && !m->text[0])
		return err_set(e, ERR_USAGE, "%s needs a command", event);
	m->event = (uint32_t)type;
	return 0;
}

int method_emit(struct control_request *q, struct err *e)
{
	const struct tenant_ceiling *t;
	struct broker_emit m;
	struct plugin *p = NULL;
	bool wait = false;
	uint64_t ms = EMIT_WAIT_MS;

	if (take_emit(q, &m, e) < 0 ||
	    json_get_bool((struct json_place){ q->params, "" }, "wait", &wait, e) < 0 ||
	    json_get_uint((struct json_place){ q->params, "" }, "timeoutMs", false, WAIT_MAX_MS,
			  &ms, e) < 0)
		return -1;
	if (m.plugin[0]) {
		if (method_plugin(q, &p, e) < 0)
			return -1;
		t = p->ceiling;
		if (!instance_is_alive(p->state) && p->state != INSTANCE_BACKOFF && !p->rests)
			return err_set(e, ERR_STATE, "%s is %s; kennel start %s", p->name,
				       instance_state_name(p->state), p->name);
	} else if (method_tenant(q, &t, e) < 0) {
		return -1;
	}
	if (broker_ensure(q->s, t, e) < 0)
		return -1;
	if (emit_send(q->s, broker_of(q->s, t->name), q->who, &m, wait ? (ms ? ms : 1) : 0, e) < 0)
		return -1;
	return CONTROL_LATER;
}

/* ---- what happened ---- */

struct watch {
	struct control_filter filter;
	bool follow;
	uint64_t last;
};

static int take_watch(const struct control_request *q, struct watch *w, struct err *e)
{
	struct json_place at = { q->params, "" };

	*w = (struct watch){ .last = LAST_DEFAULT };
	if (method_filter(q, &w->filter, e) < 0 || json_get_bool(at, "follow", &w->follow, e) < 0 ||
	    json_get_uint(at, "last", false, LAST_MAX, &w->last, e) < 0)
		return -1;
	return 0;
}

static json_t *filtered(json_t *all, const struct watch *w)
{
	json_t *out = json_array(), *item;
	size_t i, over;

	json_array_foreach(all, i, item)
		if (control_filter_takes_item(&w->filter, item))
			(void)json_array_append(out, item);
	json_decref(all);
	over = json_array_size(out) > w->last ? json_array_size(out) - (size_t)w->last : 0;
	while (over-- > 0)
		(void)json_array_remove(out, 0);
	return out;
}

/* The past as notifications, then whatever comes; without follow the past is the answer. */
static int answer(struct control_request *q, struct watch *w, json_t *past, const char *key,
		  struct err *e)
{
	json_t *item;
	size_t i;

	if (!w->follow) {
		q->result = json_pack("{s:o}", key, past);
		return CONTROL_DONE;
	}
	if (control_set_filter(q->s, q->who, &w->filter, e) < 0) {
		json_decref(past);
		return -1;
	}
	json_array_foreach(past, i, item)
		control_progress(q->s, q->who, json_incref(item));
	json_decref(past);
	return CONTROL_LATER;
}

int method_events(struct control_request *q, struct err *e)
{
	struct watch w;

	if (take_watch(q, &w, e) < 0)
		return -1;
	w.filter.follow = FOLLOW_EVENTS;
	return answer(q, &w, filtered(ring_list(&q->s->events, EVENTS_KEPT), &w), "events", e);
}

int method_logs(struct control_request *q, struct err *e)
{
	json_t *lines = json_array();
	struct watch w;

	if (take_watch(q, &w, e) < 0) {
		json_decref(lines);
		return -1;
	}
	w.filter.follow = FOLLOW_LOGS;
	for (size_t i = 0; i < q->s->plugin_count; i++) {
		const struct plugin *p = q->s->plugins[i];
		json_t *own;

		if ((w.filter.plugin[0] && strcmp(w.filter.plugin, p->name) != 0) ||
		    (w.filter.tenant[0] && strcmp(w.filter.tenant, p->ceiling->name) != 0))
			continue;
		own = ring_list(&p->logs, (size_t)w.last);
		(void)json_array_extend(lines, own);
		json_decref(own);
	}
	return answer(q, &w, lines, "lines", e);
}

int method_refusals(struct control_request *q, struct err *e)
{
	struct plugin *p;
	struct watch w;

	if (take_watch(q, &w, e) < 0 || method_plugin(q, &p, e) < 0)
		return -1;
	q->result = json_pack(
		"{s:o, s:I, s:I}", "refusals", ring_list(&p->refusals, (size_t)w.last), "described",
		(json_int_t)p->refusals_seen, "counted", (json_int_t)stats_refusals(p));
	return CONTROL_DONE;
}

int method_inspect(struct control_request *q, struct err *e)
{
	struct plugin *p;

	return method_plugin(q, &p, e) < 0 ? -1 : inspect_ask(p, q->who, e);
}

int method_selftest(struct control_request *q, struct err *e)
{
	return selftest_ask(q->s, q->who, e);
}
