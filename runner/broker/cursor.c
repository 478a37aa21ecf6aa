/* SPDX-License-Identifier: Apache-2.0 */
/* cursor.c - where a list goes on, sealed (XSalsa20-Poly1305). */
#include "broker/cursor.h"

#include <sodium.h>
#include <string.h>

#include "base/bytes.h"

enum { NONCE = crypto_secretbox_NONCEBYTES };
_Static_assert(CURSOR_SEALED_BYTES == NONCE + crypto_secretbox_MACBYTES + CURSOR_PLAIN_BYTES,
	       "the sealed size");
_Static_assert(CURSOR_KEY_BYTES == crypto_secretbox_KEYBYTES, "the key's size");

void cursor_new_key(struct cursor_key *ret)
{
	crypto_secretbox_keygen(ret->k);
}

void cursor_seal(const struct cursor_key *key, const char *plugin, const char *path,
		 char ret[CURSOR_TEXT_BYTES])
{
	uint8_t plain[CURSOR_PLAIN_BYTES] = { 0 }, sealed[CURSOR_SEALED_BYTES];

	(void)copy_str((char *)plain, NAME_MAX_BYTES, plugin);
	(void)copy_str((char *)plain + NAME_MAX_BYTES, VAULT_PATH_MAX, path);
	randombytes_buf(sealed, NONCE);
	(void)crypto_secretbox_easy(sealed + NONCE, plain, sizeof(plain), sealed, key->k);
	hex_encode(sealed, sizeof(sealed), ret);
}

bool cursor_open(const struct cursor_key *key, const char *plugin, const char *text,
		 char ret_path[VAULT_PATH_MAX])
{
	uint8_t plain[CURSOR_PLAIN_BYTES], sealed[CURSOR_SEALED_BYTES];

	if (strnlen(text, CURSOR_TEXT_BYTES) != CURSOR_TEXT_BYTES - 1 ||
	    !hex_decode(text, sealed, sizeof(sealed)))
		return false;
	if (crypto_secretbox_open_easy(plain, sealed + NONCE, sizeof(sealed) - NONCE, sealed,
				       key->k) != 0)
		return false;
	return !strncmp((const char *)plain, plugin, NAME_MAX_BYTES) &&
	       copy_str(ret_path, VAULT_PATH_MAX, (const char *)plain + NAME_MAX_BYTES);
}
