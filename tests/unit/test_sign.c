/* SPDX-License-Identifier: Apache-2.0 */
/* test_sign.c - keys and signatures have one spelling, and only ED counts. */
#include "bundle/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/bundle_sample.h"

static const char message[] = "the table of contents";

static void make(struct secret_key *k, struct public_key *p, char text[SIGNATURE_FILE_MAX])
{
	assert_true(sodium_init() >= 0);
	sample_key(k, 3);
	secret_public(k, p);
	secret_sign(k, message, strlen(message), text);
}

static void a_signature_holds_for_its_message_and_key(void **state)
{
	struct secret_key k, other;
	struct public_key p, other_p;
	struct signature s;
	char text[SIGNATURE_FILE_MAX];

	(void)state;
	make(&k, &p, text);
	assert_int_equal(sign_parse(text, strlen(text), &s, NULL), 0);
	assert_true(sign_holds(&s, &p, message, strlen(message)));
	assert_false(sign_holds(&s, &p, message, strlen(message) - 1));
	sample_key(&other, 4);
	secret_public(&other, &other_p);
	assert_false(sign_holds(&s, &other_p, message, strlen(message)));
	s.comment[0] ^= 1; /* the trusted comment is signed too */
	assert_false(sign_holds(&s, &p, message, strlen(message)));
}

/* Small-order keys and a second S for the same signature. */
static void row12_weak_keys_and_second_spellings_do_not_hold(void **state)
{
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
					   0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
					   0,	 0,    0,    0,	   0,	 0,    0,    0,
					   0,	 0,    0,    0,	   0,	 0,    0,    0x10 };
	struct secret_key k;
	struct public_key p, identity = { .key = { 1 } };
	struct signature s;
	char text[SIGNATURE_FILE_MAX];
	unsigned int carry = 0;

	(void)state;
	make(&k, &p, text);
	assert_int_equal(sign_parse(text, strlen(text), &s, NULL), 0);
	assert_false(sign_holds(&s, &identity, message, strlen(message)));
	for (size_t i = 0; i < 32; i++) {
		carry += (unsigned int)s.bytes[32 + i] + order[i];
		s.bytes[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_false(sign_holds(&s, &p, message, strlen(message)));
}

static void every_changed_byte_of_the_file_is_refused(void **state)
{
	struct secret_key k;
	struct public_key p;
	struct signature s;
	char text[SIGNATURE_FILE_MAX];
	size_t n;

	(void)state;
	make(&k, &p, text);
	n = strlen(text);
	for (size_t i = 0; i < n; i++)
		for (unsigned int bit = 0; bit < 8; bit++) {
			text[i] = (char)(text[i] ^ (1 << bit));
			if (sign_parse(text, n, &s, NULL) == 0 &&
			    !memcmp(s.id, k.id, sizeof(s.id)) &&
			    sign_holds(&s, &p, message, strlen(message)))
				fail_msg("bit %u of byte %zu is not covered", bit, i);
			text[i] = (char)(text[i] ^ (1 << bit));
		}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(sign_parse(text, i, &s, NULL), -1);
	assert_int_equal(sign_parse(text, n, &s, NULL), 0);
	text[n] = '\n';
	assert_int_equal(sign_parse(text, n + 1, &s, NULL), -1);
}

/* Row 11: a prehashed signature of F is a plain one of the 64 bytes BLAKE2b(F). */
static void row11_a_legacy_signature_is_refused(void **state)
{
	struct secret_key k;
	struct public_key p;
	struct signature s;
	char text[SIGNATURE_FILE_MAX], *line;
	struct err e = { 0 };

	(void)state;
	make(&k, &p, text);
	line = strchr(text, '\n') + 1;
	assert_memory_equal(line, "RU", 2); /* "ED" in base64; "Ed" is RW */
	line[1] = 'W';
	assert_int_equal(sign_parse(text, strlen(text), &s, &e), -1);
	assert_int_equal(e.code, ERR_SIGNATURE_FORMAT);
}

static void a_key_has_one_spelling(void **state)
{
	struct secret_key k;
	struct public_key p, got;
	char text[SIGNATURE_FILE_MAX], file[SECRET_FILE_MAX], key[64];
	struct err e = { 0 };

	(void)state;
	make(&k, &p, text);
	secret_print_public(&k, file);
	assert_int_equal(sign_parse_key_file(file, strlen(file), &got, &e), 0);
	assert_memory_equal(got.key, p.key, sizeof(p.key));
	assert_memory_equal(got.id, p.id, sizeof(p.id));
	assert_memory_equal(got.fingerprint, p.fingerprint, sizeof(p.fingerprint));
	assert_int_equal(sign_parse_key_file(file, strlen(file) - 1, &got, &e), 0);
	assert_int_equal(sign_parse_key_file(file, strlen(file) - 2, &got, &e), -1);
	assert_int_equal(e.code, ERR_KEY_FORMAT);
	file[strlen(file) + 1] = '\0';
	file[strlen(file)] = '\n';
	assert_int_equal(sign_parse_key_file(file, strlen(file), &got, &e), -1);
	memcpy(key, strchr(file, '\n') + 1, 56);
	assert_int_equal(sign_parse_key(key, 56, &got, &e), 0);
	assert_int_equal(sign_parse_key(key, 55, &got, &e), -1);
	key[0] = 'S';
	assert_int_equal(sign_parse_key(key, 56, &got, &e), -1);
	assert_int_equal(sign_parse_key_file("", 0, &got, &e), -1);
	assert_int_equal(sign_parse_key_file("untrusted comment: x\n", 21, &got, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signature_holds_for_its_message_and_key),
		cmocka_unit_test(row12_weak_keys_and_second_spellings_do_not_hold),
		cmocka_unit_test(every_changed_byte_of_the_file_is_refused),
		cmocka_unit_test(row11_a_legacy_signature_is_refused),
		cmocka_unit_test(a_key_has_one_spelling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
