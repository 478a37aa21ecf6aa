/* SPDX-License-Identifier: Apache-2.0 */
/* modelsays.c - one message of kennel-fetch, read as hostile input. */
#include "broker/modelsays.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "broker/logs.h"
#include "proto/fetch_link.h"
#include "proto/hostapi.h"

enum { DEPTH = 5, NODES = AI_NUMBERS_MAX + 1024 };

static const struct {
	int code;
	const char *kind;
	const char *audit;
	bool paid; /* the server may have worked for it */
} failures[FETCH_ERROR_COUNT] = {
	[FETCH_UNAVAILABLE] = { RPC_UNAVAILABLE, "unavailable", "E_IO", false },
	[FETCH_TIMEOUT] = { RPC_DEADLINE, "deadline", "E_TIMEOUT", true },
	[FETCH_REFUSED] = { RPC_BACKEND, "backend", "E_REFUSED", false },
	[FETCH_MALFORMED] = { RPC_BACKEND, "backend", "E_FORMAT", true },
	[FETCH_TOO_LARGE] = { RPC_TOO_LARGE, "too_large", "E_LIMIT", true },
};

struct model_failure model_failure_unavailable(const char *text)
{
	struct model_failure f = { .code = RPC_UNAVAILABLE,
				   .kind = "unavailable",
				   .audit = "E_IO" };

	(void)logs_escape(text, strlen(text), f.text, sizeof(f.text));
	return f;
}

static int read_error(const json_t *error, struct model_says *ret, struct err *e)
{
	const char *kind = json_string_value(json_object_get(error, "kind"));
	const json_t *text = json_object_get(error, "text");

	for (unsigned int i = 0; kind && json_is_string(text) && i < FETCH_ERROR_COUNT; i++) {
		if (strcmp(kind, fetch_error_word(i)) != 0)
			continue;
		ret->kind = MODEL_SAYS_ERROR;
		ret->failure = (struct model_failure){ .code = failures[i].code,
						       .kind = failures[i].kind,
						       .audit = failures[i].audit };
		(void)logs_escape(json_string_value(text), json_string_length(text),
				  ret->failure.text, sizeof(ret->failure.text));
		ret->used = failures[i].paid ? UINT64_MAX : 0;
		return 0;
	}
	return err_set(e, ERR_PROTOCOL, "an error of no known kind");
}

/* A count that nobody would believe is a lie about money. */
static int read_usage(const json_t *result, uint64_t *ret, struct err *e)
{
	const json_t *usage = json_object_get(result, "usage");
	const json_t *asked = json_object_get(usage, "promptTokens");
	const json_t *answered = json_object_get(usage, "answerTokens");

	if (!json_is_integer(asked) || !json_is_integer(answered) ||
	    json_integer_value(asked) < 0 || json_integer_value(asked) > UINT32_MAX ||
	    json_integer_value(answered) < 0 || json_integer_value(answered) > UINT32_MAX)
		return err_set(e, ERR_PROTOCOL, "a result without a usage");
	*ret = (uint64_t)json_integer_value(asked) + (uint64_t)json_integer_value(answered);
	return 0;
}

static int read_value(struct model_says *ret, struct err *e)
{
	const json_t *error = json_object_get(ret->root, "error");

	if (error)
		return read_error(error, ret, e);
	ret->value = json_object_get(ret->root, "chunk");
	if (json_is_string(ret->value)) {
		ret->kind = MODEL_SAYS_CHUNK;
		return 0;
	}
	ret->value = json_object_get(ret->root, "result");
	if (!json_is_object(ret->value))
		return err_set(e, ERR_PROTOCOL, "neither chunk nor result nor error");
	ret->kind = MODEL_SAYS_RESULT;
	return read_usage(ret->value, &ret->used, e);
}

int model_says_read(const char *text, size_t n, struct model_says *ret, struct err *e)
{
	CLEANUP(model_says_free_p) struct model_says s = { 0 };
	const json_t *id;

	if (json_parse(text, n, DEPTH, NODES, &s.root, e) < 0)
		return -1;
	id = json_object_get(s.root, "id");
	if (!json_is_integer(id) || json_integer_value(id) <= 0 || json_object_size(s.root) != 2)
		return err_set(e, ERR_PROTOCOL, "not {id, chunk|result|error}");
	s.id = (uint64_t)json_integer_value(id);
	if (read_value(&s, e) < 0)
		return -1;
	*ret = s;
	s.root = NULL;
	return 0;
}

void model_says_free_p(struct model_says *s)
{
	json_decref_p(&s->root);
}

static bool vectors_fit(const struct wait *w, const json_t *vectors)
{
	size_t want = json_array_size(json_object_get(w->what, "input")), i, k;
	json_t *v, *x;

	if (!json_is_array(vectors) || json_array_size(vectors) != want)
		return false;
	json_array_foreach((json_t *)(uintptr_t)vectors, i, v) {
		if (!json_is_array(v) || !json_array_size(v))
			return false;
		json_array_foreach(v, k, x)
			if (!json_is_number(x))
				return false;
	}
	return true;
}

bool model_result_fits(const struct wait *w, const json_t *result)
{
	if (json_object_size(result) != (w->embed ? 2 : 3))
		return false;
	return w->embed ? vectors_fit(w, json_object_get(result, "vectors"))
			: json_is_string(json_object_get(result, "text")) &&
				  json_is_string(json_object_get(result, "finish"));
}
