/* SPDX-License-Identifier: Apache-2.0 */
/* rlimits.h - the per-process limits of a jail, below what its cgroup holds.
 * Owns: the table.  Must not know: cgroups. */
#ifndef KENNEL_SANDBOX_RLIMITS_H
#define KENNEL_SANDBOX_RLIMITS_H

#include <stdint.h>

#include "base/err.h"

struct rlimits {
	uint64_t file_bytes; /* largest file it may write */
	uint64_t tasks;
	uint64_t files; /* descriptors */
};

/* In the calling process, soft and hard alike. No RLIMIT_AS: a wasm engine reserves address space.
 */
int rlimits_set(const struct rlimits *l, struct err *e);

#endif
