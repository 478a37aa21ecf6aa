/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* scope.bpf.h - whose task is this, what is its policy, and how a refusal is counted and described.
 * Owns: the first question of every hook; the counters; the ring buffer.
 * Must not know: files, which hook asks. */
#ifndef KENNEL_BPF_SCOPE_BPF_H
#define KENNEL_BPF_SCOPE_BPF_H

#include "bpf/decide.bpf.h"
#include "bpf/maps.bpf.h"

const volatile struct slice_config slice;

u64_t stray_describe_at_ns; /* one pace for all tasks without a policy */

struct scope {
	struct guard_policy *policy;
	u64_t cgroup; /* of the instance, 0: the task is not in the slice */
	u32_t hook;
	u32_t rule;   /* of the label that decided, for the description */
};

static __always_inline void total_add(u32_t which)
{
	u64_t *total = bpf_map_lookup_elem(&totals, &which);

	if (total)
		__sync_fetch_and_add(total, 1);
}

static __always_inline void describe(const struct scope *s, struct dentry *d, u32_t want,
				     u32_t error, u64_t seq)
{
	u64_t *at = s->policy ? &s->policy->describe_at_ns : &stray_describe_at_ns;
	u64_t now = bpf_ktime_get_boot_ns(), next;
	struct refusal *r = NULL;

	if (describe_permits(now, *at, &next)) {
		*at = next; /* a race here costs a record or gives one more; the counters are exact
			     */
		r = bpf_ringbuf_reserve(&refusals, sizeof(*r), 0);
	}
	if (!r) {
		if (s->policy)
			__sync_fetch_and_add(&s->policy->undescribed, 1);
		total_add(TOTAL_LOST);
		return;
	}
	r->time_ns = now;
	r->cgroup = s->cgroup;
	r->seq = seq;
	r->ino = d ? BPF_CORE_READ(d, d_inode, i_ino) : 0;
	r->generation = d ? BPF_CORE_READ(d, d_inode, i_generation) : 0;
	r->reserved = 0;
	r->dev = d ? BPF_CORE_READ(d, d_sb, s_dev) : 0;
	r->hook = s->hook;
	r->want = want;
	r->rule = s->rule;
	r->pid = bpf_get_current_pid_tgid() >> 32;
	r->error = error;
	bpf_get_current_comm(r->comm, sizeof(r->comm));
	bpf_ringbuf_submit(r, 0);
}

/* Counts first, then describes if there is room; the caller returns the error whatever happens
 * here. */
static __noinline void count_refusal(const struct scope *s, struct dentry *d, u32_t want,
				     u32_t error)
{
	u64_t seq = 0;

	if (s->policy)
		seq = __sync_fetch_and_add(&s->policy->refused, 1) + 1;
	else
		total_add(TOTAL_NO_POLICY);
	describe(s, d, want, error, seq);
}

/* Every verdict leaves through here, as a constant: newer kernels check the range of what is
 * returned. */
static __always_inline int give(const struct scope *s, struct dentry *d, u32_t want, int verdict)
{
	if (!verdict)
		return 0;
	if (verdict == -EXDEV) {
		count_refusal(s, d, want, EXDEV);
		return -EXDEV;
	}
	if (verdict == -EACCES) {
		count_refusal(s, d, want, EACCES);
		return -EACCES;
	}
	count_refusal(s, d, want, EPERM);
	return -EPERM;
}

/* 1: in ENFORCE, go on and check. 0: let. Negative: refused and counted. Tasks outside the slice
 * pay for one comparison. */
#define SCOPE_CHECK 1
static __always_inline int scope_enter(struct scope *s, u32_t hook)
{
	enum passage passage;

	s->cgroup = 0;
	if (bpf_get_current_ancestor_cgroup_id(slice.level) != slice.cgroup)
		return 0;
	s->hook = hook;
	s->rule = 0;
	s->cgroup = bpf_get_current_ancestor_cgroup_id(slice.level + INSTANCE_DEPTH);
	s->policy = s->cgroup ? bpf_map_lookup_elem(&policies, &s->cgroup) : NULL;
	passage = decide_passage(s->policy, hook);
	if (passage == PASS_CHECK)
		return SCOPE_CHECK;
	if (passage == PASS_LET)
		return 0;
	if (!s->policy) {
		s->hook = HOOK_NO_POLICY;
		s->cgroup = bpf_get_current_cgroup_id();
	}
	return give(s, NULL, 0, -refusal_errno(hook));
}

/* For hooks that refuse whatever is asked. */
static __always_inline int refuse_all(u32_t hook)
{
	struct scope s;
	int r = scope_enter(&s, hook);

	return r == SCOPE_CHECK ? give(&s, NULL, 0, -EPERM) : r;
}

#endif
