/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only OR BSD-2-Clause */
/* guard_program.bpf.c - the guard's own decision on an open, as a program that any kernel runs when
 * asked: no LSM is needed, and nothing is attached. Owns: the loop around it.  Must not know: how
 * it is decided. */
#include "bpf/guard_file.bpf.h"
#include "tools/bench/guard_program.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct fdtable {
	struct file **fd;
};
struct files_struct {
	struct fdtable *fdt;
};
struct task_struct___bench {
	struct files_struct *files;
};
#pragma clang attribute pop

struct work {
	struct file *file;
	u64_t refused;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32_t);
	__type(value, struct bench_answer);
} answers SEC(".maps");

static struct file *find_file(u64_t fd)
{
	struct task_struct___bench *task = (void *)bpf_get_current_task();
	struct file **table = BPF_CORE_READ(task, files, fdt, fd);
	struct file *file = NULL;

	bpf_probe_read_kernel(&file, sizeof(file), table + fd);
	return file;
}

static long do_nothing(u32_t i, struct work *w)
{
	w->refused += i >> 31;
	return 0;
}

/* As guard_open does it. */
static long decide_open(u32_t i, struct work *w)
{
	struct scope s;
	int r = scope_enter(&s, HOOK_OPEN);

	if (r == SCOPE_CHECK) {
		r = check_open(&s, dentry_of_file(w->file), want_of_file(w->file));
		if (!r)
			__sync_fetch_and_add(&s.policy->allowed, 1);
	}
	w->refused += r != 0;
	return 0;
}

/* Arguments: a descriptor of the caller, and how often. */
SEC("raw_tp")
int bench_open(struct bpf_raw_tracepoint_args *ctx)
{
	struct work w = { .file = find_file(ctx->args[0]) };
	u32_t rounds = ctx->args[1], zero = 0;
	struct bench_answer *a = bpf_map_lookup_elem(&answers, &zero);
	u64_t t0 = bpf_ktime_get_ns(), t1, t2;

	if (!a)
		return 0;
	bpf_loop(rounds, do_nothing, &w, 0);
	t1 = bpf_ktime_get_ns();
	bpf_loop(rounds, decide_open, &w, 0);
	t2 = bpf_ktime_get_ns();
	a->empty_ns = t1 - t0;
	a->decide_ns = t2 - t1;
	a->refused = w.refused;
	return 0;
}
