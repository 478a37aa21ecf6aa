/* SPDX-License-Identifier: Apache-2.0 */
/* posture.h - what a running instance is, as the kernel says it.
 * Owns: the record.  Must not know: how it is read, what it ought to be. */
#ifndef KENNEL_POLICY_POSTURE_H
#define KENNEL_POLICY_POSTURE_H

#include <stdint.h>

#include "base/limits.h"
#include "policy/policy.h"
#include "policy/posture_disk.h"

#define POSTURE_PROCESSES_MAX 64u /* of one instance; more are counted, and a difference */
#define POSTURE_FDS_MAX 64u	  /* of one process; more are counted */
#define POSTURE_MOUNTS_MAX 32u
#define POSTURE_LABELS_MAX 48u
#define POSTURE_TARGET_MAX (VAULT_PATH_MAX + 8u)
#define POSTURE_UNLIMITED UINT64_MAX /* "max" */

#define POSTURE_NS_TABLE(X) \
	X(NS_USER, "user")  \
	X(NS_MNT, "mnt")    \
	X(NS_PID, "pid")    \
	X(NS_NET, "net")    \
	X(NS_IPC, "ipc")    \
	X(NS_UTS, "uts")    \
	X(NS_CGROUP, "cgroup")
#define POSTURE_NS_ENUM_(id, name) id,
enum posture_ns { POSTURE_NS_TABLE(POSTURE_NS_ENUM_) NS_COUNT };
#undef POSTURE_NS_ENUM_

#define POSTURE_CAP_TABLE(X)          \
	X(CAPS_INHERITABLE, "CapInh") \
	X(CAPS_PERMITTED, "CapPrm")   \
	X(CAPS_EFFECTIVE, "CapEff")   \
	X(CAPS_BOUNDING, "CapBnd")    \
	X(CAPS_AMBIENT, "CapAmb")
#define POSTURE_CAP_ENUM_(id, name) id,
enum posture_caps { POSTURE_CAP_TABLE(POSTURE_CAP_ENUM_) CAPS_COUNT };
#undef POSTURE_CAP_ENUM_

enum posture_rlimit {
	POSTURE_CORE,
	POSTURE_MEMLOCK,
	POSTURE_MSGQUEUE,
	POSTURE_RTPRIO,
	POSTURE_NICE,
	POSTURE_SIGPENDING,
	POSTURE_STACK,
	POSTURE_NOFILE,
	POSTURE_FSIZE,
	POSTURE_NPROC,
	POSTURE_RLIMITS
};

/* How many ids are mapped, and the first row. */
struct posture_map {
	uint32_t rows;
	uint32_t inside, outside, count;
};

enum posture_fd_kind { FD_OTHER, FD_FILE, FD_FOLDER, FD_DEVICE, FD_PIPE, FD_SOCKET };
struct posture_fd {
	uint32_t fd;
	uint32_t kind;	       /* enum posture_fd_kind */
	uint32_t major, minor; /* FD_DEVICE */
	uint32_t mount;	       /* id of the mount it was opened on */
};

struct posture_process {
	uint32_t pid;
	uint32_t pid_inside;	   /* 1: our own init */
	char name[16];		   /* as the kernel escapes it */
	uint32_t uids[4], gids[4]; /* real, effective, saved, file system */
	uint32_t groups;
	uint32_t threads;
	uint64_t caps[CAPS_COUNT];
	uint32_t no_new_privs;
	uint32_t seccomp; /* 2: filter */
	uint32_t seccomp_filters;
	uint32_t setgroups_denied;
	struct posture_map uid_map, gid_map;
	uint64_t ns[NS_COUNT];
	uint64_t soft[POSTURE_RLIMITS], hard[POSTURE_RLIMITS];
	uint32_t fd_count; /* all there are */
	struct posture_fd fds[POSTURE_FDS_MAX];
};

enum posture_mount_flag {
	MNT_RDONLY = 1,
	MNT_NOSUID = 2,
	MNT_NODEV = 4,
	MNT_NOEXEC = 8,
	MNT_IDMAPPED = 16,
	MNT_SHARED = 32,   /* mounts come in or go out by it */
	MNT_PROC_OWN = 64, /* proc shows own processes and nothing else */
};
struct posture_mount {
	uint32_t id;
	uint32_t flags;
	uint32_t major, minor;
	char type[16];
	char target[POSTURE_TARGET_MAX]; /* "/…" */
};

enum posture_label_place { LABEL_UNKNOWN, LABEL_ROOT, LABEL_BELOW, LABEL_CANARY };
struct posture_label {
	uint32_t place;	 /* enum posture_label_place: the mount's own root, or a folder in it */
	uint32_t rights; /* enum guard_right */
	char target[POSTURE_TARGET_MAX]; /* of the mount */
};

struct posture_group {
	uint64_t memory_max, swap_max, tasks_max;
	uint64_t cpu_quota_us, cpu_period_us;
	uint64_t oom_group;
};

struct posture_head {
	uint64_t cgroup;
	uint32_t uid;
	uint32_t frozen;     /* while it was read, so that it could not change */
	uint32_t has_cgroup; /* 0: no controllers on this host, and that is accepted */
	uint32_t has_guard;
	uint32_t has_landlock; /* was put on at the start; no kernel shows it */
	uint32_t guard_phase, guard_flags;
	uint32_t process_count; /* all there are */
	uint64_t refused;
	uint64_t data_max_bytes;    /* of its project; 0: none */
	uint64_t host_ns[NS_COUNT]; /* of the launcher */
	struct posture_group instance, plugin;
	uint32_t disks, reserved; /* rows that are set */
	struct posture_disk disk[POSTURE_DISKS_MAX];
};

struct posture {
	struct posture_head head;
	uint32_t processes, mounts, labels; /* how many of the rows below are set */
	struct posture_process process[POSTURE_PROCESSES_MAX];
	struct posture_mount mount[POSTURE_MOUNTS_MAX];
	struct posture_label label[POSTURE_LABELS_MAX];
};

/* For people; "unknown" outside the table. */
const char *posture_ns_name(enum posture_ns n);
const char *posture_cap_name(enum posture_caps c);
const char *posture_rlimit_name(enum posture_rlimit r);
const char *posture_fd_name(enum posture_fd_kind k);

#endif
