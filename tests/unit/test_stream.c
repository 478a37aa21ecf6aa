/* SPDX-License-Identifier: Apache-2.0 */
/* test_stream.c - decoded bytes are the tar stream that the contents demand, however they are cut.
 */
#include "bundle/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include <cmocka.h>

#include "tests/unit/bundle_sample.h"

struct fixture {
	struct sample s;
	struct toc toc;
	uint8_t *plain;
	size_t n;
};

static void fixture_free_p(struct fixture *f)
{
	sample_free_p(&f->s);
	toc_free_p(&f->toc);
	free(f->plain);
}

static void make(struct fixture *f)
{
	struct err e = { 0 };

	assert_int_equal(sample_make(&f->s, &e), 0);
	assert_int_equal(toc_parse(f->s.toc, f->s.toc_n, &f->toc, &e), 0);
	f->n = f->s.frames.list[0].plain;
	f->plain = malloc(f->n);
	assert_non_null(f->plain);
	assert_int_equal(
		ZSTD_decompress(f->plain, f->n, f->s.frames.bytes.p, f->s.frames.bytes.len), f->n);
}

/* What a sink has seen, as one text. */
struct seen {
	char log[256];
	size_t bytes;
};

static int on_begin(void *arg, const struct toc_file *f, struct err *e)
{
	struct seen *s = arg;
	size_t used = strlen(s->log);

	(void)e;
	(void)snprintf(s->log + used, sizeof(s->log) - used, "<%s ", f->path);
	return 0;
}

static int on_bytes(void *arg, const void *p, size_t n, struct err *e)
{
	(void)p;
	(void)e;
	((struct seen *)arg)->bytes += n;
	return 0;
}

static int on_end(void *arg, struct err *e)
{
	struct seen *s = arg;
	size_t used = strlen(s->log);

	(void)e;
	(void)snprintf(s->log + used, sizeof(s->log) - used, "%zu>", s->bytes);
	s->bytes = 0;
	return 0;
}

static enum err_code feed(const struct fixture *f, size_t n, size_t piece, struct seen *seen)
{
	struct stream_sink sink = { on_begin, on_bytes, on_end, seen };
	struct stream s;
	struct err e = { 0 };

	stream_start(&s, &f->toc, &sink, false);
	for (size_t at = 0; at < n; at += piece)
		if (stream_feed(&s, f->plain + at, n - at < piece ? n - at : piece, &e) < 0)
			return e.code;
	return stream_finish(&s, &e) < 0 ? e.code : ERR_OK;
}

static void any_cut_gives_the_same_files(void **state)
{
	static const size_t pieces[] = { 1, 7, 511, 512, 513, 4096, 1u << 20 };
	CLEANUP(fixture_free_p) struct fixture f = { 0 };

	(void)state;
	make(&f);
	for (size_t i = 0; i < countof(pieces); i++) {
		struct seen seen = { 0 };

		assert_int_equal(feed(&f, f.n, pieces[i], &seen), ERR_OK);
		assert_string_equal(seen.log, "<main.wasm 8><src/deep/noise 2600><src/empty 0>");
	}
}

static void a_short_stream_is_refused(void **state)
{
	CLEANUP(fixture_free_p) struct fixture f = { 0 };

	(void)state;
	make(&f);
	for (size_t n = 0; n < f.n; n += 37) {
		struct seen seen = { 0 };

		assert_int_equal(feed(&f, n, f.n, &seen), ERR_STREAM);
	}
}

static void every_changed_byte_is_refused(void **state)
{
	CLEANUP(fixture_free_p) struct fixture f = { 0 };

	(void)state;
	make(&f);
	for (size_t i = 0; i < f.n; i++) {
		struct seen seen = { 0 };

		f.plain[i] ^= 0x10;
		assert_true(feed(&f, f.n, f.n, &seen) != ERR_OK);
		f.plain[i] ^= 0x10;
	}
}

static void bytes_after_the_end_are_refused(void **state)
{
	CLEANUP(fixture_free_p) struct fixture f = { 0 };
	struct seen seen = { 0 };
	struct stream_sink sink = { on_begin, on_bytes, on_end, &seen };
	struct stream s;
	struct err e = { 0 };

	(void)state;
	make(&f);
	stream_start(&s, &f.toc, &sink, false);
	assert_int_equal(stream_feed(&s, f.plain, f.n, &e), 0);
	assert_int_equal(stream_finish(&s, &e), 0);
	assert_int_equal(stream_feed(&s, (const uint8_t *)"", 1, &e), -1);
	assert_int_equal(e.code, ERR_STREAM);
}

static const struct {
	const char *start;
	size_t n;
	bool native;
} starts[] = {
	{ "\177ELF", 4, true },
	{ "\177EL", 3, false },
	{ "#!", 2, true },
	{ "#!/bin/sh", 4, true },
	{ "# note", 4, false },
	{ "\xfe\xed\xfa\xce", 4, true },
	{ "\xcf\xfa\xed\xfe", 4, true },
	{ "\xca\xfe\xba\xbe", 4, true },
	{ "\xbe\xba\xfe\xca", 4, true },
	{ "\xca\xfe\xba\xbf", 4, true },
	{ "\xbf\xba\xfe\xca", 4, true },
	{ "\xfe\xed\xfa\xcf", 4, true },
	{ "\xce\xfa\xed\xfe", 4, true },
	{ "\xca\xfe\xba", 3, false },
	{ "\0asm", 4, false },
	{ "", 0, false },
};

static void executables_are_known_by_their_first_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(starts); i++)
		assert_int_equal(stream_native_format((const uint8_t *)starts[i].start, starts[i].n,
						      1000) != NULL,
				 starts[i].native);
}

static void a_pe_file_is_one_when_its_offset_lies_inside(void **state)
{
	uint8_t file[64] = "MZ";

	(void)state;
	file[60] = 0x80;
	assert_non_null(stream_native_format(file, sizeof(file), 1000));
	assert_null(stream_native_format(file, sizeof(file), 0x80));
	assert_null(stream_native_format(file, sizeof(file) - 1, 1000));
	memset(file + 2, 'x', sizeof(file) - 2); /* text */
	assert_null(stream_native_format(file, sizeof(file), BUNDLE_FILE_MAX));
	memset(file + 2, '\t', sizeof(file) - 2);
	assert_null(stream_native_format(file, sizeof(file), BUNDLE_FILE_MAX));
}

static void a_script_cut_after_its_first_byte_is_still_one(void **state)
{
	CLEANUP(fixture_free_p) struct fixture f = { 0 };
	struct seen seen = { 0 };

	(void)state;
	make(&f);
	memcpy(f.plain + 512, "#!", 2);
	assert_int_equal(feed(&f, f.n, 1, &seen), ERR_NATIVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_cut_gives_the_same_files),
		cmocka_unit_test(a_short_stream_is_refused),
		cmocka_unit_test(every_changed_byte_is_refused),
		cmocka_unit_test(bytes_after_the_end_are_refused),
		cmocka_unit_test(executables_are_known_by_their_first_bytes),
		cmocka_unit_test(a_pe_file_is_one_when_its_offset_lies_inside),
		cmocka_unit_test(a_script_cut_after_its_first_byte_is_still_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
