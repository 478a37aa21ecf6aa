/* SPDX-License-Identifier: Apache-2.0 */
/* test_ustar.c - a header is the one that stock tar would write. */
#include "bundle/ustar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static unsigned int octal(const uint8_t *p, size_t n)
{
	unsigned int v = 0;

	while (n-- > 0)
		v = v << 3 | (unsigned int)(*p++ - '0');
	return v;
}

static void the_fields_stand_where_posix_says(void **state)
{
	uint8_t h[USTAR_BLOCK];
	unsigned int sum = 0;

	(void)state;
	ustar_make(h, "main.wasm", 01234567, false);
	assert_string_equal((char *)h, "main.wasm");
	assert_string_equal((char *)h + 100, "0000444");
	assert_string_equal((char *)h + 108, "0000000");
	assert_string_equal((char *)h + 116, "0000000");
	assert_string_equal((char *)h + 124, "00001234567");
	assert_string_equal((char *)h + 136, "00000000000");
	assert_int_equal(h[156], '0');
	assert_memory_equal(h + 257,
			    "ustar\0"
			    "00",
			    8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += i >= 148 && i < 156 ? ' ' : h[i];
	assert_int_equal(octal(h + 148, 6), sum);
	assert_int_equal(h[154], 0);
	assert_int_equal(h[155], ' ');
	ustar_make(h, "x", 0, true);
	assert_string_equal((char *)h + 100, "0000555");
}

static void a_long_path_uses_the_prefix(void **state)
{
	uint8_t h[USTAR_BLOCK];
	char p[256];

	(void)state;
	memset(p, 'a', sizeof(p));
	p[155] = '/';
	p[255] = '\0';
	ustar_make(h, p, 1, false);
	assert_memory_equal(h + 345, p, 155);
	assert_memory_equal(h, p + 156, 99);
	assert_int_equal(h[99], 0);
	memset(p, 'b', 100);
	p[100] = '\0';
	ustar_make(h, p, 1, false); /* a name of 100 bytes has no NUL */
	assert_memory_equal(h, p, 100);
	assert_int_equal(h[345], 0);
}

static void a_size_has_one_spelling(void **state)
{
	uint8_t h[USTAR_BLOCK];
	uint64_t size = 0;

	(void)state;
	ustar_make(h, "x", 077777777777, false);
	assert_true(ustar_read_size(h, &size));
	assert_int_equal(size, 077777777777);
	h[124] = ' ';
	assert_false(ustar_read_size(h, &size));
	h[124] = 0x80; /* base-256 */
	assert_false(ustar_read_size(h, &size));
	h[124] = '0';
	h[135] = ' ';
	assert_false(ustar_read_size(h, &size));
	assert_int_equal(ustar_pad(0), 0);
	assert_int_equal(ustar_pad(1), 511);
	assert_int_equal(ustar_pad(512), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fields_stand_where_posix_says),
		cmocka_unit_test(a_long_path_uses_the_prefix),
		cmocka_unit_test(a_size_has_one_spelling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
