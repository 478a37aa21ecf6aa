/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_bundle.c - a trusted key in hostile hands. An input is a list of changes to a good bundle:
 * to its tar stream, to the packed frame, to the text of its table of contents; the digests are
 * made anew where the change allows it, all is signed, and checked to the last byte as a host
 * would. What is handed on must keep every bound and be what the table says. */
#include <sodium.h>
#include <zstd.h>

#include "base/digest.h"
#include "bundle/path.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/bundle_sample.h"

enum { PLAIN_MAX = 16384 };

static struct sample base;
static uint8_t plain[PLAIN_MAX], packed[2 * PLAIN_MAX];
static size_t plain_n;
static struct trust trust;
static struct decode_local *local;

struct seen {
	const struct toc *toc;
	size_t file;
	uint64_t got;
	struct digest digest;
};

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	must(sample_make(&base, NULL) == 0 && decode_local_new(&local, NULL) == 0);
	must(trust_from_key(&base.public, &trust, NULL) == 0);
	plain_n = ZSTD_decompress(plain, sizeof(plain), base.frames.bytes.p, base.frames.bytes.len);
	must(!ZSTD_isError(plain_n));
	return 0;
}

/* ---- what a host takes ---- */

static int on_manifest(void *arg, const struct toc *t, const char *text, size_t n, struct err *e)
{
	struct seen *s = arg;
	uint8_t digest[DIGEST_BYTES];

	(void)e;
	must(!s->toc && n == t->files[0].size && n <= MANIFEST_MAX);
	digest_of(text, n, digest);
	must(digest_equal(digest, t->files[0].digest));
	must(!t->native && t->file_count <= BUNDLE_FILES_MAX);
	must(t->unpacked_bytes <= BUNDLE_UNPACKED_MAX && t->packed_bytes <= BUNDLE_MAX);
	s->toc = t;
	return 0;
}

static int on_begin(void *arg, const struct toc_file *f, struct err *e)
{
	struct seen *s = arg;

	(void)e;
	must(s->toc && f == &s->toc->files[++s->file] && !f->executable);
	must(path_check(f->path, NULL) == 0);
	s->got = 0;
	digest_start(&s->digest);
	return 0;
}

static int on_bytes(void *arg, const void *p, size_t n, struct err *e)
{
	struct seen *s = arg;

	(void)e;
	s->got += n;
	must(s->got <= s->toc->files[s->file].size);
	digest_add(&s->digest, p, n);
	return 0;
}

static int on_end(void *arg, struct err *e)
{
	struct seen *s = arg;
	uint8_t digest[DIGEST_BYTES];

	(void)e;
	digest_end(&s->digest, digest);
	must(s->got == s->toc->files[s->file].size);
	must(digest_equal(digest, s->toc->files[s->file].digest));
	return 0;
}

static int on_checked(void *arg, const struct toc *t, struct err *e)
{
	struct seen *s = arg;

	(void)e;
	must(t == s->toc && s->file + 1 == t->file_count);
	return 0;
}

static int check(const struct buffer *b)
{
	struct seen seen = { 0 };
	struct reader r = { .p = b->p, .left = b->len };
	struct bundle_job job = {
		.source = { source_read_memory, &r },
		.trust = &trust,
		.now_s = 1700000000,
		.decoder = decode_local_decoder(local),
		.sink = { on_begin, on_bytes, on_end, &seen },
		.hooks = { NULL, on_manifest, NULL, on_checked, &seen },
	};
	bool checked = false;
	int r2 = bundle_check(&job, &checked, NULL);

	must(r2 < 0 || (checked && r.left == 0));
	return r2;
}

/* ---- what a signer does ---- */

static size_t change(uint8_t *p, size_t n, size_t cap, struct cursor *c, unsigned int times)
{
	for (; times > 0; times--) {
		size_t where = n ? take_u16(c) % n : 0, part = 0;
		uint8_t how = take_u8(c);

		if (how < 8 && n + how <= cap) { /* some bytes more */
			const uint8_t *from = take_bytes(c, how, &part);

			memmove(p + where + part, p + where, n - where);
			memcpy(p + where, from, part);
			n += part;
		} else if (how < 16) { /* fewer */
			part = how - 8u < n - where ? how - 8u : n - where;
			memmove(p + where, p + where + part, n - where - part);
			n -= part;
		} else if (n) {
			p[where] = take_u8(c);
		}
	}
	return n;
}

/* One value of the table replaced: the n-th place behind a ':'. */
static void change_value(struct sample *s, struct cursor *c)
{
	size_t nth = take_u8(c) % 24, i = 0, part = 0, end;
	const uint8_t *value = take_bytes(c, take_u8(c) % 24, &part);
	char *text;

	for (; i < s->toc_n && (s->toc[i] != ':' || nth--); i++)
		;
	if (i == s->toc_n)
		return;
	end = ++i;
	while (end < s->toc_n && !strchr(",}]\n", s->toc[end]))
		end++;
	text = malloc(s->toc_n + part);
	must(text != NULL);
	memcpy(text, s->toc, i);
	memcpy(text + i, value, part);
	memcpy(text + i + part, s->toc + end, s->toc_n - end);
	free(s->toc);
	s->toc = text;
	s->toc_n = i + part + s->toc_n - end;
}

static void change_toc(struct sample *s, struct cursor *c, unsigned int times)
{
	char *text = malloc(s->toc_n + 64);

	must(text != NULL);
	memcpy(text, s->toc, s->toc_n);
	free(s->toc);
	s->toc = text;
	s->toc_n = change((uint8_t *)text, s->toc_n, s->toc_n + 64, c, times);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	static uint8_t stream[PLAIN_MAX];
	struct cursor c = { data, size };
	unsigned int how = take_u8(&c), times = how >> 6;
	struct sample s = base;
	size_t n, packed_n;

	memcpy(stream, plain, plain_n);
	n = change(stream, plain_n, sizeof(stream), &c, how & 1 ? times : 0);
	packed_n = ZSTD_compress(packed, sizeof(packed), stream, n, 1);
	must(!ZSTD_isError(packed_n));
	packed_n = change(packed, packed_n, sizeof(packed), &c, how & 2 ? times : 0);
	s.toc = NULL;
	s.frames = (struct build_frames){ .list = calloc(1, sizeof(*s.frames.list)) };
	must(s.frames.list != NULL);
	sample_set_frame(&s, packed, packed_n, (uint32_t)n);
	must(sample_retoc(&s, NULL) == 0);
	for (unsigned int k = how & 4 ? times : 0; k > 0; k--)
		change_value(&s, &c);
	if (how & 8)
		change_toc(&s, &c, times);
	if (sample_join(&s, &b, NULL) == 0) {
		int r = check(&b);

		must(r == 0 || size > 0); /* the bundle without a change is a good one */
	}
	build_frames_free_p(&s.frames);
	free(s.toc);
	return 0;
}
