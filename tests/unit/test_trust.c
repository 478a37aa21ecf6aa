/* SPDX-License-Identifier: Apache-2.0 */
/* test_trust.c - a trust file says exactly what a key may do, and is refused when it does not. */
#include "bundle/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "tests/unit/bundle_sample.h"

static int word(const char *name)
{
	static const char *const all[] = { "readNotes", "useAI", "wasm" };

	for (int i = 0; i < 3; i++)
		if (!strcmp(all[i], name))
			return i;
	return -1;
}

static const struct trust_words words = { word, word };

struct file {
	char name[80];
	char text[2048];
};

/* A trust file for the key of this seed; rest stands behind its label. */
static void make_file(uint8_t seed, const char *rest, struct file *ret)
{
	struct secret_key k;
	struct public_key p;
	char public[SECRET_FILE_MAX], hex[DIGEST_HEX_BYTES];

	assert_true(sodium_init() >= 0);
	sample_key(&k, seed);
	secret_public(&k, &p);
	secret_print_public(&k, public);
	hex_encode(p.fingerprint, DIGEST_BYTES, hex);
	(void)snprintf(ret->name, sizeof(ret->name), "%s.json", hex);
	(void)snprintf(ret->text, sizeof(ret->text),
		       "{\"_type\":\"kennel.trust/1\",\"key\":\"%.56s\",\"label\":\"Acme\",%s}",
		       strchr(public, '\n') + 1, rest);
}

static void a_whole_file_is_read(void **state)
{
	struct trust_key k;
	struct file f;
	struct err e = { 0 };

	(void)state;
	make_file(
		1,
		"\"added\":1763797000,\"ceiling\":{\"permissions\":[\"useAI\"],\"runtimes\":[\"wasm\"],"
		"\"native\":false,\"jit\":true,\"max_mem_mib\":256},\"expires\":1798761600,"
		"\"plugins\":[\"acme-*\",\"linker\"],\"revoked\":null,\"succeeds\":null,\"threshold\":2",
		&f);
	assert_int_equal(trust_parse(f.name, f.text, strlen(f.text), &words, &k, &e), 0);
	assert_string_equal(k.label, "Acme");
	assert_int_equal(k.ceiling.permissions, 2);
	assert_int_equal(k.ceiling.runtimes, 4);
	assert_true(k.ceiling.jit);
	assert_false(k.ceiling.native);
	assert_int_equal(k.ceiling.memory_bytes, 256u << 20);
	assert_int_equal(k.expires, 1798761600);
	assert_int_equal(k.threshold, 2);
	assert_int_equal(trust_state(&k, TRUST_FOR_BUNDLES, 1798761599), TRUST_GOOD);
	assert_int_equal(trust_state(&k, TRUST_FOR_BUNDLES, 1798761600), TRUST_EXPIRED);
	assert_true(trust_covers(&k, "acme-x"));
	assert_true(trust_covers(&k, "linker"));
	assert_false(trust_covers(&k, "linker2"));
	assert_false(trust_covers(&k, "acm"));
}

static void what_is_left_out_is_not_allowed(void **state)
{
	struct trust_key k;
	struct file f;
	struct err e = { 0 };

	(void)state;
	make_file(1, "\"ceiling\":{}", &f);
	assert_int_equal(trust_parse(f.name, f.text, strlen(f.text), &words, &k, &e), 0);
	assert_int_equal(k.ceiling.permissions, 0);
	assert_int_equal(k.ceiling.runtimes, 0);
	assert_false(k.ceiling.jit);
	assert_int_equal(k.threshold, 1);
	assert_int_equal(trust_state(&k, TRUST_FOR_BUNDLES, INT64_MAX), TRUST_GOOD);
	assert_true(trust_covers(&k, "any"));
	make_file(
		1,
		"\"ceiling\":{},\"revoked\":{\"at\":5,\"reason\":\"compromise\"},\"expires\":null",
		&f);
	assert_int_equal(trust_parse(f.name, f.text, strlen(f.text), &words, &k, &e), 0);
	assert_int_equal(trust_state(&k, TRUST_FOR_BUNDLES, 0), TRUST_REVOKED);
}

static void row08_a_revoked_key_says_why(void **state)
{
	static const char *const words_of[] = { "compromise", "superseded", "retired" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct trust_key k;
		struct file f;
		struct err e = { 0 };
		char rest[128];

		(void)snprintf(rest, sizeof(rest),
			       "\"ceiling\":{},\"revoked\":{\"at\":5,\"reason\":\"%s\"}",
			       words_of[i]);
		make_file(1, rest, &f);
		assert_int_equal(trust_parse(f.name, f.text, strlen(f.text), &words, &k, &e), 0);
		assert_int_equal(k.reason, REVOKED_COMPROMISE + i);
		assert_string_equal(revocation_reason_name(k.reason), words_of[i]);
	}
}

static void row10_a_key_for_lists_signs_no_bundles(void **state)
{
	struct trust_key k;
	struct file f;
	struct err e = { 0 };

	(void)state;
	make_file(1, "\"ceiling\":{},\"for\":[\"revocations\"]", &f);
	assert_int_equal(trust_parse(f.name, f.text, strlen(f.text), &words, &k, &e), 0);
	assert_int_equal(trust_state(&k, TRUST_FOR_BUNDLES, 0), TRUST_OTHER_USE);
	assert_int_equal(trust_state(&k, TRUST_FOR_REVOCATIONS, 0), TRUST_GOOD);
	make_file(1, "\"ceiling\":{}", &f);
	assert_int_equal(trust_parse(f.name, f.text, strlen(f.text), &words, &k, &e), 0);
	assert_int_equal(trust_state(&k, TRUST_FOR_BUNDLES, 0), TRUST_GOOD);
	assert_int_equal(trust_state(&k, TRUST_FOR_REVOCATIONS, 0), TRUST_OTHER_USE);
}

static void row07_a_successor_names_its_predecessor(void **state)
{
	struct trust_key k;
	struct file f, own;
	struct err e = { 0 };
	char rest[160];

	(void)state;
	make_file(2, "\"ceiling\":{}", &own);
	(void)snprintf(rest, sizeof(rest), "\"ceiling\":{},\"succeeds\":\"%.64s\"", own.name);
	make_file(1, rest, &f);
	assert_int_equal(trust_parse(f.name, f.text, strlen(f.text), &words, &k, &e), 0);
	assert_true(k.succeeds);
	make_file(2, rest, &f);
	assert_int_equal(trust_parse(f.name, f.text, strlen(f.text), &words, &k, &e), -1);
	assert_int_equal(e.code, ERR_JSON_VALUE);
}

static const struct {
	const char *rest;
	enum err_code expect;
} bad[] = {
	{ "\"other\":1", ERR_JSON_KEY },
	{ "\"added\":1", ERR_JSON_KEY }, /* no ceiling */
	{ "\"ceiling\":{},\"Revoked\":null", ERR_JSON_KEY },
	{ "\"ceiling\":{\"network\":1}", ERR_JSON_TYPE },
	{ "\"ceiling\":{\"disk\":true}", ERR_JSON_KEY },
	{ "\"ceiling\":{\"permissions\":[\"everything\"]}", ERR_PERMISSION_UNKNOWN },
	{ "\"ceiling\":{\"permissions\":[1]}", ERR_PERMISSION_UNKNOWN },
	{ "\"ceiling\":{\"permissions\":\"useAI\"}", ERR_JSON_TYPE },
	{ "\"ceiling\":{\"runtimes\":[\"cobol\"]}", ERR_JSON_VALUE },
	{ "\"ceiling\":{\"native\":1}", ERR_JSON_TYPE },
	{ "\"ceiling\":{},\"expires\":0", ERR_JSON_VALUE },
	{ "\"ceiling\":{},\"expires\":\"never\"", ERR_JSON_TYPE },
	{ "\"ceiling\":{},\"revoked\":false", ERR_JSON_TYPE },
	{ "\"ceiling\":{},\"revoked\":{}", ERR_JSON_KEY },
	{ "\"ceiling\":{},\"revoked\":{\"at\":1,\"reason\":\"x\",\"not\":1}", ERR_JSON_KEY },
	{ "\"ceiling\":{},\"threshold\":0", ERR_JSON_VALUE },
	{ "\"ceiling\":{},\"threshold\":9", ERR_JSON_VALUE },
	{ "\"ceiling\":{},\"plugins\":[]", ERR_JSON_VALUE },
	{ "\"ceiling\":{},\"plugins\":[\"a*b\"]", ERR_JSON_VALUE },
	{ "\"ceiling\":{},\"plugins\":[\"../x\"]", ERR_JSON_VALUE },
	{ "\"ceiling\":{},\"succeeds\":\"x\"", ERR_JSON_VALUE },
	{ "\"ceiling\":{},\"succeeds\":7", ERR_JSON_TYPE },
	{ "\"ceiling\":{},\"revoked\":{\"at\":1,\"reason\":\"boredom\"}", ERR_JSON_VALUE },
	{ "\"ceiling\":{},\"for\":[]", ERR_JSON_VALUE },
	{ "\"ceiling\":{},\"for\":[\"everything\"]", ERR_JSON_VALUE },
	{ "\"ceiling\":{},\"ceiling\":{}", ERR_JSON },
};

static void anything_unclear_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(bad); i++) {
		struct trust_key k;
		struct file f;
		struct err e = { 0 };

		make_file(1, bad[i].rest, &f);
		if (trust_parse(f.name, f.text, strlen(f.text), &words, &k, &e) == 0 ||
		    e.code != bad[i].expect)
			fail_msg("%s: expected %s, got %s", bad[i].rest, err_name(bad[i].expect),
				 err_name(e.code));
	}
}

static void the_name_is_the_fingerprint(void **state)
{
	struct trust_key k;
	struct file f, g;
	struct err e = { 0 };

	(void)state;
	make_file(1, "\"ceiling\":{}", &f);
	make_file(2, "\"ceiling\":{}", &g);
	assert_int_equal(trust_parse(g.name, f.text, strlen(f.text), &words, &k, &e), -1);
	assert_int_equal(e.code, ERR_TRUST_FILE);
}

static void put(int dir, const char *name, const char *text, mode_t mode)
{
	struct err e = { 0 };

	assert_int_equal(fs_write_atomic(dir, name, text, strlen(text), mode, &e), 0);
}

static enum err_code load(int dir, size_t expect)
{
	CLEANUP(trust_free_p) struct trust t = { 0 };
	struct err e = { 0 };

	if (trust_load(dir, &words, &t, &e) < 0)
		return e.code;
	assert_int_equal(t.count, expect);
	return ERR_OK;
}

static void a_folder_is_loaded_or_refused_whole(void **state)
{
	char path[] = "/tmp/kennel-trust-XXXXXX";
	struct file f, g;
	int dir;

	(void)state;
	assert_non_null(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY);
	assert_true(dir >= 0);
	make_file(1, "\"ceiling\":{}", &f);
	make_file(2, "\"ceiling\":{}", &g);
	assert_int_equal(load(dir, 0), ERR_OK);
	put(dir, f.name, f.text, 0644);
	put(dir, g.name, g.text, 0600);
	put(dir, "README", "no key", 0644);
	assert_int_equal(load(dir, 2), ERR_OK);
	put(dir, "broken.json", "{}", 0644);
	assert_int_equal(load(dir, 0), ERR_JSON_KEY);
	assert_int_equal(unlinkat(dir, "broken.json", 0), 0);
	put(dir, g.name, g.text, 0666);
	assert_int_equal(load(dir, 0), ERR_TRUST_FILE);
	put(dir, g.name, g.text, 0644);
	assert_int_equal(fchmod(dir, 0777), 0);
	assert_int_equal(load(dir, 0), ERR_TRUST_FILE);
	assert_int_equal(fchmod(dir, 0755), 0);
	assert_int_equal(unlinkat(dir, g.name, 0), 0);
	assert_int_equal(symlinkat(f.name, dir, g.name), 0);
	assert_int_equal(load(dir, 0), ERR_SYS);
	assert_int_equal(unlinkat(dir, g.name, 0), 0);
	assert_int_equal(mkfifoat(dir, g.name, 0600), 0);
	assert_int_equal(load(dir, 0), ERR_TRUST_FILE);
	(void)close(dir);
	assert_int_equal(fs_remove_tree(AT_FDCWD, path, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_file_is_read),
		cmocka_unit_test(what_is_left_out_is_not_allowed),
		cmocka_unit_test(row08_a_revoked_key_says_why),
		cmocka_unit_test(row10_a_key_for_lists_signs_no_bundles),
		cmocka_unit_test(row07_a_successor_names_its_predecessor),
		cmocka_unit_test(anything_unclear_is_refused),
		cmocka_unit_test(the_name_is_the_fingerprint),
		cmocka_unit_test(a_folder_is_loaded_or_refused_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
