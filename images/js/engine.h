/* SPDX-License-Identifier: Apache-2.0 */
/* engine.h - one JavaScript machine: its heap, its globals, the prelude; nothing of it is outside.
 * Owns: every use of JavaScriptCore's life cycle, its options, the watchdog.
 * Must not know: the wire's order, which event runs. */
#ifndef KENNEL_JS_ENGINE_H
#define KENNEL_JS_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include <JavaScriptCore/JavaScript.h>

#include "base/err.h"

struct engine_setup {
	int root_fd; /* the bundle; borrowed */
	uint64_t memory_bytes;
	bool jit;
};

/* Why the watchdog ended what ran. The machine is of no use then. */
enum engine_stop { ENGINE_GOES_ON, ENGINE_STOP_TIME, ENGINE_STOP_MEMORY };

/* What the prelude said since it was last taken. */
struct engine_said {
	bool there, ok;
	char *text; /* owned; JSON */
};

struct engine;

int engine_make(const struct engine_setup *setup, struct engine **ret, struct err *e);
void engine_free_p(struct engine **e);

/* kennel[name](…) of the prelude; NULL when it threw (e) or was stopped. Promises are settled when
 * it returns. deadline_ms: of CLOCK_MONOTONIC, for all that runs until it returns. */
struct engine_call {
	const char *name;
	int64_t deadline_ms;
	size_t argc;
	JSValueRef argv[3];
};
JSValueRef engine_run(struct engine *g, const struct engine_call *c, struct err *e);
enum engine_stop engine_stopped(const struct engine *g);

JSValueRef engine_text(struct engine *g, const char *text);	 /* a string */
JSValueRef engine_number(struct engine *g, double n);
char *engine_copy_text(struct engine *g, JSValueRef v, size_t *ret_n); /* to be freed, or NULL */
bool engine_is_true(struct engine *g, JSValueRef v);
double engine_to_number(struct engine *g, JSValueRef v);

/* The two things the prelude announces: that it has started, that the event has ended. */
struct engine_said engine_take_ready(struct engine *g);
struct engine_said engine_take_finish(struct engine *g);

#endif
