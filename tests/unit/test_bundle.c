/* SPDX-License-Identifier: Apache-2.0 */
/* test_bundle.c - the one order: what is not exactly what was signed is refused, row by row. */
#include "bundle/bundle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <zstd.h>

#include <cmocka.h>

#include "base/digest.h"
#include "bundle/ustar.h"
#include "tests/unit/bundle_sample.h"

static struct decode_local *local; /* one decoder for some hundred thousand bundles */

/* ---- asking ---- */

/* ERR_OK, or the refusal, for a host that trusts the sample's key. */
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

static enum err_code verdict_joined(const struct sample *s)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	struct err e = { 0 };

	assert_int_equal(sample_join(s, &b, &e), 0);
	return verdict(s, &b);
}

static void make(struct sample *s, struct buffer *b)
{
	struct err e = { 0 };

	assert_int_equal(sample_make(s, &e), 0);
	assert_int_equal(sample_join(s, b, &e), 0);
	assert_int_equal(verdict(s, b), ERR_OK);
}

/* ---- every bit, every length ---- */

static void row01_every_single_bit_flip_is_refused(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	size_t flips = 0;

	(void)state;
	make(&s, &b);
	for (size_t i = 0; i < b.len; i++)
		for (unsigned int bit = 0; bit < 8; bit++, flips++) {
			b.p[i] ^= (uint8_t)(1u << bit);
			if (verdict(&s, &b) == ERR_OK)
				fail_msg("bit %u of byte %zu is not covered", bit, i);
			b.p[i] ^= (uint8_t)(1u << bit);
		}
	assert_int_equal(verdict(&s, &b), ERR_OK);
	print_message("%zu bit flips of a bundle of %zu bytes, all refused\n", flips, b.len);
}

static void row27_every_truncation_is_refused(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	size_t whole;

	(void)state;
	make(&s, &b);
	whole = b.len;
	for (b.len = 0; b.len < whole; b.len++)
		if (verdict(&s, &b) != ERR_TRUNCATED)
			fail_msg("the first %zu bytes were not refused as truncated", b.len);
}

static void row18_every_extension_is_refused(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	uint8_t more[300];
	size_t whole;

	(void)state;
	make(&s, &b);
	whole = b.len;
	for (unsigned int byte = 0; byte < 256; byte += 51)
		for (size_t n = 1; n <= sizeof(more); n += 23) {
			memset(more, (int)byte, n);
			assert_int_equal(buffer_append(&b, more, n, BUNDLE_MAX), 0);
			assert_int_equal(verdict(&s, &b), ERR_TRAILING);
			b.len = whole;
		}
	/* before it, a byte; after it, itself again */
	assert_int_equal(buffer_append(&b, b.p, 0, BUNDLE_MAX), 0);
	assert_int_equal(verdict(&s, &b), ERR_OK);
}

static void one_byte_at_a_time_is_enough(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	CLEANUP(trust_free_p) struct trust t = { 0 };
	struct err e = { 0 };
	bool checked = false;

	(void)state;
	make(&s, &b);
	assert_int_equal(trust_from_key(&s.public, &t, &e), 0);
	assert_int_equal(
		sample_ask(&b,
			   &(struct sample_question){ .decoder = decode_local_decoder(local),
						      .trust = &t,
						      .slowly = true },
			   &checked, &e),
		0);
	assert_true(checked);
}

/* ---- threats: what a signer, or somebody who changes a signed bundle, can try ---- */

static void pack_stream(struct sample *s, const uint8_t *plain, size_t n)
{
	CLEANUP(free_p) uint8_t *packed = malloc(ZSTD_compressBound(n));
	size_t packed_n = ZSTD_compress(packed, ZSTD_compressBound(n), plain, n, 3);

	assert_false(ZSTD_isError(packed_n));
	sample_set_frame(s, packed, packed_n, (uint32_t)n);
}

/* The signed stream as bytes; the caller frees. */
static uint8_t *unpack_stream(const struct sample *s, size_t *ret_n)
{
	size_t n = s->frames.list[0].plain;
	uint8_t *plain = malloc(n);

	assert_non_null(plain);
	assert_int_equal(ZSTD_decompress(plain, n, s->frames.bytes.p, s->frames.bytes.len), n);
	*ret_n = n;
	return plain;
}

/* The signer packs another stream than the contents say, one byte changed, and signs that. */
static void change_stream(struct sample *s, size_t at, uint8_t to)
{
	struct err e = { 0 };
	size_t n;
	uint8_t *plain = unpack_stream(s, &n);

	plain[at] = to;
	pack_stream(s, plain, n);
	free(plain);
	assert_int_equal(sample_retoc(s, &e), 0);
}

static void by_extra_after_end(struct sample *s)
{
	struct err e = { 0 };
	size_t n;
	uint8_t *plain = unpack_stream(s, &n);
	uint8_t *longer = calloc(1, n + 512);

	memcpy(longer, plain, n);
	pack_stream(s, longer, n + 512);
	free(plain);
	free(longer);
	assert_int_equal(sample_retoc(s, &e), 0);
}

static void by_setuid_header(struct sample *s)
{
	change_stream(s, 100 + 3, '4'); /* the mode field of main.wasm's header */
}

static void by_symlink_header(struct sample *s)
{
	change_stream(s, 156, '2');
}

static void by_pax_header(struct sample *s)
{
	change_stream(s, 156, 'x');
}

static void by_header_name(struct sample *s)
{
	change_stream(s, 0, 'M');
}

static void by_padding(struct sample *s)
{
	change_stream(s, 512 + 9, 1);
}

static void by_entry_after_end(struct sample *s)
{
	change_stream(s, s->frames.list[0].plain - 512, 'x');
}

static void by_file_bytes(struct sample *s)
{
	change_stream(s, 512 + 4, 2);
}

/* Signed as it is: the contents do not say native. */
static void start_a_file_with(struct sample *s, const void *start, size_t n)
{
	struct err e = { 0 };

	memcpy(s->tree.files[2].bytes, start, n);
	build_frames_free_p(&s->frames);
	assert_int_equal(build_pack_frames(&s->tree, &s->frames, &e), 0);
	assert_int_equal(sample_retoc(s, &e), 0);
}

static void by_elf(struct sample *s)
{
	start_a_file_with(s, "\177ELF", 4);
}

static void by_pe(struct sample *s)
{
	uint8_t start[64] = "MZ";

	start[60] = 0x80;
	start_a_file_with(s, start, sizeof(start));
}

static void by_macho(struct sample *s)
{
	start_a_file_with(s, "\xcf\xfa\xed\xfe", 4);
}

static void by_fat_macho(struct sample *s)
{
	start_a_file_with(s, "\xca\xfe\xba\xbf", 4);
}

static void by_script(struct sample *s)
{
	start_a_file_with(s, "#!", 2);
}

static void by_native_flag(struct sample *s)
{
	sample_edit_toc(s, "]}\n", "],\"native\":true}\n");
}

static void by_executable_mode(struct sample *s)
{
	sample_edit_toc(s, "\"path\":\"main.wasm\"", "\"mode\":\"x\",\"path\":\"main.wasm\"");
}

static void by_duplicate_path(struct sample *s)
{
	sample_edit_toc(s, "\"path\":\"src/empty\"", "\"path\":\"src/deep/noise\"");
}

static void by_traversal(struct sample *s)
{
	sample_edit_toc(s, "\"path\":\"src/empty\"", "\"path\":\"src/../../e\"");
}

static void by_absolute_path(struct sample *s)
{
	sample_edit_toc(s, "\"path\":\"src/empty\"", "\"path\":\"/src/empty\"");
}

static void by_meta_path(struct sample *s)
{
	sample_edit_toc(s, "\"path\":\"main.wasm\"", "\"path\":\"mEtA/wasm\"");
}

static void by_case(struct sample *s)
{
	sample_edit_toc(s, "\"path\":\"main.wasm\"", "\"path\":\"SRC/Empty\"");
}

static void by_file_as_folder(struct sample *s)
{
	sample_edit_toc(s, "\"path\":\"main.wasm\"", "\"path\":\"src/deep\"");
}

static void by_duplicate_key(struct sample *s)
{
	sample_edit_toc(s, "\"counter\":7", "\"counter\":7,\"counter\":7");
}

static void by_unknown_key(struct sample *s)
{
	sample_edit_toc(s, "]}\n", "],\"other\":1}\n");
}

static void by_spaces(struct sample *s)
{
	sample_edit_toc(s, "\"counter\":7", "\"counter\": 7");
}

static void by_real_number(struct sample *s)
{
	sample_edit_toc(s, "\"counter\":7", "\"counter\":7.0");
}

static void by_huge_counter(struct sample *s)
{
	sample_edit_toc(s, "\"counter\":7", "\"counter\":9223372036854775807");
}

static void by_type(struct sample *s)
{
	sample_edit_toc(s, "kennel.toc/1", "kennel.log/1");
}

static void by_other_manifest(struct sample *s)
{
	s->manifest = "{\"name\":\"sample\",\"permissions\":[\"readNotes\"]}";
}

static void by_bad_frame(struct sample *s, const uint8_t *packed, size_t n)
{
	struct err e = { 0 };

	sample_set_frame(s, packed, n, s->frames.list[0].plain);
	assert_int_equal(sample_retoc(s, &e), 0);
}

static void by_garbage_frame(struct sample *s)
{
	by_bad_frame(s, (const uint8_t *)"not zstd at all", 15);
}

static void by_skippable_frame(struct sample *s)
{
	by_bad_frame(s, (const uint8_t *)"\x50\x2a\x4d\x18\x04\0\0\0abcd", 12);
}

static void by_two_frames(struct sample *s)
{
	CLEANUP(buffer_free_p) struct buffer twice = { 0 };

	assert_int_equal(buffer_append(&twice, s->frames.bytes.p, s->frames.bytes.len, BUNDLE_MAX),
			 0);
	assert_int_equal(buffer_append(&twice, s->frames.bytes.p, s->frames.bytes.len, BUNDLE_MAX),
			 0);
	by_bad_frame(s, twice.p, twice.len);
}

static void by_truncated_frame(struct sample *s)
{
	CLEANUP(buffer_free_p) struct buffer part = { 0 };

	assert_int_equal(
		buffer_append(&part, s->frames.bytes.p, s->frames.bytes.len - 1, BUNDLE_MAX), 0);
	by_bad_frame(s, part.p, part.len);
}

/* A frame whose window would be 2^31 bytes: 10 bytes that make a streaming decoder allocate. */
static void by_window_bomb(struct sample *s)
{
	by_bad_frame(s, (const uint8_t *)"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", 9);
}

static void by_bomb(struct sample *s)
{
	size_t n = 64u << 20;
	uint8_t *zeros = calloc(1, n), *packed = malloc(ZSTD_compressBound(n));
	size_t packed_n = ZSTD_compress(packed, ZSTD_compressBound(n), zeros, n, 3);

	by_bad_frame(s, packed, packed_n);
	free(zeros);
	free(packed);
}

static void by_checksum(struct sample *s)
{
	size_t n;
	uint8_t *plain = unpack_stream(s, &n), *packed = malloc(ZSTD_compressBound(n) + 8);
	ZSTD_CCtx *z = ZSTD_createCCtx();

	(void)ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	by_bad_frame(s, packed, ZSTD_compress2(z, packed, ZSTD_compressBound(n) + 8, plain, n));
	(void)ZSTD_freeCCtx(z);
	free(packed);
	free(plain);
}

static void by_frame_size(struct sample *s)
{
	struct err e = { 0 };

	s->frames.list[0].plain--;
	assert_int_equal(sample_retoc(s, &e), 0);
}

static void by_more_frames(struct sample *s)
{
	sample_edit_toc(s, "\"frames\":[", "\"frames\":[{\"b2\":\"\",\"c\":1,\"u\":1},");
}

static void by_min_host(struct sample *s)
{
	sample_edit_toc(s, "]}\n", "],\"min_host\":2}\n");
}

static void by_expiry(struct sample *s)
{
	sample_edit_toc(s, "\"files\"", "\"expires\":1,\"files\"");
}

static const struct threat {
	const char *name; /* "rowNN_": row NN of the threat table (README.md of runner/bundle) */
	void (*change)(struct sample *s);
	enum err_code expect;
} threats[] = {
	{ "row04_an_expired_bundle_is_refused", by_expiry, ERR_EXPIRED },
	{ "row05_a_counter_of_2_to_63_is_refused", by_huge_counter, ERR_JSON_VALUE },
	{ "row10_another_statements_type_is_refused", by_type, ERR_TOC },
	{ "row14_another_manifest_in_front_is_refused", by_other_manifest, ERR_FILE_DIGEST },
	{ "row16_a_path_twice_is_refused", by_duplicate_path, ERR_TOC },
	{ "row17_a_longer_stream_is_refused", by_extra_after_end, ERR_TOC },
	{ "row19_an_entry_after_the_end_of_the_archive_is_refused", by_entry_after_end,
	  ERR_STREAM },
	{ "row20_a_pax_header_is_refused", by_pax_header, ERR_STREAM },
	{ "row20_another_name_in_the_header_is_refused", by_header_name, ERR_STREAM },
	{ "row20_padding_that_is_not_zero_is_refused", by_padding, ERR_STREAM },
	{ "row21_dots_are_refused", by_traversal, ERR_PATH },
	{ "row21_an_absolute_path_is_refused", by_absolute_path, ERR_PATH },
	{ "row21_a_symbolic_link_in_the_stream_is_refused", by_symlink_header, ERR_STREAM },
	{ "row22_setuid_in_the_stream_is_refused", by_setuid_header, ERR_STREAM },
	{ "row23_meta_in_another_case_is_refused", by_meta_path, ERR_PATH },
	{ "row23_two_names_that_differ_only_in_case_are_refused", by_case, ERR_PATH },
	{ "row23_a_file_that_is_a_folder_too_is_refused", by_file_as_folder, ERR_PATH },
	{ "row01_other_bytes_in_a_file_are_refused", by_file_bytes, ERR_FILE_DIGEST },
	{ "row24_a_frame_of_64_mib_is_refused", by_bomb, ERR_FRAME },
	{ "row24_a_frame_size_the_files_do_not_need_is_refused", by_frame_size, ERR_TOC },
	{ "row24_more_frames_than_the_files_need_are_refused", by_more_frames, ERR_TOC },
	{ "row25_a_window_of_2_gib_is_refused", by_window_bomb, ERR_FRAME },
	{ "row27_a_truncated_frame_is_refused", by_truncated_frame, ERR_FRAME },
	{ "row28_what_is_no_zstd_frame_is_refused", by_garbage_frame, ERR_FRAME },
	{ "row28_a_skippable_frame_is_refused", by_skippable_frame, ERR_FRAME },
	{ "row28_a_checksum_of_its_own_is_refused", by_checksum, ERR_FRAME },
	{ "row29_two_frames_in_one_are_refused", by_two_frames, ERR_FRAME },
	{ "row32_a_key_twice_is_refused", by_duplicate_key, ERR_JSON },
	{ "row32_an_unknown_key_is_refused", by_unknown_key, ERR_JSON_KEY },
	{ "row32_another_spelling_is_refused", by_spaces, ERR_TOC_CANONICAL },
	{ "row32_a_real_number_is_refused", by_real_number, ERR_JSON_TYPE },
	{ "native_an_elf_file_is_refused", by_elf, ERR_NATIVE },
	{ "native_a_script_is_refused", by_script, ERR_NATIVE },
	{ "native_a_pe_file_is_refused", by_pe, ERR_NATIVE },
	{ "native_a_mach_o_file_is_refused", by_macho, ERR_NATIVE },
	{ "native_a_fat_mach_o_file_is_refused", by_fat_macho, ERR_NATIVE },
	{ "native_contents_that_say_so_are_refused", by_native_flag, ERR_NATIVE },
	{ "native_a_file_marked_executable_is_refused", by_executable_mode, ERR_NATIVE },
	{ "host_a_newer_one_is_asked_for", by_min_host, ERR_UNSUPPORTED },
};

/* What the contents call native is the caller's to decide, and only when it says it will. */
static void native_contents_go_on_only_when_asked_for(void **state)
{
	static void (*const changes[])(struct sample * s) = { by_elf, by_script, by_macho };

	(void)state;
	for (size_t i = 0; i < countof(changes); i++) {
		CLEANUP(sample_free_p) struct sample s = { 0 };
		CLEANUP(buffer_free_p) struct buffer b = { 0 };
		CLEANUP(trust_free_p) struct trust t = { 0 };
		struct sample_question q = { .decoder = decode_local_decoder(local), .trust = &t };
		struct err e = { 0 };
		bool checked = false;

		assert_int_equal(sample_make(&s, &e), 0);
		changes[i](&s);
		by_native_flag(&s);
		assert_int_equal(sample_join(&s, &b, &e), 0);
		assert_int_equal(trust_from_key(&s.public, &t, &e), 0);
		assert_int_equal(sample_ask(&b, &q, &checked, &e), -1);
		assert_int_equal(e.code, ERR_NATIVE);
		q.native_ok = true;
		assert_int_equal(sample_ask(&b, &q, &checked, &e), 0);
		assert_true(checked);
	}
}

/* One test a row: its name says what may not happen. */
static void a_threat_is_refused(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	const struct threat *t = *state;
	struct err e = { 0 };
	enum err_code got;

	assert_int_equal(sample_make(&s, &e), 0);
	t->change(&s);
	got = verdict_joined(&s);
	if (got != t->expect)
		fail_msg("%s: expected %s, got %s", t->name, err_name(t->expect), err_name(got));
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
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(one_byte_at_a_time_is_enough),
		cmocka_unit_test(native_contents_go_on_only_when_asked_for),
		cmocka_unit_test(row27_every_truncation_is_refused),
		cmocka_unit_test(row18_every_extension_is_refused),
		cmocka_unit_test(row01_every_single_bit_flip_is_refused),
	};
	struct CMUnitTest tests[countof(threats) + countof(others)];

	for (size_t i = 0; i < countof(threats); i++)
		tests[i] = (struct CMUnitTest){ .name = threats[i].name,
						.test_func = a_threat_is_refused,
						.initial_state = (void *)(uintptr_t)&threats[i] };
	memcpy(tests + countof(threats), others, sizeof(others));
	return cmocka_run_group_tests(tests, start, stop);
}
