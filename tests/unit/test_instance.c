/* SPDX-License-Identifier: Apache-2.0 */
/* test_instance.c - the life of an instance, step by step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "supervise/instance.h"

static enum instance_state walk(enum instance_state from, const enum instance_event *ev, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct instance_step step;

		assert_true(instance_step(from, ev[i], &step));
		from = step.next;
	}
	return from;
}

static void ordinary_life(void **state)
{
	static const enum instance_event ev[] = { INSTANCE_EV_START, INSTANCE_EV_UP,
						  INSTANCE_EV_STOP, INSTANCE_EV_ENDED };

	(void)state;
	assert_int_equal(walk(INSTANCE_STOPPED, ev, countof(ev)), INSTANCE_STOPPED);
}

static void crash_comes_back(void **state)
{
	static const enum instance_event ev[] = { INSTANCE_EV_START, INSTANCE_EV_UP,
						  INSTANCE_EV_ENDED, INSTANCE_EV_TIMEOUT,
						  INSTANCE_EV_UP };

	(void)state;
	assert_int_equal(walk(INSTANCE_STOPPED, ev, countof(ev)), INSTANCE_UP);
}

static void faulty_one_is_killed_first(void **state)
{
	struct instance_step step;

	(void)state;
	assert_true(instance_step(INSTANCE_UP, INSTANCE_EV_FAULT, &step));
	assert_int_equal(step.next, INSTANCE_KILLING);
	assert_int_equal(step.action, INSTANCE_ACT_KILL);
	assert_true(instance_step(step.next, INSTANCE_EV_ENDED, &step));
	assert_int_equal(step.next, INSTANCE_BACKOFF);
	assert_int_equal(step.action, INSTANCE_ACT_RULE);
}

static void without_work_it_is_frozen_and_then_stopped(void **state)
{
	static const enum instance_event work[] = { INSTANCE_EV_QUIET, INSTANCE_EV_WORK };
	static const enum instance_event none[] = { INSTANCE_EV_QUIET, INSTANCE_EV_TIMEOUT,
						    INSTANCE_EV_ENDED };
	static const enum instance_event fault[] = { INSTANCE_EV_QUIET, INSTANCE_EV_FAULT,
						     INSTANCE_EV_ENDED };
	struct instance_step step;

	(void)state;
	assert_int_equal(walk(INSTANCE_UP, work, countof(work)), INSTANCE_UP);
	assert_int_equal(walk(INSTANCE_UP, none, countof(none)), INSTANCE_STOPPED);
	assert_int_equal(walk(INSTANCE_UP, fault, countof(fault)), INSTANCE_BACKOFF);
	assert_true(instance_step(INSTANCE_IDLE, INSTANCE_EV_WORK, &step));
	assert_int_equal(step.action, INSTANCE_ACT_THAW);
	assert_true(instance_is_up(INSTANCE_IDLE));
	for (int s = 0; s < INSTANCE_STATE_COUNT; s++) /* what is late changes nothing */
		assert_int_equal(instance_step((enum instance_state)s, INSTANCE_EV_QUIET, &step),
				 s == INSTANCE_UP);
}

static void quarantine_needs_a_person(void **state)
{
	struct instance_step step;

	(void)state;
	for (int ev = 0; ev < INSTANCE_EV_COUNT; ev++) {
		bool known = instance_step(INSTANCE_QUARANTINED, (enum instance_event)ev, &step);

		assert_int_equal(known, ev == INSTANCE_EV_START || ev == INSTANCE_EV_STOP);
	}
}

static void stop_during_a_kill_does_not_restart(void **state)
{
	static const enum instance_event ev[] = { INSTANCE_EV_FAULT, INSTANCE_EV_STOP,
						  INSTANCE_EV_ENDED };

	(void)state;
	assert_int_equal(walk(INSTANCE_UP, ev, countof(ev)), INSTANCE_STOPPED);
}

static void what_does_not_end_is_stuck(void **state)
{
	static const enum instance_event ev[] = { INSTANCE_EV_STOP, INSTANCE_EV_TIMEOUT,
						  INSTANCE_EV_TIMEOUT };

	(void)state;
	assert_int_equal(walk(INSTANCE_UP, ev, countof(ev)), INSTANCE_STUCK);
}

/* A launch that finds one of before: not a second one, whatever was wanted meanwhile. */
static void what_was_left_is_stuck(void **state)
{
	static const enum instance_state in[] = { INSTANCE_STARTING, INSTANCE_DRAINING,
						  INSTANCE_ENDING, INSTANCE_KILLING,
						  INSTANCE_STUCK };
	struct instance_step step;

	(void)state;
	for (size_t i = 0; i < countof(in); i++) {
		assert_true(instance_step(in[i], INSTANCE_EV_LEFT, &step));
		assert_int_equal(step.next, INSTANCE_STUCK);
	}
	assert_false(instance_step(INSTANCE_UP, INSTANCE_EV_LEFT, &step));
	assert_false(instance_step(INSTANCE_STOPPED, INSTANCE_EV_LEFT, &step));
}

/* From every state in which the launcher holds a cgroup, its end leads to one in which it holds
 * none. */
static void every_end_is_heard(void **state)
{
	struct instance_step step;

	(void)state;
	for (int s = 0; s < INSTANCE_STATE_COUNT; s++) {
		if (!instance_is_alive((enum instance_state)s))
			continue;
		assert_true(instance_step((enum instance_state)s, INSTANCE_EV_ENDED, &step));
		assert_false(instance_is_alive(step.next));
		assert_true(instance_step((enum instance_state)s, INSTANCE_EV_STOP, &step));
	}
}

/* Nothing starts where something may still run. */
static void nothing_starts_twice(void **state)
{
	struct instance_step step;

	(void)state;
	for (int s = 0; s < INSTANCE_STATE_COUNT; s++)
		for (int ev = 0; ev < INSTANCE_EV_COUNT; ev++)
			if (instance_step((enum instance_state)s, (enum instance_event)ev, &step) &&
			    step.action == INSTANCE_ACT_LAUNCH)
				assert_false(instance_is_alive((enum instance_state)s));
}

static void nonsense_is_refused(void **state)
{
	struct instance_step step;

	(void)state;
	assert_false(instance_step(INSTANCE_STATE_COUNT, INSTANCE_EV_START, &step));
	assert_false(instance_step(INSTANCE_UP, INSTANCE_EV_COUNT, &step));
	assert_false(instance_step((enum instance_state) - 1, INSTANCE_EV_START, &step));
	assert_string_equal(instance_state_name(INSTANCE_STATE_COUNT), "unknown");
	for (unsigned int s = 0; s < INSTANCE_STATE_COUNT; s++)
		assert_true(strlen(instance_state_name(s)) > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_life),
		cmocka_unit_test(crash_comes_back),
		cmocka_unit_test(faulty_one_is_killed_first),
		cmocka_unit_test(without_work_it_is_frozen_and_then_stopped),
		cmocka_unit_test(quarantine_needs_a_person),
		cmocka_unit_test(stop_during_a_kill_does_not_restart),
		cmocka_unit_test(what_does_not_end_is_stuck),
		cmocka_unit_test(what_was_left_is_stuck),
		cmocka_unit_test(every_end_is_heard),
		cmocka_unit_test(nothing_starts_twice),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
