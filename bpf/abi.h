/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* abi.h - records shared by BPF programs and user space: fixed-width types, no kernel headers.
 * Owns: their layout, and KENNEL_BPF_ABI, which changes whenever a layout does.
 * Must not know: libbpf, policies in JSON. */
#ifndef KENNEL_BPF_ABI_H
#define KENNEL_BPF_ABI_H

#ifdef __bpf__
#include <linux/types.h>
typedef __u64 u64_t;
typedef __u32 u32_t;
#else
#include <stdint.h>
typedef uint64_t u64_t;
typedef uint32_t u32_t;
#endif

#define KENNEL_BPF_ABI 2

enum guard_right { MAY_READ = 1, MAY_WRITE = 2, MAY_EXEC = 4 };

/* A cgroup in the slice without an entry may do nothing at all. */
enum guard_phase {
	PHASE_SETUP = 1,   /* our own code prepares the jail: only exec is refused */
	PHASE_ENFORCE = 2, /* one way */
};

/* JIT: anonymous executable memory, never writable and executable files */
enum guard_flag { GUARD_JIT = 1 };

/* Every hook that can refuse; names for people in guard_hook_name(). */
#define GUARD_HOOK_TABLE(X) \
	X(HOOK_OPEN, "open") X(HOOK_RECEIVE, "receive-fd") X(HOOK_MMAP, "mmap") \
	X(HOOK_MPROTECT, "mprotect") X(HOOK_EXEC, "exec") X(HOOK_UNLINK, "unlink") \
	X(HOOK_RMDIR, "rmdir") X(HOOK_MKDIR, "mkdir") X(HOOK_SYMLINK, "symlink") \
	X(HOOK_MKNOD, "mknod") X(HOOK_LINK, "link") X(HOOK_RENAME, "rename") \
	X(HOOK_TRUNCATE, "truncate") X(HOOK_SETATTR, "setattr") X(HOOK_SETXATTR, "setxattr") \
	X(HOOK_SETACL, "setacl") X(HOOK_GETATTR, "getattr") X(HOOK_READLINK, "readlink") \
	X(HOOK_NOTIFY, "watch") X(HOOK_IOCTL, "ioctl") X(HOOK_MOUNT, "mount") \
	X(HOOK_UMOUNT, "umount") X(HOOK_MOVE_MOUNT, "move-mount") X(HOOK_REMOUNT, "remount") \
	X(HOOK_PIVOT, "pivot-root") X(HOOK_CHROOT, "chroot") \
	X(HOOK_UNIX_CONNECT, "unix-connect") X(HOOK_UNIX_SEND, "unix-send") \
	X(HOOK_SOCKET, "socket") X(HOOK_PTRACE, "ptrace") X(HOOK_SIGNAL, "signal") \
	X(HOOK_SCHED, "setscheduler") X(HOOK_PRLIMIT, "prlimit") X(HOOK_BPF, "bpf") \
	X(HOOK_PERF, "perf-event") X(HOOK_USERNS, "userns") X(HOOK_URING, "io-uring") \
	X(HOOK_KEY, "key") X(HOOK_MODULE, "module") X(HOOK_SETTIME, "settime") \
	X(HOOK_SYSLOG, "syslog") X(HOOK_NO_POLICY, "no-policy") \
	X(HOOK_ANON_INODE, "anon-inode") X(HOOK_LOCK, "lock")

#define GUARD_HOOK_ENUM_(id, name) id,
enum guard_hook { HOOK_NONE, GUARD_HOOK_TABLE(GUARD_HOOK_ENUM_) HOOK_COUNT };
#undef GUARD_HOOK_ENUM_

/* map "policies": key is the cgroup id (u64) of the instance */
struct guard_policy {
	u32_t abi;
	u32_t phase; /* enum guard_phase */
	u32_t flags; /* enum guard_flag */
	u32_t reserved;
	u64_t refused; /* exact, also when the ring buffer is full */
	u64_t allowed; /* opens let through */
	u64_t undescribed;    /* of refused: no record in the ring buffer */
	u64_t describe_at_ns; /* paces the records of one instance */
};

/* map "labels" */
struct label_key {
	u64_t cgroup;
	u64_t ino;
	u32_t dev; /* kernel's s_dev: major << 20 | minor */
	u32_t reserved;
};
struct label {
	u32_t rights; /* enum guard_right bits */
	u32_t rule;   /* number that a refusal carries, for people */
};

/* ring buffer "refusals" */
struct refusal {
	u64_t time_ns; /* boot clock */
	u64_t cgroup;
	u64_t seq; /* the policy's refused counter after this one */
	u64_t ino;
	u32_t dev;
	u32_t hook; /* enum guard_hook */
	u32_t want; /* enum guard_right bits */
	u32_t rule;
	u32_t pid;
	u32_t error; /* errno given */
	u32_t generation; /* of ino: with it the file can be named, where its file system can */
	u32_t reserved;
	char comm[16];
};

/* map "totals": host-wide counters, key is the enumerator */
enum guard_total {
	TOTAL_LOST,	 /* refusals without a record: ring full, or the instance's rate exceeded */
	TOTAL_NO_POLICY, /* refusals of tasks in the slice without an entry */
	TOTAL_COUNT
};

/* ring buffer "budgets" */
struct budget_event {
	u64_t time_ns; /* boot clock */
	u64_t cgroup;
	u64_t cpu_ns;
	u64_t cpu_budget_ns;
};

/* map "usages": key is the cgroup id; the entry exists before the first task joins, so that BPF and
 * the kernel's own counters start at the same zero. Also what a read of the meter yields, one per
 * instance. */
struct usage {
	u64_t cgroup;
	u64_t cpu_ns;	     /* sched_stat_runtime */
	u64_t memory_bytes;  /* memory.current */
	u64_t memory_peak_bytes; /* memory.peak */
	u64_t anon_bytes;
	u64_t file_bytes;
	u64_t shmem_bytes;
	u64_t kernel_bytes;
	u64_t started_ns; /* boot clock, at exec */
	u64_t runtime_ns; /* wall time since then, or until the last exit */
	u64_t forks;
	u64_t execs;
	u64_t exits;
	u64_t tasks;	   /* alive now */
	u64_t refused;	   /* by the guard */
	u64_t opens;	   /* let through by the guard */
	u64_t cpu_budget_ns; /* 0: none */
	u64_t budget_spent;  /* 1 once cpu_ns passed the budget */
};

#endif
