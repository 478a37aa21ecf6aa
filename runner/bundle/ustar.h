/* SPDX-License-Identifier: Apache-2.0 */
/* ustar.h - the one spelling of a tar header. There is no tar parser: a header is made and
 * compared. Owns: the template.  Must not know: where bytes come from. */
#ifndef KENNEL_BUNDLE_USTAR_H
#define KENNEL_BUNDLE_USTAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USTAR_BLOCK 512u
#define USTAR_EOF_BYTES 1024u

/* Regular file, mode 0444 or 0555, owner 0, time 0. The path has passed path_check, or is one of
 * ours. */
void ustar_make(uint8_t ret_header[USTAR_BLOCK], const char *path, uint64_t size, bool executable);
/* The eleven octal digits of the size field; false for any other spelling. */
bool ustar_read_size(const uint8_t header[USTAR_BLOCK], uint64_t *ret_size);

static inline uint64_t ustar_pad(uint64_t size)
{
	return (USTAR_BLOCK - size % USTAR_BLOCK) % USTAR_BLOCK;
}

#endif
