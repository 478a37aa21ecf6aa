/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* decide.bpf.h - every decision of the guard as a pure function: facts in, 0 or -errno out.
 * Owns: what is let and what is refused.  Must not know: helpers, maps, the kernel's structures; it
 * is built for user space too, where tests/unit/test_decide.c runs its tables. */
#ifndef KENNEL_BPF_DECIDE_BPF_H
#define KENNEL_BPF_DECIDE_BPF_H

#include <stdbool.h>
#include <linux/errno.h>

#include "bpf/abi.h"

/* Names of the kernel's bits, in its ABI or stable since long. */
#define KERNEL_S_IFMT 0170000u
#define KERNEL_S_IFCHR 0020000u
#define KERNEL_S_IFBLK 0060000u
#define KERNEL_SB_NOUSER (1ul << 31)
#define KERNEL_RENAME_EXCHANGE 2u
#define KERNEL_RENAME_WHITEOUT 4u
#define KERNEL_AF_UNIX 1

/* One instance may describe this many refusals at once, then one each interval; all are counted. */
#define DESCRIBE_INTERVAL_NS 10000000ull
#define DESCRIBE_BURST 256ull

enum passage { PASS_LET, PASS_CHECK, PASS_REFUSE };

/* The phase rules. A missing entry, a foreign ABI or an unknown phase may do nothing. */
static inline enum passage decide_passage(const struct guard_policy *p, u32_t hook)
{
	if (!p || p->abi != KENNEL_BPF_ABI)
		return PASS_REFUSE;
	if (p->phase == PHASE_SETUP)
		return hook == HOOK_EXEC ? PASS_REFUSE : PASS_LET;
	return p->phase == PHASE_ENFORCE ? PASS_CHECK : PASS_REFUSE;
}

/* Errors of refusals that no label decides: files say EACCES, the rest EPERM. */
static inline int refusal_errno(u32_t hook)
{
	return hook != HOOK_NONE && hook <= HOOK_IOCTL ? EACCES : EPERM;
}

static inline int decide_rights(u32_t have, u32_t want)
{
	return want & ~have ? -EACCES : 0;
}

/* Metadata: a label that gives nothing also hides size and times. */
static inline int decide_any_right(u32_t have)
{
	return have ? 0 : -EACCES;
}

/* What the nearest label says about an inode. */
struct place {
	u64_t label_ino;
	u32_t label_dev;
	u32_t rights;
	u32_t rule;
	u32_t labelled; /* 1: the label is on the inode itself */
};

/* Removing or replacing the inode that carries a label would take the rule away. */
static inline int decide_remove(const struct place *object, u32_t parent_rights)
{
	return object->labelled ? -EACCES : decide_rights(parent_rights, MAY_WRITE);
}

/* Link and rename: only inside one label, so that no move ever changes what is allowed. */
static inline int decide_move(const struct place *object, const struct place *parent)
{
	if (object->labelled || !(object->rights & parent->rights & MAY_WRITE))
		return -EACCES;
	if (object->label_ino != parent->label_ino || object->label_dev != parent->label_dev)
		return -EXDEV;
	return 0;
}

static inline bool mode_is_device(u32_t mode)
{
	u32_t type = mode & KERNEL_S_IFMT;

	return type == KERNEL_S_IFCHR || type == KERNEL_S_IFBLK;
}

/* Terminal size and mode, bytes waiting, non-blocking, close-on-exec, size: what libraries ask. */
static inline int decide_ioctl(u32_t cmd)
{
	switch (cmd) {
	case 0x5401: /* TCGETS */
	case 0x5413: /* TIOCGWINSZ */
	case 0x541b: /* FIONREAD */
	case 0x5421: /* FIONBIO */
	case 0x5450: /* FIONCLEX */
	case 0x5451: /* FIOCLEX */
	case 0x5460: /* FIOQSIZE */
		return 0;
	}
	return -EACCES;
}

static inline int decide_socket(int family, int by_kernel)
{
	return by_kernel || family == KERNEL_AF_UNIX ? 0 : -EPERM;
}

/* Signals, ptrace, unnamed sockets: only inside one instance. Instance 0 is nobody's. */
static inline int decide_peer(u64_t own, u64_t other)
{
	return own && own == other ? 0 : -EPERM;
}

/* Leaky bucket: may this refusal be described at now_ns? *ret_at is the bucket's next state. */
static inline bool describe_permits(u64_t now_ns, u64_t at_ns, u64_t *ret_at)
{
	u64_t at = at_ns > now_ns ? at_ns : now_ns;

	if (at - now_ns >= DESCRIBE_INTERVAL_NS * DESCRIBE_BURST)
		return false;
	*ret_at = at + DESCRIBE_INTERVAL_NS;
	return true;
}

#endif
