/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* pins.h - records between our loader and its BPF objects, of no interest to anyone else.
 * Owns: their layout; KENNEL_BPF_ABI covers it.
 * Must not know: libbpf. */
#ifndef KENNEL_BPF_PINS_H
#define KENNEL_BPF_PINS_H

#include "bpf/abi.h"

/* Set in an object before it is loaded: all there is in its .rodata. */
struct slice_config {
	u32_t level; /* depth of the slice below the v2 root, at least 1 */
	u32_t page_bytes;
	u64_t cgroup;
};

#define INSTANCE_DEPTH 3 /* below the slice: SLICE/TENANT/PLUGIN/INSTANCE */

/* map "about", one entry: what is pinned here. All zero until a first generation is complete. */
struct pinned_about {
	u32_t abi;
	u32_t slice_level;
	u64_t slice_cgroup;
	u64_t object;	  /* digest of the BPF object */
	u64_t generation; /* its links are in gen_N */
};

/* map "enrol", one entry: thread tid asks fstat(2), the kernel's own name of the inode comes back
 */
struct enrolment {
	u32_t tid; /* 0: nobody asks */
	u32_t found;
	u64_t ino;
	u32_t dev;
	u32_t reserved;
};

/* Argument of the programs that user space runs to change a live entry in place: counters that BPF
 * adds to at the same moment must not be overwritten with a copy. */
struct entry_change {
	u64_t cgroup;
	u64_t value; /* phase, or nanoseconds of CPU time from now on */
};

_Static_assert(sizeof(struct guard_policy) == 48, "shared with pinned maps");
_Static_assert(sizeof(struct label_key) == 24, "a hole would be part of the key");
_Static_assert(sizeof(struct refusal) == 80, "shared with pinned maps");
_Static_assert(sizeof(struct usage) == 144, "shared with pinned maps");

#endif
