/* SPDX-License-Identifier: Apache-2.0 */
/* test_record.c - whole records, and no descriptor that nobody asked for. */
#include "base/record.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void a_record_and_its_descriptors_arrive_whole(void **state)
{
	struct record_fds out = { .fd = { 0, 1 }, .count = 2 }, in = { 0 };
	struct err e = { 0 };
	char buf[8];
	int s[2];

	(void)state;
	assert_int_equal(record_pair(s, &e), 0);
	assert_int_equal(record_send(s[0], "hello", 5, &out, 0, &e), 0);
	assert_int_equal(record_recv(s[1], buf, sizeof(buf), &in, 0, &e), 5);
	assert_int_equal(in.count, 2);
	record_fds_close(&in);
	assert_int_equal(record_recv(s[1], buf, sizeof(buf), &in, MSG_DONTWAIT, &e), RECORD_AGAIN);
	assert_int_equal(record_send(s[0], "hello", 5, &out, 0, &e), 0);
	assert_int_equal(record_recv(s[1], buf, sizeof(buf), NULL, 0, &e), -1); /* not asked for */
	assert_int_equal(record_send(s[0], "too long", 9, NULL, 0, &e), 0);
	assert_int_equal(record_recv(s[1], buf, sizeof(buf), NULL, 0, &e), -1);
	assert_int_equal(e.code, ERR_PROTOCOL);
	(void)close(s[0]);
	assert_int_equal(record_recv(s[1], buf, sizeof(buf), NULL, 0, &e), 0);
	assert_int_equal(record_send(s[1], "x", 1, NULL, 0, &e), -1); /* no SIGPIPE */
	(void)close(s[1]);
}

static void a_full_peer_is_told_apart(void **state)
{
	struct err e = { 0 };
	char big[4096] = { 0 };
	int s[2], n = 0;

	(void)state;
	assert_int_equal(record_pair(s, &e), 0);
	while (record_send(s[0], big, sizeof(big), NULL, MSG_DONTWAIT, &e) == 0)
		assert_true(n++ < 10000);
	assert_int_equal(e.code, ERR_FULL);
	(void)close(s[0]);
	(void)close(s[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_and_its_descriptors_arrive_whole),
		cmocka_unit_test(a_full_peer_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
