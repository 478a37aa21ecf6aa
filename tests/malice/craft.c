/* SPDX-License-Identifier: Apache-2.0 */
/* craft.c - a signer who is trusted and means ill: bundles made byte by byte, then signed properly.
 */
#include "tests/malice/craft.h"

#include <err.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "bundle/frame0.h"
#include "bundle/ustar.h"
#include "tools/pack/build.h"

enum { BLOCK = 131072, BYTES_MAX = 100 << 20, STORED_FULL = BLOCK + 3 };

static void append(struct buffer *b, const void *p, size_t n)
{
	if (buffer_append(b, p, n, BYTES_MAX) < 0)
		errx(1, "no memory");
}

char *craft_repeat(const char *text, size_t n)
{
	size_t len = strlen(text);
	char *all = calloc(n, len + 1);

	if (!all)
		errx(1, "no memory");
	for (size_t i = 0; i < n; i++)
		memcpy(all + i * len, text, len);
	return all;
}

void craft_add(struct craft *c, const char *path, uint64_t size)
{
	c->files = reallocarray(c->files, c->file_count + 1, sizeof(*c->files));
	if (!c->files)
		errx(1, "no memory");
	c->files[c->file_count] = (struct craft_file){ .size = size };
	if (!copy_str(c->files[c->file_count].path, sizeof(c->files->path), path))
		errx(1, "path too long");
	c->file_count++;
}

void craft_free_p(struct craft *c)
{
	free(c->files);
	*c = (struct craft){ 0 };
}

void craft_key(struct secret_key *ret, unsigned int number)
{
	uint8_t seed[32], public[32];

	memset(seed, (int)number, sizeof(seed));
	memset(ret->id, (int)number, sizeof(ret->id));
	(void)crypto_sign_seed_keypair(public, ret->key, seed);
}

void craft_write_key(const char *folder, unsigned int n)
{
	char path[4096], text[SECRET_FILE_MAX];
	struct secret_key k;
	FILE *f;

	craft_key(&k, n);
	secret_print_public(&k, text);
	(void)snprintf(path, sizeof(path), "%s/%u.pub", folder, n);
	f = fopen(path, "wx");
	if (!f || fputs(text, f) == EOF || fclose(f) != 0)
		err(1, "%s", path);
}

/* ---- frames (RFC 8878) ---- */

struct packing {
	struct craft *c;
	struct buffer frames; /* packed, one after the other */
	struct buffer list;   /* as the contents name them */
	uint64_t left;	      /* of the stream, the plain frame at hand included */
	size_t used;
	uint8_t plain[FRAME_PLAIN_MAX];
};

static void put_block(struct buffer *b, unsigned int type, size_t n, bool last, const uint8_t *p)
{
	uint32_t word = (uint32_t)(n << 3) | type << 1 | last;
	uint8_t h[3] = { (uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16) };

	append(b, h, sizeof(h));
	append(b, p, type == 1 ? 1 : n);
}

static bool all_equal(const uint8_t *p, size_t n)
{
	return n > 0 && memcmp(p, p + 1, n - 1) == 0;
}

static void put_head(struct buffer *b, size_t n, bool wide)
{
	uint8_t h[13] = { 0x28, 0xb5, 0x2f, 0xfd, wide ? 0xe0 : 0xa0 };

	for (size_t i = 0; i < 4; i++)
		h[5 + i] = (uint8_t)(n >> (8 * i));
	append(b, h, wide ? 13 : 9);
}

/* stored: so many bytes of it at least stand as they are. */
static void put_blocks(struct buffer *b, const uint8_t *p, size_t n, size_t stored, bool more)
{
	for (size_t at = 0; at < n;) {
		size_t part = n - at < BLOCK ? n - at : BLOCK;

		if (at < stored && stored - at < part)
			part = stored - at;
		put_block(b, at >= stored && all_equal(p + at, part), part, !more && at + part == n,
			  p + at);
		at += part;
	}
}

/* How much of the last frame must be stored for the bundle to have the wished size. */
static size_t stored_for(const struct packing *k, size_t frame0)
{
	size_t room = (size_t)k->c->bundle_bytes - frame0 - k->frames.len;

	/* head, seven stored blocks, one stored in part, the rest a run */
	if (room < 9 + 7 * STORED_FULL + 7 || room - 9 - 7 * STORED_FULL - 7 >= BLOCK)
		errx(1, "the last frame cannot have %zu bytes", room);
	return 7 * BLOCK + (room - 9 - 7 * STORED_FULL - 7);
}

static size_t frame0_bytes(const struct craft *c, size_t toc_n);
static size_t toc_bytes(const struct craft *c, const struct packing *k);

static void end_frame(struct packing *k)
{
	struct craft *c = k->c;
	size_t start = k->frames.len, n = k->used, stored = n, packed;
	bool last = k->left == 0;
	char hex[DIGEST_HEX_BYTES], line[160];
	uint8_t digest[DIGEST_BYTES];

	if (c->frames == FRAMES_SMALL)
		stored = 0;
	if (c->frames == FRAMES_FILL && last)
		stored = stored_for(k, frame0_bytes(c, toc_bytes(c, k)));
	put_head(&k->frames, n, c->frames == FRAMES_PADDED);
	put_blocks(&k->frames, k->plain, n, stored, c->frames == FRAMES_PADDED);
	if (c->frames == FRAMES_PADDED)
		while (k->frames.len - start < FRAME_PACKED_MAX + (last ? c->packed_more : 0))
			put_block(&k->frames, 0, 0,
				  k->frames.len - start + 3 >=
					  FRAME_PACKED_MAX + (last ? c->packed_more : 0),
				  k->plain);
	packed = k->frames.len - start;
	digest_of(k->frames.p + start, packed, digest);
	hex_encode(digest, DIGEST_BYTES, hex);
	append(&k->list, line,
	       (size_t)snprintf(line, sizeof(line), "%s{\"b2\":\"%s\",\"c\":%zu,\"u\":%zu}",
				k->list.len ? "," : "", hex, packed, n));
	k->used = 0;
}

static void put(struct packing *k, const void *p, uint64_t n)
{
	const uint8_t *at = p; /* NULL: zeros */

	for (uint64_t part; n > 0; n -= part) {
		part = FRAME_PLAIN_MAX - k->used < n ? FRAME_PLAIN_MAX - k->used : n;
		if (at)
			memcpy(k->plain + k->used, at, part);
		else
			memset(k->plain + k->used, 0, part);
		at = at ? at + part : NULL;
		k->used += part;
		k->left -= part;
		if (k->used == FRAME_PLAIN_MAX || k->left == 0)
			end_frame(k);
	}
}

static void pack(struct packing *k)
{
	const struct craft *c = k->c;
	uint8_t header[USTAR_BLOCK];

	k->left = USTAR_EOF_BYTES;
	for (size_t i = 0; i < c->file_count; i++)
		k->left += USTAR_BLOCK + c->files[i].size + ustar_pad(c->files[i].size);
	for (size_t i = 0; i < c->file_count; i++) {
		ustar_make(header, c->files[i].path, c->files[i].size, false);
		put(k, header, sizeof(header));
		put(k, NULL, c->files[i].size + ustar_pad(c->files[i].size));
	}
	put(k, NULL, USTAR_EOF_BYTES);
}

/* ---- contents ---- */

static void zeros_digest(uint64_t n, char ret_hex[DIGEST_HEX_BYTES])
{
	static uint8_t zeros[FRAME_PLAIN_MAX];
	uint8_t digest[DIGEST_BYTES];
	crypto_generichash_state s;

	(void)crypto_generichash_init(&s, NULL, 0, DIGEST_BYTES);
	for (uint64_t part; n > 0; n -= part) {
		part = n < sizeof(zeros) ? n : sizeof(zeros);
		(void)crypto_generichash_update(&s, zeros, part);
	}
	(void)crypto_generichash_final(&s, digest, DIGEST_BYTES);
	hex_encode(digest, DIGEST_BYTES, ret_hex);
}

static char *toc_text(const struct craft *c, const struct buffer *frames, size_t *ret_n)
{
	char *text = NULL, hex[DIGEST_HEX_BYTES];
	uint8_t digest[DIGEST_BYTES];
	FILE *f = open_memstream(&text, ret_n);

	if (!f)
		errx(1, "no memory");
	digest_of(c->manifest, c->manifest_n, digest);
	hex_encode(digest, DIGEST_BYTES, hex);
	(void)fprintf(
		f,
		"{\"_type\":\"kennel.toc/1\",\"counter\":7,\"files\":[{\"b2\":\"%s\",\"path\":"
		"\"manifest.json\",\"size\":%zu}",
		hex, c->manifest_n);
	for (size_t i = 0; i < c->file_count; i++) {
		const struct craft_file *file = &c->files[i];

		zeros_digest(file->size, hex);
		(void)fprintf(f, ",{\"b2\":\"%s\",\"path\":\"%s\",\"size\":%llu}", hex, file->path,
			      (unsigned long long)(file->claimed ? file->claimed : file->size));
	}
	(void)fprintf(f, "],\"frames\":[%.*s]}\n", (int)frames->len, (const char *)frames->p);
	if (fclose(f) != 0)
		errx(1, "no memory");
	return text;
}

/* The length of the contents, the last frame's entry still missing from the list. */
static size_t toc_bytes(const struct craft *c, const struct packing *k)
{
	static const char last[] = ",{\"b2\":\"\",\"c\":1000000,\"u\":1048576}";
	size_t n = 0;

	free(toc_text(c, &k->list, &n));
	return n + sizeof(last) - 1 + DIGEST_HEX_BYTES - 1;
}

static void edit(struct craft *c, char **text, size_t *n)
{
	char *at = c->from ? memmem(*text, *n, c->from, strlen(c->from)) : NULL, *edited;
	size_t before, from_n, to_n;

	if (!c->from)
		return;
	if (!at)
		errx(1, "the contents hold no %s", c->from);
	before = (size_t)(at - *text);
	from_n = strlen(c->from);
	to_n = strlen(c->to);
	edited = malloc(*n - from_n + to_n + 1);
	if (!edited)
		errx(1, "no memory");
	memcpy(edited, *text, before);
	memcpy(edited + before, c->to, to_n);
	memcpy(edited + before + to_n, at + from_n, *n - before - from_n);
	*n = *n - from_n + to_n;
	free(*text);
	*text = edited;
}

char *craft_toc(struct craft *c, size_t *ret_n)
{
	static struct packing k;
	char *text;

	k.c = c;
	k.frames.len = k.list.len = k.used = 0;
	pack(&k);
	text = toc_text(c, &k.list, ret_n);
	edit(c, &text, ret_n);
	return text;
}

/* ---- the bundle ---- */

/* As secret_sign, with a trusted comment of any length. */
static size_t sign(unsigned int number, const char *toc, size_t n, size_t comment_n, char ret[4096])
{
	CLEANUP(free_p) char *comment = craft_repeat("c", comment_n + 1);
	uint8_t prehash[64], blob[74], commented[4096], global[64];
	char line2[128], line4[128];
	struct secret_key k;

	craft_key(&k, number);
	comment[comment_n] = '\0';
	(void)crypto_generichash(prehash, sizeof(prehash), (const uint8_t *)toc, n, NULL, 0);
	memcpy(blob, "ED", 2);
	memcpy(blob + 2, k.id, 8);
	(void)crypto_sign_detached(blob + 10, NULL, prehash, sizeof(prehash), k.key);
	memcpy(commented, blob + 10, 64);
	memcpy(commented + 64, comment, comment_n);
	(void)crypto_sign_detached(global, NULL, commented, 64 + comment_n, k.key);
	(void)sodium_bin2base64(line2, sizeof(line2), blob, sizeof(blob),
				sodium_base64_VARIANT_ORIGINAL);
	(void)sodium_bin2base64(line4, sizeof(line4), global, sizeof(global),
				sodium_base64_VARIANT_ORIGINAL);
	return (size_t)snprintf(ret, 4096,
				"untrusted comment: kennel\n%s\ntrusted comment: %s\n%s\n", line2,
				comment, line4);
}

static void put_frame0(const struct craft *c, const char *toc, size_t n, struct buffer *out)
{
	static char text[16][4096];
	struct span spans[16];
	struct err e = { 0 };

	for (size_t i = 0; i < c->signatures; i++)
		spans[i] =
			(struct span){ (const uint8_t *)text[i],
				       sign((unsigned int)i + 1, toc, n, c->comment_n, text[i]) };
	if (build_frame0((struct span){ (const uint8_t *)toc, n }, spans, c->signatures,
			 (struct span){ (const uint8_t *)c->manifest, c->manifest_n }, out, &e) < 0)
		errx(1, "%s", e.text);
}

static size_t frame0_bytes(const struct craft *c, size_t toc_n)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	CLEANUP(free_p) char *toc = craft_repeat(" ", toc_n);

	put_frame0(c, toc, toc_n, &b);
	return b.len;
}

void craft_write(struct craft *c, const char *path)
{
	static struct packing k;
	CLEANUP(buffer_free_p) struct buffer out = { 0 };
	CLEANUP(free_p) char *text = NULL;
	size_t n = 0;
	FILE *f = fopen(path, "wx");

	k.c = c;
	k.frames.len = k.list.len = k.used = 0;
	pack(&k);
	text = toc_text(c, &k.list, &n);
	edit(c, &text, &n);
	put_frame0(c, c->toc ? c->toc : text, c->toc ? c->toc_n : n, &out);
	if (!f || fwrite(out.p, 1, out.len, f) != out.len ||
	    fwrite(k.frames.p, 1, k.frames.len, f) != k.frames.len || fclose(f) != 0)
		err(1, "%s", path);
	if (c->frames == FRAMES_FILL && out.len + k.frames.len != c->bundle_bytes)
		errx(1, "%s: %zu bytes", path, out.len + k.frames.len);
}
