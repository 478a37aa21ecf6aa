/* SPDX-License-Identifier: Apache-2.0 */
/* linkmap.h - where in a note's body text may become a link, and where links are already.
 * Owns: offsets into the source.  Must not know: which notes exist, edits. */
#ifndef KENNEL_BROKER_LINKMAP_H
#define KENNEL_BROKER_LINKMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "broker/markdown.h"

/* Plain text outside code, links, images, HTML and mathematics, in one piece of the source. */
struct map_run {
	size_t off;
	size_t len;
	bool in_table; /* a '|' would end the cell for most readers */
};

/* A wiki link. */
struct map_link {
	size_t off; /* of "[[" */
	size_t end; /* after "]]" */
	size_t target_off, target_len;
	size_t text_off, text_len;
};

struct link_map {
	const char *body;
	size_t body_len;
	struct map_run *runs;
	size_t run_count;
	struct map_link *links;
	size_t link_count;
	char **hrefs; /* destinations of other links, as written */
	size_t href_count;
	size_t managed_off; /* start of the managed heading's line; SIZE_MAX: none */
};

/* The map points into body, which must outlive it. ERR_LIMIT beyond MARKDOWN_MAX. */
int linkmap_build(const char *body, size_t n, struct link_map *ret, struct err *e);
void linkmap_free_p(struct link_map *m);

/* The first place in plain text where anchor stands as whole words, outside brackets, tags and bare
 * URLs, from offset from on; SIZE_MAX: nowhere. plain_only: not in a table. */
size_t linkmap_find_anchor(const struct link_map *m, const char *anchor, size_t from,
			   bool plain_only);

#endif
