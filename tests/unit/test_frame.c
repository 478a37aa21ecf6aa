/* SPDX-License-Identifier: Apache-2.0 */
/* test_frame.c - messages survive any cutting; lengths are bounded before memory is. */
#include "base/frame.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"

static void a_message_arrives_byte_by_byte(void **state)
{
	const uint8_t raw[] = { 3, 0, 0, 0, 'a', 'b', 'c', 0, 0, 0, 0 };
	CLEANUP(frame_free_p) struct frame_conn c;
	const uint8_t *body;
	struct err e = { 0 };
	size_t n, whole = 0;
	int s[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	frame_init(&c, s[0], 16, 64);
	for (size_t i = 0; i < sizeof(raw); i++) {
		assert_int_equal(write(s[1], raw + i, 1), 1);
		assert_int_equal(frame_fill(&c, &e), 0);
		while (frame_next(&c, &body, &n, &e) == 1) {
			assert_int_equal(n, whole == 0 ? 3 : 0);
			whole++;
			frame_consume(&c);
		}
	}
	assert_int_equal(whole, 2);
	(void)close(s[1]);
	assert_int_equal(frame_fill(&c, &e), 0);
	assert_true(c.eof);
	(void)close(s[0]);
}

static void an_oversize_length_is_refused_at_its_header(void **state)
{
	const uint8_t raw[] = { 17, 0, 0, 0 };
	CLEANUP(frame_free_p) struct frame_conn c;
	const uint8_t *body;
	struct err e = { 0 };
	size_t n;
	int s[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	frame_init(&c, s[0], 16, 64);
	assert_int_equal(write(s[1], raw, sizeof(raw)), sizeof(raw));
	assert_int_equal(frame_fill(&c, &e), 0);
	assert_int_equal(frame_next(&c, &body, &n, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	(void)close(s[0]);
	(void)close(s[1]);
}

static void a_peer_that_does_not_read_fills_a_bounded_queue(void **state)
{
	CLEANUP(frame_free_p) struct frame_conn c;
	struct err e = { 0 };
	char body[4096] = { 0 };
	int s[2], sent = 0;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	frame_init(&c, s[0], sizeof(body), 16384);
	while (frame_send(&c, body, sizeof(body), &e) == 0)
		assert_true(sent++ < 1000);
	assert_int_equal(e.code, ERR_FULL);
	assert_true(frame_wants_write(&c));
	assert_true(c.out.len <= 16384);
	(void)close(s[0]);
	(void)close(s[1]);
}

static void descriptors_travel_only_when_asked_for(void **state)
{
	CLEANUP(frame_free_p) struct frame_conn takes, refuses;
	struct err e = { 0 };
	int s[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	frame_init(&takes, s[0], 64, 64);
	takes.take_fds = true;
	assert_int_equal(frame_write_blocking(s[1], "hi", 2, 1, &e), 0);
	assert_int_equal(frame_fill(&takes, &e), 0);
	assert_int_equal(takes.fds.count, 1);
	assert_int_equal(fcntl(takes.fds.fd[0], F_GETFD), FD_CLOEXEC);
	frame_init(&refuses, s[0], 64, 64);
	assert_int_equal(frame_write_blocking(s[1], "hi", 2, 1, &e), 0);
	assert_int_equal(frame_fill(&refuses, &e), -1);
	(void)close(s[0]);
	(void)close(s[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_arrives_byte_by_byte),
		cmocka_unit_test(an_oversize_length_is_refused_at_its_header),
		cmocka_unit_test(a_peer_that_does_not_read_fills_a_bounded_queue),
		cmocka_unit_test(descriptors_travel_only_when_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
