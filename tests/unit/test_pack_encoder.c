/* SPDX-License-Identifier: Apache-2.0 */
/* test_pack_encoder.c - an encoder that writes frames which decode to something else, or not at
 * all, is found out before anything is signed. tests: tools/pack/build.c */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <zstd.h>

#include <cmocka.h>

#include "tests/unit/bundle_sample.h"

enum fault { HONEST, FLIPS_A_BYTE, LEAVES_THE_END_OUT, PACKS_OTHER_BYTES };
static enum fault fault;
static unsigned int calls;

/* Stands in front of the library's own, which it calls (dlsym(3), RTLD_NEXT). */
size_t ZSTD_compress2(ZSTD_CCtx *z, void *to, size_t cap, const void *from, size_t n)
{
	size_t (*honest)(ZSTD_CCtx *, void *, size_t, const void *, size_t);
	static uint8_t other[FRAME_PLAIN_MAX];
	size_t packed;

	*(void **)&honest = dlsym(RTLD_NEXT, "ZSTD_compress2");
	calls++;
	memcpy(other, from, n);
	other[n / 2] ^= fault == PACKS_OTHER_BYTES;
	packed = honest(z, to, cap, other, n);
	if (fault == FLIPS_A_BYTE)
		((uint8_t *)to)[packed - 1] ^= 0x55;
	return fault == LEAVES_THE_END_OUT ? packed - 1 : packed;
}

static enum err_code pack_with(enum fault f)
{
	CLEANUP(tree_free_p) struct tree t = { 0 };
	CLEANUP(buffer_free_p) struct buffer out = { 0 };
	struct build b = { .tree = &t, .counter = 1 };
	struct secret_key k;
	struct err e = { 0 };
	int r;

	fault = f;
	sample_key(&k, 1);
	assert_int_equal(
		tree_add(&t, "manifest.json", SAMPLE_MANIFEST, strlen(SAMPLE_MANIFEST), &e), 0);
	assert_int_equal(tree_add(&t, "main.wasm", "\0asm\1\0\0\0", 8, &e), 0);
	assert_int_equal(tree_sort(&t, &e), 0);
	r = build_bundle(&b, &k, &out, &e);
	assert_int_equal(out.len == 0, r < 0);
	return r < 0 ? e.code : ERR_OK;
}

static void row33_an_encoders_fault_is_never_signed(void **state)
{
	(void)state;
	assert_true(sodium_init() >= 0);
	assert_int_equal(pack_with(HONEST), ERR_OK);
	assert_int_equal(calls, 1); /* it does stand in front */
	assert_int_equal(pack_with(FLIPS_A_BYTE), ERR_INTERNAL);
	assert_int_equal(pack_with(LEAVES_THE_END_OUT), ERR_INTERNAL);
	assert_int_equal(pack_with(PACKS_OTHER_BYTES), ERR_INTERNAL);
	assert_int_equal(pack_with(HONEST), ERR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row33_an_encoders_fault_is_never_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
