/* SPDX-License-Identifier: Apache-2.0 */
/* test_sse.c - server-sent events, whole and in any pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "fetch/sse.h"

struct seen {
	char text[512];
	size_t n;
	int stop_after;
};

static int take(void *arg, const char *data, size_t n, struct err *e)
{
	struct seen *s = arg;

	s->n += (size_t)snprintf(s->text + s->n, sizeof(s->text) - s->n, "[%.*s]", (int)n, data);
	return s->stop_after && --s->stop_after == 0 ? err_set(e, ERR_FORMAT, "enough") : 0;
}

static const struct {
	const char *name, *in, *out;
} streams[] = {
	{ "one", "data: a\n\n", "[a]" },
	{ "two", "data: a\n\ndata: b\n\n", "[a][b]" },
	{ "no blank", "data:a\n\n", "[a]" },
	{ "only the first blank goes", "data:  a\n\n", "[ a]" },
	{ "CR LF", "data: a\r\n\r\ndata: b\r\n\r\n", "[a][b]" },
	{ "CR", "data: a\r\rdata: b\r\r", "[a][b]" },
	{ "lines of one event", "data: a\ndata: b\n\n", "[a\nb]" },
	{ "an empty line of it", "data: a\ndata\n\n", "[a\n]" },
	{ "empty data", "data:\n\n", "[]" },
	{ "comments", ": hello\n\ndata: a\n: x\n\n", "[a]" },
	{ "other fields", "event: x\nid: 4\nretry: 9\ndata: a\n\n", "[a]" },
	{ "a longer name", "datas: a\n\n", "" },
	{ "a shorter name", "dat: a\n\n", "" },
	{ "what is not ended is none", "data: a\n", "" },
	{ "nor without a line's end", "data: a", "" },
	{ "nothing", "", "" },
	{ "blank lines", "\n\n\n", "" },
};

static void whole_and_in_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(streams); i++)
		for (size_t piece = 1; piece < 9; piece++) {
			CLEANUP(sse_free_p) struct sse s = { 0 };
			size_t n = strlen(streams[i].in);
			struct seen seen = { 0 };

			for (size_t at = 0; at < n; at += piece)
				assert_int_equal(sse_feed(&s, streams[i].in + at,
							  n - at < piece ? n - at : piece, take,
							  &seen, NULL),
						 0);
			if (strcmp(seen.text, streams[i].out) != 0)
				fail_msg("%s, %zu at once: %s", streams[i].name, piece, seen.text);
		}
}

static void what_has_no_end_is_refused(void **state)
{
	static char much[SSE_EVENT_MAX];
	CLEANUP(sse_free_p) struct sse line = { 0 };
	CLEANUP(sse_free_p) struct sse event = { 0 };
	struct seen seen = { 0 };
	struct err e = { 0 };
	int r = 0;

	(void)state;
	memset(much, 'x', sizeof(much));
	assert_int_equal(sse_feed(&line, much, sizeof(much), take, &seen, &e), 0);
	assert_int_equal(sse_feed(&line, much, 1, take, &seen, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	for (unsigned int i = 0; r == 0 && i < SSE_EVENT_MAX; i++)
		r = sse_feed(&event, "data: xxxx\n", 11, take, &seen, &e);
	assert_int_equal(r, -1);
	assert_int_equal(e.code, ERR_LIMIT);
}

static void who_takes_them_may_stop(void **state)
{
	CLEANUP(sse_free_p) struct sse s = { 0 };
	struct seen seen = { .stop_after = 2 };
	struct err e = { 0 };
	const char *in = "data: a\n\ndata: b\n\ndata: c\n\n";

	(void)state;
	assert_int_equal(sse_feed(&s, in, strlen(in), take, &seen, &e), -1);
	assert_int_equal(e.code, ERR_FORMAT);
	assert_string_equal(seen.text, "[a][b]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_and_in_pieces),
		cmocka_unit_test(what_has_no_end_is_refused),
		cmocka_unit_test(who_takes_them_may_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
