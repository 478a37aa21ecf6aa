/* SPDX-License-Identifier: Apache-2.0 */
/* test_timefloor.c - row 4: a clock set back revives nothing. */
#include "supervise/timefloor.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"

enum { NOW = 1800000000, DAY = 86400 };

static void row04_the_time_never_goes_back(void **state)
{
	static const struct {
		const char *what;
		int64_t wall, mono, expect;
	} steps[] = {
		{ "the clock is believed", NOW, 0, NOW },
		{ "it goes on", NOW + 5, 5000, NOW + 5 },
		{ "it is set back: what has passed counts", NOW - DAY, 15000, NOW + 15 },
		{ "and again, with the rest of a second", NOW - DAY, 15999, NOW + 15 },
		{ "which is not lost", NOW - DAY, 16000, NOW + 16 },
		{ "it is set right", NOW + 17, 17000, NOW + 17 },
		{ "it jumps ahead", NOW + DAY, 17500, NOW + DAY },
		{ "and back: that was seen", NOW + 18, 18500, NOW + DAY + 1 },
		{ "what is no time is not believed", INT64_MAX, 18500, NOW + DAY + 1 },
		{ "nor before 1970", -1, 18500, NOW + DAY + 1 },
	};
	struct timefloor f = { 0 };

	(void)state;
	for (size_t i = 0; i < countof(steps); i++) {
		int64_t would = timefloor_now(&f, steps[i].wall, steps[i].mono);
		int64_t is = timefloor_advance(&f, steps[i].wall, steps[i].mono);

		if (is != steps[i].expect || would != is)
			print_error("%s\n", steps[i].what);
		assert_int_equal(is, steps[i].expect);
		assert_int_equal(would, is);
	}
}

/* Many looks within one second each take nothing from the time. */
static void row04_looking_often_does_not_slow_it(void **state)
{
	struct timefloor f = { 0 };

	(void)state;
	(void)timefloor_advance(&f, NOW, 0);
	for (int64_t ms = 0; ms <= 100000; ms += 700)
		(void)timefloor_advance(&f, NOW - DAY, ms);
	assert_int_equal(timefloor_now(&f, NOW - DAY, 100000), NOW + 100);
}

static void row04_it_is_remembered(void **state)
{
	char name[] = "/tmp/timefloor-XXXXXX";
	struct timefloor f, again;
	CLEANUP_FD int dir = -1;

	(void)state;
	assert_non_null(mkdtemp(name));
	dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(timefloor_load(dir, 0, &f, NULL), 0);
	assert_int_equal(timefloor_now(&f, NOW, 0), NOW);
	(void)timefloor_advance(&f, NOW, 0);
	assert_int_equal(timefloor_save(dir, &f, false, NULL), 0);
	assert_int_equal(timefloor_load(dir, 7000, &again, NULL), 0);
	assert_int_equal(timefloor_now(&again, NOW - DAY, 7000), NOW);
	assert_int_equal(timefloor_now(&again, NOW - DAY, 9000), NOW + 2);

	/* a little later is not worth a write, unless it is the last chance */
	(void)timefloor_advance(&f, NOW + TIMEFLOOR_SAVE_S - 1, 0);
	assert_int_equal(timefloor_save(dir, &f, false, NULL), 0);
	assert_int_equal(timefloor_load(dir, 0, &again, NULL), 0);
	assert_int_equal(again.latest_s, NOW);
	assert_int_equal(timefloor_save(dir, &f, true, NULL), 0);
	assert_int_equal(timefloor_load(dir, 0, &again, NULL), 0);
	assert_int_equal(again.latest_s, NOW + TIMEFLOOR_SAVE_S - 1);
	(void)timefloor_advance(&f, NOW + 2 * TIMEFLOOR_SAVE_S, 0);
	assert_int_equal(timefloor_save(dir, &f, false, NULL), 0);
	assert_int_equal(timefloor_load(dir, 0, &again, NULL), 0);
	assert_int_equal(again.latest_s, NOW + 2 * TIMEFLOOR_SAVE_S);
	assert_int_equal(fs_remove_tree(AT_FDCWD, name, NULL), 0);
}

static void row04_a_damaged_memory_is_no_memory(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"{\"_type\": \"kennel.clock/1\"}",
		"{\"_type\": \"kennel.clock/2\", \"latest\": 5}",
		"{\"_type\": \"kennel.clock/1\", \"latest\": -5}",
		"{\"_type\": \"kennel.clock/1\", \"latest\": 8589934593}",
		"{\"_type\": \"kennel.clock/1\", \"latest\": \"5\"}",
		"{\"_type\": \"kennel.clock/1\", \"latest\": 5, \"more\": 1}",
		"{\"_type\": \"kennel.clock/1\", \"latest\": 5} 6",
	};
	char name[] = "/tmp/timefloor-XXXXXX";
	CLEANUP_FD int dir = -1;

	(void)state;
	assert_non_null(mkdtemp(name));
	dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < countof(bad); i++) {
		struct timefloor f = { .latest_s = 1 };

		assert_int_equal(
			fs_write_atomic(dir, TIMEFLOOR_FILE, bad[i], strlen(bad[i]), 0600, NULL),
			0);
		if (timefloor_load(dir, 0, &f, NULL) == 0)
			print_error("accepted: %s\n", bad[i]);
		assert_int_equal(timefloor_load(dir, 0, &f, NULL), -1);
		assert_int_equal(f.latest_s, 1);
	}
	assert_int_equal(fs_remove_tree(AT_FDCWD, name, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row04_the_time_never_goes_back),
		cmocka_unit_test(row04_looking_often_does_not_slow_it),
		cmocka_unit_test(row04_it_is_remembered),
		cmocka_unit_test(row04_a_damaged_memory_is_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
