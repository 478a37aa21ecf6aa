/* SPDX-License-Identifier: Apache-2.0 */
/* secret.h - minisign secret keys: made, read, written, used.
 * Owns: the only secret-key code of the project.  Must not know: bundles, terminals. */
#ifndef KENNEL_PACK_SECRET_H
#define KENNEL_PACK_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "bundle/sign.h"

#define SECRET_FILE_MAX 1024u
#define SECRET_PASSWORD_MAX 1024u
#define SECRET_COMMENT \
	"kennel bundle" /* the trusted comment: no time in it, so that signing is repeatable */

struct secret_key {
	uint8_t id[SIGN_KEY_ID_BYTES];
	uint8_t key[64]; /* seed and public key, as libsodium keeps them */
};

void secret_make(struct secret_key *ret);
void secret_wipe_p(struct secret_key *k);
void secret_public(const struct secret_key *k, struct public_key *ret);

/* The file's text. password NULL: not encrypted (minisign -W); else scrypt with libsodium's
 * sensitive settings (1 GiB), halved while memory is short, as minisign does. */
int secret_print(const struct secret_key *k, const char *password, char ret_text[SECRET_FILE_MAX],
		 struct err *e);
void secret_print_public(const struct secret_key *k, char ret_text[SECRET_FILE_MAX]);

/* Is a password needed? Then secret_parse takes it; else it may be NULL. ERR_KEY_FORMAT. */
int secret_is_encrypted(const char *text, size_t n, bool *ret, struct err *e);
int secret_parse(const char *text, size_t n, const char *password, struct secret_key *ret,
		 struct err *e);

/* A minisign signature file (algorithm ED) over the message, NUL-terminated. */
void secret_sign(const struct secret_key *k, const void *message, size_t n,
		 char ret_text[SIGNATURE_FILE_MAX]);

#endif
