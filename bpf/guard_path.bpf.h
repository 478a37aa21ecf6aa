/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* guard_path.bpf.h - hooks on names: make, remove, link, move.
 * Owns: which facts each of them takes from the kernel.
 * Must not know: what is decided from them. */
#ifndef KENNEL_BPF_GUARD_PATH_BPF_H
#define KENNEL_BPF_GUARD_PATH_BPF_H

#include "bpf/walk.bpf.h"

static __always_inline int check_remove(u32_t hook, const struct path *dir, struct dentry *dentry)
{
	struct place object, parent;
	struct scope s;
	int r = scope_enter(&s, hook);

	if (r != SCOPE_CHECK)
		return r;
	walk_to_label(s.cgroup, dentry, &object);
	walk_to_label(s.cgroup, dentry_of_path(dir), &parent);
	s.rule = object.rule;
	return give(&s, dentry, MAY_WRITE, decide_remove(&object, parent.rights));
}

SEC("lsm/path_unlink")
int BPF_PROG(guard_unlink, const struct path *dir, struct dentry *dentry)
{
	return check_remove(HOOK_UNLINK, dir, dentry);
}

SEC("lsm/path_rmdir")
int BPF_PROG(guard_rmdir, const struct path *dir, struct dentry *dentry)
{
	return check_remove(HOOK_RMDIR, dir, dentry);
}

SEC("lsm/path_mkdir")
int BPF_PROG(guard_mkdir, const struct path *dir)
{
	return check_one(HOOK_MKDIR, dentry_of_path(dir), MAY_WRITE);
}

SEC("lsm/path_symlink")
int BPF_PROG(guard_symlink, const struct path *dir)
{
	return check_one(HOOK_SYMLINK, dentry_of_path(dir), MAY_WRITE);
}

SEC("lsm/path_mknod")
int BPF_PROG(guard_mknod, const struct path *dir, struct dentry *dentry, __u32 mode)
{
	struct scope s;
	int r = scope_enter(&s, HOOK_MKNOD);

	if (r != SCOPE_CHECK)
		return r;
	if (mode_is_device(mode))
		return give(&s, dentry_of_path(dir), MAY_WRITE, -EPERM);
	return check_dentry(&s, dentry_of_path(dir), MAY_WRITE);
}

static __always_inline int check_move(struct scope *s, struct dentry *object, struct dentry *dir)
{
	struct place from, to;

	walk_to_label(s->cgroup, object, &from);
	walk_to_label(s->cgroup, dir, &to);
	s->rule = from.rule;
	return decide_move(&from, &to);
}

SEC("lsm/path_link")
int BPF_PROG(guard_link, struct dentry *old, const struct path *new_dir)
{
	struct scope s;
	int r = scope_enter(&s, HOOK_LINK);

	if (r != SCOPE_CHECK)
		return r;
	return give(&s, old, MAY_WRITE, check_move(&s, old, dentry_of_path(new_dir)));
}

SEC("lsm/path_rename")
int BPF_PROG(guard_rename, const struct path *old_dir, struct dentry *old,
	     const struct path *new_dir, struct dentry *new, unsigned int flags)
{
	struct place replaced;
	struct scope s;
	int r = scope_enter(&s, HOOK_RENAME);

	if (r != SCOPE_CHECK)
		return r;
	if (flags & KERNEL_RENAME_WHITEOUT) /* leaves a device node behind */
		return give(&s, old, MAY_WRITE, -EPERM);
	r = check_move(&s, old, dentry_of_path(new_dir));
	if (!r && (flags & KERNEL_RENAME_EXCHANGE))
		r = check_move(&s, new, dentry_of_path(old_dir));
	if (!r && !(flags & KERNEL_RENAME_EXCHANGE) && BPF_CORE_READ(new, d_inode)) {
		walk_to_label(s.cgroup, new, &replaced);
		r = decide_remove(&replaced, MAY_WRITE);
	}
	return give(&s, old, MAY_WRITE, r);
}

#endif
