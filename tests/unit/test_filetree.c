/* SPDX-License-Identifier: Apache-2.0 */
/* test_filetree.c - an index says what lies there; every change is seen, a restored backup is not
 * one.
 */
#include "supervise/filetree.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/fs.h"

static char top[64];
static int old_dir, new_dir;

static void put(int dir, const char *path, const char *text)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	assert_int_equal(fchmod(fd, 0444), 0);
	assert_int_equal(close(fd), 0);
}

static void add(struct filetree *t, const char *path, const char *text)
{
	uint8_t digest[DIGEST_BYTES];
	struct err e = { 0 };

	digest_of(text, strlen(text), digest);
	assert_int_equal(filetree_add(t, path, strlen(text), digest, &e), 0);
}

static int make_bundle(const char *name)
{
	int dir;

	(void)mkdirat(AT_FDCWD, name, 0755);
	dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	assert_int_equal(mkdirat(dir, "root", 0775), 0);
	assert_int_equal(mkdirat(dir, "root/sub", 0775), 0);
	assert_int_equal(mkdirat(dir, "exec", 0755), 0);
	put(dir, "root/main.wasm", "module");
	put(dir, "root/sub/a.txt", "text");
	put(dir, "exec/plugin", "program");
	put(dir, "install.json", "{}");
	return dir;
}

static void list(struct filetree *t)
{
	struct err e = { 0 };

	add(t, "root/sub/a.txt", "text");
	add(t, "root/main.wasm", "module");
	assert_int_equal(filetree_add(t, FILETREE_EXECUTABLE, 0, NULL, &e), 0);
}

static void seal(int dir)
{
	CLEANUP(filetree_free_p) struct filetree t = { 0 };
	struct err e = { 0 };

	list(&t);
	assert_int_equal(filetree_seal(&t, dir, &e), 0);
	assert_int_equal(filetree_write(&t, dir, &e), 0);
}

static int set_up(void **state)
{
	char name[96];

	(void)state;
	(void)snprintf(top, sizeof(top), "/tmp/tree-XXXXXX");
	assert_non_null(mkdtemp(top));
	(void)snprintf(name, sizeof(name), "%s/old", top);
	old_dir = make_bundle(name);
	(void)snprintf(name, sizeof(name), "%s/new", top);
	new_dir = make_bundle(name);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	(void)close(old_dir);
	(void)close(new_dir);
	return fs_remove_tree(AT_FDCWD, top, NULL);
}

static void what_was_sealed_is_as_it_was(void **state)
{
	struct filetree_report r = { 0 };
	struct err e = { 0 };

	(void)state;
	seal(new_dir);
	assert_int_equal(filetree_check(new_dir, false, &r, &e), 0);
	assert_int_equal(r.files, 3);
	assert_int_equal(r.hashed, 0);
	assert_int_equal(r.bytes, 6 + 4 + 7);
	assert_int_equal(filetree_check(new_dir, true, &r, &e), 0);
	assert_int_equal(r.hashed, 3);
}

static void row35_without_an_index_nothing_is_believed(void **state)
{
	static const char *const bad[] = { "", "kennel.index/1\n", "kennel.index/1 1 1 0\n",
					   "kennel.index/2 0 0 0\n", "kennel.index/1 1 1 0\nx\n" };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(filetree_check(new_dir, false, NULL, &e), -1);
	assert_int_equal(e.code, ERR_STORE_CHANGED);
	for (size_t i = 0; i < countof(bad); i++) {
		assert_int_equal(
			fs_write_atomic(new_dir, FILETREE_INDEX, bad[i], strlen(bad[i]), 0600, &e),
			0);
		assert_int_equal(filetree_check(new_dir, false, NULL, &e), -1);
		assert_int_equal(e.code, ERR_STORE_CHANGED);
	}
}

static void staged_must_be_what_was_listed(void **state)
{
	CLEANUP(filetree_free_p) struct filetree t = { 0 };
	struct err e = { 0 };

	(void)state;
	add(&t, "root/main.wasm", "module");
	assert_int_equal(filetree_seal(&t, new_dir, &e), -1); /* a file that nobody listed */
	assert_int_equal(e.code, ERR_STORE_CHANGED);
	list(&t);
	add(&t, "root/none", "x");
	assert_int_equal(filetree_seal(&t, new_dir, &e),
			 -1); /* one row twice, one without a file */
	assert_int_equal(e.code, ERR_STORE_CHANGED);
}

/* ---- every change is seen ---- */

static void replace(void)
{
	put(new_dir, "root/other", "MODULE");
	assert_int_equal(renameat(new_dir, "root/other", new_dir, "root/main.wasm"), 0);
}

static void write_in_place(void)
{
	put(new_dir, "root/main.wasm", "MODULE");
}

static void write_and_set_the_clock_back(void)
{
	struct timespec times[2];
	struct stat st;

	assert_int_equal(fstatat(new_dir, "root/main.wasm", &st, 0), 0);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	write_in_place();
	assert_int_equal(utimensat(new_dir, "root/main.wasm", times, 0), 0);
}

static void grow(void)
{
	put(new_dir, "root/main.wasm", "module, and more");
}

static void open_up(void)
{
	assert_int_equal(fchmodat(new_dir, "root/main.wasm", 0666, 0), 0);
}

static void remove_one(void)
{
	assert_int_equal(unlinkat(new_dir, "root/sub/a.txt", 0), 0);
}

static void add_one(void)
{
	put(new_dir, "root/sub/b.txt", "x");
}

static void add_folder(void)
{
	assert_int_equal(mkdirat(new_dir, "root/sub/more", 0755), 0);
}

static void add_link(void)
{
	assert_int_equal(symlinkat("main.wasm", new_dir, "root/link"), 0);
}

static void link_instead(void)
{
	remove_one();
	assert_int_equal(symlinkat("../main.wasm", new_dir, "root/sub/a.txt"), 0);
}

static void change_program(void)
{
	put(new_dir, "exec/plugin", "PROGRAM");
}

static void put_beside(void)
{
	put(new_dir, "beside", "x");
}

static void open_folder(void)
{
	assert_int_equal(fchmodat(new_dir, "root/sub", 0777, 0), 0);
}

static void row35_every_change_is_seen(void **state)
{
	static void (*const changes[])(void) = {
		replace,      write_in_place, write_and_set_the_clock_back,
		grow,	      open_up,	      remove_one,
		add_one,      add_folder,     add_link,
		link_instead, put_beside,     change_program,
		open_folder,
	};

	(void)state;
	for (size_t i = 0; i < countof(changes); i++) {
		struct err e = { 0 };

		seal(new_dir);
		changes[i]();
		assert_int_equal(filetree_check(new_dir, false, NULL, &e), -1);
		assert_int_equal(e.code, ERR_STORE_CHANGED);
		(void)close(new_dir);
		(void)close(old_dir);
		assert_int_equal(fs_remove_tree(AT_FDCWD, top, NULL), 0);
		(void)set_up(NULL);
	}
}

static void the_same_bytes_under_other_times_are_the_same(void **state)
{
	struct filetree_report r = { 0 };
	struct err e = { 0 };

	(void)state;
	seal(new_dir);
	put(new_dir, "root/other", "module");
	assert_int_equal(renameat(new_dir, "root/other", new_dir, "root/main.wasm"), 0);
	assert_int_equal(filetree_check(new_dir, false, &r, &e), 0);
	assert_int_equal(r.hashed, 1);
	assert_int_equal(filetree_check(new_dir, false, &r, &e), 0); /* and is known from now on */
	assert_int_equal(r.hashed, 0);
}

/* ---- sharing ---- */

static ino_t inode(int dir, const char *path)
{
	struct stat st;

	assert_int_equal(fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_ino;
}

static void share(struct filetree *t)
{
	CLEANUP(filetree_free_p) struct filetree old = { 0 };
	struct err e = { 0 };

	assert_int_equal(filetree_read(old_dir, &old, &e), 0);
	assert_int_equal(filetree_share(t, new_dir, &old, old_dir, &e), 0);
}

static void versions_share_what_they_have_in_common(void **state)
{
	CLEANUP(filetree_free_p) struct filetree t = { 0 };
	struct filetree_report r = { 0 };
	struct err e = { 0 };

	(void)state;
	seal(old_dir);
	put(new_dir, "root/sub/a.txt", "new!");
	add(&t, "root/sub/a.txt", "new!");
	add(&t, "root/main.wasm", "module");
	assert_int_equal(filetree_add(&t, FILETREE_EXECUTABLE, 0, NULL, &e), 0);
	share(&t);
	assert_int_equal(inode(new_dir, "root/main.wasm"), inode(old_dir, "root/main.wasm"));
	assert_int_not_equal(inode(new_dir, "root/sub/a.txt"), inode(old_dir, "root/sub/a.txt"));
	assert_int_not_equal(inode(new_dir, "exec/plugin"), inode(old_dir, "exec/plugin"));
	assert_int_equal(filetree_seal(&t, new_dir, &e), 0);
	assert_int_equal(filetree_write(&t, new_dir, &e), 0);
	assert_int_equal(filetree_check(new_dir, false, &r, &e), 0);
	assert_int_equal(r.hashed, 0);
	assert_int_equal(filetree_check(old_dir, false, &r, &e), 0); /* its link count changed */
	assert_int_equal(r.hashed, 1);
	assert_int_equal(unlinkat(old_dir, "root/main.wasm", 0), 0);
	assert_int_equal(filetree_refresh(new_dir, &e), 0);
	assert_int_equal(filetree_check(new_dir, false, &r, &e), 0);
	assert_int_equal(r.hashed, 0);
}

/* What belongs to the loader cannot be linked: it becomes a file of ours, with its own digest. */
static void what_is_not_ours_is_copied(void **state)
{
	CLEANUP(filetree_free_p) struct filetree t = { 0 };
	struct err e = { 0 };
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(fchownat(old_dir, "root/main.wasm", 65534, 65534, 0), 0);
	assert_int_equal(fchownat(new_dir, "root/main.wasm", 65534, 65534, 0), 0);
	seal(old_dir);
	list(&t);
	share(&t);
	assert_int_equal(fstatat(new_dir, "root/main.wasm", &st, 0), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_mode & 07777, 0444);
	assert_int_not_equal(st.st_ino, inode(old_dir, "root/main.wasm"));
	assert_int_equal(filetree_seal(&t, new_dir, &e), 0);
	assert_int_equal(filetree_write(&t, new_dir, &e), 0);
	assert_int_equal(filetree_check(new_dir, true, NULL, &e), 0);
}

static void a_digest_that_lies_is_not_shared(void **state)
{
	CLEANUP(filetree_free_p) struct filetree t = { 0 };
	CLEANUP(filetree_free_p) struct filetree old = { 0 };
	struct err e = { 0 };

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(fchownat(old_dir, "root/main.wasm", 65534, 65534, 0), 0);
	seal(old_dir);
	put(new_dir, "root/main.wasm", "MODULE"); /* said to be "module" */
	list(&t);
	assert_int_equal(filetree_read(old_dir, &old, &e), 0);
	assert_int_equal(filetree_share(&t, new_dir, &old, old_dir, &e), -1);
	assert_int_equal(e.code, ERR_FILE_DIGEST);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(what_was_sealed_is_as_it_was),
		CASE(row35_without_an_index_nothing_is_believed),
		CASE(staged_must_be_what_was_listed),
		CASE(row35_every_change_is_seen),
		CASE(the_same_bytes_under_other_times_are_the_same),
		CASE(versions_share_what_they_have_in_common),
		CASE(what_is_not_ours_is_copied),
		CASE(a_digest_that_lies_is_not_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
