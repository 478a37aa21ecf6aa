/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* guard.bpf.c - the guard as one object: its hooks, and the one program that user space runs.
 * Owns: nothing but the order of includes, and the way from SETUP to ENFORCE. */
#include "bpf/guard_file.bpf.h"
#include "bpf/guard_host.bpf.h"
#include "bpf/guard_memory.bpf.h"
#include "bpf/guard_meta.bpf.h"
#include "bpf/guard_path.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* In place and one way: nothing here, nor in user space, can write another phase into a live entry.
 */
SEC("syscall")
int guard_enforce(struct entry_change *change)
{
	u64_t cgroup = change->cgroup;
	struct guard_policy *p = bpf_map_lookup_elem(&policies, &cgroup);

	if (!p)
		return -ENOENT;
	if (p->abi != KENNEL_BPF_ABI || p->phase != PHASE_SETUP || change->value != PHASE_ENFORCE)
		return -EINVAL;
	p->phase = PHASE_ENFORCE;
	return 0;
}
