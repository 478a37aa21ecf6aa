/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* guard_memory.bpf.h - hooks on mappings: never writable and executable.
 * Owns: which facts each of them takes from the kernel.  Must not know: what is decided from them.
 */
#ifndef KENNEL_BPF_GUARD_MEMORY_BPF_H
#define KENNEL_BPF_GUARD_MEMORY_BPF_H

#include "bpf/decide_memory.bpf.h"
#include "bpf/walk.bpf.h"

SEC("lsm/mmap_file")
int BPF_PROG(guard_mmap, struct file *file, unsigned long reqprot, unsigned long prot,
	     unsigned long flags)
{
	struct map_ask ask = { .prot = prot, .flags = flags };
	struct dentry *d = NULL;
	struct scope s;
	int r = scope_enter(&s, HOOK_MMAP);

	if (r != SCOPE_CHECK)
		return r;
	/* Some verifiers take file for never NULL and drop the first test, others demand it. */
	ask.anonymous = !file || !BPF_CORE_READ(file, f_inode);
	ask.jit = s.policy->flags & GUARD_JIT;
	r = want_of_mmap(&ask);
	if (!ask.anonymous)
		d = dentry_of_file(file);
	if (r < 0)
		return give(&s, d, MAY_EXEC, r);
	return r && d ? check_dentry(&s, d, (u32_t)r) : 0;
}

SEC("lsm/file_mprotect")
int BPF_PROG(guard_mprotect, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot)
{
	struct protect_ask ask = { .prot = prot };
	struct file *file;
	struct scope s;
	int r;

	if (!(prot & KERNEL_PROT_EXEC)) /* most of them; nobody pays for a lookup */
		return 0;
	r = scope_enter(&s, HOOK_MPROTECT);
	if (r != SCOPE_CHECK)
		return r;
	file = BPF_CORE_READ(vma, vm_file);
	ask.vm_flags = BPF_CORE_READ(vma, vm_flags);
	ask.anonymous = !file;
	ask.dirtied = BPF_CORE_READ(vma, anon_vma) != NULL;
	ask.jit = s.policy->flags & GUARD_JIT;
	r = want_of_mprotect(&ask);
	if (r < 0)
		return give(&s, NULL, MAY_EXEC, r);
	return r ? check_dentry(&s, dentry_of_file(file), (u32_t)r) : 0;
}

#endif
