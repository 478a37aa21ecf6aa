/* SPDX-License-Identifier: Apache-2.0 */
/* test_json.c - JSON is bounded before it is parsed, and getters say where. */
#include "base/json.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

static int parse(const char *text, struct err *e)
{
	CLEANUP(json_decref_p) json_t *j = NULL;

	return json_parse(text, strlen(text), 4, 16, &j, e);
}

static void row32_hostile_text_is_refused(void **state)
{
	static const struct {
		const char *text;
		enum err_code code;
	} cases[] = {
		{ "", ERR_JSON },
		{ "{", ERR_JSON },
		{ "{} x", ERR_JSON },
		{ "{\"a\":1,\"a\":2}", ERR_JSON },
		{ "{\"a\":1,\"\\u0061\":2}", ERR_JSON },
		{ "[[[[[1]]]]]", ERR_LIMIT },
		{ "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]", ERR_LIMIT },
		{ "\"\xff\"", ERR_JSON },
		{ "\"\\u0000\"", ERR_JSON },
		{ "\xef\xbb\xbf{}", ERR_JSON },
		{ "[1e999]", ERR_JSON },
		{ "[NaN]", ERR_JSON },
		{ "{\"a\":99999999999999999999}", ERR_JSON },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct err e = { 0 };

		assert_int_equal(parse(cases[i].text, &e), -1);
		assert_int_equal(e.code, cases[i].code);
	}
	assert_int_equal(parse("{\"a\":[1,\"[[[[[[{{{{,,,,::::\"]}", NULL), 0);
}

static void getters_name_the_place(void **state)
{
	static const char text[] = "{\"s\":\"abc\",\"n\":7,\"b\":true,\"neg\":-1,\"arr\":[1,2]}";
	CLEANUP(json_decref_p) json_t *j = NULL;
	struct json_place p = { .where = "/limits" };
	struct err e = { 0 };
	uint64_t n = 99;
	char s[4] = "old";
	json_t *arr;
	bool b = false;

	(void)state;
	assert_int_equal(json_parse(text, sizeof(text) - 1, 4, 64, &j, &e), 0);
	p.obj = j;
	assert_int_equal(json_get_str(p, "s", true, sizeof(s), s, &e), 1);
	assert_string_equal(s, "abc");
	assert_int_equal(json_get_str(p, "s", true, 3, s, &e), -1);
	assert_int_equal(e.code, ERR_JSON_VALUE);
	assert_int_equal(json_get_str(p, "none", false, 4, s, &e), 0);
	assert_int_equal(json_get_str(p, "none", true, 4, s, &e), -1);
	assert_non_null(strstr(e.text, "/limits/none"));
	assert_int_equal(json_get_uint(p, "neg", true, 10, &n, &e), -1);
	assert_int_equal(json_get_uint(p, "n", true, 6, &n, &e), -1);
	assert_int_equal(n, 99); /* written only on success */
	assert_int_equal(json_get_uint(p, "n", true, 7, &n, &e), 1);
	assert_int_equal(json_get_uint(p, "s", true, 7, &n, &e), -1);
	assert_int_equal(e.code, ERR_JSON_TYPE);
	assert_int_equal(json_get_bool(p, "b", &b, &e), 1);
	assert_true(b);
	assert_int_equal(json_get_array(p, "arr", true, 1, &arr, &e), -1);
	assert_int_equal(json_get_obj(p, "arr", true, &arr, &e), -1);
}

static void unknown_keys_are_named(void **state)
{
	static const char *const allowed[] = { "a", "b" };
	CLEANUP(json_decref_p) json_t *j = NULL;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(json_parse("{\"a\":1,\"evil\":2}", 16, 4, 64, &j, &e), 0);
	assert_int_equal(json_check_keys((struct json_place){ j, "/x" }, allowed, 2, &e), -1);
	assert_non_null(strstr(e.text, "/x/evil"));
	assert_int_equal(
		json_check_keys((struct json_place){ json_object_get(j, "a"), "" }, allowed, 2, &e),
		-1);
}

static void one_value_has_one_canonical_spelling(void **state)
{
	static const char text[] = "{ \"b\": \"\xc3\xa4\", \"a\": 1 }";
	CLEANUP(json_decref_p) json_t *j = NULL;
	CLEANUP(free_p) char *out = NULL;

	(void)state;
	assert_int_equal(json_parse(text, sizeof(text) - 1, 4, 64, &j, NULL), 0);
	out = json_print_canonical(j, NULL);
	assert_string_equal(out, "{\"a\":1,\"b\":\"\\u00E4\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row32_hostile_text_is_refused),
		cmocka_unit_test(getters_name_the_place),
		cmocka_unit_test(unknown_keys_are_named),
		cmocka_unit_test(one_value_has_one_canonical_spelling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
