/* SPDX-License-Identifier: Apache-2.0 */
/* test_err.c - an error keeps its code, says where, and never overruns. */
#include "base/err.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <errno.h>

static void wrapping_keeps_code_and_errno(void **state)
{
	struct err e = { 0 };

	(void)state;
	errno = ENOENT;
	assert_int_equal(err_sys(&e, "open %s", "x"), -1);
	assert_int_equal(err_wrap(&e, "bundle"), -1);
	assert_int_equal(e.code, ERR_SYS);
	assert_int_equal(e.sys, ENOENT);
	assert_string_equal(e.text, "bundle: open x: No such file or directory");
	errno = ENOMEM;
	(void)err_sys(&e, "map");
	assert_int_equal(e.code, ERR_NOMEM);
}

static void long_text_is_cut_and_ended(void **state)
{
	struct err e = { 0 };
	char big[1000];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	(void)err_set(&e, ERR_LIMIT, "%s", big);
	(void)err_wrap(&e, "%s", big);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	assert_int_equal(e.code, ERR_LIMIT);
}

static void every_code_has_one_name_and_a_status(void **state)
{
	(void)state;
	for (int i = 0; i < ERR_COUNT; i++) {
		assert_non_null(err_name((enum err_code)i));
		assert_int_equal(err_code_from_name(err_name((enum err_code)i)), i);
		assert_true(i == 0 || err_exit_status((enum err_code)i) > 0);
	}
	assert_int_equal(err_code_from_name("E_NOPE"), -1);
	assert_string_equal(err_name((enum err_code)9999), "E_INTERNAL");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrapping_keeps_code_and_errno),
		cmocka_unit_test(long_text_is_cut_and_ended),
		cmocka_unit_test(every_code_has_one_name_and_a_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
