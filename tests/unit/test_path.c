/* SPDX-License-Identifier: Apache-2.0 */
/* test_path.c - which names may stand in a bundle, and which two may not. */
#include "bundle/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/limits.h"

static const struct {
	const char *path;
	int expect;
} names[] = {
	{ "a", 0 },
	{ "main.wasm", 0 },
	{ "a-b/c_d/@e+f=g,h~i", 0 },
	{ "META2/x", 0 },
	{ "a/META/x", 0 },
	{ "", -1 },
	{ "/", -1 },
	{ "/a", -1 },
	{ "a/", -1 },
	{ "a//b", -1 },
	{ ".", -1 },
	{ "..", -1 },
	{ "a/../b", -1 },
	{ "a/./b", -1 },
	{ ".hidden", -1 },
	{ "-option", -1 },
	{ "a b", -1 },
	{ "a\\b", -1 },
	{ "a:b", -1 },
	{ "a\nb", -1 },
	{ "a\x7f", -1 },
	{ "\xc3\xa4", -1 },
	{ "e\xcc\x81", -1 },
	{ "META", -1 },
	{ "META/x", -1 },
	{ "meta/x", -1 },
	{ "mEtA", -1 },
	{ "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", 0 },
	{ "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", -1 },
};

static void row23_names_are_of_one_alphabet(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(names); i++) {
		struct err e = { 0 };

		if (path_check(names[i].path, &e) != names[i].expect)
			fail_msg("\"%s\": expected %d", names[i].path, names[i].expect);
		if (names[i].expect < 0)
			assert_int_equal(e.code, ERR_PATH);
	}
}

static void lengths_have_ends(void **state)
{
	char p[400];

	(void)state;
	memset(p, 'a', sizeof(p));
	p[100] = '\0';
	assert_int_equal(path_check(p, NULL), 0);
	p[100] = 'a';
	p[101] = '\0';
	assert_int_equal(path_check(p, NULL), -1);
	/* 255 bytes that split at 155 */
	memset(p, 'a', sizeof(p));
	p[77] = p[155] = '/';
	p[255] = '\0';
	assert_int_equal(path_check(p, NULL), 0);
	p[255] = 'a';
	p[256] = '\0';
	assert_int_equal(path_check(p, NULL), -1);
	/* 202 bytes in two names of 100 and 101 have no place to be cut */
	memset(p, 'a', sizeof(p));
	p[50] = p[151] = '/';
	p[252] = '\0';
	assert_int_equal(path_check(p, NULL), 0);
	p[151] = 'a';
	p[101] = p[152] = '/';
	p[50] = '/';
	p[253] = '\0';
	assert_int_equal(path_check(p, NULL), 0);
	p[152] = 'a';
	assert_int_equal(path_check(p, NULL), -1);
}

static void a_long_path_is_cut_where_ustar_can(void **state)
{
	char p[300];

	(void)state;
	memset(p, 'a', sizeof(p));
	assert_int_equal(path_ustar_split(p, 100), 0);
	assert_int_equal(path_ustar_split(p, 101), -1);
	p[60] = '/';
	assert_int_equal(path_ustar_split(p, 101), 60);
	assert_int_equal(path_ustar_split(p, 161), 60);
	assert_int_equal(path_ustar_split(p, 162), -1);
	p[155] = '/';
	assert_int_equal(path_ustar_split(p, 255), 155);
	p[155] = 'a';
	p[156] = '/';
	assert_int_equal(path_ustar_split(p, 255), -1);
}

static const struct {
	const char *a, *b, *c;
	int expect;
} sets[] = {
	{ "a", "b", "c", 0 },
	{ "a", "a-b", "ab", 0 },
	{ "a/x", "a-b", "a.b", 0 },
	{ "a", "A", "b", -1 },
	{ "a/x", "A/y", "b", -1 },
	{ "a/x", "a/X", "b", -1 },
	{ "a", "a/x", "a-b", -1 },
	{ "a-b", "a", "a/x", -1 },
	{ "A", "a/x", "b", -1 },
	{ "lib/a/x", "lib/A/y", "lib/b", -1 },
	{ "lib/a/x", "lib/a/y", "lib/ab/z", 0 },
};

static void row23_two_names_that_meet_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(sets); i++) {
		const char *paths[3] = { sets[i].a, sets[i].b, sets[i].c };

		if (path_check_set(paths, 3, NULL) != sets[i].expect)
			fail_msg("%s %s %s: expected %d", sets[i].a, sets[i].b, sets[i].c,
				 sets[i].expect);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row23_names_are_of_one_alphabet),
		cmocka_unit_test(lengths_have_ends),
		cmocka_unit_test(a_long_path_is_cut_where_ustar_can),
		cmocka_unit_test(row23_two_names_that_meet_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
