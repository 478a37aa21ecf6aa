/* SPDX-License-Identifier: Apache-2.0 */
/* test_posture.c - everything in a posture has a name, and nothing else has. */
#include "policy/posture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void everything_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < NS_COUNT; i++)
		assert_string_not_equal(posture_ns_name((enum posture_ns)i), "unknown");
	for (int i = 0; i < CAPS_COUNT; i++)
		assert_memory_equal(posture_cap_name((enum posture_caps)i), "Cap", 3);
	for (int i = 0; i < POSTURE_RLIMITS; i++)
		assert_string_not_equal(posture_rlimit_name((enum posture_rlimit)i), "unknown");
	assert_string_equal(posture_fd_name(FD_SOCKET), "socket");
	assert_string_equal(posture_fd_name(FD_OTHER), "other");
}

static void what_is_no_row_is_unknown(void **state)
{
	(void)state;
	assert_string_equal(posture_ns_name(NS_COUNT), "unknown");
	assert_string_equal(posture_cap_name(CAPS_COUNT), "unknown");
	assert_string_equal(posture_rlimit_name(POSTURE_RLIMITS), "unknown");
	assert_string_equal(posture_fd_name((enum posture_fd_kind)99), "unknown");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_has_a_name),
		cmocka_unit_test(what_is_no_row_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
