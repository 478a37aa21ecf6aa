/* SPDX-License-Identifier: Apache-2.0 */
/* test_clock.c - the text form of a time. */
#include "base/clock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void a_time_has_one_text(void **state)
{
	char t[CLOCK_TEXT_BYTES];

	(void)state;
	clock_format_utc(0, t);
	assert_string_equal(t, "1970-01-01T00:00:00.000000000Z");
	clock_format_utc(1767323045678901234, t);
	assert_string_equal(t, "2026-01-02T03:04:05.678901234Z");
}

static void the_interval_clock_does_not_go_back(void **state)
{
	int64_t a = clock_mono_ns(), b = clock_mono_ns();

	(void)state;
	assert_true(b >= a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_has_one_text),
		cmocka_unit_test(the_interval_clock_does_not_go_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
