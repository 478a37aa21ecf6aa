/* SPDX-License-Identifier: Apache-2.0 */
/* skeletons.h - the BPF objects that are built into this program.
 * Owns: their bytes.  Must not know: libbpf's use of them. */
#ifndef KENNEL_SANDBOX_SKELETONS_H
#define KENNEL_SANDBOX_SKELETONS_H

#include <stddef.h>

const void *skeleton_guard(size_t *ret_bytes);
const void *skeleton_meter(size_t *ret_bytes);

#endif
