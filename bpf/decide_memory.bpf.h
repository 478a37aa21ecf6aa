/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* decide_memory.bpf.h - what may be mapped, and what made executable: the pure part.
 * Owns: never writable and executable.
 * Must not know: helpers, maps, the kernel's structures. */
#ifndef KENNEL_BPF_DECIDE_MEMORY_BPF_H
#define KENNEL_BPF_DECIDE_MEMORY_BPF_H

#include <stdbool.h>
#include <linux/errno.h>

#include "bpf/abi.h"

#define KERNEL_PROT_WRITE 0x2u
#define KERNEL_PROT_EXEC 0x4u
#define KERNEL_VM_EXEC 0x4u
#define KERNEL_MAP_TYPE 0xfu
#define KERNEL_MAP_PRIVATE 0x2u

struct map_ask {
	unsigned long prot; /* what the kernel will map, not what was asked */
	unsigned long flags;
	bool anonymous;
	bool jit;
};

/* The rights needed on the file (0: none), or refused. Nothing is ever writable and executable, but
 * anonymous memory of a plugin with GUARD_JIT. */
static inline int want_of_mmap(const struct map_ask *m)
{
	int want = MAY_READ;

	if (m->anonymous)
		return (m->prot & KERNEL_PROT_EXEC) && !m->jit ? -EACCES : 0;
	if ((m->prot & KERNEL_PROT_EXEC) && (m->prot & KERNEL_PROT_WRITE))
		return -EACCES;
	if (m->prot & KERNEL_PROT_EXEC)
		want |= MAY_EXEC;
	if ((m->prot & KERNEL_PROT_WRITE) && (m->flags & KERNEL_MAP_TYPE) != KERNEL_MAP_PRIVATE)
		want |= MAY_WRITE;
	return want;
}

struct protect_ask {
	unsigned long prot;
	unsigned long vm_flags;
	bool anonymous; /* no file behind it */
	bool dirtied;	/* private copies of a file's pages: its content is the plugin's own */
	bool jit;
};

static inline int want_of_mprotect(const struct protect_ask *m)
{
	if (!(m->prot & KERNEL_PROT_EXEC))
		return 0;
	if (m->anonymous && m->jit)
		return 0;
	if (m->prot & KERNEL_PROT_WRITE)
		return -EACCES;
	if (m->vm_flags & KERNEL_VM_EXEC) /* it is executable now, and stays not writable */
		return 0;
	return m->anonymous || m->dirtied ? -EACCES : MAY_EXEC;
}

#endif
