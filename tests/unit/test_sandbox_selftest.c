/* SPDX-License-Identifier: Apache-2.0 */
/* test_sandbox_selftest.c - one try that got through is enough; so is one that was not made. */
#include "sandbox/selftest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/launch_start.h"

static struct selftest_result told[SELFTEST_TRIES + 1];
static struct selftest_report report;

static int make(void **state)
{
	(void)state;
	memset(&report, 0, sizeof(report));
	for (unsigned int i = 0; i <= SELFTEST_TRIES; i++)
		told[i] = (struct selftest_result){ (uint16_t)i, SELFTEST_REFUSED, 1 };
	return 0;
}

static int judge(uint32_t guarded, size_t bytes, struct err *e)
{
	struct selftest_jail *jail = &report.jail[report.jails++];

	*jail = (struct selftest_jail){ .image = IMAGE_NATIVE, .guarded = guarded };
	return selftest_judge(&report, jail, told, bytes, e);
}

static void all_refused_is_good(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(judge(1, sizeof(report.jail[0].result), &e), 0);
	assert_int_equal(report.through, 0);
	assert_int_equal(selftest_verdict(&report, &e), 0);
}

static void each_try_alone_is_enough(void **state)
{
	for (unsigned int i = 0; i < SELFTEST_TRIES; i++) {
		struct err e = { 0 };

		make(state);
		told[i].outcome = SELFTEST_THROUGH;
		assert_int_equal(judge(1, sizeof(report.jail[0].result), &e), 0);
		assert_int_equal(report.through, 1);
		assert_int_equal(selftest_verdict(&report, &e), -1);
		assert_int_equal(e.code, ERR_SELFTEST);
		assert_non_null(strstr(e.text, selftest_name(i)));
	}
}

/* Without a guard, which somebody accepted, only what it alone refuses may get through. */
static void what_is_accepted_is_counted_apart(void **state)
{
	struct err e = { 0 };

	(void)state;
	told[TRY_MAP_WX].outcome = told[TRY_MAP_X].outcome = SELFTEST_THROUGH;
	assert_int_equal(judge(0, sizeof(report.jail[0].result), &e), 0);
	assert_int_equal(report.accepted, 2);
	assert_int_equal(selftest_verdict(&report, &e), 0);
	told[TRY_MOUNT].outcome = SELFTEST_THROUGH;
	assert_int_equal(judge(0, sizeof(report.jail[0].result), &e), 0);
	assert_int_equal(report.through, 1);
	assert_int_equal(selftest_verdict(&report, &e), -1);
}

static void what_was_not_tried_is_not_refused(void **state)
{
	static const size_t sizes[] = { 0, 1, sizeof(report.jail[0].result) - 1,
					sizeof(report.jail[0].result) - sizeof(told[0]),
					sizeof(told) };
	struct err e;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		make(state);
		assert_int_equal(judge(1, sizes[i], &e), -1);
		assert_int_equal(e.code, ERR_SELFTEST);
	}
	make(state);
	told[3].outcome = SELFTEST_NOT_TRIED;
	assert_int_equal(judge(1, sizeof(report.jail[0].result), &e), -1);
	make(state);
	told[3].outcome = 77;
	assert_int_equal(judge(1, sizeof(report.jail[0].result), &e), -1);
	make(state);
	told[3].number = 4;
	assert_int_equal(judge(1, sizeof(report.jail[0].result), &e), -1);
	make(state);
	assert_int_equal(selftest_verdict(&report, &e), -1); /* no jail at all */
}

static void every_try_has_a_name(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SELFTEST_TRIES; i++)
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(selftest_name(i), selftest_name(j));
	assert_string_equal(selftest_name(SELFTEST_TRIES), "unknown");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_refused_is_good, make),
		cmocka_unit_test_setup(each_try_alone_is_enough, make),
		cmocka_unit_test_setup(what_is_accepted_is_counted_apart, make),
		cmocka_unit_test_setup(what_was_not_tried_is_not_refused, make),
		cmocka_unit_test_setup(every_try_has_a_name, make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
