/* SPDX-License-Identifier: Apache-2.0 */
/* call_search.c - notes.search {query, limit?, cursor?}: the notes that have every word of the
 * query in their title, an alias, a tag or their text. Capitals do not count in ASCII. */
#include "broker/calls.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "broker/page.h"

enum {
	PAGE_NORMAL = 20,
	CLOCK_EVERY = 64, /* notes out of scope between two looks at the clock */
	QUERY_BYTES = 256,
	TERMS_MAX = 8,
	SNIPPET_BYTES = 160,
	/* What a word counts by where it stands; in the text each time, up to so many. */
	SCORE_TITLE = 8,
	SCORE_ALIAS = 6,
	SCORE_TAG = 4,
	SCORE_TEXT_MOST = 5,
};

struct query {
	char words[QUERY_BYTES]; /* cut by NULs */
	const char *term[TERMS_MAX];
	size_t count;
};

static int read_query(struct call *c, struct query *q)
{
	struct err e;
	char *rest = q->words, *word;

	if (json_get_str((struct json_place){ c->params, "params" }, "query", true,
			 sizeof(q->words), q->words, &e) < 0)
		return call_bad_params(c, e.text);
	if (!text_is_printable(q->words, strlen(q->words)))
		return call_bad_params(c, "query is one line of printable text");
	while ((word = strsep(&rest, " "))) {
		if (!*word)
			continue;
		if (q->count == TERMS_MAX)
			return call_bad_params(c, "query has more than 8 words");
		q->term[q->count++] = word;
	}
	return q->count ? 0 : call_bad_params(c, "query has no word");
}

static bool stands_in(const struct words *w, const char *term)
{
	for (size_t i = 0; i < w->count; i++)
		if (strcasestr(w->v[i], term))
			return true;
	return false;
}

static uint32_t score_text(const char *text, const char *term, const char **ret_first)
{
	uint32_t n = 0;

	for (const char *p = text; n < SCORE_TEXT_MOST && (p = strcasestr(p, term));
	     p += strlen(term)) {
		if (!*ret_first)
			*ret_first = p;
		n++;
	}
	return n;
}

/* 0: not every word is there. */
static uint32_t score_note(const struct query *q, const struct note *n, const char *text,
			   const char **ret_first)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < q->count; i++) {
		const char *term = q->term[i];
		uint32_t s = score_text(text, term, ret_first);

		s += strcasestr(n->title, term) ? SCORE_TITLE : 0u;
		s += stands_in(&n->aliases, term) ? SCORE_ALIAS : 0u;
		s += stands_in(&n->tags, term) ? SCORE_TAG : 0u;
		if (!s)
			return 0;
		sum += s;
	}
	return sum;
}

static bool is_inside(unsigned char ch)
{
	return (ch & 0xc0) == 0x80;
}

/* The line around the place, cut between characters. */
static json_t *snippet(const char *text, const char *at)
{
	const char *start = at, *end;

	while (start > text && start[-1] != '\n' && at - start < SNIPPET_BYTES / 2)
		start--;
	while (is_inside((unsigned char)*start))
		start++;
	end = start + strcspn(start, "\r\n");
	if (end - start > SNIPPET_BYTES)
		end = start + SNIPPET_BYTES;
	while (end > start && is_inside((unsigned char)*end))
		end--;
	return json_stringn(start, (size_t)(end - start));
}

/* A note that cannot be read now is none. */
static int look(struct call *c, const struct query *q, struct page *p, const struct note *n)
{
	CLEANUP(vault_file_free_p) struct vault_file f = { 0 };
	const char *first = NULL, *text;
	uint32_t score;
	json_t *entry;

	if (vault_read(c->host->vault, n->path, &f, NULL) < 0)
		return 0;
	text = (const char *)f.text.p;
	score = score_note(q, n, text, &first);
	if (!score)
		return 0;
	entry = json_pack("{s:s, s:s, s:s, s:I}", "path", n->path, "title", n->title, "revision",
			  f.revision, "score", (json_int_t)score);
	if (first && gate_permits(c->who, PERM_READ_NOTES, n->path))
		(void)json_object_set_new(entry, "snippet", snippet(text, first));
	return page_add(c, p, n, entry);
}

/* What the plugin may not search is not opened: neither answer nor time tells of its text. */
static int fill_page(struct call *c, const struct query *q, struct page *p)
{
	const struct vault *v = c->host->vault;

	for (; p->next < vault_count(v); p->next++) {
		const struct note *n = vault_at(v, p->next);

		const bool may = gate_permits(c->who, PERM_SEARCH_NOTES, n->path);

		if (page_is_full(p) || ((may || p->next % CLOCK_EVERY == 0) && page_is_late(p)))
			return 0;
		if (may && look(c, q, p, n) < 0)
			return -1;
	}
	return 0;
}

int call_notes_search(struct call *c)
{
	static const char *const keys[] = { "query", "cursor", "limit", "_meta" };
	struct query q = { .count = 0 };
	struct page p;

	if (page_begin(c, keys, countof(keys), PAGE_NORMAL, &p) < 0 || read_query(c, &q) < 0 ||
	    fill_page(c, &q, &p) < 0)
		return -1;
	(void)snprintf(c->detail, sizeof(c->detail), "%zu words, %zu notes", q.count,
		       json_array_size(p.notes));
	return page_end(c, &p);
}
