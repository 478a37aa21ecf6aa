/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* guard_host.bpf.h - hooks on everything that is no file: mounts, sockets, other tasks, the kernel.
 * Owns: which facts each of them takes from the kernel.  Must not know: labels, but for socket
 * names. */
#ifndef KENNEL_BPF_GUARD_HOST_BPF_H
#define KENNEL_BPF_GUARD_HOST_BPF_H

#include "bpf/peer.bpf.h"
#include "bpf/walk.bpf.h"

/* ---- never in a jail, whatever the arguments: a row each ---- */
#define REFUSE_ALL(hook, program, id)    \
	SEC(hook)                        \
	int BPF_PROG(program)            \
	{                                \
		return refuse_all(id);   \
	}

REFUSE_ALL("lsm/sb_mount", guard_mount, HOOK_MOUNT)
REFUSE_ALL("lsm/sb_umount", guard_umount, HOOK_UMOUNT)
REFUSE_ALL("lsm/sb_remount", guard_remount, HOOK_REMOUNT)
REFUSE_ALL("lsm/move_mount", guard_move_mount, HOOK_MOVE_MOUNT)
REFUSE_ALL("lsm/sb_pivotroot", guard_pivot, HOOK_PIVOT)
REFUSE_ALL("lsm/path_chroot", guard_chroot, HOOK_CHROOT)
REFUSE_ALL("lsm/bpf", guard_bpf, HOOK_BPF)
REFUSE_ALL("lsm/perf_event_open", guard_perf, HOOK_PERF)
REFUSE_ALL("lsm/userns_create", guard_userns, HOOK_USERNS)
REFUSE_ALL("lsm/uring_sqpoll", guard_uring_sqpoll, HOOK_URING)
REFUSE_ALL("lsm/uring_override_creds", guard_uring_creds, HOOK_URING)
REFUSE_ALL("lsm/uring_cmd", guard_uring_cmd, HOOK_URING)
REFUSE_ALL("?lsm/uring_allowed", guard_uring_allowed, HOOK_URING)
REFUSE_ALL("lsm/key_alloc", guard_key, HOOK_KEY)
REFUSE_ALL("lsm/kernel_module_request", guard_module, HOOK_MODULE)
REFUSE_ALL("lsm/settime", guard_settime, HOOK_SETTIME)
REFUSE_ALL("lsm/syslog", guard_syslog, HOOK_SYSLOG)
/* The hook does not say which class is asked for; a real-time task would also escape the meter. */
REFUSE_ALL("lsm/task_setscheduler", guard_setscheduler, HOOK_SCHED)
/* Asked for other tasks only; a task's own limits are its own affair. */
REFUSE_ALL("lsm/task_prlimit", guard_prlimit, HOOK_PRLIMIT)

/* ---- other tasks ---- */
static __always_inline int check_peer(u32_t hook, struct task_struct *task)
{
	struct scope s;
	int r = scope_enter(&s, hook);

	return r == SCOPE_CHECK ? give(&s, NULL, 0, decide_peer(s.cgroup, instance_of_task(task)))
				: r;
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(guard_ptrace, struct task_struct *child)
{
	return check_peer(HOOK_PTRACE, child);
}

SEC("lsm/ptrace_traceme")
int BPF_PROG(guard_traceme, struct task_struct *parent)
{
	return check_peer(HOOK_PTRACE, parent);
}

SEC("lsm/task_kill")
int BPF_PROG(guard_kill, struct task_struct *task, void *info, int sig, const struct cred *cred)
{
	/* With credentials given, the sender is not this task: it was only interrupted. Without
	 * them cred is NULL, but newer verifiers take it for never NULL and would drop a plain
	 * test. */
	if (BPF_CORE_READ(cred, user))
		return 0;
	return check_peer(HOOK_SIGNAL, task);
}

/* ---- sockets ---- */
SEC("lsm/socket_create")
int BPF_PROG(guard_socket, int family, int type, int protocol, int by_kernel)
{
	struct scope s;
	int r;

	if (!decide_socket(family, by_kernel) && by_kernel)
		return 0;
	r = scope_enter(&s, HOOK_SOCKET);
	return r == SCOPE_CHECK ? give(&s, NULL, 0, decide_socket(family, by_kernel)) : r;
}

/* A name in the file system is a file: write to connect. Without one, only inside the instance. */
static __always_inline int check_unix(u32_t hook, struct sock *other)
{
	struct unix_sock *peer = (struct unix_sock *)other;
	struct cgroup *cgroup;
	struct dentry *name;
	struct scope s;
	int r = scope_enter(&s, hook);

	if (r != SCOPE_CHECK)
		return r;
	name = BPF_CORE_READ(peer, path.dentry);
	if (name)
		return check_dentry(&s, name, MAY_WRITE);
	cgroup = BPF_CORE_READ(other, sk_cgrp_data.cgroup);
	return give(&s, NULL, MAY_WRITE, decide_peer(s.cgroup, instance_of(cgroup)));
}

SEC("lsm/unix_stream_connect")
int BPF_PROG(guard_unix_connect, struct sock *sock, struct sock *other)
{
	return check_unix(HOOK_UNIX_CONNECT, other);
}

SEC("lsm/unix_may_send")
int BPF_PROG(guard_unix_send, struct socket *sock, struct socket *other)
{
	return check_unix(HOOK_UNIX_SEND, BPF_CORE_READ(other, sk));
}

#endif
