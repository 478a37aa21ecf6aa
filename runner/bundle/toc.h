/* SPDX-License-Identifier: Apache-2.0 */
/* toc.h - the signed table of contents: what the bundle holds, byte by byte.
 * Owns: its keys, bounds and sums.  Must not know: signatures, zstd, what a manifest says. */
#ifndef KENNEL_BUNDLE_TOC_H
#define KENNEL_BUNDLE_TOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/err.h"
#include "base/limits.h"

#define TOC_TYPE "kennel.toc/1"
#define TOC_HOST_LEVEL 1u	  /* "min_host" above it is refused */
#define FRAME_PACKED_MAX 1052672u /* ZSTD_COMPRESSBOUND(FRAME_PLAIN_MAX) */

struct toc_file {
	const char *path; /* in the table's own memory */
	uint64_t size;
	uint8_t digest[DIGEST_BYTES];
	bool executable; /* mode "x" */
};

struct toc_frame {
	uint8_t digest[DIGEST_BYTES]; /* of the packed bytes */
	uint32_t packed;
	uint32_t plain;
};

struct toc {
	uint8_t id[DIGEST_BYTES];	  /* bundle id: BLAKE2b-256 of the text */
	uint8_t content_id[DIGEST_BYTES]; /* of the canonical "files" array */
	uint64_t counter;
	int64_t expires; /* epoch seconds, 0: never */
	bool native;
	struct toc_file *files; /* [0] is manifest.json, which is stored in the first frame */
	size_t file_count;
	struct toc_frame *frames;
	size_t frame_count;
	uint64_t unpacked_bytes; /* of all files */
	uint64_t stream_bytes;	 /* of the tar stream in the frames */
	uint64_t packed_bytes;	 /* of the frames */
	char *names;		 /* owner of the paths */
};

/* text is exactly one canonical JSON document and a newline. ret is written on success and freed
 * with toc_free_p. ERR_TOC, ERR_TOC_CANONICAL, ERR_PATH, ERR_LIMIT, ERR_JSON…, ERR_UNSUPPORTED.
 * Without bounds the default ones hold. */
int toc_parse(const char *text, size_t n, struct toc *ret, struct err *e);
int toc_parse_within(const char *text, size_t n, const struct bundle_bounds *bounds,
		     struct toc *ret, struct err *e);
void toc_free_p(struct toc *t);

#endif
