/* SPDX-License-Identifier: Apache-2.0 */
/* digest.h - BLAKE2b-256 of bytes, whole or piece by piece.
 * Owns: the only digest of the format.  Must not know: what is hashed. */
#ifndef KENNEL_BASE_DIGEST_H
#define KENNEL_BASE_DIGEST_H

#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"

struct digest {
	crypto_generichash_state state;
};

void digest_start(struct digest *d);
void digest_add(struct digest *d, const void *p, size_t n);
void digest_end(struct digest *d, uint8_t ret[DIGEST_BYTES]);

void digest_of(const void *p, size_t n, uint8_t ret[DIGEST_BYTES]);
bool digest_equal(const uint8_t a[DIGEST_BYTES], const uint8_t b[DIGEST_BYTES]);

#endif
