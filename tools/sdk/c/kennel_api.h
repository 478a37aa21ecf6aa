/* SPDX-License-Identifier: Apache-2.0 */
/* kennel_api.h - what a plugin in C writes against, compiled to wasm (kennel.h) or to machine code
 * (kennel_wire.h): input, output, calls to the host, JSON to read and to write.
 * Owns: those names.  Must not know: how a plugin and its host talk. */
#ifndef KENNEL_API_H
#define KENNEL_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- reading JSON: views into text, valid while the text is ---- */

struct kennel_json {
	const char *p, *end; /* p == NULL: not there */
};

struct kennel_json kennel_parse(const char *text,
				size_t n); /* not there unless it is one JSON value */
struct kennel_json kennel_get(struct kennel_json object, const char *key);
bool kennel_is_there(struct kennel_json j);
/* for (item = kennel_first(array); kennel_is_there(item); item = kennel_next(array, item)) */
struct kennel_json kennel_first(struct kennel_json array);
struct kennel_json kennel_next(struct kennel_json array, struct kennel_json item);
/* Decoded, NUL-terminated, to be freed; NULL: not a string, or one that holds NUL. */
char *kennel_string(struct kennel_json j);
bool kennel_is_string(struct kennel_json j, const char *text);
long long kennel_int(struct kennel_json j, long long otherwise);
bool kennel_is_true(struct kennel_json j);

/* ---- writing text ---- */

struct kennel_text {
	char *p; /* NUL-terminated once anything was added; freed by kennel_text_free */
	size_t n, cap;
};

void kennel_add(struct kennel_text *t, const char *s);
void kennel_add_bytes(struct kennel_text *t, const char *s, size_t n);
void kennel_add_int(struct kennel_text *t, long long v);
void kennel_add_string(struct kennel_text *t, const char *s); /* as a JSON string, quotes and all */
void kennel_add_json(struct kennel_text *t, struct kennel_json j); /* as it is; null if not there */
void kennel_text_free(struct kennel_text *t);

/* ---- the event ---- */

struct kennel_json kennel_input(void); /* the event: {type, eventId, note?, command?, attempt} */
struct kennel_json kennel_initialize(void); /* {protocol, plugin, tenant, grants, limits, ...} */
int32_t kennel_ok(const char *json);	    /* the result; returns 0 */
int32_t kennel_fail(const char *message);   /* the event failed; returns 1 */

/* ---- the host ---- */

/* One call. The answer is {"result":…} or {"error":{code,message,data}} and lives until the next
 * call of kennel_call or the end of the event, whichever is first; never "not there". */
struct kennel_json kennel_call(const char *method, const char *params_json);
/* Error code of an answer, 0 for a result. */
int kennel_error_code(struct kennel_json answer);

enum kennel_error {
	KENNEL_PERMISSION_DENIED = 1001,
	KENNEL_SCOPE_DENIED = 1002,
	KENNEL_RATE_LIMITED = 1003,
	KENNEL_CONFLICT = 1005,
	KENNEL_NOT_FOUND = 1010,
	KENNEL_TOO_LARGE = 1011,
};

void kennel_log(const char *level,
		const char *message); /* log.write: "error" "warn" "info" "debug" */

#endif
