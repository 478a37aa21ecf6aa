/* SPDX-License-Identifier: Apache-2.0 */
/* rpc.c - one JSON-RPC 2.0 message, strictly read and written. */
#include "broker/rpc.h"

#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"

/* Untrusted text for people: cut, and '?' for what is not plain ASCII. */
static void copy_shown(char *dst, size_t cap, const char *src)
{
	size_t n = strnlen(src, cap - 1);

	for (size_t i = 0; i < n; i++)
		dst[i] = src[i] >= ' ' && src[i] <= '~' ? src[i] : '?';
	dst[n] = '\0';
}

static int read_id(const json_t *j, struct rpc_id *ret, struct err *e)
{
	ret->kind = RPC_ID_NONE;
	if (!j)
		return 0;
	if (json_is_integer(j)) {
		ret->kind = RPC_ID_NUMBER;
		ret->number = json_integer_value(j);
		return 0;
	}
	if (json_is_string(j) && copy_str(ret->text, sizeof(ret->text), json_string_value(j))) {
		ret->kind = RPC_ID_TEXT;
		return 0;
	}
	return err_set(e, ERR_PROTOCOL, "id is not an integer or a string of at most %u bytes",
		       RPC_ID_TEXT_MAX);
}

static int read_call(struct rpc_message *m, struct err *e)
{
	static const char *const keys[] = { "jsonrpc", "id", "method", "params" };
	const json_t *method = json_object_get(m->root, "method");

	if (json_check_keys((struct json_place){ m->root, "" }, keys, countof(keys), e) < 0)
		return -1;
	if (!json_is_string(method))
		return err_set(e, ERR_PROTOCOL, "method is not a string");
	m->params = json_object_get(m->root, "params");
	if (m->params && !json_is_object(m->params))
		return err_set(e, ERR_PROTOCOL, "params is not an object");
	copy_shown(m->method, sizeof(m->method), json_string_value(method));
	m->kind = m->id.kind == RPC_ID_NONE ? KIND_NOTIFICATION : KIND_REQUEST;
	return 0;
}

static int read_error(struct rpc_message *m, const json_t *error, struct err *e)
{
	const json_t *text = json_object_get(error, "message");

	if (!json_is_object(error) || !json_is_integer(json_object_get(error, "code")) ||
	    !json_is_string(text))
		return err_set(e, ERR_PROTOCOL, "error without code and message");
	copy_shown(m->error_text, sizeof(m->error_text), json_string_value(text));
	m->kind = KIND_ERROR;
	return 0;
}

static int read_answer(struct rpc_message *m, struct err *e)
{
	static const char *const keys[] = { "jsonrpc", "id", "result", "error" };
	const json_t *error = json_object_get(m->root, "error");

	if (json_check_keys((struct json_place){ m->root, "" }, keys, countof(keys), e) < 0)
		return -1;
	m->result = json_object_get(m->root, "result");
	if (!m->result == !error)
		return err_set(e, ERR_PROTOCOL, "neither a call nor an answer");
	if (m->id.kind != RPC_ID_NUMBER)
		return err_set(e, ERR_PROTOCOL, "an answer to no request of ours");
	m->kind = KIND_RESULT;
	return error ? read_error(m, error, e) : 0;
}

bool rpc_id_of(const json_t *value, struct rpc_id *ret)
{
	return value && read_id(value, ret, NULL) == 0;
}

int rpc_parse(const void *body, size_t n, struct rpc_message *ret, struct err *e)
{
	CLEANUP(rpc_message_free_p) struct rpc_message m = { 0 };
	const json_t *version;

	if (json_parse(body, n, JSON_DEPTH_WIRE, JSON_NODES_MAX, &m.root, e) < 0)
		return -1;
	if (!json_is_object(m.root))
		return err_set(e, ERR_PROTOCOL,
			       "a message is one JSON object; there are no batches");
	version = json_object_get(m.root, "jsonrpc");
	if (!json_is_string(version) || strcmp(json_string_value(version), "2.0") != 0)
		return err_set(e, ERR_PROTOCOL, "jsonrpc is not \"2.0\"");
	if (read_id(json_object_get(m.root, "id"), &m.id, e) < 0)
		return -1;
	if ((json_object_get(m.root, "method") ? read_call(&m, e) : read_answer(&m, e)) < 0)
		return -1;
	*ret = m;
	m = (struct rpc_message){ 0 };
	return 0;
}

void rpc_message_free_p(struct rpc_message *m)
{
	json_decref_p(&m->root);
}

bool rpc_id_equal(const struct rpc_id *a, const struct rpc_id *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == RPC_ID_NUMBER)
		return a->number == b->number;
	return a->kind == RPC_ID_NONE || !strcmp(a->text, b->text);
}

static json_t *id_json(const struct rpc_id *id)
{
	if (id->kind == RPC_ID_NUMBER)
		return json_integer(id->number);
	return id->kind == RPC_ID_TEXT ? json_string(id->text) : json_null();
}

json_t *rpc_request(uint64_t id, const char *method, json_t *params)
{
	return json_pack("{s:s, s:I, s:s, s:o}", "jsonrpc", "2.0", "id", (json_int_t)id, "method",
			 method, "params", params);
}

json_t *rpc_result(const struct rpc_id *id, json_t *result)
{
	return json_pack("{s:s, s:o, s:o}", "jsonrpc", "2.0", "id", id_json(id), "result", result);
}

json_t *rpc_chunk(const struct rpc_id *id, const json_t *text)
{
	return json_pack("{s:s, s:s, s:{s:o, s:O}}", "jsonrpc", "2.0", "method", "$/chunk",
			 "params", "id", id_json(id), "text", text);
}

json_t *rpc_error(const struct rpc_id *id, int code, const char *message, json_t *data)
{
	return json_pack("{s:s, s:o, s:{s:i, s:s, s:o}}", "jsonrpc", "2.0", "id", id_json(id),
			 "error", "code", code, "message", message, "data", data);
}
