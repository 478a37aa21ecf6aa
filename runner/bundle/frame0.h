/* SPDX-License-Identifier: Apache-2.0 */
/* frame0.h - the stored first frame: table of contents, signatures, manifest, as bytes.
 * Owns: the frame's and the members' layout.  Must not know: JSON, zstd, keys. */
#ifndef KENNEL_BUNDLE_FRAME0_H
#define KENNEL_BUNDLE_FRAME0_H

#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "bundle/source.h"

#define FRAME0_HEADER_BYTES 9u	   /* magic, descriptor, u32le content size */
#define FRAME0_BLOCK_BYTES 131072u /* every stored block but the last (RFC 8878, 3.1.1.2.4) */
#define FRAME0_TOC_PATH "META/toc.json"
#define FRAME0_MANIFEST_PATH "manifest.json"

struct span {
	const uint8_t *p;
	size_t n;
};

/* The views point into content. */
struct frame0 {
	uint8_t *content;
	size_t content_bytes;
	size_t bundle_bytes; /* of the bundle, with frame and block headers */
	struct span toc;
	struct span signatures[BUNDLE_SIGNATURES_MAX];
	size_t signature_count; /* at least 1 */
	struct span manifest;
};

/* Reads exactly the first frame. The caller frees with frame0_free_p. ERR_FRAME0, ERR_LIMIT,
 * ERR_TRUNCATED. */
int frame0_read(const struct source *s, struct frame0 *ret, struct err *e);
/* The same from the content alone; the views point into it and nothing is owned. */
int frame0_split(const uint8_t *content, size_t n, struct frame0 *ret, struct err *e);
void frame0_free_p(struct frame0 *f);

/* "META/toc.json.minisig" for 0, "META/toc.json.2.minisig" for 1 … */
#define FRAME0_NAME_BYTES 32u
void frame0_signature_path(size_t index, char ret_path[FRAME0_NAME_BYTES]);

#endif
