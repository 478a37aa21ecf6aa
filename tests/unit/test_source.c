/* SPDX-License-Identifier: Apache-2.0 */
/* test_source.c - bytes come whole, or it is said how they did not. */
#include "bundle/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"

static ssize_t read_slowly(void *arg, void *p, size_t n)
{
	return source_read_memory(arg, p, n ? 1 : 0);
}

static ssize_t read_fails(void *arg, void *p, size_t n)
{
	(void)arg;
	(void)p;
	(void)n;
	errno = EIO;
	return -1;
}

static ssize_t read_too_much(void *arg, void *p, size_t n)
{
	(void)arg;
	(void)p;
	return (ssize_t)n + 1;
}

static void short_reads_are_joined(void **state)
{
	struct reader r = { .p = (const uint8_t *)"abcdef", .left = 6 };
	struct source s = { read_slowly, &r };
	char got[7] = "";
	struct err e = { 0 };

	(void)state;
	assert_int_equal(source_read(&s, got, 6, "x", &e), 0);
	assert_string_equal(got, "abcdef");
	assert_int_equal(source_expect_end(&s, &e), 0);
}

static void an_early_end_and_a_late_one_are_told_apart(void **state)
{
	struct reader r = { .p = (const uint8_t *)"abcdef", .left = 6 };
	struct source s = { source_read_memory, &r };
	char got[8];
	struct err e = { 0 };

	(void)state;
	assert_int_equal(source_read(&s, got, 3, "x", &e), 0);
	assert_int_equal(source_expect_end(&s, &e), -1);
	assert_int_equal(e.code, ERR_TRAILING);
	assert_int_equal(source_read(&s, got, 3, "x", &e), -1);
	assert_int_equal(e.code, ERR_TRUNCATED);
}

static void errors_of_the_source_are_passed_on(void **state)
{
	struct source s = { read_fails, NULL }, liar = { read_too_much, NULL };
	char got[8];
	struct err e = { 0 };

	(void)state;
	assert_int_equal(source_read(&s, got, 3, "x", &e), -1);
	assert_int_equal(e.sys, EIO);
	assert_int_equal(source_expect_end(&s, &e), -1);
	assert_int_equal(source_read(&liar, got, 3, "x", &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
}

static void a_pipe_is_a_source(void **state)
{
	int p[2];
	struct source s = { source_read_fd, &p[0] };
	char got[4] = "";
	struct err e = { 0 };

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], "abc", 3), 3);
	(void)close(p[1]);
	assert_int_equal(source_read(&s, got, 3, "x", &e), 0);
	assert_string_equal(got, "abc");
	assert_int_equal(source_expect_end(&s, &e), 0);
	(void)close(p[0]);
	assert_int_equal(source_expect_end(&s, &e), -1);
	assert_int_equal(e.sys, EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_reads_are_joined),
		cmocka_unit_test(an_early_end_and_a_late_one_are_told_apart),
		cmocka_unit_test(errors_of_the_source_are_passed_on),
		cmocka_unit_test(a_pipe_is_a_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
