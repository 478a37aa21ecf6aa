/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* maps.bpf.h - the guard's maps; sizes are set at load, all are pinned and outlive a generation.
 * Owns: their types.  Must not know: hooks. */
#ifndef KENNEL_BPF_MAPS_BPF_H
#define KENNEL_BPF_MAPS_BPF_H

#include "bpf/kernel.bpf.h"
#include "bpf/policies.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct label_key);
	__type(value, struct label);
} labels SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} refusals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TOTAL_COUNT);
	__type(key, u32_t);
	__type(value, u64_t);
} totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32_t);
	__type(value, struct enrolment);
} enrol SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32_t);
	__type(value, struct pinned_about);
} about SEC(".maps");

#endif
