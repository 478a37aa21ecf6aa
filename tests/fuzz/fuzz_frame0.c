/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_frame0.c - what runs before a signature holds: the first frame and its members. An input is
 * the content; a good frame is put around it half of the time, so that the members are reached.
 * What is accepted must lie inside the content, in order. */
#include <sodium.h>

#include "base/bytes.h"
#include "bundle/bundle.h"
#include "bundle/frame0.h"
#include "bundle/ustar.h"
#include "tests/fuzz/fuzz.h"

static void check_spans(const struct frame0 *f, const uint8_t *content, size_t n)
{
	const uint8_t *at = content;

	must(f->signature_count >= 1 && f->signature_count <= BUNDLE_SIGNATURES_MAX);
	must(f->toc.p > at && f->toc.p + f->toc.n <= content + n);
	for (size_t i = 0; i < f->signature_count; i++) {
		must(f->signatures[i].p > f->toc.p &&
		     f->signatures[i].p + f->signatures[i].n <= f->manifest.p);
		must(f->signatures[i].n <= SIGNATURE_FILE_MAX);
	}
	must(f->manifest.p + f->manifest.n + ustar_pad(f->manifest.n) == content + n);
}

/* Headers as they must be, with the input's bytes as bodies: three lengths, then the bytes. */
static void try_members(const uint8_t *data, size_t size)
{
	static const char *const paths[] = { FRAME0_TOC_PATH, "META/toc.json.minisig",
					     FRAME0_MANIFEST_PATH };
	struct buffer content = { 0 };
	static const uint8_t zeros[USTAR_BLOCK];
	struct frame0 f;
	struct signature s;

	for (size_t i = 0; i < 3; i++) {
		size_t n = size < 2 ? 1 : 1 + (data[0] | (size_t)data[1] << 8) % size;
		uint8_t header[USTAR_BLOCK];

		if (n > size)
			break;
		ustar_make(header, paths[i], n, false);
		must(buffer_append(&content, header, sizeof(header), BUNDLE_MAX) == 0);
		must(buffer_append(&content, data, n, BUNDLE_MAX) == 0);
		must(buffer_append(&content, zeros, (size_t)ustar_pad(n), BUNDLE_MAX) == 0);
		data += n;
		size -= n;
	}
	if (content.len && frame0_split(content.p, content.len, &f, NULL) == 0) {
		check_spans(&f, content.p, content.len);
		(void)sign_parse((const char *)f.signatures[0].p, f.signatures[0].n, &s, NULL);
	}
	buffer_free_p(&content);
}

static int never(void *arg, const uint8_t *packed, size_t n, uint8_t *ret_plain, size_t plain_n,
		 struct err *e)
{
	(void)arg;
	(void)packed;
	(void)n;
	(void)ret_plain;
	(void)plain_n;
	(void)e;
	abort(); /* nobody here has a key that is trusted */
}

static void try_bundle(const uint8_t *data, size_t size)
{
	struct reader r = { .p = data, .left = size };
	struct trust trust = { 0 };
	struct bundle_job job = { .source = { source_read_memory, &r },
				  .trust = &trust,
				  .inspect = true,
				  .decoder = { .decode = never } };
	bool checked;

	(void)bundle_check(&job, &checked, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame0 f;

	if (sodium_init() < 0 || size < 1)
		return 0;
	switch (data[0] % 3) {
	case 0:
		if (frame0_split(data + 1, size - 1, &f, NULL) == 0)
			check_spans(&f, data + 1, size - 1);
		break;
	case 1:
		try_members(data + 1, size - 1);
		break;
	default:
		try_bundle(data + 1, size - 1);
		break;
	}
	return 0;
}
