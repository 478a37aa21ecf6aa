/* SPDX-License-Identifier: Apache-2.0 */
/* text.h - Markdown as the linker sees it: where a link may go, and what is linked already.
 * Owns: that judgement; the host has the last word.  Must not know: notes, calls. */
#ifndef AI_AUTO_LINKER_TEXT_H
#define AI_AUTO_LINKER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Overwrites with '\1' what must not become a link: front matter, code, links, headings, addresses.
 * Same length. */
void text_mask(char *text);

/* The first whole-word occurrence of name, ASCII letters in any case: its offset, or -1. */
long text_find_word(const char *text, const char *name);

/* Letters (code points) of a name; a short one would match everywhere. */
size_t text_letters(const char *name);

/* Does [[target]], [[target|...]], [[target#...]] or ](target) stand in the text, any case? */
bool text_has_link(const char *text, const char *target);

bool text_same(const char *a, const char *b); /* ASCII letters in any case */

#endif
