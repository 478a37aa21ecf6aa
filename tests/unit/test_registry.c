/* SPDX-License-Identifier: Apache-2.0 */
/* test_registry.c - user numbers, counters and signers survive, and nothing odd is read. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "supervise/registry.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int open_temp(char *name)
{
	assert_non_null(mkdtemp(name));
	return open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static struct registry_entry entry(const char *tenant, const char *plugin)
{
	struct registry_entry g = { .counter = 7, .enabled = true };

	(void)snprintf(g.tenant, sizeof(g.tenant), "%s", tenant);
	(void)snprintf(g.plugin, sizeof(g.plugin), "%s", plugin);
	(void)snprintf(g.version, sizeof(g.version), "1.2.3");
	(void)snprintf(g.bundle, sizeof(g.bundle), HEX64);
	memset(g.signer, 9, sizeof(g.signer));
	return g;
}

static void nothing_there_is_empty(void **state)
{
	char name[] = "/tmp/registry-XXXXXX";
	CLEANUP_FD int dir = open_temp(name);
	CLEANUP(registry_free_p) struct registry r = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(registry_load(dir, &r, &e), 0);
	assert_int_equal(r.count, 0);
	assert_int_equal(r.next_uid_index, UID_INDEX_COMPILER + 1);
	assert_int_equal(fs_remove_tree(AT_FDCWD, name, NULL), 0);
}

static void what_is_saved_is_read(void **state)
{
	char name[] = "/tmp/registry-XXXXXX";
	CLEANUP_FD int dir = open_temp(name);
	CLEANUP(registry_free_p) struct registry r = { .next_uid_index = 1 }, back = { 0 };
	struct registry_entry *g, init;
	struct err e = { 0 };

	(void)state;
	for (int i = 0; i < 200; i++) {
		char plugin[32];

		(void)snprintf(plugin, sizeof(plugin), "plugin-%d", i);
		init = entry("acme", plugin);
		assert_int_equal(registry_add(&r, &init, 1000, &g, &e), 0);
		assert_int_equal(g->uid_index, i + 1);
		assert_int_equal(registry_save(dir, g, &e), 0);
	}
	/* One that was never finished counts for nothing. */
	assert_int_equal(fs_write_atomic(dir, ".acme.more.json.new", "{", 1, 0600, &e), 0);
	assert_int_equal(registry_load(dir, &back, &e), 0);
	assert_int_equal(back.count, 200);
	assert_int_equal(back.next_uid_index, 201);
	assert_memory_equal(back.entries, r.entries, 200 * sizeof(*r.entries));
	assert_non_null(registry_find(&back, "acme", "plugin-199"));
	assert_null(registry_find(&back, "other", "plugin-199"));
	assert_int_equal(registry_owner(&back, "plugin-3")->uid_index, 4);
	assert_int_equal(fs_remove_tree(AT_FDCWD, name, NULL), 0);
}

static void numbers_run_out(void **state)
{
	CLEANUP(registry_free_p) struct registry r = { .next_uid_index = 9 };
	struct registry_entry init = entry("acme", "one"), *g;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(registry_add(&r, &init, 10, &g, &e), 0);
	init = entry("acme", "two");
	assert_int_equal(registry_add(&r, &init, 10, &g, &e), -1);
	assert_int_equal(e.code, ERR_FULL);
}

#define FILE_AS(type, more, name, uid)                                                        \
	"{\"_type\":\"" type "\"," more "\"tenant\":\"acme\",\"plugin\":\"" name              \
	"\",\"version\":\"1\",\"bundle\":\"" HEX64 "\",\"signer\":\"" HEX64 "\",\"uid\":" uid \
	",\"counter\":1}"
#define PLUGIN(name, uid) FILE_AS("kennel.registered/1", "", name, uid)

static void odd_files_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"1",
		FILE_AS("kennel.registered/2", "", "b", "2"),
		FILE_AS("kennel.registered/1", "\"more\":1,", "b", "2"),
		FILE_AS("kennel.registered/1", "\"tenant\":\"acme\",", "b", "2"),
		PLUGIN("b", "0"), /* the compiler's */
		PLUGIN("b", "-1"),
		PLUGIN("b", "4294967295"), /* nothing comes after it */
		PLUGIN("b", "1"),	   /* a's number */
		PLUGIN("a", "2"),	   /* one name twice */
		PLUGIN("../b", "2"),
		PLUGIN("", "2"),
	};
	CLEANUP(registry_free_p) struct registry r = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(registry_parse(&r, PLUGIN("a", "1"), strlen(PLUGIN("a", "1")), &e), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		e = (struct err){ 0 };
		if (registry_parse(&r, bad[i], strlen(bad[i]), &e) != -1)
			fail_msg("%s", bad[i]);
		assert_int_equal(r.count, 1);
		assert_true(e.code > ERR_OK);
	}
}

static void the_next_number_is_above_all(void **state)
{
	static const char *const texts[] = { PLUGIN("a", "4"), PLUGIN("b", "1") };
	CLEANUP(registry_free_p) struct registry r = { 0 };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(registry_parse(&r, texts[i], strlen(texts[i]), &e), 0);
	assert_int_equal(r.count, 2);
	assert_int_equal(r.next_uid_index, 5);
	assert_false(r.entries[0].enabled);
}

static void a_file_under_another_name_is_refused(void **state)
{
	char name[] = "/tmp/registry-XXXXXX";
	CLEANUP_FD int dir = open_temp(name);
	CLEANUP(registry_free_p) struct registry r = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(fs_write_atomic(dir, "acme.b.json", PLUGIN("a", "1"),
					 strlen(PLUGIN("a", "1")), 0600, &e),
			 0);
	assert_int_equal(registry_load(dir, &r, &e), -1);
	assert_int_equal(e.code, ERR_JSON_VALUE);
	assert_int_equal(renameat(dir, "acme.b.json", dir, "acme.a.json"), 0);
	assert_int_equal(registry_load(dir, &r, &e), 0);
	assert_int_equal(r.count, 1);
	assert_int_equal(fs_write_atomic(dir, "odd", "", 0, 0600, &e), 0);
	assert_int_equal(registry_load(dir, &r, &e), -1);
	assert_int_equal(fs_remove_tree(AT_FDCWD, name, NULL), 0);
}

#define A "aa00000000000000000000000000000000000000000000000000000000000000"
#define B "bb00000000000000000000000000000000000000000000000000000000000000"
#define C "cc00000000000000000000000000000000000000000000000000000000000000"
#define D "dd00000000000000000000000000000000000000000000000000000000000000"

static void two_old_versions_are_kept(void **state)
{
	struct registry_entry g = { .plugin = "linker", .tenant = "a", .counter = 9 };
	const struct registry r = { .entries = &g, .count = 1 };

	(void)state;
	registry_advance(&g, A);
	assert_string_equal(g.previous, "");
	registry_advance(&g, B);
	registry_advance(&g, C);
	assert_true(registry_keeps(&r, "linker", A));
	registry_advance(&g, D);
	assert_string_equal(g.bundle, D);
	assert_string_equal(g.previous, C);
	assert_string_equal(g.older, B);
	assert_false(registry_keeps(&r, "linker", A));
	assert_false(registry_keeps(&r, "other", D));
	assert_false(registry_has_version(&g, A));
	assert_false(registry_has_version(&g, ""));
	registry_advance(&g, D); /* again: nothing moves */
	assert_string_equal(g.previous, C);
	registry_advance(&g, B); /* back to the older one */
	assert_string_equal(g.bundle, B);
	assert_string_equal(g.previous, D);
	assert_string_equal(g.older, C);
	registry_advance(&g, D); /* and forward */
	assert_string_equal(g.bundle, D);
	assert_string_equal(g.previous, B);
	assert_string_equal(g.older, C);
	assert_int_equal(g.counter, 9);
}

static void what_waits_is_kept_until_it_is_taken(void **state)
{
	struct registry_entry g = { .plugin = "linker", .tenant = "a", .bundle = A, .pending = B };
	const struct registry r = { .entries = &g, .count = 1 };

	(void)state;
	assert_true(registry_keeps(&r, "linker", B));
	assert_false(registry_has_version(&g, B));
	registry_advance(&g, B);
	assert_string_equal(g.pending, "");
	assert_string_equal(g.previous, A);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_old_versions_are_kept),
		cmocka_unit_test(what_waits_is_kept_until_it_is_taken),
		cmocka_unit_test(nothing_there_is_empty),
		cmocka_unit_test(what_is_saved_is_read),
		cmocka_unit_test(numbers_run_out),
		cmocka_unit_test(odd_files_are_refused),
		cmocka_unit_test(the_next_number_is_above_all),
		cmocka_unit_test(a_file_under_another_name_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
