/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - a compiled plugin: takes events from the wire, runs the handler of that name, answers.
 * Owns: the life of the instance.  Must not know: what the host API offers. A trap ends one event
 * and its instance; the next event gets a fresh one. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "images/wasm/blocks.h"
#include "images/wasm/env.h"
#include "images/wasm/plugin.h"
#include "images/wire/rpc.h"
#include "images/wasm/rt.h"

static int status;
static bool initialized;

/* ---- the instance ---- */

static uint32_t make_instance(void)
{
	plugin_code.instantiate();
	plugin_code.start();
	return 0;
}

static int instance_make(struct err *e)
{
	struct rt_outcome o = rt_call(make_instance);

	if (o.end == RT_TRAPPED)
		return err_set(e, ERR_STATE, "the module's start: %s", o.trap);
	if (o.end == RT_EXITED && o.value != 0)
		return err_set(e, ERR_STATE, "the module's start: exit(%u)", o.value);
	return 0;
}

static int instance_renew(struct err *e)
{
	plugin_code.release();
	env_forget();
	rt_trim_stack();
	return instance_make(e);
}

/* ---- one event ---- */

static const struct plugin_handler *find_handler(const char *name)
{
	for (size_t i = 0; i < plugin_code.handler_count; i++)
		if (!strcmp(plugin_code.handlers[i].name, name))
			return &plugin_code.handlers[i];
	return NULL;
}

/* The output as a value if it is JSON, as a string if it is only text. NULL: neither. */
static json_t *output_value(void)
{
	size_t n = 0;
	const char *text = env_output(&n);
	json_t *value = NULL;

	if (!text)
		return json_null();
	if (json_parse(text, n, JSON_DEPTH_WIRE, JSON_NODES_MAX, &value, NULL) == 0)
		return value;
	return json_stringn(text, n);
}

static json_t *failure(const struct rt_outcome *o)
{
	char text[128];
	size_t n = 0;
	const char *said = env_error(&n);
	json_t *error;

	if (o->end == RT_TRAPPED) {
		(void)snprintf(text, sizeof(text), "trap: %s", o->trap);
		error = rpc_error(RPC_INTERNAL, "trap", text, strlen(text));
		(void)json_object_set_new(json_object_get(error, "data"), "trap",
					  json_string(o->trap));
		return error;
	}
	if (said)
		return rpc_error(RPC_INTERNAL, "plugin", said, n);
	(void)snprintf(text, sizeof(text),
		       o->end == RT_EXITED ? "the plugin called exit(%u)"
					   : "the handler returned %u",
		       o->value);
	return rpc_error(RPC_INTERNAL, o->end == RT_EXITED ? "exit" : "plugin", text, strlen(text));
}

static int answer(const struct rpc_request *q, const struct rt_outcome *o, struct err *e)
{
	static const char bad[] = "the output is not UTF-8";
	json_t *value;

	if (o->end != RT_RETURNED || o->value != 0)
		return rpc_reply_error(q, failure(o), e);
	value = output_value();
	if (!value)
		return rpc_reply_error(q, rpc_error(RPC_INTERNAL, "plugin", bad, sizeof(bad) - 1),
				       e);
	return rpc_reply_result(q, value, e);
}

static int run_event(const struct rpc_request *q, const struct plugin_handler *h, struct err *e)
{
	static const char large[] = "the event is larger than the plugin may hold";
	json_t *event = json_object_get(q->params, "event");
	size_t n = 0;
	CLEANUP(free_p) char *input = event ? json_print(event, &n) : NULL;
	struct rt_outcome o;
	int r;

	if (!env_begin(input, n))
		return rpc_reply_error(
			q, rpc_error(RPC_TOO_LARGE, "event", large, sizeof(large) - 1), e);
	rpc_set_current(q);
	o = rt_call(h->run);
	rpc_set_current(NULL);
	r = answer(q, &o, e);
	if (r == 0 && o.end != RT_RETURNED)
		r = instance_renew(e);
	return r;
}

/* ---- the session ---- */

static int initialize(const struct rpc_request *q, struct err *e)
{
	static const char spoken[] = "this plugin speaks protocol " WIRE_PROTOCOL;
	const char *protocol = json_string_value(json_object_get(q->params, "protocol"));
	const json_t *memory = json_object_get(json_object_get(q->params, "limits"), "memoryBytes");

	if (!protocol || strcmp(protocol, WIRE_PROTOCOL) != 0)
		return rpc_reply_error(
			q, rpc_error(RPC_INVALID_PARAMS, "protocol", spoken, sizeof(spoken) - 1),
			e);
	if (json_is_integer(memory) && json_integer_value(memory) > 0)
		rt_limit_memory((uint64_t)json_integer_value(memory));
	env_configure(q->params);
	initialized = true;
	return rpc_reply_result(q, json_pack("{s:b}", "ready", 1), e);
}

static int handle(const struct rpc_request *q, struct err *e)
{
	static const char early[] = "initialize comes first";
	static const char unknown[] = "no handler of this name";
	const struct plugin_handler *h = find_handler(q->method);

	if (!strcmp(q->method, "initialize"))
		return initialize(q, e);
	if (!initialized)
		return rpc_reply_error(
			q, rpc_error(RPC_INVALID_REQUEST, "order", early, sizeof(early) - 1), e);
	if (!h)
		return rpc_reply_error(
			q, rpc_error(RPC_METHOD_NOT_FOUND, "method", unknown, sizeof(unknown) - 1),
			e);
	return run_event(q, h, e);
}

static int serve(struct err *e)
{
	int r = instance_make(e);

	while (r == 0) {
		CLEANUP(rpc_request_free_p) struct rpc_request q = { 0 };

		r = rpc_next(&q, e);
		if (r <= 0)
			return r;
		r = handle(&q, e);
	}
	return r;
}

static void serve_on_stack(void)
{
	struct err e = { 0 };

	if (serve(&e) == 0)
		return;
	(void)fprintf(stderr, "plugin runtime: %s: %s\n", err_name(e.code), e.text);
	status = 1;
}

int main(void)
{
	wasm_rt_init();
	plugin_code.init_module();
	if (!wasm_rt_is_initialized() || blocks_init() < 0 || rt_run_on_stack(serve_on_stack) < 0) {
		(void)fprintf(stderr, "plugin runtime: no memory or no signals to start with\n");
		return 1;
	}
	return status;
}
