/* SPDX-License-Identifier: Apache-2.0 */
/* test_revocations.c - row 8: a signed list of what is not trusted any more, read strictly. */
#include "bundle/revocations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/unit/statement_sample.h"

#define HEX_A "00000000000000000000000000000000000000000000000000000000000000aa"
#define HEX_B "00000000000000000000000000000000000000000000000000000000000000bb"
#define HEAD "{\"_type\":\"kennel.revocations/1\",\"entries\":["
#define TAIL "],\"expires\":200,\"issued\":50,\"serial\":3}"

static struct statement_sample sample;
static const int by[] = { SAMPLE_OLD, SAMPLE_NEW };

static enum err_code ask(const char *line, size_t signers, struct revocation_list *ret)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	struct trust t = { sample.keys, SAMPLE_KEYS };
	struct err e = { 0 };

	statement_sample_sign(&sample, line, by, signers, &b);
	return revocations_check((const char *)b.p, b.len, &t, 100, ret, &e) < 0 ? e.code : ERR_OK;
}

static void row08_a_list_is_read(void **state)
{
	CLEANUP(revocation_list_free_p) struct revocation_list l = { 0 };

	(void)state;
	assert_int_equal(ask(HEAD "{\"bundle\":\"" HEX_B "\",\"reason\":\"compromise\"},"
				  "{\"key\":\"" HEX_A "\",\"reason\":\"superseded\"}" TAIL,
			     1, &l),
			 ERR_OK);
	assert_int_equal(l.serial, 3);
	assert_int_equal(l.issued, 50);
	assert_int_equal(l.expires, 200);
	assert_int_equal(l.count, 2);
	assert_int_equal(l.entries[0].kind, REVOKED_BUNDLE);
	assert_int_equal(l.entries[0].digest[31], 0xbb);
	assert_int_equal(l.entries[0].reason, REVOKED_COMPROMISE);
	assert_int_equal(l.entries[1].kind, REVOKED_KEY);
	assert_int_equal(l.entries[1].reason, REVOKED_SUPERSEDED);
	assert_ptr_equal(l.signer, &sample.keys[SAMPLE_OLD]);
}

static const struct {
	const char *line;
	enum err_code expect;
} bad[] = {
	{ HEAD "{\"key\":\"" HEX_B "\",\"reason\":\"retired\"},{\"key\":\"" HEX_A
	       "\",\"reason\":\"retired\"}" TAIL,
	  ERR_STATEMENT },
	{ HEAD "{\"key\":\"" HEX_A "\",\"reason\":\"retired\"},{\"key\":\"" HEX_A
	       "\",\"reason\":\"compromise\"}" TAIL,
	  ERR_STATEMENT },
	{ HEAD "{\"key\":\"" HEX_A "\",\"reason\":\"retired\"},{\"bundle\":\"" HEX_B
	       "\",\"reason\":\"retired\"}" TAIL,
	  ERR_STATEMENT },
	{ HEAD "{\"bundle\":\"" HEX_A "\",\"key\":\"" HEX_A "\",\"reason\":\"retired\"}" TAIL,
	  ERR_STATEMENT },
	{ HEAD "{\"reason\":\"retired\"}" TAIL, ERR_STATEMENT },
	{ HEAD "{\"key\":\"" HEX_A "\"}" TAIL, ERR_JSON_KEY },
	{ HEAD "{\"key\":\"" HEX_A "\",\"reason\":\"good\"}" TAIL, ERR_STATEMENT },
	{ HEAD "{\"key\":\"AA\",\"reason\":\"retired\"}" TAIL, ERR_STATEMENT },
	{ HEAD "{\"key\":\"" HEX_A "\",\"reason\":\"retired\",\"trust\":1}" TAIL, ERR_JSON_KEY },
	{ HEAD "7" TAIL, ERR_JSON_TYPE },
	{ HEAD "],\"expires\":200,\"issued\":50,\"serial\":0}", ERR_STATEMENT },
	{ HEAD "],\"expires\":50,\"issued\":50,\"serial\":3}", ERR_STATEMENT },
	{ HEAD "],\"expires\":200,\"issued\":50,\"serial\":2147483649}", ERR_JSON_VALUE },
	{ HEAD "],\"expires\":200,\"issued\":50}", ERR_JSON_KEY },
	{ HEAD "],\"issued\":50,\"serial\":3}", ERR_JSON_KEY },
	{ HEAD "],\"expires\":200,\"issued\":50,\"serial\":3,\"trusted\":[]}", ERR_JSON_KEY },
	{ "{\"_type\":\"kennel.rotate/1\"}", ERR_STATEMENT },
};

static void row08_anything_unclear_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(bad); i++) {
		struct revocation_list l = { 0 };
		enum err_code got = ask(bad[i].line, 1, &l);

		if (got != bad[i].expect)
			fail_msg("%s: expected %s, got %s", bad[i].line, err_name(bad[i].expect),
				 err_name(got));
		assert_null(l.entries);
	}
}

static void row06_its_signers_are_counted(void **state)
{
	CLEANUP(revocation_list_free_p) struct revocation_list one = { 0 };
	CLEANUP(revocation_list_free_p) struct revocation_list two = { 0 };

	(void)state;
	sample.keys[SAMPLE_OLD].threshold = 2;
	assert_int_equal(ask(HEAD TAIL, 1, &one), ERR_UNTRUSTED);
	assert_int_equal(ask(HEAD TAIL, 2, &two), ERR_OK);
	sample.keys[SAMPLE_OLD].threshold = 1;
}

static void row10_a_key_for_bundles_signs_no_list(void **state)
{
	CLEANUP(revocation_list_free_p) struct revocation_list l = { 0 };

	(void)state;
	sample.keys[SAMPLE_OLD].uses = TRUST_FOR_BUNDLES;
	assert_int_equal(ask(HEAD TAIL, 1, &l), ERR_UNTRUSTED);
	sample.keys[SAMPLE_OLD].uses = TRUST_FOR_REVOCATIONS;
}

static void row04_an_expired_list_still_takes_away(void **state)
{
	CLEANUP(revocation_list_free_p) struct revocation_list l = { 0 };

	(void)state;
	assert_int_equal(ask(HEAD "],\"expires\":60,\"issued\":50,\"serial\":3}", 1, &l), ERR_OK);
	assert_int_equal(l.expires, 60);
}

static void what_is_made_is_read(void **state)
{
	static const char text[] = "# stolen\nkey " HEX_B " compromise\n\nbundle " HEX_B
				   " retired\nkey " HEX_A " superseded";
	const struct state_list list = { 9, 50, 200, text, strlen(text) };
	CLEANUP(revocation_list_free_p) struct revocation_list l = { 0 };
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	CLEANUP(buffer_free_p) struct buffer c = { 0 };
	struct trust t = { sample.keys, SAMPLE_KEYS };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(state_revocations(&list, &sample.secret[SAMPLE_OLD], &b, &e), 0);
	assert_int_equal(state_add_signature(&b, &sample.secret[SAMPLE_NEW], &c, &e), 0);
	assert_int_equal(revocations_check((const char *)c.p, c.len, &t, 100, &l, &e), 0);
	assert_int_equal(l.count, 3);
	assert_int_equal(l.serial, 9);
	for (const char *const *bad_line =
		     (const char *const[]){ "key " HEX_A, "key x compromise",
					    "key " HEX_A " because", "user " HEX_A " compromise",
					    "key " HEX_A " compromise now",
					    "key " HEX_A " retired\nkey " HEX_A " retired", NULL };
	     *bad_line; bad_line++) {
		struct buffer none = { 0 };
		const struct state_list wrong = { 9, 50, 200, *bad_line, strlen(*bad_line) };

		assert_int_equal(state_revocations(&wrong, &sample.secret[SAMPLE_OLD], &none, &e),
				 -1);
		assert_int_equal(e.code, ERR_STATEMENT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row08_a_list_is_read),
		cmocka_unit_test(row08_anything_unclear_is_refused),
		cmocka_unit_test(row06_its_signers_are_counted),
		cmocka_unit_test(row10_a_key_for_bundles_signs_no_list),
		cmocka_unit_test(row04_an_expired_list_still_takes_away),
		cmocka_unit_test(what_is_made_is_read),
	};

	statement_sample_make(&sample);
	for (int i = 0; i < SAMPLE_KEYS; i++)
		sample.keys[i].uses = TRUST_FOR_REVOCATIONS;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
