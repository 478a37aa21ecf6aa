/* SPDX-License-Identifier: Apache-2.0 */
/* call_notes.c - notes.list, notes.stat and notes.read. */
#include "broker/calls.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "broker/page.h"

enum {
	PAGE_NORMAL = 100,
	CLOCK_EVERY = 64, /* notes between two looks at the clock */
	NS_PER_MS = 1000000,
};

/* Filtered by scope before anything is counted: hidden notes leave no gap. */
static int fill_page(struct call *c, struct page *p)
{
	const struct vault *v = c->host->vault;

	for (; p->next < vault_count(v); p->next++) {
		const struct note *n = vault_at(v, p->next);

		if (page_is_full(p) || (p->next % CLOCK_EVERY == 0 && page_is_late(p)))
			return 0;
		if (gate_permits(c->who, PERM_READ_METADATA, n->path) &&
		    page_add(c, p, n, page_note(n)) < 0)
			return -1;
	}
	return 0;
}

int call_notes_list(struct call *c)
{
	static const char *const keys[] = { "cursor", "limit", "_meta" };
	struct page p;

	if (page_begin(c, keys, countof(keys), PAGE_NORMAL, &p) < 0 || fill_page(c, &p) < 0)
		return -1;
	(void)snprintf(c->detail, sizeof(c->detail), "%zu notes", json_array_size(p.notes));
	return page_end(c, &p);
}

static const char *const note_keys[] = { "note", "_meta" };

int call_notes_stat(struct call *c)
{
	const struct note *n = vault_find(c->host->vault, c->note);
	struct err e;

	if (call_check_keys(c, note_keys, countof(note_keys)) < 0)
		return -1;
	if (!n) {
		(void)err_set(&e, ERR_NOT_FOUND, "no such note");
		return call_refuse_err(c, &e);
	}
	c->result = page_note(n);
	if (json_object_set_new(c->result, "bytes", json_integer(n->stamp.size)) < 0 ||
	    json_object_set_new(c->result, "modifiedMs",
				json_integer(n->stamp.mtime_ns / NS_PER_MS)) < 0)
		return call_no_memory(c);
	(void)snprintf(c->detail, sizeof(c->detail), "revision %s", n->revision);
	return 0;
}

int call_notes_read(struct call *c)
{
	CLEANUP(vault_file_free_p) struct vault_file f = { 0 };
	struct note *n = NULL;
	struct err e;

	if (call_check_keys(c, note_keys, countof(note_keys)) < 0)
		return -1;
	if (vault_read(c->host->vault, c->note, &f, &e) < 0)
		return call_refuse_err(c, &e);
	if (note_read(c->note, (const char *)f.text.p, f.text.len, &n, &e) < 0)
		return call_no_memory(c);
	c->result = json_pack("{s:s, s:s, s:s%, s:s, s:o, s:o}", "path", n->path, "revision",
			      n->revision, "text", (const char *)f.text.p, f.text.len, "title",
			      n->title, "tags", page_words(&n->tags), "aliases",
			      page_words(&n->aliases));
	(void)snprintf(c->detail, sizeof(c->detail), "%zu bytes, revision %s", f.text.len,
		       n->revision);
	note_free(n);
	return c->result ? 0 : call_no_memory(c);
}
