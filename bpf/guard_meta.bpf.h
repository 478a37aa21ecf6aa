/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* guard_meta.bpf.h - hooks on what is about a file: size, owner, mode, times, attributes, watches.
 * Owns: which facts each of them takes from the kernel.
 * Must not know: what is decided from them. */
#ifndef KENNEL_BPF_GUARD_META_BPF_H
#define KENNEL_BPF_GUARD_META_BPF_H

#include "bpf/walk.bpf.h"

SEC("lsm/path_truncate")
int BPF_PROG(guard_truncate, const struct path *path)
{
	return check_one(HOOK_TRUNCATE, dentry_of_path(path), MAY_WRITE);
}

/* chmod, chown, utimes and truncate all end here. The arguments shifted in 6.3: the loader takes
 * the variant of the running kernel, the other one would read garbage without a sound. */
SEC("?lsm/inode_setattr")
int BPF_PROG(guard_setattr_2, struct dentry *dentry)
{
	return check_one(HOOK_SETATTR, dentry, MAY_WRITE);
}

SEC("?lsm/inode_setattr")
int BPF_PROG(guard_setattr_3, void *idmap, struct dentry *dentry)
{
	return check_one(HOOK_SETATTR, dentry, MAY_WRITE);
}

SEC("lsm/inode_setxattr")
int BPF_PROG(guard_setxattr, void *idmap, struct dentry *dentry)
{
	return check_one(HOOK_SETXATTR, dentry, MAY_WRITE);
}

SEC("lsm/inode_removexattr")
int BPF_PROG(guard_removexattr, void *idmap, struct dentry *dentry)
{
	return check_one(HOOK_SETXATTR, dentry, MAY_WRITE);
}

SEC("?lsm/inode_set_acl")
int BPF_PROG(guard_set_acl, void *idmap, struct dentry *dentry)
{
	return check_one(HOOK_SETACL, dentry, MAY_WRITE);
}

SEC("?lsm/inode_remove_acl")
int BPF_PROG(guard_remove_acl, void *idmap, struct dentry *dentry)
{
	return check_one(HOOK_SETACL, dentry, MAY_WRITE);
}

SEC("lsm/inode_readlink")
int BPF_PROG(guard_readlink, struct dentry *dentry)
{
	return check_one(HOOK_READLINK, dentry, MAY_READ);
}

SEC("lsm/path_notify")
int BPF_PROG(guard_notify, const struct path *path)
{
	return check_one(HOOK_NOTIFY, dentry_of_path(path), MAY_READ);
}

/* Tells the launcher the kernel's own name of an inode: stat(2) says another device on some file
 * systems. */
static __always_inline void answer_enrolment(struct dentry *d)
{
	u32_t zero = 0;
	struct enrolment *e = bpf_map_lookup_elem(&enrol, &zero);

	if (!e || !e->tid || e->tid != (u32_t)bpf_get_current_pid_tgid())
		return;
	e->ino = BPF_CORE_READ(d, d_inode, i_ino);
	e->dev = BPF_CORE_READ(d, d_sb, s_dev);
	e->found = 1;
}

SEC("lsm/inode_getattr")
int BPF_PROG(guard_getattr, const struct path *path)
{
	struct dentry *d = dentry_of_path(path);
	struct place place;
	struct scope s;
	int r = scope_enter(&s, HOOK_GETATTR);

	if (!r && !s.cgroup)
		answer_enrolment(d);
	if (r != SCOPE_CHECK)
		return r;
	walk_to_label(s.cgroup, d, &place);
	s.rule = place.rule;
	return give(&s, d, 0, decide_any_right(place.rights));
}

#endif
