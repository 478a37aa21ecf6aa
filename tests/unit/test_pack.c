/* SPDX-License-Identifier: Apache-2.0 */
/* test_pack.c - secret keys survive their text, and the same tree gives the same bytes. */
#include "tools/pack/build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/fs.h"
#include "tests/unit/bundle_sample.h"

static void a_key_without_a_password_survives(void **state)
{
	struct secret_key k, got;
	char text[SECRET_FILE_MAX];
	bool encrypted = true;
	struct err e = { 0 };

	(void)state;
	assert_true(sodium_init() >= 0);
	secret_make(&k);
	assert_int_equal(secret_print(&k, NULL, text, &e), 0);
	assert_int_equal(secret_is_encrypted(text, strlen(text), &encrypted, &e), 0);
	assert_false(encrypted);
	assert_int_equal(secret_parse(text, strlen(text), NULL, &got, &e), 0);
	assert_memory_equal(&k, &got, sizeof(k));
	*strchr(text, '\n') = ' ';
	assert_int_equal(secret_parse(text, strlen(text), NULL, &got, &e), -1);
	assert_int_equal(e.code, ERR_KEY_FORMAT);
}

static void a_damaged_key_is_refused(void **state)
{
	struct secret_key k, got;
	char text[SECRET_FILE_MAX];
	struct err e = { 0 };
	size_t n, taken = 0;

	(void)state;
	assert_true(sodium_init() >= 0);
	secret_make(&k);
	assert_int_equal(secret_print(&k, NULL, text, &e), 0);
	n = strlen(text);
	/* 54 bytes of head, 32 of them a salt that has no meaning without a password */
	for (size_t i = n - 1 - 104 * 4 / 3 + 4; i < n - 1; i++) {
		char was = text[i];

		text[i] = was == 'A' ? 'B' : 'A';
		taken += secret_parse(text, n, NULL, &got, &e) == 0;
		text[i] = was;
	}
	assert_int_equal(taken, 0);
}

static void trees_that_no_host_takes_are_named(void **state)
{
	static const struct {
		const char *path, *bytes;
		enum err_code expect;
	} rows[] = {
		{ ".git", "x", ERR_PATH },	    { "a b", "x", ERR_PATH },
		{ "META/toc.json", "x", ERR_PATH }, { "run.sh", "#!/bin/sh", ERR_NATIVE },
		{ "tool", "\177ELF", ERR_NATIVE },  { "words.txt", "MZ is text", ERR_OK },
		{ "fine.txt", "x", ERR_OK },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		CLEANUP(tree_free_p) struct tree t = { 0 };
		struct err e = { 0 };

		if (tree_add(&t, rows[i].path, rows[i].bytes, strlen(rows[i].bytes), &e) == 0)
			e.code = ERR_OK;
		assert_int_equal(e.code, rows[i].expect);
		if (e.code)
			assert_non_null(strstr(e.text, rows[i].path));
	}
}

static void order_of_adding_does_not_matter(void **state)
{
	static const char *const orders[2][4] = { { "manifest.json", "a/b", "a-b", "main.wasm" },
						  { "main.wasm", "a-b", "a/b", "manifest.json" } };
	CLEANUP(buffer_free_p) struct buffer first = { 0 };
	struct secret_key k;

	(void)state;
	assert_true(sodium_init() >= 0);
	sample_key(&k, 1);
	for (size_t i = 0; i < countof(orders); i++) {
		CLEANUP(tree_free_p) struct tree t = { 0 };
		CLEANUP(buffer_free_p) struct buffer out = { 0 };
		struct build b = { .tree = &t, .counter = 1 };
		struct err e = { 0 };

		for (size_t j = 0; j < 4; j++)
			assert_int_equal(
				tree_add(&t, orders[i][j], orders[i][j], strlen(orders[i][j]), &e),
				0);
		assert_int_equal(tree_sort(&t, &e), 0);
		assert_int_equal(build_bundle(&b, &k, &out, &e), 0);
		if (i == 0) {
			first = out;
			out = (struct buffer){ 0 };
		} else {
			assert_int_equal(first.len, out.len);
			assert_memory_equal(first.p, out.p, out.len);
		}
	}
}

static void frames_are_cut_at_a_mebibyte(void **state)
{
	CLEANUP(tree_free_p) struct tree t = { 0 };
	CLEANUP(buffer_free_p) struct buffer out = { 0 };
	CLEANUP(build_frames_free_p) struct build_frames f = { 0 };
	CLEANUP(free_p) uint8_t *big = malloc(3u << 20);
	struct secret_key k;
	struct public_key public;
	struct build b = { .tree = &t, .counter = 1 };
	struct err e = { 0 };

	(void)state;
	assert_true(sodium_init() >= 0);
	assert_non_null(big);
	randombytes_buf(big, 3u << 20);
	big[0] = 0;
	sample_key(&k, 1);
	secret_public(&k, &public);
	assert_int_equal(tree_add(&t, "manifest.json", "{}", 2, &e), 0);
	assert_int_equal(tree_add(&t, "big", big, 3u << 20, &e), 0);
	assert_int_equal(tree_sort(&t, &e), 0);
	assert_int_equal(build_pack_frames(&t, &f, &e), 0);
	assert_int_equal(f.count, 4);
	assert_int_equal(f.list[2].plain, FRAME_PLAIN_MAX);
	assert_int_equal(f.list[3].plain, 512 + 1024);
	assert_int_equal(build_bundle(&b, &k, &out, &e), 0);
	assert_int_equal(build_check(&out, &public, &e), 0);
}

static void a_second_signature_keeps_the_bundle(void **state)
{
	CLEANUP(sample_free_p) struct sample s = { 0 };
	CLEANUP(buffer_free_p) struct buffer one = { 0 };
	CLEANUP(buffer_free_p) struct buffer two = { 0 };
	struct secret_key second;
	struct public_key public;
	char text[SIGNATURE_FILE_MAX];
	struct err e = { 0 };

	(void)state;
	assert_int_equal(sample_make(&s, &e), 0);
	assert_int_equal(sample_join(&s, &one, &e), 0);
	sample_key(&second, 2);
	secret_public(&second, &public);
	assert_int_equal(build_check(&one, &public, &e), -1);
	assert_int_equal(e.code, ERR_UNTRUSTED);
	secret_sign(&second, s.toc, s.toc_n, text);
	assert_int_equal(
		build_attach(&one, (struct span){ (const uint8_t *)text, strlen(text) }, &two, &e),
		0);
	assert_int_equal(build_check(&two, &public, &e), 0);
	assert_int_equal(build_check(&two, &s.public, &e), 0);
}

static void a_folder_is_read_or_the_file_is_named(void **state)
{
	char path[] = "/tmp/kennel-tree-XXXXXX";
	CLEANUP(tree_free_p) struct tree t = { 0 };
	struct err e = { 0 };
	int dir;

	(void)state;
	assert_non_null(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	assert_int_equal(tree_read(path, 0, &t, &e), -1); /* empty */
	assert_int_equal(mkdirat(dir, "src", 0755), 0);
	assert_int_equal(fs_write_atomic(dir, "manifest.json", "{}", 2, 0644, &e), 0);
	assert_int_equal(tree_read(path, 0, &t, &e), -1);
	assert_int_equal(e.code, ERR_FORMAT);
	assert_non_null(strstr(e.text, "src"));
	assert_int_equal(mkfifoat(dir, "src/pipe", 0600), 0);
	assert_int_equal(tree_read(path, 0, &t, &e), -1);
	assert_non_null(strstr(e.text, "src/pipe"));
	assert_int_equal(unlinkat(dir, "src/pipe", 0), 0);
	assert_int_equal(fs_write_atomic(dir, "tool", "x", 1, 0755, &e), 0);
	assert_int_equal(unlinkat(dir, "src", AT_REMOVEDIR), 0);
	assert_int_equal(tree_read(path, 0, &t, &e), -1);
	assert_int_equal(e.code, ERR_NATIVE);
	assert_int_equal(fchmodat(dir, "tool", 0640, 0), 0);
	assert_int_equal(tree_read(path, 0, &t, &e), 0);
	assert_int_equal(t.count, 2);
	assert_string_equal(t.files[0].path, "manifest.json");
	tree_free_p(&t);
	assert_int_equal(fs_write_atomic(dir, "tool", "\177ELF", 4, 0755, &e), 0);
	assert_int_equal(fchmodat(dir, "tool", 0750, 0), 0);
	assert_int_equal(fchmodat(dir, "manifest.json", 0755, 0), 0);
	assert_int_equal(tree_read(path, TREE_NATIVE, &t, &e), 0);
	assert_true(t.files[1].executable);
	assert_false(t.files[0].executable); /* it stands in the first frame, where nothing is */
	(void)close(dir);
	assert_int_equal(fs_remove_tree(AT_FDCWD, path, NULL), 0);
}

/* The packed tree as "path=bytes path=bytes". */
static void print_tree(const struct tree *t, char *ret, size_t cap)
{
	size_t n = 0;

	*ret = '\0';
	for (size_t i = 0; i < t->count && n < cap; i++)
		n += (size_t)snprintf(ret + n, cap - n, "%s%s=%.*s", i ? " " : "", t->files[i].path,
				      (int)t->files[i].n, (const char *)t->files[i].bytes);
}

/* One link more in a tree of a/one, b/c/two and manifest.json: what is packed then, or the refusal.
 */
static const struct {
	const char *what, *name, *target, *packed;
	enum err_code refused;
} links[] = {
	{ "to a file beside it", "a/l", "one", "a/l=1 a/one=1 b/c/two=2", ERR_OK },
	{ "to a file above", "b/c/l", "../../a/one", "a/one=1 b/c/l=1 b/c/two=2", ERR_OK },
	{ "to a folder", "a/l", "../b/c", "a/l/two=2 a/one=1 b/c/two=2", ERR_OK },
	{ "to a folder of folders", "l", "b", "a/one=1 b/c/two=2 l/c/two=2", ERR_OK },
	{ "through a detour", "a/l", "../b/../a/one", "a/l=1 a/one=1 b/c/two=2", ERR_OK },
	{ "to itself", "a/l", "l", NULL, ERR_PATH },
	{ "to the folder it is in", "a/l", ".", NULL, ERR_PATH },
	{ "to the folder above", "b/c/l", "..", NULL, ERR_PATH },
	{ "to the top", "a/l", "..", NULL, ERR_PATH },
	{ "beyond the top", "a/l", "../..", NULL, ERR_PATH },
	{ "beyond the top and back", "a/l", "../../x/../kennel-tree", NULL, ERR_PATH },
	{ "to an absolute path", "a/l", "/etc/hostname", NULL, ERR_PATH },
	{ "by way of /proc", "a/l", "/proc/self/cwd", NULL, ERR_PATH },
	{ "to nothing", "a/l", "none", NULL, ERR_NOT_FOUND },
	{ "to a file as if it were a folder", "a/l", "one/x", NULL, ERR_SYS },
};

static void a_link_in_the_tree_is_packed_as_what_it_leads_to(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(links); i++) {
		char path[] = "/tmp/kennel-tree-XXXXXX", got[512], want[512];
		CLEANUP(tree_free_p) struct tree t = { 0 };
		CLEANUP_FD int dir = -1;
		struct err e = { 0 };

		assert_non_null(mkdtemp(path));
		dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_int_equal(mkdirat(dir, "a", 0755), 0);
		assert_int_equal(mkdirat(dir, "b", 0755), 0);
		assert_int_equal(mkdirat(dir, "b/c", 0755), 0);
		assert_int_equal(fs_write_atomic(dir, "manifest.json", "{}", 2, 0644, &e), 0);
		assert_int_equal(fs_write_unsynced(dir, "a/one", "1", 1, 0644, &e), 0);
		assert_int_equal(fs_write_unsynced(dir, "b/c/two", "2", 1, 0644, &e), 0);
		assert_int_equal(symlinkat(links[i].target, dir, links[i].name), 0);
		(void)tree_read(path, 0, &t, &e);
		if (e.code != links[i].refused)
			print_error("%s: %s: %s\n", links[i].what, err_name(e.code), e.text);
		assert_int_equal(e.code, links[i].refused);
		if (links[i].packed) {
			(void)snprintf(want, sizeof(want), "manifest.json={} %s", links[i].packed);
			print_tree(&t, got, sizeof(got));
			assert_string_equal(got, want);
		} else {
			assert_non_null(strstr(e.text, links[i].name)); /* the file is named */
		}
		assert_int_equal(fs_remove_tree(AT_FDCWD, path, NULL), 0);
	}
}

/* Two folders with a link to each other have no end; a link to a program is a program. */
static void links_change_no_rule(void **state)
{
	char path[] = "/tmp/kennel-tree-XXXXXX";
	CLEANUP(tree_free_p) struct tree t = { 0 };
	CLEANUP_FD int dir = -1;
	struct err e = { 0 };

	(void)state;
	assert_non_null(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(fs_write_atomic(dir, "manifest.json", "{}", 2, 0644, &e), 0);
	assert_int_equal(mkdirat(dir, "a", 0755), 0);
	assert_int_equal(mkdirat(dir, "b", 0755), 0);
	assert_int_equal(symlinkat("../b", dir, "a/x"), 0);
	assert_int_equal(symlinkat("../a", dir, "b/y"), 0);
	assert_int_equal(tree_read(path, 0, &t, &e), -1);
	assert_int_equal(e.code, ERR_PATH);
	assert_int_equal(unlinkat(dir, "b/y", 0), 0);
	assert_int_equal(tree_read(path, 0, &t, &e), -1); /* b is empty, here and there */
	assert_int_equal(e.code, ERR_FORMAT);
	assert_int_equal(fs_write_unsynced(dir, "b/tool", "x", 1, 0755, &e), 0);
	assert_int_equal(fchmodat(dir, "b/tool", 0755, 0), 0);
	assert_int_equal(unlinkat(dir, "a/x", 0), 0);
	assert_int_equal(symlinkat("../b/tool", dir, "a/x"), 0);
	assert_int_equal(tree_read(path, 0, &t, &e), -1);
	assert_int_equal(e.code, ERR_NATIVE);
	assert_int_equal(mkfifoat(dir, "b/pipe", 0600), 0);
	assert_int_equal(unlinkat(dir, "a/x", 0), 0);
	assert_int_equal(symlinkat("../b/pipe", dir, "a/x"), 0);
	assert_int_equal(fchmodat(dir, "b/tool", 0644, 0), 0);
	assert_int_equal(tree_read(path, 0, &t, &e), -1);
	assert_int_equal(e.code, ERR_FORMAT);
	assert_int_equal(unlinkat(dir, "b/pipe", 0), 0);
	assert_int_equal(unlinkat(dir, "a/x", 0), 0);
	assert_int_equal(symlinkat("../b/tool", dir, "a/x y"), 0);
	assert_int_equal(tree_read(path, 0, &t, &e), -1); /* its own name counts */
	assert_int_equal(e.code, ERR_PATH);
	assert_int_equal(fs_remove_tree(AT_FDCWD, path, NULL), 0);
}

static void a_native_tree_says_so_and_keeps_its_modes(void **state)
{
	CLEANUP(tree_free_p) struct tree t = { .native = true };
	CLEANUP(buffer_free_p) struct buffer out = { 0 };
	CLEANUP(frame0_free_p) struct frame0 f = { 0 };
	CLEANUP(toc_free_p) struct toc toc = { 0 };
	struct build b = { .tree = &t, .counter = 1 };
	struct source source;
	struct reader r;
	struct secret_key k;
	struct err e = { 0 };

	(void)state;
	assert_true(sodium_init() >= 0);
	sample_key(&k, 1);
	assert_int_equal(tree_add(&t, "manifest.json", "{}", 2, &e), 0);
	assert_int_equal(tree_add(&t, "tool", "\177ELF", 4, &e), 0);
	t.files[1].executable = true;
	assert_int_equal(tree_add(&t, "words", "#!x", 3, &e), 0);
	assert_int_equal(build_bundle(&b, &k, &out, &e), 0);
	r = (struct reader){ .p = out.p, .left = out.len };
	source = (struct source){ source_read_memory, &r };
	assert_int_equal(frame0_read(&source, &f, &e), 0);
	assert_int_equal(toc_parse((const char *)f.toc.p, f.toc.n, &toc, &e), 0);
	assert_true(toc.native);
	assert_true(toc.files[1].executable);
	assert_false(toc.files[2].executable);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_without_a_password_survives),
		cmocka_unit_test(a_damaged_key_is_refused),
		cmocka_unit_test(trees_that_no_host_takes_are_named),
		cmocka_unit_test(order_of_adding_does_not_matter),
		cmocka_unit_test(frames_are_cut_at_a_mebibyte),
		cmocka_unit_test(a_second_signature_keeps_the_bundle),
		cmocka_unit_test(a_folder_is_read_or_the_file_is_named),
		cmocka_unit_test(a_link_in_the_tree_is_packed_as_what_it_leads_to),
		cmocka_unit_test(links_change_no_rule),
		cmocka_unit_test(a_native_tree_says_so_and_keeps_its_modes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
