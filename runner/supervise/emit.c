/* SPDX-License-Identifier: Apache-2.0 */
/* emit.c - events sent by hand. A broker names deliveries by plugin, event and note, not by the
 * request that caused them; so a delivery counts for the oldest request that fits it. */
#include "supervise/emit.h"

#include <string.h>

#include "base/clock.h"
#include "supervise/feed.h"
#include "supervise/supervisor.h"

static void finish(struct supervisor *s, struct emit *m, bool late)
{
	struct emit was = *m;

	*m = (struct emit){ 0 };
	control_answer(s, was.who,
		       json_pack("{s:I, s:o, s:b}", "queued", (json_int_t)was.queued, "results",
				 was.results ? was.results : json_array(), "late", late));
}

static void finish_if_done(struct supervisor *s, struct emit *m)
{
	if (m->queued_known && (!m->wait || json_array_size(m->results) >= m->queued))
		finish(s, m, false);
}

int emit_send(struct supervisor *s, struct broker *b, struct control_ref who,
	      const struct broker_emit *what, uint64_t wait_ms, struct err *e)
{
	struct broker_msg m;
	struct emit *free = NULL;

	for (size_t i = 0; i < EMITS_MAX && !free; i++)
		if (!s->emits.list[i].serial)
			free = &s->emits.list[i];
	if (!free)
		return err_set(e, ERR_FULL, "%u events are being waited for already", EMITS_MAX);
	memset(&m, 0, sizeof(m));
	m.kind = BROKER_EMIT;
	m.u.emit = *what;
	m.u.emit.serial = s->emits.last_serial + 1;
	if (broker_tell(b, &m, NULL, e) < 0)
		return -1;
	*free = (struct emit){ .serial = ++s->emits.last_serial,
			       .who = who,
			       .sent = m.u.emit,
			       .wait = wait_ms > 0,
			       .deadline_ms = clock_mono_ms() +
					      (int64_t)(wait_ms ? wait_ms : EMIT_WAIT_MS),
			       .results = json_array() };
	(void)copy_str(free->tenant, sizeof(free->tenant), b->tenant->name);
	supervisor_rearm(s);
	return 0;
}

void emit_on_emitted(struct supervisor *s, const struct broker_emitted *r)
{
	for (size_t i = 0; i < EMITS_MAX; i++) {
		struct emit *m = &s->emits.list[i];

		if (!m->serial || m->serial != r->serial)
			continue;
		if (r->error.code != ERR_OK) {
			struct emit was = *m;

			*m = (struct emit){ 0 };
			json_decref(was.results);
			control_refuse(s, was.who, &r->error);
			return;
		}
		m->queued = r->queued < EMIT_RESULTS_MAX ? r->queued : EMIT_RESULTS_MAX;
		m->queued_known = true;
		finish_if_done(s, m);
		return;
	}
}

static bool has_result_of(const struct emit *m, const char *plugin)
{
	json_t *r;
	size_t i;

	json_array_foreach(m->results, i, r) {
		const char *name = json_string_value(json_object_get(r, "plugin"));

		if (name && !strcmp(name, plugin))
			return true;
	}
	return false;
}

static bool fits(const struct emit *m, const char *tenant, const struct broker_event *ev)
{
	return m->serial && m->wait && !strcmp(m->tenant, tenant) && m->sent.event == ev->event &&
	       (!m->sent.plugin[0] || !strcmp(m->sent.plugin, ev->plugin)) &&
	       !strcmp(m->sent.note, ev->note) && !has_result_of(m, ev->plugin);
}

static void add_result(struct supervisor *s, struct emit *m, json_t *result)
{
	if (json_array_append_new(m->results, result) < 0)
		m->queued_known = m->wait = false; /* answered when its time is over */
	finish_if_done(s, m);
}

void emit_on_event(struct supervisor *s, const char *tenant, const struct broker_event *ev)
{
	struct emit *oldest = NULL;

	for (size_t i = 0; i < EMITS_MAX; i++) {
		struct emit *m = &s->emits.list[i];

		if (fits(m, tenant, ev) && (!oldest || m->serial < oldest->serial))
			oldest = m;
	}
	if (oldest)
		add_result(s, oldest,
			   json_pack("{s:o, s:b, s:o, s:I}", "plugin", feed_text(ev->plugin), "ok",
				     ev->result == 0, "text",
				     feed_text_cut(ev->text, sizeof(ev->text)), "durationUs",
				     (json_int_t)ev->duration_us));
}

void emit_on_plugin_end(struct supervisor *s, const char *tenant, const char *plugin,
			const char *why)
{
	for (size_t i = 0; i < EMITS_MAX; i++) {
		struct emit *m = &s->emits.list[i];

		if (!m->serial || !m->wait || strcmp(m->tenant, tenant) != 0 ||
		    strcmp(m->sent.plugin, plugin) != 0 || has_result_of(m, plugin))
			continue;
		add_result(s, m,
			   json_pack("{s:s, s:b, s:o}", "plugin", plugin, "ok", 0, "text",
				     feed_text(why)));
	}
}

void emit_on_time(struct supervisor *s, int64_t now_ms)
{
	for (size_t i = 0; i < EMITS_MAX; i++)
		if (s->emits.list[i].serial && s->emits.list[i].deadline_ms <= now_ms)
			finish(s, &s->emits.list[i], true);
}

int64_t emit_next_deadline(const struct supervisor *s)
{
	int64_t least = 0;

	for (size_t i = 0; i < EMITS_MAX; i++) {
		int64_t d = s->emits.list[i].serial ? s->emits.list[i].deadline_ms : 0;

		if (d && (!least || d < least))
			least = d;
	}
	return least;
}
