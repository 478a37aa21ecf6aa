/* SPDX-License-Identifier: Apache-2.0 */
/* markdown.c - title and tags of a note's body. */
#include "broker/markdown.h"

#include <stdint.h>
#include <string.h>

struct facts {
	struct markdown_facts *out;
	struct writer title;
	int h1;	   /* 1 inside the first heading of level 1, 2 after it */
	int quiet; /* open links, images and code blocks: no tags there */
	bool failed;
};

static int enter_block(MD_BLOCKTYPE t, void *detail, void *arg)
{
	struct facts *f = arg;

	if (t == MD_BLOCK_H && ((MD_BLOCK_H_DETAIL *)detail)->level == 1 && f->h1 == 0)
		f->h1 = 1;
	if (t == MD_BLOCK_CODE || t == MD_BLOCK_HTML)
		f->quiet++;
	return 0;
}

static int leave_block(MD_BLOCKTYPE t, void *detail, void *arg)
{
	struct facts *f = arg;

	(void)detail;
	if (t == MD_BLOCK_H && f->h1 == 1)
		f->h1 = 2;
	if (t == MD_BLOCK_CODE || t == MD_BLOCK_HTML)
		f->quiet--;
	return 0;
}

static bool span_is_quiet(MD_SPANTYPE t)
{
	return t == MD_SPAN_A || t == MD_SPAN_IMG || t == MD_SPAN_CODE || t == MD_SPAN_WIKILINK;
}

static int enter_span(MD_SPANTYPE t, void *detail, void *arg)
{
	(void)detail;
	((struct facts *)arg)->quiet += span_is_quiet(t);
	return 0;
}

static int leave_span(MD_SPANTYPE t, void *detail, void *arg)
{
	(void)detail;
	((struct facts *)arg)->quiet -= span_is_quiet(t);
	return 0;
}

static bool is_tag_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || c == '-' || c == '/' || (c & 0x80);
}

/* "#tag" after a blank or at the start; only digits is a number, not a tag. */
static void find_tags(struct facts *f, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t start = i + 1, end = start;
		bool only_digits = true;

		if (s[i] != '#' || (i > 0 && !strchr(" \t(", s[i - 1])))
			continue;
		for (; end < n && is_tag_byte(s[end]); end++)
			only_digits = only_digits && s[end] >= '0' && s[end] <= '9';
		if (!only_digits && words_add(&f->out->tags, s + start, end - start) < 0)
			f->failed = true;
		i = end - 1;
	}
}

static int take_text(MD_TEXTTYPE t, const MD_CHAR *s, MD_SIZE n, void *arg)
{
	struct facts *f = arg;

	if (f->h1 == 1) {
		if (t == MD_TEXT_SOFTBR || t == MD_TEXT_BR)
			writer_str(&f->title, " ");
		else if (t != MD_TEXT_HTML)
			writer_bytes(&f->title, s, n);
	}
	if (t == MD_TEXT_NORMAL && f->quiet == 0)
		find_tags(f, s, n);
	return f->failed ? 1 : 0;
}

int markdown_facts(const char *body, size_t n, struct markdown_facts *ret)
{
	struct markdown_facts out = { 0 };
	struct facts f = { .out = &out };
	MD_PARSER parser = { .flags = MARKDOWN_FLAGS,
			     .enter_block = enter_block,
			     .leave_block = leave_block,
			     .enter_span = enter_span,
			     .leave_span = leave_span,
			     .text = take_text };

	if (n <= MARKDOWN_MAX) {
		writer_init(&f.title, out.title, sizeof(out.title));
		if (md_parse(body, (MD_SIZE)n, &parser, &f) != 0) {
			words_free_p(&out.tags);
			return -1;
		}
		if (f.title.full || !text_is_printable(out.title, strlen(out.title)))
			out.title[0] = '\0';
	}
	*ret = out;
	return 0;
}

bool markdown_is_managed_heading(const char *body, size_t n, const char *marker)
{
	const size_t whole = strlen(MANAGED_HEADING);
	const size_t before = whole - strlen(MANAGED_MARKER);
	uintptr_t base = (uintptr_t)body, at = (uintptr_t)marker;
	size_t start, end;

	if (at < base + before || at > base + n)
		return false;
	start = at - base - before;
	if (n - start < whole || memcmp(body + start, MANAGED_HEADING, whole) != 0)
		return false;
	if (start > 0 && body[start - 1] != '\n')
		return false;
	for (end = start + whole; end < n && body[end] != '\n'; end++)
		if (body[end] != ' ' && body[end] != '\r')
			return false;
	return true;
}
