/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - a scan of Markdown, line by line, then inside the line.
 * Owns: what is masked.  Must not know: notes, calls. */
#include "text.h"

#include <string.h>

#define MASKED '\1'

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

/* A byte above ASCII is part of a letter: better no link than half a word. */
static bool is_word(char c)
{
	char low = lower(c);

	return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

static bool starts_with(const char *s, const char *prefix)
{
	while (*prefix)
		if (lower(*s++) != lower(*prefix++))
			return false;
	return true;
}

bool text_same(const char *a, const char *b)
{
	return starts_with(a, b) && a[strlen(b)] == '\0';
}

size_t text_letters(const char *name)
{
	size_t n = 0;

	for (; *name; name++)
		n += ((unsigned char)*name & 0xc0) != 0x80;
	return n;
}

/* ---- masking ---- */

static char *line_end(char *p)
{
	char *end = strchr(p, '\n');

	return end ? end : p + strlen(p);
}

static void mask(char *from, const char *to)
{
	for (; from < to; from++)
		if (*from != '\n')
			*from = MASKED;
}

/* "---" up to the next "---", at the very start only. Returns what follows. */
static char *mask_front_matter(char *text)
{
	char *p = text;

	if (strncmp(text, "---\n", 4) != 0)
		return text;
	do {
		char *end = line_end(p);

		if (!*end)
			return text;
		p = end + 1;
	} while (strncmp(p, "---", 3) != 0 || (p[3] && p[3] != '\n'));
	p += 3;
	mask(text, p);
	return p;
}

/* The end of a link that starts here, or NULL. */
static char *link_end(char *p)
{
	char *end;

	if (starts_with(p, "[[")) {
		end = strstr(p, "]]");
		return end ? end + 2 : NULL;
	}
	if (*p == '[' || *p == '<') {
		end = strchr(p, *p == '[' ? ']' : '>');
		if (!end || end > line_end(p))
			return NULL;
		if (*p == '[' && end[1] == '(') {
			char *close = strchr(end, ')');

			return close ? close + 1 : NULL;
		}
		return end + 1;
	}
	if (!starts_with(p, "http://") && !starts_with(p, "https://"))
		return NULL;
	return p + strcspn(p, " \t\n");
}

static char *code_end(char *p)
{
	size_t n = strspn(p, "`");
	char *q = p + n;

	for (; *q; q++) {
		size_t m = strspn(q, "`");

		if (m == n)
			return q + n;
		if (m)
			q += m - 1;
	}
	return p + n;
}

static void mask_inline(char *p, const char *end)
{
	while (p < end) {
		char *stop = *p == '`' ? code_end(p) : link_end(p);

		if (stop)
			mask(p, stop);
		p = stop ? stop : p + 1;
	}
}

static size_t fence_length(const char *line)
{
	size_t n = strspn(line + strspn(line, " "), "`");
	size_t tilde = strspn(line + strspn(line, " "), "~");

	n = n > tilde ? n : tilde;
	return n >= 3 ? n : 0;
}

void text_mask(char *text)
{
	char *p = mask_front_matter(text);
	size_t fence = 0; /* length of the one we are in */

	while (*p) {
		char *end = line_end(p);
		size_t n = fence_length(p);
		bool indented = starts_with(p, "    ") || *p == '\t';

		if (fence || n || indented || *p == '#')
			mask(p, end);
		else
			mask_inline(p, end);
		if (n && !fence)
			fence = n;
		else if (n >= fence)
			fence = 0;
		p = *end ? end + 1 : end;
	}
}

/* ---- finding ---- */

long text_find_word(const char *text, const char *name)
{
	size_t n = strlen(name);

	if (!n)
		return -1;
	for (const char *p = text; *p; p++) {
		if (lower(*p) != lower(*name) || (p > text && is_word(p[-1]) && is_word(*p)))
			continue;
		if (starts_with(p, name) && !(is_word(p[n]) && is_word(p[n - 1])))
			return p - text;
	}
	return -1;
}

static bool link_target_is(const char *p, const char *target, const char *closers)
{
	return starts_with(p, target) && strchr(closers, p[strlen(target)]) && p[strlen(target)];
}

bool text_has_link(const char *text, const char *target)
{
	for (const char *p = strstr(text, "[["); p; p = strstr(p + 1, "[["))
		if (link_target_is(p + 2, target, "]|#"))
			return true;
	for (const char *p = strstr(text, "]("); p; p = strstr(p + 1, "]("))
		if (link_target_is(p + 2, target, ")# "))
			return true;
	return false;
}
