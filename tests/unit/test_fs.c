/* SPDX-License-Identifier: Apache-2.0 */
/* test_fs.c - small files and trees below a descriptor, and no way out of it. */
#include "base/fs.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <sys/stat.h>

#include "base/cleanup.h"

static char root_path[64];
static int root = -1;

static int setup(void **state)
{
	(void)state;
	(void)snprintf(root_path, sizeof(root_path), "/tmp/kennel-fs-XXXXXX");
	assert_non_null(mkdtemp(root_path));
	root = open(root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0);
	return 0;
}

static int teardown(void **state)
{
	struct err e = { 0 };

	(void)state;
	(void)close(root);
	assert_int_equal(fs_remove_tree(AT_FDCWD, root_path, &e), 0);
	return 0;
}

static void an_atomic_write_replaces_whole_files(void **state)
{
	struct buffer b = { 0 };
	struct err e = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(fs_write_atomic(root, "a", "one", 3, 0600, &e), 0);
	assert_int_equal(fs_write_atomic(root, "a", "two!", 4, 0640, &e), 0);
	assert_int_equal(fs_read_file(root, "a", 100, &b, &e), 0);
	assert_int_equal(b.len, 4);
	assert_string_equal((char *)b.p, "two!");
	assert_int_equal(fstatat(root, "a", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(fstatat(root, ".a.new", &st, 0), -1);
	buffer_free_p(&b);
}

static void an_atomic_write_replaces_only_regular_files(void **state)
{
	struct err e = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(symlinkat("elsewhere", root, "link"), 0);
	assert_int_equal(mkfifoat(root, "fifo", 0600), 0);
	assert_int_equal(fs_write_atomic(root, "link", "x", 1, 0600, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_int_equal(fs_write_atomic(root, "fifo", "x", 1, 0600, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_int_equal(fstatat(root, "link", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(fstatat(root, "fifo", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(fstatat(root, ".fifo.new", &st, 0), -1);
}

static void reading_is_bounded_and_takes_regular_files_only(void **state)
{
	struct buffer b = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(fs_write_atomic(root, "big", "0123456789", 10, 0600, &e), 0);
	assert_int_equal(fs_read_file(root, "big", 9, &b, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(mkfifoat(root, "fifo", 0600), 0);
	assert_int_equal(fs_read_file(root, "fifo", 9, &b, &e), -1); /* and does not wait */
	assert_int_equal(symlinkat("big", root, "link"), 0);
	assert_int_equal(fs_read_file(root, "link", 100, &b, &e), -1);
}

static void a_tree_goes_and_what_links_point_at_stays(void **state)
{
	struct err e = { 0 };
	struct stat st;
	int d;

	(void)state;
	assert_int_equal(fs_write_atomic(root, "keep", "x", 1, 0600, &e), 0);
	d = fs_open_dir(root, "tree", true, 0700, &e);
	assert_true(d >= 0);
	assert_int_equal(mkdirat(d, "deep", 0700), 0);
	assert_int_equal(symlinkat("../../keep", d, "deep/link"), 0);
	assert_int_equal(symlinkat("..", d, "up"), 0);
	(void)close(d);
	assert_int_equal(fs_remove_tree(root, "tree", &e), 0);
	assert_int_equal(fstatat(root, "tree", &st, 0), -1);
	assert_int_equal(fstatat(root, "keep", &st, 0), 0);
	assert_int_equal(fs_remove_tree(root, "tree", &e), 0); /* nothing there is success */
}

static void a_folder_is_read_to_its_end_and_never_through_a_link(void **state)
{
	struct err e = { 0 };
	struct dirent *de;
	int found = 0, r;
	DIR *d;

	(void)state;
	assert_int_equal(fs_write_atomic(root, "one", "x", 1, 0600, &e), 0);
	assert_int_equal(fs_write_atomic(root, ".two", "x", 1, 0600, &e), 0);
	assert_int_equal(symlinkat(".", root, "loop"), 0);
	for (int again = 0; again < 2; again++) { /* a stream of its own each time */
		found = 0;
		d = fs_opendir(root, ".", &e);
		assert_non_null(d);
		while ((r = fs_next(d, &de, &e)) > 0)
			found++;
		assert_int_equal(r, 0);
		assert_int_equal(found, 3);
		(void)closedir(d);
	}
	assert_null(fs_opendir(root, "loop", &e));
	assert_null(fs_opendir(root, "one", &e));
	assert_null(fs_opendir(root, "none", &e));
	assert_int_equal(e.code, ERR_SYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_atomic_write_replaces_whole_files, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_atomic_write_replaces_only_regular_files, setup,
						teardown),
		cmocka_unit_test_setup_teardown(reading_is_bounded_and_takes_regular_files_only,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_tree_goes_and_what_links_point_at_stays, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_folder_is_read_to_its_end_and_never_through_a_link, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
