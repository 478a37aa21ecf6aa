/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* guard_file.bpf.h - hooks on descriptors, locks and exec.
 * Owns: which facts each of them takes from the kernel.  Must not know: what is decided from them.
 */
#ifndef KENNEL_BPF_GUARD_FILE_BPF_H
#define KENNEL_BPF_GUARD_FILE_BPF_H

#include "bpf/decide_open.bpf.h"
#include "bpf/walk.bpf.h"

#define KERNEL_F_UNLCK 2u /* fcntl.h */

static __always_inline u32_t want_of_file(struct file *file)
{
	return want_of_open(BPF_CORE_READ(file, f_mode), BPF_CORE_READ(file, f_flags));
}

static __always_inline u32_t has_no_name(struct dentry *d)
{
	return !BPF_CORE_READ(d, d_hash.pprev) && BPF_CORE_READ(d, d_parent) != d;
}

/* The name is looked at after the walk: what still has one then lay where the walk found it. */
static __always_inline int check_open(struct scope *s, struct dentry *d, u32_t want)
{
	struct place place;
	int r;

	walk_to_label(s->cgroup, d, &place);
	s->rule = place.rule;
	r = give(s, d, want, decide_rights(place.rights, want));
	if (r)
		return r;
	return decide_named(place.rights, place.labelled, has_no_name(d)) ? -ESTALE : 0;
}

SEC("lsm/file_open")
int BPF_PROG(guard_open, struct file *file)
{
	struct scope s;
	int r = scope_enter(&s, HOOK_OPEN);

	if (r != SCOPE_CHECK)
		return r;
	r = check_open(&s, dentry_of_file(file), want_of_file(file));
	if (!r)
		__sync_fetch_and_add(&s.policy->allowed, 1);
	return r;
}

SEC("lsm/file_receive")
int BPF_PROG(guard_receive, struct file *file)
{
	struct scope s;
	int r = scope_enter(&s, HOOK_RECEIVE);

	return r == SCOPE_CHECK ? check_dentry(&s, dentry_of_file(file), want_of_file(file)) : r;
}

SEC("lsm/bprm_check_security")
int BPF_PROG(guard_exec, struct linux_binprm *bprm)
{
	struct scope s;
	int r = scope_enter(&s, HOOK_EXEC);

	return r == SCOPE_CHECK
		       ? check_dentry(&s, BPF_CORE_READ(bprm, file, f_path.dentry), MAY_EXEC)
		       : r;
}

static __always_inline int check_ioctl(struct file *file, u32_t cmd)
{
	struct scope s;
	int r = scope_enter(&s, HOOK_IOCTL);

	return r == SCOPE_CHECK ? give(&s, dentry_of_file(file), 0, decide_ioctl(cmd)) : r;
}

SEC("lsm/file_ioctl")
int BPF_PROG(guard_ioctl, struct file *file, unsigned int cmd)
{
	return check_ioctl(file, cmd);
}

SEC("?lsm/file_ioctl_compat")
int BPF_PROG(guard_ioctl_compat, struct file *file, unsigned int cmd)
{
	return check_ioctl(file, cmd);
}

SEC("?lsm/file_truncate")
int BPF_PROG(guard_ftruncate, struct file *file)
{
	struct scope s;
	int r = scope_enter(&s, HOOK_TRUNCATE);

	return r == SCOPE_CHECK ? check_dentry(&s, dentry_of_file(file), MAY_WRITE) : r;
}

/* Locks and leases: everybody who has the file waits for them, or hears of them. Who may only read
 * it must not hold others up. cmd is a kind of lock, F_UNLCK gives one back. */
SEC("lsm/file_lock")
int BPF_PROG(guard_lock, struct file *file, unsigned int cmd)
{
	struct scope s;
	int r = cmd == KERNEL_F_UNLCK ? 0 : scope_enter(&s, HOOK_LOCK);

	return r == SCOPE_CHECK ? check_dentry(&s, dentry_of_file(file), MAY_WRITE) : r;
}

/* Inodes that io_uring_setup and userfaultfd make: both are ways around the other hooks. */
SEC("lsm/inode_init_security_anon")
int BPF_PROG(guard_anon_inode)
{
	return refuse_all(HOOK_ANON_INODE);
}

#endif
