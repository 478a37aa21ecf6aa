/* SPDX-License-Identifier: Apache-2.0 */
/* test_modelsays.c - what kennel-fetch may say, and what is a lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "broker/modelsays.h"
#include "proto/hostapi.h"

#define USAGE "\"usage\":{\"promptTokens\":3,\"answerTokens\":4}"

static int read_as(const char *text, struct model_says *ret)
{
	return model_says_read(text, strlen(text), ret, NULL);
}

static void what_it_says_is_understood(void **state)
{
	struct model_says s;

	(void)state;
	assert_int_equal(read_as("{\"id\":1,\"chunk\":\"a\"}", &s), 0);
	assert_int_equal(s.kind, MODEL_SAYS_CHUNK);
	assert_string_equal(json_string_value(s.value), "a");
	model_says_free_p(&s);
	assert_int_equal(
		read_as("{\"id\":7,\"result\":{\"text\":\"a\",\"finish\":\"stop\"," USAGE "}}", &s),
		0);
	assert_int_equal(s.kind, MODEL_SAYS_RESULT);
	assert_int_equal(s.id, 7);
	assert_int_equal(s.used, 7);
	model_says_free_p(&s);
	assert_int_equal(
		read_as("{\"id\":7,\"error\":{\"kind\":\"timeout\",\"text\":\"late \\u001b[2J\"}}",
			&s),
		0);
	assert_int_equal(s.kind, MODEL_SAYS_ERROR);
	assert_int_equal(s.failure.code, RPC_DEADLINE);
	assert_string_equal(s.failure.text, "late \\x1b[2J");
	assert_true(s.used == UINT64_MAX); /* it may have worked all the time */
	model_says_free_p(&s);
	assert_int_equal(
		read_as("{\"id\":7,\"error\":{\"kind\":\"unavailable\",\"text\":\"x\"}}", &s), 0);
	assert_int_equal(s.used, 0);
	model_says_free_p(&s);
}

static void what_is_none_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"id\":1}",
		"{\"chunk\":\"a\"}",
		"{\"id\":0,\"chunk\":\"a\"}",
		"{\"id\":-1,\"chunk\":\"a\"}",
		"{\"id\":\"1\",\"chunk\":\"a\"}",
		"{\"id\":1,\"chunk\":5}",
		"{\"id\":1,\"chunk\":\"a\",\"result\":{}}",
		"{\"id\":1,\"result\":{\"text\":\"a\",\"finish\":\"stop\"}}",
		"{\"id\":1,\"result\":5}",
		"{\"id\":1,\"result\":{\"usage\":{\"promptTokens\":-1,\"answerTokens\":1}}}",
		"{\"id\":1,\"result\":{\"usage\":{\"promptTokens\":1,\"answerTokens\":5000000000}}}",
		"{\"id\":1,\"result\":{\"usage\":{\"promptTokens\":1}}}",
		"{\"id\":1,\"error\":{\"kind\":\"new\",\"text\":\"x\"}}",
		"{\"id\":1,\"error\":{\"kind\":\"timeout\"}}",
		"{\"id\":1,\"error\":\"x\"}",
		"{\"id\":1,\"result\":{\"vectors\":[[[[[[1]]]]]]," USAGE "}}",
	};
	struct model_says s = { 0 };

	(void)state;
	for (size_t i = 0; i < countof(bad); i++)
		if (read_as(bad[i], &s) == 0)
			fail_msg("%s", bad[i]);
}

static void a_result_is_one_of_its_question(void **state)
{
	static const struct {
		bool embed;
		const char *result;
		bool fits;
	} rows[] = {
		{ false, "{\"text\":\"a\",\"finish\":\"stop\",\"usage\":{}}", true },
		{ false, "{\"text\":\"a\",\"usage\":{}}", false },
		{ false, "{\"text\":5,\"finish\":\"stop\",\"usage\":{}}", false },
		{ false, "{\"text\":\"a\",\"finish\":\"stop\",\"usage\":{},\"grants\":[]}", false },
		{ false, "{\"vectors\":[[1],[2]],\"usage\":{}}", false },
		{ true, "{\"vectors\":[[1],[2.5]],\"usage\":{}}", true },
		{ true, "{\"vectors\":[[1]],\"usage\":{}}", false },
		{ true, "{\"vectors\":[[1],[]],\"usage\":{}}", false },
		{ true, "{\"vectors\":[[1],[\"2\"]],\"usage\":{}}", false },
		{ true, "{\"vectors\":[[1],2],\"usage\":{}}", false },
		{ true, "{\"text\":\"a\",\"usage\":{}}", false },
	};
	CLEANUP(json_decref_p) json_t *what = json_loads("{\"input\":[\"a\",\"b\"]}", 0, NULL);

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		const struct wait w = { .what = what, .embed = rows[i].embed };
		CLEANUP(json_decref_p) json_t *result = json_loads(rows[i].result, 0, NULL);

		if (model_result_fits(&w, result) != rows[i].fits)
			fail_msg("%s", rows[i].result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_says_is_understood),
		cmocka_unit_test(what_is_none_is_refused),
		cmocka_unit_test(a_result_is_one_of_its_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
