/* SPDX-License-Identifier: Apache-2.0 */
/* memory.h - what processes keep for themselves: private pages, and what their cgroups are charged.
 * Owns: the sums.  Must not know: who runs in them. */
#ifndef KENNEL_BENCH_MEMORY_H
#define KENNEL_BENCH_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct memory {
	unsigned int processes;
	uint64_t private_kib; /* Private_Clean + Private_Dirty of smaps_rollup */
	uint64_t group_kib; /* memory.current of the version 2 cgroups they are in; 0: none says */
};

/* The roots and all that descend from them. */
void memory_of_trees(const pid_t *roots, size_t n, struct memory *ret);
/* All processes of these users. */
void memory_of_users(uid_t low, uid_t high, struct memory *ret);

#endif
