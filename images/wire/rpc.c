/* SPDX-License-Identifier: Apache-2.0 */
/* rpc.c - frames, our calls, the host's requests.
 * Owns: the order of messages.  Must not know: the runtime. */
#include "images/wire/rpc.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/limits.h"

#define ANY_ANSWER (-1)
#define NODES_MAX \
	(8u *     \
	 JSON_NODES_MAX) /* the host is trusted not to be clumsy, and a page of notes is long */

static struct {
	struct rpc_request waiting[WIRE_INFLIGHT_MAX];
	size_t waiting_count;
	const struct rpc_request *current;
	json_int_t next_id;
	bool cancelled; /* the current request */
	json_t *chunk;	/* not handed out yet */
	bool closing;
} rpc;

void rpc_request_free_p(struct rpc_request *q)
{
	json_decref(q->id);
	json_decref(q->params);
	*q = (struct rpc_request){ 0 };
}

void rpc_set_current(const struct rpc_request *q)
{
	rpc.current = q;
	rpc.cancelled = false;
}

/* ---- frames ---- */

static int wait_for(short events)
{
	struct pollfd p = { .fd = WIRE_FD, .events = events };

	return poll(&p, 1, -1) < 0 && errno != EINTR ? -1 : 0;
}

/* n bytes: 1; end of file before the first: 0. */
static int read_all(uint8_t *p, size_t n, struct err *e)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = read(WIRE_FD, p + got, n - got);

		if (r > 0)
			got += (size_t)r;
		else if (r == 0 && got == 0)
			return 0;
		else if (r == 0)
			return err_set(e, ERR_TRUNCATED, "the wire ends inside a message");
		else if (errno == EAGAIN ? wait_for(POLLIN) < 0 : errno != EINTR)
			return err_sys(e, "read the wire");
	}
	return 1;
}

static int write_all(struct iovec *v, int count, struct err *e)
{
	while (count > 0) {
		ssize_t r = writev(WIRE_FD, v, count);

		if (r < 0) {
			if (errno == EAGAIN ? wait_for(POLLOUT) < 0 : errno != EINTR)
				return err_sys(e, "write the wire");
			continue;
		}
		while (count > 0 && (size_t)r >= v->iov_len) {
			r -= (ssize_t)v->iov_len;
			v++;
			count--;
		}
		if (count > 0) {
			v->iov_base = (uint8_t *)v->iov_base + r;
			v->iov_len -= (size_t)r;
		}
	}
	return 0;
}

static int read_message(json_t **ret, struct err *e)
{
	CLEANUP(free_p) char *body = NULL;
	uint8_t h[4];
	size_t n;
	int r = read_all(h, sizeof(h), e);

	if (r <= 0)
		return r;
	n = (size_t)h[0] | (size_t)h[1] << 8 | (size_t)h[2] << 16 | (size_t)h[3] << 24;
	if (n == 0 || n > WIRE_FRAME_MAX)
		return err_set(e, ERR_LIMIT, "a message of %zu bytes", n);
	body = malloc(n);
	if (!body)
		return err_set(e, ERR_NOMEM, "a message");
	r = read_all((uint8_t *)body, n, e);
	if (r <= 0)
		return r < 0 ? -1 : err_set(e, ERR_TRUNCATED, "the wire ends inside a message");
	if (json_parse(body, n, JSON_DEPTH_WIRE, NODES_MAX, ret, e) < 0)
		return err_wrap(e, "message from the host");
	return 1;
}

/* ERR_LIMIT: too large, nothing was written. */
static int send_message(const json_t *message, struct err *e)
{
	size_t n = 0;
	CLEANUP(free_p) char *text = json_print(message, &n);
	uint8_t h[4];
	struct iovec v[2];

	if (!text)
		return err_set(e, ERR_NOMEM, "a message");
	if (n > WIRE_FRAME_MAX)
		return err_set(e, ERR_LIMIT, "a message of %zu bytes, limit %u", n, WIRE_FRAME_MAX);
	for (int i = 0; i < 4; i++)
		h[i] = (uint8_t)(n >> (8 * i));
	v[0] = (struct iovec){ h, sizeof(h) };
	v[1] = (struct iovec){ text, n };
	return write_all(v, 2, e);
}

/* ---- what the host asks ---- */

static json_t *utf8_string(const char *s, size_t n)
{
	json_t *j = json_stringn(s, n);

	return j ? j : json_string("(not UTF-8)");
}

json_t *rpc_error(int code, const char *kind, const char *message, size_t n)
{
	return json_pack("{s:i, s:o, s:{s:s}}", "code", code, "message", utf8_string(message, n),
			 "data", "kind", kind);
}

static int reply(const struct rpc_request *q, const char *key, json_t *value, struct err *e)
{
	CLEANUP(json_decref_p)
	json_t *m = json_pack("{s:s, s:O, s:o}", "jsonrpc", "2.0", "id", q->id, key, value);

	if (!m)
		return err_set(e, ERR_NOMEM, "an answer");
	return send_message(m, e);
}

int rpc_reply_error(const struct rpc_request *q, json_t *error, struct err *e)
{
	return reply(q, "error", error, e);
}

int rpc_reply_result(const struct rpc_request *q, json_t *result, struct err *e)
{
	static const char text[] = "the result is larger than a message may be";
	int r = reply(q, "result", result, e);

	if (r < 0 && e->code == ERR_LIMIT)
		r = rpc_reply_error(q, rpc_error(RPC_TOO_LARGE, "result", text, sizeof(text) - 1),
				    e);
	return r;
}

/* $/cancel: one that waits is answered here; the current one gets no further call through. */
static int cancel(const json_t *id, struct err *e)
{
	static const char text[] = "cancelled before it began";

	if (rpc.current && json_equal(rpc.current->id, id))
		rpc.cancelled = true;
	for (size_t i = 0; i < rpc.waiting_count; i++) {
		CLEANUP(rpc_request_free_p) struct rpc_request q = rpc.waiting[i];

		if (!json_equal(q.id, id)) {
			q = (struct rpc_request){ 0 };
			continue;
		}
		rpc.waiting_count--;
		memmove(&rpc.waiting[i], &rpc.waiting[i + 1], (rpc.waiting_count - i) * sizeof(q));
		return rpc_reply_error(
			&q, rpc_error(RPC_DEADLINE, "cancelled", text, sizeof(text) - 1), e);
	}
	return 0;
}

static int take_notification(const char *method, const json_t *params, struct err *e)
{
	if (!strcmp(method, "$/shutdown"))
		rpc.closing = true;
	else if (!strcmp(method, "$/cancel"))
		return cancel(json_object_get(params, "id"), e);
	else if (!strcmp(method, "$/chunk") && json_is_object(params)) {
		json_decref(rpc.chunk); /* who waits for whole answers takes none */
		rpc.chunk = json_incref((json_t *)(uintptr_t)params);
	}
	return 0;
}

/* Answers what it can; puts the rest at the end of the line. */
static int take_request(json_t *m, const char *method, struct err *e)
{
	static const char busy[] = "too many requests at once";
	json_t *params = json_object_get(m, "params");
	struct rpc_request q = { 0 };
	int r;

	if (!json_object_get(m, "id"))
		return take_notification(method, params, e);
	q.id = json_incref(json_object_get(m, "id"));
	q.params = json_is_object(params) ? json_incref(params) : json_object();
	if (!copy_str(q.method, sizeof(q.method), method))
		(void)copy_str(q.method, sizeof(q.method), "?");
	if (!strcmp(method, "$/ping")) {
		r = rpc_reply_result(&q, json_object(), e);
	} else if (rpc.waiting_count == WIRE_INFLIGHT_MAX) {
		r = rpc_reply_error(&q, rpc_error(RPC_UNAVAILABLE, "busy", busy, sizeof(busy) - 1),
				    e);
	} else {
		rpc.waiting[rpc.waiting_count++] = q;
		return 0;
	}
	rpc_request_free_p(&q);
	return r;
}

/* One message of the host. 1: it is the answer to our call `awaited`, or to any, handed over. 0:
 * dealt with, or the wire ended (closing is set). */
static int take_message(json_int_t awaited, json_t **ret_answer, struct err *e)
{
	CLEANUP(json_decref_p) json_t *m = NULL;
	const char *method;
	const json_t *id;
	int r = read_message(&m, e);

	if (r < 0)
		return -1;
	if (r == 0) {
		rpc.closing = true;
		return 0;
	}
	method = json_string_value(json_object_get(m, "method"));
	if (method)
		return take_request(m, method, e);
	id = json_object_get(m, "id");
	if (!awaited || !json_is_integer(id) ||
	    (awaited != ANY_ANSWER && json_integer_value(id) != awaited))
		return 0;
	*ret_answer = take_ptr(m);
	return 1;
}

static void take_first(struct rpc_request *ret)
{
	*ret = rpc.waiting[0];
	rpc.waiting_count--;
	memmove(&rpc.waiting[0], &rpc.waiting[1], rpc.waiting_count * sizeof(rpc.waiting[0]));
}

int rpc_next(struct rpc_request *ret_request, struct err *e)
{
	while (rpc.waiting_count == 0 && !rpc.closing)
		if (take_message(0, NULL, e) < 0)
			return -1;
	if (rpc.closing)
		return 0;
	take_first(ret_request);
	return 1;
}

/* ---- what we ask ---- */

static json_t *local_error(int code, const char *kind, const char *text)
{
	return json_pack("{s:o}", "error", rpc_error(code, kind, text, strlen(text)));
}

json_int_t rpc_send(const char *method, json_t *params, struct err *e)
{
	CLEANUP(json_decref_p)
	json_t *call = json_pack("{s:s, s:I, s:s, s:o}", "jsonrpc", "2.0", "id", ++rpc.next_id,
				 "method", method, "params", params);

	if (!call)
		return err_set(e, ERR_JSON, "the method is not UTF-8");
	if (rpc.cancelled || rpc.closing)
		return err_set(e, ERR_STATE, "the event was cancelled");
	if (send_message(call, e) < 0) {
		if (e->code != ERR_LIMIT && e->code != ERR_NOMEM)
			rpc.closing = true;
		return -1;
	}
	return rpc.next_id;
}

int rpc_withdraw(json_int_t id, struct err *e)
{
	CLEANUP(json_decref_p)
	json_t *notice = json_pack("{s:s, s:s, s:{s:I}}", "jsonrpc", "2.0", "method", "$/cancel",
				   "params", "id", id);

	return notice ? send_message(notice, e) : err_set(e, ERR_NOMEM, "$/cancel");
}

/* What a caller is told of a call that was not made. NULL: the wire is gone. */
json_t *rpc_not_sent(const struct err *e)
{
	if (e->code == ERR_JSON)
		return local_error(RPC_INVALID_REQUEST, "method", e->text);
	if (e->code == ERR_STATE)
		return local_error(RPC_DEADLINE, "cancelled", e->text);
	return rpc.closing ? NULL : local_error(RPC_TOO_LARGE, "size", e->text);
}

static json_t *plain_answer(const json_t *message)
{
	json_t *error = json_object_get(message, "error");

	return error ? json_pack("{s:O}", "error", error)
		     : json_pack("{s:O?}", "result", json_object_get(message, "result"));
}

static int wait_readable(int timeout_ms)
{
	struct pollfd p = { .fd = WIRE_FD, .events = POLLIN };

	return poll(&p, 1, timeout_ms);
}

int rpc_poll(int timeout_ms, bool takes_request, struct rpc_news *ret, struct err *e)
{
	CLEANUP(json_decref_p) json_t *message = NULL;
	bool was_cancelled = rpc.cancelled;
	int r;

	*ret = (struct rpc_news){ .kind = RPC_NOTHING };
	if (rpc.closing || (takes_request && rpc.waiting_count)) {
		ret->kind = rpc.closing ? RPC_CLOSED : RPC_REQUEST;
	} else if (wait_readable(timeout_ms) > 0) {
		r = take_message(ANY_ANSWER, &message, e);
		if (r < 0)
			return -1;
		if (r > 0) {
			ret->kind = RPC_ANSWER;
			ret->id = json_integer_value(json_object_get(message, "id"));
			ret->answer = plain_answer(message);
		} else if (rpc.closing) {
			ret->kind = RPC_CLOSED;
		} else if (rpc.chunk) {
			ret->kind = RPC_CHUNK;
			ret->answer = take_ptr(rpc.chunk);
		} else if (rpc.cancelled && !was_cancelled) {
			ret->kind = RPC_CANCELLED;
		} else if (takes_request && rpc.waiting_count) {
			ret->kind = RPC_REQUEST;
		}
	}
	if (ret->kind == RPC_REQUEST)
		take_first(&ret->request);
	return 0;
}

json_t *rpc_call(const char *method, json_t *params)
{
	CLEANUP(json_decref_p) json_t *answer = NULL;
	struct err e = { 0 };
	int r;

	if (rpc_send(method, params, &e) < 0)
		return rpc_not_sent(&e);
	while ((r = take_message(rpc.next_id, &answer, &e)) == 0)
		if (rpc.closing || rpc.cancelled)
			return rpc.closing ? NULL
					   : local_error(RPC_DEADLINE, "cancelled",
							 "the event was cancelled");
	if (r < 0) {
		rpc.closing = true;
		return NULL;
	}
	return plain_answer(answer);
}
