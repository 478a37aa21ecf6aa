/* SPDX-License-Identifier: Apache-2.0 */
/* frame0.c - the stored first frame: table of contents, signatures, manifest, as bytes.
 * What runs here reads bytes that nobody has vouched for: block lengths, one octal number and
 * memcmp. */
#include "bundle/frame0.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "bundle/ustar.h"

/* Magic, then: four-byte content size, single segment, no checksum, no dictionary (RFC
 * 8878, 3.1.1.1). */
static const uint8_t head[5] = { 0x28, 0xb5, 0x2f, 0xfd, 0xa0 };

#define MEMBER_MAX(n) (USTAR_BLOCK + (n) + USTAR_BLOCK)
#define CONTENT_MAX                                                                     \
	(MEMBER_MAX(TOC_MAX) + BUNDLE_SIGNATURES_MAX * MEMBER_MAX(SIGNATURE_FILE_MAX) + \
	 MEMBER_MAX(MANIFEST_MAX))

void frame0_signature_path(size_t index, char ret_path[FRAME0_NAME_BYTES])
{
	if (index == 0)
		(void)snprintf(ret_path, FRAME0_NAME_BYTES, "META/toc.json.minisig");
	else
		(void)snprintf(ret_path, FRAME0_NAME_BYTES, "META/toc.json.%u.minisig",
			       (unsigned int)(index + 1) & 0xffu);
}

/* One member at the front of r. 1: it has this path; 0: another one, nothing taken. */
static int take_member(struct reader *r, const char *path, size_t max, struct span *ret,
		       struct err *e)
{
	uint8_t expected[USTAR_BLOCK];
	struct reader ahead = *r;
	const uint8_t *header = reader_bytes(&ahead, USTAR_BLOCK);
	const uint8_t *body, *pad;
	uint64_t size;

	if (!header || memcmp(header, path, strlen(path) + 1) != 0)
		return 0;
	if (!ustar_read_size(header, &size))
		return err_set(e, ERR_FRAME0, "%s: size field is not eleven octal digits", path);
	if (size == 0 || size > max)
		return err_set(e, ERR_LIMIT, "%s: %llu bytes, expected 1 to %zu", path,
			       (unsigned long long)size, max);
	ustar_make(expected, path, size, false);
	if (memcmp(expected, header, USTAR_BLOCK) != 0)
		return err_set(e, ERR_FRAME0, "%s: header differs from the only one allowed", path);
	body = reader_bytes(&ahead, (size_t)size);
	pad = reader_bytes(&ahead, (size_t)ustar_pad(size));
	if (!body || !pad)
		return err_set(e, ERR_FRAME0, "%s: does not fit the first frame", path);
	for (size_t i = 0; i < ustar_pad(size); i++)
		if (pad[i] != 0)
			return err_set(e, ERR_FRAME0, "%s: padding is not zero", path);
	*ret = (struct span){ body, (size_t)size };
	*r = ahead;
	return 1;
}

int frame0_split(const uint8_t *content, size_t n, struct frame0 *ret, struct err *e)
{
	struct reader r = { .p = content, .left = n };
	struct frame0 f = { 0 };
	char path[FRAME0_NAME_BYTES];
	int got = take_member(&r, FRAME0_TOC_PATH, TOC_MAX, &f.toc, e);

	if (got <= 0)
		return got < 0 ? -1
			       : err_set(e, ERR_FRAME0, "does not start with " FRAME0_TOC_PATH);
	while (f.signature_count < BUNDLE_SIGNATURES_MAX) {
		frame0_signature_path(f.signature_count, path);
		got = take_member(&r, path, SIGNATURE_FILE_MAX, &f.signatures[f.signature_count],
				  e);
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		f.signature_count++;
	}
	if (f.signature_count == 0)
		return err_set(e, ERR_FRAME0, "no META/toc.json.minisig: the bundle is not signed");
	got = take_member(&r, FRAME0_MANIFEST_PATH, MANIFEST_MAX, &f.manifest, e);
	if (got <= 0)
		return got < 0 ? -1
			       : err_set(e, ERR_FRAME0,
					 FRAME0_MANIFEST_PATH " does not follow the signatures");
	if (r.left)
		return err_set(e, ERR_FRAME0, "%zu bytes after " FRAME0_MANIFEST_PATH, r.left);
	*ret = f;
	return 0;
}

/* The stored blocks, whose lengths are known from the content size: nothing is left to choose. */
static int read_blocks(const struct source *s, uint8_t *content, size_t n, size_t *ret_blocks,
		       struct err *e)
{
	size_t at = 0, blocks = 0;

	while (at < n) {
		size_t want = n - at < FRAME0_BLOCK_BYTES ? n - at : FRAME0_BLOCK_BYTES;
		uint32_t expected =
			(uint32_t)(want << 3) | (at + want == n ? 1 : 0); /* raw is type 0 */
		uint8_t h[3];

		if (source_read(s, h, sizeof(h), "block header", e) < 0)
			return -1;
		if ((h[0] | (uint32_t)h[1] << 8 | (uint32_t)h[2] << 16) != expected)
			return err_set(e, ERR_FRAME0,
				       "block %zu is not a stored block of %zu bytes", blocks,
				       want);
		if (source_read(s, content + at, want, "stored block", e) < 0)
			return -1;
		at += want;
		blocks++;
	}
	*ret_blocks = blocks;
	return 0;
}

int frame0_read(const struct source *s, struct frame0 *ret, struct err *e)
{
	CLEANUP(free_p) uint8_t *content = NULL;
	struct frame0 f;
	struct reader r;
	uint8_t h[FRAME0_HEADER_BYTES];
	size_t n, blocks = 0;

	if (source_read(s, h, sizeof(h), "first frame", e) < 0)
		return -1;
	if (memcmp(h, head, sizeof(head)) != 0)
		return err_set(e, ERR_FRAME0,
			       "not a kennel bundle: its first five bytes are others");
	r = (struct reader){ .p = h + sizeof(head), .left = 4 };
	n = reader_u32le(&r);
	if (n < 6 * USTAR_BLOCK || n > CONTENT_MAX || n % USTAR_BLOCK != 0)
		return err_set(e, ERR_FRAME0,
			       "first frame of %zu bytes: expected a multiple of 512 up to %u", n,
			       CONTENT_MAX);
	content = malloc(n);
	if (!content)
		return err_set(e, ERR_NOMEM, "first frame");
	if (read_blocks(s, content, n, &blocks, e) < 0 || frame0_split(content, n, &f, e) < 0)
		return -1;
	f.content = take_ptr(content);
	f.content_bytes = n;
	f.bundle_bytes = FRAME0_HEADER_BYTES + 3 * blocks + n;
	*ret = f;
	return 0;
}

void frame0_free_p(struct frame0 *f)
{
	free(f->content);
	*f = (struct frame0){ 0 };
}
