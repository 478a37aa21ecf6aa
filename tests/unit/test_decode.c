/* SPDX-License-Identifier: Apache-2.0 */
/* test_decode.c - a frame decodes to exactly what was announced, here and in the sealed child. */
#include "bundle/decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "bundle/toc.h"

struct frame {
	uint8_t packed[FRAME_PACKED_MAX + 64];
	size_t n;
	size_t plain_n;
};

static uint8_t text[FRAME_PLAIN_MAX];

static void pack(struct frame *f, size_t n, int checksum, int content_size)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();

	for (size_t i = 0; i < n; i++)
		text[i] = (uint8_t)((uint8_t) "kennel "[i % 7] + (i >> 12));
	(void)ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, checksum);
	(void)ZSTD_CCtx_setParameter(z, ZSTD_c_contentSizeFlag, content_size);
	f->n = ZSTD_compress2(z, f->packed, sizeof(f->packed), text, n);
	f->plain_n = n;
	assert_false(ZSTD_isError(f->n));
	(void)ZSTD_freeCCtx(z);
}

static void make_good(struct frame *f)
{
	pack(f, 100000, 0, 1);
}

static void make_full(struct frame *f)
{
	pack(f, FRAME_PLAIN_MAX, 0, 1);
}

static void make_checksum(struct frame *f)
{
	pack(f, 1000, 1, 1);
}

static void make_unsized(struct frame *f)
{
	pack(f, 1000, 0, 0);
}

static void make_longer(struct frame *f)
{
	pack(f, 1000, 0, 1);
	f->plain_n = 999;
}

static void make_shorter(struct frame *f)
{
	pack(f, 1000, 0, 1);
	f->plain_n = 1001;
}

static void make_cut(struct frame *f)
{
	pack(f, 1000, 0, 1);
	f->n--;
}

static void make_trailing(struct frame *f)
{
	pack(f, 1000, 0, 1);
	f->packed[f->n++] = 0;
}

static void make_two(struct frame *f)
{
	pack(f, 1000, 0, 1);
	memcpy(f->packed + f->n, f->packed, f->n);
	f->n *= 2;
}

static void make_bytes(struct frame *f, const char *p, size_t n, size_t plain_n)
{
	memcpy(f->packed, p, n);
	f->n = n;
	f->plain_n = plain_n;
}

static void make_skippable(struct frame *f)
{
	make_bytes(f, "\x50\x2a\x4d\x18\x04\0\0\0abcd", 12, 4);
}

static void make_garbage(struct frame *f)
{
	make_bytes(f, "garbage, not zstd", 17, 4);
}

static void make_empty(struct frame *f)
{
	make_bytes(f, "", 0, 4);
}

/* Single segment, one-byte dictionary id 1, content size 4. */
static void make_dictionary(struct frame *f)
{
	make_bytes(f, "\x28\xb5\x2f\xfd\x21\x01\x04\x21\0\0abcd", 14, 4);
}

/* Announces 2 GiB of window: refused for its size before anything is allocated. */
static void make_window(struct frame *f)
{
	make_bytes(f, "\x28\xb5\x2f\xfd\x80\xa8\x04\0\0\0\x01\0\0", 13, 4);
}

/* Thousands of empty blocks. */
static void make_empty_blocks(struct frame *f)
{
	memcpy(f->packed, "\x28\xb5\x2f\xfd\x20\x04", 6);
	memset(f->packed + 6, 0, 24579);
	f->packed[6 + 24576] = 1;
	f->n = 6 + 24579;
	f->plain_n = 4;
}

static void make_corrupt(struct frame *f)
{
	pack(f, 100000, 0, 1);
	memset(f->packed + f->n / 2, 0xff, f->n / 4);
}

static const struct {
	const char *name;
	void (*make)(struct frame *f);
	enum err_code expect;
} frames[] = {
	{ "good", make_good, ERR_OK },
	{ "full", make_full, ERR_OK },
	{ "checksum", make_checksum, ERR_FRAME },
	{ "no content size", make_unsized, ERR_FRAME },
	{ "longer than announced", make_longer, ERR_FRAME },
	{ "shorter than announced", make_shorter, ERR_FRAME },
	{ "cut", make_cut, ERR_FRAME },
	{ "a byte after it", make_trailing, ERR_FRAME },
	{ "two frames", make_two, ERR_FRAME },
	{ "skippable", make_skippable, ERR_FRAME },
	{ "garbage", make_garbage, ERR_FRAME },
	{ "nothing", make_empty, ERR_FRAME },
	{ "dictionary", make_dictionary, ERR_FRAME },
	{ "window of 2 GiB", make_window, ERR_FRAME },
	{ "empty blocks", make_empty_blocks, ERR_FRAME },
	{ "corrupt", make_corrupt, ERR_FRAME },
	{ "good again", make_good, ERR_OK },
};

static void ask_all(const struct decoder *d)
{
	static struct frame f;
	static uint8_t plain[FRAME_PLAIN_MAX];

	for (size_t i = 0; i < countof(frames); i++) {
		struct err e = { 0 };
		enum err_code got;

		frames[i].make(&f);
		got = d->decode(d->arg, f.packed, f.n, plain, f.plain_n, &e) < 0 ? e.code : ERR_OK;
		if (got != frames[i].expect)
			fail_msg("%s: expected %s, got %s: %s", frames[i].name,
				 err_name(frames[i].expect), err_name(got), e.text);
		if (got == ERR_OK)
			assert_memory_equal(plain, text, f.plain_n);
	}
}

static void in_this_process(void **state)
{
	CLEANUP(decode_local_free_p) struct decode_local *local = NULL;
	struct decoder d;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(decode_local_new(&local, &e), 0);
	d = decode_local_decoder(local);
	ask_all(&d);
}

static void in_the_sealed_child(void **state)
{
	struct decode_child c;
	struct decoder d;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(decode_child_start(&c, &e), 0);
	d = decode_child_decoder(&c);
	ask_all(&d);
	decode_child_stop_p(&c);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void row24_the_decoder_is_under_strict_seccomp(void **state)
{
	struct decode_child c;
	char path[64], line[256];
	FILE *status;
	struct err e = { 0 };
	int mode = -1;

	(void)state;
	assert_int_equal(decode_child_start(&c, &e), 0);
	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)c.pid);
	status = fopen(path, "r");
	assert_non_null(status);
	while (fgets(line, sizeof(line), status))
		if (!strncmp(line, "Seccomp:", 8))
			mode = line[9] - '0';
	(void)fclose(status);
	assert_int_equal(mode, 1);
	decode_child_stop_p(&c);
}

static void a_dead_child_is_an_error(void **state)
{
	static struct frame f;
	static uint8_t plain[FRAME_PLAIN_MAX];
	struct decode_child c;
	struct decoder d;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(decode_child_start(&c, &e), 0);
	d = decode_child_decoder(&c);
	make_good(&f);
	assert_int_equal(kill(c.pid, SIGKILL), 0);
	assert_int_equal(d.decode(d.arg, f.packed, f.n, plain, f.plain_n, &e), -1);
	assert_int_equal(e.code, ERR_FRAME);
	decode_child_stop_p(&c);
}

static void a_frame_begun_ahead_is_the_one_that_is_answered(void **state)
{
	static struct frame f;
	static uint8_t plain[FRAME_PLAIN_MAX], packed[sizeof(f.packed)];
	struct decode_child c;
	struct decoder d;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(decode_child_start(&c, &e), 0);
	d = decode_child_decoder(&c);
	make_good(&f);
	assert_int_equal(d.begin(d.arg, f.packed, f.n, f.plain_n, &e), 0);
	memcpy(packed, f.packed, f.n);
	/* Another frame cannot slip between a beginning and its answer. */
	assert_int_equal(d.begin(d.arg, packed, f.n, f.plain_n, &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	assert_int_equal(d.decode(d.arg, packed, f.n, plain, f.plain_n, &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	assert_int_equal(d.decode(d.arg, f.packed, f.n, plain, f.plain_n, &e), 0);
	assert_int_equal(d.decode(d.arg, packed, f.n, plain, f.plain_n, &e), 0);
	decode_child_stop_p(&c);
}

static void oversize_frames_do_not_reach_the_child(void **state)
{
	static struct frame f;
	static uint8_t plain[FRAME_PLAIN_MAX];
	struct decode_child c;
	struct decoder d;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(decode_child_start(&c, &e), 0);
	d = decode_child_decoder(&c);
	assert_int_equal(d.decode(d.arg, f.packed, FRAME_PACKED_MAX + 1, plain, 4, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(d.decode(d.arg, f.packed, 4, plain, FRAME_PLAIN_MAX + 1, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	decode_child_stop_p(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_this_process),
		cmocka_unit_test(in_the_sealed_child),
		cmocka_unit_test(row24_the_decoder_is_under_strict_seccomp),
		cmocka_unit_test(a_dead_child_is_an_error),
		cmocka_unit_test(a_frame_begun_ahead_is_the_one_that_is_answered),
		cmocka_unit_test(oversize_frames_do_not_reach_the_child),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
