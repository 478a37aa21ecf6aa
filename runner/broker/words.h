/* SPDX-License-Identifier: Apache-2.0 */
/* words.h - a short bounded list of short strings: tags, aliases.
 * Owns: the bounds.  Must not know: what the words are. */
#ifndef KENNEL_BROKER_WORDS_H
#define KENNEL_BROKER_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define WORDS_MAX 64u	   /* tags or aliases of one note; the rest is left out */
#define WORD_BYTES_MAX 128u /* one of them */

struct words {
	char **v;
	size_t count;
};

/* Adds a copy. Nothing happens for an empty, long, unprintable or repeated word, or a full list;
 * -1 only when memory is out. */
int words_add(struct words *w, const char *s, size_t n);
bool words_have(const struct words *w, const char *s, size_t n);
void words_free_p(struct words *w);

#endif
