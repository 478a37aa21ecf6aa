/* SPDX-License-Identifier: Apache-2.0 */
/* build.c - a tree of files → the bytes of a bundle, the same bytes for the same tree. */
#include "tools/pack/build.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "bundle/bundle.h"
#include "base/digest.h"
#include "bundle/ustar.h"

/* Above it, libzstd up to 1.5.4 has a block splitter that could write frames it cannot read
 * (zstd pull request 3517). */
enum { LEVEL = 12 };

/* ---- the tar stream, cut into frames ---- */

struct packer {
	ZSTD_CCtx *z;
	struct decode_local *decoder;
	struct build_frames *out;
	size_t capacity; /* of out->list */
	size_t used;	 /* of plain */
	uint8_t plain[FRAME_PLAIN_MAX];
	uint8_t packed[FRAME_PACKED_MAX];
	uint8_t again[FRAME_PLAIN_MAX];
};

static void packer_free_p(struct packer **p)
{
	if (!*p)
		return;
	(void)ZSTD_freeCCtx((*p)->z);
	decode_local_free_p(&(*p)->decoder);
	free(*p);
}

static int packer_new(struct packer **ret, struct build_frames *out, struct err *e)
{
	CLEANUP(packer_free_p) struct packer *p = calloc(1, sizeof(*p));

	if (!p)
		return err_set(e, ERR_NOMEM, "packer");
	p->out = out;
	p->z = ZSTD_createCCtx();
	if (!p->z || ZSTD_isError(ZSTD_CCtx_setParameter(p->z, ZSTD_c_compressionLevel, LEVEL)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(p->z, ZSTD_c_contentSizeFlag, 1)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(p->z, ZSTD_c_checksumFlag, 0)))
		return err_set(e, ERR_NOMEM, "zstd");
	if (decode_local_new(&p->decoder, e) < 0)
		return -1;
	*ret = take_ptr(p);
	return 0;
}

static int list_frame(struct packer *p, size_t packed, struct err *e)
{
	struct build_frames *f = p->out;
	struct toc_frame *at;

	if (f->count == p->capacity) {
		size_t more = p->capacity ? 2 * p->capacity : 16;
		struct toc_frame *grown = reallocarray(f->list, more, sizeof(*f->list));

		if (!grown)
			return err_set(e, ERR_NOMEM, "frames");
		f->list = grown;
		p->capacity = more;
	}
	at = &f->list[f->count++];
	*at = (struct toc_frame){ .packed = (uint32_t)packed, .plain = (uint32_t)p->used };
	digest_of(p->packed, packed, at->digest);
	return 0;
}

static int end_frame(struct packer *p, struct err *e)
{
	struct decoder d = decode_local_decoder(p->decoder);
	size_t n = ZSTD_compress2(p->z, p->packed, sizeof(p->packed), p->plain, p->used);

	if (ZSTD_isError(n))
		return err_set(e, ERR_INTERNAL, "zstd: %s", ZSTD_getErrorName(n));
	if (d.decode(d.arg, p->packed, n, p->again, p->used, e) < 0 ||
	    memcmp(p->plain, p->again, p->used) != 0)
		return err_set(e, ERR_INTERNAL, "frame %zu does not decode to what was packed",
			       p->out->count + 1);
	if (buffer_append(&p->out->bytes, p->packed, n, BUNDLE_MOST) < 0)
		return err_set(e, ERR_LIMIT, "the bundle is larger than %u MiB", BUNDLE_MOST >> 20);
	if (list_frame(p, n, e) < 0)
		return -1;
	p->used = 0;
	return 0;
}

static int put(struct packer *p, const void *bytes, size_t n, struct err *e)
{
	const uint8_t *at = bytes;

	while (n > 0) {
		size_t part = FRAME_PLAIN_MAX - p->used < n ? FRAME_PLAIN_MAX - p->used : n;

		memcpy(p->plain + p->used, at, part);
		p->used += part;
		at += part;
		n -= part;
		if (p->used == FRAME_PLAIN_MAX && end_frame(p, e) < 0)
			return -1;
	}
	return 0;
}

int build_pack_frames(const struct tree *t, struct build_frames *ret, struct err *e)
{
	static const uint8_t zeros[USTAR_EOF_BYTES];
	CLEANUP(build_frames_free_p) struct build_frames f = { 0 };
	CLEANUP(packer_free_p) struct packer *p = NULL;
	uint8_t header[USTAR_BLOCK];

	if (packer_new(&p, &f, e) < 0)
		return -1;
	for (size_t i = 1; i < t->count; i++) {
		const struct tree_file *file = &t->files[i];

		ustar_make(header, file->path, file->n, file->executable);
		if (put(p, header, sizeof(header), e) < 0 || put(p, file->bytes, file->n, e) < 0 ||
		    put(p, zeros, (size_t)ustar_pad(file->n), e) < 0)
			return -1;
	}
	if (put(p, zeros, USTAR_EOF_BYTES, e) < 0 || (p->used && end_frame(p, e) < 0))
		return -1;
	*ret = f;
	f = (struct build_frames){ 0 };
	return 0;
}

void build_frames_free_p(struct build_frames *f)
{
	buffer_free_p(&f->bytes);
	free(f->list);
	*f = (struct build_frames){ 0 };
}

/* ---- table of contents ---- */

static json_t *hex_json(const uint8_t digest[DIGEST_BYTES])
{
	char hex[DIGEST_HEX_BYTES];

	hex_encode(digest, DIGEST_BYTES, hex);
	return json_string(hex);
}

static json_t *file_json(const struct tree_file *f)
{
	uint8_t digest[DIGEST_BYTES];

	json_t *j;

	digest_of(f->bytes, f->n, digest);
	j = json_pack("{so, ss, sI}", "b2", hex_json(digest), "path", f->path, "size",
		      (json_int_t)f->n);
	if (j && f->executable)
		(void)json_object_set_new(j, "mode", json_string("x"));
	return j;
}

static json_t *frame_json(const struct toc_frame *f)
{
	return json_pack("{so, sI, sI}", "b2", hex_json(f->digest), "c", (json_int_t)f->packed, "u",
			 (json_int_t)f->plain);
}

int build_toc(const struct build *b, const struct build_frames *f, char **ret, size_t *ret_n,
	      struct err *e)
{
	json_t *files = json_array(), *frames = json_array();
	CLEANUP(json_decref_p)
	json_t *j = json_pack("{ss, sI, so, so}", "_type", TOC_TYPE, "counter",
			      (json_int_t)b->counter, "files", files, "frames", frames);
	CLEANUP(free_p) char *text = NULL, *with_newline = NULL;
	int bad = !j;
	size_t n = 0;

	for (size_t i = 0; !bad && i < b->tree->count; i++)
		bad = json_array_append_new(files, file_json(&b->tree->files[i])) < 0;
	for (size_t i = 0; !bad && i < f->count; i++)
		bad = json_array_append_new(frames, frame_json(&f->list[i])) < 0;
	if (!bad && b->expires)
		bad = json_object_set_new(j, "expires", json_integer(b->expires)) < 0;
	if (!bad && b->min_host)
		bad = json_object_set_new(j, "min_host", json_integer(b->min_host)) < 0;
	if (!bad && b->tree->native)
		bad = json_object_set_new(j, "native", json_true()) < 0;
	text = bad ? NULL : json_print_canonical(j, &n);
	with_newline = text ? malloc(n + 2) : NULL;
	if (!with_newline)
		return err_set(e, ERR_NOMEM, "table of contents");
	memcpy(with_newline, text, n);
	memcpy(with_newline + n, "\n", 2);
	*ret = take_ptr(with_newline);
	*ret_n = n + 1;
	return 0;
}

/* ---- first frame ---- */

static int put_member(struct buffer *content, const char *path, struct span s, struct err *e)
{
	static const uint8_t zeros[USTAR_BLOCK];
	uint8_t header[USTAR_BLOCK];

	ustar_make(header, path, s.n, false);
	if (buffer_append(content, header, sizeof(header), BUNDLE_MOST) < 0 ||
	    buffer_append(content, s.p, s.n, BUNDLE_MOST) < 0 ||
	    buffer_append(content, zeros, (size_t)ustar_pad(s.n), BUNDLE_MOST) < 0)
		return err_set(e, ERR_NOMEM, "first frame");
	return 0;
}

/* RFC 8878: a frame of raw blocks, content size in four bytes, single segment. */
static int store(const struct buffer *content, struct buffer *out)
{
	uint8_t head[FRAME0_HEADER_BYTES] = { 0x28, 0xb5, 0x2f, 0xfd, 0xa0 };
	int bad;

	for (size_t i = 0; i < 4; i++)
		head[5 + i] = (uint8_t)(content->len >> (8 * i));
	bad = buffer_append(out, head, sizeof(head), BUNDLE_MOST) < 0;
	for (size_t at = 0; !bad && at < content->len;) {
		size_t n = content->len - at < FRAME0_BLOCK_BYTES ? content->len - at
								  : FRAME0_BLOCK_BYTES;
		size_t word = n << 3 | (at + n == content->len ? 1 : 0);
		uint8_t h[3] = { (uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16) };

		bad = buffer_append(out, h, sizeof(h), BUNDLE_MOST) < 0 ||
		      buffer_append(out, content->p + at, n, BUNDLE_MOST) < 0;
		at += n;
	}
	return bad ? -1 : 0;
}

int build_frame0(struct span toc, const struct span *signatures, size_t count, struct span manifest,
		 struct buffer *out, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer content = { 0 };
	char path[FRAME0_NAME_BYTES];

	if (put_member(&content, FRAME0_TOC_PATH, toc, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		frame0_signature_path(i, path);
		if (put_member(&content, path, signatures[i], e) < 0)
			return -1;
	}
	if (put_member(&content, FRAME0_MANIFEST_PATH, manifest, e) < 0)
		return -1;
	return store(&content, out) < 0 ? err_set(e, ERR_LIMIT, "the bundle is larger than %u MiB",
						  BUNDLE_MOST >> 20)
					: 0;
}

/* ---- bundles ---- */

int build_check(const struct buffer *bundle, const struct public_key *k, struct err *e)
{
	CLEANUP(trust_free_p) struct trust trust = { 0 };
	CLEANUP(decode_local_free_p) struct decode_local *d = NULL;
	const struct bundle_bounds most = bundle_bounds_most();
	struct reader r = { .p = bundle->p, .left = bundle->len };
	struct bundle_job job = { .source = { source_read_memory, &r },
				  .trust = &trust,
				  .native_ok = true,
				  .bounds = &most };
	bool checked;

	if (trust_from_key(k, &trust, e) < 0 || decode_local_new(&d, e) < 0)
		return -1;
	job.decoder = decode_local_decoder(d);
	return bundle_check(&job, &checked, e);
}

int build_bundle(const struct build *b, const struct secret_key *k, struct buffer *ret,
		 struct err *e)
{
	CLEANUP(build_frames_free_p) struct build_frames f = { 0 };
	CLEANUP(buffer_free_p) struct buffer out = { 0 };
	CLEANUP(toc_free_p) struct toc own = { 0 };
	CLEANUP(free_p) char *toc = NULL;
	const struct bundle_bounds bounds = tree_bounds(b->tree);
	char signature[SIGNATURE_FILE_MAX];
	struct span spans[3];
	struct public_key public;
	size_t n;

	if (build_pack_frames(b->tree, &f, e) < 0 || build_toc(b, &f, &toc, &n, e) < 0 ||
	    toc_parse_within(toc, n, &bounds, &own, e) <
		    0) /* nothing is signed that no host reads */
		return -1;
	secret_sign(k, toc, n, signature);
	spans[0] = (struct span){ (const uint8_t *)toc, n };
	spans[1] = (struct span){ (const uint8_t *)signature, strlen(signature) };
	spans[2] = (struct span){ b->tree->files[0].bytes, b->tree->files[0].n };
	if (build_frame0(spans[0], &spans[1], 1, spans[2], &out, e) < 0)
		return -1;
	if (buffer_append(&out, f.bytes.p, f.bytes.len, bounds.packed_bytes) < 0)
		return err_set(e, ERR_LIMIT, "the bundle is larger than %llu MiB",
			       (unsigned long long)bounds.packed_bytes >> 20);
	secret_public(k, &public);
	if (build_check(&out, &public, e) < 0)
		return err_wrap(e, "packed, but a host would refuse it");
	*ret = out;
	out = (struct buffer){ 0 };
	return 0;
}

/* Signing is repeatable, so the second line says who signed. */
static bool same_signature(struct span a, struct span b)
{
	struct signature sa, sb;

	return sign_parse((const char *)a.p, a.n, &sa, NULL) == 0 &&
	       sign_parse((const char *)b.p, b.n, &sb, NULL) == 0 &&
	       memcmp(sa.bytes, sb.bytes, sizeof(sa.bytes)) == 0;
}

int build_attach(const struct buffer *bundle, struct span signature, struct buffer *ret,
		 struct err *e)
{
	CLEANUP(frame0_free_p) struct frame0 f = { 0 };
	CLEANUP(buffer_free_p) struct buffer out = { 0 };
	struct reader r = { .p = bundle->p, .left = bundle->len };
	struct source s = { source_read_memory, &r };

	if (frame0_read(&s, &f, e) < 0)
		return -1;
	for (size_t i = 0; i < f.signature_count; i++)
		if (same_signature(f.signatures[i], signature))
			return err_set(e, ERR_EXISTS, "the bundle has this signature already");
	if (f.signature_count == BUNDLE_SIGNATURES_MAX)
		return err_set(e, ERR_LIMIT, "the bundle has %u signatures already",
			       BUNDLE_SIGNATURES_MAX);
	f.signatures[f.signature_count] = signature;
	if (build_frame0(f.toc, f.signatures, f.signature_count + 1, f.manifest, &out, e) < 0)
		return -1;
	if (buffer_append(&out, r.p, r.left, BUNDLE_MOST) < 0)
		return err_set(e, ERR_LIMIT, "the bundle is larger than %u MiB", BUNDLE_MOST >> 20);
	*ret = out;
	out = (struct buffer){ 0 };
	return 0;
}
