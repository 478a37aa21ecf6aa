/* SPDX-License-Identifier: Apache-2.0 */
/* test_revoked.c - the list in force: what comes back from disk is what went there, and its serial
 * only rises. */
#include "supervise/revoked.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"

static struct loader_revoked entries[] = {
	{ LOADER_REVOKED_BUNDLE, LOADER_REASON_COMPROMISE, { 7 } },
	{ LOADER_REVOKED_KEY, LOADER_REASON_RETIRED, { 8 } },
};
static const struct revoked_list sample = {
	.head = { .serial = 4,
		  .issued = 5,
		  .expires = 6,
		  .id = { 1 },
		  .signer = { 2 },
		  .count = 2 },
	.entries = entries,
};

static void row08_what_is_saved_is_loaded(void **state)
{
	char name[] = "/tmp/revoked-XXXXXX";
	CLEANUP_FD int dir = -1;
	CLEANUP(revoked_free_p) struct revoked_list l = { 0 };
	static const uint8_t bundle[DIGEST_BYTES] = { 7 }, key[DIGEST_BYTES] = { 8 };
	struct err e = { 0 };

	(void)state;
	assert_non_null(mkdtemp(name));
	dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(revoked_load(dir, &l, &e), 0);
	assert_int_equal(l.head.serial, 0);
	assert_int_equal(revoked_save(dir, &sample, &e), 0);
	assert_int_equal(revoked_load(dir, &l, &e), 0);
	assert_memory_equal(&l.head, &sample.head, sizeof(l.head));
	assert_string_equal(revoked_find(&l, LOADER_REVOKED_BUNDLE, bundle), "compromise");
	assert_string_equal(revoked_find(&l, LOADER_REVOKED_KEY, key), "retired");
	assert_null(revoked_find(&l, LOADER_REVOKED_KEY, bundle));
	for (const char *const *bad =
		     (const char *const[]){ "", "{}", "[]", "{\"serial\":9}", NULL };
	     *bad; bad++) {
		struct revoked_list none = { 0 };

		assert_int_equal(
			fs_write_atomic(dir, "revocations.json", *bad, strlen(*bad), 0600, &e), 0);
		assert_int_equal(revoked_load(dir, &none, &e), -1); /* a lost mark is no mark 0 */
		assert_null(none.entries);
	}
	assert_int_equal(fs_remove_tree(AT_FDCWD, name, NULL), 0);
}

static void row03_the_serial_only_rises(void **state)
{
	struct revoked_list next = sample;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(revoked_compare(&sample, &next, &e), 1);
	next.head.serial = 5;
	assert_int_equal(revoked_compare(&sample, &next, &e), 0);
	next.head.serial = 3;
	assert_int_equal(revoked_compare(&sample, &next, &e), -1);
	assert_int_equal(e.code, ERR_REVOCATIONS_OLD);
	next.head.serial = 4;
	next.head.id[0] = 9;
	assert_int_equal(revoked_compare(&sample, &next, &e), -1);
	assert_int_equal(e.code, ERR_REVOCATIONS_OLD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row08_what_is_saved_is_loaded),
		cmocka_unit_test(row03_the_serial_only_rises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
