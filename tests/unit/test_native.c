/* SPDX-License-Identifier: Apache-2.0 */
/* test_native.c - approvals: one bundle or one key each, never more; a damaged list lets nobody in.
 * tests: runner/supervise/methods_native.c */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "supervise/native.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

#define HEAD "{\"_type\":\"kennel.native/1\",\"approvals\":["

static int dir = -1;
static char path[] = "/tmp/kennel-native-XXXXXX";

static int setup(void **state)
{
	(void)state;
	(void)snprintf(path, sizeof(path), "/tmp/kennel-native-XXXXXX");
	assert_non_null(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	fd_close_p(&dir);
	return fs_remove_tree(AT_FDCWD, path, NULL);
}

static int add(const char *id, enum native_approval by)
{
	struct err e = { 0 };
	const struct native_entry a = { .id = id, .by = by, .at_s = 7, .note = "why" };

	return native_add(dir, &a, &e) == 0 ? ERR_OK : (int)e.code;
}

static int find(const char *bundle, const char *signer)
{
	enum native_approval by = NATIVE_NOBODY;
	struct err e = { 0 };

	return native_find(dir, bundle, signer, &by, &e) == 0 ? (int)by : -(int)e.code;
}

static void nobody_is_approved_at_first(void **state)
{
	(void)state;
	assert_int_equal(find(A, B), NATIVE_NOBODY);
}

static void an_approval_is_for_what_it_names(void **state)
{
	(void)state;
	assert_int_equal(add(A, NATIVE_BY_BUNDLE), ERR_OK);
	assert_int_equal(find(A, B), NATIVE_BY_BUNDLE);
	assert_int_equal(find(C, B), NATIVE_NOBODY); /* the next version */
	assert_int_equal(find(C, A), NATIVE_NOBODY); /* a key of that fingerprint is no bundle */
	assert_int_equal(add(B, NATIVE_BY_KEY), ERR_OK);
	assert_int_equal(find(C, B), NATIVE_BY_KEY);
	assert_int_equal(find(A, B), NATIVE_BY_BUNDLE);
	assert_int_equal(find(B, C), NATIVE_NOBODY);
	assert_int_equal(add(C, NATIVE_NOBODY), ERR_INTERNAL);
}

static void what_is_taken_back_is_gone(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(native_remove(dir, A, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(add(A, NATIVE_BY_BUNDLE), ERR_OK);
	assert_int_equal(add(B, NATIVE_BY_KEY), ERR_OK);
	assert_int_equal(add(A, NATIVE_BY_BUNDLE), ERR_OK); /* once, however often it is said */
	assert_int_equal(native_remove(dir, A, &e), 0);
	assert_int_equal(find(A, B), NATIVE_BY_KEY);
	assert_int_equal(native_remove(dir, B, &e), 0);
	assert_int_equal(find(A, B), NATIVE_NOBODY);
}

static void nobody_can_say_all(void **state)
{
	static const char *const words[] = {
		"",	"all", "*",
		"aaaa", A "a", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	};

	(void)state;
	for (size_t i = 0; i < countof(words); i++)
		assert_int_equal(add(words[i], NATIVE_BY_BUNDLE), ERR_USAGE);
}

static void the_list_tells_all_and_is_bounded(void **state)
{
	CLEANUP(json_decref_p) json_t *list = NULL;
	CLEANUP(buffer_free_p) struct buffer full = { 0 };
	char entry[160];
	struct stat st;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(add(A, NATIVE_BY_BUNDLE), ERR_OK);
	assert_int_equal(native_list(dir, &list, &e), 0);
	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "note")),
			    "why");
	assert_int_equal(fstatat(dir, NATIVE_FILE, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(buffer_append(&full, HEAD, strlen(HEAD), 1u << 20), 0);
	for (unsigned int i = 0; i < NATIVE_ENTRIES_MAX; i++) {
		int n = snprintf(entry, sizeof(entry),
				 "%s{\"at\":1,\"id\":\"%064x\",\"kind\":\"key\",\"note\":\"\"}",
				 i ? "," : "", i);

		assert_int_equal(buffer_append(&full, entry, (size_t)n, 1u << 20), 0);
	}
	assert_int_equal(buffer_append(&full, "]}", 2, 1u << 20), 0);
	assert_int_equal(fs_write_atomic(dir, NATIVE_FILE, full.p, full.len, 0600, &e), 0);
	assert_int_equal(add(A, NATIVE_BY_BUNDLE), ERR_FULL);
	assert_int_equal(find(A, B), NATIVE_NOBODY);
}

static void a_damaged_list_lets_nobody_in(void **state)
{
#define GOOD "{\"at\":1,\"id\":\"" A "\",\"kind\":\"bundle\",\"note\":\"\"}"
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{\"_type\":\"kennel.native/2\",\"approvals\":[]}",
		"{\"_type\":\"kennel.native/1\"}",
		HEAD GOOD ",5]}",
		HEAD GOOD ",{\"at\":1,\"id\":\"all\",\"kind\":\"bundle\",\"note\":\"\"}]}",
		HEAD GOOD ",{\"at\":1,\"id\":\"" B "\",\"kind\":\"all\",\"note\":\"\"}]}",
		HEAD GOOD ",{\"at\":1,\"id\":\"" B "\",\"kind\":\"key\",\"note\":\"\",\"x\":1}]}",
		HEAD GOOD ",{\"at\":1,\"id\":\"" B "\",\"kind\":\"key\"}]}",
		HEAD GOOD "],\"all\":true}",
	};

	(void)state;
	for (size_t i = 0; i < countof(texts); i++) {
		struct err e = { 0 };

		assert_int_equal(
			fs_write_atomic(dir, NATIVE_FILE, texts[i], strlen(texts[i]), 0600, &e), 0);
		if (find(A, B) >= 0)
			fail_msg("believed: %s", texts[i]);
		assert_int_not_equal(add(C, NATIVE_BY_BUNDLE), ERR_OK);
	}
	{
		static const char good[] = HEAD GOOD "]}";

		assert_int_equal(fs_write_atomic(dir, NATIVE_FILE, good, strlen(good), 0600, NULL),
				 0);
		assert_int_equal(find(A, B), NATIVE_BY_BUNDLE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nobody_is_approved_at_first, setup, teardown),
		cmocka_unit_test_setup_teardown(an_approval_is_for_what_it_names, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_taken_back_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_can_say_all, setup, teardown),
		cmocka_unit_test_setup_teardown(the_list_tells_all_and_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(a_damaged_list_lets_nobody_in, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
