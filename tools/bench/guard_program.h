/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only OR BSD-2-Clause */
/* guard_program.h - what the measured program answers.
 * Owns: the layout.  Must not know: who reads it. */
#ifndef KENNEL_BENCH_GUARD_PROGRAM_H
#define KENNEL_BENCH_GUARD_PROGRAM_H

#include "bpf/abi.h"

struct bench_answer {
	u64_t empty_ns;	 /* of the loop alone */
	u64_t decide_ns; /* of the loop with a decision in it */
	u64_t refused;	 /* must be 0: what is refused takes another way */
};

#endif
