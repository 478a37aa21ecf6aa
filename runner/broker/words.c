/* SPDX-License-Identifier: Apache-2.0 */
/* words.c - a short bounded list of short strings. */
#include "broker/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

bool words_have(const struct words *w, const char *s, size_t n)
{
	for (size_t i = 0; i < w->count; i++)
		if (strlen(w->v[i]) == n && !memcmp(w->v[i], s, n))
			return true;
	return false;
}

int words_add(struct words *w, const char *s, size_t n)
{
	char *copy;

	if (n == 0 || n >= WORD_BYTES_MAX || w->count >= WORDS_MAX || !text_is_printable(s, n) ||
	    words_have(w, s, n))
		return 0;
	if (!w->v)
		w->v = calloc(WORDS_MAX, sizeof(*w->v));
	copy = strndup(s, n);
	if (!w->v || !copy) {
		free(copy);
		return -1;
	}
	w->v[w->count++] = copy;
	return 0;
}

void words_free_p(struct words *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->v[i]);
	free(w->v);
	*w = (struct words){ 0 };
}
