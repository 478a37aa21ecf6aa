/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* decide_open.bpf.h - what an open asks for, and when its name must be looked up again, as pure
 * functions. Owns: that.  Must not know: helpers, maps, the kernel's structures; see decide.bpf.h.
 */
#ifndef KENNEL_BPF_DECIDE_OPEN_BPF_H
#define KENNEL_BPF_DECIDE_OPEN_BPF_H

#include <stdbool.h>
#include <linux/errno.h>

#include "bpf/abi.h"

#define KERNEL_FMODE_READ 0x1u
#define KERNEL_FMODE_WRITE 0x2u
#define KERNEL_FMODE_EXEC 0x20u
#define KERNEL_O_TRUNC 01000u

/* A descriptor that can neither read nor write (O_PATH) still names an inode: that is a read. */
static inline u32_t want_of_open(u32_t f_mode, u32_t f_flags)
{
	u32_t want = 0;

	if (f_mode & KERNEL_FMODE_READ)
		want |= MAY_READ;
	if (f_mode & KERNEL_FMODE_WRITE)
		want |= MAY_WRITE;
	if ((f_mode | f_flags) & KERNEL_FMODE_EXEC) /* kernels differ in where an exec says so */
		want |= MAY_EXEC;
	if (f_flags & KERNEL_O_TRUNC)
		want |= MAY_WRITE;
	return want ? want : MAY_READ;
}

/* Between the kernel's lookup and ours a name can go and its folder move below a label: the file
 * was never there. Where only others write, it is looked up once more: that is ESTALE to the
 * kernel. */
static inline int decide_named(u32_t rights, bool held, bool nameless)
{
	return nameless && !held && !(rights & MAY_WRITE) ? -ESTALE : 0;
}

#endif
