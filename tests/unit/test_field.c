/* SPDX-License-Identifier: Apache-2.0 */
/* test_field.c - a table and its refusals: type, bounds, place, the nearest word. */
#include "policy/field.h"
#include "policy/limit.h"
#include "tests/unit/policy_sample.h"

struct record {
	char text[8];
	uint8_t flag;
	uint32_t small;
	uint64_t large;
	uint64_t bytes;
	uint64_t time_ms;
	uint32_t word;
	uint32_t words;
	struct {
		uint32_t inner;
	} object;
	unsigned int taken;
};

static const char *color(unsigned int i)
{
	static const char *const words[] = { "red", NULL, "green", "blue" };

	return i < countof(words) ? words[i] : NULL;
}

static bool is_lower(const char *s)
{
	return s[strspn(s, "abcdefghijklmnopqrstuvwxyz")] == '\0';
}

static int count_taken(struct json_place at, void *base, struct err *e)
{
	(void)at;
	(void)e;
	((struct record *)base)->taken++;
	return 0;
}

static int refuse(struct json_place at, void *base, struct err *e)
{
	(void)base;
	return err_set(e, ERR_CONFIG, "%s: no", at.where);
}

static const struct field inner_rows[] = { { .key = "inner",
					     .type = FIELD_NUMBER,
					     .required = true,
					     .max = 9,
					     .offset = 0,
					     .size = sizeof(uint32_t) } };
static const struct field_table inner_table = { inner_rows, 1 };

static const struct field rows[] = {
	{ .key = "text",
	  .type = FIELD_TEXT,
	  .expect = "lower case",
	  .ok = is_lower,
	  FIELD_TEXT_PLACE(struct record, text) },
	{ .key = "flag", .type = FIELD_FLAG, FIELD_PLACE(struct record, flag) },
	{ .key = "small",
	  .type = FIELD_NUMBER,
	  .min = 1,
	  .max = 10,
	  FIELD_PLACE(struct record, small) },
	{ .key = "large",
	  .type = FIELD_NUMBER,
	  .max = INT64_MAX,
	  FIELD_PLACE(struct record, large) },
	{ .key = "bytes",
	  .type = FIELD_BYTES,
	  .min = 1,
	  .max = MIB,
	  FIELD_PLACE(struct record, bytes) },
	{ .key = "time",
	  .type = FIELD_TIME,
	  .min = 1,
	  .max = 60000,
	  FIELD_PLACE(struct record, time_ms) },
	{ .key = "word",
	  .type = FIELD_WORD,
	  .word = color,
	  .word_count = 4,
	  FIELD_PLACE(struct record, word) },
	{ .key = "words",
	  .type = FIELD_WORDS,
	  .refusal = ERR_CONFIG,
	  .word = color,
	  .word_count = 4,
	  FIELD_PLACE(struct record, words) },
	{ .key = "object",
	  .type = FIELD_OBJECT,
	  .members = &inner_table,
	  FIELD_PLACE(struct record, object) },
	{ .key = "map", .type = FIELD_MAP, .min = 1, .max = 2, .take = count_taken },
	{ .key = "list", .type = FIELD_LIST, .max = 2, .take = refuse },
	{ .key = "set", .type = FIELD_LIST, .max = 3, .distinct = true },
	{ .key = "letters", .type = FIELD_TEXT, .min = 2, .max = 4, .wide_max = 2 },
	{ .key = "version", .type = FIELD_TEXT, .expect = "\"1\"", .only = "1" },
};
static const struct field_table table = { rows, countof(rows) };

static struct record got;

static enum err_code take(const char *text, struct err *e)
{
	CLEANUP(json_decref_p) json_t *j = NULL;

	*e = (struct err){ 0 };
	memset(&got, 0, sizeof(got));
	if (json_parse(text, strlen(text), 8, 100, &j, e) < 0)
		fail_msg("%s: %s", text, e->text);
	return fields_take(&table, (struct json_place){ j, "" }, &got, e) < 0 ? e->code : ERR_OK;
}

static void every_type_lands_in_its_place(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(
		take("{\"text\":\"abc\",\"flag\":true,\"small\":10,\"large\":9223372036854775807,"
		     "\"bytes\":\"1M\",\"time\":\"1m\",\"word\":\"green\",\"words\":[\"blue\",\"red\"],"
		     "\"object\":{\"inner\":5},\"map\":{\"x\":1}}",
		     &e),
		ERR_OK);
	assert_string_equal(got.text, "abc");
	assert_int_equal(got.flag, 1);
	assert_int_equal(got.small, 10);
	assert_int_equal(got.large, INT64_MAX);
	assert_int_equal(got.bytes, MIB);
	assert_int_equal(got.time_ms, 60000);
	assert_int_equal(got.word, 2);
	assert_int_equal(got.words, 1u << 3 | 1u << 0);
	assert_int_equal(got.object.inner, 5);
	assert_int_equal(got.taken, 1);
}

static void what_is_absent_leaves_the_record_alone(void **state)
{
	struct record zero = { 0 };
	struct err e;

	(void)state;
	assert_int_equal(take("{}", &e), ERR_OK);
	assert_memory_equal(&got, &zero, sizeof(got));
}

static const struct {
	const char *text;
	enum err_code code;
	const char *message;
} cases[] = {
	{ "5", ERR_JSON_TYPE, "/: expected an object" },
	{ "{\"x\":1}", ERR_JSON_KEY,
	  "/x: unknown key; known are text flag small large bytes time word words object map list set" },
	{ "{\"text\":5}", ERR_JSON_TYPE, "/text: expected lower case" },
	{ "{\"text\":\"ABC\"}", ERR_JSON_VALUE, "/text: \"ABC\" is refused, expected lower case" },
	{ "{\"text\":\"abcdefgh\"}", ERR_JSON_VALUE, "/text: 8 characters, expected 0 to 7" },
	{ "{\"flag\":0}", ERR_JSON_TYPE, "/flag: expected true or false" },
	{ "{\"flag\":null}", ERR_JSON_TYPE, "/flag: expected true or false" },
	{ "{\"small\":0}", ERR_JSON_VALUE, "/small: expected 1 to 10" },
	{ "{\"small\":11}", ERR_JSON_VALUE, "/small: expected 1 to 10" },
	{ "{\"small\":4294967297}", ERR_JSON_VALUE, "/small: expected 1 to 10" },
	{ "{\"small\":-1}", ERR_JSON_VALUE, "/small: expected 1 to 10" },
	{ "{\"small\":1.0}", ERR_JSON_TYPE, "/small: expected a whole number" },
	{ "{\"small\":\"1\"}", ERR_JSON_TYPE, "/small: expected a whole number" },
	{ "{\"large\":-9223372036854775808}", ERR_JSON_VALUE,
	  "/large: expected 0 to 9223372036854775807" },
	{ "{\"bytes\":\"2M\"}", ERR_JSON_VALUE, "/bytes: expected 1 to 1M" },
	{ "{\"bytes\":[]}", ERR_JSON_TYPE, "/bytes: expected bytes" },
	{ "{\"time\":5}", ERR_JSON_TYPE, "/time: expected a time with its unit" },
	{ "{\"time\":\"61s\"}", ERR_JSON_VALUE, "/time: expected 1ms to 1m" },
	{ "{\"word\":\"gren\"}", ERR_JSON_VALUE,
	  "/word: \"gren\" is unknown; did you mean \"green\"?" },
	{ "{\"word\":\"GREEN\"}", ERR_JSON_VALUE,
	  "/word: \"GREEN\" is unknown; did you mean \"green\"?" },
	{ "{\"word\":\"yellow\"}", ERR_JSON_VALUE,
	  "/word: \"yellow\" is unknown; known are red green blue" },
	{ "{\"words\":[\"red\",\"red\"]}", ERR_JSON_VALUE, "/words/1: \"red\" is there twice" },
	{ "{\"words\":[\"red\",\"mauve\"]}", ERR_CONFIG, "/words/1: \"mauve\" is unknown" },
	{ "{\"words\":[[]]}", ERR_JSON_TYPE, "/words/0: expected a name" },
	{ "{\"object\":{}}", ERR_JSON_KEY, "/object/inner: missing" },
	{ "{\"object\":{\"inner\":10}}", ERR_JSON_VALUE, "/object/inner: expected 0 to 9" },
	{ "{\"object\":{\"inner\":1,\"y/z\":2}}", ERR_JSON_KEY,
	  "/object/y~1z: unknown key; known are inner" },
	{ "{\"map\":{}}", ERR_JSON_VALUE, "/map: 0 entries, expected 1 to 2" },
	{ "{\"map\":{\"a\":1,\"b\":1,\"c\":1}}", ERR_JSON_VALUE, "/map: 3 entries" },
	{ "{\"map\":[]}", ERR_JSON_TYPE, "/map: expected an object" },
	{ "{\"set\":[\"a\",1,{}]}", ERR_OK, "" },
	{ "{\"set\":[{\"a\":1,\"b\":[]},2,{\"b\":[],\"a\":1}]}", ERR_JSON_VALUE,
	  "/set/2: the same as 0; expected distinct entries" },
	/* characters, not bytes */
	{ "{\"letters\":\"ab\xc3\xa9\\ud83d\\udc15\"}", ERR_OK, "" },
	{ "{\"letters\":\"\xc3\xa9\"}", ERR_JSON_VALUE, "/letters: 1 characters, expected 2 to 4" },
	{ "{\"letters\":\"abc\xc3\xa9\xc3\xa9\"}", ERR_JSON_VALUE,
	  "/letters: 5 characters, expected 2 to 4" },
	{ "{\"letters\":\"a\xc3\xa9\xc3\xa9\xc3\xa9\"}", ERR_JSON_VALUE,
	  "/letters: 3 characters outside ASCII, expected at most 2" },
	{ "{\"version\":\"1\"}", ERR_OK, "" },
	{ "{\"version\":\"\"}", ERR_JSON_VALUE, "/version: \"\" is refused, expected \"1\"" },
	/* a pointer ends at the first colon and space */
	{ "{\"a: b\":1}", ERR_JSON_KEY, "/a\\u003a b: unknown key" },
	{ "{\"list\":[]}", ERR_CONFIG, "/list: no" },
	{ "{\"list\":[1,2,3]}", ERR_JSON_VALUE, "/list: 3 entries, expected 0 to 2" },
};

static void every_refusal_says_where_and_what(void **state)
{
	struct err e;

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		if (take(cases[i].text, &e) != cases[i].code)
			fail_msg("%s: got %s (%s)", cases[i].text, err_name(e.code), e.text);
		if (strncmp(e.text, cases[i].message, strlen(cases[i].message)) != 0)
			fail_msg("%s: \"%s\", expected \"%s\"", cases[i].text, e.text,
				 cases[i].message);
	}
}

/* What an author writes is shown to an operator: nothing of it may act on a terminal. */
static void quotes_are_plain_and_short(void **state)
{
	static const struct {
		const char *text;
		const char *quote;
	} quotes[] = {
		{ "", "\"\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "\x1b[31m", "\"\\u001b[31m\"" },
		{ "\xe2\x80\xae", "\"\\u202e\"" },
		{ "0123456789012345678901234567890123456789",
		  "\"0123456789012345678901234567890123456789\"" },
		{ "01234567890123456789012345678901234567890",
		  "\"0123456789012345678901234567890123456789\"..." },
		{ "012345678901234567890123456789012345678\xc3\xa9",
		  "\"012345678901234567890123456789012345678\"..." },
	};
	char quote[FIELD_QUOTE_MAX], where[FIELD_WHERE_MAX];
	char key[400];

	(void)state;
	for (size_t i = 0; i < countof(quotes); i++) {
		field_quote(quote, quotes[i].text);
		assert_string_equal(quote, quotes[i].quote);
	}
	memset(key, '\x01', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	field_quote(quote, key);
	assert_true(strlen(quote) < FIELD_QUOTE_MAX);
	field_where(where, "/a", key);
	assert_true(strlen(where) < FIELD_WHERE_MAX);
	assert_memory_equal(where, "/a/\\u0001", 9);
	memset(key, '/', sizeof(key) - 1);
	field_where(where, "/a", key);
	assert_memory_equal(where, "/a/~1~1", 7);
	field_where_index(where, "/a", 12);
	assert_string_equal(where, "/a/12");
}

/* Entries of a map or list have no key of their own, and are taken by a row all the same. */
static void one_value_is_taken_by_its_row(void **state)
{
	static const struct field entry = { .key = "entry", .type = FIELD_TEXT, .max = 3 };
	json_t *good = json_string("abc"), *bad = json_integer(1);
	struct err e = { 0 };

	(void)state;
	assert_int_equal(field_take(&entry, (struct json_place){ good, "/m/x" }, NULL, &e), 0);
	assert_int_equal(field_take(&entry, (struct json_place){ bad, "/m/x" }, NULL, &e), -1);
	assert_int_equal(e.code, ERR_JSON_TYPE);
	assert_string_equal(e.text, "/m/x: expected a string");
	json_decref(good);
	json_decref(bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_lands_in_its_place),
		cmocka_unit_test(what_is_absent_leaves_the_record_alone),
		cmocka_unit_test(every_refusal_says_where_and_what),
		cmocka_unit_test(quotes_are_plain_and_short),
		cmocka_unit_test(one_value_is_taken_by_its_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
