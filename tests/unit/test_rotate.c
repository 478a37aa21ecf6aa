/* SPDX-License-Identifier: Apache-2.0 */
/* test_rotate.c - row 7: a key hands its work on with both signatures, and hands on nothing more.
 */
#include "bundle/rotate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/unit/statement_sample.h"

static struct statement_sample sample;
static const int both[] = { SAMPLE_OLD, SAMPLE_NEW };

static void line_of(int from, int to, const char *more, char ret[512])
{
	(void)snprintf(
		ret, 512,
		"{\"_type\":\"kennel.rotate/1\",\"from\":\"%s\",\"issued\":5,%s\"to\":\"%s\"}",
		sample.hex[from], more, sample.text[to]);
}

static enum err_code ask(const struct buffer *b, struct trust_key *keys, size_t n,
			 struct rotation *ret)
{
	struct trust t = { keys, n };
	struct err e = { 0 };

	return rotate_check((const char *)b->p, b->len, &t, 100, ret, &e) < 0 ? e.code : ERR_OK;
}

static enum err_code ask_line(const char *line, const int *by, size_t by_n, struct trust_key *keys,
			      size_t n)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	struct rotation r;

	statement_sample_sign(&sample, line, by, by_n, &b);
	return ask(&b, keys, n, &r);
}

static void row07_both_signatures_make_a_successor(void **state)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	struct rotation r;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(
		state_rotate(&sample.secret[SAMPLE_OLD], &sample.secret[SAMPLE_NEW], 5, &b, &e), 0);
	assert_int_equal(ask(&b, sample.keys, 1, &r), ERR_OK);
	assert_ptr_equal(r.from, &sample.keys[SAMPLE_OLD]);
	assert_memory_equal(r.to.fingerprint, sample.keys[SAMPLE_NEW].key.fingerprint,
			    DIGEST_BYTES);
	assert_string_equal(r.to_text, sample.text[SAMPLE_NEW]);
	assert_int_equal(r.issued, 5);
}

static void row07_one_signature_is_not_enough(void **state)
{
	static const int stranger[] = { SAMPLE_OLD, SAMPLE_THIRD };
	static const int without_old[] = { SAMPLE_NEW, SAMPLE_THIRD };
	char line[512];

	(void)state;
	line_of(SAMPLE_OLD, SAMPLE_NEW, "", line);
	assert_int_equal(ask_line(line, both, 2, sample.keys, 1), ERR_OK);
	assert_int_equal(ask_line(line, both, 1, sample.keys, 1), ERR_SIGNATURE);
	assert_int_equal(ask_line(line, both + 1, 1, sample.keys, 1), ERR_SIGNATURE);
	assert_int_equal(ask_line(line, stranger, 2, sample.keys, 1), ERR_SIGNATURE);
	assert_int_equal(ask_line(line, without_old, 2, sample.keys, 1), ERR_UNTRUSTED);
	/* trusted is not enough either: it must be the key it speaks of */
	assert_int_equal(ask_line(line, without_old, 2, &sample.keys[SAMPLE_THIRD], 1),
			 ERR_UNTRUSTED);
	assert_int_equal(ask_line(line, both, 2, sample.keys, 0), ERR_UNTRUSTED);
}

static void row07_nothing_can_be_widened(void **state)
{
	static const char *const more[] = { "\"permissions\":[\"network\"],",
					    "\"plugins\":[\"*\"],", "\"threshold\":1,",
					    "\"label\":\"x\"," };
	char line[512];

	(void)state;
	for (size_t i = 0; i < countof(more); i++) {
		line_of(SAMPLE_OLD, SAMPLE_NEW, more[i], line);
		assert_int_not_equal(ask_line(line, both, 2, sample.keys, 1), ERR_OK);
	}
	/* a key with bounds of its own does not gain the other's names */
	line_of(SAMPLE_OLD, SAMPLE_NEW, "", line);
	assert_int_equal(ask_line(line, both, 2, sample.keys, 2), ERR_EXISTS);
}

static void row07_only_a_good_key_rotates(void **state)
{
	struct trust_key keys[2] = { sample.keys[SAMPLE_OLD], sample.keys[SAMPLE_NEW] };
	char line[512];

	(void)state;
	line_of(SAMPLE_OLD, SAMPLE_NEW, "", line);
	keys[0].expires = 100;
	assert_int_equal(ask_line(line, both, 2, keys, 1), ERR_KEY_EXPIRED);
	keys[0].expires = 101;
	assert_int_equal(ask_line(line, both, 2, keys, 1), ERR_OK);
	for (int r = REVOKED_COMPROMISE; r < REVOKED_COUNT; r++) {
		keys[0].revoked = true;
		keys[0].reason = (enum revocation_reason)r;
		assert_int_equal(ask_line(line, both, 2, keys, 1), ERR_KEY_REVOKED);
	}
	keys[0].revoked = false;
	keys[1].revoked = true;
	keys[1].reason = REVOKED_RETIRED;
	assert_int_equal(ask_line(line, both, 2, keys, 2), ERR_KEY_REVOKED);
	/* cut short after the new file was written: it may come again */
	keys[1].revoked = false;
	keys[1].succeeds = true;
	memcpy(keys[1].predecessor, keys[0].key.fingerprint, DIGEST_BYTES);
	assert_int_equal(ask_line(line, both, 2, keys, 2), ERR_OK);
}

static void row10_other_statements_rotate_nothing(void **state)
{
	static const int same[] = { SAMPLE_OLD, SAMPLE_THIRD };
	char line[512], other[512];

	(void)state;
	line_of(SAMPLE_OLD, SAMPLE_NEW, "", line);
	(void)snprintf(other, sizeof(other), "{\"_type\":\"kennel.rotatE/1%s", line + 25);
	assert_int_equal(ask_line(other, both, 2, sample.keys, 1), ERR_STATEMENT);
	assert_int_equal(ask_line("{\"_type\":\"kennel.toc/1\"}", both, 2, sample.keys, 1),
			 ERR_STATEMENT);
	line_of(SAMPLE_OLD, SAMPLE_OLD, "", line);
	assert_int_not_equal(ask_line(line, same, 2, sample.keys, 1), ERR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row07_both_signatures_make_a_successor),
		cmocka_unit_test(row07_one_signature_is_not_enough),
		cmocka_unit_test(row07_nothing_can_be_widened),
		cmocka_unit_test(row07_only_a_good_key_rotates),
		cmocka_unit_test(row10_other_statements_rotate_nothing),
	};

	statement_sample_make(&sample);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
