/* SPDX-License-Identifier: Apache-2.0 */
/* linkname.h - does a link, as written in a note, mean this target?
 * Owns: spelling.  Must not know: Markdown, the index. */
#ifndef KENNEL_BROKER_LINKNAME_H
#define KENNEL_BROKER_LINKNAME_H

#include <stdbool.h>
#include <stddef.h>

#include "broker/links.h"

/* "Note", "Folder/Note", "Note.md", "Note#Heading", in any ASCII case. */
bool linkname_means(const char *written, size_t n, const struct link_target *t);
/* A Markdown destination, percent-encoded, relative to the vault or to the note's folder. */
bool linkname_href_means(const char *href, const struct link_target *t);
/* Can name stand between "[[" and "]]"? */
bool linkname_is_writable(const char *name);
/* "Folder/Note.md" -> "Note"; a view into path. */
const char *linkname_stem(const char *path, size_t *ret_len);

#endif
