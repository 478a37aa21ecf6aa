/* SPDX-License-Identifier: Apache-2.0 */
/* kennel.c - the plugin's side of the wasm ABI.
 * Owns: blocks, the event, calls.  Must not know: what a plugin does. Memory that runs out is a
 * trap: the event fails, the next one gets a fresh instance. */
#include "kennel.h"

#include <stdlib.h>
#include <string.h>

static void *must(void *p)
{
	if (!p)
		__builtin_trap();
	return p;
}

/* ---- blocks ---- */

uint64_t kennel_block(const char *p, size_t n)
{
	uint64_t offset = n ? extism_alloc(n) : 0;
	size_t i = 0;

	if (!offset)
		return 0;
	for (; n - i >= 8; i += 8) {
		uint64_t v;

		memcpy(&v, p + i, sizeof(v));
		extism_store_u64(offset + i, v);
	}
	for (; i < n; i++)
		extism_store_u8(offset + i, (unsigned char)p[i]);
	return offset;
}

char *kennel_block_text(uint64_t offset, size_t *ret_n)
{
	size_t n = (size_t)extism_length(offset);
	char *p = must(malloc(n + 1));
	size_t i = 0;

	for (; n - i >= 8; i += 8) {
		uint64_t v = extism_load_u64(offset + i);

		memcpy(p + i, &v, sizeof(v));
	}
	for (; i < n; i++)
		p[i] = (char)extism_load_u8(offset + i);
	p[n] = '\0';
	if (ret_n)
		*ret_n = n;
	return p;
}

/* ---- the event ---- */

struct kennel_json kennel_input(void)
{
	static char *text;
	size_t n;

	free(text);
	text = kennel_block_text(extism_input_offset(), &n);
	return kennel_parse(text, n);
}

struct kennel_json kennel_initialize(void)
{
	static char *text;
	uint64_t key = kennel_block("kennel", 6);
	size_t n;

	free(text);
	text = kennel_block_text(key ? extism_config_get(key) : 0, &n);
	extism_free(key);
	return kennel_parse(text, n);
}

int32_t kennel_ok(const char *json)
{
	size_t n = strlen(json);
	uint64_t offset = kennel_block(json, n);

	if (!offset)
		return kennel_fail("no room for the result");
	extism_output_set(offset, n);
	return 0;
}

int32_t kennel_fail(const char *message)
{
	extism_error_set(kennel_block(message, strlen(message)));
	return 1;
}

/* ---- the host ---- */

struct kennel_json kennel_call(const char *method, const char *params_json)
{
	static const char failed[] =
		"{\"error\":{\"code\":1011,\"message\":\"no room for the call\"}}";
	static char *text;
	struct kennel_text request = { 0 };
	struct kennel_json answer = { 0 };
	uint64_t in, out;
	size_t n;

	kennel_add(&request, "{\"method\":");
	kennel_add_string(&request, method);
	kennel_add(&request, ",\"params\":");
	kennel_add(&request, params_json);
	kennel_add(&request, "}");
	in = kennel_block(request.p, request.n);
	kennel_text_free(&request);
	out = in ? kennel_call_block(in) : 0;
	free(text);
	text = kennel_block_text(out, &n);
	extism_free(in);
	extism_free(out);
	if (out)
		answer = kennel_parse(text, n);
	return answer.p ? answer : kennel_parse(failed, sizeof(failed) - 1);
}
