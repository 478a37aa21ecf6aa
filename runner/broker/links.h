/* SPDX-License-Identifier: Apache-2.0 */
/* links.h - add and remove wiki links in a note's text, and change nothing else.
 * Owns: the edit and the proof that it is only links.  Must not know: files, scopes, which notes
 * exist. */
#ifndef KENNEL_BROKER_LINKS_H
#define KENNEL_BROKER_LINKS_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

#define LINKS_PER_CALL_MAX 64u /* adds, and removes, of one call */
#define ANCHOR_MAX 256u	       /* with the final NUL */
#define LINK_NAME_MAX 100u /* bytes between the brackets before '|': more is no wiki link to md4c \
			    */

/* How the note to be linked is written and recognised. */
struct link_target {
	char path[VAULT_PATH_MAX]; /* "Folder/Note.md" */
	char name[VAULT_PATH_MAX]; /* the shortest unambiguous spelling: "Note", else "Folder/Note"
				    */
	bool stem_unique;	   /* no other note of the vault has this file name */
};

enum link_outcome {
	LINK_UNDECIDED,
	LINK_DONE,
	LINK_ALREADY,	/* the note links there already */
	LINK_NO_ANCHOR, /* no plain text of the note reads so */
	LINK_BAD_NAME,	/* the target's name cannot be written as a wiki link */
	LINK_ABSENT,	/* remove: the note has no wiki link there */
	LINK_NO_TARGET, /* no such note in the plugin's read scope; set by the caller */
	LINK_SELF,	/* the note itself; set by the caller */
	LINK_OUTCOME_COUNT
};
const char *link_outcome_text(enum link_outcome o);

/* An item whose outcome is not LINK_UNDECIDED is passed over. */
struct link_item {
	struct link_target target;
	char anchor[ANCHOR_MAX]; /* "": an entry of the managed list */
	enum link_outcome outcome;
};

struct link_edit {
	struct link_item add[LINKS_PER_CALL_MAX];
	struct link_item remove[LINKS_PER_CALL_MAX];
	size_t add_count;
	size_t remove_count;
};

/* One line of printable text without brackets, '|' and '`', no blank at its ends. */
bool link_anchor_is_valid(const char *anchor);

/* The new text, complete; equal to the old one when nothing was to be done. Outcomes are set. -1:
 * the result would differ in more than links (ERR_STATE), or the note is too large (ERR_LIMIT);
 * then there is no new text. The caller frees it. */
int links_apply(const char *text, size_t n, struct link_edit *edit, struct buffer *ret,
		struct err *e);
/* The proof, for any two texts: front matter byte for byte, and the body's skeleton. */
int links_check_only_links(const char *old, size_t old_len, const char *new, size_t new_len,
			   struct err *e);

#endif
