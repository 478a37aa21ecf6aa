/* SPDX-License-Identifier: Apache-2.0 */
/* test_restart.c - back-off, window, quarantine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "supervise/restart.h"

static const struct restart_rule three_in_a_minute = { RESTART_ON_FAILURE, 3, 60000 };

static void waits_longer_each_time(void **state)
{
	struct restart_state s = { 0 };
	uint64_t before = 0;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct restart_decision d =
			restart_decide(&s, &three_in_a_minute, true, 1000 + i, 0);

		assert_int_equal(d.verdict, RESTART_AGAIN);
		assert_true(d.delay_ms > before);
		before = d.delay_ms;
	}
}

static void one_too_many_is_quarantined(void **state)
{
	struct restart_state s = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(restart_decide(&s, &three_in_a_minute, true, i, 0).verdict,
				 RESTART_AGAIN);
	assert_int_equal(restart_decide(&s, &three_in_a_minute, true, 4, 0).verdict,
			 RESTART_QUARANTINE);
}

static void old_crashes_do_not_count(void **state)
{
	struct restart_state s = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct restart_decision d =
			restart_decide(&s, &three_in_a_minute, true, i * 61000LL, 0);

		assert_int_equal(d.verdict, RESTART_AGAIN);
		assert_int_equal(d.recent, 1);
	}
}

static void jitter_stays_in_its_bounds(void **state)
{
	(void)state;
	for (uint64_t chance = 0; chance < 1000; chance++) {
		struct restart_state s = { 0 };
		struct restart_decision d =
			restart_decide(&s, &three_in_a_minute, true, 0, chance * 7919);

		assert_in_range(d.delay_ms, RESTART_FIRST_MS * 3 / 4, RESTART_FIRST_MS * 5 / 4 + 1);
	}
}

static void the_wait_has_an_end(void **state)
{
	struct restart_rule many = { RESTART_ON_FAILURE, 1000000, 3600000 };
	struct restart_state s = { 0 };
	struct restart_decision d = { 0 };

	(void)state;
	for (int i = 0; i < 60; i++)
		d = restart_decide(&s, &many, true, i, UINT64_MAX);
	assert_int_equal(d.verdict, RESTART_AGAIN);
	assert_true(d.delay_ms <= RESTART_LONGEST_MS * 5 / 4);
	for (int i = 0; i < 10; i++)
		d = restart_decide(&s, &many, true, 100 + i, 0);
	assert_int_equal(
		d.verdict,
		RESTART_QUARANTINE); /* whatever the rule says: what is remembered is bounded */
}

static void policies(void **state)
{
	static const struct {
		uint32_t policy;
		bool failed;
		enum restart_verdict verdict;
	} cases[] = {
		{ RESTART_NEVER, true, RESTART_LEAVE },
		{ RESTART_NEVER, false, RESTART_LEAVE },
		{ RESTART_ON_FAILURE, true, RESTART_AGAIN },
		{ RESTART_ON_FAILURE, false, RESTART_LEAVE },
		{ RESTART_ALWAYS, true, RESTART_AGAIN },
		{ RESTART_ALWAYS, false, RESTART_AGAIN },
		{ 0, true, RESTART_AGAIN },
		{ 77, false, RESTART_LEAVE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct restart_rule rule = { cases[i].policy, 3, 60000 };
		struct restart_state s = { 0 };

		assert_int_equal(restart_decide(&s, &rule, cases[i].failed, 0, 0).verdict,
				 cases[i].verdict);
	}
}

static void no_rule_is_the_default_one(void **state)
{
	struct restart_rule none = { 0 };
	struct restart_state s = { 0 };

	(void)state;
	for (unsigned int i = 0; i < RESTART_DEFAULT_MAX; i++)
		assert_int_equal(restart_decide(&s, &none, true, 0, 0).verdict, RESTART_AGAIN);
	assert_int_equal(restart_decide(&s, &none, true, 0, 0).verdict, RESTART_QUARANTINE);
	restart_forget(&s);
	assert_int_equal(restart_decide(&s, &none, true, 0, 0).verdict, RESTART_AGAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_longer_each_time),
		cmocka_unit_test(one_too_many_is_quarantined),
		cmocka_unit_test(old_crashes_do_not_count),
		cmocka_unit_test(jitter_stays_in_its_bounds),
		cmocka_unit_test(the_wait_has_an_end),
		cmocka_unit_test(policies),
		cmocka_unit_test(no_rule_is_the_default_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
