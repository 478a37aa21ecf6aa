/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_models.c - what a server of models answers, what kennel-fetch says of it, and what plugins
 * ask; the first byte says which. What is understood has the promised shape, and a stream means the
 * same whole and byte for byte. */
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "broker/aiask.h"
#include "broker/modelsays.h"
#include "fetch/openai.h"
#include "fetch/sse.h"
#include "tests/fuzz/fuzz.h"

static void must_be_result(const json_t *result, bool embed)
{
	const struct wait w = { .embed = embed };
	CLEANUP(free_p) char *text = NULL;
	CLEANUP(json_decref_p) json_t *j = json_pack("{s:i, s:O}", "id", 1, "result", result);
	struct model_says s;
	size_t n = 0;

	must(j && (text = json_print(j, &n)));
	must(model_says_read(text, n, &s, NULL) == 0 && s.kind == MODEL_SAYS_RESULT);
	must(embed || model_result_fits(&w, s.value));
	model_says_free_p(&s);
}

static void whole(const char *p, size_t n)
{
	CLEANUP(json_decref_p) json_t *result = NULL;

	if (openai_read_complete(p, n, n, &result, NULL) == 0)
		must_be_result(result, false);
}

static void vectors(const char *p, size_t n)
{
	for (size_t inputs = 1; inputs <= 2; inputs++) {
		CLEANUP(json_decref_p) json_t *result = NULL;

		if (openai_read_embed(p, n, n, inputs, &result, NULL) < 0)
			continue;
		must(json_array_size(json_object_get(result, "vectors")) == inputs);
		must_be_result(result, true);
	}
}

static int on_event(void *arg, const char *data, size_t n, struct err *e)
{
	json_t *piece;

	if (openai_take_event(arg, data, n, &piece, e) < 0)
		return -1;
	must(!piece || json_is_string(piece));
	json_decref(piece);
	return 0;
}

static bool read_stream(const char *p, size_t n, size_t step, json_t **ret)
{
	CLEANUP(sse_free_p) struct sse sse = { 0 };
	CLEANUP(openai_stream_free_p) struct openai_stream s = { 0 };

	for (size_t at = 0; at < n; at += step)
		if (sse_feed(&sse, p + at, n - at < step ? n - at : step, on_event, &s, NULL) < 0)
			return false;
	return openai_stream_result(&s, n, ret, NULL) == 0;
}

static void stream(const char *p, size_t n)
{
	CLEANUP(json_decref_p) json_t *once = NULL;
	CLEANUP(json_decref_p) json_t *slowly = NULL;
	bool ok = read_stream(p, n, n ? n : 1, &once);

	must(read_stream(p, n, 1, &slowly) == ok);
	must(!ok || json_equal(once, slowly));
	if (ok)
		must_be_result(once, false);
}

static void says(const char *p, size_t n)
{
	struct model_says s;

	if (model_says_read(p, n, &s, NULL) < 0)
		return;
	must(s.id > 0);
	if (s.kind == MODEL_SAYS_ERROR)
		must(text_is_printable(s.failure.text, strlen(s.failure.text)));
	model_says_free_p(&s);
}

static void ask(const char *p, size_t n, bool embed)
{
	CLEANUP(json_decref_p) json_t *params = NULL;
	CLEANUP(free_p) char *text = NULL;
	struct ai_ask a = { 0 };

	if (json_parse(p, n, JSON_DEPTH_WIRE, JSON_NODES_MAX, &params, NULL) < 0 ||
	    (embed ? ai_read_embed : ai_read_complete)(params, &a, NULL) < 0)
		return;
	must(name_is_valid(a.profile) && a.items > 0 && a.max_tokens <= AI_TOKENS_MAX);
	if (!embed)
		(void)json_object_set_new(a.body, "maxTokens", json_integer(1));
	text = openai_request("m", embed, a.body, NULL);
	must(text != NULL);
	json_decref(a.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char said[TEXT_MAX_BYTES];
	const char *p = (const char *)data + 1;

	if (size < 1)
		return 0;
	switch (data[0]) {
	case '0':
		whole(p, size - 1);
		break;
	case '1':
		vectors(p, size - 1);
		break;
	case '2':
		stream(p, size - 1);
		break;
	case '3':
		openai_error_text(p, size - 1, said);
		must(text_is_printable(said, strlen(said)));
		break;
	case '4':
		says(p, size - 1);
		break;
	default:
		ask(p, size - 1, data[0] == '6');
		break;
	}
	return 0;
}
