/* SPDX-License-Identifier: Apache-2.0 */
/* markdown.h - what a note's body says of the note, and its shape without links.
 * Owns: the one dialect every parse here uses.  Must not know: front matter, files, plugins. */
#ifndef KENNEL_BROKER_MARKDOWN_H
#define KENNEL_BROKER_MARKDOWN_H

#include <md4c.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "broker/words.h"

/* md4c needs more than linear time for some texts: 0.7 s for the worst one found of this size. A
 * larger note is listed and read, but its body is not looked into and no link is written. */
#define MARKDOWN_MAX (256u << 10)

/* Bare URLs are not asked for: finding them takes md4c quadratic time. linkmap.c leaves them alone.
 */
#define MARKDOWN_FLAGS \
	(MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS | MD_FLAG_WIKILINKS | \
	 MD_FLAG_LATEXMATHSPANS)

/* The heading line of the one list of links that is ours in a note. */
#define MANAGED_HEADING "## Related <!-- kennel:links -->"
#define MANAGED_MARKER "<!-- kennel:links -->"

struct markdown_facts {
	char title[TEXT_MAX_BYTES]; /* the first heading of level 1, "" when there is none */
	struct words tags;	    /* #tag outside code, without '#' */
};

/* -1 when memory is out. The caller frees the tags. A body beyond MARKDOWN_MAX has no facts. */
int markdown_facts(const char *body, size_t n, struct markdown_facts *ret);

/* marker points at MANAGED_MARKER inside body: is its line exactly the managed heading? */
bool markdown_is_managed_heading(const char *body, size_t n, const char *marker);

/* The parsed body as bytes, wiki links replaced by their text, the managed list left out: two
 * bodies that differ in nothing else give equal bytes. */
int markdown_skeleton(const char *body, size_t n, struct buffer *ret, struct err *e);

#endif
