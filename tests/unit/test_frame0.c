/* SPDX-License-Identifier: Apache-2.0 */
/* test_frame0.c - the first frame has one spelling, and is cut into members without a tar parser.
 */
#include "bundle/frame0.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/bundle_sample.h"

static const char toc[] = "{}\n", signature[] = "s", manifest[] = "{}";

static void join(size_t signatures, struct buffer *ret)
{
	struct span spans[BUNDLE_SIGNATURES_MAX + 1];
	struct err e = { 0 };

	for (size_t i = 0; i < signatures; i++)
		spans[i] = (struct span){ (const uint8_t *)signature, sizeof(signature) - 1 };
	*ret = (struct buffer){ 0 };
	assert_int_equal(
		build_frame0(
			(struct span){ (const uint8_t *)toc, sizeof(toc) - 1 }, spans, signatures,
			(struct span){ (const uint8_t *)manifest, sizeof(manifest) - 1 }, ret, &e),
		0);
}

static enum err_code read_it(const struct buffer *b, struct frame0 *ret)
{
	struct reader r = { .p = b->p, .left = b->len };
	struct source s = { source_read_memory, &r };
	struct err e = { 0 };

	return frame0_read(&s, ret, &e) < 0 ? e.code : ERR_OK;
}

static void members_are_found(void **state)
{
	(void)state;
	for (size_t n = 1; n <= BUNDLE_SIGNATURES_MAX; n++) {
		CLEANUP(frame0_free_p) struct frame0 f = { 0 };
		CLEANUP(buffer_free_p) struct buffer b = { 0 };

		join(n, &b);
		assert_int_equal(read_it(&b, &f), ERR_OK);
		assert_int_equal(f.signature_count, n);
		assert_int_equal(f.toc.n, sizeof(toc) - 1);
		assert_memory_equal(f.toc.p, toc, f.toc.n);
		assert_memory_equal(f.signatures[n - 1].p, signature, f.signatures[n - 1].n);
		assert_memory_equal(f.manifest.p, manifest, f.manifest.n);
		assert_int_equal(f.bundle_bytes, b.len);
	}
}

static void no_signature_or_too_many_is_refused(void **state)
{
	CLEANUP(frame0_free_p) struct frame0 f = { 0 };
	CLEANUP(buffer_free_p) struct buffer none = { 0 };
	CLEANUP(buffer_free_p) struct buffer many = { 0 };

	(void)state;
	join(0, &none);
	assert_int_equal(read_it(&none, &f), ERR_FRAME0);
	join(BUNDLE_SIGNATURES_MAX + 1, &many);
	assert_int_equal(read_it(&many, &f), ERR_FRAME0);
}

static const struct {
	const char *name;
	size_t at; /* in the bundle */
	uint8_t to;
	enum err_code expect;
} changes[] = {
	{ "magic", 0, 0, ERR_FRAME0 },
	{ "frame with a checksum", 4, 0xa4, ERR_FRAME0 },
	{ "frame of another size class", 4, 0xe0, ERR_FRAME0 },
	{ "size no multiple of 512", 5, 1, ERR_FRAME0 },
	{ "size beyond every limit", 8, 0x7f, ERR_FRAME0 },
	{ "block that is not the last", 9, 0, ERR_FRAME0 },
	{ "block of runs", 9, 3, ERR_FRAME0 },
	{ "compressed block", 9, 5, ERR_FRAME0 },
	{ "another first name", 12, 'X', ERR_FRAME0 },
	{ "size in base 256", 12 + 124, 0x80, ERR_FRAME0 },
	{ "size with a space", 12 + 134, ' ', ERR_FRAME0 },
	{ "size of nothing", 12 + 134, '0', ERR_LIMIT },
	{ "size beyond the table's limit", 12 + 127, '7', ERR_LIMIT },
	{ "size that hides the signature", 12 + 131, '2', ERR_FRAME0 },
	{ "mode", 12 + 106, '5', ERR_FRAME0 },
	{ "owner", 12 + 114, '1', ERR_FRAME0 },
	{ "time", 12 + 146, '1', ERR_FRAME0 },
	{ "type", 12 + 156, '5', ERR_FRAME0 },
	{ "checksum", 12 + 150, '7', ERR_FRAME0 },
	{ "last byte of a header", 12 + 511, 1, ERR_FRAME0 },
	{ "padding", 12 + 512 + 3, 1, ERR_FRAME0 },
	{ "last byte of padding", 12 + 1023, 1, ERR_FRAME0 },
};

static void another_spelling_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(changes); i++) {
		CLEANUP(frame0_free_p) struct frame0 f = { 0 };
		CLEANUP(buffer_free_p) struct buffer b = { 0 };
		enum err_code got;

		join(1, &b);
		/* the content starts after 9 bytes of frame and 3 of block header */
		b.p[changes[i].at] = changes[i].to;
		got = read_it(&b, &f);
		if (got != changes[i].expect)
			fail_msg("%s: expected %s, got %s", changes[i].name,
				 err_name(changes[i].expect), err_name(got));
	}
}

static void large_contents_take_several_blocks(void **state)
{
	CLEANUP(frame0_free_p) struct frame0 f = { 0 };
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	CLEANUP(free_p) uint8_t *big = malloc(TOC_MAX);
	struct span s = { (const uint8_t *)signature, sizeof(signature) - 1 };
	struct span m = { (const uint8_t *)manifest, sizeof(manifest) - 1 };
	struct err e = { 0 };

	(void)state;
	assert_non_null(big);
	memset(big, 'x', TOC_MAX);
	assert_int_equal(build_frame0((struct span){ big, TOC_MAX }, &s, 1, m, &b, &e), 0);
	assert_int_equal(read_it(&b, &f), ERR_OK);
	assert_int_equal(f.toc.n, TOC_MAX);
	assert_int_equal(f.bundle_bytes, b.len);
	/* the second block's header */
	b.p[FRAME0_HEADER_BYTES + 3 + FRAME0_BLOCK_BYTES] ^= 1;
	frame0_free_p(&f);
	assert_int_equal(read_it(&b, &f), ERR_FRAME0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found),
		cmocka_unit_test(no_signature_or_too_many_is_refused),
		cmocka_unit_test(another_spelling_is_refused),
		cmocka_unit_test(large_contents_take_several_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
