/* SPDX-License-Identifier: Apache-2.0 */
/* test_statement.c - one signed line: nothing of it can be changed, and who signed is counted once.
 */
#include "bundle/statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/unit/statement_sample.h"

#define LINE "{\"_type\":\"kennel.test/1\",\"n\":1}"

static struct statement_sample sample;

static enum err_code read_it(const struct buffer *b, size_t trusted, struct statement *ret)
{
	struct trust t = { sample.keys, trusted };
	struct err e = { 0 };

	return statement_read((const char *)b->p, b->len, &t, ret, &e) < 0 ? e.code : ERR_OK;
}

static enum err_code count(const struct statement *s, enum trust_use use, int expect)
{
	struct err e = { 0 };
	int n = statement_count(s, use, 100, &e);

	if (n < 0)
		return e.code;
	assert_int_equal(n, expect);
	return ERR_OK;
}

static void row01_no_bit_can_be_flipped(void **state)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	static const int by[] = { SAMPLE_OLD };
	struct statement s;

	(void)state;
	statement_sample_sign(&sample, LINE, by, 1, &b);
	assert_int_equal(read_it(&b, 1, &s), ERR_OK);
	for (size_t i = 0; i < b.len * 8; i++) {
		b.p[i / 8] ^= (uint8_t)(1u << i % 8);
		/* another key id: a stranger's signature, which counts for nothing */
		if (read_it(&b, 1, &s) == ERR_OK && s.signers[0])
			fail_msg("bit %zu", i);
		b.p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t n = 0; n < b.len; n++) {
		struct buffer cut = { b.p, n, 0 };

		assert_int_not_equal(read_it(&cut, 1, &s), ERR_OK);
	}
	assert_int_equal(buffer_append(&b, "\n", 1, STATEMENT_MAX), 0);
	assert_int_equal(read_it(&b, 1, &s), ERR_SIGNATURE_FORMAT);
}

static void row06_each_key_counts_once(void **state)
{
	CLEANUP(buffer_free_p) struct buffer two = { 0 };
	CLEANUP(buffer_free_p) struct buffer twice = { 0 };
	static const int both[] = { SAMPLE_OLD, SAMPLE_NEW }, same[] = { SAMPLE_OLD, SAMPLE_OLD };
	struct statement s;

	(void)state;
	statement_sample_sign(&sample, LINE, both, 2, &two);
	statement_sample_sign(&sample, LINE, same, 2, &twice);
	assert_int_equal(read_it(&two, 2, &s), ERR_OK);
	assert_int_equal(count(&s, TRUST_FOR_BUNDLES, 2), ERR_OK);
	assert_int_equal(read_it(&twice, 2, &s), ERR_SIGNATURE_FORMAT);
	sample.keys[SAMPLE_OLD].threshold = 2;
	assert_int_equal(read_it(&two, 2, &s), ERR_OK);
	assert_int_equal(count(&s, TRUST_FOR_BUNDLES, 2), ERR_OK);
	assert_int_equal(read_it(&two, 1, &s), ERR_OK); /* the other is a stranger */
	assert_int_equal(count(&s, TRUST_FOR_BUNDLES, 0), ERR_UNTRUSTED);
	sample.keys[SAMPLE_OLD].threshold = 1;
}

static void row08_the_keys_state_decides(void **state)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	static const int by[] = { SAMPLE_OLD };
	struct trust_key *k = &sample.keys[SAMPLE_OLD];
	struct statement s;

	(void)state;
	statement_sample_sign(&sample, LINE, by, 1, &b);
	assert_int_equal(read_it(&b, 0, &s), ERR_OK);
	assert_int_equal(count(&s, TRUST_FOR_BUNDLES, 0), ERR_UNTRUSTED);
	assert_int_equal(read_it(&b, 1, &s), ERR_OK);
	assert_int_equal(count(&s, TRUST_FOR_REVOCATIONS, 0), ERR_UNTRUSTED);
	k->expires = 100;
	assert_int_equal(count(&s, TRUST_FOR_BUNDLES, 0), ERR_KEY_EXPIRED);
	k->revoked = true;
	k->reason = REVOKED_SUPERSEDED;
	assert_int_equal(count(&s, TRUST_FOR_BUNDLES, 0), ERR_KEY_REVOKED);
	k->revoked = false;
	k->expires = 0;
}

static void row10_a_type_is_part_of_what_is_signed(void **state)
{
	static const struct {
		const char *line;
		enum err_code expect;
	} cases[] = {
		{ LINE, ERR_OK },
		{ "{\"_type\":\"kennel.toc/1\",\"n\":1}", ERR_STATEMENT },
		{ "{\"n\":1}", ERR_STATEMENT },
		{ "{\"_type\":1}", ERR_STATEMENT },
		{ "{\"n\":1,\"_type\":\"kennel.test/1\"}", ERR_STATEMENT },
		{ "{\"_type\": \"kennel.test/1\",\"n\":1}", ERR_STATEMENT },
		{ "{\"_type\":\"kennel.test/1\",\"n\":1,\"n\":1}", ERR_JSON },
		{ "{\"_type\":\"kennel.test/1\",\"n\":1}{}", ERR_JSON },
		{ "{\"_type\":\"kennel.test/1\",\"n\":[[[1]]]}", ERR_LIMIT },
	};
	static const int by[] = { SAMPLE_OLD };

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		CLEANUP(buffer_free_p) struct buffer b = { 0 };
		CLEANUP(json_decref_p) json_t *j = NULL;
		struct statement s;
		struct err e = { 0 };

		statement_sample_sign(&sample, cases[i].line, by, 1, &b);
		assert_int_equal(read_it(&b, 1, &s), ERR_OK);
		(void)statement_parse(&s, "kennel.test/1", 16, &j, &e);
		if (e.code != cases[i].expect)
			fail_msg("%s: %s", cases[i].line, err_name(e.code));
	}
}

/* What minisign -l makes: a signature of the text itself, which says something of its hash too. */
static void row11_the_older_algorithm_is_refused(void **state)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	char *second;
	static const int by[] = { SAMPLE_OLD };
	uint8_t blob[74];
	char text[128];
	struct statement s;
	size_t n;

	(void)state;
	statement_sample_sign(&sample, LINE, by, 1, &b);
	second = strstr((char *)b.p, SIGN_UNTRUSTED_LINE) + strlen(SIGN_UNTRUSTED_LINE);
	assert_int_equal(sodium_base642bin(blob, sizeof(blob), second, strcspn(second, "\n"), NULL,
					   &n, NULL, sodium_base64_VARIANT_ORIGINAL),
			 0);
	blob[1] = 'd';
	(void)sodium_bin2base64(text, sizeof(text), blob, sizeof(blob),
				sodium_base64_VARIANT_ORIGINAL);
	memcpy(second, text, strlen(text));
	assert_int_equal(read_it(&b, 1, &s), ERR_SIGNATURE_FORMAT);
}

static void bounds_hold(void **state)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	int by[BUNDLE_SIGNATURES_MAX + 1] = { 0 };
	CLEANUP(free_p) char *big = calloc(1, STATEMENT_MAX + 1);
	struct buffer large = { (uint8_t *)big, STATEMENT_MAX + 1, 0 }, none = { 0 };
	struct statement s;

	(void)state;
	statement_sample_sign(&sample, LINE, by, BUNDLE_SIGNATURES_MAX + 1, &b);
	assert_int_equal(read_it(&b, 0, &s), ERR_LIMIT);
	assert_int_equal(read_it(&large, 1, &s), ERR_LIMIT);
	assert_int_equal(read_it(&none, 1, &s), ERR_STATEMENT);
	large.len = 2;
	memcpy(big, "x\n", 2);
	assert_int_equal(read_it(&large, 1, &s), ERR_SIGNATURE_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row01_no_bit_can_be_flipped),
		cmocka_unit_test(row06_each_key_counts_once),
		cmocka_unit_test(row08_the_keys_state_decides),
		cmocka_unit_test(row10_a_type_is_part_of_what_is_signed),
		cmocka_unit_test(row11_the_older_algorithm_is_refused),
		cmocka_unit_test(bounds_hold),
	};

	statement_sample_make(&sample);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
