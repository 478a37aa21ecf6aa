/* SPDX-License-Identifier: Apache-2.0 */
/* test_store.c - staged, committed, found again, removed; leftovers go at the next start. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "policy/manifest.h"
#include "supervise/store.h"

#define ONE "1111111111111111111111111111111111111111111111111111111111111111"
#define TWO "2222222222222222222222222222222222222222222222222222222222222222"

static const char manifest_text[] =
	"{\"name\":\"linker\",\"schemaVersion\":\"1.0\",\"version\":\"1.0.0\",\"entry\":\"main.wasm\","
	"\"permissions\":[\"readNotes\"],\"scopes\":{\"readNotes\":{\"allow\":[\"**\"]}}}";

static char top[64];
static int top_fd;
static struct store store;

static int set_up(void **state)
{
	struct err e = { 0 };

	(void)state;
	(void)snprintf(top, sizeof(top), "/tmp/store-XXXXXX");
	assert_non_null(mkdtemp(top));
	top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(store_open(top_fd, &store, &e), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	store_close(&store);
	(void)close(top_fd);
	return fs_remove_tree(AT_FDCWD, top, NULL);
}

static struct install_info info_of(const char *bundle)
{
	struct install_info i = { .counter = 3, .installed_at = 1700000000 };

	(void)snprintf(i.bundle, sizeof(i.bundle), "%s", bundle);
	(void)snprintf(i.content, sizeof(i.content), "%s", TWO);
	(void)snprintf(i.module, sizeof(i.module), "%s", TWO);
	(void)snprintf(i.signer, sizeof(i.signer), "%s", ONE);
	(void)snprintf(i.label, sizeof(i.label), "Acme");
	i.key.permissions = PERM_ALL;
	i.key.runtimes = RUNTIME_BIT(RUNTIME_WASM);
	return i;
}

static struct manifest sample(void)
{
	struct manifest m;
	struct err e = { 0 };

	assert_int_equal(manifest_parse(manifest_text, sizeof(manifest_text) - 1, &m, &e), 0);
	return m;
}

static void stage_whole(const char *bundle, char name[STORE_STAGING_NAME_BYTES])
{
	struct install_info i = info_of(bundle);
	struct manifest m = sample();
	CLEANUP_FD int fd = -1;
	CLEANUP_FD int exec_fd = -1;
	struct stat st;
	struct err e = { 0 };

	assert_int_equal(store_stage(&store, name, &fd, &e), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 02770);
	assert_int_equal(mkdirat(fd, "exec", 0755), 0);
	assert_int_equal(mkdirat(fd, "in", 0755), 0);
	exec_fd = openat(fd, "exec", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(fs_write_atomic(exec_fd, "plugin", "program", 7, 0555, &e), 0);
	assert_int_equal(store_write_install(fd, &i, &m, &e), 0);
}

static void committed_is_found(void **state)
{
	char name[STORE_STAGING_NAME_BYTES], found[DIGEST_HEX_BYTES], link[128] = "";
	struct install_info i;
	struct manifest m, wanted = sample();
	struct err e = { 0 };

	(void)state;
	stage_whole(ONE, name);
	assert_int_equal(store_read_install(&store, "linker", ONE, &i, &m, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(store_commit(&store, name, "linker", ONE, &e), 0);
	assert_int_equal(store_set_current(&store, "linker", ONE, &e), 0);
	assert_int_equal(store_read_install(&store, "linker", ONE, &i, &m, &e), 0);
	assert_int_equal(i.counter, 3);
	assert_string_equal(i.label, "Acme");
	assert_memory_equal(&m, &wanted, sizeof(m));
	assert_true(store_find_module(&store, "linker", TWO, found));
	assert_string_equal(found, ONE);
	assert_false(store_find_module(&store, "linker", ONE, found));
	assert_true(readlinkat(store.store, "linker/current", link, sizeof(link) - 1) > 0);
	assert_string_equal(link, ONE);
	assert_int_equal(faccessat(store.store, "linker/" ONE "/in", F_OK, 0), -1);
}

static void executable_is_used_again(void **state)
{
	char name[STORE_STAGING_NAME_BYTES];
	CLEANUP_FD int fd = -1;
	struct stat a, b;
	struct err e = { 0 };

	(void)state;
	stage_whole(ONE, name);
	assert_int_equal(store_commit(&store, name, "linker", ONE, &e), 0);
	assert_int_equal(store_stage(&store, name, &fd, &e), 0);
	assert_int_equal(store_link_executable(&store, "linker", ONE, fd, &e), 0);
	assert_int_equal(fstatat(fd, "exec/plugin", &a, 0), 0);
	assert_int_equal(fstatat(store.store, "linker/" ONE "/exec/plugin", &b, 0), 0);
	assert_int_equal(a.st_ino, b.st_ino);
}

static void leftovers_go_at_start(void **state)
{
	char name[STORE_STAGING_NAME_BYTES];
	struct store again;
	struct err e = { 0 };

	(void)state;
	stage_whole(ONE, name);
	assert_int_equal(faccessat(store.staging, name, F_OK, 0), 0);
	assert_int_equal(store_open(top_fd, &again, &e), 0);
	assert_int_equal(faccessat(store.staging, name, F_OK, 0), -1);
	store_close(&again);
}

static void damaged_is_not_read(void **state)
{
	char name[STORE_STAGING_NAME_BYTES];
	CLEANUP_FD int dir = -1;
	struct install_info i;
	struct manifest m;
	struct err e = { 0 };

	(void)state;
	stage_whole(ONE, name);
	assert_int_equal(store_commit(&store, name, "linker", ONE, &e), 0);
	dir = openat(store.store, "linker/" ONE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(fs_write_atomic(dir, "manifest.rec", "short", 5, 0600, &e), 0);
	assert_int_equal(store_read_install(&store, "linker", ONE, &i, &m, &e), -1);
	assert_int_equal(fs_write_atomic(dir, "install.json", "{}", 2, 0600, &e), 0);
	assert_int_equal(store_read_install(&store, "linker", ONE, &i, NULL, &e), -1);
}

/* The same name again: the new tree is there, the old one goes with the staging folder. */
static void a_bundle_changes_places_with_a_damaged_one(void **state)
{
	char name[STORE_STAGING_NAME_BYTES];
	struct install_info i;
	struct err e = { 0 };

	(void)state;
	stage_whole(ONE, name);
	assert_int_equal(store_commit(&store, name, "linker", ONE, &e), 0);
	assert_int_equal(faccessat(store.staging, name, F_OK, 0), -1);
	assert_int_equal(unlinkat(store.store, "linker/" ONE "/install.json", 0), 0);
	stage_whole(ONE, name);
	assert_int_equal(store_commit(&store, name, "linker", ONE, &e), 0);
	assert_int_equal(faccessat(store.staging, name, F_OK, 0), 0);
	store_unstage(&store, name);
	assert_int_equal(faccessat(store.staging, name, F_OK, 0), -1);
	assert_int_equal(store_read_install(&store, "linker", ONE, &i, NULL, &e), 0);
}

static void current_is_read_back(void **state)
{
	char name[STORE_STAGING_NAME_BYTES], at[DIGEST_HEX_BYTES];
	struct err e = { 0 };

	(void)state;
	store_read_current(&store, "linker", at);
	assert_string_equal(at, "");
	stage_whole(ONE, name);
	assert_int_equal(store_commit(&store, name, "linker", ONE, &e), 0);
	assert_int_equal(store_set_current(&store, "linker", TWO, &e), 0);
	assert_int_equal(store_set_current(&store, "linker", ONE, &e), 0);
	store_read_current(&store, "linker", at);
	assert_string_equal(at, ONE);
}

static void removed_is_gone(void **state)
{
	char name[STORE_STAGING_NAME_BYTES];
	struct err e = { 0 };

	(void)state;
	stage_whole(ONE, name);
	assert_int_equal(store_commit(&store, name, "linker", ONE, &e), 0);
	stage_whole(TWO, name);
	assert_int_equal(store_commit(&store, name, "linker", TWO, &e), 0);
	assert_int_equal(store_remove_bundle(&store, "linker", ONE, &e), 0);
	assert_int_equal(faccessat(store.store, "linker/" ONE, F_OK, 0), -1);
	assert_int_equal(faccessat(store.store, "linker/" TWO, F_OK, 0), 0);
	assert_int_equal(store_remove_plugin(&store, "linker", &e), 0);
	assert_int_equal(faccessat(store.store, "linker", F_OK, 0), -1);
	assert_int_equal(store_remove_bundle(&store, "linker", TWO, &e), 0);
}

static void copies_are_bounded(void **state)
{
	struct store_copy c = { store.incoming, "from", store.grants, "to", 0444, 8 };
	uint64_t bytes = 0;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(fs_write_atomic(store.incoming, "from", "12345678", 8, 0600, &e), 0);
	assert_int_equal(store_copy_file(&c, &bytes, &e), 0);
	assert_int_equal(bytes, 8);
	assert_int_equal(store_copy_file(&c, &bytes, &e), -1); /* it is there already */
	c.to = "other";
	c.max_bytes = 7;
	assert_int_equal(store_copy_file(&c, &bytes, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(symlinkat("from", store.incoming, "link"), 0);
	c = (struct store_copy){ store.incoming, "link", store.grants, "third", 0444, 8 };
	assert_int_equal(store_copy_file(&c, &bytes, &e), -1);
	c.from = ".";
	assert_int_equal(store_copy_file(&c, &bytes, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(committed_is_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(executable_is_used_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leftovers_go_at_start, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damaged_is_not_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_bundle_changes_places_with_a_damaged_one, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(current_is_read_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(removed_is_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(copies_are_bounded, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
