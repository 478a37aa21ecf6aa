/* SPDX-License-Identifier: Apache-2.0 */
/* craft.h - a signer who is trusted and means ill: bundles made byte by byte, then signed properly.
 * Owns: a writer of the format that asks no question.  Must not know: what a host accepts. */
#ifndef KENNEL_TESTS_CRAFT_H
#define KENNEL_TESTS_CRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "tools/pack/secret.h"

enum frames {
	FRAMES_SMALL,  /* run-length blocks wherever the bytes are equal */
	FRAMES_STORED, /* stored blocks only */
	FRAMES_PADDED, /* stored, and empty blocks up to the most packed bytes of a frame */
	FRAMES_FILL    /* stored, the last such that the bundle has craft.bundle_bytes */
};

struct craft_file {
	char path[600];
	uint64_t size;	  /* of zeros */
	uint64_t claimed; /* in the contents; 0: size */
};

struct craft {
	const char *manifest;
	size_t manifest_n;
	struct craft_file *files; /* beside the manifest */
	size_t file_count;
	enum frames frames;
	uint64_t bundle_bytes;
	size_t packed_more; /* the last frame, beyond what would be its size */
	size_t signatures;
	size_t comment_n; /* of the trusted comment */
	const char *toc;  /* instead of what follows from the above */
	size_t toc_n;
	const char *from, *to; /* the first "from" in the contents becomes "to" */
};

void craft_add(struct craft *c, const char *path, uint64_t size);
void craft_free_p(struct craft *c);
/* The text of the contents, malloc'd; what they say of frames is true. */
char *craft_toc(struct craft *c, size_t *ret_n);
/* Writes the bundle, signed with keys 1 to n of craft_key. Ends the program when it cannot. */
void craft_write(struct craft *c, const char *path);
void craft_key(struct secret_key *ret, unsigned int number);
/* FOLDER/N.pub */
void craft_write_key(const char *folder, unsigned int n);

/* "a" n times; in memory that is never freed. */
char *craft_repeat(const char *text, size_t n);

#endif
