/* SPDX-License-Identifier: Apache-2.0 */
/* test_wasm_blocks.c - the memory a plugin names by offsets. tests: images/wasm/blocks.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "images/wasm/blocks.c"

static int fresh(void **state)
{
	(void)state;
	if (!arena.base)
		return blocks_init();
	blocks_reset();
	return 0;
}

static void holds_what_was_stored(void **state)
{
	uint64_t a = blocks_put("hello", 5), b = blocks_put("world!", 6);
	char text[8] = { 0 };

	(void)state;
	assert_true(a && b && a != b);
	assert_int_equal(blocks_length(a), 5);
	assert_true(blocks_load(b, text, 6));
	assert_string_equal(text, "world!");
}

static void knows_no_offset_it_did_not_give(void **state)
{
	static const uint64_t forged[] = {
		0, 1, 63, 1ull << 32, 0x7fffffff0000, UINT64_MAX, UINT64_MAX - 7
	};
	uint64_t block = blocks_put("12345678", 8), v = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		assert_false(blocks_load(forged[i], &v, sizeof(v)));
		assert_false(blocks_store(forged[i], &v, sizeof(v)));
		assert_null(blocks_view(forged[i], 1));
		assert_int_equal(blocks_length(forged[i]), 0);
		blocks_free(forged[i]);
	}
	assert_false(blocks_load(block + 1, &v, sizeof(v))); /* across the end */
	assert_null(blocks_view(block, UINT64_MAX));
	assert_null(blocks_view(block, UINT64_MAX - block + 1));
	assert_int_equal(blocks_length(block + 1), 0); /* inside is no block */
	assert_int_equal(blocks_length(block), 8);
}

static void is_full_at_its_limit(void **state)
{
	uint64_t n = 0;

	(void)state;
	assert_int_equal(blocks_alloc(0), 0);
	assert_int_equal(blocks_alloc(WASM_ARENA_MAX), 0);
	assert_int_equal(blocks_alloc(UINT64_MAX), 0);
	while (blocks_alloc(1u << 20))
		n++;
	assert_in_range(n, 8, WASM_ARENA_MAX >> 20);
	blocks_reset();
	for (n = 0; n <= WASM_BLOCKS_MAX && blocks_alloc(1); n++)
		;
	assert_int_equal(n, WASM_BLOCKS_MAX);
}

static void gives_freed_blocks_again(void **state)
{
	uint64_t a = blocks_alloc(100), b = blocks_alloc(100), last = blocks_alloc(100);

	(void)state;
	blocks_free(a);
	blocks_free(a); /* twice is nothing */
	assert_int_equal(blocks_length(a), 0);
	assert_int_equal(blocks_alloc(50), a);
	assert_int_equal(blocks_length(a), 50);
	blocks_free(b);
	blocks_free(last);
	blocks_free(a);
	assert_int_equal(arena.top, FIRST_OFFSET); /* all of it is to be had again */
	assert_int_equal(arena.free_count, 0);
}

static void forgets_between_events(void **state)
{
	char text[8];
	uint64_t a = blocks_put("secret", 6);

	(void)state;
	blocks_reset();
	assert_int_equal(blocks_length(a), 0);
	assert_false(blocks_load(a, text, 6));
	a = blocks_alloc(6);
	assert_true(blocks_load(a, text, 6));
	assert_memory_equal(text, "\0\0\0\0\0\0", 6);
	a = blocks_alloc(1u << 20);
	assert_true(blocks_store(a + (1u << 20) - 6, "secret", 6));
	blocks_reset();
	a = blocks_alloc(2u << 20);
	assert_null(memmem(blocks_view(a, 2u << 20), 2u << 20, "secret", 6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(holds_what_was_stored, fresh),
		cmocka_unit_test_setup(knows_no_offset_it_did_not_give, fresh),
		cmocka_unit_test_setup(is_full_at_its_limit, fresh),
		cmocka_unit_test_setup(gives_freed_blocks_again, fresh),
		cmocka_unit_test_setup(forgets_between_events, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
