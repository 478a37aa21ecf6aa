/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c - the messages of one instance: what it may say when, and to whom it is handed. */
#include "broker/peer.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "broker/desk.h"
#include "broker/quiet.h"

static json_t *permissions_json(const struct policy *policy)
{
	json_t *a = json_array();

	for (unsigned int i = 0; i < PERM_COUNT; i++)
		if (policy->permissions & PERM_BIT(i))
			(void)json_array_append_new(a, json_string(permission_name(i)));
	return a;
}

static json_t *events_json(const struct policy *policy)
{
	json_t *a = json_array();

	for (unsigned int i = 0; i < EVENT_COUNT; i++)
		if (policy->events & EVENT_BIT(i))
			(void)json_array_append_new(a, json_string(event_name(i)));
	return a;
}

void wire_greet(struct peer *p)
{
	const struct policy *policy = &p->who.policy;
	char id[32];

	(void)snprintf(id, sizeof(id), "%llu", (unsigned long long)p->who.id);
	(void)peer_ask(p, WAIT_HANDSHAKE, "initialize",
		       json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:{s:I, s:I, s:I, s:I}}",
				 "protocol", WIRE_PROTOCOL, "plugin", policy->plugin, "version",
				 policy->version, "tenant", policy->tenant, "instance", id,
				 "grants", permissions_json(policy), "events", events_json(policy),
				 "limits", "memoryBytes", (json_int_t)policy->limits.memory_bytes,
				 "eventTimeoutMs", (json_int_t)policy->limits.event_timeout_ms,
				 "callsPerSecond", (json_int_t)policy->limits.calls_per_second,
				 "frameBytes", (json_int_t)WIRE_FRAME_MAX),
		       WIRE_HANDSHAKE_MS);
	peer_rearm(p);
}

static void violate(struct peer *p, const char *what)
{
	struct err e;

	(void)err_set(&e, ERR_PROTOCOL, "%s", what);
	peer_violation(p, &e);
}

static void take_handshake(struct peer *p, const struct rpc_message *m)
{
	struct broker_msg up = { .kind = BROKER_UP, .u.instance = { .id = p->who.id } };

	if (m->kind == KIND_ERROR || !json_is_true(json_object_get(m->result, "ready"))) {
		violate(p, "initialize was not answered with {ready: true}");
		return;
	}
	p->state = PEER_UP;
	p->idle_at_ms = clock_mono_ms() + PING_IDLE_MS;
	uplink_send(&p->broker->uplink, &up);
	deliver_next(p);
}

/* A result goes on as ASCII JSON, for who waits for it. */
static void take_event_answer(struct peer *p, const struct rpc_message *m)
{
	bool ok = m->kind == KIND_RESULT;
	CLEANUP(free_p) char *result = ok ? json_print_canonical(m->result, NULL) : NULL;

	deliver_answer(p, ok, result ? result : m->error_text);
}

static void take_answer(struct peer *p, const struct rpc_message *m)
{
	int what = 0;

	while (what < WAIT_COUNT &&
	       (!p->waiting[what].rpc_id || (int64_t)p->waiting[what].rpc_id != m->id.number))
		what++;
	if (what == WAIT_COUNT) {
		violate(p, "an answer to no request of ours");
		return;
	}
	p->waiting[what] = (struct waiting){ 0 };
	if (what == WAIT_HANDSHAKE)
		take_handshake(p, m);
	else if (what == WAIT_EVENT)
		take_event_answer(p, m);
}

/* The longest answer a frame can hold is not the longest note: JSON escapes. Takes answer. */
static bool send_answer(struct peer *p, json_t *answer, const struct rpc_id *id, const char *method)
{
	CLEANUP(free_p) char *text = NULL;
	size_t n = 0;

	text = answer ? json_print(answer, &n) : NULL;
	json_decref(answer);
	if (n <= WIRE_FRAME_MAX)
		return peer_send_text(p, text, n);
	return peer_send(p,
			 rpc_error(id, RPC_TOO_LARGE, "the answer is larger than a message may be",
				   json_pack("{s:s, s:s}", "kind", "too_large", "method", method)));
}

void wire_answer(struct peer *p, const struct rpc_id *id, const char *method, json_t *answer)
{
	if (!send_answer(p, answer, id, method) || p->who.inflight >= WIRE_INFLIGHT_MAX ||
	    !frame_wants_write(&p->conn))
		return;
	p->unread[p->who.inflight++] = (struct unread){ .id = *id, .end = p->out_total };
}

/* Is there a call of this id whose answer the plugin has not got? */
static bool is_open(const struct peer *p, const struct rpc_id *id)
{
	for (size_t i = 0; i < p->who.inflight; i++)
		if (rpc_id_equal(&p->unread[i].id, id))
			return true;
	return waits_find_call(&p->broker->host.dialogs, p->who.id, id) ||
	       waits_find_call(&p->broker->host.models.calls, p->who.id, id);
}

/* Only a call that waits for a person or a model is not over before this can arrive. */
static void take_notice(struct peer *p, const struct rpc_message *m)
{
	struct rpc_id id;

	if (strcmp(m->method, "$/cancel") != 0 || !rpc_id_of(json_object_get(m->params, "id"), &id))
		return;
	desk_withdraw(p, &id);
	modelway_withdraw(p, &id);
}

static void take_call(struct peer *p, const struct rpc_message *m, size_t len)
{
	int64_t now = clock_mono_ms();
	json_t *answer;
	bool later;

	if (m->kind == KIND_REQUEST && is_open(p, &m->id)) {
		violate(p, "an id is used again before its answer was taken");
		return;
	}
	if (m->kind == KIND_NOTIFICATION && !strncmp(m->method, "$/", 2)) {
		take_notice(p, m);
		return;
	}
	p->who.hops = deliver_hops(p, now);
	answer = gate_run(&p->broker->host, &p->who, m, len, now, &later);
	if (m->kind == KIND_REQUEST && !later)
		wire_answer(p, &m->id, m->method, answer);
	else
		json_decref(answer);
}

static void take_message(struct peer *p, const uint8_t *body, size_t len)
{
	CLEANUP(rpc_message_free_p) struct rpc_message m = { 0 };
	struct err e;

	if (rpc_parse(body, len, &m, &e) < 0) {
		peer_violation(p, &e);
		return;
	}
	frame_consume(&p->conn);
	if (m.kind == KIND_RESULT || m.kind == KIND_ERROR)
		take_answer(p, &m);
	else if (p->state == PEER_GREETING)
		violate(p, "a call before initialize was answered");
	else
		take_call(p, &m, len);
}

/* May one more message be handled now? */
static bool may_take(struct peer *p, int64_t now)
{
	if (p->state == PEER_CLOSED || p->resume_at_ms || p->conn.out.len > OUT_PAUSE_BYTES)
		return false;
	if (bucket_take(&p->messages, 1, now))
		return true;
	p->resume_at_ms = now + bucket_wait_ms(&p->messages, 1);
	return false;
}

void wire_process(struct peer *p)
{
	int64_t now = clock_mono_ms();

	for (int i = 0; p->state != PEER_CLOSED && !peer_is_sealed(p); i++) {
		const uint8_t *body;
		struct err e;
		size_t len;
		int r = frame_next(&p->conn, &body, &len, &e);

		if (r < 0)
			peer_violation(p, &e);
		if (r <= 0)
			return;
		if (i >= MESSAGES_PER_TURN) {
			p->resume_at_ms = now; /* the rest on the next turn of the loop */
			return;
		}
		if (!may_take(p, now))
			return;
		p->idle_at_ms = now + PING_IDLE_MS;
		quiet_end(p, now);
		take_message(p, body, len);
	}
}
