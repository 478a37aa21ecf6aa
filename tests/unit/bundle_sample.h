/* SPDX-License-Identifier: Apache-2.0 */
/* bundle_sample.h - small bundles for tests, made by the writing side: good ones, and ones with
 * exactly one thing wrong that are signed all the same. Owns: the sample tree.  Must not know: what
 * the tests expect. */
#ifndef KENNEL_TESTS_BUNDLE_SAMPLE_H
#define KENNEL_TESTS_BUNDLE_SAMPLE_H

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "bundle/bundle.h"
#include "tools/pack/build.h"

#define SAMPLE_MANIFEST                                                         \
	"{\"name\":\"sample\",\"schemaVersion\":\"1.0\",\"version\":\"1.0.0\"," \
	"\"entry\":\"main.wasm\",\"permissions\":[]}"

/* A bundle in its parts; a test changes one and joins them again. */
struct sample {
	struct secret_key key;
	struct public_key public;
	struct tree tree;
	struct build_frames frames;
	char *toc;
	size_t toc_n;
	const char *manifest; /* in the first frame */
};

static inline void sample_free_p(struct sample *s)
{
	tree_free_p(&s->tree);
	build_frames_free_p(&s->frames);
	free(s->toc);
}

static inline void sample_key(struct secret_key *ret, uint8_t seed_byte)
{
	uint8_t seed[32], public[32];

	memset(seed, seed_byte, sizeof(seed));
	memset(ret->id, seed_byte, sizeof(ret->id));
	(void)crypto_sign_seed_keypair(public, ret->key, seed);
}

/* What packing can never be asked to do is put into the parts after this. */
static inline int sample_make(struct sample *s, struct err *e)
{
	struct build b = { .tree = &s->tree, .counter = 7 };
	uint8_t noise[2600];

	*s = (struct sample){ .manifest = SAMPLE_MANIFEST };
	if (sodium_init() < 0)
		return -1;
	sample_key(&s->key, 1);
	secret_public(&s->key, &s->public);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)(i * i * 2654435761u >> 13);
	if (tree_add(&s->tree, "manifest.json", SAMPLE_MANIFEST, strlen(SAMPLE_MANIFEST), e) < 0 ||
	    tree_add(&s->tree, "main.wasm", "\0asm\1\0\0\0", 8, e) < 0 ||
	    tree_add(&s->tree, "src/deep/noise", noise, sizeof(noise), e) < 0 ||
	    tree_add(&s->tree, "src/empty", "", 0, e) < 0 || tree_sort(&s->tree, e) < 0)
		return -1;
	if (build_pack_frames(&s->tree, &s->frames, e) < 0)
		return -1;
	return build_toc(&b, &s->frames, &s->toc, &s->toc_n, e);
}

/* Signs whatever the table of contents says now, and joins the parts. */
static inline int sample_join(const struct sample *s, struct buffer *ret, struct err *e)
{
	char signature[SIGNATURE_FILE_MAX];
	struct span span;

	secret_sign(&s->key, s->toc, s->toc_n, signature);
	span = (struct span){ (const uint8_t *)signature, strlen(signature) };
	*ret = (struct buffer){ 0 };
	if (build_frame0((struct span){ (const uint8_t *)s->toc, s->toc_n }, &span, 1,
			 (struct span){ (const uint8_t *)s->manifest, strlen(s->manifest) }, ret,
			 e) < 0)
		return -1;
	return buffer_append(ret, s->frames.bytes.p, s->frames.bytes.len, BUNDLE_MAX);
}

/* A new table of contents from the parts' lists, without asking whether it makes sense. */
static inline int sample_retoc(struct sample *s, struct err *e)
{
	struct build b = { .tree = &s->tree, .counter = 7 };

	free(s->toc);
	s->toc = NULL;
	return build_toc(&b, &s->frames, &s->toc, &s->toc_n, e);
}

/* Replaces the first occurrence of one text in the table of contents by another. */
static inline void sample_edit_toc(struct sample *s, const char *from, const char *to)
{
	char *at = memmem(s->toc, s->toc_n, from, strlen(from));
	size_t before, n;
	char *edited;

	if (!at)
		abort();
	before = (size_t)(at - s->toc);
	n = s->toc_n - strlen(from) + strlen(to);
	edited = malloc(n + 1);
	if (!edited)
		abort();
	memcpy(edited, s->toc, before);
	memcpy(edited + before, to, strlen(to));
	memcpy(edited + before + strlen(to), at + strlen(from),
	       s->toc_n - before - strlen(from) + 1);
	free(s->toc);
	s->toc = edited;
	s->toc_n = n;
}

/* The frames packed from any stream; the list says what the bytes are. */
static inline void sample_set_frame(struct sample *s, const uint8_t *packed, size_t n,
				    uint32_t plain)
{
	buffer_free_p(&s->frames.bytes);
	if (buffer_append(&s->frames.bytes, packed, n, BUNDLE_MAX) < 0)
		abort();
	s->frames.count = 1;
	s->frames.list[0].packed = (uint32_t)n;
	s->frames.list[0].plain = plain;
	(void)crypto_generichash(s->frames.list[0].digest, DIGEST_BYTES, packed, n, NULL, 0);
}

static inline ssize_t sample_read_one_byte(void *arg, void *p, size_t n)
{
	return source_read_memory(arg, p, n ? 1 : 0);
}

struct sample_question {
	struct decoder decoder;
	const struct trust *trust;
	int64_t now_s;
	bool inspect;
	bool native_ok;
	bool slowly; /* one byte a read */
};

/* bundle_check over the bytes, as a host would. */
static inline int sample_ask(const struct buffer *b, const struct sample_question *q,
			     bool *ret_checked, struct err *e)
{
	struct reader r = { .p = b->p, .left = b->len };
	struct bundle_job job = {
		.source = { q->slowly ? sample_read_one_byte : source_read_memory, &r },
		.trust = q->trust,
		.now_s = q->now_s,
		.inspect = q->inspect,
		.native_ok = q->native_ok,
		.decoder = q->decoder,
	};

	return bundle_check(&job, ret_checked, e);
}

#endif
