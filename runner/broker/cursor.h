/* SPDX-License-Identifier: Apache-2.0 */
/* cursor.h - where a list goes on, sealed: the place may be a note the plugin must not know of.
 * Owns: the spelling.  Must not know: lists. */
#ifndef KENNEL_BROKER_CURSOR_H
#define KENNEL_BROKER_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"

#define CURSOR_KEY_BYTES 32u
#define CURSOR_PLAIN_BYTES (NAME_MAX_BYTES + VAULT_PATH_MAX) /* fixed: its length tells nothing */
#define CURSOR_SEALED_BYTES (24u + 16u + CURSOR_PLAIN_BYTES) /* nonce, tag */
#define CURSOR_TEXT_BYTES (2 * CURSOR_SEALED_BYTES + 1)	     /* hex, with the final NUL */

struct cursor_key {
	uint8_t k[CURSOR_KEY_BYTES];
};

void cursor_new_key(struct cursor_key *ret); /* one a process: no cursor outlives the broker */
void cursor_seal(const struct cursor_key *key, const char *plugin, const char *path,
		 char ret[CURSOR_TEXT_BYTES]);
/* False: not a cursor of this key and plugin. */
bool cursor_open(const struct cursor_key *key, const char *plugin, const char *text,
		 char ret_path[VAULT_PATH_MAX]);

#endif
