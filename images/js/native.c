/* SPDX-License-Identifier: Apache-2.0 */
/* native.c - what the prelude can do: read a file of the bundle, send a call, write a line of log,
 * random bytes, the clock, UTF-8. */
#include "images/js/native.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/fs.h"
#include "base/limits.h"
#include "images/js/asking.h"
#include "images/js/module.h"
#include "images/js/utf8.h"
#include "images/wire/rpc.h"

static struct native *state;

#define ARGUMENTS                                                      \
	JSContextRef ctx, JSObjectRef f, JSObjectRef self, size_t argc, \
		const JSValueRef argv[], JSValueRef *ret_thrown
#define NATIVE(name) static JSValueRef native_##name(ARGUMENTS)
#define UNUSED (void)f, (void)self, (void)argc, (void)argv, (void)ret_thrown

/* ---- values ---- */

char *native_copy_string(JSStringRef s, size_t *ret_n)
{
	size_t room = s ? JSStringGetMaximumUTF8CStringSize(s) : 0;
	char *text = s ? malloc(room) : NULL;
	size_t n = text ? JSStringGetUTF8CString(s, text, room) : 0;

	if (!n) {
		free(text);
		return NULL;
	}
	if (ret_n)
		*ret_n = n - 1;
	return text;
}

static char *argument_text(JSContextRef ctx, size_t argc, const JSValueRef argv[], size_t i,
			   size_t *ret_n)
{
	JSStringRef s = i < argc ? JSValueToStringCopy(ctx, argv[i], NULL) : NULL;
	char *text = native_copy_string(s, ret_n);

	if (s)
		JSStringRelease(s);
	return text;
}

static JSValueRef string_value(JSContextRef ctx, const char *text)
{
	JSStringRef s = JSStringCreateWithUTF8CString(text);
	JSValueRef v = JSValueMakeString(ctx, s);

	JSStringRelease(s);
	return v;
}

static JSValueRef throw_error(JSContextRef ctx, const struct err *e, JSValueRef *ret_thrown)
{
	char text[sizeof(e->text) + 64];
	JSValueRef message;

	(void)snprintf(text, sizeof(text), "%s: %s", err_name(e->code), e->text);
	message = string_value(ctx, text);
	*ret_thrown = JSObjectMakeError(ctx, 1, &message, NULL);
	return JSValueMakeUndefined(ctx);
}

static JSValueRef throw_text(JSContextRef ctx, enum err_code code, const char *text,
			     JSValueRef *ret_thrown)
{
	struct err e = { 0 };

	(void)err_set(&e, code, "%s", text);
	return throw_error(ctx, &e, ret_thrown);
}

static uint8_t *bytes_of(JSContextRef ctx, size_t argc, const JSValueRef argv[], size_t *ret_n)
{
	JSObjectRef view;

	if (argc == 0 || JSValueGetTypedArrayType(ctx, argv[0], NULL) == kJSTypedArrayTypeNone)
		return NULL;
	view = JSValueToObject(ctx, argv[0], NULL);
	*ret_n = JSObjectGetTypedArrayByteLength(ctx, view, NULL);
	/* of the buffer's beginning: the view's own offset is not in it */
	return (uint8_t *)JSObjectGetTypedArrayBytesPtr(ctx, view, NULL) +
	       JSObjectGetTypedArrayByteOffset(ctx, view, NULL);
}

static void free_bytes(void *p, void *context)
{
	(void)context;
	free(p);
}

/* ---- log, clock, random ---- */

NATIVE(log)
{
	CLEANUP(free_p) char *level = argument_text(ctx, argc, argv, 0, NULL);
	size_t n = 0;
	CLEANUP(free_p) char *text = argument_text(ctx, argc, argv, 1, &n);
	char line[LOG_LINE_MAX];
	struct writer w;

	UNUSED;
	writer_init(&w, line, sizeof(line));
	writer_str(&w, level ? level : "info");
	writer_str(&w, ": ");
	if (n > sizeof(line) - w.len - 2)
		n = sizeof(line) - w.len - 2;
	for (size_t i = 0; i < n; i++)
		writer_bytes(&w, (unsigned char)text[i] < ' ' ? " " : &text[i], 1);
	writer_str(&w, "\n");
	if (write(STDERR_FILENO, line, w.len) < 0)
		return JSValueMakeBoolean(ctx, false); /* a log may be lost */
	return JSValueMakeBoolean(ctx, true);
}

NATIVE(now)
{
	struct timespec t;

	UNUSED;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return JSValueMakeNumber(ctx, (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6);
}

NATIVE(random)
{
	size_t n = 0, done = 0;
	uint8_t *p = bytes_of(ctx, argc, argv, &n);

	UNUSED;
	while (p && done < n) {
		ssize_t r = getrandom(p + done, n - done, 0);

		if (r < 0 && errno != EINTR)
			return throw_text(ctx, ERR_STATE, "no random bytes", ret_thrown);
		done += r > 0 ? (size_t)r : 0;
	}
	return JSValueMakeUndefined(ctx);
}

/* ---- UTF-8 ---- */

NATIVE(encode)
{
	JSStringRef s = argc ? JSValueToStringCopy(ctx, argv[0], ret_thrown) : NULL;
	uint8_t *bytes;
	size_t n = 0;

	UNUSED;
	if (!s)
		return JSValueMakeUndefined(ctx);
	bytes = utf8_from_utf16(JSStringGetCharactersPtr(s), JSStringGetLength(s), &n);
	JSStringRelease(s);
	if (!bytes)
		return throw_text(ctx, ERR_NOMEM, "no memory for the text", ret_thrown);
	return JSObjectMakeTypedArrayWithBytesNoCopy(ctx, kJSTypedArrayTypeUint8Array, bytes, n,
						     free_bytes, NULL, ret_thrown);
}

NATIVE(decode)
{
	size_t n = 0, len = 0;
	const uint8_t *p = bytes_of(ctx, argc, argv, &n);
	bool fatal = argc > 1 && JSValueToBoolean(ctx, argv[1]), broken = false;
	uint16_t *units = utf8_to_utf16(p, n, &len, &broken);
	JSValueRef message, v;
	JSStringRef s;

	UNUSED;
	if (!units)
		return throw_text(ctx, ERR_NOMEM, "no memory for the text", ret_thrown);
	if (broken && fatal) {
		free(units);
		message = string_value(ctx, "TextDecoder: the bytes are not UTF-8");
		*ret_thrown = JSObjectMakeError(ctx, 1, &message, NULL);
		return JSValueMakeUndefined(ctx);
	}
	s = JSStringCreateWithCharacters(units, len);
	free(units);
	v = JSValueMakeString(ctx, s);
	JSStringRelease(s);
	return v;
}

/* ---- the bundle ---- */

static int read_file(const char *path, struct buffer *ret, struct err *e)
{
	CLEANUP_FD int fd = fd_open_beneath(state->root_fd, path, O_RDONLY, 0);

	if (fd < 0)
		return errno == ENOENT ? err_set(e, ERR_NOT_FOUND, "%s is not in the bundle", path)
				       : err_sys(e, "open %s", path);
	return fs_read_fd(fd, MODULE_BYTES_MAX, ret, e);
}

/* The parts of a module, as JSON (module.h). */
NATIVE(load)
{
	CLEANUP(free_p) char *path = argument_text(ctx, argc, argv, 0, NULL);
	CLEANUP(buffer_free_p) struct buffer file = { 0 };
	CLEANUP(json_decref_p) json_t *parts = NULL;
	CLEANUP(free_p) char *text = NULL;
	struct err e = { 0 };

	UNUSED;
	if (!path)
		return throw_text(ctx, ERR_NOMEM, "no memory for a path", ret_thrown);
	if (read_file(path, &file, &e) < 0 ||
	    module_split(path, file.len ? (const char *)file.p : "", file.len, &parts, &e) < 0)
		return throw_error(ctx, &e, ret_thrown);
	text = json_print(parts, NULL);
	return text ? string_value(ctx, text)
		    : throw_text(ctx, ERR_NOMEM, "no memory for a module", ret_thrown);
}

NATIVE(read)
{
	CLEANUP(free_p) char *path = argument_text(ctx, argc, argv, 0, NULL);
	CLEANUP(buffer_free_p) struct buffer file = { 0 };
	struct err e = { 0 };

	UNUSED;
	if (!path)
		return throw_text(ctx, ERR_NOMEM, "no memory for a path", ret_thrown);
	if (read_file(path, &file, &e) < 0)
		return throw_error(ctx, &e, ret_thrown);
	if (!utf8_is_valid((const char *)file.p, file.len) ||
	    (file.len && memchr(file.p, 0, file.len)))
		return throw_text(ctx, ERR_JS_SYNTAX, path, ret_thrown);
	return string_value(ctx, file.len ? (const char *)file.p : "");
}

/* A text of the bundle, under its own name and lines. */
NATIVE(evaluate)
{
	JSStringRef text = argc > 0 ? JSValueToStringCopy(ctx, argv[0], ret_thrown) : NULL;
	JSStringRef name = argc > 1 ? JSValueToStringCopy(ctx, argv[1], ret_thrown) : NULL;
	JSValueRef v = NULL;

	UNUSED;
	if (text && name)
		v = JSEvaluateScript(ctx, text, NULL, name, 1, ret_thrown);
	if (text)
		JSStringRelease(text);
	if (name)
		JSStringRelease(name);
	return v ? v : JSValueMakeUndefined(ctx);
}

/* ---- the wire ---- */

static json_t *refused(int code, const char *kind, const char *text)
{
	return json_pack("{s:o}", "error", rpc_error(code, kind, text, strlen(text)));
}

/* The call's number, or the text of an answer. */
NATIVE(send)
{
	size_t n = 0;
	CLEANUP(free_p) char *method = argument_text(ctx, argc, argv, 0, NULL);
	CLEANUP(free_p) char *text = argument_text(ctx, argc, argv, 1, &n);
	CLEANUP(json_decref_p) json_t *answer = NULL;
	CLEANUP(free_p) char *out = NULL;
	json_t *params = NULL;
	json_int_t id = -1;
	struct err e = { 0 };

	UNUSED;
	if (!method || !text || n > WIRE_FRAME_MAX)
		answer = refused(RPC_TOO_LARGE, "size", "the call is larger than a message may be");
	else if (json_parse(text, n, JSON_DEPTH_WIRE, JSON_NODES_MAX, &params, &e) < 0)
		answer = refused(RPC_PARSE, "json", e.text);
	else if ((id = rpc_send(method, params, &e)) < 0)
		answer = rpc_not_sent(&e);
	if (id > 0) {
		asking_sent(method, id, clock_mono_ms());
		return JSValueMakeNumber(ctx, (double)id);
	}
	if (!answer)
		answer = refused(RPC_UNAVAILABLE, "wire", "the host has closed the wire");
	out = json_print(answer, NULL);
	return string_value(ctx, out ? out : "{\"error\":{\"code\":1011,\"message\":\"memory\"}}");
}

/* The number of a call whose answer nobody waits for. */
NATIVE(withdraw)
{
	double id = argc > 0 ? JSValueToNumber(ctx, argv[0], NULL) : 0;

	UNUSED;
	if (id >= 1)
		(void)rpc_withdraw((json_int_t)id, NULL);
	return JSValueMakeUndefined(ctx);
}

/* ---- what is announced ---- */

static JSValueRef say(JSContextRef ctx, size_t argc, const JSValueRef argv[],
		      struct engine_said *to)
{
	free(to->text);
	*to = (struct engine_said){ .there = true,
				    .ok = argc > 0 && JSValueToBoolean(ctx, argv[0]) };
	to->text = argument_text(ctx, argc, argv, 1, NULL);
	to->ok = to->ok && to->text;
	return JSValueMakeUndefined(ctx);
}

NATIVE(ready)
{
	UNUSED;
	return say(ctx, argc, argv, &state->ready);
}

NATIVE(finish)
{
	UNUSED;
	return say(ctx, argc, argv, &state->finish);
}

static const struct {
	const char *name;
	JSObjectCallAsFunctionCallback call;
} functions[] = {
	{ "log", native_log },	     { "now", native_now },
	{ "random", native_random }, { "encode", native_encode },
	{ "decode", native_decode }, { "load", native_load },
	{ "read", native_read },     { "evaluate", native_evaluate },
	{ "send", native_send },     { "withdraw", native_withdraw },
	{ "ready", native_ready },   { "finish", native_finish },
};

JSObjectRef native_object(JSContextRef ctx, struct native *s)
{
	JSObjectRef o = JSObjectMake(ctx, NULL, NULL);

	state = s;
	for (size_t i = 0; i < countof(functions); i++) {
		JSStringRef name = JSStringCreateWithUTF8CString(functions[i].name);

		JSObjectSetProperty(ctx, o, name,
				    JSObjectMakeFunctionWithCallback(ctx, name, functions[i].call),
				    kJSPropertyAttributeReadOnly | kJSPropertyAttributeDontDelete,
				    NULL);
		JSStringRelease(name);
	}
	return o;
}
