/* SPDX-License-Identifier: Apache-2.0 */
/* test_quota.c - a bucket gives its burst, then its rate, whatever the clock does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "broker/quota.h"

static void burst_then_rate(void **state)
{
	struct bucket b;
	int got = 0;

	(void)state;
	bucket_init(&b, 10, 20, 1000);
	for (int i = 0; i < 100; i++)
		got += bucket_take(&b, 1, 1000);
	assert_int_equal(got, 20);
	assert_int_equal(bucket_wait_ms(&b, 1), 100);
	assert_false(bucket_take(&b, 1, 1099));
	assert_true(bucket_take(&b, 1, 1100));
	assert_false(bucket_take(&b, 1, 1100));
	for (got = 0; bucket_take(&b, 1, 3100); got++)
		;
	assert_int_equal(got, 20);
}

static void no_more_than_the_rate_in_the_long_run(void **state)
{
	struct bucket b;
	uint64_t got = 0;

	(void)state;
	bucket_init(&b, 7, 7, 0);
	for (int64_t now = 0; now < 100000; now += 3)
		got += bucket_take(&b, 1, now);
	assert_in_range(got, 700, 707);
}

static void a_clock_that_jumps(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 5, 5, 1000000);
	assert_true(bucket_take(&b, 5, 1000000));
	assert_false(bucket_take(&b, 1, 10));
	assert_false(bucket_take(&b, 1, INT64_MIN));
	assert_true(bucket_take(&b, 5, INT64_MAX));
	assert_false(bucket_take(&b, 1, INT64_MAX));
}

static void hostile_numbers(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 0, 2, 0);
	assert_true(bucket_take(&b, 2, 0));
	assert_false(bucket_take(&b, 1, INT64_MAX));
	assert_int_equal(bucket_wait_ms(&b, 1), UINT32_MAX);
	bucket_init(&b, 0, 0, 0);
	assert_false(bucket_take(&b, 1, 100));
	assert_true(bucket_take(&b, 0, 100));
	bucket_init(&b, UINT64_MAX, UINT64_MAX, 0);
	assert_false(bucket_take(&b, UINT64_MAX, 1));
	assert_int_equal(bucket_wait_ms(&b, UINT64_MAX), UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burst_then_rate),
		cmocka_unit_test(no_more_than_the_rate_in_the_long_run),
		cmocka_unit_test(a_clock_that_jumps),
		cmocka_unit_test(hostile_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
