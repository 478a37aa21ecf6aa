/* SPDX-License-Identifier: Apache-2.0 */
/* test_frontmatter.c - where the block ends, what it says, and that a hostile one says nothing.
 * tests: runner/broker/words.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "broker/frontmatter.h"

static const struct {
	const char *name;
	const char *text;
	const char *rest; /* what follows the block; NULL: there is none */
	const char *title;
	const char *aliases; /* joined by '|' */
	const char *tags;
} cases[] = {
	{ "none", "# Title\n", NULL, "", "", "" },
	{ "empty note", "", NULL, "", "", "" },
	{ "plain", "---\ntitle: My note\naliases: [A, B c]\ntags: [x, y/z]\n---\nbody", "body",
	  "My note", "A|B c", "x|y/z" },
	{ "crlf", "---\r\ntitle: T\r\n---\r\nbody", "body", "T", "", "" },
	{ "byte order mark", "\xef\xbb\xbf---\ntitle: T\n---\n", "", "T", "", "" },
	{ "dots end it", "---\ntitle: T\n...\nx", "x", "T", "", "" },
	{ "no line end at its end", "---\ntitle: T\n---", "", "T", "", "" },
	{ "not closed", "---\ntitle: T\n", NULL, "", "", "" },
	{ "not at the start", "\n---\ntitle: T\n---\n", NULL, "", "", "" },
	{ "a longer line is a rule", "----\ntitle: T\n----\n", NULL, "", "", "" },
	{ "block sequence, hash tags", "---\ntags:\n  - '#a'\n  - b\n---\n", "", "", "", "a|b" },
	{ "tags in one scalar", "---\ntags: a, b #c\ntag: d\n---\n", "", "", "", "a|b|d" },
	{ "alias in one scalar", "---\nalias: One name\n---\n", "", "", "One name", "" },
	{ "nested keys are not ours", "---\nx: {title: no, tags: [q]}\ntitle: yes\n---\n", "",
	  "yes", "", "" },
	{ "keys that are lists", "---\n? [title, tags]\n: [a]\ntitle: yes\n---\n", "", "yes", "",
	  "" },
	{ "mappings in tags", "---\ntags: [{a: b}, c]\n---\n", "", "", "", "" },
	{ "broken yaml says nothing", "---\ntitle: T\ntags: [a\n---\n", "", "", "", "" },
	{ "aliases say nothing", "---\ntitle: T\na: &x [l]\nb: *x\n---\n", "", "", "", "" },
	{ "not a mapping", "---\n- title\n- T\n---\n", "", "", "", "" },
	{ "a bare scalar", "---\ntitle\n---\n", "", "", "", "" },
	{ "bidi controls in the title", "---\ntitle: \"a\\u202Eb\"\ntags: [t]\n---\n", "", "", "",
	  "t" },
	{ "NUL in a value", "---\ntitle: \"a\\0b\"\ntags: [t]\n---\n", "", "", "", "t" },
	{ "repeated tags once", "---\ntags: [t, t, u]\n---\n", "", "", "", "t|u" },
	{ "empty block", "---\n---\nx", "x", "", "", "" },
};

static void join(const struct words *w, char *ret, size_t cap)
{
	size_t n = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < w->count; i++)
		n += (size_t)snprintf(ret + n, cap - n, "%s%s", i ? "|" : "", w->v[i]);
}

static void each_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct front_matter f;
		char aliases[256], tags[256];
		size_t n = strlen(cases[i].text),
		       want = cases[i].rest ? n - strlen(cases[i].rest) : 0;

		if (frontmatter_length(cases[i].text, n) != want)
			fail_msg("%s: length %zu", cases[i].name,
				 frontmatter_length(cases[i].text, n));
		assert_int_equal(frontmatter_parse(cases[i].text, strlen(cases[i].text), &f), 0);
		join(&f.aliases, aliases, sizeof(aliases));
		join(&f.tags, tags, sizeof(tags));
		if (strcmp(f.title, cases[i].title) || strcmp(aliases, cases[i].aliases) ||
		    strcmp(tags, cases[i].tags))
			fail_msg("%s: title \"%s\" aliases \"%s\" tags \"%s\"", cases[i].name,
				 f.title, aliases, tags);
		frontmatter_free_p(&f);
	}
}

static void *repeat(const char *before, const char *unit, size_t times, const char *after)
{
	size_t n = strlen(before) + strlen(unit) * times + strlen(after) + 1;
	char *s = malloc(n), *at = s;

	assert_non_null(s);
	at = stpcpy(at, before);
	for (size_t i = 0; i < times; i++)
		at = stpcpy(at, unit);
	(void)stpcpy(at, after);
	return s;
}

static void bombs_say_nothing(void **state)
{
	static const struct {
		const char *before, *unit;
		size_t times;
		const char *after;
	} bombs[] = {
		{ "---\ntitle: T\nx: ", "[", 20000, "\n---\n" },
		{ "---\ntitle: T\nx: ", "{a: ", 5000, "\n---\n" },
		{ "---\ntitle: T\n", "a: b\n", 30000, "---\n" },
		{ "---\ntitle: T\nx: [", "a,", 10000, "b]\n---\n" },
		{ "---\ntitle: T\n", "? ", 10000, "\n---\n" },
		{ "---\ntitle: T\n", "- ", 10000, "\n---\n" },
		{ "---\ntitle: T\n", "&a ", 10000, "\n---\n" },
	};

	(void)state;
	for (size_t i = 0; i < countof(bombs); i++) {
		CLEANUP(free_p)
		char *s = repeat(bombs[i].before, bombs[i].unit, bombs[i].times, bombs[i].after);
		struct front_matter f;

		assert_int_equal(frontmatter_parse(s, strlen(s), &f), 0);
		assert_string_equal(f.title, "");
		frontmatter_free_p(&f);
	}
}

static void lists_are_bounded(void **state)
{
	CLEANUP(free_p) char *s = malloc(8192);
	size_t n = (size_t)snprintf(s, 8192, "---\ntags: [");
	struct front_matter f;

	(void)state;
	for (int i = 0; i < 200; i++)
		n += (size_t)snprintf(s + n, 8192 - n, "t%d,", i);
	n += (size_t)snprintf(s + n, 8192 - n, "x]\n---\n");
	assert_int_equal(frontmatter_parse(s, n, &f), 0);
	assert_int_equal(f.tags.count, WORDS_MAX);
	frontmatter_free_p(&f);
}

/* Every prefix and every single changed byte is handled; the sanitizers watch. */
static void damaged_blocks(void **state)
{
	static const char good[] =
		"---\ntitle: \"My note\"\naliases: [A, B]\ntags:\n  - x\n  - {y: z}\n---\nbody\n";

	(void)state;
	for (size_t n = 0; n <= sizeof(good) - 1; n++)
		for (int c = 0; c < 256; c += n % 3 ? 17 : 5) {
			CLEANUP(free_p) char *copy = malloc(n + 1);
			struct front_matter f;

			memcpy(copy, good, n);
			if (n)
				copy[n - 1] = (char)c;
			assert_int_equal(frontmatter_parse(copy, n, &f), 0);
			assert_true(frontmatter_length(copy, n) <= n);
			frontmatter_free_p(&f);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case),
		cmocka_unit_test(bombs_say_nothing),
		cmocka_unit_test(lists_are_bounded),
		cmocka_unit_test(damaged_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
