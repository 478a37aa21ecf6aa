/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_toc.c - a table of contents from any bytes. What is accepted must keep its promises: sums,
 * order, bounds, one spelling. */
#include <sodium.h>

#include "bundle/path.h"
#include "bundle/stream.h"
#include "bundle/toc.h"
#include "bundle/ustar.h"
#include "tests/fuzz/fuzz.h"

static void check_files(const struct toc *t)
{
	uint64_t stream = USTAR_EOF_BYTES, unpacked = 0;

	must(t->file_count >= 1 && t->file_count <= BUNDLE_FILES_MAX);
	must(!strcmp(t->files[0].path, "manifest.json"));
	for (size_t i = 0; i < t->file_count; i++) {
		must(path_check(t->files[i].path, NULL) == 0);
		must(t->files[i].size <= BUNDLE_FILE_MAX);
		must(i < 2 || strcmp(t->files[i - 1].path, t->files[i].path) < 0);
		unpacked += t->files[i].size;
		stream += i ? USTAR_BLOCK + t->files[i].size + ustar_pad(t->files[i].size) : 0;
	}
	must(unpacked == t->unpacked_bytes && unpacked <= BUNDLE_UNPACKED_MAX &&
	     stream == t->stream_bytes);
}

static void check_frames(const struct toc *t)
{
	uint64_t plain = 0, packed = 0;

	for (size_t i = 0; i < t->frame_count; i++) {
		must(t->frames[i].plain >= 1 && t->frames[i].plain <= FRAME_PLAIN_MAX);
		must(t->frames[i].packed >= 1 && t->frames[i].packed <= FRAME_PACKED_MAX);
		plain += t->frames[i].plain;
		packed += t->frames[i].packed;
	}
	must(plain == t->stream_bytes && packed == t->packed_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct stream_sink sink;
	struct stream s;
	struct toc t;

	if (sodium_init() < 0 || toc_parse((const char *)data, size, &t, NULL) < 0)
		return 0;
	check_files(&t);
	check_frames(&t);
	must(t.counter <= BUNDLE_COUNTER_MAX && t.expires >= 0);
	stream_start(&s, &t, &sink, true);
	(void)stream_feed(&s, data, size, NULL);
	must(stream_finish(&s, NULL) < 0 || t.stream_bytes <= size);
	toc_free_p(&t);
	return 0;
}
