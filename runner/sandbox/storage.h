/* SPDX-License-Identifier: Apache-2.0 */
/* storage.h - how much lies below one plugin's data folder: project quotas of ext4 and xfs.
 * Owns: the project of a folder, its hard limits.  Must not know: plugins, limits of a policy. */
#ifndef KENNEL_SANDBOX_STORAGE_H
#define KENNEL_SANDBOX_STORAGE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Does the file system that dir_fd is on enforce project quotas? ERR_NO_STORAGE_QUOTA. */
int storage_is_bounded(int dir_fd, struct err *e);

/* From here on, files below dir_fd, the folder of owner, take at most `bytes` together and number
 * at most storage_files_max(bytes). The owner's uid is the project. What lies there already is
 * counted in once; what of it cannot be is refused (ERR_NO_STORAGE_QUOTA). */
int storage_bound(int dir_fd, uid_t owner, uint64_t bytes, struct err *e);

/* What they take now. ERR_NO_STORAGE_QUOTA where nobody counts. */
int storage_used(int dir_fd, uid_t owner, uint64_t *ret_bytes, struct err *e);

/* The bound as the kernel has it; 0: none is set. */
int storage_limit(int dir_fd, uid_t owner, uint64_t *ret_bytes, struct err *e);

uint64_t storage_files_max(uint64_t bytes);

#endif
