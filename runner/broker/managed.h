/* SPDX-License-Identifier: Apache-2.0 */
/* managed.h - the one list of links in a note that is ours: its heading, its entries, where it
 * grows. Owns: its lines.  Must not know: which notes exist, Markdown beyond its own lines. */
#ifndef KENNEL_BROKER_MANAGED_H
#define KENNEL_BROKER_MANAGED_H

#include <stdbool.h>
#include <stddef.h>

/* Offsets into the body. The list is: heading line, blank lines, lines "- [[...]]". */
struct managed {
	bool present;
	bool removable;	    /* nothing hangs on below it */
	size_t start;	    /* of the heading's line, or of one blank line before it */
	size_t first_entry; /* end of heading and blank lines */
	size_t insert_at;   /* end of the last entry; without a list, the end of the body */
	size_t entry_count;
};

/* heading_off: from the link map; SIZE_MAX: the note has no list yet. */
void managed_find(const char *body, size_t n, size_t heading_off, struct managed *ret);
/* Is off inside an entry? Then its line, with its end. */
bool managed_entry_at(const struct managed *m, const char *body, size_t n, size_t off,
		      size_t *ret_start, size_t *ret_end);
/* What must stand before new entries at insert_at: nothing, a line end, or a whole heading. */
void managed_head(const struct managed *m, const char *body, size_t n, const char *eol, char *ret,
		  size_t cap);

#endif
