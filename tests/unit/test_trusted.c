/* SPDX-License-Identifier: Apache-2.0 */
/* test_trusted.c - what is written here is what the loader reads; a revoked key stops launches. */
#include <fcntl.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "bundle/trust.h"
#include "policy/grant.h"
#include "supervise/trusted.h"

static const struct trust_words words = { permission_from_name, runtime_from_name };
static char key_text[128], fingerprint[DIGEST_HEX_BYTES], file_name[DIGEST_HEX_BYTES + 8];

static void make_key(void)
{
	uint8_t raw[42] = { 'E', 'd', 1, 2, 3, 4, 5, 6, 7, 8 };
	uint8_t secret[crypto_sign_SECRETKEYBYTES], digest[DIGEST_BYTES];

	assert_true(sodium_init() >= 0);
	assert_int_equal(crypto_sign_keypair(raw + 10, secret), 0);
	assert_int_equal(crypto_generichash(digest, sizeof(digest), raw + 10, 32, NULL, 0), 0);
	assert_non_null(sodium_bin2base64(key_text, sizeof(key_text), raw, sizeof(raw),
					  sodium_base64_VARIANT_ORIGINAL));
	hex_encode(digest, sizeof(digest), fingerprint);
	(void)snprintf(file_name, sizeof(file_name), "%s.json", fingerprint);
}

static int make(const char *more, char **ret, struct err *e)
{
	char text[512];
	CLEANUP(json_decref_p) json_t *params = NULL;

	(void)snprintf(text, sizeof(text),
		       "{\"key\":\"%s\",\"label\":\"Acme\",\"fingerprint\":\"%s\"%s}", key_text,
		       fingerprint, more);
	params = json_loads(text, 0, NULL);
	assert_non_null(params);
	return trusted_make(params, 1700000000, ret, e);
}

static void the_loader_reads_it(void **state)
{
	static const char *const more[] = {
		"", ",\"permissions\":[\"readNotes\"],\"expires\":1900000000",
		",\"plugins\":[\"acme-*\"],\"runtimes\":[\"wasm\"],\"maxMemoryMib\":64"
	};

	(void)state;
	for (size_t i = 0; i < countof(more); i++) {
		CLEANUP(free_p) char *text = NULL;
		struct trust_key k;
		struct err e = { 0 };

		assert_int_equal(make(more[i], &text, &e), 0);
		assert_int_equal(trust_parse(file_name, text, strlen(text), &words, &k, &e), 0);
		assert_string_equal(k.label, "Acme");
		assert_false(k.ceiling.native);
		assert_false(k.ceiling.jit);
		assert_int_equal(k.ceiling.permissions,
				 i == 1 ? PERM_BIT(PERM_READ_NOTES) : PERM_ALL);
		assert_int_equal(k.ceiling.memory_bytes, i == 2 ? 64u << 20 : 0);
		assert_true(trust_covers(&k, "acme-x"));
		assert_int_equal(trust_covers(&k, "other"), i != 2);
	}
}

static void native_code_is_given_only_by_name(void **state)
{
	CLEANUP(free_p) char *text = NULL;
	struct trust_key k;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(make(",\"native\":true", &text, &e), 0);
	assert_int_equal(trust_parse(file_name, text, strlen(text), &words, &k, &e), 0);
	assert_true(k.ceiling.native);
	assert_true(k.ceiling.runtimes & RUNTIME_BIT(RUNTIME_NATIVE));
}

static void bad_ones_are_refused(void **state)
{
	static const char *const more[] = { ",\"permissions\":[\"all\"]",
					    ",\"runtimes\":[\"java\"]", ",\"secret\":1",
					    ",\"expires\":\"never\"", ",\"permissions\":[1]" };

	(void)state;
	for (size_t i = 0; i < countof(more); i++) {
		char *text = NULL;
		struct err e = { 0 };

		assert_int_equal(make(more[i], &text, &e), -1);
		assert_null(text);
	}
}

static void revocation_stops_launches(void **state)
{
	char name[] = "/tmp/trusted-XXXXXX";
	CLEANUP_FD int dir = -1;
	CLEANUP(free_p) char *text = NULL;
	CLEANUP(json_decref_p) json_t *list = NULL;
	struct err e = { 0 };

	(void)state;
	assert_non_null(mkdtemp(name));
	dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(trusted_check_launch(dir, fingerprint, &e), -1);
	assert_int_equal(e.code, ERR_UNTRUSTED);
	assert_int_equal(make("", &text, &e), 0);
	assert_int_equal(trusted_write(dir, fingerprint, text, &e), 0);
	assert_int_equal(trusted_check_launch(dir, fingerprint, &e), 0);
	assert_int_equal(trusted_revoke(dir, fingerprint, "superseded", 5, &e), 0);
	assert_int_equal(trusted_check_launch(dir, fingerprint, &e),
			 0); /* what is installed may go on */
	assert_int_equal(trusted_revoke(dir, fingerprint, "boredom", 5, &e), -1);
	assert_int_equal(trusted_revoke(dir, fingerprint, "compromise", 5, &e), 0);
	assert_int_equal(trusted_check_launch(dir, fingerprint, &e), -1);
	assert_int_equal(e.code, ERR_KEY_REVOKED);
	assert_int_equal(trusted_list(dir, &list, &e), 0);
	assert_int_equal(json_array_size(list), 1);
	assert_int_equal(trusted_revoke(dir, "../../etc/passwd", "compromise", 5, &e), -1);
	assert_int_equal(fs_write_atomic(dir, file_name, "[1", 2, 0600, &e), 0);
	assert_int_equal(trusted_check_launch(dir, fingerprint, &e), -1);
	assert_int_equal(fs_remove_tree(AT_FDCWD, name, NULL), 0);
}

/* Row 8: a reason only gets worse. */
static void row08_a_compromise_is_not_made_less(void **state)
{
	char name[] = "/tmp/trusted-XXXXXX";
	CLEANUP_FD int dir = -1;
	CLEANUP(free_p) char *text = NULL;
	struct err e = { 0 };

	(void)state;
	assert_non_null(mkdtemp(name));
	dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(trusted_is_compromised(dir, fingerprint)); /* not known: not to be relied on */
	assert_int_equal(make("", &text, &e), 0);
	assert_int_equal(trusted_write(dir, fingerprint, text, &e), 0);
	assert_false(trusted_is_compromised(dir, fingerprint));
	assert_int_equal(trusted_revoke(dir, fingerprint, "retired", 5, &e), 0);
	assert_false(trusted_is_compromised(dir, fingerprint));
	assert_int_equal(trusted_revoke(dir, fingerprint, "compromise", 5, &e), 0);
	assert_int_equal(trusted_revoke(dir, fingerprint, "compromise", 6, &e), 0);
	assert_int_equal(trusted_revoke(dir, fingerprint, "superseded", 7, &e), -1);
	assert_int_equal(e.code, ERR_KEY_REVOKED);
	assert_true(trusted_is_compromised(dir, fingerprint));
	assert_int_equal(fs_remove_tree(AT_FDCWD, name, NULL), 0);
}

/* Rows 7 and 13: a successor has the old key's bounds, and its names. */
static void row07_a_successor_has_the_same_bounds(void **state)
{
	static const char other[] =
		"00000000000000000000000000000000000000000000000000000000000000aa";
	char name[] = "/tmp/trusted-XXXXXX", old[DIGEST_HEX_BYTES];
	CLEANUP_FD int dir = -1;
	CLEANUP(free_p) char *text = NULL, *next = NULL;
	CLEANUP(json_decref_p) json_t *doc = NULL;
	struct trust_key a, b;
	struct err e = { 0 };

	(void)state;
	assert_non_null(mkdtemp(name));
	dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(
		make(",\"permissions\":[\"readNotes\",\"network\"],\"plugins\":[\"acme-*\"],"
		     "\"expires\":1900000000,\"maxMemoryMib\":64,\"threshold\":2,"
		     "\"noNetwork\":true,\"native\":true,\"for\":[\"bundles\"]",
		     &text, &e),
		0);
	assert_int_equal(trust_parse(file_name, text, strlen(text), &words, &a, &e), 0);
	assert_int_equal(a.threshold, 2);
	assert_true(a.ceiling.native);
	assert_false(a.ceiling.network);
	assert_int_equal(trusted_write(dir, fingerprint, text, &e), 0);
	assert_int_equal(trusted_read(dir, fingerprint, &doc, &e), 0);
	memcpy(old, fingerprint, sizeof(old));
	make_key();
	assert_int_equal(trusted_make_successor(doc, old, key_text, 7, &next, &e), 0);
	assert_int_equal(trust_parse(file_name, next, strlen(next), &words, &b, &e), 0);
	assert_int_equal(trusted_write(dir, fingerprint, next, &e), 0);
	assert_memory_equal(&a.ceiling, &b.ceiling, sizeof(a.ceiling));
	assert_memory_equal(a.plugins, b.plugins, sizeof(a.plugins));
	assert_int_equal(a.plugin_count, b.plugin_count);
	assert_int_equal(a.expires, b.expires);
	assert_int_equal(a.threshold, b.threshold);
	assert_int_equal(a.uses, b.uses);
	assert_true(b.succeeds);
	assert_memory_equal(b.predecessor, a.key.fingerprint, DIGEST_BYTES);
	assert_true(trusted_succeeds(dir, fingerprint, old));
	assert_false(trusted_succeeds(dir, old, fingerprint));
	assert_false(trusted_succeeds(dir, fingerprint, other));
	assert_true(trusted_same_lineage(dir, a.key.fingerprint, b.key.fingerprint));
	assert_true(trusted_has_expired(dir, fingerprint, 1900000000));
	assert_false(trusted_has_expired(dir, fingerprint, 1899999999));
	assert_int_equal(fs_remove_tree(AT_FDCWD, name, NULL), 0);
}

/* Two files that name each other are no lineage without end. */
static void row13_a_circle_ends(void **state)
{
	char name[] = "/tmp/trusted-XXXXXX", first[DIGEST_HEX_BYTES], more[160];
	CLEANUP_FD int dir = -1;
	CLEANUP(free_p) char *a = NULL, *b = NULL;
	struct err e = { 0 };

	(void)state;
	assert_non_null(mkdtemp(name));
	dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	memcpy(first, fingerprint, sizeof(first));
	make_key();
	(void)snprintf(more, sizeof(more), ",\"succeeds\":\"%s\"", first);
	assert_int_equal(make(more, &a, &e), 0);
	assert_int_equal(trusted_write(dir, fingerprint, a, &e), 0);
	(void)snprintf(more, sizeof(more), ",\"succeeds\":\"%s\"", fingerprint);
	assert_int_equal(make(more, &b, &e), 0);
	assert_int_equal(trusted_write(dir, first, b, &e), 0);
	assert_false(trusted_succeeds(
		dir, first, "00000000000000000000000000000000000000000000000000000000000000aa"));
	assert_int_equal(fs_remove_tree(AT_FDCWD, name, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_loader_reads_it),
		cmocka_unit_test(native_code_is_given_only_by_name),
		cmocka_unit_test(bad_ones_are_refused),
		cmocka_unit_test(revocation_stops_launches),
		cmocka_unit_test(row08_a_compromise_is_not_made_less),
		cmocka_unit_test(row07_a_successor_has_the_same_bounds),
		cmocka_unit_test(row13_a_circle_ends),
	};

	make_key();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
