/* SPDX-License-Identifier: Apache-2.0 */
/* managed.c - the one list of links in a note that is ours. */
#include "broker/managed.h"

#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "broker/markdown.h"

static size_t line_end(const char *body, size_t n, size_t at)
{
	const char *nl = at < n ? memchr(body + at, '\n', n - at) : NULL;

	return nl ? (size_t)(nl - body) + 1 : n;
}

static bool line_is_blank(const char *body, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (body[i] != ' ' && body[i] != '\t' && body[i] != '\r' && body[i] != '\n')
			return false;
	return true;
}

static bool line_is_entry(const char *body, size_t from, size_t to)
{
	size_t open = 0;

	while (to > from && (body[to - 1] == '\n' || body[to - 1] == '\r' || body[to - 1] == ' '))
		to--;
	if (to - from < 7 || memcmp(body + from, "- [[", 4) != 0 ||
	    memcmp(body + to - 2, "]]", 2) != 0)
		return false;
	for (size_t i = from; i < to; i++)
		open += body[i] == '[';
	return open == 2;
}

void managed_find(const char *body, size_t n, size_t heading_off, struct managed *ret)
{
	struct managed m = { .start = n, .first_entry = n, .insert_at = n };
	size_t at, end;

	if (heading_off == SIZE_MAX) {
		*ret = m;
		return;
	}
	m.present = true;
	m.start = heading_off;
	at = line_end(body, n, heading_off);
	m.insert_at = at;
	while (at < n && line_is_blank(body, at, line_end(body, n, at)))
		at = line_end(body, n, at);
	m.first_entry = at;
	for (; at < n; at = end) {
		end = line_end(body, n, at);
		if (!line_is_entry(body, at, end))
			break;
		m.entry_count++;
		m.insert_at = end;
	}
	/* What follows without a blank line may be part of the same list. */
	m.removable = at >= n || line_is_blank(body, at, line_end(body, n, at));
	if (m.start > 0) {
		size_t before = m.start - 1; /* the '\n' that ends the line before */

		while (before > 0 && body[before - 1] != '\n')
			before--;
		if (line_is_blank(body, before, m.start))
			m.start = before;
	}
	*ret = m;
}

bool managed_entry_at(const struct managed *m, const char *body, size_t n, size_t off,
		      size_t *ret_start, size_t *ret_end)
{
	if (!m->present || off < m->first_entry || off >= m->insert_at)
		return false;
	for (size_t at = m->first_entry, end; at < m->insert_at; at = end) {
		end = line_end(body, n, at);
		if (off >= at && off < end) {
			*ret_start = at;
			*ret_end = end;
			return true;
		}
	}
	return false;
}

void managed_head(const struct managed *m, const char *body, size_t n, const char *eol, char *ret,
		  size_t cap)
{
	struct writer w;
	size_t last = n;

	writer_init(&w, ret, cap);
	if (m->insert_at > 0 && body[m->insert_at - 1] != '\n')
		writer_str(&w, eol);
	if (m->present) {
		if (m->entry_count == 0 && m->first_entry == m->insert_at)
			writer_str(&w, eol);
		return;
	}
	/* One blank line before the heading, unless the note is empty or ends with one. */
	while (last > 0 && body[last - 1] != '\n')
		last--;
	if (n > 0 && last == n) {
		size_t prev = n - 1;

		while (prev > 0 && body[prev - 1] != '\n')
			prev--;
		if (!line_is_blank(body, prev, n))
			writer_str(&w, eol);
	} else if (n > 0) {
		writer_str(&w, eol);
	}
	writer_fmt(&w, "%s%s%s", MANAGED_HEADING, eol, eol);
}
