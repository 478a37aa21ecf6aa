/* SPDX-License-Identifier: Apache-2.0 */
/* call_dialog.c - ui.openDialog: a person is asked, and the answer comes when there is one. */
#include "broker/calls.h"

#include <stdio.h>

#include "broker/dialog.h"

struct plan {
	json_t *shape;
	uint64_t timeout_ms;
};

static void plan_free(void *arg)
{
	struct plan *p = arg;

	if (!p)
		return;
	json_decref(p->shape);
	free(p);
}

int call_dialog_prepare(struct call *c)
{
	struct plan *p = call_new_plan(c, sizeof(*p), plan_free);
	struct err e;

	if (!p)
		return -1;
	if (c->id.kind == RPC_ID_NONE)
		return call_bad_params(c, "a question has an id, for the answer");
	if (dialog_read(c->params, &p->shape, &p->timeout_ms, &e) < 0)
		return e.code == ERR_NOMEM ? call_no_memory(c) : call_bad_params(c, e.text);
	if (waits_check_room(&c->host->dialogs, c->who->id, &e) < 0)
		return call_refuse(c, RPC_QUOTA, "quota", "E_FULL", "%s: %s", c->row->name, e.text);
	(void)snprintf(c->detail, sizeof(c->detail), "%zu fields: %s",
		       json_array_size(json_object_get(p->shape, "fields")),
		       json_string_value(json_object_get(p->shape, "title")));
	c->changes = true;
	return 0;
}

int call_dialog_commit(struct call *c)
{
	const struct plan *p = c->plan;
	const struct wait as = {
		.instance = c->who->id, .call = c->id, .what = p->shape, .timeout_ms = p->timeout_ms
	};

	if (waits_open(&c->host->dialogs, &as, c->now_ms) < 0)
		return call_no_memory(c);
	c->later = true;
	return 0;
}
