/* SPDX-License-Identifier: Apache-2.0 */
/* test_bundle_order.c - who signed, and what is done in which order. tests: runner/bundle/bundle.c
 */
#include "bundle/bundle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/bundle_sample.h"

static struct decode_local *local;

static enum err_code verdict(const struct sample *s, const struct buffer *b)
{
	CLEANUP(trust_free_p) struct trust t = { 0 };
	struct err e = { 0 };
	bool checked = false;

	assert_int_equal(trust_from_key(&s->public, &t, &e), 0);
	if (sample_ask(b,
		       &(struct sample_question){
			       .decoder = decode_local_decoder(local), .trust = &t, .now_s = 1000 },
		       &checked, &e) < 0)
		return e.code;
	assert_true(checked);
	return ERR_OK;
}

static void make(struct sample *s, struct buffer *b)
{
	struct err e = { 0 };

	assert_int_equal(sample_make(s, &e), 0);
	assert_int_equal(sample_join(s, b, &e), 0);
	assert_int_equal(verdict(s, b), ERR_OK);
}

/* ---- who signed ---- */

static void sign_with(const struct sample *s, const struct secret_key *keys, size_t n,
		      struct buffer *ret)
{
	char text[BUNDLE_SIGNATURES_MAX][SIGNATURE_FILE_MAX];
	struct span spans[BUNDLE_SIGNATURES_MAX];
	struct err e = { 0 };

	for (size_t i = 0; i < n; i++) {
		secret_sign(&keys[i], s->toc, s->toc_n, text[i]);
		spans[i] = (struct span){ (const uint8_t *)text[i], strlen(text[i]) };
	}
	*ret = (struct buffer){ 0 };
	assert_int_equal(
		build_frame0((struct span){ (const uint8_t *)s->toc, s->toc_n }, spans, n,
			     (struct span){ (const uint8_t *)s->manifest, strlen(s->manifest) },
			     ret, &e),
		0);
	assert_int_equal(buffer_append(ret, s->frames.bytes.p, s->frames.bytes.len, BUNDLE_MAX), 0);
}

static enum err_code ask_trust(const struct buffer *b, struct trust_key *keys, size_t n,
			       int64_t now_s)
{
	struct trust t = { keys, n };
	struct err e = { 0 };
	bool checked = false;

	return sample_ask(b,
			  &(struct sample_question){ .decoder = decode_local_decoder(local),
						     .trust = &t,
						     .now_s = now_s },
			  &checked, &e) < 0
		       ? e.code
		       : ERR_OK;
}

static void row08_the_state_of_the_key_decides(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	struct trust_key k = { .threshold = 1 };

	(void)state;
	make(&s, &b);
	k.key = s.public;
	assert_int_equal(ask_trust(&b, &k, 1, 100), ERR_OK);
	assert_int_equal(ask_trust(&b, &k, 0, 100), ERR_UNTRUSTED);
	k.expires = 100;
	assert_int_equal(ask_trust(&b, &k, 1, 99), ERR_OK);
	assert_int_equal(ask_trust(&b, &k, 1, 100), ERR_KEY_EXPIRED);
	k.revoked = true;
	assert_int_equal(ask_trust(&b, &k, 1, 99), ERR_KEY_REVOKED);
	k = (struct trust_key){ .threshold = 2, .key = s.public };
	assert_int_equal(ask_trust(&b, &k, 1, 99), ERR_UNTRUSTED);
}

/* A key id is 8 bytes that anybody may copy. */
static void row11_a_copied_key_id_is_no_identity(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	CLEANUP(buffer_free_p) struct buffer forged = { 0 };
	struct trust_key keys[2] = { { .threshold = 1 }, { .threshold = 1 } };
	struct secret_key thief;

	(void)state;
	make(&s, &b);
	sample_key(&thief, 9);
	memcpy(thief.id, s.key.id, sizeof(thief.id));
	keys[0].key = s.public;
	sign_with(&s, &thief, 1, &forged);
	assert_int_equal(ask_trust(&forged, keys, 1, 0), ERR_SIGNATURE);
	/* both trusted, one id: each is found by its key */
	secret_public(&thief, &keys[1].key);
	assert_int_equal(ask_trust(&forged, keys, 2, 0), ERR_OK);
	assert_int_equal(ask_trust(&b, keys, 2, 0), ERR_OK);
}

static void row06_several_signers_are_counted_once_each(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	CLEANUP(buffer_free_p) struct buffer two = { 0 };
	CLEANUP(buffer_free_p) struct buffer same = { 0 };
	CLEANUP(buffer_free_p) struct buffer mixed = { 0 };
	struct trust_key keys[2] = { { .threshold = 2 }, { .threshold = 1 } };
	struct secret_key signers[2], stranger[2];
	struct err e = { 0 };

	(void)state;
	assert_int_equal(sample_make(&s, &e), 0);
	signers[0] = s.key;
	sample_key(&signers[1], 2);
	secret_public(&signers[0], &keys[0].key);
	secret_public(&signers[1], &keys[1].key);
	sign_with(&s, signers, 2, &two);
	assert_int_equal(ask_trust(&two, keys, 2, 0), ERR_OK);
	assert_int_equal(ask_trust(&two, keys, 1, 0),
			 ERR_UNTRUSTED); /* threshold 2, one is a stranger */
	assert_int_equal(ask_trust(&two, keys + 1, 1, 0), ERR_OK);
	keys[1].revoked = true;
	assert_int_equal(ask_trust(&two, keys, 2, 0), ERR_UNTRUSTED);
	keys[1].revoked = false;
	signers[1] = signers[0];
	sign_with(&s, signers, 2, &same);
	assert_int_equal(ask_trust(&same, keys, 2, 0), ERR_SIGNATURE_FORMAT);
	/* an unknown signer beside a known one is ignored; a known one that does not hold never */
	sample_key(&stranger[0], 7);
	sample_key(&stranger[1], 2);
	sign_with(&s, stranger, 2, &mixed);
	assert_int_equal(ask_trust(&mixed, keys + 1, 1, 0), ERR_OK);
	memcpy(stranger[0].id, keys[0].key.id, sizeof(stranger[0].id));
	buffer_free_p(&mixed);
	sign_with(&s, stranger, 2, &mixed);
	assert_int_equal(ask_trust(&mixed, keys, 2, 0), ERR_SIGNATURE);
}

/* The signature of one bundle on the contents of another. */
static void row09_a_signature_belongs_to_its_contents(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	char signature[SIGNATURE_FILE_MAX];
	struct span span;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(sample_make(&s, &e), 0);
	secret_sign(&s.key, s.toc, s.toc_n, signature);
	span = (struct span){ (const uint8_t *)signature, strlen(signature) };
	sample_edit_toc(&s, "\"counter\":7", "\"counter\":8");
	assert_int_equal(
		build_frame0((struct span){ (const uint8_t *)s.toc, s.toc_n }, &span, 1,
			     (struct span){ (const uint8_t *)s.manifest, strlen(s.manifest) }, &b,
			     &e),
		0);
	assert_int_equal(buffer_append(&b, s.frames.bytes.p, s.frames.bytes.len, BUNDLE_MAX), 0);
	assert_int_equal(verdict(&s, &b), ERR_SIGNATURE);
}

/* ---- order ---- */

struct seen {
	char order[8];
	size_t n;
	struct buffer *cut; /* made shorter when the manifest is reached */
};

static int see_identity(void *arg, const struct bundle_identity *id, struct err *e)
{
	struct seen *s = arg;

	(void)e;
	s->order[s->n++] = id->trusted_count ? 'I' : 'i';
	return 0;
}

static int see_manifest(void *arg, const struct toc *t, const char *text, size_t n, struct err *e)
{
	struct seen *s = arg;

	(void)e;
	assert_int_equal(t->file_count, 4);
	assert_int_equal(n, strlen(SAMPLE_MANIFEST));
	assert_memory_equal(text, SAMPLE_MANIFEST, n);
	s->order[s->n++] = 'M';
	return 0;
}

static int see_checked(void *arg, const struct toc *t, struct err *e)
{
	struct seen *s = arg;

	(void)t;
	(void)e;
	s->order[s->n++] = 'C';
	return 0;
}

static int refuse_manifest(void *arg, const struct toc *t, const char *text, size_t n,
			   struct err *e)
{
	(void)arg;
	(void)t;
	(void)text;
	(void)n;
	return err_set(e, ERR_CEILING, "no");
}

static int never_decode(void *arg, const uint8_t *packed, size_t n, uint8_t *ret_plain,
			size_t plain_n, struct err *e)
{
	(void)arg;
	(void)packed;
	(void)n;
	(void)ret_plain;
	(void)plain_n;
	(void)e;
	fail_msg("a frame reached the decoder");
	return -1;
}

static void row02_nothing_is_decoded_that_is_not_signed(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	struct trust_key k = { .threshold = 1 };
	struct trust t = { &k, 1 };
	struct reader r;
	struct bundle_job job = { .source = { source_read_memory, &r },
				  .trust = &t,
				  .decoder = { never_decode, NULL } };
	struct err e = { 0 };
	bool checked = false;

	(void)state;
	make(&s, &b);
	k.key = s.public;
	b.p[b.len - 1] ^= 1; /* in the last frame */
	r = (struct reader){ .p = b.p, .left = b.len };
	assert_int_equal(bundle_check(&job, &checked, &e), -1);
	assert_int_equal(e.code, ERR_FRAME_DIGEST);
	b.p[b.len - 1] ^= 1;
	job.hooks.manifest = refuse_manifest;
	r = (struct reader){ .p = b.p, .left = b.len };
	assert_int_equal(bundle_check(&job, &checked, &e), -1);
	assert_int_equal(e.code, ERR_CEILING);
}

static void inspecting_says_what_is_there_and_no_more(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	struct trust t = { 0 };
	struct seen seen = { 0 };
	struct reader r;
	struct bundle_job job = { .source = { source_read_memory, &r },
				  .trust = &t,
				  .inspect = true,
				  .decoder = { never_decode, NULL },
				  .hooks = { see_identity, see_manifest, NULL, see_checked,
					     &seen } };
	struct err e = { 0 };
	bool checked = true;

	(void)state;
	make(&s, &b);
	r = (struct reader){ .p = b.p, .left = b.len };
	assert_int_equal(bundle_check(&job, &checked, &e), 0);
	assert_false(checked);
	assert_string_equal(seen.order, "iM");
}

static void hooks_come_in_order(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	struct trust_key k = { .threshold = 1 };
	struct trust t = { &k, 1 };
	struct seen seen = { 0 };
	struct reader r;
	struct bundle_job job = { .source = { source_read_memory, &r },
				  .trust = &t,
				  .decoder = decode_local_decoder(local),
				  .hooks = { see_identity, see_manifest, NULL, see_checked,
					     &seen } };
	struct err e = { 0 };
	bool checked = false;

	(void)state;
	make(&s, &b);
	k.key = s.public;
	r = (struct reader){ .p = b.p, .left = b.len };
	assert_int_equal(bundle_check(&job, &checked, &e), 0);
	assert_true(checked);
	assert_string_equal(seen.order, "IMC");
}

static int start(void **state)
{
	struct err e = { 0 };

	(void)state;
	return decode_local_new(&local, &e);
}

static int stop(void **state)
{
	(void)state;
	decode_local_free_p(&local);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row08_the_state_of_the_key_decides),
		cmocka_unit_test(row11_a_copied_key_id_is_no_identity),
		cmocka_unit_test(row06_several_signers_are_counted_once_each),
		cmocka_unit_test(row09_a_signature_belongs_to_its_contents),
		cmocka_unit_test(row02_nothing_is_decoded_that_is_not_signed),
		cmocka_unit_test(inspecting_says_what_is_there_and_no_more),
		cmocka_unit_test(hooks_come_in_order),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
