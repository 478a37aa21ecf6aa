/* SPDX-License-Identifier: Apache-2.0 */
/* selftest.h - the built-in tries of a jail's process 1 against its own jail: their names, and the
 * records in which their outcome travels from there to the launcher, and on to who asked.
 * Owns: the list.  Must not know: how anything is tried. */
#ifndef KENNEL_PROTO_SELFTEST_H
#define KENNEL_PROTO_SELFTEST_H

#include <stdint.h>

/* name, what is tried, must it be refused without a guard too? */
#define SELFTEST_TABLE(X)                                          \
	X(TRY_CANARY, "open the canary", 1)                        \
	X(TRY_WRITE_INIT, "write a program of the image", 1)       \
	X(TRY_MAKE_IN_ROOT, "make a file in the image", 1)         \
	X(TRY_CHMOD_ROOT, "change the mode of the root", 1)        \
	X(TRY_PASSWD, "open the host's passwords", 1)              \
	X(TRY_PROC_SYS, "open the kernel's settings", 1)           \
	X(TRY_PROC_KCORE, "open the kernel's memory", 1)           \
	X(TRY_SYSFS, "open a folder of sysfs", 1)                  \
	X(TRY_CGROUPFS, "open a folder of cgroups", 1)             \
	X(TRY_DEV_MEM, "open a device that is not its own", 1)     \
	X(TRY_DOTDOT, "leave the root by ..", 1)                   \
	X(TRY_MKNOD, "make a device", 1)                           \
	X(TRY_EXEC_TMP, "execute what it wrote", 1)                \
	X(TRY_MAP_TMP, "map what it wrote as code", 1)             \
	X(TRY_MAP_WX, "memory to write and execute", 0)            \
	X(TRY_MAP_X, "anonymous memory to execute", 0)             \
	X(TRY_PROTECT_X, "make memory executable", 1)              \
	X(TRY_TMP_BYTES, "write without end", 1)                   \
	X(TRY_TMP_FILES, "make files without end", 1)              \
	X(TRY_FORKS, "make processes without end", 1)              \
	X(TRY_RLIMIT, "raise a limit of its own", 1)               \
	X(TRY_NICE, "take precedence", 1)                          \
	X(TRY_REALTIME, "run in real time", 1)                     \
	X(TRY_SETUID, "become root", 1)                            \
	X(TRY_SETGID, "enter group 0", 1)                          \
	X(TRY_SETGROUPS, "take supplementary groups", 1)           \
	X(TRY_CAPSET, "take a capability", 1)                      \
	X(TRY_USERNS, "make a user namespace", 1)                  \
	X(TRY_CLONE_NS, "clone into a namespace", 1)               \
	X(TRY_CLONE3, "clone3", 1)                                 \
	X(TRY_SETNS, "enter a namespace", 1)                       \
	X(TRY_MOUNT, "mount", 1)                                   \
	X(TRY_UMOUNT, "unmount", 1)                                \
	X(TRY_PIVOT, "pivot_root", 1)                              \
	X(TRY_CHROOT, "chroot", 1)                                 \
	X(TRY_OPEN_TREE, "clone a mount", 1)                       \
	X(TRY_FSOPEN, "make a file system", 1)                     \
	X(TRY_SOCKET_INET, "an internet socket", 1)                \
	X(TRY_SOCKET_NETLINK, "a netlink socket", 1)               \
	X(TRY_SOCKET_PACKET, "a packet socket", 1)                 \
	X(TRY_SOCKET_VSOCK, "a socket to the hypervisor", 1)       \
	X(TRY_SOCKET_ALG, "a socket to the kernel's ciphers", 1)   \
	X(TRY_BPF, "bpf", 1)                                       \
	X(TRY_PERF, "perf_event_open", 1)                          \
	X(TRY_URING, "io_uring", 1)                                \
	X(TRY_USERFAULT, "userfaultfd", 1)                         \
	X(TRY_KEYCTL, "keyctl", 1)                                 \
	X(TRY_PTRACE, "ptrace", 1)                                 \
	X(TRY_VM_WRITEV, "write another process's memory", 1)      \
	X(TRY_PIDFD_GETFD, "take another process's descriptor", 1) \
	X(TRY_HANDLE, "open a file by handle", 1)                  \
	X(TRY_FANOTIFY, "fanotify", 1)                             \
	X(TRY_MODULE, "load a module", 1)                          \
	X(TRY_KEXEC, "load a kernel", 1)                           \
	X(TRY_REBOOT, "reboot", 1)                                 \
	X(TRY_SWAP, "swapon", 1)                                   \
	X(TRY_SYSLOG, "read the kernel's log", 1)                  \
	X(TRY_SETTIME, "set the clock", 1)                         \
	X(TRY_QUOTA, "change a quota", 1)                          \
	X(TRY_IOPL, "I/O ports", 1)                                \
	X(TRY_LDT, "modify_ldt", 1)                                \
	X(TRY_PERSONALITY, "personality", 1)                       \
	X(TRY_MEMFD, "a file in memory", 1)                        \
	X(TRY_SECCOMP, "a filter of its own", 1)                   \
	X(TRY_I386, "a call of another architecture", 1)           \
	X(TRY_X32, "a call of the x32 kind", 1)

#define SELFTEST_ENUM_(id, name, always) id,
enum selftest_try { SELFTEST_TABLE(SELFTEST_ENUM_) SELFTEST_TRIES };
#undef SELFTEST_ENUM_

enum selftest_outcome {
	SELFTEST_NOT_TRIED,
	SELFTEST_REFUSED,
	SELFTEST_THROUGH,
};

/* Process 1 writes one a try to descriptor 1, in the order of the list, and ends with 0. */
struct selftest_result {
	uint16_t number;  /* enum selftest_try */
	uint16_t outcome; /* enum selftest_outcome */
	int32_t error;	  /* errno, or 0 */
};

#define SELFTEST_WORD "--selftest" /* its only argument */
#define SELFTEST_JAILS_MAX 2u	   /* one for each image that plugins run in */

struct selftest_jail {
	uint32_t image; /* enum launch_image */
	uint32_t guarded;
	struct selftest_result result[SELFTEST_TRIES];
};
struct selftest_report {
	uint32_t jails;
	uint32_t through;  /* in all of them: those that had to be refused, and were not */
	uint32_t accepted; /* not refused for want of a guard, which is accepted */
	struct selftest_jail jail[SELFTEST_JAILS_MAX];
};

#endif
