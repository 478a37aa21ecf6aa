/* SPDX-License-Identifier: Apache-2.0 */
/* test_openai.c - questions and answers in the shape that servers of models know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "fetch/openai.h"

static json_t *parsed(const char *text)
{
	json_t *j = json_loads(text, 0, NULL);

	assert_non_null(j);
	return j;
}

static void want_json(const json_t *got, const char *text)
{
	CLEANUP(json_decref_p) json_t *want = parsed(text);
	CLEANUP(free_p) char *shown = json_print(got, NULL);

	if (!json_equal(got, want))
		fail_msg("%s, not %s", shown, text);
}

static void questions(void **state)
{
	static const struct {
		bool embed;
		const char *body, *want; /* NULL: refused */
	} rows[] = {
		{ false,
		  "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"maxTokens\":5,\"stream\":false}",
		  "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_tokens\":5,\"stream\":false}" },
		{ false,
		  "{\"messages\":[],\"maxTokens\":5,\"stream\":true,\"temperature\":1,\"stop\":[\"a\"]}",
		  "{\"model\":\"m\",\"messages\":[],\"max_tokens\":5,\"stream\":true,\"temperature\":1,\"stop\":[\"a\"],"
		  "\"stream_options\":{\"include_usage\":true}}" },
		{ true, "{\"input\":[\"a\"]}",
		  "{\"model\":\"m\",\"input\":[\"a\"],\"encoding_format\":\"float\"}" },
		{ false, "{\"maxTokens\":5}", NULL },
		{ false, "{\"messages\":[]}", NULL },
		{ false, "{\"messages\":{},\"maxTokens\":5}", NULL },
		{ true, "{}", NULL },
		{ true, "{\"input\":\"a\"}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		CLEANUP(json_decref_p) json_t *body = parsed(rows[i].body);
		CLEANUP(json_decref_p) json_t *got = NULL;
		CLEANUP(free_p) char *text = openai_request("m", rows[i].embed, body, NULL);

		assert_int_equal(!text, !rows[i].want);
		if (!text)
			continue;
		got = parsed(text);
		want_json(got, rows[i].want);
	}
}

#define USAGE ",\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}"
#define CHOICE(rest) "{\"choices\":[{\"message\":{" rest "}]" USAGE "}"
static const struct {
	const char *text;
	enum err_code code;
	const char *want;
} answers[] = {
	{ CHOICE("\"content\":\"hi\"},\"finish_reason\":\"stop\""), ERR_OK,
	  "{\"text\":\"hi\",\"finish\":\"stop\",\"usage\":{\"promptTokens\":3,\"answerTokens\":4}}" },
	{ CHOICE("\"content\":null},\"finish_reason\":\"length\""), ERR_OK,
	  "{\"text\":\"\",\"finish\":\"length\",\"usage\":{\"promptTokens\":3,\"answerTokens\":4}}" },
	{ CHOICE("\"role\":\"assistant\"},\"finish_reason\":\"tool_calls\""), ERR_OK,
	  "{\"text\":\"\",\"finish\":\"other\",\"usage\":{\"promptTokens\":3,\"answerTokens\":4}}" },
	{ "{\"choices\":[{\"message\":{\"content\":\"12345\"}}],\"more\":[{\"x\":null}]}", ERR_OK,
	  "{\"text\":\"12345\",\"finish\":\"other\",\"usage\":{\"promptTokens\":25,\"answerTokens\":2}}" },
	{ "{\"choices\":[{\"message\":{\"content\":\"12345\"}}],\"usage\":{\"prompt_tokens\":-1,\"completion_tokens\":1.5}}",
	  ERR_OK,
	  "{\"text\":\"12345\",\"finish\":\"other\",\"usage\":{\"promptTokens\":25,\"answerTokens\":2}}" },
	{ CHOICE("\"content\":5}"), ERR_FORMAT, NULL },
	{ CHOICE("\"content\":[{\"type\":\"text\"}]}"), ERR_FORMAT, NULL },
	{ "{\"choices\":[]}", ERR_FORMAT, NULL },
	{ "{\"choices\":[{\"message\":\"x\"}]}", ERR_FORMAT, NULL },
	{ "{}", ERR_FORMAT, NULL },
	{ "[]", ERR_FORMAT, NULL },
	{ "\"x\"", ERR_FORMAT, NULL },
	{ "", ERR_JSON, NULL },
	{ "{\"choices\":[{\"message\":{\"content\":\"a\\u0000b\"}}]}", ERR_JSON, NULL },
};

static void whole_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(answers); i++) {
		CLEANUP(json_decref_p) json_t *got = NULL;
		struct err e = { 0 };

		(void)openai_read_complete(answers[i].text, strlen(answers[i].text), 100, &got, &e);
		if (e.code != answers[i].code)
			fail_msg("%s: %s", answers[i].text, err_name(e.code));
		assert_int_equal(!got, !answers[i].want);
		if (got)
			want_json(got, answers[i].want);
	}
}

static void vectors(void **state)
{
	static const struct {
		const char *text;
		size_t inputs;
		enum err_code code;
	} rows[] = {
		{ "{\"data\":[{\"index\":1,\"embedding\":[2]},{\"index\":0,\"embedding\":[1,-0.5]}]}",
		  2, ERR_OK },
		{ "{\"data\":[{\"embedding\":[1,-0.5]},{\"embedding\":[2]}]}", 2, ERR_OK },
		{ "{\"data\":[{\"index\":0,\"embedding\":[1]}]}", 2, ERR_FORMAT },
		{ "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":0,\"embedding\":[1]}]}", 2,
		  ERR_FORMAT },
		{ "{\"data\":[{\"index\":2,\"embedding\":[1]},{\"index\":0,\"embedding\":[1]}]}", 2,
		  ERR_FORMAT },
		{ "{\"data\":[{\"index\":-1,\"embedding\":[1]},{\"index\":0,\"embedding\":[1]}]}",
		  2, ERR_FORMAT },
		{ "{\"data\":[{\"index\":0,\"embedding\":[]}]}", 1, ERR_FORMAT },
		{ "{\"data\":[{\"index\":0,\"embedding\":[[1]]}]}", 1, ERR_FORMAT },
		{ "{\"data\":[{\"index\":0,\"embedding\":\"AAAA\"}]}", 1, ERR_FORMAT },
		{ "{\"data\":[5]}", 1, ERR_FORMAT },
		{ "{}", 1, ERR_FORMAT },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		CLEANUP(json_decref_p) json_t *got = NULL;
		struct err e = { 0 };

		(void)openai_read_embed(rows[i].text, strlen(rows[i].text), 8, rows[i].inputs, &got,
					&e);
		if (e.code != rows[i].code)
			fail_msg("%s: %s", rows[i].text, err_name(e.code));
		if (got)
			want_json(
				got,
				"{\"vectors\":[[1,-0.5],[2]],\"usage\":{\"promptTokens\":2,\"answerTokens\":0}}");
	}
}

static int feed(struct openai_stream *s, const char *data, char *ret_all, size_t cap, struct err *e)
{
	CLEANUP(json_decref_p) json_t *piece = NULL;

	if (openai_take_event(s, data, strlen(data), &piece, e) < 0)
		return -1;
	if (piece)
		(void)snprintf(ret_all + strlen(ret_all), cap - strlen(ret_all), "%s|",
			       json_string_value(piece));
	return 0;
}

static void pieces(void **state)
{
	static const char *const good[] = {
		"{\"choices\":[{\"delta\":{\"role\":\"assistant\"},\"finish_reason\":null}]}",
		"{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}",
		"{\"choices\":[{\"delta\":{\"content\":\"\"}}]}",
		"{\"choices\":[{\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}]}",
		"{\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}}",
		"[DONE]",
	};
	CLEANUP(openai_stream_free_p) struct openai_stream s = { 0 };
	CLEANUP(openai_stream_free_p) struct openai_stream broken = { 0 };
	CLEANUP(json_decref_p) json_t *got = NULL;
	char all[64] = "";
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < countof(good); i++)
		assert_int_equal(feed(&s, good[i], all, sizeof(all), &e), 0);
	assert_string_equal(all, "a|b|");
	assert_int_equal(openai_stream_result(&s, 100, &got, &e), 0);
	want_json(
		got,
		"{\"text\":\"ab\",\"finish\":\"stop\",\"usage\":{\"promptTokens\":9,\"answerTokens\":2}}");
	assert_int_equal(feed(&s, good[1], all, sizeof(all), &e), -1); /* after the end */
	json_decref_p(&got);
	/* half of it is none */
	assert_int_equal(feed(&broken, good[1], all, sizeof(all), &e), 0);
	assert_int_equal(openai_stream_result(&broken, 100, &got, &e), -1);
	assert_int_equal(e.code, ERR_FORMAT);
	assert_int_equal(feed(&broken, "{\"error\":{\"message\":\"x\"}}", all, sizeof(all), &e),
			 -1);
	assert_int_equal(feed(&broken, "no json", all, sizeof(all), &e), -1);
}

static void what_a_server_says_of_an_error(void **state)
{
	char said[TEXT_MAX_BYTES];
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "{\"error\":{\"message\":\"no \\u001b[2J money\"}}", "no ?[2J money" },
		{ "{\"error\":\"plain\"}", "plain" },
		{ "{\"error\":{}}", "" },
		{ "<html>", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		openai_error_text(rows[i].text, strlen(rows[i].text), said);
		assert_string_equal(said, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions),
		cmocka_unit_test(whole_answers),
		cmocka_unit_test(vectors),
		cmocka_unit_test(pieces),
		cmocka_unit_test(what_a_server_says_of_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
