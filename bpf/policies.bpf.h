/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* policies.bpf.h - the map of policies: the guard decides by it, the meter reads the budgets. One
 * map when both are loaded; the meter's own, and empty, when it is alone. Owns: its type.  Must not
 * know: hooks. */
#ifndef KENNEL_BPF_POLICIES_BPF_H
#define KENNEL_BPF_POLICIES_BPF_H

#include "bpf/kernel.bpf.h"
#include "bpf/pins.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64_t);
	__type(value, struct guard_policy);
} policies SEC(".maps");

#endif
