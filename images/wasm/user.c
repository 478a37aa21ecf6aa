/* SPDX-License-Identifier: Apache-2.0 */
/* user.c - extism:host/user: kennel_call, the one door to the host API.
 * Owns: turning a block into a call and the answer into a block.  Must not know: which methods
 * exist. */
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "images/wasm/blocks.h"
#include "images/wasm/import.h"
#include "images/wire/rpc.h"
#include "images/wasm/rt.h"

static json_t *refused(int code, const char *kind, const char *text)
{
	return json_pack("{s:o}", "error", rpc_error(code, kind, text, strlen(text)));
}

/* Always an answer, but for a wire that is gone (NULL). */
static json_t *call(const char *text, size_t n)
{
	CLEANUP(json_decref_p) json_t *request = NULL;
	struct err e = { 0 };
	const char *method;
	json_t *params;

	if (n > WIRE_FRAME_MAX)
		return refused(RPC_TOO_LARGE, "size", "the call is larger than a message may be");
	if (json_parse(text, n, JSON_DEPTH_WIRE, JSON_NODES_MAX, &request, &e) < 0)
		return refused(RPC_PARSE, "json", e.text);
	method = json_string_value(json_object_get(request, "method"));
	params = json_object_get(request, "params");
	if (!method)
		return refused(RPC_INVALID_REQUEST, "method",
			       "expected {\"method\": TEXT, \"params\": {...}}");
	if (params && !json_is_object(params))
		return refused(RPC_INVALID_PARAMS, "params", "params must be an object");
	return rpc_call(method, params ? json_incref(params) : json_object());
}

static uint64_t call_block(const char *text, size_t n, bool *ret_gone)
{
	CLEANUP(json_decref_p) json_t *answer = call(text, n);
	CLEANUP(free_p) char *out = NULL;
	size_t len = 0;

	*ret_gone = !answer;
	if (!answer)
		return 0;
	out = json_print(answer, &len);
	return out ? blocks_put(out, len) : 0;
}

IMPORT_USER(uint64_t, kennel_call, uint64_t request)
{
	uint64_t n = blocks_length(request);
	const uint8_t *text = n ? blocks_view(request, n) : NULL;
	uint64_t offset;
	bool gone;

	if (!text)
		rt_trap("offset outside the blocks of the plugin");
	rt_host_enter();
	offset = call_block((const char *)text, n, &gone);
	rt_host_leave();
	if (gone)
		rt_trap("the host has closed the wire");
	return offset;
}
