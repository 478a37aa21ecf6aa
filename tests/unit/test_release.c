/* SPDX-License-Identifier: Apache-2.0 */
/* test_release.c - pins, and a bundle that nobody has known for long enough. */
#include "supervise/release.h"

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

#define ONE "1111111111111111111111111111111111111111111111111111111111111111"
#define TWO "2222222222222222222222222222222222222222222222222222222222222222"
#define DAY_MS (24ull * 3600 * 1000)
enum { DAY = 24 * 3600, NOW = 1700000000 };

static const struct release one = { "linker", "1.2.3", ONE };
static const struct release two = { "linker", "2.0.0", TWO };

static void a_pin_lets_in_what_it_names(void **state)
{
	static const struct {
		const char *what;
		enum err_code first, second;
	} cases[] = {
		{ ONE, ERR_OK, ERR_PINNED },	   { "1.2.3", ERR_OK, ERR_PINNED },
		{ "1.*", ERR_OK, ERR_PINNED },	   { "*", ERR_OK, ERR_OK },
		{ "1.2", ERR_PINNED, ERR_PINNED }, { "?.0.0", ERR_PINNED, ERR_OK },
	};
	struct ceiling c = { .pin_count = 1 };

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct err e = { 0 };

		(void)snprintf(c.pins[0].plugin, sizeof(c.pins[0].plugin), "linker");
		(void)snprintf(c.pins[0].what, sizeof(c.pins[0].what), "%s", cases[i].what);
		assert_int_equal(release_check_pin(&c, &one, &e) ? e.code : ERR_OK, cases[i].first);
		assert_int_equal(release_check_pin(&c, &two, &e) ? e.code : ERR_OK,
				 cases[i].second);
	}
	(void)snprintf(c.pins[0].plugin, sizeof(c.pins[0].plugin), "another");
	assert_int_equal(release_check_pin(&c, &one, NULL), 0);
}

static enum err_code age(int dir, const struct release *r, int64_t now)
{
	struct err e = { 0 };

	return release_check_age(dir, DAY_MS, r, now, &e) < 0 ? e.code : ERR_OK;
}

static void a_bundle_waits_since_it_was_first_seen(void **state)
{
	char name[] = "/tmp/release-XXXXXX";
	CLEANUP_FD int dir = -1;

	(void)state;
	assert_non_null(mkdtemp(name));
	dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(release_check_age(dir, 0, &one, NOW, NULL), 0);
	assert_int_equal(faccessat(dir, RELEASE_FILE, F_OK, 0), -1); /* not asked for */
	assert_int_equal(age(dir, &one, NOW), ERR_RELEASE_AGE);
	assert_int_equal(release_from_s(dir, DAY_MS, ONE), NOW + DAY);
	assert_int_equal(release_from_s(dir, DAY_MS, TWO), 0); /* nobody has seen it */
	assert_int_equal(release_from_s(dir, 0, ONE), 0);
	assert_int_equal(age(dir, &one, NOW + DAY - 1), ERR_RELEASE_AGE);
	assert_int_equal(age(dir, &two, NOW + DAY - 1), ERR_RELEASE_AGE);
	assert_int_equal(age(dir, &one, NOW + DAY), ERR_OK);
	assert_int_equal(age(dir, &two, NOW + DAY), ERR_RELEASE_AGE);
	assert_int_equal(age(dir, &one, 1), ERR_OK); /* a clock set back does not take it away */
	assert_int_equal(age(dir, &two, NOW + 2 * DAY), ERR_OK);
	assert_int_equal(fs_remove_tree(AT_FDCWD, name, NULL), 0);
}

static void a_damaged_memory_lets_nothing_in(void **state)
{
	char name[] = "/tmp/release-XXXXXX";
	CLEANUP_FD int dir = -1;
	struct err e = { 0 };

	(void)state;
	assert_non_null(mkdtemp(name));
	dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(fs_write_atomic(dir, RELEASE_FILE, "{}", 2, 0600, &e), 0);
	assert_int_not_equal(age(dir, &one, NOW), ERR_OK);
	assert_int_equal(fs_write_atomic(dir, RELEASE_FILE, "x", 1, 0600, &e), 0);
	assert_int_not_equal(age(dir, &one, NOW), ERR_OK);
	assert_int_equal(fs_remove_tree(AT_FDCWD, name, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pin_lets_in_what_it_names),
		cmocka_unit_test(a_bundle_waits_since_it_was_first_seen),
		cmocka_unit_test(a_damaged_memory_lets_nothing_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
