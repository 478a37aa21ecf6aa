/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_decode.c - any bytes as a packed frame: two bytes say how much it must give. What decodes
 * must be exactly one frame of exactly that, and what the library's ordinary decoder makes of it;
 * nothing is written beyond it. */
#include <zstd.h>

#include "base/limits.h"
#include "bundle/decode.h"
#include "tests/fuzz/fuzz.h"

enum { PLAIN_MAX = 65536, GUARD = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct decode_local *d;
	static uint8_t plain[PLAIN_MAX + GUARD], again[PLAIN_MAX + 1];
	struct decoder decoder;
	uint8_t *packed;
	size_t plain_n;

	if (size < 2 || (!d && decode_local_new(&d, NULL) < 0))
		return 0;
	plain_n = (size_t)(data[0] | data[1] << 8);
	packed = malloc(size - 2);
	must(packed != NULL);
	memcpy(packed, data + 2, size - 2);
	memset(plain + plain_n, 0xa5, GUARD);
	decoder = decode_local_decoder(d);
	if (decoder.decode(decoder.arg, packed, size - 2, plain, plain_n, NULL) == 0) {
		must(ZSTD_findFrameCompressedSize(packed, size - 2) == size - 2);
		must(ZSTD_decompress(again, sizeof(again), packed, size - 2) == plain_n);
		must(memcmp(plain, again, plain_n) == 0);
	}
	for (size_t i = 0; i < GUARD; i++)
		must(plain[plain_n + i] == 0xa5);
	free(packed);
	return 0;
}
