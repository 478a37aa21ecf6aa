/* SPDX-License-Identifier: Apache-2.0 */
/* bounds.h - how large a bundle a host takes: a record that configuration and reader share.
 * Owns: its shape, defaults and range.  Must not know: who enforces it. */
#ifndef KENNEL_BASE_BOUNDS_H
#define KENNEL_BASE_BOUNDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/limits.h"

struct bundle_bounds {
	uint64_t packed_bytes; /* the whole file */
	uint64_t unpacked_bytes;
	uint64_t file_bytes;
	uint32_t files;
	uint32_t reserved;
};

#define BUNDLE_BOUNDS_LEAST 65536u /* a plugin of one small file still gets in */

/* What holds without a word in the configuration. */
static inline struct bundle_bounds bundle_bounds_default(void)
{
	return (struct bundle_bounds){ BUNDLE_MAX, BUNDLE_UNPACKED_MAX, BUNDLE_FILE_MAX,
				       BUNDLE_FILES_MAX, 0 };
}

/* What a configuration can allow. */
static inline struct bundle_bounds bundle_bounds_most(void)
{
	return (struct bundle_bounds){ BUNDLE_MOST, BUNDLE_UNPACKED_MOST, BUNDLE_FILE_MOST,
				       BUNDLE_FILES_MAX, 0 };
}

/* As kennel-loader reads them from its command line. */
#define BUNDLE_BOUNDS_TEXT_BYTES 80u
static inline void bundle_bounds_print(const struct bundle_bounds *b,
				       char ret[BUNDLE_BOUNDS_TEXT_BYTES])
{
	(void)snprintf(ret, BUNDLE_BOUNDS_TEXT_BYTES, "%llu,%llu,%llu,%u",
		       (unsigned long long)b->packed_bytes, (unsigned long long)b->unpacked_bytes,
		       (unsigned long long)b->file_bytes, b->files);
}

static inline bool bundle_bounds_are_valid(const struct bundle_bounds *b)
{
	const struct bundle_bounds most = bundle_bounds_most();

	return b->packed_bytes >= BUNDLE_BOUNDS_LEAST && b->packed_bytes <= most.packed_bytes &&
	       b->unpacked_bytes >= BUNDLE_BOUNDS_LEAST &&
	       b->unpacked_bytes <= most.unpacked_bytes && b->file_bytes >= BUNDLE_BOUNDS_LEAST &&
	       b->file_bytes <= most.file_bytes && b->files >= 1 && b->files <= most.files &&
	       b->reserved == 0;
}

#endif
