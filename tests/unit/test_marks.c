/* SPDX-License-Identifier: Apache-2.0 */
/* test_marks.c - row 5: a thief's counter counts until the key is revoked, and the others' after.
 */
#include "supervise/marks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"

static const uint8_t owner[DIGEST_BYTES] = { 1 }, thief[DIGEST_BYTES] = { 2 };

static bool all(const void *arg, const uint8_t signer[DIGEST_BYTES])
{
	(void)arg;
	(void)signer;
	return true;
}

static bool not_this(const void *arg, const uint8_t signer[DIGEST_BYTES])
{
	return memcmp(arg, signer, DIGEST_BYTES) != 0;
}

static void row05_a_revoked_keys_counter_does_not_count(void **state)
{
	struct marks m = { 0 };

	(void)state;
	assert_int_equal(marks_highest(&m, all, NULL), 0);
	marks_note(&m, owner, 5);
	marks_note(&m, thief, BUNDLE_COUNTER_MAX);
	assert_int_equal(marks_highest(&m, all, NULL), BUNDLE_COUNTER_MAX);
	assert_int_equal(marks_highest(&m, not_this, thief), 5);
	assert_int_equal(marks_highest(&m, not_this, owner), BUNDLE_COUNTER_MAX);
}

static void row03_a_keys_mark_only_rises(void **state)
{
	struct marks m = { 0 };

	(void)state;
	marks_note(&m, owner, 7);
	marks_note(&m, owner, 3);
	assert_int_equal(m.count, 1);
	assert_int_equal(marks_highest(&m, all, NULL), 7);
	for (uint8_t i = 10; i < 30; i++) {
		uint8_t other[DIGEST_BYTES] = { i };

		marks_note(&m, other, 100 + i);
	}
	assert_int_equal(m.count, MARKS_MAX);
	assert_int_equal(marks_highest(&m, all, NULL), 129);
}

static int read_text(const char *text, struct marks *ret, struct err *e)
{
	CLEANUP(json_decref_p) json_t *j = json_loads(text, 0, NULL);

	assert_non_null(j);
	*ret = (struct marks){ 0 };
	return marks_parse((struct json_place){ j, "" }, ret, e);
}

static void what_is_written_is_read(void **state)
{
	static const char *const bad[] = { "{\"marks\":{\"x\":1}}", "{\"marks\":[]}",
					   "{\"marks\":{\"00\":1}}" };
	CLEANUP(json_decref_p) json_t *doc = NULL;
	char text[1024] = "{\"a\": 1";
	struct writer w;
	struct marks m = { 0 }, again = { 0 };
	struct err e = { 0 };

	(void)state;
	marks_note(&m, owner, 5);
	marks_note(&m, thief, 9);
	writer_init(&w, text + strlen(text), sizeof(text) - strlen(text));
	marks_print(&m, &w);
	writer_str(&w, "}");
	doc = json_loads(text, 0, NULL);
	assert_non_null(doc);
	assert_int_equal(marks_parse((struct json_place){ doc, "" }, &again, &e), 0);
	assert_memory_equal(&m, &again, sizeof(m));
	assert_int_equal(read_text("{}", &again, &e), 0);
	assert_int_equal(again.count, 0);
	for (size_t i = 0; i < countof(bad); i++)
		assert_int_equal(read_text(bad[i], &again, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row05_a_revoked_keys_counter_does_not_count),
		cmocka_unit_test(row03_a_keys_mark_only_rises),
		cmocka_unit_test(what_is_written_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
