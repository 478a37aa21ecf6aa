/* SPDX-License-Identifier: Apache-2.0 */
/* test_links.c - links are written where they belong, and nothing else changes.
 * tests: runner/broker/linkmap.c runner/broker/managed.c runner/broker/skeleton.c */
#include "broker/links.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define REL "## Related <!-- kennel:links -->"

static struct link_edit *edit_new(void)
{
	struct link_edit *ed = calloc(1, sizeof(*ed));

	assert_non_null(ed);
	return ed;
}

static struct link_item *item(struct link_item *it, const char *name, const char *anchor)
{
	(void)snprintf(it->target.path, sizeof(it->target.path), "Folder/%s.md", name);
	(void)snprintf(it->target.name, sizeof(it->target.name), "%s", name);
	it->target.stem_unique = true;
	(void)snprintf(it->anchor, sizeof(it->anchor), "%s", anchor ? anchor : "");
	return it;
}

/* add "Target" at the anchor (NULL: an entry of the list) */
static const struct {
	const char *name, *text, *anchor, *expect;
	enum link_outcome outcome;
} adds[] = {
	{ "plain", "see foo here\n", "foo", "see [[Target|foo]] here\n", LINK_DONE },
	{ "anchor is the name", "see Target.\n", "Target", "see [[Target]].\n", LINK_DONE },
	{ "first of two", "foo foo\n", "foo", "[[Target|foo]] foo\n", LINK_DONE },
	{ "no line end at the end", "foo", "foo", "[[Target|foo]]", LINK_DONE },
	{ "crlf", "a\r\nfoo b\r\n", "foo", "a\r\n[[Target|foo]] b\r\n", LINK_DONE },
	{ "tabs", "a\tfoo\tb\n", "foo", "a\t[[Target|foo]]\tb\n", LINK_DONE },
	{ "heading", "# about foo\n", "foo", "# about [[Target|foo]]\n", LINK_DONE },
	{ "setext heading", "foo\n===\n", "foo", "[[Target|foo]]\n===\n", LINK_DONE },
	{ "list, quote", "> - foo\n", "foo", "> - [[Target|foo]]\n", LINK_DONE },
	{ "emphasis", "an *foo* b\n", "foo", "an *[[Target|foo]]* b\n", LINK_DONE },
	{ "nested emphasis", "***a foo b***\n", "foo", "***a [[Target|foo]] b***\n", LINK_DONE },
	{ "emphasis inside a word breaks", "x*foo*y foo\n", "foo", "x*foo*y [[Target|foo]]\n",
	  LINK_DONE },
	{ "anchor across emphasis", "a *fo*o\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "anchor across lines", "a foo\nbar\n", "foo bar", NULL, LINK_NO_ANCHOR },
	{ "non-ASCII", "über Größe und\n", "Größe", "über [[Target|Größe]] und\n", LINK_DONE },
	{ "part of a non-ASCII word", "Größen\n", "Größe", NULL, LINK_NO_ANCHOR },
	{ "script without blanks", "我喜歡機器學習的\n", "機器學習",
	  "我喜歡[[Target|機器學習]]的\n", LINK_DONE },
	{ "part of a word", "foobar xfoo foo\n", "foo", "foobar xfoo [[Target|foo]]\n", LINK_DONE },
	{ "code span", "`foo` x\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "code span, then text", "`foo` foo\n", "foo", "`foo` [[Target|foo]]\n", LINK_DONE },
	{ "fenced code", "```\nfoo\n```\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "open fence to the end", "x\n\n~~~\nfoo\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "indented code", "x\n\n    foo\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "front matter", "---\ntitle: foo\n---\nfoo\n", "foo",
	  "---\ntitle: foo\n---\n[[Target|foo]]\n", LINK_DONE },
	{ "only in front matter", "---\ntitle: foo\n---\nx\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "link text", "[foo](x.html)\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "link destination", "[x](foo)\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "reference", "[foo]\n\n[foo]: /x\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "bare brackets", "[foo] foo\n", "foo", "[foo] [[Target|foo]]\n", LINK_DONE },
	{ "footnote", "a[^foo]\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "other wiki link", "[[Other|foo]] [[foo]]\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "embed", "![[foo]]\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "image", "![foo](a.png)\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "autolink", "<http://foo/>\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "bare URL", "http://x.org/foo/y www.foo.org a@foo.example.org\n", "foo", NULL,
	  LINK_NO_ANCHOR },
	{ "tag", "#foo #a/foo\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "HTML block", "<div>\nfoo\n</div>\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "inline HTML", "a <b>foo</b> c\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "after inline HTML", "a <b>x</b> foo<br> c\n", "foo", "a <b>x</b> [[Target|foo]]<br> c\n",
	  LINK_DONE },
	{ "HTML attribute", "a <img alt=\"foo\"> c\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "HTML comment", "a <!-- foo --> c\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "mathematics", "$foo$ and $$foo$$\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "after a backslash", "\\foo\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "after an escaped mark", "\\*foo\n", "foo", "\\*[[Target|foo]]\n", LINK_DONE },
	{ "escape elsewhere", "a\\*b foo\n", "foo", "a\\*b [[Target|foo]]\n", LINK_DONE },
	{ "entity beside", "&amp; foo &lt;\n", "foo", "&amp; [[Target|foo]] &lt;\n", LINK_DONE },
	{ "table, needs a bar", "|a|\n|-|\n|foo|\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "table, is the name", "|a|\n|-|\n|Target|\n", "Target", "|a|\n|-|\n|[[Target]]|\n",
	  LINK_DONE },
	{ "table of three dashes", "|a|b|\n|---|---|\n|foo|x|\n", "foo", NULL, LINK_NO_ANCHOR },
	{ "table of three dashes, is the name", "a|b\n---|---\nTarget|x\n", "Target",
	  "a|b\n---|---\n[[Target]]|x\n", LINK_DONE },
	{ "a bar in an earlier link", "[[A|b]] foo\n", "foo", "[[A|b]] [[Target|foo]]\n",
	  LINK_DONE },
	{ "table, then text", "|a|\n|-|\n|foo|\n\nfoo\n", "foo",
	  "|a|\n|-|\n|foo|\n\n[[Target|foo]]\n", LINK_DONE },
	{ "task list", "- [ ] foo\n- [x] y\n", "foo", "- [ ] [[Target|foo]]\n- [x] y\n",
	  LINK_DONE },
	{ "hard break kept", "foo  \nb\n", "foo", "[[Target|foo]]  \nb\n", LINK_DONE },
	{ "strikethrough", "~~a foo~~\n", "foo", "~~a [[Target|foo]]~~\n", LINK_DONE },
	{ "heading of the list is not text", "x\n\n" REL "\n\n- [[A]]\n", "Related", NULL,
	  LINK_NO_ANCHOR },
	{ "already linked", "[[Target]] foo\n", "foo", NULL, LINK_ALREADY },
	{ "already, by alias", "[[Target|t]] foo\n", "foo", NULL, LINK_ALREADY },
	{ "already, by heading and case", "[[target#h]] foo\n", "foo", NULL, LINK_ALREADY },
	{ "already, by path", "[[Folder/Target.md]] foo\n", "foo", NULL, LINK_ALREADY },
	{ "already, Markdown link", "[x](../Folder/Target.md#h) foo\n", "foo", NULL, LINK_ALREADY },
	{ "already, encoded", "[x](Folder/T%61rget.md) foo\n", "foo", NULL, LINK_ALREADY },
	{ "another folder's note of this path", "[[Other/Target]] foo\n", "foo",
	  "[[Other/Target]] [[Target|foo]]\n", LINK_DONE },
	{ "a URL that ends like it", "[x](http://h/Folder/Target.md) foo\n", "foo",
	  "[x](http://h/Folder/Target.md) [[Target|foo]]\n", LINK_DONE },
	{ "in the list, already", "x foo\n\n" REL "\n\n- [[Target]]\n", "foo", NULL, LINK_ALREADY },
	{ "code is no link", "`[[Target]]` foo\n", "foo", "`[[Target]]` [[Target|foo]]\n",
	  LINK_DONE },
	{ "list, new", "x\n", NULL, "x\n\n" REL "\n\n- [[Target]]\n", LINK_DONE },
	{ "list, no line end", "x", NULL, "x\n\n" REL "\n\n- [[Target]]\n", LINK_DONE },
	{ "list, blank line there", "x\n\n", NULL, "x\n\n" REL "\n\n- [[Target]]\n", LINK_DONE },
	{ "list, empty note", "", NULL, REL "\n\n- [[Target]]\n", LINK_DONE },
	{ "list, only front matter", "---\na: b\n---\n", NULL,
	  "---\na: b\n---\n" REL "\n\n- [[Target]]\n", LINK_DONE },
	{ "list, front matter without line end", "---\na: b\n---", NULL,
	  "---\na: b\n---\n" REL "\n\n- [[Target]]\n", LINK_DONE },
	{ "list, crlf", "x\r\n", NULL, "x\r\n\r\n" REL "\r\n\r\n- [[Target]]\r\n", LINK_DONE },
	{ "list, grows", "x\n\n" REL "\n\n- [[A]]\n", NULL,
	  "x\n\n" REL "\n\n- [[A]]\n- [[Target]]\n", LINK_DONE },
	{ "list, grows at the end without line end", REL "\n- [[A]]", NULL,
	  REL "\n- [[A]]\n- [[Target]]\n", LINK_DONE },
	{ "list, text below", REL "\n\n- [[A]]\n\nmore\n", NULL,
	  REL "\n\n- [[A]]\n- [[Target]]\n\nmore\n", LINK_DONE },
	{ "list, a person's entry below", REL "\n\n- [[A]]\n- mine [[B]]\n", NULL,
	  REL "\n\n- [[A]]\n- [[Target]]\n- mine [[B]]\n", LINK_DONE },
	{ "list, emptied", REL "\n", NULL, REL "\n\n- [[Target]]\n", LINK_DONE },
	{ "list, same heading without marker", "## Related\n", NULL,
	  "## Related\n\n" REL "\n\n- [[Target]]\n", LINK_DONE },
	{ "list after a list", "- a\n- b\n", NULL, "- a\n- b\n\n" REL "\n\n- [[Target]]\n",
	  LINK_DONE },
	{ "list after a paragraph that could be a heading", "a\nb", NULL,
	  "a\nb\n\n" REL "\n\n- [[Target]]\n", LINK_DONE },
	{ "heading shown in code", "```\n" REL "\n```\n", NULL,
	  "```\n" REL "\n```\n\n" REL "\n\n- [[Target]]\n", LINK_DONE },
};

static void each_add(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(adds); i++) {
		CLEANUP(free_p) struct link_edit *ed = edit_new();
		CLEANUP(buffer_free_p) struct buffer out = { 0 };
		const char *expect = adds[i].expect ? adds[i].expect : adds[i].text;
		struct err e;

		ed->add_count = 1;
		item(&ed->add[0], "Target", adds[i].anchor);
		if (links_apply(adds[i].text, strlen(adds[i].text), ed, &out, &e) < 0)
			fail_msg("%s: %s", adds[i].name, e.text);
		if (out.len != strlen(expect) ||
		    memcmp(out.p ? (char *)out.p : "", expect, out.len) != 0)
			fail_msg("%s: got \"%.*s\"", adds[i].name, (int)out.len, (char *)out.p);
		if (ed->add[0].outcome != adds[i].outcome)
			fail_msg("%s: outcome \"%s\"", adds[i].name,
				 link_outcome_text(ed->add[0].outcome));
	}
}

/* What was added stays as it is when the same call comes again. */
static void a_second_run_adds_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(adds); i++) {
		CLEANUP(free_p) struct link_edit *ed = edit_new();
		CLEANUP(buffer_free_p) struct buffer out = { 0 };
		const char *once = adds[i].expect;

		if (!once)
			continue;
		ed->add_count = 1;
		item(&ed->add[0], "Target", adds[i].anchor);
		assert_int_equal(links_apply(once, strlen(once), ed, &out, NULL), 0);
		assert_int_equal(ed->add[0].outcome, LINK_ALREADY);
		assert_int_equal(out.len, strlen(once));
		assert_memory_equal(out.p, once, out.len);
	}
}

/* remove "Target" */
static const struct {
	const char *name, *text, *expect;
	enum link_outcome outcome;
} removes[] = {
	{ "plain", "a [[Target]] b\n", "a Target b\n", LINK_DONE },
	{ "with text", "a [[Target|the *big* t]] b\n", "a the *big* t b\n", LINK_DONE },
	{ "every one", "[[Target]] [[Target|x]] [[target#h|y]]\n", "Target x y\n", LINK_DONE },
	{ "another's stays", "[[Other]] [[Target]]\n", "[[Other]] Target\n", LINK_DONE },
	{ "none", "Target\n", NULL, LINK_ABSENT },
	{ "code stays", "`[[Target]]`\n", NULL, LINK_ABSENT },
	{ "Markdown link stays", "[x](Folder/Target.md)\n", NULL, LINK_ABSENT },
	{ "entry", "x\n\n" REL "\n\n- [[A]]\n- [[Target]]\n", "x\n\n" REL "\n\n- [[A]]\n",
	  LINK_DONE },
	{ "last entry takes the heading", "x\n\n" REL "\n\n- [[Target]]\n", "x\n", LINK_DONE },
	{ "last entry, text below", "x\n\n" REL "\n\n- [[Target]]\n\ny\n", "x\n\ny\n", LINK_DONE },
	{ "last entry, a person's item below", REL "\n\n- [[Target]]\n- mine\n", REL "\n\n- mine\n",
	  LINK_DONE },
	{ "entry and text", "[[Target]]\n\n" REL "\n\n- [[Target]]\n", "Target\n", LINK_DONE },
	{ "front matter stays", "---\na: \"[[Target]]\"\n---\n[[Target]]\n",
	  "---\na: \"[[Target]]\"\n---\nTarget\n", LINK_DONE },
};

static void each_remove(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(removes); i++) {
		CLEANUP(free_p) struct link_edit *ed = edit_new();
		CLEANUP(buffer_free_p) struct buffer out = { 0 };
		const char *expect = removes[i].expect ? removes[i].expect : removes[i].text;
		struct err e;

		ed->remove_count = 1;
		item(&ed->remove[0], "Target", NULL);
		if (links_apply(removes[i].text, strlen(removes[i].text), ed, &out, &e) < 0)
			fail_msg("%s: %s", removes[i].name, e.text);
		if (out.len != strlen(expect) || memcmp(out.p, expect, out.len) != 0)
			fail_msg("%s: got \"%.*s\"", removes[i].name, (int)out.len, (char *)out.p);
		assert_int_equal(ed->remove[0].outcome, removes[i].outcome);
	}
}

static void several_at_once(void **state)
{
	static const char text[] =
		"machine learning and learning of machines\n\n" REL "\n\n- [[Old]]\n- [[Keep]]\n";
	static const char expect[] =
		"[[ML|machine learning]] and [[L|learning]] of machines\n\n" REL
		"\n\n- [[Keep]]\n- [[New]]\n";
	CLEANUP(free_p) struct link_edit *ed = edit_new();
	CLEANUP(buffer_free_p) struct buffer out = { 0 };

	(void)state;
	item(&ed->add[0], "ML", "machine learning");
	item(&ed->add[1], "L", "learning");
	item(&ed->add[2], "New", NULL);
	item(&ed->add[3], "New", "and");
	item(&ed->add[4], "Hidden", "and")->outcome = LINK_NO_TARGET;
	item(&ed->remove[0], "Old", NULL);
	item(&ed->remove[1], "Old", NULL);
	ed->add_count = 5;
	ed->remove_count = 2;
	assert_int_equal(links_apply(text, strlen(text), ed, &out, NULL), 0);
	assert_int_equal(out.len, strlen(expect));
	assert_memory_equal(out.p, expect, out.len);
	assert_int_equal(ed->add[3].outcome, LINK_ALREADY);
	assert_int_equal(ed->add[4].outcome, LINK_NO_TARGET);
	assert_int_equal(ed->remove[1].outcome, LINK_ABSENT);
}

/* When text would change its meaning, nothing is written at all. */
static void nothing_is_written_into_an_open_block(void **state)
{
	static const char *const texts[] = { "```\ncode", "<!-- open", "x\n\n<pre>\n" };

	(void)state;
	for (size_t i = 0; i < countof(texts); i++) {
		CLEANUP(free_p) struct link_edit *ed = edit_new();
		CLEANUP(buffer_free_p) struct buffer out = { 0 };
		struct err e;

		ed->add_count = 1;
		item(&ed->add[0], "Target", NULL);
		assert_int_equal(links_apply(texts[i], strlen(texts[i]), ed, &out, &e), -1);
		assert_int_equal(e.code, ERR_STATE);
		assert_null(out.p);
	}
}

static void names_that_are_no_link_are_passed_over(void **state)
{
	static const char *const names[] = {
		"a]]b",
		"a|b",
		"a#b",
		"a^b",
		"[a",
		"a\\",
		"`a`",
		"<b>",
		"a\nb",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	};
	static const char text[] = "some foo text\n";

	(void)state;
	for (size_t i = 0; i < countof(names); i++)
		for (int entry = 0; entry < 2; entry++) {
			CLEANUP(free_p) struct link_edit *ed = edit_new();
			CLEANUP(buffer_free_p) struct buffer out = { 0 };

			ed->add_count = 1;
			item(&ed->add[0], names[i], entry ? NULL : "foo");
			assert_int_equal(links_apply(text, strlen(text), ed, &out, NULL), 0);
			if (ed->add[0].outcome != LINK_BAD_NAME)
				fail_msg("\"%s\" was written: \"%.*s\"", names[i], (int)out.len,
					 (char *)out.p);
			assert_int_equal(out.len, strlen(text));
		}
}

static void anchors(void **state)
{
	static const char *const bad[] = { "",	  " a", "a ",	"a\nb",	 "a]",	 "[a",
					   "a|b", "`a", "a\\b", "a\x01", "\xff", "\xe2\x80\xae" };
	char long_one[ANCHOR_MAX + 8];

	(void)state;
	for (size_t i = 0; i < countof(bad); i++)
		assert_false(link_anchor_is_valid(bad[i]));
	memset(long_one, 'a', sizeof(long_one));
	long_one[sizeof(long_one) - 1] = '\0';
	assert_false(link_anchor_is_valid(long_one));
	long_one[ANCHOR_MAX - 1] = '\0';
	assert_true(link_anchor_is_valid(long_one));
	assert_true(link_anchor_is_valid("über 機器 a_b*c"));
}

/* The proof alone, against texts a broken editor could make. */
static void the_proof_sees_every_other_change(void **state)
{
	static const struct {
		const char *old, *new;
	} bad[] = {
		{ "a b\n", "a c\n" },
		{ "a b\n", "a b\n\nmore\n" },
		{ "a b\n", "a *b*\n" },
		{ "a\n\nb\n", "a\nb\n" },
		{ "- a\n- b\n", "- a\n\n- b\n" },
		{ "[x](a.md)\n", "[x](b.md)\n" },
		{ "[x](a.md)\n", "x\n" },
		{ "![x](a.png)\n", "![x](b.png)\n" },
		{ "# a\n", "## a\n" },
		{ "`a`\n", "a\n" },
		{ "```c\nx\n```\n", "```sh\nx\n```\n" },
		{ "a\n", "a <script>x</script>\n" },
		{ "- [ ] a\n", "- [x] a\n" },
		{ "|a|\n|-|\n|b|\n", "|a|\n|:-|\n|b|\n" },
		{ "---\na: b\n---\nx\n", "---\na: c\n---\nx\n" },
		{ "---\na: b\n---\nx\n", "x\n" },
		{ "x\n", "---\na: b\n---\nx\n" },
		{ "a\n", "a\n\n## Other <!-- kennel:links -->\n" },
		{ REL "\n\n- [[A]]\n- mine\n", REL "\n\n- [[A]]\n- yours\n" },
		{ REL "\n\n- [[A]]\n", REL "\n\n- [[A]] and more\n" },
		{ REL "\n\n- [[A]]\n", REL "\n\n- [[A]] [[B]]\n" },
		{ REL "\n", REL "\n\n" REL "\n" },
		{ "a\n", "a\n\n" REL "\n\ntext\n" },
		{ "1. a\n", "2. a\n" },
		{ "a\n", "[[T|b]]\n" },
	};

	(void)state;
	for (size_t i = 0; i < countof(bad); i++) {
		struct err e = { 0 };

		if (links_check_only_links(bad[i].old, strlen(bad[i].old), bad[i].new,
					   strlen(bad[i].new), &e) == 0)
			fail_msg("not seen: \"%s\" -> \"%s\"", bad[i].old, bad[i].new);
		assert_int_equal(e.code, ERR_STATE);
	}
}

/* ---- random notes ---- */

static uint64_t seed;

static uint32_t next_random(uint32_t below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % below;
}

static size_t random_note(char *s, size_t cap)
{
	static const char *const pieces[] = {
		"foo",	      "Target",
		"[[Target]]", "[[Target|foo]]",
		"[[Other]]",  "*",
		"**",	      "_",
		"`",	      "```\n",
		"\n",	      "\n\n",
		" ",	      "- ",
		"> ",	      "# ",
		"## ",	      "|",
		"|-|-|\n",    "<b>",
		"</b>",	      "<!--",
		"-->",	      "[",
		"]",	      "[[",
		"]]",	      "(",
		")",	      "!",
		"\\",	      "&amp;",
		"$",	      "~~",
		"\t",	      "    ",
		"1. ",	      "---\n",
		"===\n",      "http://foo/",
		"#foo",	      "\r\n",
		"ö",	      "機",
		REL "\n",     "- [[Target]]\n",
		"- [[A]]\n",  "[x]: foo\n",
		"<div>\n",    ".",
		",",	      "a",
		"bar ",
	};
	size_t n = 0;

	for (uint32_t left = next_random(40); left > 0; left--) {
		const char *p = pieces[next_random((uint32_t)countof(pieces))];

		if (n + strlen(p) < cap) {
			memcpy(s + n, p, strlen(p));
			n += strlen(p);
		}
	}
	return n;
}

/* Independent of the parser: without brackets, names before bars, our list and blank lines, the
 * bytes of the old text must all be in the new one, in order. */
static bool is_subsequence(const char *old, size_t n, const char *new, size_t m)
{
	size_t i = 0;

	for (size_t k = 0; i < n && k < m; k++)
		i += old[i] == new[k];
	return i == n;
}

static void random_notes_keep_their_text(void **state)
{
	enum { NOTES = 6000 };
	unsigned int done = 0, refused = 0;

	(void)state;
	seed = 20240611;
	for (int i = 0; i < NOTES; i++) {
		CLEANUP(free_p) struct link_edit *ed = edit_new();
		CLEANUP(buffer_free_p) struct buffer out = { 0 };
		CLEANUP(buffer_free_p) struct buffer again = { 0 };
		char *text = malloc(1024);
		CLEANUP(free_p) char *owner = text;
		size_t n = random_note(text, 1024);
		struct err e;

		item(&ed->add[0], "New", "foo");
		item(&ed->add[1], "Target", "Target");
		item(&ed->add[2], "More", NULL);
		ed->add_count = 3;
		if (links_apply(text, n, ed, &out, &e) < 0) {
			assert_int_equal(e.code, ERR_STATE);
			refused++;
			continue;
		}
		done++;
		if (!is_subsequence(text, n, (char *)out.p, out.len))
			fail_msg("text lost: \"%.*s\" -> \"%.*s\"", (int)n, text, (int)out.len,
				 (char *)out.p);
		assert_int_equal(links_check_only_links(text, n, (char *)out.p, out.len, NULL), 0);
		for (size_t k = 0; k < 3; k++)
			if (ed->add[k].outcome == LINK_DONE)
				ed->add[k].outcome = LINK_UNDECIDED;
		assert_int_equal(links_apply((char *)out.p, out.len, ed, &again, NULL), 0);
		for (size_t k = 0; k < 3; k++)
			assert_int_not_equal(ed->add[k].outcome, LINK_DONE);
		assert_int_equal(again.len, out.len);
	}
	assert_true(done > refused * 4);
}

static void too_large_is_refused(void **state)
{
	CLEANUP(free_p) struct link_edit *ed = edit_new();
	CLEANUP(free_p) char *text = malloc(300 * 1024);
	CLEANUP(buffer_free_p) struct buffer out = { 0 };
	struct err e;

	(void)state;
	memset(text, 'a', 300 * 1024);
	ed->add_count = 1;
	item(&ed->add[0], "Target", "foo");
	assert_int_equal(links_apply(text, 300 * 1024, ed, &out, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_add),
		cmocka_unit_test(a_second_run_adds_nothing),
		cmocka_unit_test(each_remove),
		cmocka_unit_test(several_at_once),
		cmocka_unit_test(nothing_is_written_into_an_open_block),
		cmocka_unit_test(names_that_are_no_link_are_passed_over),
		cmocka_unit_test(anchors),
		cmocka_unit_test(the_proof_sees_every_other_change),
		cmocka_unit_test(random_notes_keep_their_text),
		cmocka_unit_test(too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
