/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* meter.bpf.c - what each instance uses: CPU time, memory, tasks, budgets.
 * Owns: the map usages, the ring buffer budgets.
 * Must not know: limits, what a spent budget leads to. */
#include "bpf/kernel.bpf.h"
#include "bpf/policies.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct slice_config slice;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u64_t);
	__type(value, struct usage);
} usages SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} budgets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32_t);
	__type(value, struct pinned_about);
} about SEC(".maps");

/* Newer kernels keep only the items they report, and this table says where. */
extern const void mem_cgroup_stats_index __ksym __weak;
extern void cgroup_rstat_flush(struct cgroup *cgrp) __ksym;

/* The entry of the instance that a task belongs to; NULL for all other tasks, which pay for the way
 * to their ancestor and one comparison. */
static __always_inline struct usage *usage_of(struct task_struct *task)
{
	struct cgroup *cgroup = task->cgroups->dfl_cgrp, *ancestor = NULL;
	u32_t depth = slice.level; /* inside a CO-RE read our own struct would be looked for in the
				      kernel */
	u64_t id;

	if (cgroup->level < (int)(depth + INSTANCE_DEPTH))
		return NULL;
	bpf_core_read(&ancestor, sizeof(ancestor), &cgroup->ancestors[depth]);
	if (BPF_CORE_READ(ancestor, kn, id) != slice.cgroup)
		return NULL;
	depth += INSTANCE_DEPTH;
	bpf_core_read(&ancestor, sizeof(ancestor), &cgroup->ancestors[depth]);
	id = BPF_CORE_READ(ancestor, kn, id);
	return bpf_map_lookup_elem(&usages, &id);
}

static __always_inline void say_spent(struct usage *u, u64_t cpu_ns)
{
	struct budget_event *b;

	if (__sync_val_compare_and_swap(&u->budget_spent, 0, 1))
		return;
	b = bpf_ringbuf_reserve(&budgets, sizeof(*b), 0);
	if (!b)
		return; /* budget_spent says it */
	b->time_ns = bpf_ktime_get_boot_ns();
	b->cgroup = u->cgroup;
	b->cpu_ns = cpu_ns;
	b->cpu_budget_ns = u->cpu_budget_ns;
	bpf_ringbuf_submit(b, 0);
}

/* The same delta that the kernel adds to cpu.stat, at the same place. */
SEC("tp_btf/sched_stat_runtime")
int BPF_PROG(meter_runtime, struct task_struct *task, u64_t runtime_ns)
{
	struct usage *u = usage_of(task);
	u64_t cpu_ns;

	if (!u)
		return 0;
	cpu_ns = __sync_fetch_and_add(&u->cpu_ns, runtime_ns) + runtime_ns;
	if (u->cpu_budget_ns && cpu_ns > u->cpu_budget_ns && !u->budget_spent)
		say_spent(u, cpu_ns);
	return 0;
}

/* Counts tasks where they are born: with CLONE_INTO_CGROUP the parent is elsewhere. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(meter_fork, struct task_struct *parent, struct task_struct *child)
{
	struct usage *u = usage_of(child);

	if (u)
		__sync_fetch_and_add(&u->forks, 1);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(meter_exec, struct task_struct *task)
{
	struct usage *u = usage_of(task);

	if (!u)
		return 0;
	__sync_fetch_and_add(&u->execs, 1);
	__sync_val_compare_and_swap(&u->started_ns, 0, bpf_ktime_get_boot_ns());
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(meter_exit, struct task_struct *task)
{
	struct usage *u = usage_of(task);

	if (!u)
		return 0;
	__sync_fetch_and_add(&u->exits, 1);
	if (u->started_ns)
		u->runtime_ns = bpf_ktime_get_boot_ns() - u->started_ns;
	return 0;
}

/* One item of memory.stat, in bytes. */
static __always_inline u64_t stat_bytes(struct memcg_vmstats *stats, int item)
{
	const void *table = &mem_cgroup_stats_index;
	signed char index = 0;
	long pages = 0;

	if (table) {
		if (bpf_probe_read_kernel(&index, sizeof(index), table + item) || index < 0)
			return 0;
		item = index;
	} else if (bpf_core_field_size(stats->state) !=
		   bpf_core_enum_value(enum memcg_stat_item, MEMCG_NR_STAT) * sizeof(long)) {
		return 0; /* neither layout: no number is better than a wrong one */
	}
	bpf_core_read(&pages, sizeof(pages), &stats->state[item]);
	return pages > 0 ? (u64_t)pages * slice.page_bytes : 0;
}

static __always_inline void read_memory(struct cgroup *cgroup, struct usage *u)
{
	struct cgroup_subsys_state *css = NULL;
	struct memcg_vmstats *stats;
	struct mem_cgroup *memcg;
	int id = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);

	bpf_core_read(&css, sizeof(css), &cgroup->subsys[id]);
	if (!css) /* no memory controller here */
		return;
	memcg = (struct mem_cgroup *)css; /* its first field */
	u->memory_bytes = (u64_t)BPF_CORE_READ(memcg, memory.usage.counter) * slice.page_bytes;
	u->memory_peak_bytes = (u64_t)BPF_CORE_READ(memcg, memory.watermark) * slice.page_bytes;
	stats = BPF_CORE_READ(memcg, vmstats);
	u->anon_bytes = stat_bytes(stats, bpf_core_enum_value(enum node_stat_item, NR_ANON_MAPPED));
	u->file_bytes = stat_bytes(stats, bpf_core_enum_value(enum node_stat_item, NR_FILE_PAGES));
	u->shmem_bytes = stat_bytes(stats, bpf_core_enum_value(enum node_stat_item, NR_SHMEM));
	u->kernel_bytes = stat_bytes(stats, bpf_core_enum_value(enum memcg_stat_item, MEMCG_KMEM));
}

/* One pass refreshes the entries in place; user space then reads the map. Writing records to the
 * iterator's own buffer instead would end at 32 KiB: about two hundred instances. */
SEC("iter.s/cgroup")
int meter_refresh(struct bpf_iter__cgroup *ctx)
{
	struct cgroup *cgroup = ctx->cgroup;
	struct guard_policy *p;
	struct usage *u;
	u64_t id;

	if (!cgroup)
		return 0;
	id = cgroup->kn->id;
	u = bpf_map_lookup_elem(&usages, &id);
	if (!u)
		return 0;
	cgroup_rstat_flush(cgroup); /* the per-CPU part of memory.stat, as a read of it would */
	read_memory(cgroup, u);
	u->tasks = u->forks > u->exits ? u->forks - u->exits : 0;
	if (u->started_ns && u->tasks)
		u->runtime_ns = bpf_ktime_get_boot_ns() - u->started_ns;
	p = bpf_map_lookup_elem(&policies, &id);
	if (p) {
		u->refused = p->refused;
		u->opens = p->allowed;
	}
	return 0;
}

/* In place: a copy written from user space would lose what was added meanwhile. */
SEC("syscall")
int meter_budget(struct entry_change *change)
{
	u64_t cgroup = change->cgroup;
	struct usage *u = bpf_map_lookup_elem(&usages, &cgroup);

	if (!u)
		return -ENOENT;
	u->cpu_budget_ns = 0;
	u->budget_spent = 0;
	if (change->value)
		u->cpu_budget_ns = u->cpu_ns + change->value;
	return 0;
}
