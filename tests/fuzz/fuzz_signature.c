/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_signature.c - signatures and public keys in minisign's text form. What is accepted must have
 * exactly one spelling: printed again it is the same bytes. Only the signature that was made with
 * the key holds. */
#include <sodium.h>

#include "bundle/sign.h"
#include "tests/fuzz/fuzz.h"
#include "tools/pack/secret.h"

static const char message[] = "{\"_type\":\"kennel.toc/1\"}\n";
static struct public_key key;
static struct signature genuine;

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const uint8_t seed[32] = { 1 };
	char text[SIGNATURE_FILE_MAX];
	struct secret_key secret = { .id = { 1, 2, 3, 4, 5, 6, 7, 8 } };
	uint8_t public[32];

	(void)argc;
	(void)argv;
	must(sodium_init() >= 0);
	(void)crypto_sign_seed_keypair(public, secret.key, seed);
	secret_public(&secret, &key);
	secret_sign(&secret, message, sizeof(message) - 1, text);
	must(sign_parse(text, strlen(text), &genuine, NULL) == 0);
	must(sign_holds(&genuine, &key, message, sizeof(message) - 1));
	return 0;
}

static void print_blob(char *out, size_t cap, const char *algorithm, const uint8_t *id,
		       const uint8_t *bytes, size_t n)
{
	uint8_t blob[128];

	memcpy(blob, algorithm, 2);
	memcpy(blob + 2, id, SIGN_KEY_ID_BYTES);
	memcpy(blob + 2 + SIGN_KEY_ID_BYTES, bytes, n);
	(void)sodium_bin2base64(out, cap, blob, 2 + SIGN_KEY_ID_BYTES + n,
				sodium_base64_VARIANT_ORIGINAL);
}

static void try_signature(const char *text, size_t n)
{
	char again[SIGNATURE_FILE_MAX], blob[128], global[128];
	struct signature s;
	int len;

	if (sign_parse(text, n, &s, NULL) < 0)
		return;
	print_blob(blob, sizeof(blob), "ED", s.id, s.bytes, sizeof(s.bytes));
	(void)sodium_bin2base64(global, sizeof(global), s.comment_bytes, sizeof(s.comment_bytes),
				sodium_base64_VARIANT_ORIGINAL);
	len = snprintf(again, sizeof(again), "%s%s\n%s%s\n%s\n", SIGN_UNTRUSTED_LINE, blob,
		       SIGN_TRUSTED_PREFIX, s.comment, global);
	must((size_t)len == n && memcmp(again, text, n) == 0);
	if (sign_holds(&s, &key, message, sizeof(message) - 1))
		must(!memcmp(s.bytes, genuine.bytes, sizeof(s.bytes)) &&
		     !memcmp(s.comment_bytes, genuine.comment_bytes, sizeof(s.comment_bytes)) &&
		     !strcmp(s.comment, genuine.comment));
}

static void try_key(const char *text, size_t n)
{
	struct public_key k;
	char again[128];

	(void)sign_parse_key_file(text, n, &k, NULL);
	if (sign_parse_key(text, n, &k, NULL) < 0)
		return;
	print_blob(again, sizeof(again), "Ed", k.id, k.key, sizeof(k.key));
	must(strlen(again) == n && memcmp(again, text, n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1); /* exactly as long as it is: a byte too far is seen */

	must(text != NULL);
	memcpy(text, data, size);
	try_signature(text, size);
	try_key(text, size);
	free(text);
	return 0;
}
