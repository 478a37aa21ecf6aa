/* SPDX-License-Identifier: Apache-2.0 */
/* stream.h - the decoded bytes, walked against the tar stream that the table of contents demands.
 * Owns: comparing headers and padding, file digests, the native-code rule.  Must not know: zstd,
 * folders. */
#ifndef KENNEL_BUNDLE_STREAM_H
#define KENNEL_BUNDLE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/digest.h"
#include "bundle/toc.h"
#include "bundle/ustar.h"

#define STREAM_START_BYTES 64u /* a PE file is known by the last four of them */

/* Takes the files one after the other. Bytes come before their digest is known to hold; end is
 * called when it does. Any may be NULL. */
struct stream_sink {
	int (*begin)(void *arg, const struct toc_file *f, struct err *e);
	int (*bytes)(void *arg, const void *p, size_t n, struct err *e);
	int (*end)(void *arg, struct err *e);
	void *arg;
};

struct stream {
	const struct toc *toc;
	const struct stream_sink *sink;
	bool native_ok;
	size_t file;	   /* index in the table; file_count: the final zeros */
	unsigned int part; /* header, body, padding */
	uint64_t at;	   /* in that part */
	uint64_t size;	   /* of that part */
	uint8_t header[USTAR_BLOCK];
	uint8_t start[STREAM_START_BYTES]; /* the file's first bytes */
	struct digest digest;
};

/* native_ok: the signed contents say native, or nothing is installed. */
void stream_start(struct stream *s, const struct toc *t, const struct stream_sink *sink,
		  bool native_ok);
/* Any cut of the bytes. ERR_STREAM, ERR_FILE_DIGEST, ERR_NATIVE. */
int stream_feed(struct stream *s, const uint8_t *p, size_t n, struct err *e);
/* All bytes must have come. */
int stream_finish(const struct stream *s, struct err *e);

/* What the first bytes of a file of that size say, of which n (at best STREAM_START_BYTES) are
 * known: the name of an executable format, or NULL. */
const char *stream_native_format(const uint8_t *start, size_t n, uint64_t size);

#endif
