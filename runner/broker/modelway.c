/* SPDX-License-Identifier: Apache-2.0 */
/* modelway.c - the broker's end of the socket to its kennel-fetch. */
#include "broker/modelway.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "broker/modelsays.h"
#include "broker/peer.h"
#include "broker/refusal.h"

enum { FRAMES_PER_TURN = 32 };

static const char *method_of(const struct wait *w)
{
	return w->embed ? "ai.embed" : "ai.complete";
}

static void rearm(struct broker *b)
{
	int64_t at = waits_next_deadline(&b->host.models.calls), now = clock_mono_ms();

	(void)loop_arm(b->modelway.timer, !at ? 0 : at > now ? (uint64_t)(at - now) : 1, NULL);
}

/* ---- the end of a question ---- */

static int record(const struct peer *p, const struct wait *w, const char *result,
		  const char *detail)
{
	const struct entry entry = { .class = AUDIT_DURABLE,
				     .event = "ai.end",
				     .method = method_of(w),
				     .cap = permission_name(PERM_USE_AI),
				     .result = result,
				     .detail = detail };

	return ledger_write(&p->broker->host.ledger, &p->who, &entry, NULL);
}

/* answer may be NULL: nobody waits any more. Takes it, and w. */
static void end(struct broker *b, struct peer *p, struct wait *w, uint64_t used, json_t *answer)
{
	struct models *m = &b->host.models;
	const struct rpc_id call = w->call;
	const char *method = method_of(w);
	const uint64_t event_id = w->event_id;

	if (p)
		tokens_settle(&m->tokens, p->who.policy.plugin, m->known.list[w->kind].name,
			      w->cost, used, w->day);
	waits_drop(&m->calls, w);
	rearm(b);
	if (!p) {
		json_decref(answer);
		return;
	}
	deliver_release(p, event_id);
	if (answer)
		wire_answer(p, &call, method, answer);
}

static json_t *refusal_of(const struct wait *w, const struct model_failure *f)
{
	struct refusal r = { .code = f->code, .kind = f->kind };

	(void)snprintf(r.text, sizeof(r.text), "%s: %.300s", method_of(w), f->text);
	return refusal_answer(&r, &w->call, method_of(w));
}

/* What did not come, or came half, may have cost all of it. */
static void fail(struct broker *b, struct wait *w, const struct model_failure *f, uint64_t used)
{
	struct peer *p = broker_peer(b, w->instance);

	if (p)
		(void)record(p, w, f->audit, f->text);
	end(b, p, w, used, refusal_of(w, f));
}

static void fail_all(struct broker *b, const char *why)
{
	const struct model_failure f = model_failure_unavailable(why);

	while (b->host.models.calls.first) {
		struct wait *w = b->host.models.calls.first;

		fail(b, w, &f, w->sent ? w->cost : 0);
	}
}

static void succeed(struct broker *b, struct wait *w, json_t *result, uint64_t used)
{
	static const struct model_failure unrecorded = {
		RPC_UNAVAILABLE, "unavailable", "E_AUDIT",
		"the audit log cannot take a record, so there is no answer"
	};
	struct peer *p = broker_peer(b, w->instance);
	char detail[160];

	(void)snprintf(detail, sizeof(detail), "%.*s: %llu tokens", NAME_MAX_BYTES,
		       b->host.models.known.list[w->kind].name, (unsigned long long)used);
	if (p && record(p, w, NULL, detail) < 0)
		end(b, p, w, used, refusal_of(w, &unrecorded));
	else
		end(b, p, w, used, rpc_result(&w->call, json_incref(result)));
}

/* ---- the socket ---- */

static void lose(struct broker *b, const char *why)
{
	struct modelway *way = &b->modelway;

	loop_remove(&way->source);
	fd_close_p(&way->conn.fd);
	frame_free_p(&way->conn);
	fail_all(b, why);
}

static void watch_output(struct broker *b)
{
	struct modelway *way = &b->modelway;

	(void)loop_set_events(way->source,
			      EPOLLIN | (frame_wants_write(&way->conn) ? EPOLLOUT : 0u), NULL);
}

/* Takes j. False: the way is lost, and with it whoever waited. */
static bool send_json(struct broker *b, json_t *j)
{
	CLEANUP(free_p) char *text = NULL;
	size_t n = 0;

	text = j ? json_print(j, &n) : NULL;
	json_decref(j);
	if (!text || frame_send(&b->modelway.conn, text, n, NULL) < 0) {
		lose(b, "kennel-fetch takes no question");
		return false;
	}
	watch_output(b);
	return true;
}

static bool send_question(struct broker *b, struct wait *w)
{
	w->sent = true;
	return send_json(b, json_pack("{s:I, s:s, s:s, s:O}", "id", (json_int_t)w->id, "profile",
				      b->host.models.known.list[w->kind].name, "method",
				      w->embed ? "embed" : "complete", "body", w->what));
}

static void chunk(struct broker *b, const struct wait *w, const json_t *text)
{
	struct peer *p = broker_peer(b, w->instance);

	if (p && w->stream)
		(void)peer_send(p, rpc_chunk(&w->call, text));
}

/* False: that was no message of the protocol. */
static bool take_message(struct broker *b, const uint8_t *body, size_t len)
{
	CLEANUP(model_says_free_p) struct model_says says = { 0 };
	struct wait *w;

	if (model_says_read((const char *)body, len, &says, NULL) < 0)
		return false;
	w = waits_find(&b->host.models.calls, says.id);
	if (!w || !w->sent)
		return true; /* withdrawn, or over its time */
	if (says.kind == MODEL_SAYS_CHUNK)
		chunk(b, w, says.value);
	else if (says.kind == MODEL_SAYS_ERROR)
		fail(b, w, &says.failure, says.used < w->cost ? says.used : w->cost);
	else if (model_result_fits(w, says.value))
		succeed(b, w, says.value, says.used);
	else
		return false;
	return true;
}

static void on_readable(struct broker *b)
{
	struct frame_conn *c = &b->modelway.conn;

	if (frame_fill(c, NULL) < 0) {
		lose(b, "kennel-fetch is gone");
		return;
	}
	for (int i = 0; i < FRAMES_PER_TURN; i++) {
		const uint8_t *body;
		size_t len;
		int r = frame_next(c, &body, &len, NULL);

		if (r == 0) {
			if (c->eof)
				lose(b, "kennel-fetch is gone");
			return;
		}
		if (r < 0 || !take_message(b, body, len)) {
			lose(b, "kennel-fetch said what it must not");
			return;
		}
		if (c->fd < 0)
			return;
		frame_consume(c);
	}
}

static void on_socket(void *arg, uint32_t events)
{
	struct broker *b = arg;

	if (events & EPOLLOUT) {
		if (frame_flush(&b->modelway.conn, NULL) < 0) {
			lose(b, "kennel-fetch is gone");
			return;
		}
		watch_output(b);
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		on_readable(b);
}

/* ---- when ---- */

static void on_open(void *arg, struct wait *w)
{
	struct broker *b = arg;
	struct broker_msg m = { .kind = BROKER_MODEL_WANTED };
	struct peer *p = broker_peer(b, w->instance);

	if (p)
		w->event_id = deliver_hold(p);
	rearm(b);
	if (b->modelway.conn.fd >= 0) {
		(void)send_question(b, w);
		return;
	}
	if (!b->modelway.wanted)
		uplink_send(&b->uplink, &m);
	b->modelway.wanted = true;
}

static void on_timer(void *arg)
{
	const struct model_failure late = { RPC_DEADLINE, "deadline", "E_TIMEOUT",
					    "the model did not answer in time" };
	struct broker *b = arg;
	struct wait *w;

	while ((w = waits_find_due(&b->host.models.calls, clock_mono_ms()))) {
		if (w->sent && b->modelway.conn.fd >= 0 &&
		    !send_json(b, json_pack("{s:I}", "cancel", (json_int_t)w->id)))
			return;
		fail(b, w, &late, w->sent ? w->cost : 0);
	}
	rearm(b);
}

int modelway_open(struct broker *b, struct err *e)
{
	b->modelway.conn.fd = -1;
	b->host.models.calls.on_open = on_open;
	b->host.models.calls.arg = b;
	return loop_add_timer(b->loop, on_timer, b, &b->modelway.timer, e);
}

void modelway_close(struct broker *b)
{
	if (!b->modelway.timer)
		return;
	loop_remove(&b->modelway.timer);
	loop_remove(&b->modelway.source);
	fd_close_p(&b->modelway.conn.fd);
	frame_free_p(&b->modelway.conn);
	while (b->host.models.calls.first)
		waits_drop(&b->host.models.calls, b->host.models.calls.first);
}

static int begin(struct broker *b, const struct broker_model_way *m, struct record_fds *fds,
		 struct err *e)
{
	struct modelway *way = &b->modelway;
	int fd;

	if (m->error.code != ERR_OK) {
		*e = m->error;
		e->text[sizeof(e->text) - 1] = '\0';
		return -1;
	}
	if (fds->count != 1 || way->conn.fd >= 0)
		return err_set(e, ERR_PROTOCOL, "no way to a model, or a second one");
	fd = take_fd(fds->fd[0]);
	if (fd_set_nonblock(fd) < 0) {
		(void)err_sys(e, "way to a model");
		fd_close_p(&fd);
		return -1;
	}
	frame_init(&way->conn, fd, AI_FRAME_MAX, AI_OUT_MAX);
	return loop_add_fd(b->loop, &(struct loop_watch){ fd, EPOLLIN, on_socket, b }, &way->source,
			   e);
}

void modelway_take(struct broker *b, const struct broker_model_way *m, struct record_fds *fds)
{
	struct err e;

	b->modelway.wanted = false;
	if (begin(b, m, fds, &e) < 0) {
		if (b->modelway.conn.fd >= 0 && b->modelway.source)
			return; /* the one that is there goes on */
		lose(b, e.text);
		return;
	}
	for (struct wait *w = b->host.models.calls.first; w; w = w->next)
		if (!w->sent && !send_question(b, w))
			return; /* the list is empty now */
}

static void cancel(struct peer *p, struct wait *w, json_t *answer)
{
	struct broker *b = p->broker;
	const uint64_t id = w->id, used = w->sent ? w->cost : 0;
	const bool sent = w->sent;

	(void)record(p, w, "E_STATE", answer ? "the plugin withdrew it" : "its plugin ended");
	end(b, p, w, used, answer);
	if (sent && b->modelway.conn.fd >= 0)
		(void)send_json(b, json_pack("{s:I}", "cancel", (json_int_t)id));
}

void modelway_withdraw(struct peer *p, const struct rpc_id *call)
{
	const struct model_failure f = { RPC_UNAVAILABLE, "withdrawn", "E_STATE",
					 "the plugin withdrew it" };
	struct wait *w = waits_find_call(&p->broker->host.models.calls, p->who.id, call);

	if (w)
		cancel(p, w, refusal_of(w, &f));
}

void modelway_forget(struct peer *p)
{
	struct wait *w;

	while ((w = waits_find_of(&p->broker->host.models.calls, p->who.id)))
		cancel(p, w, NULL);
}
