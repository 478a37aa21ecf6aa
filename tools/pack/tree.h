/* SPDX-License-Identifier: Apache-2.0 */
/* tree.h - the author's folder as a sorted list of files in memory.
 * Owns: walking it, and refusing what no bundle can hold.  Must not know: the format, keys. */
#ifndef KENNEL_PACK_TREE_H
#define KENNEL_PACK_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/err.h"
#include "base/limits.h"

struct tree_file {
	char path[BUNDLE_PATH_MAX + 1];
	uint8_t *bytes;
	size_t n;
	bool executable; /* only in a native tree */
};

/* manifest.json first, the rest ascending by memcmp. */
struct tree {
	struct tree_file *files;
	size_t count;
	size_t capacity;
	uint64_t bytes;
	bool native; /* set before reading: executables and executable modes are kept */
	bool large;  /* set before reading: beyond what a host takes by default */
};

struct bundle_bounds tree_bounds(const struct tree *t);

enum tree_kind { TREE_NATIVE = 1, TREE_LARGE = 2 };
/* Every error names the file and what to do about it. kinds: bits of enum tree_kind. */
int tree_read(const char *dir, unsigned int kinds, struct tree *ret, struct err *e);
/* A copy of the bytes; the caller sorts when all are in. ERR_PATH, ERR_LIMIT, ERR_NATIVE. */
int tree_add(struct tree *t, const char *path, const void *p, size_t n, struct err *e);
/* ERR_NOT_FOUND without a manifest.json; ERR_PATH for two names that must not meet. */
int tree_sort(struct tree *t, struct err *e);
void tree_free_p(struct tree *t);

#endif
