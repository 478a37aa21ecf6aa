/* SPDX-License-Identifier: Apache-2.0 */
/* test_bytes.c - bounds hold, and text that could fool a reader is known. */
#include "base/bytes.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void a_reader_never_passes_its_end(void **state)
{
	const uint8_t in[] = { 1, 2, 3, 4, 5, 6 };
	struct reader r = { .p = in, .left = sizeof(in) };

	(void)state;
	assert_int_equal(reader_u32le(&r), 0x04030201);
	assert_int_equal(reader_u32le(&r), 0);
	assert_true(r.bad);
	assert_int_equal(reader_u8(&r), 0); /* sticky, though two bytes are left */
	assert_null(reader_bytes(&r, 0));
}

static void a_full_writer_cuts_nothing_in_silence(void **state)
{
	char buf[8];
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	writer_str(&w, "1234567");
	assert_false(w.full);
	writer_str(&w, "8");
	assert_true(w.full);
	assert_string_equal(buf, "1234567");
	writer_init(&w, buf, sizeof(buf));
	writer_fmt(&w, "%d", 12345678);
	assert_true(w.full);
	assert_string_equal(buf, "");
}

static void json_strings_are_plain_ascii(void **state)
{
	static const struct {
		const char *in;
		const char *out;
	} cases[] = {
		{ "plain", "\"plain\"" },
		{ "q\" b\\ n\n", "\"q\\\" b\\\\ n\\n\"" },
		{ "\x01\x7f", "\"\\u0001\\u007f\"" },
		{ "\xc3\xa4", "\"\\u00e4\"" },
		{ "\xf0\x9f\x90\x95", "\"\\ud83d\\udc15\"" },
		{ "\xff", "\"\\ufffd\"" },
		{ "\xe2\x80", "\"\\ufffd\\ufffd\"" },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		char buf[128];
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		writer_json_str(&w, cases[i].in, strlen(cases[i].in));
		assert_string_equal(buf, cases[i].out);
	}
}

static void names_and_text_are_judged(void **state)
{
	static const struct {
		const char *text;
		bool name;
		bool printable;
	} cases[] = {
		{ "ai-auto-linker", true, true },
		{ "a", true, true },
		{ "", false, true },
		{ "-x", false, true },
		{ "a.b", false, true },
		{ "a/b", false, true },
		{ "..", false, true },
		{ "line\nbreak", false, false },
		{ "bidi\xe2\x80\xae", false, false },
		{ "isolate\xe2\x81\xa6", false, false },
		{ "overlong\xc0\xaf", false, false },
		{ "surrogate\xed\xa0\x80", false, false },
		{ "umlaut\xc3\xa4", false, true },
		{ "0123456789012345678901234567890123456789012345678901234567890123", false, true },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		assert_int_equal(name_is_valid(cases[i].text), cases[i].name);
		assert_int_equal(text_is_printable(cases[i].text, strlen(cases[i].text)),
				 cases[i].printable);
	}
}

static void hex_takes_one_spelling_only(void **state)
{
	const uint8_t in[2] = { 0xa0, 0x0f };
	uint8_t out[2];
	char hex[5];

	(void)state;
	hex_encode(in, 2, hex);
	assert_string_equal(hex, "a00f");
	assert_true(hex_decode("a00f", out, 2));
	assert_memory_equal(in, out, 2);
	assert_false(hex_decode("A00F", out, 2));
	assert_false(hex_decode("a00", out, 2));
	assert_false(hex_decode("a00f0", out, 2));
}

static void a_buffer_keeps_its_cap(void **state)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };

	(void)state;
	assert_int_equal(buffer_append(&b, "abcdef", 6, 8), 0);
	assert_int_equal(buffer_append(&b, "ghi", 3, 8), -1);
	assert_int_equal(b.len, 6);
	buffer_drop_front(&b, 2);
	assert_memory_equal(b.p, "cdef", 4);
	buffer_drop_front(&b, 99);
	assert_int_equal(b.len, 0);
}

static void a_string_fits_or_leaves_nothing(void **state)
{
	char d[4] = "old";

	(void)state;
	assert_true(copy_str(d, sizeof(d), "abc"));
	assert_false(copy_str(d, sizeof(d), "abcd"));
	assert_string_equal(d, "");
	assert_false(str_ends_inside("abcd", 4));
	assert_true(str_ends_inside("abc", 4));
}

static void characters_are_counted(void **state)
{
	static const char text[] = "a\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x90\x95z";
	struct text_size size = text_measure(text, sizeof(text) - 1);

	(void)state;
	assert_int_equal(size.chars, 5);
	assert_int_equal(size.wide, 3);
	size = text_measure("", 0);
	assert_int_equal(size.chars + size.wide, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reader_never_passes_its_end),
		cmocka_unit_test(a_full_writer_cuts_nothing_in_silence),
		cmocka_unit_test(json_strings_are_plain_ascii),
		cmocka_unit_test(names_and_text_are_judged),
		cmocka_unit_test(hex_takes_one_spelling_only),
		cmocka_unit_test(a_buffer_keeps_its_cap),
		cmocka_unit_test(a_string_fits_or_leaves_nothing),
		cmocka_unit_test(characters_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
