/* SPDX-License-Identifier: Apache-2.0 */
/* test_unpack.c - verified files lie below root/, closed, and nothing lies there when it ended
 * early. */
#include "bundle/unpack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "tests/unit/bundle_sample.h"

struct place {
	char path[40];
	int fd;
};

static void enter(struct place *p)
{
	(void)snprintf(p->path, sizeof(p->path), "/tmp/kennel-unpack-XXXXXX");
	assert_non_null(mkdtemp(p->path));
	p->fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(p->fd >= 0);
}

static void leave(struct place *p)
{
	(void)close(p->fd);
	assert_int_equal(fs_remove_tree(AT_FDCWD, p->path, NULL), 0);
}

static mode_t mode_of(const struct place *p, const char *path)
{
	struct stat st;

	assert_int_equal(fstatat(p->fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mode & 07777;
}

static const struct toc_file files[] = {
	{ .path = "manifest.json", .size = 2 },
	{ .path = "a/b/c/deep", .size = 4 },
	{ .path = "a/b/near", .size = 0 },
	{ .path = "main.wasm", .size = 4 },
	{ .path = "z/last", .size = 1, .executable = true },
};

static void row22_files_and_folders_have_their_modes(void **state)
{
	struct toc toc = { .files = (struct toc_file *)(uintptr_t)files,
			   .file_count = countof(files) };
	CLEANUP(buffer_free_p) struct buffer text = { 0 };
	struct place p;
	struct unpack u;
	struct err e = { 0 };

	(void)state;
	enter(&p);
	assert_int_equal(unpack_start(&u, p.fd, &e), 0);
	for (size_t i = 0; i < countof(files); i++)
		assert_int_equal(unpack_file(&u, &files[i], "1234", (size_t)files[i].size, &e), 0);
	assert_int_equal(unpack_finish(&u, &toc, &e), 0);
	unpack_free_p(&u);
	assert_int_equal(mode_of(&p, "root"), 0575);
	assert_int_equal(mode_of(&p, "root/a"), 0575);
	assert_int_equal(mode_of(&p, "root/a/b"), 0575);
	assert_int_equal(mode_of(&p, "root/a/b/c"), 0575);
	assert_int_equal(mode_of(&p, "root/z"), 0575);
	assert_int_equal(mode_of(&p, "root/a/b/c/deep"), 0444);
	assert_int_equal(mode_of(&p, "root/main.wasm"), 0444);
	assert_int_equal(mode_of(&p, "root/z/last"), 0555);
	assert_int_equal(fs_read_file(p.fd, "root/a/b/c/deep", 100, &text, &e), 0);
	assert_string_equal((char *)text.p, "1234");
	leave(&p);
}

static void a_staging_folder_is_used_once(void **state)
{
	struct place p;
	struct unpack u, again;
	struct err e = { 0 };

	(void)state;
	enter(&p);
	assert_int_equal(unpack_start(&u, p.fd, &e), 0);
	assert_int_equal(unpack_start(&again, p.fd, &e), -1);
	assert_int_equal(e.code, ERR_EXISTS);
	unpack_free_p(&u);
	leave(&p);
}

static void an_early_end_leaves_nothing(void **state)
{
	struct place p;
	struct unpack u;
	struct err e = { 0 };

	(void)state;
	enter(&p);
	assert_int_equal(unpack_start(&u, p.fd, &e), 0);
	assert_int_equal(unpack_file(&u, &files[1], "1234", 4, &e), 0);
	unpack_free_p(&u);
	assert_int_equal(faccessat(p.fd, "root", F_OK, 0), -1);
	leave(&p);
}

/* The paths are checked before; here even a hostile folder content does not lead out. */
static void row21_nothing_is_followed_or_overwritten(void **state)
{
	static const struct toc_file through = { .path = "link/x", .size = 1 },
				     up = { .path = "../x", .size = 1 };
	struct place p;
	struct unpack u;
	struct err e = { 0 };

	(void)state;
	enter(&p);
	assert_int_equal(unpack_start(&u, p.fd, &e), 0);
	assert_int_equal(symlinkat("/tmp", p.fd, "root/link"), 0);
	assert_int_equal(unpack_file(&u, &through, "x", 1, &e), -1);
	assert_int_equal(unpack_file(&u, &up, "x", 1, &e), -1);
	assert_int_equal(unpack_file(&u, &files[3], "1234", 4, &e), 0);
	assert_int_equal(unpack_file(&u, &files[3], "1234", 4, &e), -1);
	unpack_free_p(&u);
	assert_int_equal(faccessat(p.fd, "x", F_OK, 0), -1);
	leave(&p);
}

static void the_sink_writes_what_the_stream_gives(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	CLEANUP(buffer_free_p) struct buffer got = { 0 };
	CLEANUP(trust_free_p) struct trust trust = { 0 };
	CLEANUP(decode_local_free_p) struct decode_local *d = NULL;
	struct place p;
	struct unpack u;
	struct reader r;
	struct bundle_job job = { .trust = &trust };
	struct err e = { 0 };
	bool checked = false;

	(void)state;
	enter(&p);
	assert_int_equal(sample_make(&s, &e), 0);
	assert_int_equal(sample_join(&s, &b, &e), 0);
	assert_int_equal(trust_from_key(&s.public, &trust, &e), 0);
	assert_int_equal(decode_local_new(&d, &e), 0);
	assert_int_equal(unpack_start(&u, p.fd, &e), 0);
	r = (struct reader){ .p = b.p, .left = b.len };
	job.source = (struct source){ source_read_memory, &r };
	job.decoder = decode_local_decoder(d);
	job.sink = unpack_sink(&u);
	assert_int_equal(bundle_check(&job, &checked, &e), 0);
	assert_int_equal(fs_read_file(p.fd, "root/src/deep/noise", 4096, &got, &e), 0);
	assert_int_equal(got.len, s.tree.files[2].n);
	assert_memory_equal(got.p, s.tree.files[2].bytes, got.len);
	unpack_free_p(&u);
	leave(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row22_files_and_folders_have_their_modes),
		cmocka_unit_test(a_staging_folder_is_used_once),
		cmocka_unit_test(an_early_end_leaves_nothing),
		cmocka_unit_test(row21_nothing_is_followed_or_overwritten),
		cmocka_unit_test(the_sink_writes_what_the_stream_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
