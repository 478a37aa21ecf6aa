/* SPDX-License-Identifier: Apache-2.0 */
/* page.h - a part of a long list of notes, in the order of their paths, and where it goes on.
 * Owns: limit, cursor, the bounds of bytes and time.  Must not know: which notes belong in it. */
#ifndef KENNEL_BROKER_PAGE_H
#define KENNEL_BROKER_PAGE_H

#include "broker/gate.h"

struct page {
	json_t *notes; /* of c->result */
	size_t bytes;
	uint64_t limit;
	size_t next; /* place in the index */
	int64_t until_ms;
};

/* What a note is to a plugin that may see it: path, title, aliases, tags, revision. NULL: no
 * memory. */
json_t *page_note(const struct note *n);
json_t *page_words(const struct words *w);

/* Reads limit (normal when absent) and cursor out of the params, which may be absent and have keys
 * only; makes c->result {notes: []}. -1: refused. */
int page_begin(struct call *c, const char *const *keys, size_t key_count, uint64_t normal,
	       struct page *ret);
/* Enough entries, or enough bytes. */
bool page_is_full(const struct page *p);
/* Looked for long enough; asks the clock. */
bool page_is_late(const struct page *p);
/* Takes entry, which may be NULL. -1: no memory, refused. */
int page_add(struct call *c, struct page *p, const struct note *n, json_t *entry);
/* With a cursor when next is not the end. */
int page_end(struct call *c, const struct page *p);

#endif
