/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_stream.c - an input is a plan: a few files, the tar stream that their table of contents
 * demands, then changes to it (or to its packed form), and how it is cut into pieces. The walk must
 * take the stream if and only if not one byte differs and no file is native code, and must hand on
 * exactly the files' bytes. */
#include <sodium.h>
#include <zstd.h>

#include "base/bytes.h"
#include "bundle/decode.h"
#include "base/digest.h"
#include "bundle/stream.h"
#include "bundle/ustar.h"
#include "tests/fuzz/fuzz.h"

enum { FILES = 6, STREAM_MAX = 65536, BODY_MAX = 2000 };

struct plan {
	struct toc toc;
	struct toc_file files[1 + FILES];
	char paths[1 + FILES][BUNDLE_PATH_MAX + 1];
	const uint8_t *bodies[1 + FILES]; /* in expected */
	uint8_t expected[STREAM_MAX];
	size_t n;
	bool native; /* one of the files is */
	/* what the walk has handed on */
	size_t file;
	size_t got;
	bool inside;
};

static int begin(void *arg, const struct toc_file *f, struct err *e)
{
	struct plan *p = arg;

	(void)e;
	must(!p->inside && f == &p->files[p->file + 1]);
	p->file++;
	p->got = 0;
	p->inside = true;
	return 0;
}

static int bytes(void *arg, const void *at, size_t n, struct err *e)
{
	struct plan *p = arg;

	(void)at;
	(void)e;
	p->got += n;
	must(p->inside && p->got <= p->files[p->file].size);
	return 0;
}

static int end(void *arg, struct err *e)
{
	struct plan *p = arg;

	(void)e;
	must(p->inside && p->got == p->files[p->file].size);
	p->inside = false;
	return 0;
}

static void append(struct plan *p, const void *at, size_t n)
{
	must(p->n + n <= sizeof(p->expected));
	memcpy(p->expected + p->n, at, n);
	p->n += n;
}

static void add_file(struct plan *p, struct cursor *c)
{
	size_t i = p->toc.file_count++, n = 0;
	struct toc_file *f = &p->files[i];
	uint8_t header[USTAR_BLOCK], shape = take_u8(c);
	const uint8_t *body = take_bytes(c, take_u16(c) % BODY_MAX, &n);
	static const uint8_t zeros[USTAR_BLOCK];

	/* Long ones, so that the prefix is used; no order is needed here. */
	(void)snprintf(
		p->paths[i], sizeof(p->paths[i]), "%.*s/%.*s%zu", 1 + shape % 90,
		"a_folder_with_a_name_that_fills_much_of_the_prefix_field_of_a_header_1234567890_and_more_xx",
		shape / 4,
		"and-a-file-with-a-long-name-of-its-own-which-may-stand-beside-it-1234567890", i);
	f->path = p->paths[i];
	f->size = n;
	f->executable = shape & 1;
	digest_of(body, n, f->digest);
	ustar_make(header, f->path, n, f->executable);
	append(p, header, sizeof(header));
	p->bodies[i] = p->expected + p->n;
	append(p, body, n);
	append(p, zeros, (size_t)ustar_pad(n));
	for (size_t k = 0; k <= n && k <= STREAM_START_BYTES; k++)
		p->native = p->native || stream_native_format(body, k, n);
}

static void make_plan(struct plan *p, struct cursor *c)
{
	static const uint8_t zeros[USTAR_EOF_BYTES];
	size_t count = 1 + take_u8(c) % FILES;

	memset(p, 0, sizeof(*p));
	p->toc.files = p->files;
	p->toc.file_count = 1; /* the manifest, which is not in the stream */
	for (size_t i = 0; i < count; i++)
		add_file(p, c);
	append(p, zeros, sizeof(zeros));
	p->toc.stream_bytes = p->n;
}

/* Up to three changes: a byte, or the length. */
static size_t change(uint8_t *p, size_t n, size_t cap, struct cursor *c)
{
	for (unsigned int k = take_u8(c) & 3; k > 0; k--) {
		uint32_t where = take_u32(c);
		uint8_t how = take_u8(c);

		if ((how & 15) == 15)
			n = where % cap;
		else if (n)
			p[where % n] ^= how;
	}
	return n;
}

static bool walk(struct plan *p, const uint8_t *at, size_t n, bool native_ok, struct cursor *c)
{
	struct stream_sink sink = { begin, bytes, end, p };
	size_t step = 1 + take_u16(c) % 4096;
	struct stream s;

	stream_start(&s, &p->toc, &sink, native_ok);
	for (size_t done = 0; done < n;) {
		size_t part = n - done < step ? n - done : step;
		/* A copy of just these bytes: reading past them is seen. */
		uint8_t *piece = malloc(part);
		int r;

		must(piece != NULL);
		memcpy(piece, at + done, part);
		r = stream_feed(&s, piece, part, NULL);
		free(piece);
		if (r < 0)
			return false;
		done += part;
	}
	return stream_finish(&s, NULL) == 0;
}

static size_t repack(const struct plan *p, uint8_t *plain, size_t cap, struct cursor *c)
{
	static struct decode_local *d;
	static uint8_t packed[STREAM_MAX * 2];
	size_t n = ZSTD_compress(packed, sizeof(packed), p->expected, p->n, 1);
	struct decoder decoder;

	must(!ZSTD_isError(n) && p->n <= cap);
	if (!d)
		must(decode_local_new(&d, NULL) == 0);
	n = change(packed, n, n + 1, c);
	decoder = decode_local_decoder(d);
	return decoder.decode(decoder.arg, packed, n, plain, p->n, NULL) == 0 ? p->n : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct plan p;
	static uint8_t stream[STREAM_MAX + 600];
	struct cursor c = { data, size };
	bool native_ok = take_u8(&c) & 1, packed = take_u8(&c) & 1, same, taken;
	size_t n;

	if (sodium_init() < 0)
		return 0;
	make_plan(&p, &c);
	memset(stream, 0, sizeof(stream));
	memcpy(stream, p.expected, p.n);
	n = packed ? repack(&p, stream, sizeof(stream), &c) : change(stream, p.n, p.n + 600, &c);
	same = n == p.n && memcmp(stream, p.expected, n) == 0;
	taken = walk(&p, stream, n, native_ok, &c);
	must(taken == (same && (native_ok || !p.native)));
	if (taken)
		must(!p.inside && p.file + 1 == p.toc.file_count);
	return 0;
}
