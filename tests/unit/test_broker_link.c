/* SPDX-License-Identifier: Apache-2.0 */
/* test_broker_link.c - every record has one size, and an unknown kind none. */
#include "proto/broker_link.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/loader.h"

static void sizes_cover_their_member_and_fit_a_record(void **state)
{
	(void)state;
	for (uint32_t kind = 0; kind < 200; kind++) {
		assert_true(broker_msg_size(kind) <= sizeof(struct broker_msg));
		assert_true(loader_msg_size(kind) <= sizeof(struct loader_msg));
	}
	assert_int_equal(broker_msg_size(0), 0);
	assert_int_equal(broker_msg_size(BROKER_PROMOTE + 1), 0);
	assert_int_equal(broker_msg_size(BROKER_WORK + 1), 0);
	assert_true(broker_msg_size(BROKER_ATTACH) >= sizeof(struct policy));
	assert_int_equal(loader_msg_size(0), 0);
	assert_int_equal(loader_msg_size(LOADER_REVOKED + 1), 0);
	assert_true(loader_msg_size(LOADER_CEILING) >= sizeof(struct ceiling));
	assert_true(sizeof(struct loader_msg) <= RECORD_MAX);
	assert_true(sizeof(struct broker_msg) <= RECORD_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(
		sizes_cover_their_member_and_fit_a_record) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
