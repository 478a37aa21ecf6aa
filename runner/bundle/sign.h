/* SPDX-License-Identifier: Apache-2.0 */
/* sign.h - detached Ed25519 signatures and public keys in minisign's form.
 * Owns: their text form and the check.  Must not know: secret keys, who is trusted. */
#ifndef KENNEL_BUNDLE_SIGN_H
#define KENNEL_BUNDLE_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"

#define SIGN_KEY_BYTES 32u
#define SIGN_BYTES 64u
#define SIGN_KEY_ID_BYTES 8u
#define SIGN_COMMENT_MAX 512u
/* The first line of a signature in a bundle: no byte of it is left to choose. */
#define SIGN_UNTRUSTED_LINE "untrusted comment: kennel\n"
#define SIGN_TRUSTED_PREFIX "trusted comment: "

struct public_key {
	uint8_t id[SIGN_KEY_ID_BYTES]; /* minisign's: chosen by the signer, a hint and never an
					  identity */
	uint8_t key[SIGN_KEY_BYTES];
	uint8_t fingerprint[DIGEST_BYTES]; /* BLAKE2b-256 of key: the identity */
};

struct signature {
	uint8_t id[SIGN_KEY_ID_BYTES];
	uint8_t bytes[SIGN_BYTES];
	uint8_t comment_bytes[SIGN_BYTES]; /* signature over bytes and the trusted comment */
	char comment[SIGN_COMMENT_MAX];	   /* trusted comment: checked, and without meaning */
};

/* "RWQ…", as in a trust file or on the second line of K.pub. ERR_KEY_FORMAT. */
int sign_parse_key(const char *text, size_t n, struct public_key *ret, struct err *e);
/* A whole minisign public key file. */
int sign_parse_key_file(const char *text, size_t n, struct public_key *ret, struct err *e);

/* Exactly four lines, algorithm ED (prehashed) only: Ed would make a signature of a 64-byte file
 * and one of what hashes to it the same thing. ERR_SIGNATURE_FORMAT. */
int sign_parse(const char *text, size_t n, struct signature *ret, struct err *e);
/* Does the signature hold over message, and over its own comment, with this key? */
bool sign_holds(const struct signature *s, const struct public_key *k, const void *message,
		size_t n);

#endif
