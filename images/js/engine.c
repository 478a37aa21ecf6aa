/* SPDX-License-Identifier: Apache-2.0 */
/* engine.c - JavaScriptCore by its C API.
 *
 * Options are read from the environment when the library is first used, so they are set here,
 * before; what the process was started with is thrown away. Without the JIT the library maps no
 * executable memory at all. The watchdog is the library's own: it asks us every WATCH_SECONDS of
 * CPU time, and what it ends cannot be caught; the machine is thrown away then. */
#include "images/js/engine.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "images/js/native.h"
#include "js_prelude.h"

#define WATCH_SECONDS 0.02
#define RESERVE_BYTES (12u << 20) /* the library's own data, beside the heap */
#define HEAP_LEAST (4u << 20)

/* Exported by the library, declared in headers that are not installed. */
typedef bool (*watchdog_fn)(JSContextRef ctx, void *arg);
void JSContextGroupSetExecutionTimeLimit(JSContextGroupRef group, double seconds, watchdog_fn fn,
					 void *arg);
void JSGlobalContextSetEvalEnabled(JSGlobalContextRef ctx, bool enabled, JSStringRef message);
void JSGlobalContextSetUnhandledRejectionCallback(JSGlobalContextRef ctx, JSObjectRef function,
						  JSValueRef *ret_thrown);

static const char no_eval[] =
	"no code from strings here: put the code into a module of the bundle, and import it";

struct engine {
	JSContextGroupRef group;
	JSGlobalContextRef ctx;
	JSObjectRef kennel;
	struct native native;
	uint64_t memory_bytes;
	int64_t deadline_ms;
	int statm_fd;
	enum engine_stop stopped;
};

/* ---- options ---- */

static uint64_t heap_bytes(uint64_t memory_bytes)
{
	if (memory_bytes < 2 * RESERVE_BYTES)
		return memory_bytes / 2 > HEAP_LEAST ? memory_bytes / 2 : HEAP_LEAST;
	return memory_bytes - RESERVE_BYTES;
}

static int set_options(const struct engine_setup *s, struct err *e)
{
	char heap[32];
	const char *const options[][2] = {
		{ "JSC_useJIT", s->jit ? "1" : "0" }, { "JSC_useWasm", "0" },
		{ "JSC_useSharedArrayBuffer", "0" },  { "JSC_forceRAMSize", heap },
		{ "JSC_useTailCalls", "0" }, /* a call that returns stays in the stack trace */
		{ "JSC_useConcurrentGC", "0" }, /* no thread beside ours while nothing runs */
		{ "JSC_numberOfGCMarkers", "1" },
	};

	(void)snprintf(heap, sizeof(heap), "%llu", (unsigned long long)heap_bytes(s->memory_bytes));
	(void)clearenv();
	for (size_t i = 0; i < countof(options); i++)
		if (setenv(options[i][0], options[i][1], 1) < 0)
			return err_sys(e, "option %s", options[i][0]);
	return 0;
}

/* ---- the watchdog ---- */

/* Private memory, as the cgroup counts most of it; 0 where it cannot be read. */
static uint64_t private_bytes(const struct engine *g)
{
	unsigned long long resident, shared;
	char text[128];
	ssize_t n = g->statm_fd >= 0 ? pread(g->statm_fd, text, sizeof(text) - 1, 0) : -1;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	if (sscanf(text, "%*u %llu %llu", &resident, &shared) != 2 || shared > resident)
		return 0;
	return (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static bool on_watchdog(JSContextRef ctx, void *arg)
{
	struct engine *g = arg;

	(void)ctx;
	if (clock_mono_ms() >= g->deadline_ms)
		g->stopped = ENGINE_STOP_TIME;
	else if (private_bytes(g) > heap_bytes(g->memory_bytes))
		g->stopped = ENGINE_STOP_MEMORY;
	else
		JSContextGroupSetExecutionTimeLimit(g->group, WATCH_SECONDS, on_watchdog, g);
	return g->stopped != ENGINE_GOES_ON;
}

/* ---- values ---- */

JSValueRef engine_text(struct engine *g, const char *text)
{
	JSStringRef s = JSStringCreateWithUTF8CString(text);
	JSValueRef v = JSValueMakeString(g->ctx, s);

	JSStringRelease(s);
	return v;
}

JSValueRef engine_number(struct engine *g, double n)
{
	return JSValueMakeNumber(g->ctx, n);
}

char *engine_copy_text(struct engine *g, JSValueRef v, size_t *ret_n)
{
	JSStringRef s = v ? JSValueToStringCopy(g->ctx, v, NULL) : NULL;
	char *text = native_copy_string(s, ret_n);

	if (s)
		JSStringRelease(s);
	return text;
}

bool engine_is_true(struct engine *g, JSValueRef v)
{
	return v && JSValueToBoolean(g->ctx, v);
}

double engine_to_number(struct engine *g, JSValueRef v)
{
	return v ? JSValueToNumber(g->ctx, v, NULL) : 0;
}

static JSValueRef property(struct engine *g, const char *name)
{
	JSStringRef s = JSStringCreateWithUTF8CString(name);
	JSValueRef v = JSObjectGetProperty(g->ctx, g->kennel, s, NULL);

	JSStringRelease(s);
	return v;
}

static int thrown(struct engine *g, const char *where, JSValueRef what, struct err *e)
{
	CLEANUP(free_p) char *text = engine_copy_text(g, what, NULL);

	return err_set(e, ERR_STATE, "%s: %s", where, text ? text : "threw what is no text");
}

/* ---- calls ---- */

JSValueRef engine_run(struct engine *g, const struct engine_call *c, struct err *e)
{
	JSValueRef f = property(g, c->name), exception = NULL, v;

	g->deadline_ms = c->deadline_ms;
	JSContextGroupSetExecutionTimeLimit(g->group, WATCH_SECONDS, on_watchdog, g);
	v = JSObjectCallAsFunction(g->ctx, JSValueToObject(g->ctx, f, NULL), g->kennel, c->argc,
				   c->argv, &exception);
	if (g->stopped != ENGINE_GOES_ON) {
		(void)err_set(e, ERR_TIMEOUT, "%s was stopped", c->name);
		return NULL;
	}
	if (exception) {
		(void)thrown(g, c->name, exception, e);
		return NULL;
	}
	return v;
}

enum engine_stop engine_stopped(const struct engine *g)
{
	return g->stopped;
}

static struct engine_said take_said(struct engine_said *from)
{
	struct engine_said s = *from;

	*from = (struct engine_said){ 0 };
	return s;
}

struct engine_said engine_take_ready(struct engine *g)
{
	return take_said(&g->native.ready);
}

struct engine_said engine_take_finish(struct engine *g)
{
	return take_said(&g->native.finish);
}

/* ---- the prelude ---- */

/* Each file is the body of a function of (native, kennel). */
static int run_prelude(struct engine *g, JSObjectRef native, const struct prelude *p, struct err *e)
{
	JSStringRef names[2] = { JSStringCreateWithUTF8CString("native"),
				 JSStringCreateWithUTF8CString("kennel") };
	JSStringRef body = JSStringCreateWithUTF8CString(p->text);
	JSStringRef url = JSStringCreateWithUTF8CString(p->name);
	JSValueRef argv[2] = { native, g->kennel }, exception = NULL;
	JSObjectRef f = JSObjectMakeFunction(g->ctx, NULL, 2, names, body, url, 1, &exception);

	if (f)
		(void)JSObjectCallAsFunction(g->ctx, f, NULL, 2, argv, &exception);
	JSStringRelease(names[0]);
	JSStringRelease(names[1]);
	JSStringRelease(body);
	JSStringRelease(url);
	return exception ? thrown(g, p->name, exception, e) : 0;
}

static int fill_context(struct engine *g, struct err *e)
{
	JSObjectRef native = native_object(g->ctx, &g->native);
	JSStringRef message = JSStringCreateWithUTF8CString(no_eval);
	JSValueRef rejected, exception = NULL;

	g->kennel = JSObjectMake(g->ctx, NULL, NULL);
	JSValueProtect(g->ctx, g->kennel);
	for (size_t i = 0; i < countof(preludes); i++)
		if (run_prelude(g, native, &preludes[i], e) < 0) {
			JSStringRelease(message);
			return -1;
		}
	JSGlobalContextSetEvalEnabled(g->ctx, false, message);
	JSStringRelease(message);
	rejected = property(g, "rejected");
	JSGlobalContextSetUnhandledRejectionCallback(
		g->ctx, JSValueToObject(g->ctx, rejected, NULL), &exception);
	return exception ? thrown(g, "rejections", exception, e) : 0;
}

int engine_make(const struct engine_setup *setup, struct engine **ret, struct err *e)
{
	CLEANUP(engine_free_p) struct engine *g = calloc(1, sizeof(*g));

	if (!g)
		return err_set(e, ERR_NOMEM, "the machine");
	if (set_options(setup, e) < 0)
		return -1;
	g->native.root_fd = setup->root_fd;
	g->memory_bytes = setup->memory_bytes;
	g->deadline_ms = INT64_MAX;
	g->statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	g->group = JSContextGroupCreate();
	g->ctx = g->group ? JSGlobalContextCreateInGroup(g->group, NULL) : NULL;
	if (!g->ctx)
		return err_set(e, ERR_NOMEM, "the machine");
	if (fill_context(g, e) < 0)
		return -1;
	*ret = take_ptr(g);
	return 0;
}

void engine_free_p(struct engine **at)
{
	struct engine *g = *at;

	if (!g)
		return;
	if (g->kennel)
		JSValueUnprotect(g->ctx, g->kennel);
	if (g->ctx)
		JSGlobalContextRelease(g->ctx);
	if (g->group)
		JSContextGroupRelease(g->group);
	free(g->native.ready.text);
	free(g->native.finish.text);
	if (g->statm_fd >= 0)
		(void)close(g->statm_fd);
	free(g);
	*at = NULL;
}
