/* SPDX-License-Identifier: Apache-2.0 */
/* tries.c - a plain call each, with arguments that do no harm where it is not refused: then the
 * kernel answers something else than a refusal, and that counts as through. */
#include "init/tries.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/quota.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "init/sys.h"
#include "proto/selftest.h"

enum {
	FORKS_MAX = 256, /* far beyond the tasks a self-test's jail may have */
	TMP_BYTES_MAX = 64 << 20,
	TMP_FILES_MAX = 4096,
	BLOCK_BYTES = 65536,
	X32_BIT = 0x40000000,
	I386_GETPID = 20,
	DEV_MEM = 1 << 8 | 1, /* major 1, minor 1 */
};
#define WRITTEN "/tmp/written"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- one system call ---- */

struct call {
	long number;
	long a[5];
};
#define TEXT(s) ((long)(intptr_t)(s))

static const struct rlimit more_files = { 1 << 20, 1 << 20 };
static const struct sched_param highest = { 99 };
static const uint32_t all_caps[2][3] = { { ~0u, ~0u, ~0u }, { ~0u, ~0u, ~0u } };
static const uint32_t caps_head[2] = { 0x20080522, 0 };
static const gid_t group_0 = 0;

static bool get_call(unsigned int number, struct call *ret)
{
	const struct call calls[SELFTEST_TRIES] = {
		[TRY_CANARY] = { SYS_openat, { AT_FDCWD, TEXT("/canary"), O_RDONLY } },
		[TRY_WRITE_INIT] = { SYS_openat, { AT_FDCWD, TEXT("/init"), O_WRONLY } },
		[TRY_MAKE_IN_ROOT] = { SYS_openat,
				       { AT_FDCWD, TEXT("/made"), O_WRONLY | O_CREAT, 0600 } },
		[TRY_CHMOD_ROOT] = { SYS_fchmodat, { AT_FDCWD, TEXT("/"), 0755 } },
		[TRY_PASSWD] = { SYS_openat, { AT_FDCWD, TEXT("/etc/passwd"), O_RDONLY } },
		[TRY_PROC_SYS] = { SYS_openat,
				   { AT_FDCWD, TEXT("/proc/sys/kernel/core_pattern"), O_RDONLY } },
		[TRY_PROC_KCORE] = { SYS_openat, { AT_FDCWD, TEXT("/proc/kcore"), O_RDONLY } },
		[TRY_SYSFS] = { SYS_openat, { AT_FDCWD, TEXT("/sys/kernel"), O_RDONLY } },
		[TRY_CGROUPFS] = { SYS_openat, { AT_FDCWD, TEXT("/sys/fs/cgroup"), O_RDONLY } },
		[TRY_DEV_MEM] = { SYS_openat, { AT_FDCWD, TEXT("/dev/mem"), O_RDONLY } },
		[TRY_DOTDOT] = { SYS_openat,
				 { AT_FDCWD, TEXT("/../../../../etc/hostname"), O_RDONLY } },
		[TRY_MKNOD] = { SYS_mknodat,
				{ AT_FDCWD, TEXT("/tmp/mem"), S_IFCHR | 0600, DEV_MEM } },
		[TRY_RLIMIT] = { SYS_prlimit64, { 0, RLIMIT_NOFILE, TEXT(&more_files), 0 } },
		[TRY_NICE] = { SYS_setpriority, { PRIO_PROCESS, 0, -20 } },
		[TRY_REALTIME] = { SYS_sched_setscheduler, { 0, SCHED_FIFO, TEXT(&highest) } },
		[TRY_SETUID] = { SYS_setresuid, { 0, 0, 0 } },
		[TRY_SETGID] = { SYS_setresgid, { 0, 0, 0 } },
		[TRY_SETGROUPS] = { SYS_setgroups, { 1, TEXT(&group_0) } },
		[TRY_CAPSET] = { SYS_capset, { TEXT(caps_head), TEXT(all_caps) } },
		[TRY_USERNS] = { SYS_unshare, { CLONE_NEWUSER } },
		[TRY_CLONE3] = { SYS_clone3, { 0, 0 } },
		[TRY_SETNS] = { SYS_setns, { -1, 0 } },
		[TRY_MOUNT] = { SYS_mount, { TEXT("none"), TEXT("/tmp"), TEXT("tmpfs"), 0, 0 } },
		[TRY_UMOUNT] = { SYS_umount2, { TEXT("/tmp"), 0 } },
		[TRY_PIVOT] = { SYS_pivot_root, { TEXT("/tmp"), TEXT("/tmp") } },
		[TRY_CHROOT] = { SYS_chroot, { TEXT("/tmp") } },
		[TRY_OPEN_TREE] = { SYS_open_tree, { AT_FDCWD, TEXT("/tmp"), 1 } },
		[TRY_FSOPEN] = { SYS_fsopen, { TEXT("tmpfs"), 0 } },
		[TRY_SOCKET_INET] = { SYS_socket, { AF_INET, SOCK_STREAM, 0 } },
		[TRY_SOCKET_NETLINK] = { SYS_socket, { AF_NETLINK, SOCK_RAW, 0 } },
		[TRY_SOCKET_PACKET] = { SYS_socket, { AF_PACKET, SOCK_RAW, 0 } },
		[TRY_SOCKET_VSOCK] = { SYS_socket, { AF_VSOCK, SOCK_STREAM, 0 } },
		[TRY_SOCKET_ALG] = { SYS_socket, { AF_ALG, SOCK_SEQPACKET, 0 } },
		[TRY_BPF] = { SYS_bpf, { 0, 0, 0 } },
		[TRY_PERF] = { SYS_perf_event_open, { 0, 0, -1, -1, 0 } },
		[TRY_URING] = { SYS_io_uring_setup, { 1, 0 } },
		[TRY_USERFAULT] = { SYS_userfaultfd, { 0 } },
		[TRY_KEYCTL] = { SYS_keyctl, { KEYCTL_GET_KEYRING_ID, -3, 0 } },
		[TRY_PTRACE] = { SYS_ptrace, { 0, 0, 0, 0 } },
		[TRY_VM_WRITEV] = { SYS_process_vm_writev, { 1, 0, 0, 0, 0 } },
		[TRY_PIDFD_GETFD] = { SYS_pidfd_getfd, { -1, 0, 0 } },
		[TRY_HANDLE] = { SYS_open_by_handle_at, { AT_FDCWD, 0, 0 } },
		[TRY_FANOTIFY] = { SYS_fanotify_init, { 0, 0 } },
		[TRY_MODULE] = { SYS_finit_module, { -1, TEXT(""), 0 } },
		[TRY_KEXEC] = { SYS_kexec_load, { 0, 0, 0, 0 } },
		[TRY_REBOOT] = { SYS_reboot, { 0, 0, 0, 0 } },
		[TRY_SWAP] = { SYS_swapon, { TEXT("/tmp"), 0 } },
		[TRY_SYSLOG] = { SYS_syslog, { 10, 0, 0 } },
		[TRY_SETTIME] = { SYS_clock_settime, { 0, 0 } },
		[TRY_QUOTA] = { SYS_quotactl, { QCMD(Q_SYNC, PRJQUOTA), TEXT("/tmp"), 0, 0 } },
		[TRY_IOPL] = { SYS_iopl, { 3 } },
		[TRY_LDT] = { SYS_modify_ldt, { 0, 0, 0 } },
		[TRY_PERSONALITY] = { SYS_personality, { 0xffffffff } },
		[TRY_MEMFD] = { SYS_memfd_create, { TEXT("x"), 0 } },
		[TRY_SECCOMP] = { SYS_seccomp, { 1, 8, 0 } },
	};

	*ret = calls[number];
	return ret->number != 0; /* read, which is allowed and not among them */
}

/* The errno value, 0 when it went through. */
static int error_of(long r)
{
	return r < 0 ? (int)-r : 0;
}

static int do_call(const struct call *c)
{
	return error_of(sys(c->number, c->a[0], c->a[1], c->a[2], c->a[3], c->a[4]));
}

/* ---- more than one call ---- */

/* Garbage: where it may be executed, the kernel says so by another error than a refusal. */
static long written_file(void)
{
	long fd = sys(SYS_openat, AT_FDCWD, WRITTEN, O_RDWR | O_CREAT | O_CLOEXEC, 0700);
	long n = fd < 0 ? 0 : sys(SYS_write, fd, "#", 1);

	if (n < 0)
		(void)sys(SYS_close, fd);
	return n < 0 ? n : fd;
}

static int try_exec(void)
{
	static const char *const argv[] = { WRITTEN, NULL };
	static const char *const envp[] = { NULL };
	long fd = written_file();

	if (fd < 0)
		return error_of(fd);
	(void)sys(SYS_close, fd);
	return error_of(sys(SYS_execve, WRITTEN, argv, envp));
}

static int try_map_file(void)
{
	long fd = written_file(), r;

	if (fd < 0)
		return error_of(fd);
	r = sys(SYS_mmap, 0, BLOCK_BYTES, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	(void)sys(SYS_close, fd);
	return error_of(r);
}

static int map(int protection)
{
	return error_of(
		sys(SYS_mmap, 0, BLOCK_BYTES, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static int try_map_wx(void)
{
	return map(PROT_READ | PROT_WRITE | PROT_EXEC);
}

static int try_map_x(void)
{
	return map(PROT_READ | PROT_EXEC);
}

static int try_protect(void)
{
	static char page[2 * 4096] __attribute__((aligned(4096)));

	return error_of(sys(SYS_mprotect, page, 4096, PROT_READ | PROT_EXEC));
}

static int try_bytes(void)
{
	static const char block[BLOCK_BYTES];
	long fd = written_file();
	int r = 0;

	if (fd < 0)
		return error_of(fd);
	for (long n = 0; n < TMP_BYTES_MAX && r == 0; n += BLOCK_BYTES) {
		long w = sys(SYS_write, fd, block, sizeof(block));

		if (w != (long)sizeof(block))
			r = w < 0 ? error_of(w) : ENOSPC;
	}
	(void)sys(SYS_close, fd);
	(void)sys(SYS_unlink, WRITTEN);
	return r;
}

static int try_files(void)
{
	char path[] = "/tmp/f0000";

	for (int n = 0; n < TMP_FILES_MAX; n++) {
		long fd;

		for (int digit = 0, left = n; digit < 4; digit++, left /= 10)
			path[sizeof(path) - 2 - (size_t)digit] = (char)('0' + left % 10);
		fd = sys(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			return error_of(fd);
		(void)sys(SYS_close, fd);
	}
	return 0;
}

static long fork_one(void)
{
	return sys(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void end_child(void)
{
	for (;;)
		(void)sys(SYS_exit_group, 0);
}

static void end_children(void)
{
	long r;

	(void)sys(SYS_kill, -1, SIGKILL);
	do
		r = sys(SYS_wait4, -1, 0, 0, 0);
	while (r > 0 || r == -EINTR);
}

static int try_forks(void)
{
	int r = 0;

	for (int n = 0; n < FORKS_MAX && r == 0; n++) {
		long pid = fork_one();

		if (pid == 0)
			for (;;)
				(void)sys(SYS_poll, 0, 0, -1);
		r = error_of(pid);
	}
	end_children();
	return r;
}

static int try_clone(void)
{
	long pid = sys(SYS_clone, CLONE_NEWPID | CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		end_child();
	return error_of(pid);
}

/* In a child, which the filter is to kill; or with_fault the processor, where the kernel has no
 * such entry (ia32_emulation=off). */
static int in_child(void (*run)(void), bool with_fault)
{
	long pid = fork_one();
	int status = 0;

	if (pid == 0) {
		run();
		end_child();
	}
	if (pid < 0 || sys(SYS_wait4, pid, &status, 0, 0) != pid)
		return EINVAL;
	if (!WIFSIGNALED(status))
		return 0;
	return WTERMSIG(status) == SIGSYS || (with_fault && WTERMSIG(status) == SIGSEGV) ? ENOSYS
											 : 0;
}

static void call_i386(void)
{
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"((long)I386_GETPID) : "memory");
	(void)r;
}

static void call_x32(void)
{
	(void)sys(X32_BIT | SYS_getpid);
}

static int try_i386(void)
{
	return in_child(call_i386, true);
}

static int try_x32(void)
{
	return in_child(call_x32, false);
}

/* ---- the table ---- */

static int (*const functions[SELFTEST_TRIES])(void) = {
	[TRY_EXEC_TMP] = try_exec,   [TRY_MAP_TMP] = try_map_file,  [TRY_MAP_WX] = try_map_wx,
	[TRY_MAP_X] = try_map_x,     [TRY_PROTECT_X] = try_protect, [TRY_TMP_BYTES] = try_bytes,
	[TRY_TMP_FILES] = try_files, [TRY_FORKS] = try_forks,	    [TRY_CLONE_NS] = try_clone,
	[TRY_I386] = try_i386,	     [TRY_X32] = try_x32,
};

/* What else than EPERM, EACCES, EROFS and ENOSYS says no. */
static bool is_refusal(unsigned int number, int error)
{
	static const struct {
		uint16_t first, last;
		int error[3];
	} more[] = {
		{ TRY_PASSWD, TRY_DOTDOT, { ENOENT, 0, 0 } }, /* there is no such thing */
		{ TRY_TMP_BYTES, TRY_TMP_FILES, { ENOSPC, EFBIG, EDQUOT } },
		{ TRY_FORKS, TRY_FORKS, { EAGAIN, 0, 0 } },
	};

	if (error == EPERM || error == EACCES || error == EROFS || error == ENOSYS)
		return true;
	for (size_t i = 0; i < COUNT(more); i++)
		for (size_t n = 0; n < COUNT(more[i].error); n++)
			if (number >= more[i].first && number <= more[i].last && error &&
			    error == more[i].error[n])
				return true;
	return false;
}

int tries_run(void)
{
	for (unsigned int n = 0; n < SELFTEST_TRIES; n++) {
		struct selftest_result r = { .number = (uint16_t)n };
		struct call c;

		if (get_call(n, &c))
			r.error = do_call(&c);
		else if (functions[n])
			r.error = functions[n]();
		else
			return 1;
		r.outcome = is_refusal(n, r.error) ? SELFTEST_REFUSED : SELFTEST_THROUGH;
		if (sys(SYS_write, 1, &r, sizeof(r)) != (long)sizeof(r))
			return 1;
	}
	return 0;
}
