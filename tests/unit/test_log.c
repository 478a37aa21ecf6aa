/* SPDX-License-Identifier: Apache-2.0 */
/* test_log.c - a line of the log is one line, whatever a plugin calls itself. */
#include "base/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"

static void untrusted_text_cannot_make_a_second_line(void **state)
{
	char got[4096] = { 0 }, *nl;
	int p[2], saved = dup(STDERR_FILENO);

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(dup2(p[1], STDERR_FILENO), STDERR_FILENO);
	log_init("test", LOG_INFO);
	log_line(LOG_WARN, "bundle refused", "plugin", "x\nlevel=error msg=\"forged\"", "n", NULL,
		 (char *)NULL);
	log_line(LOG_DEBUG, "not shown", (char *)NULL);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	assert_true(read(p[0], got, sizeof(got) - 1) > 0);
	nl = strchr(got, '\n');
	assert_non_null(nl);
	assert_string_equal(nl, "\n");
	assert_non_null(strstr(
		got, "level=warn role=test msg=\"bundle refused\" plugin=\"x\\nlevel=error"));
	(void)close(p[0]);
	(void)close(p[1]);
	(void)close(saved);
}

static void a_cut_line_still_ends(void **state)
{
	static char big[5000], got[8192];
	int p[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(dup2(p[1], STDERR_FILENO), STDERR_FILENO);
	log_line(LOG_WARN, "m", "k", big, (char *)NULL);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	n = read(p[0], got, sizeof(got));
	assert_true(n > 0 && got[n - 1] == '\n');
	(void)close(p[0]);
	(void)close(p[1]);
	(void)close(saved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(untrusted_text_cannot_make_a_second_line),
		cmocka_unit_test(a_cut_line_still_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
