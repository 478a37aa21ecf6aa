/* SPDX-License-Identifier: Apache-2.0 */
/* test_limit.c - limits: spelling, ranges, and that every default lies inside its range. */
#include "policy/limit.h"
#include "tests/unit/policy_sample.h"

static const struct {
	const char *text;
	bool ok;
	uint64_t value;
} sizes[] = {
	{ "64M", true, 64ull << 20 },
	{ "1K", true, 1024 },
	{ "3G", true, 3ull << 30 },
	{ "999999999999999G", true, UINT64_MAX },
	{ "9999999999999999G", false, 0 },
	{ "", false, 0 },
	{ "M", false, 0 },
	{ "64", false, 0 },
	{ "64m", false, 0 },
	{ "64MB", false, 0 },
	{ "64 M", false, 0 },
	{ " 64M", false, 0 },
	{ "+64M", false, 0 },
	{ "-64M", false, 0 },
	{ "0M", false, 0 },
	{ "064M", false, 0 },
	{ "0x10M", false, 0 },
	{ "1e3M", false, 0 },
	{ "1.5G", false, 0 },
	{ "64M\n", false, 0 },
};

static void sizes_have_one_spelling(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(sizes); i++) {
		uint64_t v = 0;

		if (limit_bytes_from_text(sizes[i].text, &v) != sizes[i].ok)
			fail_msg("\"%s\"", sizes[i].text);
		if (sizes[i].ok)
			assert_int_equal(v, sizes[i].value);
	}
}

static const struct {
	const char *text;
	bool ok;
	uint64_t ms;
} times[] = {
	{ "500ms", true, 500 },	 { "10s", true, 10000 }, { "5m", true, 300000 },
	{ "2h", true, 7200000 }, { "10", false, 0 },	 { "0s", false, 0 },
	{ "10S", false, 0 },	 { "1d", false, 0 },	 { "10 s", false, 0 },
	{ "-1s", false, 0 },	 { "1m30s", false, 0 },	 { "s", false, 0 },
	{ "1.5s", false, 0 },	 { "", false, 0 },
};

static void times_have_a_unit(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(times); i++) {
		uint64_t v = 0;

		if (limit_time_from_text(times[i].text, &v) != times[i].ok)
			fail_msg("\"%s\"", times[i].text);
		if (times[i].ok)
			assert_int_equal(v, times[i].ms);
	}
}

static const struct {
	enum limit_unit unit;
	uint64_t value;
	const char *text;
} prints[] = {
	{ LIMIT_UNIT_BYTES, 64ull << 20, "64M" },
	{ LIMIT_UNIT_BYTES, 1025, "1025" },
	{ LIMIT_UNIT_BYTES, 0, "0" },
	{ LIMIT_UNIT_BYTES, UINT64_MAX, "18446744073709551615" },
	{ LIMIT_UNIT_TIME, 1500, "1500ms" },
	{ LIMIT_UNIT_TIME, 60000, "1m" },
	{ LIMIT_UNIT_TIME, 3600000, "1h" },
	{ LIMIT_UNIT_PERCENT, 50, "50" },
	{ LIMIT_UNIT_COUNT, 1024, "1024" },
};

static void printing_takes_the_largest_unit(void **state)
{
	char text[LIMIT_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < countof(prints); i++) {
		limit_print(prints[i].unit, prints[i].value, text);
		assert_string_equal(text, prints[i].text);
	}
}

static void every_limit_is_got_as_it_was_set(void **state)
{
	struct limits l = { 0 };

	(void)state;
	for (unsigned int i = 0; i < LIMIT_COUNT; i++)
		limit_set(&l, i, 100 + i);
	for (unsigned int i = 0; i < LIMIT_COUNT; i++)
		assert_int_equal(limit_get(&l, i), 100 + i);
	limit_set(&l, LIMIT_TASKS, 1ull << 40);
	assert_int_equal(l.tasks, UINT32_MAX);
	assert_int_equal(l.cpu_percent, 100 + LIMIT_CPU);
}

static void defaults_lie_in_their_range(void **state)
{
	struct err e;
	struct limits l = { 0 };

	(void)state;
	for (unsigned int i = 0; i < LIMIT_COUNT; i++) {
		const struct limit_info *info = limit_info(i);

		assert_true(info->least >= 1 && info->least <= info->normal);
		assert_true(info->normal <= info->ceiling && info->ceiling <= info->most);
		limit_set(&l, i, info->normal);
	}
	assert_int_equal(limit_check_all(&l, 0, "test", &e), 0);
}

static void out_of_range_is_refused(void **state)
{
	struct err e;

	(void)state;
	for (unsigned int i = 0; i < LIMIT_COUNT; i++) {
		struct limits l = { 0 };

		for (unsigned int k = 0; k < LIMIT_COUNT; k++)
			limit_set(&l, k, limit_info(k)->normal);
		limit_set(&l, i, limit_info(i)->most + 1);
		assert_int_equal(limit_check_all(&l, 0, "test", &e), -1);
		assert_int_equal(e.code, ERR_PROTOCOL);
		limit_set(&l, i, 0);
		assert_int_equal(limit_check_all(&l, 0, "test", &e), -1);
		assert_int_equal(limit_check_all(&l, 1u << i, "test", &e), 0);
		limit_set(&l, i, limit_info(i)->least);
		assert_int_equal(limit_check_all(&l, 0, "test", &e), 0);
	}
}

static void suffixes_are_listed_largest_first(void **state)
{
	struct limit_suffix s, last = { "", UINT64_MAX };
	size_t n = 0;

	(void)state;
	for (; limit_suffix(LIMIT_UNIT_TIME, n, &s); n++) {
		assert_true(s.factor < last.factor);
		last = s;
	}
	assert_int_equal(n, LIMIT_SUFFIXES);
	assert_string_equal(last.text, "ms");
	assert_true(limit_suffix(LIMIT_UNIT_BYTES, 0, &s));
	assert_int_equal(s.factor, GIB);
	assert_false(limit_suffix(LIMIT_UNIT_BYTES, 3, &s));
	assert_false(limit_suffix(LIMIT_UNIT_COUNT, 0, &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_have_one_spelling),
		cmocka_unit_test(times_have_a_unit),
		cmocka_unit_test(printing_takes_the_largest_unit),
		cmocka_unit_test(every_limit_is_got_as_it_was_set),
		cmocka_unit_test(defaults_lie_in_their_range),
		cmocka_unit_test(out_of_range_is_refused),
		cmocka_unit_test(suffixes_are_listed_largest_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
