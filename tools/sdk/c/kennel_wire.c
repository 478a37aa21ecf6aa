/* SPDX-License-Identifier: Apache-2.0 */
/* kennel_wire.c - JSON-RPC on descriptor 3: u32 little-endian length, then UTF-8 JSON.
 * Owns: frames, ids of our calls, requests that wait while a handler runs.  Must not know: what a
 * handler does. The host is trusted not to be hostile; a broken wire ends the program. */
#include "kennel_wire.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WIRE = 3, FRAME_MAX = 1 << 20, WAITING_MAX = 64, METHOD_MAX = 64 };
enum {
	INVALID_REQUEST = -32600,
	NOT_FOUND = -32601,
	INVALID_PARAMS = -32602,
	INTERNAL = -32603,
	UNAVAILABLE = 1008,
};
#define PROTOCOL "1.0"

/* The linker joins what KENNEL_HANDLER puts there. */
extern const struct kennel_handler __start_kennel_handlers[], __stop_kennel_handlers[];

/* text owns what the views look at. */
struct message {
	char *text;
	struct kennel_json id, method, params, whole;
};

static struct {
	struct message waiting[WAITING_MAX];
	size_t waiting_count;
	struct message current; /* whose handler runs */
	struct message initialize;
	struct message answer; /* to our last call */
	long long deadline_ms; /* of current, on the monotonic clock; 0: none */
	long long next_id;
	bool cancelled;
	bool closing; /* $/shutdown, or the wire is gone */
	struct kennel_text result;
	bool failed;
} wire;

static long long now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void message_free(struct message *m)
{
	free(m->text);
	*m = (struct message){ 0 };
}

static void die(const char *why)
{
	(void)fprintf(stderr, "plugin: %s\n", why);
	exit(1);
}

/* ---- frames ---- */

/* 1: all of them; 0: the wire ended before the first. */
static int read_all(char *p, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = read(WIRE, p + got, n - got);
		struct pollfd ready = { .fd = WIRE, .events = POLLIN };

		if (r > 0)
			got += (size_t)r;
		else if (r == 0 && got == 0)
			return 0;
		else if (r == 0)
			die("the wire ends inside a message");
		else if (errno == EAGAIN)
			(void)poll(&ready, 1, -1);
		else if (errno != EINTR)
			return 0;
	}
	return 1;
}

static void write_all(const char *p, size_t n)
{
	while (n > 0 && !wire.closing) {
		ssize_t r = write(WIRE, p, n);
		struct pollfd ready = { .fd = WIRE, .events = POLLOUT };

		if (r >= 0) {
			p += r;
			n -= (size_t)r;
		} else if (errno == EAGAIN) {
			(void)poll(&ready, 1, -1);
		} else if (errno != EINTR) {
			wire.closing = true;
		}
	}
}

/* false: larger than a message may be; nothing was sent. */
static bool send_text(const struct kennel_text *t)
{
	unsigned char head[4];

	if (t->n > FRAME_MAX)
		return false;
	for (unsigned int i = 0; i < sizeof(head); i++)
		head[i] = (unsigned char)(t->n >> (8 * i));
	write_all((const char *)head, sizeof(head));
	write_all(t->p, t->n);
	return true;
}

static bool receive(struct message *ret)
{
	unsigned char head[4];
	struct message m = { 0 };
	size_t n;

	if (!read_all((char *)head, sizeof(head)))
		return false;
	n = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
	if (n == 0 || n > FRAME_MAX)
		die("a message of a length that none has");
	m.text = malloc(n + 1);
	if (!m.text)
		die("no memory for a message");
	if (!read_all(m.text, n))
		die("the wire ends inside a message");
	m.text[n] = '\0';
	m.whole = kennel_parse(m.text, n);
	m.id = kennel_get(m.whole, "id");
	m.method = kennel_get(m.whole, "method");
	m.params = kennel_get(m.whole, "params");
	*ret = m;
	return true;
}

/* ---- what we answer ---- */

static void begin_reply(struct kennel_text *t, const struct message *m, const char *member)
{
	kennel_add(t, "{\"jsonrpc\":\"2.0\",\"id\":");
	kennel_add_json(t, m->id);
	kennel_add(t, ",\"");
	kennel_add(t, member);
	kennel_add(t, "\":");
}

static void reply_error(const struct message *m, int code, const char *kind, const char *text)
{
	struct kennel_text t = { 0 };

	begin_reply(&t, m, "error");
	kennel_add(&t, "{\"code\":");
	kennel_add_int(&t, code);
	kennel_add(&t, ",\"message\":");
	kennel_add_string(&t, text);
	kennel_add(&t, ",\"data\":{\"kind\":");
	kennel_add_string(&t, kind);
	kennel_add(&t, "}}}");
	if (!send_text(&t))
		die("an error larger than a message");
	kennel_text_free(&t);
}

static void reply_result(const struct message *m, const char *json)
{
	struct kennel_text t = { 0 };

	begin_reply(&t, m, "result");
	kennel_add(&t, json);
	kennel_add(&t, "}");
	if (!send_text(&t))
		reply_error(m, KENNEL_TOO_LARGE, "result",
			    "the result is larger than a message may be");
	kennel_text_free(&t);
}

/* ---- what the host says while something else is going on ---- */

static bool same(struct kennel_json a, struct kennel_json b)
{
	return a.p && b.p && a.end - a.p == b.end - b.p && !memcmp(a.p, b.p, (size_t)(a.end - a.p));
}

/* One that waits is answered here; the running one gets no further call through. */
static void cancel(struct kennel_json id)
{
	if (same(wire.current.id, id))
		wire.cancelled = true;
	for (size_t i = 0; i < wire.waiting_count; i++) {
		struct message m = wire.waiting[i];

		if (!same(m.id, id))
			continue;
		wire.waiting_count--;
		memmove(&wire.waiting[i], &wire.waiting[i + 1],
			(wire.waiting_count - i) * sizeof(m));
		reply_error(&m, KENNEL_DEADLINE, "cancelled", "cancelled before it began");
		message_free(&m);
		return;
	}
}

/* Takes m. */
static void take_request(struct message *m)
{
	if (!m->id.p) {
		if (kennel_is_string(m->method, "$/shutdown"))
			wire.closing = true;
		else if (kennel_is_string(m->method, "$/cancel"))
			cancel(kennel_get(m->params, "id"));
	} else if (kennel_is_string(m->method, "$/ping")) {
		reply_result(m, "{}");
	} else if (wire.waiting_count == WAITING_MAX) {
		reply_error(m, UNAVAILABLE, "busy", "too many requests at once");
	} else {
		wire.waiting[wire.waiting_count++] = *m;
		return;
	}
	message_free(m);
}

/* One message of the host, waiting for it. true: it answers our call `awaited`, and lies in
 * wire.answer. */
static bool take_message(long long awaited)
{
	struct message m;

	if (!receive(&m)) {
		wire.closing = true;
		return false;
	}
	if (m.method.p) {
		take_request(&m);
		return false;
	}
	if (!awaited || kennel_int(m.id, 0) != awaited) {
		message_free(&m);
		return false;
	}
	message_free(&wire.answer);
	wire.answer = m;
	return true;
}

long long kennel_time_left_ms(void)
{
	long long left = wire.deadline_ms - now_ms();

	return left > 0 ? left : 0;
}

static bool is_over(void)
{
	return wire.closing || wire.cancelled || (wire.deadline_ms && kennel_time_left_ms() == 0);
}

/* Is there something to read within that time? */
static bool wait_readable(long long ms)
{
	struct pollfd p = { .fd = WIRE, .events = POLLIN };

	return poll(&p, 1, ms > 60000 ? 60000 : (int)ms) > 0;
}

bool kennel_cancelled(void)
{
	while (!is_over() && wait_readable(0))
		(void)take_message(0);
	return is_over();
}

/* ---- a plugin's side ---- */

struct kennel_json kennel_input(void)
{
	return kennel_get(wire.current.params, "event");
}

struct kennel_json kennel_initialize(void)
{
	return wire.initialize.params;
}

static void set_result(const char *text, bool failed)
{
	kennel_text_free(&wire.result);
	kennel_add(&wire.result, text);
	wire.failed = failed;
}

int32_t kennel_ok(const char *json)
{
	set_result(json, false);
	return 0;
}

int32_t kennel_fail(const char *message)
{
	set_result(message, true);
	return 1;
}

static struct kennel_json local_error(int code, const char *text)
{
	struct kennel_text t = { 0 };

	kennel_add(&t, "{\"error\":{\"code\":");
	kennel_add_int(&t, code);
	kennel_add(&t, ",\"message\":");
	kennel_add_string(&t, text);
	kennel_add(&t, "}}");
	message_free(&wire.answer);
	wire.answer.text = t.p;
	wire.answer.whole = kennel_parse(t.p, t.n);
	return wire.answer.whole;
}

/* A person's or a model's answer takes a while, for which the time of the event stands still. */
static bool is_question(const char *method)
{
	static const char *const questions[] = { "ui.openDialog", "openDialog", "ai.complete",
						 "useAI", "ai.embed" };

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		if (!strcmp(method, questions[i]))
			return true;
	return false;
}

/* true: the answer lies in wire.answer. */
static bool wait_for_answer(long long id, bool question)
{
	long long began_ms = now_ms(), deadline_ms = wire.deadline_ms;
	bool came = false;

	if (question)
		wire.deadline_ms = 0;
	while (!came && !is_over())
		if (wait_readable(wire.deadline_ms ? kennel_time_left_ms() : 60000))
			came = take_message(id);
	if (question && deadline_ms)
		wire.deadline_ms = deadline_ms + now_ms() - began_ms;
	return came;
}

struct kennel_json kennel_call(const char *method, const char *params_json)
{
	struct kennel_text t = { 0 };
	long long id = ++wire.next_id;
	bool sent;

	if (kennel_cancelled())
		return local_error(KENNEL_DEADLINE, "the event was cancelled, or its time is over");
	kennel_add(&t, "{\"jsonrpc\":\"2.0\",\"id\":");
	kennel_add_int(&t, id);
	kennel_add(&t, ",\"method\":");
	kennel_add_string(&t, method);
	kennel_add(&t, ",\"params\":");
	kennel_add(&t, params_json);
	kennel_add(&t, "}");
	sent = send_text(&t);
	kennel_text_free(&t);
	if (!sent)
		return local_error(KENNEL_TOO_LARGE, "the call is larger than a message may be");
	if (wait_for_answer(id, is_question(method)))
		return wire.answer.whole;
	return local_error(KENNEL_DEADLINE, "the event was cancelled, or its time is over");
}

/* ---- the session ---- */

static const struct kennel_handler *find_handler(const struct message *m)
{
	for (const struct kennel_handler *h = __start_kennel_handlers; h < __stop_kennel_handlers;
	     h++)
		if (kennel_is_string(m->method, h->name))
			return h;
	return NULL;
}

/* m stays in wire.current while the handler runs. */
static void run(const struct kennel_handler *h)
{
	long long ms =
		kennel_int(kennel_get(kennel_get(wire.current.params, "_meta"), "deadlineMs"), 0);
	int32_t status;

	wire.cancelled = false;
	wire.deadline_ms = ms > 0 ? now_ms() + ms : 0;
	set_result("null", false);
	status = h->run();
	if (wire.failed)
		reply_error(&wire.current, INTERNAL, "plugin", wire.result.p);
	else if (status != 0)
		reply_error(&wire.current, INTERNAL, "plugin", "the handler failed");
	else if (!kennel_is_there(kennel_parse(wire.result.p, wire.result.n)))
		reply_error(&wire.current, INTERNAL, "plugin", "the result is no JSON");
	else
		reply_result(&wire.current, wire.result.p);
	wire.deadline_ms = 0;
}

static void handle(struct message *m)
{
	const struct kennel_handler *h = find_handler(m);

	if (kennel_is_string(m->method, "initialize")) {
		if (!kennel_is_string(kennel_get(m->params, "protocol"), PROTOCOL)) {
			reply_error(m, INVALID_PARAMS, "protocol",
				    "this plugin speaks protocol " PROTOCOL);
			return;
		}
		reply_result(m, "{\"ready\":true}");
		message_free(&wire.initialize);
		wire.initialize = *m;
		*m = (struct message){ 0 };
	} else if (!wire.initialize.text) {
		reply_error(m, INVALID_REQUEST, "order", "initialize comes first");
	} else if (!h) {
		reply_error(m, NOT_FOUND, "method", "no handler of this name");
	} else {
		wire.current = *m;
		*m = (struct message){ 0 };
		run(h);
		message_free(&wire.current);
	}
}

int main(void)
{
	while (!wire.closing) {
		struct message m;

		if (wire.waiting_count == 0) {
			(void)take_message(0);
			continue;
		}
		m = wire.waiting[0];
		wire.waiting_count--;
		memmove(&wire.waiting[0], &wire.waiting[1], wire.waiting_count * sizeof(m));
		handle(&m);
		message_free(&m);
	}
	return 0;
}
