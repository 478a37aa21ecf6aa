/* SPDX-License-Identifier: Apache-2.0 */
/* sign.c - detached Ed25519 signatures and public keys in minisign's form. */
#include "bundle/sign.h"

#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "base/digest.h"

enum {
	PREHASH_BYTES = 64,
	KEY_BLOB = 2 + SIGN_KEY_ID_BYTES + SIGN_KEY_BYTES,
	SIGNATURE_BLOB = 2 + SIGN_KEY_ID_BYTES + SIGN_BYTES,
	TEXT_MAX = 128
};

/* Exactly n bytes, in the one spelling: decoded and written again it must be the same text. */
static bool decode_base64(const char *text, size_t text_n, uint8_t *ret, size_t n)
{
	char again[TEXT_MAX];
	size_t got;

	if (sodium_base64_encoded_len(n, sodium_base64_VARIANT_ORIGINAL) != text_n + 1 ||
	    text_n >= sizeof(again))
		return false;
	if (sodium_base642bin(ret, n, text, text_n, NULL, &got, NULL,
			      sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    got != n)
		return false;
	(void)sodium_bin2base64(again, sizeof(again), ret, n, sodium_base64_VARIANT_ORIGINAL);
	return memcmp(again, text, text_n) == 0;
}

/* The line at *at without its newline; false when there is none. */
static bool take_line(const char **at, const char *end, const char **ret_line, size_t *ret_n)
{
	const char *newline = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;

	if (!newline)
		return false;
	*ret_line = *at;
	*ret_n = (size_t)(newline - *at);
	*at = newline + 1;
	return true;
}

int sign_parse_key(const char *text, size_t n, struct public_key *ret, struct err *e)
{
	struct public_key k = { 0 };
	uint8_t blob[KEY_BLOB];

	if (!decode_base64(text, n, blob, sizeof(blob)))
		return err_set(e, ERR_KEY_FORMAT,
			       "not a minisign public key: expected 56 characters of base64");
	if (memcmp(blob, "Ed", 2) != 0)
		return err_set(e, ERR_KEY_FORMAT, "not an Ed25519 public key");
	memcpy(k.id, blob + 2, sizeof(k.id));
	memcpy(k.key, blob + 2 + sizeof(k.id), sizeof(k.key));
	digest_of(k.key, sizeof(k.key), k.fingerprint);
	*ret = k;
	return 0;
}

int sign_parse_key_file(const char *text, size_t n, struct public_key *ret, struct err *e)
{
	static const char comment[] = "untrusted comment: ";
	const char *at = text, *end = text + n, *line;
	size_t line_n;

	if (!take_line(&at, end, &line, &line_n) || line_n < sizeof(comment) - 1 ||
	    memcmp(line, comment, sizeof(comment) - 1) != 0)
		return err_set(
			e, ERR_KEY_FORMAT,
			"not a minisign public key file: its first line is no untrusted comment");
	if (!take_line(&at, end, &line,
		       &line_n)) { /* minisign takes a last line without its newline */
		line = at;
		line_n = (size_t)(end - at);
		at = end;
	}
	if (at != end)
		return err_set(e, ERR_KEY_FORMAT, "a public key file has two lines");
	return sign_parse_key(line, line_n, ret, e);
}

static int parse_comment(const char *line, size_t n, struct signature *s, struct err *e)
{
	static const char prefix[] = SIGN_TRUSTED_PREFIX;
	const size_t skip = sizeof(prefix) - 1;

	if (n < skip || memcmp(line, prefix, skip) != 0)
		return err_set(e, ERR_SIGNATURE_FORMAT, "third line is no trusted comment");
	/* It is checked and never shown, whatever stands in it (minisign writes tabs). */
	if (n - skip >= sizeof(s->comment) || memchr(line, '\0', n) || memchr(line, '\r', n))
		return err_set(e, ERR_SIGNATURE_FORMAT,
			       "trusted comment is not text below %u bytes", SIGN_COMMENT_MAX);
	memcpy(s->comment, line + skip, n - skip);
	return 0;
}

int sign_parse(const char *text, size_t n, struct signature *ret, struct err *e)
{
	static const char first[] = SIGN_UNTRUSTED_LINE;
	const char *at = text + sizeof(first) - 1, *end = text + n, *line;
	struct signature s = { 0 };
	uint8_t blob[SIGNATURE_BLOB];
	size_t line_n;

	if (n < sizeof(first) - 1 || memcmp(text, first, sizeof(first) - 1) != 0)
		return err_set(e, ERR_SIGNATURE_FORMAT,
			       "first line is not \"untrusted comment: kennel\"");
	if (!take_line(&at, end, &line, &line_n) ||
	    !decode_base64(line, line_n, blob, sizeof(blob)))
		return err_set(e, ERR_SIGNATURE_FORMAT, "second line is not a signature in base64");
	if (memcmp(blob, "ED", 2) != 0)
		return err_set(
			e, ERR_SIGNATURE_FORMAT,
			"algorithm is not ED: sign with kennel-pack, or minisign without -l");
	memcpy(s.id, blob + 2, sizeof(s.id));
	memcpy(s.bytes, blob + 2 + sizeof(s.id), sizeof(s.bytes));
	if (!take_line(&at, end, &line, &line_n))
		return err_set(e, ERR_SIGNATURE_FORMAT, "no trusted comment");
	if (parse_comment(line, line_n, &s, e) < 0)
		return -1;
	if (!take_line(&at, end, &line, &line_n) ||
	    !decode_base64(line, line_n, s.comment_bytes, sizeof(s.comment_bytes)))
		return err_set(e, ERR_SIGNATURE_FORMAT, "fourth line is not a signature in base64");
	if (at != end)
		return err_set(e, ERR_SIGNATURE_FORMAT, "bytes after the fourth line");
	*ret = s;
	return 0;
}

bool sign_holds(const struct signature *s, const struct public_key *k, const void *message,
		size_t n)
{
	uint8_t prehash[PREHASH_BYTES];
	uint8_t comment[SIGN_BYTES + SIGN_COMMENT_MAX];
	size_t comment_n = strlen(s->comment);

	(void)crypto_generichash(prehash, sizeof(prehash), message, n, NULL, 0);
	if (crypto_sign_verify_detached(s->bytes, prehash, sizeof(prehash), k->key) != 0)
		return false;
	memcpy(comment, s->bytes, SIGN_BYTES);
	memcpy(comment + SIGN_BYTES, s->comment, comment_n);
	return crypto_sign_verify_detached(s->comment_bytes, comment, SIGN_BYTES + comment_n,
					   k->key) == 0;
}
