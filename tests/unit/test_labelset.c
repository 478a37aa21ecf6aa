/* SPDX-License-Identifier: Apache-2.0 */
/* test_labelset.c - labels by cgroup: added once, found, taken away together, never more than there
 * is room. */
#include "sandbox/labelset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define MAX 64u

static struct label_key key(uint64_t cgroup, uint64_t ino)
{
	return (struct label_key){ .cgroup = cgroup, .ino = ino, .dev = 5 };
}

static struct labelset *make(void)
{
	struct labelset *s = NULL;
	struct err e = { 0 };

	assert_int_equal(labelset_new(MAX, &s, &e), 0);
	return s;
}

static void add(struct labelset *s, uint64_t cgroup, uint64_t ino)
{
	struct label_key k = key(cgroup, ino);
	struct err e = { 0 };

	assert_int_equal(labelset_add(s, &k, &e), 0);
}

static void test_bounds(void **state)
{
	struct labelset *s = NULL;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(labelset_new(0, &s, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(labelset_new(SIZE_MAX / 2, &s, &e), -1);
	assert_null(s);
	labelset_free_p(&s);
}

static void test_add_once(void **state)
{
	struct labelset *s = make();
	struct label_key k;

	(void)state;
	add(s, 1, 10);
	add(s, 1, 10);
	assert_int_equal(labelset_count(s), 1);
	assert_true(labelset_find(s, 1, &k));
	assert_int_equal(k.ino, 10);
	assert_false(labelset_find(s, 2, &k));
	labelset_free_p(&s);
	assert_null(s);
}

/* Ids that share a bucket are told apart. */
static void test_same_bucket(void **state)
{
	struct labelset *s = make();
	struct label_key k;

	(void)state;
	add(s, 1, 10);
	add(s, 1 + 2048, 11);
	add(s, 1 + 4096, 12);
	assert_true(labelset_find(s, 1 + 2048, &k));
	assert_int_equal(k.ino, 11);
	labelset_remove(s, &k);
	assert_false(labelset_find(s, 1 + 2048, &k));
	assert_true(labelset_find(s, 1, &k));
	assert_true(labelset_find(s, 1 + 4096, &k));
	labelset_free_p(&s);
}

static void test_full_and_again(void **state)
{
	struct labelset *s = make();
	struct label_key k = key(9, 9);
	struct err e = { 0 };

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (uint64_t i = 0; i < MAX; i++)
			add(s, i % 4, i);
		assert_int_equal(labelset_add(s, &k, &e), -1);
		assert_int_equal(e.code, ERR_FULL);
		add(s, 3, 3); /* what is there needs no room */
		for (uint64_t cgroup = 0; cgroup < 4; cgroup++)
			for (struct label_key one; labelset_find(s, cgroup, &one);)
				labelset_remove(s, &one);
		assert_int_equal(labelset_count(s), 0);
	}
	labelset_remove(s, &k); /* not there: nothing happens */
	assert_int_equal(labelset_count(s), 0);
	labelset_free_p(&s);
}

static void test_walk(void **state)
{
	struct labelset *s = make();
	struct label_key k;
	uint64_t sum = 0;

	(void)state;
	for (uint64_t i = 1; i <= 10; i++)
		add(s, i, i);
	k = key(4, 4);
	labelset_remove(s, &k);
	for (size_t i = 0; i < labelset_max(s) + 5; i++)
		sum += labelset_at(s, i, &k) ? k.ino : 0;
	assert_int_equal(sum, 55 - 4);
	labelset_free_p(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),	       cmocka_unit_test(test_add_once),
		cmocka_unit_test(test_same_bucket),    cmocka_unit_test(test_full_and_again),
		cmocka_unit_test(test_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
