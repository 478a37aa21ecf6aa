/* SPDX-License-Identifier: Apache-2.0 */
/* test_linker_text.c - where the linker sees words, and where it must not. tests:
 * images/plugins/ai-auto-linker/text.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "images/plugins/ai-auto-linker/text.c"

#define countof(a) (sizeof(a) / sizeof((a)[0]))

static void finds_whole_words_only(void **state)
{
	static const struct {
		const char *text, *name;
		long at;
	} rows[] = {
		{ "the Plan is", "plan", 4 },
		{ "the plans", "plan", -1 },
		{ "airplan plan", "plan", 8 },
		{ "plan", "plan", 0 },
		{ "(plan)", "PLAN", 1 },
		{ "plan_b", "plan", -1 },
		{ "pl\xc3\xa4n", "pl", -1 },
		{ "\xc3\xa4plan", "plan", -1 },
		{ "a c++ b", "c++", 2 },
		{ "two words here", "Words Here", 4 },
		{ "", "plan", -1 },
		{ "plan", "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		assert_int_equal(text_find_word(rows[i].text, rows[i].name), rows[i].at);
}

static void masks_what_is_no_prose(void **state)
{
	static const char *const hidden[] = {
		"---\nplan\n---\n", "# plan\n",
		"`plan`",	    "``a ` plan``",
		"```\nplan\n```\n", "~~~\nplan\n~~~\n",
		"    plan\n",	    "[[plan]]",
		"[[x|plan]]",	    "[plan](x.md)",
		"[x](plan.md)",	    "<http://plan/>",
		"http://x/plan",    "````\n```\nplan\n````\n",
	};

	(void)state;
	for (size_t i = 0; i < countof(hidden); i++) {
		char text[64];
		size_t n;

		(void)snprintf(text, sizeof(text), "%s", hidden[i]);
		n = strlen(text);
		text_mask(text);
		assert_int_equal(strlen(text), n);
		assert_int_equal(text_find_word(text, "plan"), -1);
	}
}

static void leaves_prose_alone(void **state)
{
	static const char *const seen[] = {
		"plan",
		"a `b` plan",
		"[[b]] plan",
		"```\na\n```\nplan",
		"---\na: b\n---\nplan",
		"a < b plan",
		"[a] plan",
		"`unclosed plan",
		"- plan",
		"--- plan",
	};

	(void)state;
	for (size_t i = 0; i < countof(seen); i++) {
		char text[64];

		(void)snprintf(text, sizeof(text), "%s", seen[i]);
		text_mask(text);
		assert_true(text_find_word(text, "plan") >= 0);
	}
}

static void knows_links(void **state)
{
	(void)state;
	assert_true(text_has_link("see [[Plan]]", "plan"));
	assert_true(text_has_link("see [[Work/Plan|the plan]]", "Work/Plan"));
	assert_true(text_has_link("see [[Plan#Goals]]", "Plan"));
	assert_true(text_has_link("see [it](Plan.md)", "Plan.md"));
	assert_false(text_has_link("see [[Planning]]", "Plan"));
	assert_false(text_has_link("see [[Plan", "Plan"));
	assert_false(text_has_link("Plan", "Plan"));
}

static void counts_letters(void **state)
{
	(void)state;
	assert_int_equal(text_letters("\xc3\xa4\xc3\xb6\xc3\xbc"), 3);
	assert_true(text_same("Tag", "tAG"));
	assert_false(text_same("Tag", "Tags"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_whole_words_only), cmocka_unit_test(masks_what_is_no_prose),
		cmocka_unit_test(leaves_prose_alone),	  cmocka_unit_test(knows_links),
		cmocka_unit_test(counts_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
