/* SPDX-License-Identifier: Apache-2.0 */
/* test_aiask.c - what a plugin may ask a model, and what is refused before anybody hears of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "broker/aiask.h"

static enum err_code read_as(bool embed, const char *text, struct ai_ask *ret)
{
	CLEANUP(json_decref_p) json_t *params = json_loads(text, JSON_DECODE_ANY, NULL);
	struct err e = { 0 };

	if (params)
		(void)(embed ? ai_read_embed : ai_read_complete)(params, ret, &e);
	else
		(void)ai_read_complete(NULL, ret, &e);
	assert_int_equal(!ret->body, e.code != ERR_OK);
	return e.code;
}

#define SAY(rest) "{\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]" rest "}"
#define MESSAGE(m) "{\"messages\":[" m "]}"

static void a_question_is_taken(void **state)
{
	struct ai_ask a = { 0 };
	CLEANUP(free_p) char *text = NULL;

	(void)state;
	assert_int_equal(read_as(false, SAY(""), &a), ERR_OK);
	assert_string_equal(a.profile, "default");
	assert_int_equal(a.max_tokens, 0);
	assert_int_equal(a.bytes, 5);
	assert_int_equal(a.items, 1);
	assert_false(a.stream);
	json_decref_p(&a.body);
	assert_int_equal(read_as(false,
				 SAY(",\"profile\":\"fast\",\"maxTokens\":7,\"temperature\":0.5,"
				     "\"stop\":[\"x\"],\"stream\":true"),
				 &a),
			 ERR_OK);
	assert_string_equal(a.profile, "fast");
	assert_int_equal(a.max_tokens, 7);
	assert_true(a.stream);
	text = json_print_canonical(a.body, NULL);
	assert_string_equal(text, "{\"messages\":[{\"content\":\"hello\",\"role\":\"user\"}],"
				  "\"stop\":[\"x\"],\"stream\":true,\"temperature\":0.5}");
	json_decref_p(&a.body);
	assert_int_equal(read_as(true, "{\"input\":[\"ab\",\"c\"]}", &a), ERR_OK);
	assert_int_equal(a.bytes, 3);
	assert_int_equal(a.items, 2);
	json_decref_p(&a.body);
}

static void what_is_none_is_refused(void **state)
{
	static const struct {
		bool embed;
		const char *text;
		enum err_code code;
	} rows[] = {
		{ false, "{}", ERR_JSON_KEY },
		{ false, "", ERR_JSON_TYPE },
		{ false, "{\"messages\":\"x\"}", ERR_JSON_TYPE },
		{ false, "{\"messages\":[]}", ERR_JSON_VALUE },
		{ false, MESSAGE("5"), ERR_JSON_TYPE },
		{ false, MESSAGE("{\"role\":\"user\"}"), ERR_JSON_TYPE },
		{ false, MESSAGE("{\"role\":\"user\",\"content\":5}"), ERR_JSON_TYPE },
		{ false, MESSAGE("{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}"),
		  ERR_JSON_TYPE },
		{ false, MESSAGE("{\"role\":\"tool\",\"content\":\"x\"}"), ERR_JSON_VALUE },
		{ false, MESSAGE("{\"content\":\"x\"}"), ERR_JSON_VALUE },
		{ false, MESSAGE("{\"role\":\"user\",\"content\":\"\"}"), ERR_JSON_VALUE },
		{ false, MESSAGE("{\"role\":\"user\",\"content\":\"x\",\"name\":\"n\"}"),
		  ERR_JSON_KEY },
		{ false, SAY(",\"model\":\"gpt\""), ERR_JSON_KEY },
		{ false, SAY(",\"url\":\"http://x\""), ERR_JSON_KEY },
		{ false, SAY(",\"tools\":[]"), ERR_JSON_KEY },
		{ false, SAY(",\"profile\":\"../x\""), ERR_JSON_VALUE },
		{ false, SAY(",\"profile\":5"), ERR_JSON_TYPE },
		{ false, SAY(",\"maxTokens\":0"), ERR_JSON_VALUE },
		{ false, SAY(",\"maxTokens\":-1"), ERR_JSON_VALUE },
		{ false, SAY(",\"maxTokens\":131073"), ERR_JSON_VALUE },
		{ false, SAY(",\"temperature\":2.5"), ERR_JSON_VALUE },
		{ false, SAY(",\"temperature\":\"hot\""), ERR_JSON_VALUE },
		{ false, SAY(",\"stop\":[\"\"]"), ERR_JSON_VALUE },
		{ false, SAY(",\"stop\":[5]"), ERR_JSON_VALUE },
		{ false, SAY(",\"stop\":\"x\""), ERR_JSON_TYPE },
		{ false, SAY(",\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]"), ERR_JSON_VALUE },
		{ false, SAY(",\"stream\":1"), ERR_JSON_TYPE },
		{ true, "{}", ERR_JSON_KEY },
		{ true, "{\"input\":[]}", ERR_JSON_VALUE },
		{ true, "{\"input\":\"x\"}", ERR_JSON_TYPE },
		{ true, "{\"input\":[\"\"]}", ERR_JSON_VALUE },
		{ true, "{\"input\":[5]}", ERR_JSON_VALUE },
		{ true, "{\"input\":[\"x\"],\"dimensions\":5}", ERR_JSON_KEY },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct ai_ask a = { 0 };
		enum err_code code = read_as(rows[i].embed, rows[i].text, &a);

		if (code != rows[i].code)
			fail_msg("%s: %s", rows[i].text, err_name(code));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_is_taken),
		cmocka_unit_test(what_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
