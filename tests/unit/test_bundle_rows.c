/* SPDX-License-Identifier: Apache-2.0 */
/* test_bundle_rows.c - rows of the threat table that need more than one changed bundle.
 * tests: runner/bundle/bundle.c */
#include "bundle/bundle.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#include <cmocka.h>

#include "base/confine.h"
#include "bundle/ustar.h"
#include "tests/unit/bundle_sample.h"

static struct decode_local *local;

static enum err_code ask(const struct buffer *b, const struct public_key *k)
{
	CLEANUP(trust_free_p) struct trust t = { 0 };
	struct err e = { 0 };
	bool checked = false;

	assert_int_equal(trust_from_key(k, &t, &e), 0);
	if (sample_ask(b,
		       &(struct sample_question){ .decoder = decode_local_decoder(local),
						  .trust = &t },
		       &checked, &e) < 0)
		return e.code;
	assert_true(checked);
	return ERR_OK;
}

static enum err_code ask_joined(const struct sample *s, const struct public_key *k)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	struct err e = { 0 };

	assert_int_equal(sample_join(s, &b, &e), 0);
	return ask(&b, k);
}

static void set_toc(struct sample *s, const char *text)
{
	free(s->toc);
	s->toc = strdup(text);
	assert_non_null(s->toc);
	s->toc_n = strlen(text);
}

/* Contents that no JSON reader takes: who is not trusted hears of the signature, never of them. */
static void row02_a_strangers_contents_are_never_parsed(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	struct secret_key other;
	struct public_key stranger;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(sample_make(&s, &e), 0);
	set_toc(&s, "{\"\xff\":[[[[[[");
	sample_key(&other, 9);
	secret_public(&other, &stranger);
	assert_int_equal(ask_joined(&s, &stranger), ERR_UNTRUSTED);
	memcpy(stranger.id, s.public.id, sizeof(stranger.id));
	assert_int_equal(ask_joined(&s, &stranger), ERR_SIGNATURE);
	assert_int_equal(ask_joined(&s, &s.public), ERR_LIMIT); /* of nesting: now it is read */
}

static void row14_contents_do_not_repeat_the_manifest(void **state)
{
	static const char *const keys[] = { "],\"name\":\"sample\"}\n", "],\"permissions\":[]}\n",
					    "],\"version\":\"1.0.0\"}\n" };

	(void)state;
	for (size_t i = 0; i < countof(keys); i++) {
		CLEANUP(sample_free_p) struct sample s = { 0 };
		struct err e = { 0 };

		assert_int_equal(sample_make(&s, &e), 0);
		sample_edit_toc(&s, "]}\n", keys[i]);
		assert_int_equal(ask_joined(&s, &s.public), ERR_JSON_KEY);
	}
}

/* The contents claim the digest of one file for the bytes of another: what counts is computed. */
static void row15_a_claimed_digest_is_computed_again(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	struct err e = { 0 };
	char claimed[80], real[80];
	const char *at;

	(void)state;
	assert_int_equal(sample_make(&s, &e), 0);
	at = strstr(s.toc, "\"path\":\"main.wasm\"");
	assert_non_null(at);
	(void)snprintf(real, sizeof(real), "%.64s", at - 66);
	at = strstr(s.toc, "\"path\":\"src/empty\"");
	assert_non_null(at);
	(void)snprintf(claimed, sizeof(claimed), "%.64s", at - 66);
	sample_edit_toc(&s, real, claimed);
	assert_int_equal(ask_joined(&s, &s.public), ERR_FILE_DIGEST);
}

static void row18_a_byte_in_front_is_refused(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	CLEANUP(buffer_free_p) struct buffer moved = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(sample_make(&s, &e), 0);
	assert_int_equal(sample_join(&s, &b, &e), 0);
	for (unsigned int byte = 0; byte < 256; byte++) {
		uint8_t front = (uint8_t)byte;

		moved.len = 0;
		assert_int_equal(buffer_append(&moved, &front, 1, BUNDLE_MAX), 0);
		assert_int_equal(buffer_append(&moved, b.p, b.len, BUNDLE_MAX), 0);
		assert_int_equal(ask(&moved, &s.public), ERR_FRAME0);
	}
}

/* ---- the stream ---- */

static enum err_code ask_changed(size_t at, const void *p, size_t n)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	uint8_t plain[8192], packed[16384];
	struct err e = { 0 };
	size_t plain_n, packed_n;

	assert_int_equal(sample_make(&s, &e), 0);
	plain_n = ZSTD_decompress(plain, sizeof(plain), s.frames.bytes.p, s.frames.bytes.len);
	assert_int_equal(plain_n, s.frames.list[0].plain);
	memcpy(plain + at, p, n);
	packed_n = ZSTD_compress(packed, sizeof(packed), plain, plain_n, 3);
	assert_false(ZSTD_isError(packed_n));
	sample_set_frame(&s, packed, packed_n, (uint32_t)plain_n);
	assert_int_equal(sample_retoc(&s, &e), 0);
	return ask_joined(&s, &s.public);
}

static void row20_other_dialects_of_tar_are_refused(void **state)
{
	(void)state;
	assert_int_equal(ask_changed(156, "L", 1), ERR_STREAM);	      /* a GNU long name */
	assert_int_equal(ask_changed(156, "K", 1), ERR_STREAM);	      /* a GNU long link */
	assert_int_equal(ask_changed(156, "g", 1), ERR_STREAM);	      /* global pax */
	assert_int_equal(ask_changed(156, "S", 1), ERR_STREAM);	      /* sparse */
	assert_int_equal(ask_changed(156, "\0", 1), ERR_STREAM);      /* V7 */
	assert_int_equal(ask_changed(257, "ustar  ", 8), ERR_STREAM); /* GNU magic */
	assert_int_equal(ask_changed(124, "\x80", 1), ERR_STREAM);    /* a base-256 size */
	assert_int_equal(ask_changed(136, "1", 1), ERR_STREAM);	      /* a time */
}

static void row21_links_and_folders_in_the_stream_are_refused(void **state)
{
	(void)state;
	for (const char *type = "123456x"; *type; type++)
		assert_int_equal(ask_changed(156, type, 1), ERR_STREAM);
	assert_int_equal(ask_changed(157, "/etc/passwd", 11), ERR_STREAM); /* a link's name */
}

static void row22_owners_and_modes_in_the_stream_are_refused(void **state)
{
	(void)state;
	assert_int_equal(ask_changed(100, "0006755", 7), ERR_STREAM);
	assert_int_equal(ask_changed(100, "0000666", 7), ERR_STREAM);
	assert_int_equal(ask_changed(108, "0001750", 7), ERR_STREAM);
	assert_int_equal(ask_changed(265, "root", 4), ERR_STREAM);
}

/* ---- frames ---- */

static enum err_code ask_frame(const void *p, size_t n)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	struct err e = { 0 };

	assert_int_equal(sample_make(&s, &e), 0);
	sample_set_frame(&s, p, n, s.frames.list[0].plain);
	assert_int_equal(sample_retoc(&s, &e), 0);
	return ask_joined(&s, &s.public);
}

static void row26_a_frame_of_empty_blocks_is_refused(void **state)
{
	CLEANUP(free_p) uint8_t *frame = calloc(1, FRAME_PACKED_MAX);
	const size_t n = 9 + 3 * ((FRAME_PACKED_MAX - 9) / 3);

	(void)state;
	assert_non_null(frame);
	memcpy(frame, "\x28\xb5\x2f\xfd\xa0\x00\x14\0\0", 9); /* announces 5,120 bytes */
	frame[n - 3] = 1;				      /* the last block */
	assert_int_equal(ask_frame(frame, n), ERR_FRAME);
}

static void row28_dictionaries_and_old_formats_are_refused(void **state)
{
	uint8_t frame[64] = { 0x28, 0xb5, 0x2f, 0xfd, 0xa3, 1, 0, 0, 0, 0, 0x14, 0, 0, 1, 0, 0 };

	(void)state;
	assert_int_equal(ask_frame(frame, 16), ERR_FRAME); /* dictionary 1 */
	frame[4] = 0xa8;				   /* the reserved bit of the descriptor */
	assert_int_equal(ask_frame(frame, 16), ERR_FRAME);
	for (uint8_t old = 0x1e; old <= 0x27; old++) { /* zstd v0.1 to v0.7 */
		frame[0] = old;
		assert_int_equal(ask_frame(frame, sizeof(frame)), ERR_FRAME);
	}
}

/* ---- once ---- */

struct once {
	uint8_t *p;
	size_t n, at;
};

/* What was handed out is gone: who looks twice sees something else. */
static ssize_t read_once(void *arg, void *p, size_t n)
{
	struct once *o = arg;
	size_t part = o->n - o->at < n ? o->n - o->at : n;

	memcpy(p, o->p + o->at, part);
	memset(o->p + o->at, 0xee, part);
	o->at += part;
	return (ssize_t)part;
}

static int compare_bytes(void *arg, const void *p, size_t n, struct err *e)
{
	struct reader *expected = arg;
	const uint8_t *same = reader_bytes(expected, n);

	(void)e;
	assert_non_null(same);
	assert_memory_equal(p, same, n);
	return 0;
}

static void row30_every_byte_is_read_once_and_used_as_it_was_checked(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	CLEANUP(buffer_free_p) struct buffer files = { 0 };
	CLEANUP(trust_free_p) struct trust t = { 0 };
	struct reader expected;
	struct once once;
	struct bundle_job job = { .source = { read_once, &once },
				  .trust = &t,
				  .decoder = decode_local_decoder(local),
				  .sink = { .bytes = compare_bytes, .arg = &expected } };
	struct err e = { 0 };
	bool checked = false;

	(void)state;
	assert_int_equal(sample_make(&s, &e), 0);
	assert_int_equal(sample_join(&s, &b, &e), 0);
	for (size_t i = 1; i < s.tree.count; i++)
		assert_int_equal(
			buffer_append(&files, s.tree.files[i].bytes, s.tree.files[i].n, BUNDLE_MAX),
			0);
	assert_int_equal(trust_from_key(&s.public, &t, &e), 0);
	once = (struct once){ b.p, b.len, 0 };
	expected = (struct reader){ .p = files.p, .left = files.len };
	assert_int_equal(bundle_check(&job, &checked, &e), 0);
	assert_true(checked);
	assert_int_equal(once.at, b.len);
	assert_int_equal(expected.left, 0);
}

/* ---- the reader ---- */

/* The signal that ended it, 0 when the call came back. */
static int call_confined(long number)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    seccomp_install(SECCOMP_LOADER, NULL) < 0)
			_exit(1);
		(void)syscall(number, 0, 0, 0, 0, 0);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* No byte of an author ever becomes a file system, a program or a module. */
static void row34_the_reader_cannot_hand_bytes_to_the_kernel(void **state)
{
	static const long calls[] = {
		SYS_mount,  SYS_fsopen,	   SYS_fsmount,		 SYS_open_tree,	   SYS_move_mount,
		SYS_bpf,    SYS_execve,	   SYS_execveat,	 SYS_finit_module, SYS_socket,
		SYS_ptrace, SYS_symlinkat, SYS_name_to_handle_at
	};

	(void)state;
	assert_int_equal(call_confined(SYS_getpid), 0);
	for (size_t i = 0; i < countof(calls); i++)
		if (call_confined(calls[i]) != SIGSYS)
			fail_msg("system call %ld is allowed", calls[i]);
}

static void row36_without_a_signature_there_is_no_bundle(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	CLEANUP(trust_free_p) struct trust t = { 0 };
	struct err e = { 0 };
	bool checked = false;

	(void)state;
	assert_int_equal(sample_make(&s, &e), 0);
	assert_int_equal(
		build_frame0((struct span){ (const uint8_t *)s.toc, s.toc_n }, NULL, 0,
			     (struct span){ (const uint8_t *)s.manifest, strlen(s.manifest) }, &b,
			     &e),
		0);
	assert_int_equal(buffer_append(&b, s.frames.bytes.p, s.frames.bytes.len, BUNDLE_MAX), 0);
	assert_int_equal(ask(&b, &s.public), ERR_FRAME0);
	/* not even to look at */
	assert_int_equal(
		sample_ask(&b,
			   &(struct sample_question){ .decoder = decode_local_decoder(local),
						      .trust = &t,
						      .inspect = true },
			   &checked, &e),
		-1);
	assert_int_equal(e.code, ERR_FRAME0);
}

static int start(void **state)
{
	struct err e = { 0 };

	(void)state;
	return decode_local_new(&local, &e);
}

static int stop(void **state)
{
	(void)state;
	decode_local_free_p(&local);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row02_a_strangers_contents_are_never_parsed),
		cmocka_unit_test(row14_contents_do_not_repeat_the_manifest),
		cmocka_unit_test(row15_a_claimed_digest_is_computed_again),
		cmocka_unit_test(row18_a_byte_in_front_is_refused),
		cmocka_unit_test(row20_other_dialects_of_tar_are_refused),
		cmocka_unit_test(row21_links_and_folders_in_the_stream_are_refused),
		cmocka_unit_test(row22_owners_and_modes_in_the_stream_are_refused),
		cmocka_unit_test(row26_a_frame_of_empty_blocks_is_refused),
		cmocka_unit_test(row28_dictionaries_and_old_formats_are_refused),
		cmocka_unit_test(row30_every_byte_is_read_once_and_used_as_it_was_checked),
		cmocka_unit_test(row34_the_reader_cannot_hand_bytes_to_the_kernel),
		cmocka_unit_test(row36_without_a_signature_there_is_no_bundle),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
