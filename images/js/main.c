/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - kennel-js [--jit] FOLDER ENTRY: takes events from the wire, runs the handler of that
 * name in the module FOLDER/ENTRY, answers. kennel-js --check FOLDER ENTRY: says what is wrong with
 * it. Owns: the life of the machine, one event at a time.  Must not know: what the host API offers.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "images/js/asking.h"
#include "images/js/engine.h"
#include "images/wire/rpc.h"

#define MEMORY_USUAL (64u << 20)
#define MARGIN_MS 100
#define MARGIN_MOST_MS 1000
#define CHECK_MS 60000

enum phase { PHASE_FRESH, PHASE_LOADING, PHASE_IDLE, PHASE_RUNNING };

struct session {
	enum phase phase;
	struct engine_setup setup;
	const char *entry;
	struct engine *engine;
	char *initialize;	    /* the text of its params, for each machine */
	struct rpc_request request; /* to be answered: initialize, or the event */
	bool asked;		    /* request is there */
	int64_t deadline_ms;	    /* of what is being done */
	int64_t usual_ms;	    /* what work without an event may take */
};

/* ---- answers ---- */

static int forget_request(struct session *s, int r)
{
	rpc_set_current(NULL);
	rpc_request_free_p(&s->request);
	s->asked = false;
	return r;
}

static int fail(struct session *s, int code, const char *kind, const char *text, struct err *e)
{
	if (!s->asked)
		return 0;
	return forget_request(
		s, rpc_reply_error(&s->request, rpc_error(code, kind, text, strlen(text)), e));
}

/* {kind, name, message, stack} of the prelude as an error of the wire. */
static int fail_with(struct session *s, const char *problem, struct err *e)
{
	CLEANUP(json_decref_p) json_t *p = NULL;
	json_t *error, *data;
	const char *kind, *message;

	if (!problem ||
	    json_parse(problem, strlen(problem), JSON_DEPTH_WIRE, JSON_NODES_MAX, &p, NULL) < 0)
		return fail(s, RPC_INTERNAL, "exception", "an error that is no text", e);
	kind = json_string_value(json_object_get(p, "kind"));
	message = json_string_value(json_object_get(p, "message"));
	error = rpc_error(RPC_INTERNAL, kind ? kind : "exception", message ? message : "",
			  message ? strlen(message) : 0);
	data = json_object_get(error, "data");
	(void)json_object_set(data, "name", json_object_get(p, "name"));
	(void)json_object_set(data, "stack", json_object_get(p, "stack"));
	return forget_request(s, rpc_reply_error(&s->request, error, e));
}

static int succeed(struct session *s, const char *text, struct err *e)
{
	json_t *value = NULL;
	struct err why = { 0 };

	if (json_parse(text, strlen(text), JSON_DEPTH_WIRE, 8 * JSON_NODES_MAX, &value, &why) < 0)
		return fail(s, RPC_INTERNAL, "result", why.text, e);
	return forget_request(s, rpc_reply_result(&s->request, value, e));
}

/* ---- the machine ---- */

/* Until when a piece of work may run: no event's time goes by where none runs, or a person is
 * asked. */
static int64_t work_deadline(const struct session *s)
{
	return s->phase == PHASE_IDLE || asking_now() ? clock_mono_ms() + s->usual_ms
						      : s->deadline_ms;
}

/* A name, up to two texts; nothing but a stop or a bug keeps it from returning. */
static JSValueRef run(struct session *s, const char *name, const char *first, const char *second)
{
	struct engine_call c = { .name = name, .deadline_ms = work_deadline(s) };
	struct err e = { 0 };
	JSValueRef v;

	if (first)
		c.argv[c.argc++] = engine_text(s->engine, first);
	if (second)
		c.argv[c.argc++] = engine_text(s->engine, second);
	v = engine_run(s->engine, &c, &e);
	if (!v && engine_stopped(s->engine) == ENGINE_GOES_ON)
		(void)fprintf(stderr, "error: runtime: %s\n", e.text);
	return v;
}

static int start_machine(struct session *s, struct err *e)
{
	if (engine_make(&s->setup, &s->engine, e) < 0)
		return -1;
	s->phase = PHASE_LOADING;
	s->deadline_ms = clock_mono_ms() + WIRE_HANDSHAKE_MS - MARGIN_MS;
	(void)run(s, "start", s->entry, s->initialize);
	return 0;
}

/* What was stopped in the middle is in no known state: the next event gets a fresh machine. */
static int renew_machine(struct session *s, struct err *e)
{
	bool loading = s->phase == PHASE_LOADING;
	bool memory = engine_stopped(s->engine) == ENGINE_STOP_MEMORY;
	char text[128];

	(void)snprintf(text, sizeof(text),
		       memory ? "E_MEMORY: it used more than its %llu MiB of memory"
			      : "E_TIMEOUT: it ran longer than it may",
		       (unsigned long long)(s->setup.memory_bytes >> 20));
	(void)fprintf(stderr, "error: %s: %s\n", s->asked ? s->request.method : "no event", text);
	if (fail(s, memory ? RPC_QUOTA : RPC_DEADLINE, memory ? "memory" : "deadline", text, e) < 0)
		return -1;
	engine_free_p(&s->engine);
	if (loading)
		return err_set(e, ERR_STATE, "the start: %s", text);
	return start_machine(s, e);
}

/* ---- requests ---- */

static int initialize(struct session *s, struct err *e)
{
	const char *protocol = json_string_value(json_object_get(s->request.params, "protocol"));
	const json_t *memory =
		json_object_get(json_object_get(s->request.params, "limits"), "memoryBytes");
	const json_t *time =
		json_object_get(json_object_get(s->request.params, "limits"), "eventTimeoutMs");

	if (s->phase != PHASE_FRESH)
		return fail(s, RPC_INVALID_REQUEST, "order", "initialize comes once", e);
	if (!protocol || strcmp(protocol, WIRE_PROTOCOL) != 0)
		return fail(s, RPC_INVALID_PARAMS, "protocol",
			    "this plugin speaks protocol " WIRE_PROTOCOL, e);
	if (json_is_integer(memory) && json_integer_value(memory) > 0)
		s->setup.memory_bytes = (uint64_t)json_integer_value(memory);
	if (json_is_integer(time) && json_integer_value(time) > 0)
		s->usual_ms = json_integer_value(time);
	s->initialize = json_print(s->request.params, NULL);
	if (!s->initialize)
		return err_set(e, ERR_NOMEM, "initialize");
	return start_machine(s, e);
}

/* A tenth before the host's, so that it is the event that ends, and not the instance. */
static int64_t event_deadline(const struct session *s)
{
	const json_t *ms =
		json_object_get(json_object_get(s->request.params, "_meta"), "deadlineMs");
	int64_t most = json_is_integer(ms) ? json_integer_value(ms) : s->usual_ms;
	int64_t margin = most / 10 < MARGIN_MOST_MS ? most / 10 : MARGIN_MOST_MS;

	return clock_mono_ms() + most - margin;
}

static int begin_event(struct session *s, struct err *e)
{
	CLEANUP(free_p) char *event = NULL;
	json_t *value = json_object_get(s->request.params, "event");
	JSValueRef v;

	event = value ? json_print(value, NULL) : strdup("{}");
	if (!event)
		return fail(s, RPC_TOO_LARGE, "event", "no memory for the event", e);
	s->phase = PHASE_RUNNING;
	s->deadline_ms = event_deadline(s);
	asking_begin();
	rpc_set_current(&s->request);
	v = run(s, "event", s->request.method, event);
	if (v && !engine_is_true(s->engine, v)) {
		s->phase = PHASE_IDLE;
		return fail(s, RPC_METHOD_NOT_FOUND, "method", "no handler of this name", e);
	}
	return 0;
}

static int take_request(struct session *s, const struct rpc_request *q, struct err *e)
{
	s->request = *q;
	s->asked = true;
	if (!strcmp(q->method, "initialize"))
		return initialize(s, e);
	if (s->phase != PHASE_IDLE)
		return fail(s, RPC_INVALID_REQUEST, "order", "initialize comes first", e);
	return begin_event(s, e);
}

/* ---- what came of it ---- */

static int take_ready(struct session *s, struct engine_said *said, struct err *e)
{
	if (!said->there)
		return 0;
	if (!said->ok) {
		if (s->asked)
			(void)fail_with(s, said->text, e);
		return err_set(e, ERR_STATE, "the plugin does not start");
	}
	s->phase = PHASE_IDLE;
	if (!s->asked)
		return 0;
	return forget_request(s, rpc_reply_result(&s->request, json_pack("{s:b}", "ready", 1), e));
}

static int take_finish(struct session *s, struct engine_said *said, struct err *e)
{
	if (!said->there || s->phase != PHASE_RUNNING)
		return 0;
	s->phase = PHASE_IDLE;
	return said->ok ? succeed(s, said->text, e) : fail_with(s, said->text, e);
}

/* A handler that waits for what never comes: the event ends, the machine is in order. */
static int check_deadline(struct session *s, struct err *e)
{
	static const char late[] = "E_TIMEOUT: it waited longer than it may";

	if (asking_now() || clock_mono_ms() < s->deadline_ms ||
	    (s->phase != PHASE_RUNNING && s->phase != PHASE_LOADING))
		return 0;
	if (s->phase == PHASE_LOADING) {
		(void)fail(s, RPC_DEADLINE, "deadline", late, e);
		return err_set(e, ERR_STATE, "the start: %s", late);
	}
	s->deadline_ms = clock_mono_ms() + MARGIN_MS;
	(void)run(s, "abandon", late, NULL);
	s->phase = PHASE_IDLE;
	(void)fprintf(stderr, "error: %s: %s\n", s->request.method, late);
	return fail(s, RPC_DEADLINE, "deadline", late, e);
}

static int settle(struct session *s, struct err *e)
{
	struct engine_said ready, finish;
	int r;

	if (!s->engine)
		return 0;
	ready = engine_take_ready(s->engine);
	finish = engine_take_finish(s->engine);
	if (engine_stopped(s->engine) != ENGINE_GOES_ON)
		r = renew_machine(s, e);
	else
		r = take_ready(s, &ready, e) < 0 || take_finish(s, &finish, e) < 0 ||
				    check_deadline(s, e) < 0
			    ? -1
			    : 0;
	free(ready.text);
	free(finish.text);
	return r;
}

/* ---- the loop ---- */

/* Fires at most one timer. How long the next may be waited for; -1: for ever. */
static int timers(struct session *s)
{
	int wait = -1;
	JSValueRef due;

	if (!s->engine)
		return -1;
	due = run(s, "due", NULL, NULL);
	if (due)
		wait = (int)engine_to_number(s->engine, due);
	if (wait == 0)
		(void)run(s, "fire", NULL, NULL);
	if ((s->phase == PHASE_RUNNING || s->phase == PHASE_LOADING) && !asking_now()) {
		int64_t left = s->deadline_ms - clock_mono_ms();

		if (left < 0)
			left = 0;
		if (wait < 0 || left < wait)
			wait = (int)left;
	}
	return wait;
}

static void take_answer(struct session *s, const struct rpc_news *n)
{
	CLEANUP(free_p) char *text = json_print(n->answer, NULL);
	struct engine_call c = { .name = "answer", .argc = 2 };
	struct err e = { 0 };

	s->deadline_ms += asking_answered(n->id, clock_mono_ms());
	c.deadline_ms = work_deadline(s);
	if (!s->engine)
		return;
	c.argv[0] = engine_number(s->engine, (double)n->id);
	c.argv[1] = engine_text(s->engine, text ? text : "{\"error\":{\"code\":1011}}");
	if (!engine_run(s->engine, &c, &e) && engine_stopped(s->engine) == ENGINE_GOES_ON)
		(void)fprintf(stderr, "error: runtime: %s\n", e.text);
}

/* A piece of an answer that is still to come. */
static void take_chunk(struct session *s, const json_t *params)
{
	const json_t *id = json_object_get(params, "id");
	const char *text = json_string_value(json_object_get(params, "text"));
	struct engine_call c = { .name = "chunk", .argc = 2, .deadline_ms = work_deadline(s) };
	struct err e = { 0 };

	if (!s->engine || !json_is_integer(id) || !text)
		return;
	c.argv[0] = engine_number(s->engine, (double)json_integer_value(id));
	c.argv[1] = engine_text(s->engine, text);
	if (!engine_run(s->engine, &c, &e) && engine_stopped(s->engine) == ENGINE_GOES_ON)
		(void)fprintf(stderr, "error: runtime: %s\n", e.text);
}

/* 1: go on; 0: the host has closed the wire. */
static int turn(struct session *s, struct err *e)
{
	CLEANUP(json_decref_p) json_t *answer = NULL;
	struct rpc_news n;
	int wait = timers(s);
	int r = 0;

	if (settle(s, e) < 0)
		return -1;
	if (rpc_poll(wait, s->phase == PHASE_FRESH || s->phase == PHASE_IDLE, &n, e) < 0)
		return -1;
	answer = n.answer;
	switch (n.kind) {
	case RPC_CLOSED:
		return 0;
	case RPC_REQUEST:
		r = take_request(s, &n.request, e);
		break;
	case RPC_ANSWER:
		take_answer(s, &n);
		break;
	case RPC_CHUNK:
		take_chunk(s, answer);
		break;
	case RPC_CANCELLED:
		(void)run(s, "cancel", "the host has cancelled the event", NULL);
		break;
	case RPC_NOTHING:
		break;
	}
	return r < 0 || settle(s, e) < 0 ? -1 : 1;
}

static int serve(struct session *s)
{
	struct err e = { 0 };
	int r;

	while ((r = turn(s, &e)) > 0)
		;
	if (r < 0)
		(void)fprintf(stderr, "error: runtime: %s: %s\n", err_name(e.code), e.text);
	return r < 0 ? 1 : 0;
}

/* The first line names the refusal. */
static int check(struct session *s)
{
	CLEANUP(free_p) char *said = NULL;
	struct err e = { 0 };

	s->deadline_ms = clock_mono_ms() + CHECK_MS;
	if (engine_make(&s->setup, &s->engine, &e) < 0) {
		(void)fprintf(stderr, "%s: %s\n", err_name(e.code), e.text);
		return 1;
	}
	said = engine_copy_text(s->engine, run(s, "check", s->entry, NULL), NULL);
	if (said && !said[0])
		return 0;
	(void)fprintf(stderr, "%s\n", said ? said : "E_LIMIT: too large to be checked");
	return 1;
}

static void end(struct session *s)
{
	if (s->asked)
		(void)forget_request(s, 0);
	engine_free_p(&s->engine);
	free(s->initialize);
	if (s->setup.root_fd >= 0)
		(void)close(s->setup.root_fd);
}

int main(int argc, char **argv)
{
	struct session s = { .usual_ms = EVENT_DEADLINE_MS };
	bool only_check = false;
	int at = 1, status;

	s.setup = (struct engine_setup){ -1, MEMORY_USUAL, false };
	if (at < argc && !strcmp(argv[at], "--check")) {
		only_check = true;
		at++;
	} else if (at < argc && !strcmp(argv[at], "--jit")) {
		s.setup.jit = true;
		at++;
	}
	if (argc - at != 2) {
		(void)fprintf(stderr, "usage: kennel-js [--jit | --check] FOLDER ENTRY\n");
		return 2;
	}
	s.setup.root_fd = open(argv[at], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s.entry = argv[at + 1];
	if (s.setup.root_fd < 0) {
		(void)fprintf(stderr, "kennel-js: %s: %m\n", argv[at]);
		return 1;
	}
	status = only_check ? check(&s) : serve(&s);
	end(&s);
	return status;
}
