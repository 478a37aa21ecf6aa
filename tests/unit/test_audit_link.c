/* SPDX-License-Identifier: Apache-2.0 */
/* test_audit_link.c - a client that is not acknowledged must not go on. */
#include "proto/audit_link.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/record.h"

static int mine, writer;

static int setup(void **state)
{
	struct err e;
	int s[2];

	(void)state;
	assert_int_equal(record_pair(s, &e), 0);
	mine = s[0];
	writer = s[1];
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)close(mine);
	if (writer >= 0)
		(void)close(writer);
	return 0;
}

/* Acknowledgements are queued before the call: one thread plays both sides. The client numbers its
 * records from 1 in this process. */
static void acknowledge(uint64_t serial, int32_t result)
{
	struct audit_ack a = { .abi = AUDIT_ABI, .serial = serial, .result = result };

	assert_int_equal(record_send(writer, &a, sizeof(a), NULL, 0, NULL), 0);
}

static void only_the_right_acknowledgement_counts(void **state)
{
	struct audit_record r = { .class = AUDIT_DURABLE }, got;
	struct err e = { 0 };

	(void)state;
	acknowledge(1, 0);
	assert_int_equal(audit_write(mine, &r, &e), 0);
	assert_int_equal(record_recv(writer, &got, sizeof(got), NULL, 0, &e), sizeof(got));
	assert_int_equal(got.abi, AUDIT_ABI);
	acknowledge(2, -1);
	assert_int_equal(audit_write(mine, &r, &e), -1);
	assert_int_equal(e.code, ERR_AUDIT);
	acknowledge(1, 0); /* a late one of an earlier record is passed over */
	acknowledge(3, 0);
	assert_int_equal(audit_write(mine, &r, &e), 0);
	acknowledge(99, 0); /* one from the future is no acknowledgement */
	assert_int_equal(audit_write(mine, &r, &e), -1);
}

static void a_writer_that_is_gone_refuses(void **state)
{
	struct audit_record r = { .class = AUDIT_SOON };
	struct err e = { 0 };

	(void)state;
	(void)close(writer);
	writer = -1;
	assert_int_equal(audit_write(mine, &r, &e), -1);
	assert_int_equal(e.code, ERR_AUDIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_the_right_acknowledgement_counts, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_writer_that_is_gone_refuses, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
