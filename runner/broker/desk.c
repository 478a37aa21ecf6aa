/* SPDX-License-Identifier: Apache-2.0 */
/* desk.c - dialogs between the plugins of a tenant and the person who answers. */
#include "broker/desk.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "broker/dialog.h"
#include "broker/peer.h"

enum { DEPTH_ANSWER = 3 };

static void rearm(struct broker *b)
{
	int64_t at = waits_next_deadline(&b->host.dialogs), now = clock_mono_ms();

	(void)loop_arm(b->dialog_timer, !at ? 0 : at > now ? (uint64_t)(at - now) : 1, NULL);
}

static int record(const struct peer *p, const char *result, const char *detail, struct err *e)
{
	const struct entry entry = { .class = AUDIT_DURABLE,
				     .event = "dialog.end",
				     .method = "ui.openDialog",
				     .cap = permission_name(PERM_OPEN_DIALOG),
				     .result = result,
				     .detail = detail };

	return ledger_write(&p->broker->host.ledger, &p->who, &entry, e);
}

/* Takes result, which may be NULL: nobody waits any more. */
static void end(struct peer *p, struct wait *d, json_t *result)
{
	struct broker *b = p->broker;
	struct broker_msg m = { .kind = BROKER_DIALOG_END, .u.instance = { .id = d->id } };
	const struct rpc_id call = d->call;
	const uint64_t event_id = d->event_id;

	waits_drop(&b->host.dialogs, d);
	uplink_send(&b->uplink, &m);
	deliver_release(p, event_id);
	if (result)
		wire_answer(p, &call, "ui.openDialog", rpc_result(&call, result));
	rearm(b);
}

static json_t *without_values(const char *action)
{
	return json_pack("{s:s, s:{}}", "action", action, "values");
}

static void on_open(void *arg, struct wait *d)
{
	struct broker *b = arg;
	struct peer *p = broker_peer(b, d->instance);
	CLEANUP(free_p) char *text = json_print(d->what, NULL);
	struct broker_msg m = {
		.kind = BROKER_DIALOG,
		.u.dialog = { .id = d->id, .instance = d->instance, .timeout_ms = d->timeout_ms }
	};

	if (p)
		d->event_id = deliver_hold(p);
	/* A dialog that nobody hears of ends by its time, like one that nobody answers. */
	if (text && copy_str(m.u.dialog.text, sizeof(m.u.dialog.text), text))
		uplink_send(&b->uplink, &m);
	rearm(b);
}

static void on_timer(void *arg)
{
	struct broker *b = arg;
	struct wait *d;

	while ((d = waits_find_due(&b->host.dialogs, clock_mono_ms()))) {
		struct peer *p = broker_peer(b, d->instance);

		if (!p) {
			waits_drop(&b->host.dialogs, d);
			continue;
		}
		(void)record(p, "E_TIMEOUT", "nobody answered in time", NULL);
		end(p, d, without_values("timeout"));
	}
	rearm(b);
}

int desk_open(struct broker *b, struct err *e)
{
	b->host.dialogs.on_open = on_open;
	b->host.dialogs.arg = b;
	return loop_add_timer(b->loop, on_timer, b, &b->dialog_timer, e);
}

void desk_close(struct broker *b)
{
	loop_remove(&b->dialog_timer);
	while (b->host.dialogs.first)
		waits_drop(&b->host.dialogs, b->host.dialogs.first);
}

int desk_answer(struct broker *b, const struct broker_dialog_answer *a, struct err *e)
{
	struct wait *d = waits_find(&b->host.dialogs, a->id);
	struct peer *p = d ? broker_peer(b, d->instance) : NULL;
	CLEANUP(json_decref_p) json_t *given = NULL;
	CLEANUP(json_decref_p) json_t *result = NULL;
	const char *action;

	if (!p)
		return err_set(e, ERR_NOT_FOUND,
			       "no such dialog waits; its time is over, or it was answered");
	if (!str_ends_inside(a->text, sizeof(a->text)))
		return err_set(e, ERR_PROTOCOL, "not an answer");
	if (json_parse(a->text, strlen(a->text), DEPTH_ANSWER, JSON_NODES_MAX, &given, e) < 0 ||
	    dialog_answer(d->what, given, &result, e) < 0)
		return -1;
	action = json_string_value(json_object_get(result, "action"));
	/* What a person typed goes to the plugin only on record; what it was stays out of the log.
	 */
	if (record(p, NULL, action, e) < 0)
		return -1;
	end(p, d, take_ptr(result));
	return 0;
}

void desk_withdraw(struct peer *p, const struct rpc_id *call)
{
	struct wait *d = waits_find_call(&p->broker->host.dialogs, p->who.id, call);

	if (!d)
		return;
	(void)record(p, "E_STATE", "the plugin withdrew it", NULL);
	end(p, d, without_values("withdrawn"));
}

void desk_forget(struct peer *p)
{
	struct wait *d;

	while ((d = waits_find_of(&p->broker->host.dialogs, p->who.id))) {
		(void)record(p, "E_STATE", "its plugin ended", NULL);
		end(p, d, NULL);
	}
}
