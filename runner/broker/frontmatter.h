/* SPDX-License-Identifier: Apache-2.0 */
/* frontmatter.h - the YAML block at the start of a note: where it ends, and what it says of the
 * note. Owns: the only use of <yaml.h> in the broker.  Must not know: Markdown, files. */
#ifndef KENNEL_BROKER_FRONTMATTER_H
#define KENNEL_BROKER_FRONTMATTER_H

#include <stddef.h>

#include "base/limits.h"
#include "broker/words.h"

struct front_matter {
	char title[TEXT_MAX_BYTES]; /* "" when there is none */
	struct words aliases;
	struct words tags; /* without '#' */
};

/* Bytes of the block with both its fences and a byte order mark before it; 0 when the note has
 * none. */
size_t frontmatter_length(const char *text, size_t n);
/* text[0..n) is a note. What is malformed, too large, too deep or uses aliases says nothing: an
 * empty record. -1 only when memory is out. The caller frees with frontmatter_free_p. */
int frontmatter_parse(const char *text, size_t n, struct front_matter *ret);
void frontmatter_free_p(struct front_matter *f);

#endif
