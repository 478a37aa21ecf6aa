/* SPDX-License-Identifier: Apache-2.0 */
/* test_ring.c - the last so many, in their order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "supervise/ring.h"

static void expect(const struct ring *r, size_t last, int first, size_t count)
{
	CLEANUP(json_decref_p) json_t *list = ring_list(r, last);

	assert_int_equal(json_array_size(list), count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(json_integer_value(json_array_get(list, i)), first + (int)i);
}

static void keeps_the_last_in_order(void **state)
{
	CLEANUP(ring_free_p) struct ring r = { .cap = 4 };

	(void)state;
	expect(&r, 10, 0, 0);
	for (int i = 0; i < 3; i++)
		ring_push(&r, json_integer(i));
	expect(&r, 10, 0, 3);
	for (int i = 3; i < 11; i++)
		ring_push(&r, json_integer(i));
	expect(&r, 10, 7, 4);
	expect(&r, 2, 9, 2);
	expect(&r, 0, 0, 0);
	assert_int_equal(r.pushed, 11);
}

static void room_is_made_as_it_is_needed(void **state)
{
	CLEANUP(ring_free_p) struct ring r = { .cap = 100 };

	(void)state;
	ring_push(&r, json_integer(0));
	assert_true(r.room < 10);
	for (int i = 1; i < 250; i++) {
		ring_push(&r, json_integer(i));
		expect(&r, 1000, i < 100 ? 0 : i - 99, i < 100 ? (size_t)i + 1 : 100);
	}
	assert_int_equal(r.room, 100);
}

static void nothing_in_is_nothing(void **state)
{
	CLEANUP(ring_free_p) struct ring r = { .cap = 2 }, none = { 0 };

	(void)state;
	ring_push(&r, NULL);
	expect(&r, 5, 0, 0);
	ring_push(&none, json_integer(1));
	expect(&none, 5, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_last_in_order),
		cmocka_unit_test(room_is_made_as_it_is_needed),
		cmocka_unit_test(nothing_in_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
