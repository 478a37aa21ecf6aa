/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* peer.bpf.h - which instance somebody else belongs to.
 * Owns: the way from a task or a cgroup to its instance.
 * Must not know: who asks. */
#ifndef KENNEL_BPF_PEER_BPF_H
#define KENNEL_BPF_PEER_BPF_H

#include "bpf/scope.bpf.h"

/* The instance another cgroup belongs to, 0 when it is none of ours. */
static __always_inline u64_t instance_of(struct cgroup *cgroup)
{
	struct cgroup *ancestor = NULL;
	u32_t depth = slice.level; /* inside a CO-RE read our own struct would be looked for in the
				      kernel */

	if (!cgroup || BPF_CORE_READ(cgroup, level) < (int)(depth + INSTANCE_DEPTH))
		return 0;
	bpf_core_read(&ancestor, sizeof(ancestor), &cgroup->ancestors[depth]);
	if (BPF_CORE_READ(ancestor, kn, id) != slice.cgroup)
		return 0;
	depth += INSTANCE_DEPTH;
	bpf_core_read(&ancestor, sizeof(ancestor), &cgroup->ancestors[depth]);
	return BPF_CORE_READ(ancestor, kn, id);
}

static __always_inline u64_t instance_of_task(struct task_struct *task)
{
	struct cgroup *cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp);

	return instance_of(cgroup);
}

#endif
