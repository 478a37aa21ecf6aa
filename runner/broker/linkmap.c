/* SPDX-License-Identifier: Apache-2.0 */
/* linkmap.c - where in a note's body text may become a link, and where links are already. */
#include "broker/linkmap.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

enum {
	ITEMS_MAX = 65536,
	HREFS_MAX = 1024,
	HREF_BYTES_MAX = 512,
	LOOK_BYTES =
		16384, /* how far around an occurrence its line is read; some notes are one line */
	TRIES_MAX = 256,    /* occurrences of one anchor looked at */
};

struct mapping {
	struct link_map *map;
	size_t run_cap, link_cap;
	int quiet; /* open spans and blocks in which nothing may be linked */
	int html;  /* open inline HTML elements of this block */
	int table;
	bool h2;
	bool in_wiki;
	struct map_link
		link; /* the open wiki link; target_off SIZE_MAX: it has no place in the source */
};

static bool grow(void **v, size_t *cap, size_t count, size_t size)
{
	size_t want = *cap ? *cap * 2 : 64;
	void *p;

	if (count < *cap)
		return true;
	if (count >= ITEMS_MAX)
		return false;
	p = reallocarray(*v, want, size);
	if (!p)
		return false;
	*v = p;
	*cap = want;
	return true;
}

/* md4c hands out pointers into the source, and sometimes to its own copies. */
static bool offset_of(const struct link_map *m, const char *p, size_t n, size_t *ret_off)
{
	uintptr_t base = (uintptr_t)m->body, at = (uintptr_t)p;

	if (at < base || at - base > m->body_len || m->body_len - (at - base) < n)
		return false;
	*ret_off = at - base;
	return true;
}

static bool block_is_quiet(MD_BLOCKTYPE t)
{
	return t == MD_BLOCK_CODE || t == MD_BLOCK_HTML;
}

static int enter_block(MD_BLOCKTYPE t, void *detail, void *arg)
{
	struct mapping *m = arg;

	m->quiet += block_is_quiet(t);
	m->table += t == MD_BLOCK_TABLE;
	m->html = 0;
	m->h2 = t == MD_BLOCK_H && ((MD_BLOCK_H_DETAIL *)detail)->level == 2;
	return 0;
}

static int leave_block(MD_BLOCKTYPE t, void *detail, void *arg)
{
	struct mapping *m = arg;

	(void)detail;
	m->quiet -= block_is_quiet(t);
	m->table -= t == MD_BLOCK_TABLE;
	m->html = 0;
	return 0;
}

static bool span_is_quiet(MD_SPANTYPE t)
{
	return t != MD_SPAN_EM && t != MD_SPAN_STRONG && t != MD_SPAN_DEL && t != MD_SPAN_U;
}

static int keep_href(struct link_map *m, const MD_ATTRIBUTE *href)
{
	if (m->href_count >= HREFS_MAX || href->size >= HREF_BYTES_MAX)
		return 0;
	if (!m->hrefs)
		m->hrefs = calloc(HREFS_MAX, sizeof(*m->hrefs));
	if (!m->hrefs)
		return -1;
	m->hrefs[m->href_count] = strndup(href->size ? href->text : "", href->size);
	if (!m->hrefs[m->href_count])
		return -1;
	m->href_count++;
	return 0;
}

static int enter_span(MD_SPANTYPE t, void *detail, void *arg)
{
	struct mapping *m = arg;

	m->quiet += span_is_quiet(t);
	if (t == MD_SPAN_A)
		return keep_href(m->map, &((MD_SPAN_A_DETAIL *)detail)->href);
	if (t == MD_SPAN_WIKILINK) {
		const MD_ATTRIBUTE *target = &((MD_SPAN_WIKILINK_DETAIL *)detail)->target;

		m->in_wiki = true;
		m->link = (struct map_link){ .target_off = SIZE_MAX,
					     .target_len = target->size,
					     .text_off = SIZE_MAX };
		(void)offset_of(m->map, target->text, target->size, &m->link.target_off);
	}
	return 0;
}

/* The source around target and text must read "[[target]]" or "[[target|text]]"; else the link
 * stays unknown, and is neither counted nor removed. */
static bool place_link(const struct link_map *m, struct map_link *l)
{
	const char *b = m->body;
	size_t after_target = l->target_off + l->target_len;
	const char *close;

	if (l->target_off == SIZE_MAX || l->text_off == SIZE_MAX || l->target_off < 2)
		return false;
	if (memcmp(b + l->target_off - 2, "[[", 2) != 0)
		return false;
	l->off = l->target_off - 2;
	if (l->text_off != l->target_off && (after_target >= m->body_len || b[after_target] != '|'))
		return false;
	close = memmem(b + after_target, m->body_len - after_target, "]]", 2);
	if (!close)
		return false;
	l->end = (size_t)(close - b) + 2;
	if (l->text_off != l->target_off)
		l->text_off = after_target + 1;
	if (l->text_off > (size_t)(close - b))
		return false;
	l->text_len = (size_t)(close - b) - l->text_off;
	return true;
}

static int leave_span(MD_SPANTYPE t, void *detail, void *arg)
{
	struct mapping *m = arg;
	struct link_map *map = m->map;

	(void)detail;
	m->quiet -= span_is_quiet(t);
	if (t != MD_SPAN_WIKILINK)
		return 0;
	m->in_wiki = false;
	if (!place_link(map, &m->link))
		return 0;
	if (!grow((void **)&map->links, &m->link_cap, map->link_count, sizeof(*map->links)) ||
	    !map->links)
		return -1;
	map->links[map->link_count++] = m->link;
	return 0;
}

static bool html_is_void(const char *s, size_t n)
{
	static const char *const names[] = { "br", "hr", "img", "wbr", "input" };
	size_t len = 0;

	while (1 + len < n && s[1 + len] != ' ' && s[1 + len] != '/' && s[1 + len] != '>')
		len++;
	for (size_t i = 0; i < countof(names); i++)
		if (strlen(names[i]) == len && !strncasecmp(names[i], s + 1, len))
			return true;
	return n >= 2 && s[n - 2] == '/';
}

static void take_html(struct mapping *m, const char *s, size_t n)
{
	struct link_map *map = m->map;
	size_t off;

	if (m->h2 && map->managed_off == SIZE_MAX && n == strlen(MANAGED_MARKER) &&
	    offset_of(map, s, n, &off) && markdown_is_managed_heading(map->body, map->body_len, s))
		map->managed_off = off - (strlen(MANAGED_HEADING) - strlen(MANAGED_MARKER));
	if (n < 3 || s[0] != '<' || s[1] == '!' || s[1] == '?')
		return;
	if (s[1] == '/')
		m->html -= m->html > 0;
	else if (!html_is_void(s, n))
		m->html++;
}

static int take_text(MD_TEXTTYPE t, const MD_CHAR *s, MD_SIZE n, void *arg)
{
	struct mapping *m = arg;
	struct link_map *map = m->map;
	struct map_run *last = map->run_count ? &map->runs[map->run_count - 1] : NULL;
	size_t off;

	if (t == MD_TEXT_HTML && m->quiet == 0)
		take_html(m, s, n);
	if (m->in_wiki && m->link.text_off == SIZE_MAX)
		(void)offset_of(map, s, n, &m->link.text_off);
	if (t != MD_TEXT_NORMAL || m->quiet || m->html || n == 0 || !offset_of(map, s, n, &off))
		return 0;
	if (last && last->off + last->len == off) {
		last->len += n;
		return 0;
	}
	if (!grow((void **)&map->runs, &m->run_cap, map->run_count, sizeof(*map->runs)) ||
	    !map->runs)
		return -1;
	map->runs[map->run_count++] =
		(struct map_run){ .off = off, .len = n, .in_table = m->table > 0 };
	return 0;
}

int linkmap_build(const char *body, size_t n, struct link_map *ret, struct err *e)
{
	CLEANUP(linkmap_free_p)
	struct link_map map = { .body = body, .body_len = n, .managed_off = SIZE_MAX };
	struct mapping m = { .map = &map };
	MD_PARSER parser = { .flags = MARKDOWN_FLAGS,
			     .enter_block = enter_block,
			     .leave_block = leave_block,
			     .enter_span = enter_span,
			     .leave_span = leave_span,
			     .text = take_text };

	if (n > MARKDOWN_MAX)
		return err_set(e, ERR_LIMIT, "a note of %zu bytes; links are written up to %u", n,
			       MARKDOWN_MAX);
	if (md_parse(body, (MD_SIZE)n, &parser, &m) != 0)
		return err_set(
			e, ERR_LIMIT,
			"the note has more pieces of text than can be linked, or memory is out");
	*ret = map;
	map = (struct link_map){ 0 };
	return 0;
}

void linkmap_free_p(struct link_map *m)
{
	for (size_t i = 0; i < m->href_count; i++)
		free(m->hrefs[i]);
	free(m->hrefs);
	free(m->runs);
	free(m->links);
	*m = (struct link_map){ 0 };
}

static bool is_alnum(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Letters of Latin, Greek and Cyrillic: their UTF-8 lead bytes are 0xc3 to 0xd4. Scripts without
 * blanks between words (Chinese, Thai ...) have no such boundary. */
static bool is_letter_lead(char c)
{
	return (unsigned char)c >= 0xc3 && (unsigned char)c <= 0xd4;
}

static bool ends_with_letter(const char *p, size_t n)
{
	if (n == 0)
		return false;
	if (is_alnum((unsigned char)p[n - 1]))
		return true;
	return n >= 2 && (p[n - 1] & 0xc0) == 0x80 && is_letter_lead(p[n - 2]);
}

static bool starts_with_letter(const char *p, size_t n)
{
	return n > 0 && (is_alnum((unsigned char)p[0]) || is_letter_lead(p[0]));
}

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* "[[" beside '*' and its like could make or break emphasis when a word touches the other side. */
static bool sides_are_free(const struct link_map *m, size_t at, size_t n)
{
	const char *b = m->body;
	size_t before = at, after = at + n;

	if (before > 0 && is_one_of(b[before - 1], "\\!^#@$`"))
		return false;
	while (before > 0 && is_one_of(b[before - 1], "*_~"))
		before--;
	if (before != at && ends_with_letter(b, before))
		return false;
	while (after < m->body_len && is_one_of(b[after], "*_~`"))
		after++;
	return after == at + n || !starts_with_letter(b + after, m->body_len - after);
}

/* An open '[' before it in its line makes it a label, a task box, an embed, a footnote. */
static bool in_brackets(const struct link_map *m, size_t at, size_t n)
{
	const char *b = m->body;
	int depth = 0;

	for (size_t i = at; i > 0 && at - i < LOOK_BYTES && b[i - 1] != '\n'; i--) {
		depth += b[i - 1] == ']';
		depth -= b[i - 1] == '[';
		if (depth < 0)
			return true;
	}
	return at + n < m->body_len && (b[at + n] == ']' || b[at + n] == '[');
}

/* Bare URLs, mail addresses, tags: one word that means something as a whole. */
static bool in_special_word(const struct link_map *m, size_t at, size_t n)
{
	const char *b = m->body;
	size_t start = at, end = at + n;

	while (start > 0 && at - start < LOOK_BYTES && !is_one_of(b[start - 1], " \t\r\n("))
		start--;
	while (end < m->body_len && end - at < LOOK_BYTES && !is_one_of(b[end], " \t\r\n)"))
		end++;
	return b[start] == '#' || (end - start > 4 && !strncasecmp(b + start, "www.", 4)) ||
	       memmem(b + start, end - start, "://", 3) || memchr(b + start, '@', end - start);
}

/* Some readers see a table where md4c sees none (it wants three dashes): a bar in the line, outside
 * wiki links, may divide cells. */
static bool line_has_bar(const struct link_map *m, size_t at)
{
	const char *b = m->body;
	size_t i = at;
	bool inside = false;

	while (i > 0 && at - i < LOOK_BYTES && b[i - 1] != '\n')
		i--;
	for (; i < m->body_len && b[i] != '\n' && (i < at || i - at < LOOK_BYTES); i++) {
		if (i + 1 < m->body_len && !memcmp(b + i, inside ? "]]" : "[[", 2))
			inside = !inside;
		if (b[i] == '|' && !inside)
			return true;
	}
	return false;
}

static bool may_link_at(const struct link_map *m, size_t at, size_t n)
{
	const char *b = m->body;

	if (starts_with_letter(b + at, n) && ends_with_letter(b, at))
		return false;
	if (ends_with_letter(b + at, n) && starts_with_letter(b + at + n, m->body_len - at - n))
		return false;
	return sides_are_free(m, at, n) && !in_brackets(m, at, n) && !in_special_word(m, at, n);
}

size_t linkmap_find_anchor(const struct link_map *m, const char *anchor, size_t from,
			   bool plain_only)
{
	size_t n = strlen(anchor);
	int tries = 0;

	for (size_t i = 0; i < m->run_count; i++) {
		const struct map_run *r = &m->runs[i];
		size_t at = r->off > from ? r->off : from;
		size_t end = r->off + r->len;

		if (plain_only && r->in_table)
			continue;
		while (at < end) {
			const char *hit = memmem(m->body + at, end - at, anchor, n);

			if (!hit)
				break;
			if (++tries > TRIES_MAX)
				return SIZE_MAX;
			at = (size_t)(hit - m->body);
			if (may_link_at(m, at, n) && !(plain_only && line_has_bar(m, at)))
				return at;
			at++;
		}
	}
	return SIZE_MAX;
}
