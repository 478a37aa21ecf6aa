/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* walk.bpf.h - from an inode up to the nearest labelled ancestor of the same superblock.
 * Owns: the walk and its bound.  Must not know: what the rights are wanted for. */
#ifndef KENNEL_BPF_WALK_BPF_H
#define KENNEL_BPF_WALK_BPF_H

#include "bpf/scope.bpf.h"

#define WALK_MAX \
	2048 /* PATH_MAX of one-letter folders; deeper than that there is no label, so no right */

struct walk {
	struct label_key key;
	struct dentry *dentry;
	struct place *place;
};

static long walk_step(u32_t i, struct walk *w)
{
	struct dentry *d = w->dentry, *parent;
	struct inode *inode = BPF_CORE_READ(d, d_inode);
	struct label *l;

	if (inode) {
		w->key.ino = BPF_CORE_READ(inode, i_ino);
		l = bpf_map_lookup_elem(&labels, &w->key);
		if (l) {
			w->place->label_ino = w->key.ino;
			w->place->label_dev = w->key.dev;
			w->place->rights = l->rights;
			w->place->rule = l->rule;
			w->place->labelled = i == 0;
			return 1;
		}
	}
	parent = BPF_CORE_READ(d, d_parent);
	if (parent == d)
		return 1;
	w->dentry = parent;
	return 0;
}

/* What may be done to this inode. Nothing found is no right at all. Superblocks that no path
 * reaches (pipes, sockets, memfd) are the plugin's own memory: read and write, never execute. */
static __noinline void walk_to_label(u64_t cgroup, struct dentry *d, struct place *ret)
{
	struct walk w = { .dentry = d, .place = ret };

	ret->label_ino = 0;
	ret->label_dev = 0;
	ret->rights = 0;
	ret->rule = 0;
	ret->labelled = 0;
	if (BPF_CORE_READ(d, d_sb, s_flags) & KERNEL_SB_NOUSER) {
		ret->rights = MAY_READ | MAY_WRITE;
		return;
	}
	w.key.cgroup = cgroup;
	w.key.dev = BPF_CORE_READ(d, d_sb, s_dev);
	bpf_loop(WALK_MAX, walk_step, &w, 0);
}

static __always_inline int check_dentry(struct scope *s, struct dentry *d, u32_t want)
{
	struct place place;

	walk_to_label(s->cgroup, d, &place);
	s->rule = place.rule;
	return give(s, d, want, decide_rights(place.rights, want));
}

/* Hooks with one dentry and one wanted right. */
static __always_inline int check_one(u32_t hook, struct dentry *dentry, u32_t want)
{
	struct scope s;
	int r = scope_enter(&s, hook);

	return r == SCOPE_CHECK ? check_dentry(&s, dentry, want) : r;
}

static __always_inline struct dentry *dentry_of_path(const struct path *path)
{
	return BPF_CORE_READ(path, dentry);
}

static __always_inline struct dentry *dentry_of_file(struct file *file)
{
	return BPF_CORE_READ(file, f_path.dentry);
}

#endif
