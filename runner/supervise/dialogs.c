/* SPDX-License-Identifier: Apache-2.0 */
/* dialogs.c - questions of plugins that wait for a person, as the brokers tell of them. */
#include "supervise/dialogs.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "supervise/feed.h"
#include "supervise/methods.h"
#include "supervise/supervisor.h"

enum { DEPTH_DIALOG = 5 };

/* ---- what brokers tell ---- */

static struct shown_dialog *find(struct broker *b, uint64_t of_broker)
{
	for (size_t i = 0; i < DIALOGS_MAX; i++)
		if (b->dialogs[i].id && b->dialogs[i].of_broker == of_broker)
			return &b->dialogs[i];
	return NULL;
}

static struct shown_dialog *find_free(struct broker *b)
{
	for (size_t i = 0; i < DIALOGS_MAX; i++)
		if (!b->dialogs[i].id)
			return &b->dialogs[i];
	return NULL;
}

static void drop(struct shown_dialog *d)
{
	json_decref(d->shape);
	*d = (struct shown_dialog){ 0 };
}

bool dialogs_on_open(struct broker *b, const struct broker_dialog *m)
{
	struct plugin *p = plugin_find_attached(b->s, b->tenant->name, m->instance);
	struct shown_dialog *d = find_free(b);
	CLEANUP(json_decref_p) json_t *shape = NULL;
	const char *title;

	if (!d || find(b, m->id) || m->timeout_ms > DIALOG_MS_MAX ||
	    json_parse(m->text, strlen(m->text), DEPTH_DIALOG, JSON_NODES_MAX, &shape, NULL) < 0)
		return false;
	title = json_string_value(json_object_get(shape, "title"));
	if (!title || !json_is_array(json_object_get(shape, "fields")))
		return false;
	if (!p)
		return true; /* it ends right now; so does its dialog */
	d->id = ++b->s->last_dialog;
	d->of_broker = m->id;
	(void)copy_str(d->plugin, sizeof(d->plugin), p->name);
	d->opened_ms = clock_wall_ns() / 1000000;
	d->until_ms = d->opened_ms + (int64_t)m->timeout_ms;
	d->shape = json_incref(shape);
	feed_plugin(p, "dialog", title, json_pack("{s:I}", "dialog", (json_int_t)d->id));
	return true;
}

void dialogs_on_end(struct broker *b, uint64_t of_broker)
{
	struct shown_dialog *d = find(b, of_broker);

	if (d)
		drop(d);
}

void dialogs_forget(struct broker *b)
{
	for (size_t i = 0; i < DIALOGS_MAX; i++)
		if (b->dialogs[i].id)
			drop(&b->dialogs[i]);
}

/* ---- what people ask ---- */

static json_t *describe(const struct broker *b, const struct shown_dialog *d)
{
	json_t *j = json_pack("{s:I, s:s, s:s, s:I, s:I}", "id", (json_int_t)d->id, "tenant",
			      b->tenant->name, "plugin", d->plugin, "openedMs",
			      (json_int_t)d->opened_ms, "untilMs", (json_int_t)d->until_ms);

	return j && json_object_set(j, "dialog", d->shape) == 0 ? j : (json_decref(j), NULL);
}

int method_dialogs(struct control_request *q, struct err *e)
{
	CLEANUP(json_decref_p) json_t *list = json_array();
	struct control_filter f;

	if (method_filter(q, &f, e) < 0)
		return -1;
	for (uint32_t t = 0; t < q->s->ceiling.tenant_count; t++) {
		struct broker *b = &q->s->brokers[t];

		for (size_t i = 0; i < DIALOGS_MAX; i++) {
			const struct shown_dialog *d = &b->dialogs[i];

			if (d->id && control_filter_takes(&f, b->tenant->name, d->plugin) &&
			    json_array_append_new(list, describe(b, d)) < 0)
				return err_set(e, ERR_NOMEM, "dialogs");
		}
	}
	q->result = json_pack("{s:O}", "dialogs", list);
	return CONTROL_DONE;
}

static const struct shown_dialog *find_shown(struct supervisor *s, uint64_t id,
					     struct broker **ret_broker)
{
	for (uint32_t t = 0; t < s->ceiling.tenant_count; t++)
		for (size_t i = 0; i < DIALOGS_MAX; i++)
			if (id && s->brokers[t].dialogs[i].id == id) {
				*ret_broker = &s->brokers[t];
				return &s->brokers[t].dialogs[i];
			}
	return NULL;
}

static int put_answer(const struct control_request *q, struct broker_dialog_answer *a,
		      struct err *e)
{
	const struct json_place params = { q->params, "" };
	char action[NAME_MAX_BYTES] = "accept";
	CLEANUP(json_decref_p) json_t *answer = NULL;
	CLEANUP(free_p) char *text = NULL;
	json_t *values = NULL;

	if (json_get_str(params, "action", false, sizeof(action), action, e) < 0 ||
	    json_get_obj(params, "values", false, &values, e) < 0)
		return -1;
	answer = json_pack("{s:s, s:O*}", "action", action, "values", values);
	text = answer ? json_print(answer, NULL) : NULL;
	if (!text)
		return err_set(e, ERR_NOMEM, "answer");
	return copy_str(a->text, sizeof(a->text), text)
		       ? 0
		       : err_set(e, ERR_LIMIT, "an answer has at most %u bytes", DIALOG_BYTES_MAX);
}

int method_dialogs_answer(struct control_request *q, struct err *e)
{
	const struct shown_dialog *d;
	struct broker *b = NULL;
	struct broker_msg m;
	uint64_t id = 0;

	memset(&m, 0, sizeof(m));
	m.kind = BROKER_DIALOG_ANSWER;
	if (json_get_uint((struct json_place){ q->params, "" }, "id", true, INT64_MAX, &id, e) <
		    0 ||
	    put_answer(q, &m.u.dialog_answer, e) < 0)
		return -1;
	d = find_shown(q->s, id, &b);
	if (!d)
		return err_set(e, ERR_NOT_FOUND, "no dialog %llu waits; kennel dialogs list",
			       (unsigned long long)id);
	m.u.dialog_answer.id = d->of_broker;
	return broker_ask(q, b, &m, &m.u.dialog_answer.serial, e);
}
