/* SPDX-License-Identifier: Apache-2.0 */
/* broker.c - one tenant's broker: its parts, the supervisor's records, who is told of what. */
#include "broker/broker.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "broker/desk.h"
#include "broker/peer.h"
#include "broker/undo.h"
#include "policy/wire.h"

/* ---- events ---- */

void broker_report(struct broker *b, enum broker_kind kind, uint64_t instance,
		   const struct event *e, struct broker_event extra)
{
	struct broker_msg m = { .kind = kind, .u.event = extra };

	m.u.event.id = instance;
	m.u.event.event_id = e->id;
	m.u.event.event = e->type;
	(void)copy_str(m.u.event.note, sizeof(m.u.event.note), e->note);
	uplink_send(&b->uplink, &m);
}

void broker_wake(struct broker *b, struct event_queue *q)
{
	struct broker_event extra = { 0 };

	for (struct peer *p = b->peers; p; p = p->next)
		if (p->queue == q)
			deliver_next(p);
	if (!q->first || q->attached || q->wanted)
		return;
	q->wanted = true;
	(void)copy_str(extra.plugin, sizeof(extra.plugin), q->taker.plugin);
	broker_report(b, BROKER_WANTED, 0, q->first, extra);
}

static void report_first_drop(struct broker *b, const struct event_queue *q, const struct event *e)
{
	struct broker_event extra = { .result = -1,
				      .text = "E_FULL: the queue is full, events are dropped" };

	if (q->dropped != 1)
		return; /* the rest is told as a number when the plugin takes one */
	(void)copy_str(extra.plugin, sizeof(extra.plugin), q->taker.plugin);
	broker_report(b, BROKER_EVENT_DONE, 0, e, extra);
}

unsigned int broker_tell(struct broker *b, const char *plugin, const struct event *e)
{
	unsigned int told = 0;

	for (struct event_queue *q = b->events.queues; q; q = q->next) {
		enum offer o;

		if (plugin[0] && strcmp(plugin, q->taker.plugin) != 0)
			continue;
		o = events_offer(&b->events, q, e);
		told += o == OFFER_QUEUED || o == OFFER_MERGED;
		if (o == OFFER_FULL || o == OFFER_NOMEM)
			report_first_drop(b, q, e);
		if (o != OFFER_NOT_FOR_IT)
			broker_wake(b, q);
	}
	return told;
}

static void on_change(void *arg, const struct note *note, const struct cause *cause)
{
	struct event e = { .type = EVENT_NOTE_SAVE, .hops = cause->hops };

	(void)copy_str(e.origin, sizeof(e.origin), cause->origin);
	(void)copy_str(e.note, sizeof(e.note), note->path);
	(void)copy_str(e.revision, sizeof(e.revision), note->revision);
	(void)broker_tell(arg, "", &e);
}

/* ---- the supervisor's records ---- */

struct peer *broker_peer(struct broker *b, uint64_t id)
{
	struct peer *p = b->peers;

	while (p && p->who.id != id)
		p = p->next;
	return p;
}

static int check_attach(struct broker *b, const struct broker_attach *a,
			const struct record_fds *fds, struct err *e)
{
	if (fds->count != 3)
		return err_set(e, ERR_PROTOCOL, "%zu descriptors, not wire, stdout and stderr",
			       fds->count);
	if (policy_check(&a->policy, e) < 0)
		return -1;
	if (strcmp(a->policy.tenant, b->tenant) != 0)
		return err_set(e, ERR_OUTSIDE, "a policy of another tenant");
	if (broker_peer(b, a->id))
		return err_set(e, ERR_EXISTS, "an instance of this id is attached");
	if (b->peer_count >= PEERS_MAX)
		return err_set(e, ERR_FULL, "%u instances are attached", PEERS_MAX);
	return 0;
}

static void take_attach(struct broker *b, const struct broker_attach *a, struct record_fds *fds)
{
	struct broker_msg m = { .kind = BROKER_VIOLATION, .u.fault = { .id = a->id } };
	struct peer *p;
	struct err e;

	if (check_attach(b, a, fds, &e) < 0 || peer_new(b, a, fds, &p, &e) < 0) {
		record_fds_close(fds);
		m.u.fault.error = e;
		uplink_send(&b->uplink, &m);
		return;
	}
	p->next = b->peers;
	b->peers = p;
	b->peer_count++;
	wire_greet(p);
}

static void take_detach(struct broker *b, uint64_t id)
{
	struct broker_msg last = { .kind = BROKER_PLUGIN_STATS };

	for (struct peer **at = &b->peers; *at; at = &(*at)->next) {
		struct peer *p = *at;

		if (p->who.id != id)
			continue;
		peer_stats(p, &last.u.stats);
		last.u.stats.more = 1; /* it ends no round of answers */
		uplink_send(&b->uplink, &last);
		*at = p->next;
		b->peer_count--;
		peer_free(p);
		return;
	}
}

static void take_promote(struct broker *b, uint64_t id)
{
	struct peer *p = broker_peer(b, id);

	if (p)
		peer_promote(p);
}

static int read_emit(struct broker *b, const struct broker_emit *m, struct event *ret,
		     struct err *e)
{
	const struct note *note;

	if (m->event >= EVENT_COUNT || !str_ends_inside(m->plugin, sizeof(m->plugin)) ||
	    !str_ends_inside(m->note, sizeof(m->note)) ||
	    !str_ends_inside(m->text, sizeof(m->text)) ||
	    !text_is_printable(m->text, strlen(m->text)))
		return err_set(e, ERR_PROTOCOL, "not an event");
	if (m->plugin[0] && !events_find(&b->events, m->plugin))
		return err_set(e, ERR_NOT_FOUND, "plugin %s was never attached", m->plugin);
	ret->type = (enum event_type)m->event;
	if (ret->type == EVENT_COMMAND_PALETTE)
		return copy_str(ret->command, sizeof(ret->command), m->text) && m->text[0]
			       ? 0
			       : err_set(e, ERR_PROTOCOL, "a command without a name");
	note = vault_find(b->host.vault, m->note);
	if (!note)
		return err_set(e, ERR_NOT_FOUND, "there is no such note");
	(void)copy_str(ret->note, sizeof(ret->note), note->path);
	(void)copy_str(ret->revision, sizeof(ret->revision), note->revision);
	return 0;
}

static void take_emit(struct broker *b, const struct broker_emit *emit)
{
	struct broker_msg m = { .kind = BROKER_EMITTED, .u.emitted = { .serial = emit->serial } };
	struct event e = { 0 };

	if (read_emit(b, emit, &e, &m.u.emitted.error) == 0) {
		m.u.emitted.queued = broker_tell(b, emit->plugin, &e);
		if (!m.u.emitted.queued && emit->plugin[0])
			(void)err_set(&m.u.emitted.error, ERR_REFUSED,
				      "plugin %s does not take this event, or may not see it",
				      emit->plugin);
	}
	uplink_send(&b->uplink, &m);
}

static void take_stats(struct broker *b, uint64_t id)
{
	struct broker_msg m = { .kind = BROKER_PLUGIN_STATS };
	size_t left = id ? broker_peer(b, id) != NULL : b->peer_count;

	if (left == 0)
		uplink_send(&b->uplink, &m);
	for (struct peer *p = b->peers; p; p = p->next) {
		if (id && p->who.id != id)
			continue;
		peer_stats(p, &m.u.stats);
		m.u.stats.more = --left > 0;
		uplink_send(&b->uplink, &m);
	}
}

static void answer(struct broker *b, uint64_t serial, const struct err *why)
{
	struct broker_msg m = { .kind = BROKER_DONE,
				.u.done = { .serial = serial, .error = *why } };

	uplink_send(&b->uplink, &m);
}

static void take_undo(struct broker *b, const struct broker_undo *undo)
{
	struct err e = { 0 };

	(void)undo_note(&b->host, undo, &e);
	answer(b, undo->serial, &e);
}

static void take_dialog_answer(struct broker *b, const struct broker_dialog_answer *a)
{
	struct err e = { 0 };

	(void)desk_answer(b, a, &e);
	answer(b, a->serial, &e);
}

static void take_models(struct broker *b, const struct broker_models *m)
{
	if (models_take(&b->host.models, m, &b->host.models.no_tokens) == 0 && m->count)
		(void)tokens_open(b->state_fd, clock_wall_s(), &b->host.models.tokens,
				  &b->host.models.no_tokens);
}

static void take_record(void *arg, const struct broker_msg *m, struct record_fds *fds)
{
	struct broker *b = arg;

	switch (m->kind) {
	case BROKER_ATTACH:
		take_attach(b, &m->u.attach, fds);
		break;
	case BROKER_DETACH:
		take_detach(b, m->u.instance.id);
		break;
	case BROKER_EMIT:
		take_emit(b, &m->u.emit);
		break;
	case BROKER_UNDO:
		take_undo(b, &m->u.undo);
		break;
	case BROKER_DIALOG_ANSWER:
		take_dialog_answer(b, &m->u.dialog_answer);
		break;
	case BROKER_MODELS:
		take_models(b, &m->u.models);
		break;
	case BROKER_MODEL_WAY:
		modelway_take(b, &m->u.model_way, fds);
		break;
	case BROKER_PROMOTE:
		take_promote(b, m->u.instance.id);
		break;
	default:
		take_stats(b, m->u.instance.id);
		break;
	}
	record_fds_close(fds);
}

/* ---- life ---- */

static int open_parts(struct broker *b, const struct broker_fds *fds, struct err *e)
{
	struct broker_msg ready = { .kind = BROKER_READY };

	if (loop_new(&b->loop, e) < 0 || history_open(fds->state, &b->host.history, e) < 0 ||
	    kv_open(fds->state, &b->host.kv, e) < 0)
		return -1;
	if (vault_new(fds->vault, &b->host.vault, e) < 0 ||
	    watch_new(b->loop, b->host.vault, &b->watch, e) < 0)
		return err_wrap(e, "vault");
	if (desk_open(b, e) < 0 || modelway_open(b, e) < 0)
		return -1;
	vault_on_change(b->host.vault, on_change, b);
	if (uplink_open(&b->uplink, b->loop, fds->link, take_record, b, e) < 0)
		return -1;
	uplink_send(&b->uplink, &ready);
	return 0;
}

int broker_new(const char *tenant, const struct broker_fds *fds, struct broker **ret, struct err *e)
{
	struct broker *b;

	if (!name_is_valid(tenant))
		return err_set(e, ERR_USAGE, "not a tenant's name");
	b = calloc(1, sizeof(*b));
	if (!b)
		return err_set(e, ERR_NOMEM, "broker");
	host_init(&b->host);
	(void)copy_str(b->tenant, sizeof(b->tenant), tenant);
	(void)copy_str(b->host.ledger.tenant, sizeof(b->host.ledger.tenant), tenant);
	b->host.ledger.sock = fds->audit;
	b->state_fd = fds->state;
	cursor_new_key(&b->host.cursor_key);
	/* Milliseconds leave room for a thousand events each, below JavaScript's 2^53. */
	events_init(&b->events, (uint64_t)(clock_wall_ns() / 1000000) * 1000);
	if (open_parts(b, fds, e) < 0) {
		broker_free_p(&b);
		return -1;
	}
	*ret = b;
	return 0;
}

void broker_free_p(struct broker **pb)
{
	struct broker *b = *pb;

	if (!b)
		return;
	while (b->peers) {
		struct peer *p = b->peers;

		b->peers = p->next;
		peer_free(p);
	}
	desk_close(b);
	modelway_close(b);
	if (b->loop)
		watch_free_p(&b->watch);
	uplink_close_p(&b->uplink);
	vault_free_p(&b->host.vault);
	history_close_p(&b->host.history);
	kv_close_p(&b->host.kv);
	tokens_close_p(&b->host.models.tokens);
	events_free_p(&b->events);
	loop_free_p(&b->loop);
	free(b);
	*pb = NULL;
}

int broker_run(struct broker *b, struct err *e)
{
	int r = loop_run(b->loop, e);

	if (r > 0) {
		*e = b->uplink.failed;
		return -1;
	}
	return r;
}
