/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_statement.c - revocation lists and rotations of any bytes. The first byte chooses: the rest
 * is the whole file, or the line that a trusted key (bit 1) and a new one (bit 2) sign. What no
 * trusted key signed is refused; what is accepted keeps its order and bounds. */
#include <sodium.h>

#include "bundle/revocations.h"
#include "bundle/rotate.h"
#include "tests/fuzz/fuzz.h"
#include "tools/pack/secret.h"

enum { NOW = 1700000000, FILE_BYTES = STATEMENT_MAX + 4096 };

static struct secret_key keys[2];
static struct trust_key trusted;
static struct trust trust = { .keys = &trusted, .count = 1 };

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct trust one;

	(void)argc;
	(void)argv;
	must(sodium_init() >= 0);
	for (uint8_t i = 0; i < 2; i++) {
		uint8_t seed[32], public[32];

		memset(seed, i + 1, sizeof(seed));
		memset(keys[i].id, i + 1, sizeof(keys[i].id));
		(void)crypto_sign_seed_keypair(public, keys[i].key, seed);
	}
	secret_public(&keys[0], &trusted.key);
	must(trust_from_key(&trusted.key, &one, NULL) == 0);
	trusted = one.keys[0];
	trusted.uses = TRUST_FOR_BUNDLES | TRUST_FOR_REVOCATIONS;
	trust_free_p(&one);
	return 0;
}

static int order(const struct revoked *a, const struct revoked *b)
{
	int kinds = (a->kind > b->kind) - (a->kind < b->kind);

	return kinds ? kinds : memcmp(a->digest, b->digest, DIGEST_BYTES);
}

static void check(const char *text, size_t n, bool by_trusted, bool by_new)
{
	struct revocation_list l;
	struct rotation r;

	if (revocations_check(text, n, &trust, NOW, &l, NULL) == 0) {
		must(by_trusted && l.signer == &trusted);
		must(l.serial >= 1 && l.serial <= REVOCATIONS_SERIAL_MAX);
		must(l.expires > l.issued && l.issued >= 0 && l.count <= REVOCATIONS_MAX);
		for (size_t i = 1; i < l.count; i++)
			must(order(&l.entries[i - 1], &l.entries[i]) < 0);
		revocation_list_free_p(&l);
	}
	if (rotate_check(text, n, &trust, NOW, &r, NULL) == 0) {
		must(by_trusted && by_new && r.from == &trusted && r.issued >= 0);
		must(memcmp(r.to.fingerprint, trusted.key.fingerprint, DIGEST_BYTES) != 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[FILE_BYTES];
	struct cursor c = { data, size };
	uint8_t how = take_u8(&c);
	size_t n = 0, line_n;
	const uint8_t *line = take_bytes(&c, STATEMENT_MAX, &line_n);

	memcpy(text, line, line_n);
	if (how & 1) {
		check(text, line_n, false, false);
		return 0;
	}
	text[line_n] = '\n';
	n = line_n + 1;
	for (unsigned int i = 0; i < 2; i++) {
		char signature[SIGNATURE_FILE_MAX];

		if (!(how & 2u << i))
			continue;
		secret_sign(&keys[i], text, line_n + 1, signature);
		must(n + strlen(signature) <= sizeof(text));
		memcpy(text + n, signature, strlen(signature));
		n += strlen(signature);
	}
	check(text, n, how & 2, how & 4);
	return 0;
}
