/* SPDX-License-Identifier: Apache-2.0 */
/* secret.c - minisign secret keys: made, read, written, used (minisign 0.11, "Secret key format").
 */
#include "tools/pack/secret.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

/* 'Ed' | kdf | 'B2' | salt | opslimit | memlimit | encrypted (id | key | checksum) */
enum {
	AT_KDF = 2,
	AT_CHECKSUM_KIND = 4,
	AT_SALT = 6,
	SALT_BYTES = 32,
	AT_OPS = 38,
	AT_MEM = 46,
	AT_BODY = 54,
	BODY_BYTES = 8 + 64 + 32,
	BLOB_BYTES = AT_BODY + BODY_BYTES
};

struct blob {
	uint8_t p[BLOB_BYTES];
};

static void wipe_blob(struct blob *b)
{
	sodium_memzero(b, sizeof(*b));
}

static void put_u64le(uint8_t *at, uint64_t v)
{
	for (size_t i = 0; i < 8; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t get_u64le(const uint8_t *at)
{
	uint64_t v = 0;

	for (size_t i = 8; i-- > 0;)
		v = v << 8 | at[i];
	return v;
}

/* minisign prints a key id as the hex of a little-endian number. */
static unsigned long long id_number(const struct secret_key *k)
{
	return get_u64le(k->id);
}

void secret_make(struct secret_key *ret)
{
	uint8_t public[SIGN_KEY_BYTES];

	randombytes_buf(ret->id, sizeof(ret->id));
	(void)crypto_sign_keypair(public, ret->key);
}

void secret_wipe_p(struct secret_key *k)
{
	sodium_memzero(k, sizeof(*k));
}

void secret_public(const struct secret_key *k, struct public_key *ret)
{
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->id, k->id, sizeof(ret->id));
	memcpy(ret->key, k->key + 32, sizeof(ret->key));
	(void)crypto_generichash(ret->fingerprint, DIGEST_BYTES, ret->key, sizeof(ret->key), NULL,
				 0);
}

static void checksum(const struct secret_key *k, uint8_t ret[32])
{
	crypto_generichash_state s;

	(void)crypto_generichash_init(&s, NULL, 0, 32);
	(void)crypto_generichash_update(&s, (const uint8_t *)"Ed", 2);
	(void)crypto_generichash_update(&s, k->id, sizeof(k->id));
	(void)crypto_generichash_update(&s, k->key, sizeof(k->key));
	(void)crypto_generichash_final(&s, ret, 32);
}

static int apply_password(struct blob *b, const char *password, struct err *e)
{
	uint8_t stream[BODY_BYTES];

	if (crypto_pwhash_scryptsalsa208sha256(stream, sizeof(stream), password, strlen(password),
					       b->p + AT_SALT, get_u64le(b->p + AT_OPS),
					       (size_t)get_u64le(b->p + AT_MEM)) != 0)
		return err_set(e, ERR_NOMEM, "scrypt needs %llu MiB of memory for this key",
			       (unsigned long long)(get_u64le(b->p + AT_MEM) >> 20));
	for (size_t i = 0; i < BODY_BYTES; i++)
		b->p[AT_BODY + i] ^= stream[i];
	sodium_memzero(stream, sizeof(stream));
	return 0;
}

static int encrypt(struct blob *b, const char *password, struct err *e)
{
	uint64_t ops = crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_SENSITIVE;
	uint64_t mem = crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_SENSITIVE;

	memcpy(b->p + AT_KDF, "Sc", 2);
	randombytes_buf(b->p + AT_SALT, SALT_BYTES);
	for (; ops >= crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_MIN &&
	       mem >= crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_MIN;
	     ops /= 2, mem /= 2) {
		put_u64le(b->p + AT_OPS, ops);
		put_u64le(b->p + AT_MEM, mem);
		if (apply_password(b, password, e) == 0)
			return 0;
	}
	return -1;
}

int secret_print(const struct secret_key *k, const char *password, char ret_text[SECRET_FILE_MAX],
		 struct err *e)
{
	CLEANUP(wipe_blob) struct blob b = { 0 };
	char text[sodium_base64_ENCODED_LEN(BLOB_BYTES, sodium_base64_VARIANT_ORIGINAL)];

	memcpy(b.p, "Ed", 2);
	memcpy(b.p + AT_CHECKSUM_KIND, "B2", 2);
	memcpy(b.p + AT_BODY, k->id, 8);
	memcpy(b.p + AT_BODY + 8, k->key, 64);
	checksum(k, b.p + AT_BODY + 8 + 64);
	if (password && encrypt(&b, password, e) < 0)
		return -1;
	(void)sodium_bin2base64(text, sizeof(text), b.p, sizeof(b.p),
				sodium_base64_VARIANT_ORIGINAL);
	(void)snprintf(ret_text, SECRET_FILE_MAX, "untrusted comment: minisign %ssecret key\n%s\n",
		       password ? "encrypted " : "", text);
	sodium_memzero(text, sizeof(text));
	return 0;
}

void secret_print_public(const struct secret_key *k, char ret_text[SECRET_FILE_MAX])
{
	uint8_t blob[2 + SIGN_KEY_ID_BYTES + SIGN_KEY_BYTES];
	char text[sodium_base64_ENCODED_LEN(sizeof(blob), sodium_base64_VARIANT_ORIGINAL)];

	memcpy(blob, "Ed", 2);
	memcpy(blob + 2, k->id, SIGN_KEY_ID_BYTES);
	memcpy(blob + 2 + SIGN_KEY_ID_BYTES, k->key + 32, SIGN_KEY_BYTES);
	(void)sodium_bin2base64(text, sizeof(text), blob, sizeof(blob),
				sodium_base64_VARIANT_ORIGINAL);
	(void)snprintf(ret_text, SECRET_FILE_MAX,
		       "untrusted comment: minisign public key %016llX\n%s\n", id_number(k), text);
}

static int decode(const char *text, size_t n, struct blob *ret, struct err *e)
{
	const char *line = memchr(text, '\n', n);
	size_t line_n, got = 0;

	if (!line || strncmp(text, "untrusted comment: ", 19) != 0)
		return err_set(e, ERR_KEY_FORMAT, "not a minisign secret key file");
	line++;
	line_n = n - (size_t)(line - text);
	while (line_n > 0 && (line[line_n - 1] == '\n' || line[line_n - 1] == '\r'))
		line_n--;
	if (sodium_base642bin(ret->p, sizeof(ret->p), line, line_n, NULL, &got, NULL,
			      sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    got != sizeof(ret->p))
		return err_set(e, ERR_KEY_FORMAT,
			       "not a minisign secret key: expected %d bytes in base64",
			       BLOB_BYTES);
	if (memcmp(ret->p, "Ed", 2) != 0 || memcmp(ret->p + AT_CHECKSUM_KIND, "B2", 2) != 0 ||
	    (memcmp(ret->p + AT_KDF, "Sc", 2) != 0 && memcmp(ret->p + AT_KDF, "\0\0", 2) != 0))
		return err_set(e, ERR_KEY_FORMAT, "a secret key of an unknown kind");
	return 0;
}

int secret_is_encrypted(const char *text, size_t n, bool *ret, struct err *e)
{
	CLEANUP(wipe_blob) struct blob b;

	if (decode(text, n, &b, e) < 0)
		return -1;
	*ret = b.p[AT_KDF] != 0;
	return 0;
}

int secret_parse(const char *text, size_t n, const char *password, struct secret_key *ret,
		 struct err *e)
{
	CLEANUP(secret_wipe_p) struct secret_key k = { 0 };
	CLEANUP(wipe_blob) struct blob b;
	static const uint8_t none[32];
	uint8_t expected[32];
	const uint8_t *sum = b.p + AT_BODY + 8 + 64;

	if (decode(text, n, &b, e) < 0)
		return -1;
	if (b.p[AT_KDF] != 0) {
		if (!password)
			return err_set(e, ERR_USAGE, "the secret key has a password");
		if (apply_password(&b, password, e) < 0)
			return -1;
	}
	memcpy(k.id, b.p + AT_BODY, 8);
	memcpy(k.key, b.p + AT_BODY + 8, 64);
	checksum(&k, expected);
	/* "minisign -G -W" leaves the checksum out. */
	if (sodium_memcmp(expected, sum, 32) != 0 &&
	    (b.p[AT_KDF] != 0 || sodium_memcmp(none, sum, 32) != 0))
		return err_set(e, ERR_KEY_FORMAT, "wrong password, or a damaged secret key");
	*ret = k;
	return 0;
}

void secret_sign(const struct secret_key *k, const void *message, size_t n,
		 char ret_text[SIGNATURE_FILE_MAX])
{
	static const char comment[] = SECRET_COMMENT;
	uint8_t prehash[64], blob[2 + SIGN_KEY_ID_BYTES + SIGN_BYTES];
	uint8_t commented[SIGN_BYTES + sizeof(comment) - 1], global[SIGN_BYTES];
	char line2[sodium_base64_ENCODED_LEN(sizeof(blob), sodium_base64_VARIANT_ORIGINAL)];
	char line4[sodium_base64_ENCODED_LEN(SIGN_BYTES, sodium_base64_VARIANT_ORIGINAL)];

	(void)crypto_generichash(prehash, sizeof(prehash), message, n, NULL, 0);
	memcpy(blob, "ED", 2);
	memcpy(blob + 2, k->id, SIGN_KEY_ID_BYTES);
	(void)crypto_sign_detached(blob + 2 + SIGN_KEY_ID_BYTES, NULL, prehash, sizeof(prehash),
				   k->key);
	memcpy(commented, blob + 2 + SIGN_KEY_ID_BYTES, SIGN_BYTES);
	memcpy(commented + SIGN_BYTES, comment, sizeof(comment) - 1);
	(void)crypto_sign_detached(global, NULL, commented, sizeof(commented), k->key);
	(void)sodium_bin2base64(line2, sizeof(line2), blob, sizeof(blob),
				sodium_base64_VARIANT_ORIGINAL);
	(void)sodium_bin2base64(line4, sizeof(line4), global, sizeof(global),
				sodium_base64_VARIANT_ORIGINAL);
	(void)snprintf(ret_text, SIGNATURE_FILE_MAX, "%s%s\n%s%s\n%s\n", SIGN_UNTRUSTED_LINE, line2,
		       SIGN_TRUSTED_PREFIX, comment, line4);
}
