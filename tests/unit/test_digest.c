/* SPDX-License-Identifier: Apache-2.0 */
/* test_digest.c - BLAKE2b-256, as b2sum -l 256 prints it. */
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

static void known_answers_hold(void **state)
{
	uint8_t d[DIGEST_BYTES], pieces[DIGEST_BYTES];
	char hex[DIGEST_HEX_BYTES];
	struct digest s;

	(void)state;
	digest_of("", 0, d);
	hex_encode(d, sizeof(d), hex);
	assert_string_equal(hex,
			    "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
	digest_of("abc", 3, d);
	hex_encode(d, sizeof(d), hex);
	assert_string_equal(hex,
			    "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
	digest_start(&s);
	digest_add(&s, "a", 1);
	digest_add(&s, "bc", 2);
	digest_end(&s, pieces);
	assert_true(digest_equal(d, pieces));
	pieces[31] ^= 1;
	assert_false(digest_equal(d, pieces));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(known_answers_hold) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
