/* SPDX-License-Identifier: Apache-2.0 */
/* related.h - asks a language model which notes are related to one.
 * Owns: the question, and that nothing but a title of the list is taken from the answer: whatever a
 * note tells the model to say, it can only choose badly.  Must not know: how links are written. */
#ifndef AI_AUTO_LINKER_RELATED_H
#define AI_AUTO_LINKER_RELATED_H

#include <stddef.h>

#define RELATED_TITLES_MAX 150u /* of one question */

/* Numbers of titles into ret, at most max, the best first; how many. *ret_code: the error's, or 0.
 */
size_t related_ask(const char *text, const char *const *titles, size_t n, size_t *ret, size_t max,
		   int *ret_code);

#endif
