/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* kernel.bpf.h - the kernel fields we read, and no others; CO-RE finds where they are at load.
 * Owns: these declarations.  Must not know: maps, decisions. */
#ifndef KENNEL_BPF_KERNEL_BPF_H
#define KENNEL_BPF_KERNEL_BPF_H

#include <linux/bpf.h>
#include <linux/errno.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct super_block {
	__u32 s_dev;
	unsigned long s_flags;
};

struct inode {
	__u16 i_mode;
	unsigned long i_ino;
	__u32 i_generation;
};

struct hlist_bl_node {
	struct hlist_bl_node **pprev;
};

struct dentry {
	struct hlist_bl_node d_hash; /* pprev is NULL once its name is gone */
	struct dentry *d_parent;
	struct inode *d_inode;
	struct super_block *d_sb;
};

struct path {
	struct dentry *dentry;
};

struct file {
	__u32 f_mode;
	__u32 f_flags;
	struct inode *f_inode;
	struct path f_path;
};

struct anon_vma;
struct vm_area_struct {
	unsigned long vm_flags;
	struct file *vm_file;
	struct anon_vma *anon_vma;
};

struct linux_binprm {
	struct file *file;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup_subsys_state;
struct cgroup {
	int level;
	struct kernfs_node *kn;
	struct cgroup_subsys_state *subsys[16];
	struct cgroup *ancestors[];
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct task_struct {
	struct css_set *cgroups;
};

struct user_struct;
struct cred {
	struct user_struct *user;
};

struct sock_cgroup_data {
	struct cgroup *cgroup;
};

struct sock {
	struct sock_cgroup_data sk_cgrp_data;
};

struct socket {
	struct sock *sk;
};

struct unix_sock {
	struct sock sk;
	struct path path;
};

struct kernel_atomic_long {
	long counter;
};

struct page_counter {
	struct kernel_atomic_long usage;
	unsigned long watermark;
};

struct memcg_vmstats {
	long state[64];
};

struct mem_cgroup {
	struct page_counter memory;
	struct memcg_vmstats *vmstats;
};

struct bpf_iter_meta;
struct bpf_iter__cgroup {
	struct bpf_iter_meta *meta;
	struct cgroup *cgroup;
};

#pragma clang attribute pop

/* Values come from the running kernel; these are the names. */
enum cgroup_subsys_id { memory_cgrp_id = 4 };
enum node_stat_item { NR_ANON_MAPPED = 17, NR_FILE_PAGES = 19, NR_SHMEM = 23 };
enum memcg_stat_item { MEMCG_KMEM = 46, MEMCG_NR_STAT = 50 };

#endif
