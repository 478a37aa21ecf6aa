/* SPDX-License-Identifier: Apache-2.0 */
/* test_changes.c - what the log says of a plugin's changes, and what can be put back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "cli/changes.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define D "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"

struct row {
	const char *t, *event, *plugin, *note, *from, *to;
};

static void take(struct changes *c, const struct row *rows, size_t n)
{
	struct changes_of of = { .plugin = "linker", .since = "2026-11-02", .all = c };
	struct err e;

	for (size_t i = 0; i < n; i++) {
		char line[1024];

		(void)snprintf(line, sizeof(line),
			       "{\"seq\":%zu,\"t\":\"%s\",\"ev\":\"%s\",\"plugin\":\"%s\","
			       "\"object\":\"%s\",\"detail\":\"added 1; from %s to %s\"}",
			       i + 1, rows[i].t, rows[i].event, rows[i].plugin, rows[i].note,
			       rows[i].from, rows[i].to);
		assert_int_equal(changes_take(&of, line, &e), 0);
	}
	assert_int_equal(changes_plan(c, &e), 0);
}

static void changes_that_hang_together_are_one_step(void **state)
{
	static const struct row rows[] = {
		{ "2026-11-02T10:00:00Z", "cap.done", "linker", "b.md", A, B },
		{ "2026-11-02T10:00:01Z", "cap.done", "linker", "a.md", C, D },
		{ "2026-11-02T10:00:02Z", "cap.done", "linker", "b.md", B, C },
	};
	CLEANUP(changes_free_p) struct changes c = { 0 };

	(void)state;
	take(&c, rows, countof(rows));
	assert_int_equal(c.step_count, 2);
	assert_string_equal(c.steps[1].last->note, "b.md");
	assert_string_equal(c.steps[1].last->to, C);
	assert_string_equal(c.steps[1].first->from, A);
	assert_int_equal(c.steps[1].changes, 2);
	assert_int_equal(c.steps[1].kept, 0);
}

static void an_edit_in_between_keeps_what_was_before_it(void **state)
{
	static const struct row rows[] = {
		{ "2026-11-02T10:00:00Z", "cap.done", "linker", "a.md", A, B },
		{ "2026-11-02T10:00:02Z", "cap.done", "linker", "a.md", C, D },
	};
	CLEANUP(changes_free_p) struct changes c = { 0 };

	(void)state;
	take(&c, rows, countof(rows));
	assert_int_equal(c.step_count, 1);
	assert_string_equal(c.steps[0].first->from, C);
	assert_int_equal(c.steps[0].changes, 1);
	assert_int_equal(c.steps[0].kept, 1);
}

static void others_earlier_ones_and_intents_do_not_count(void **state)
{
	static const struct row rows[] = {
		{ "2026-11-01T23:59:59Z", "cap.done", "linker", "a.md", A, B },
		{ "2026-11-02T10:00:00Z", "cap.done", "other", "a.md", B, C },
		{ "2026-11-02T10:00:00Z", "cap.intent", "linker", "a.md", C, D },
		{ "2026-11-02T10:00:00Z", "cap.failed", "linker", "a.md", C, D },
		{ "2026-11-02T10:00:00Z", "cap.done", "linker", "a.md", "not a revision", D },
	};
	CLEANUP(changes_free_p) struct changes c = { 0 };

	(void)state;
	take(&c, rows, countof(rows));
	assert_int_equal(c.step_count, 0);
}

static void what_was_undone_stands_no_more(void **state)
{
	static const struct row rows[] = {
		{ "2026-11-02T10:00:00Z", "cap.done", "linker", "a.md", A, B },
		{ "2026-11-02T10:00:01Z", "cap.done", "linker", "a.md", B, C },
		{ "2026-11-02T10:00:02Z", "cap.done", "linker", "b.md", A, C },
		{ "2026-11-02T11:00:00Z", "undo.done", "linker", "a.md", C, A },
		{ "2026-11-02T12:00:00Z", "cap.done", "linker", "a.md", A, D },
	};
	CLEANUP(changes_free_p) struct changes c = { 0 };

	(void)state;
	take(&c, rows, countof(rows));
	assert_int_equal(c.step_count, 2);
	assert_string_equal(c.steps[0].first->from, A);
	assert_string_equal(c.steps[0].last->to, D);
	assert_int_equal(c.steps[0].changes, 1);
	assert_int_equal(c.steps[0].kept, 0);
	assert_string_equal(c.steps[1].last->note, "b.md");
}

static void a_name_that_was_cut_is_counted(void **state)
{
	CLEANUP(changes_free_p) struct changes c = { 0 };
	struct changes_of of = { .plugin = "linker", .since = "2026", .all = &c };

	(void)state;
	assert_int_equal(
		changes_take(&of,
			     "{\"t\":\"2026-11-02T10:00:00Z\",\"ev\":\"cap.done\","
			     "\"plugin\":\"linker\",\"object\":{\"head\":\"x\",\"len\":500},"
			     "\"detail\":\"from " A " to " B "\"}",
			     NULL),
		0);
	assert_int_equal(changes_take(&of, "not a record", NULL), 0);
	assert_int_equal(c.count, 0);
	assert_int_equal(c.nameless, 1);
}

static void times_are_read_strictly(void **state)
{
	static const struct {
		const char *text;
		const char *want; /* NULL: refused */
	} cases[] = {
		{ "90s", "2026-11-27T09:58:30" },
		{ "2h", "2026-11-27T08:00:00" },
		{ "7d", "2026-11-20T10:00:00" },
		{ "2026-11-01", "2026-11-01T00:00:00" },
		{ "2026-11-01 12:30", "2026-11-01T12:30:00" },
		{ "2026-11-01T12:30:15Z", "2026-11-01T12:30:15" },
		{ "", NULL },
		{ "h", NULL },
		{ "-2h", NULL },
		{ "2h ago", NULL },
		{ "99999999999999999999d", NULL },
		{ "2026-13-01", NULL },
		{ "yesterday", NULL },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		char got[32] = "";
		struct err e;
		int r = changes_since(cases[i].text, 1795773600, got, &e);

		assert_int_equal(r, cases[i].want ? 0 : -1);
		if (cases[i].want)
			assert_string_equal(got, cases[i].want);
		else
			assert_int_equal(e.code, ERR_USAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_that_hang_together_are_one_step),
		cmocka_unit_test(an_edit_in_between_keeps_what_was_before_it),
		cmocka_unit_test(others_earlier_ones_and_intents_do_not_count),
		cmocka_unit_test(what_was_undone_stands_no_more),
		cmocka_unit_test(a_name_that_was_cut_is_counted),
		cmocka_unit_test(times_are_read_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
