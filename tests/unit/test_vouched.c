/* SPDX-License-Identifier: Apache-2.0 */
/* test_vouched.c - rows 6 and 8: what was enough when it was installed is counted again. */
#include "supervise/vouched.h"

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

enum { NOW = 1800000000 };
#define ONE "1111111111111111111111111111111111111111111111111111111111111111"
#define TWO "2222222222222222222222222222222222222222222222222222222222222222"
#define SIX "6666666666666666666666666666666666666666666666666666666666666666"

static char top[64];
static int dir;

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(top, sizeof(top), "/tmp/vouched-XXXXXX");
	assert_non_null(mkdtemp(top));
	dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	(void)close(dir);
	return fs_remove_tree(AT_FDCWD, top, NULL);
}

/* more: further keys of the file, each with a comma in front. NULL: there is none. */
static void put_key(const char *fingerprint, const char *more)
{
	char name[DIGEST_HEX_BYTES + 8], text[512];

	(void)snprintf(name, sizeof(name), "%s.json", fingerprint);
	(void)unlinkat(dir, name, 0);
	if (!more)
		return;
	(void)snprintf(text, sizeof(text), "{\"_type\":\"kennel.trust/1\",\"label\":\"k\"%s}",
		       more);
	assert_int_equal(fs_write_atomic(dir, name, text, strlen(text), 0640, NULL), 0);
}

#define COMPROMISE ",\"revoked\":{\"at\":1,\"reason\":\"compromise\"}"
#define SUPERSEDED ",\"revoked\":{\"at\":1,\"reason\":\"superseded\"}"
#define EXPIRED ",\"expires\":1700000000"
#define THRESHOLD(n) ",\"threshold\":" #n

/* The plugin is ONE's; TWO signed it too. */
static const struct {
	const char *what, *one, *two;
	uint32_t threshold; /* when it was installed */
	enum err_code launch, install;
} cases[] = {
	{ "both are good", THRESHOLD(2), "", 2, ERR_OK, ERR_OK },
	{ "row06 the second is stolen", THRESHOLD(2), COMPROMISE, 2, ERR_UNTRUSTED, ERR_UNTRUSTED },
	{ "row06 the second is gone", THRESHOLD(2), NULL, 2, ERR_UNTRUSTED, ERR_UNTRUSTED },
	{ "row06 the second is stolen, one is enough", "", COMPROMISE, 1, ERR_OK, ERR_OK },
	{ "row06 the first is stolen", COMPROMISE, THRESHOLD(2), 2, ERR_KEY_REVOKED,
	  ERR_KEY_REVOKED },
	{ "row06 the first is gone", NULL, "", 1, ERR_UNTRUSTED, ERR_UNTRUSTED },
	{ "who asked for two is stolen himself", "", COMPROMISE THRESHOLD(2), 2, ERR_OK, ERR_OK },
	{ "the operator asks for less now", THRESHOLD(1), COMPROMISE, 2, ERR_OK, ERR_OK },
	{ "he asks for more: new ones only", THRESHOLD(3), "", 2, ERR_OK, ERR_UNTRUSTED },
	{ "row08 the second was replaced", THRESHOLD(2), SUPERSEDED, 2, ERR_OK, ERR_UNTRUSTED },
	{ "row08 the first was replaced", SUPERSEDED, "", 1, ERR_OK, ERR_KEY_REVOKED },
	{ "row08 the first has expired", EXPIRED, "", 1, ERR_OK, ERR_KEY_EXPIRED },
	{ "row08 the second has expired", THRESHOLD(2), EXPIRED, 2, ERR_OK, ERR_UNTRUSTED },
	{ "the first is for lists now", ",\"for\":[\"revocations\"]", "", 1, ERR_OK,
	  ERR_UNTRUSTED },
	{ "or for both", ",\"for\":[\"revocations\",\"bundles\"]", "", 1, ERR_OK, ERR_OK },
};

static void row06_what_was_enough_is_counted_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct vouched v = { 0 };
		struct err e = { 0 };
		enum err_code launch, install;

		put_key(ONE, cases[i].one);
		put_key(TWO, cases[i].two);
		vouched_add(&v, ONE, cases[i].threshold);
		vouched_add(&v, TWO, 1);
		launch = vouched_check_launch(dir, ONE, &v, &e) < 0 ? e.code : ERR_OK;
		install = vouched_check_install(dir, ONE, &v, NOW, &e) < 0 ? e.code : ERR_OK;
		if (launch != cases[i].launch || install != cases[i].install)
			print_error("%s: %s, %s\n", cases[i].what, err_name(launch),
				    err_name(install));
		assert_int_equal(launch, cases[i].launch);
		assert_int_equal(install, cases[i].install);
	}
}

/* Whoever is not among them does not matter; an installation of before tells nobody but its key. */
static void others_do_not_matter(void **state)
{
	const struct vouched before = { .threshold = 1 };
	struct vouched v = { 0 };
	struct err e = { 0 };

	(void)state;
	vouched_add(&v, ONE, 1);
	put_key(ONE, "");
	put_key(SIX, COMPROMISE);
	assert_true(vouched_names(&v, ONE));
	assert_false(vouched_names(&v, SIX));
	assert_int_equal(vouched_check_launch(dir, ONE, &v, &e), 0);
	assert_int_equal(vouched_check_launch(dir, ONE, &before, &e), 0);
	assert_int_equal(vouched_check_install(dir, ONE, &before, NOW, &e), 0);
	put_key(ONE, COMPROMISE);
	assert_int_equal(vouched_check_launch(dir, ONE, &before, &e), -1);
	assert_int_equal(e.code, ERR_KEY_REVOKED);
	put_key(ONE, THRESHOLD(2));
	assert_int_equal(vouched_check_install(dir, ONE, &before, NOW, &e), -1);
	assert_int_equal(e.code, ERR_UNTRUSTED);
}

static void a_key_counts_once(void **state)
{
	struct vouched v = { 0 };
	char hex[DIGEST_HEX_BYTES] = ONE;

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		vouched_add(&v, ONE, 1 + i);
	assert_int_equal(v.count, 1);
	assert_int_equal(v.threshold, 3);
	for (char c = '2'; c <= '9'; c++) {
		hex[0] = c;
		vouched_add(&v, hex, 1);
	}
	assert_int_equal(v.count, BUNDLE_SIGNATURES_MAX);
}

static void it_is_read_back(void **state)
{
	CLEANUP(json_decref_p) json_t *doc = json_object();
	struct vouched v = { 0 }, again;

	(void)state;
	vouched_add(&v, ONE, 2);
	vouched_add(&v, TWO, 1);
	assert_int_equal(json_object_set_new(doc, "signers", vouched_signers_json(&v)), 0);
	assert_int_equal(json_object_set_new(doc, "threshold", json_integer(2)), 0);
	assert_int_equal(vouched_parse((struct json_place){ doc, "" }, &again, NULL), 0);
	assert_memory_equal(&again, &v, sizeof(v));
}

static void damaged_is_refused(void **state)
{
	static const char *const bad[] = {
		"{\"signers\":[\"abc\"]}",
		"{\"signers\":[5]}",
		"{\"signers\":\"" ONE "\"}",
		"{\"signers\":[\"" ONE "\",\"" ONE "\"]}",
		"{\"signers\":[\"" ONE "\"],\"threshold\":2}",
		"{\"signers\":[\"" ONE "\"],\"threshold\":0}",
		"{\"signers\":[\"" ONE "\"],\"threshold\":9}",
		"{\"threshold\":2}",
	};

	(void)state;
	for (size_t i = 0; i < countof(bad); i++) {
		CLEANUP(json_decref_p) json_t *doc = json_loads(bad[i], 0, NULL);
		struct vouched v;
		struct err e = { 0 };

		if (vouched_parse((struct json_place){ doc, "" }, &v, &e) == 0)
			print_error("accepted: %s\n", bad[i]);
		assert_int_equal(vouched_parse((struct json_place){ doc, "" }, &v, &e), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(row06_what_was_enough_is_counted_again, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(others_do_not_matter, set_up, tear_down),
		cmocka_unit_test(a_key_counts_once),
		cmocka_unit_test(it_is_read_back),
		cmocka_unit_test(damaged_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
