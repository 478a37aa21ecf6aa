/* SPDX-License-Identifier: Apache-2.0 */
/* test_toc.c - the table of contents is canonical, bounded, and its sums are known before the first
 * frame. */
#include "bundle/toc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"
#include "bundle/ustar.h"
#include "tests/unit/bundle_sample.h"

static enum err_code parse(const char *text, size_t n)
{
	struct toc t = { 0 };
	struct err e = { 0 };

	if (toc_parse(text, n, &t, &e) < 0)
		return e.code;
	toc_free_p(&t);
	return ERR_OK;
}

static void a_good_one_is_read(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	CLEANUP(toc_free_p) struct toc t = { 0 };
	uint8_t id[DIGEST_BYTES];
	struct err e = { 0 };

	(void)state;
	assert_int_equal(sample_make(&s, &e), 0);
	assert_int_equal(toc_parse(s.toc, s.toc_n, &t, &e), 0);
	digest_of(s.toc, s.toc_n, id);
	assert_memory_equal(t.id, id, sizeof(id));
	assert_int_equal(t.counter, 7);
	assert_int_equal(t.expires, 0);
	assert_false(t.native);
	assert_int_equal(t.file_count, 4);
	assert_string_equal(t.files[0].path, "manifest.json");
	assert_string_equal(t.files[2].path, "src/deep/noise");
	assert_int_equal(t.files[2].size, 2600);
	assert_int_equal(t.unpacked_bytes, strlen(SAMPLE_MANIFEST) + 8 + 2600);
	/* headers, bodies, paddings of three files, two zero blocks */
	assert_int_equal(t.stream_bytes, 1024 + (512 + 3072) + 512 + 1024);
	assert_int_equal(t.frame_count, 1);
	assert_int_equal(t.frames[0].plain, t.stream_bytes);
	assert_int_equal(t.packed_bytes, s.frames.bytes.len);
}

static void the_content_id_knows_files_only(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	CLEANUP(toc_free_p) struct toc a = { 0 };
	CLEANUP(toc_free_p) struct toc b = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(sample_make(&s, &e), 0);
	assert_int_equal(toc_parse(s.toc, s.toc_n, &a, &e), 0);
	sample_edit_toc(&s, "\"counter\":7", "\"counter\":8");
	assert_int_equal(toc_parse(s.toc, s.toc_n, &b, &e), 0);
	assert_memory_not_equal(a.id, b.id, DIGEST_BYTES);
	assert_memory_equal(a.content_id, b.content_id, DIGEST_BYTES);
}

static const struct {
	const char *from, *to;
	enum err_code expect;
} edits[] = {
	{ "\"counter\":7", "\"counter\":0", ERR_OK },
	{ "\"counter\":7", "\"counter\":2147483648", ERR_OK },
	{ "\"counter\":7", "\"counter\":2147483649", ERR_JSON_VALUE },
	{ "\"counter\":7", "\"counter\":-1", ERR_JSON_VALUE },
	{ "\"counter\":7", "\"counter\":-0", ERR_TOC_CANONICAL },
	{ "\"counter\":7", "\"counter\":\"7\"", ERR_JSON_TYPE },
	{ "\"counter\":7,", "", ERR_JSON_KEY },
	{ "\"counter\":7", "\"counter\":7,\"expires\":0", ERR_TOC },
	{ "\"counter\":7", "\"counter\":7,\"expires\":99", ERR_OK },
	{ "]}\n", "],\"min_host\":1}\n", ERR_OK },
	{ "]}\n", "],\"native\":true}\n", ERR_OK },
	{ "]}\n", "],\"native\":false}\n", ERR_TOC },
	{ "]}\n", "],\"native\":1}\n", ERR_JSON_TYPE },
	{ "]}\n", "]}", ERR_TOC_CANONICAL },
	{ "]}\n", "]}\n\n", ERR_TOC_CANONICAL },
	{ "]}\n", "]}\n{}", ERR_JSON },
	{ "]}\n", "],\"z\":[[[[1]]]]}\n", ERR_LIMIT },
	{ "{\"_type\"", "[\"_type\"", ERR_JSON },
	{ "\"_type\":\"kennel.toc/1\"", "\"_type\":\"kennel.toc/2\"", ERR_TOC },
	{ "\"_type\":\"kennel.toc/1\",", "", ERR_JSON_KEY },
	{ "manifest.json", "manifest.jsoN", ERR_TOC },
	{ "main.wasm", "\\u006dain.wasm", ERR_TOC_CANONICAL },
	{ "main.wasm", "main\\u0000wasm", ERR_JSON },
	{ "main.wasm", "ma\xc3\xa4in", ERR_TOC_CANONICAL },
	{ "main.wasm", "zz.wasm", ERR_TOC },
	{ "main.wasm", "manifest.json", ERR_PATH },
	{ "\"size\":8", "\"size\":9", ERR_OK }, /* the same blocks: the stream will say */
	{ "\"size\":8", "\"size\":513", ERR_TOC },
	{ "\"size\":8", "\"size\":67108865", ERR_JSON_VALUE },
	{ "\"size\":8", "\"size\":8.5", ERR_JSON_TYPE },
	{ "\"b2\":\"", "\"b2\":\"A", ERR_JSON_VALUE },
	{ "\"frames\":[{", "\"frames\":[1,{", ERR_TOC },
	{ "\"files\":[{", "\"files\":[1,{", ERR_JSON_TYPE },
	{ "\"files\":[", "\"files\":[[],", ERR_JSON_TYPE },
};

static void anything_else_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(edits); i++) {
		CLEANUP(sample_free_p) struct sample s = { 0 };
		struct err e = { 0 };
		enum err_code got;

		assert_int_equal(sample_make(&s, &e), 0);
		sample_edit_toc(&s, edits[i].from, edits[i].to);
		got = parse(s.toc, s.toc_n);
		if (got != edits[i].expect)
			fail_msg("%s -> %s: expected %s, got %s", edits[i].from, edits[i].to,
				 err_name(edits[i].expect), err_name(got));
	}
}

static void row31_sizes_are_bounded_before_anything_is_parsed(void **state)
{
	CLEANUP(free_p) char *big = malloc(TOC_MAX + 1);

	(void)state;
	assert_non_null(big);
	memset(big, ' ', TOC_MAX + 1);
	assert_int_equal(parse(big, TOC_MAX + 1), ERR_LIMIT);
	assert_int_equal(parse(big, 0), ERR_LIMIT);
	/* a million empty objects would cost Jansson 80 MiB */
	for (size_t i = 0; i + 3 <= TOC_MAX; i += 3)
		memcpy(big + i, "{},", 3);
	big[0] = '[';
	assert_int_equal(parse(big, TOC_MAX), ERR_LIMIT);
	memset(big, '[', TOC_MAX);
	assert_int_equal(parse(big, TOC_MAX), ERR_LIMIT);
}

/* Twenty keys in an object of ours, at the top and below: refused before they are sorted. */
static void row31_objects_of_many_keys_are_refused_unsorted(void **state)
{
	static const char *const places[] = { "]}\n", "\"size\":8" };
	char keys[400] = "", to[500];
	struct writer w;

	(void)state;
	writer_init(&w, keys, sizeof(keys));
	for (unsigned int i = 0; i < 20; i++)
		writer_fmt(&w, "%s\"z%02u\":0", i ? "," : "", i);
	for (size_t i = 0; i < countof(places); i++) {
		CLEANUP(sample_free_p) struct sample s = { 0 };
		struct err e = { 0 };

		assert_int_equal(sample_make(&s, &e), 0);
		(void)snprintf(to, sizeof(to), i ? "\"size\":8,%s" : "],%s}\n", keys);
		sample_edit_toc(&s, places[i], to);
		assert_int_equal(parse(s.toc, s.toc_n), ERR_JSON_KEY);
	}
}

static void a_bundle_of_a_manifest_alone_is_one_frame_of_zeros(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	CLEANUP(toc_free_p) struct toc t = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_true(sodium_init() >= 0);
	assert_int_equal(tree_add(&s.tree, "manifest.json", "{}", 2, &e), 0);
	assert_int_equal(tree_sort(&s.tree, &e), 0);
	assert_int_equal(build_pack_frames(&s.tree, &s.frames, &e), 0);
	assert_int_equal(sample_retoc(&s, &e), 0);
	assert_int_equal(toc_parse(s.toc, s.toc_n, &t, &e), 0);
	assert_int_equal(t.stream_bytes, USTAR_EOF_BYTES);
	assert_int_equal(t.frame_count, 1);
}

static void the_largest_table_is_read(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	struct err e = { 0 };
	char path[64];

	(void)state;
	assert_true(sodium_init() >= 0);
	assert_int_equal(tree_add(&s.tree, "manifest.json", "{}", 2, &e), 0);
	for (unsigned int i = 1; i < BUNDLE_FILES_MAX; i++) {
		(void)snprintf(path, sizeof(path), "a-folder-of-many/of-them/file-%04u", i);
		assert_int_equal(tree_add(&s.tree, path, "", 0, &e), 0);
	}
	assert_int_equal(tree_sort(&s.tree, &e), 0);
	assert_int_equal(build_pack_frames(&s.tree, &s.frames, &e), 0);
	assert_int_equal(sample_retoc(&s, &e), 0);
	assert_int_equal(parse(s.toc, s.toc_n), ERR_OK);
	assert_int_equal(tree_add(&s.tree, "one-more", "", 0, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
}

static enum err_code parse_within(const struct sample *s, struct bundle_bounds b)
{
	CLEANUP(toc_free_p) struct toc t = { 0 };
	struct err e = { 0 };

	return toc_parse_within(s->toc, s->toc_n, &b, &t, &e) < 0 ? e.code : ERR_OK;
}

static void a_host_says_how_large_a_bundle_may_be(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	CLEANUP(toc_free_p) struct toc t = { 0 };
	struct bundle_bounds b = bundle_bounds_default();
	uint64_t largest = 0;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(sample_make(&s, &e), 0);
	assert_int_equal(toc_parse(s.toc, s.toc_n, &t, &e), 0);
	for (size_t i = 0; i < t.file_count; i++)
		largest = t.files[i].size > largest ? t.files[i].size : largest;
	b.files = (uint32_t)t.file_count;
	b.file_bytes = largest;
	b.unpacked_bytes = t.unpacked_bytes;
	b.packed_bytes = t.packed_bytes;
	assert_int_equal(parse_within(&s, b), ERR_OK);
	b.files--;
	assert_int_not_equal(parse_within(&s, b), ERR_OK);
	b.files++;
	b.file_bytes--;
	assert_int_not_equal(parse_within(&s, b), ERR_OK);
	b.file_bytes++;
	b.unpacked_bytes--;
	assert_int_equal(parse_within(&s, b), ERR_LIMIT);
	b.unpacked_bytes++;
	b.packed_bytes--;
	assert_int_equal(parse_within(&s, b), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_one_is_read),
		cmocka_unit_test(the_content_id_knows_files_only),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(row31_sizes_are_bounded_before_anything_is_parsed),
		cmocka_unit_test(row31_objects_of_many_keys_are_refused_unsorted),
		cmocka_unit_test(a_bundle_of_a_manifest_alone_is_one_frame_of_zeros),
		cmocka_unit_test(the_largest_table_is_read),
		cmocka_unit_test(a_host_says_how_large_a_bundle_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
