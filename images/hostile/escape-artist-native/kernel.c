/* SPDX-License-Identifier: Apache-2.0 */
/* kernel.c - tries to get at the kernel's larger doors: namespaces, mounts, other processes,
 * devices of the network, clocks, programs for the kernel. Owns: those tries.  Must not know: how
 * they are refused. */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/reboot.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SOCKET_TRY(name, family, type, protocol)         \
	static long name(void)                           \
	{                                                \
		return socket(family, type, protocol);   \
	}

SOCKET_TRY(socket_inet, AF_INET, SOCK_STREAM, 0)
SOCKET_TRY(socket_inet6, AF_INET6, SOCK_DGRAM, 0)
SOCKET_TRY(socket_raw, AF_INET, SOCK_RAW, 1)
SOCKET_TRY(socket_netlink, AF_NETLINK, SOCK_RAW, 0)
SOCKET_TRY(socket_packet, AF_PACKET, SOCK_RAW, 0)
SOCKET_TRY(socket_alg, AF_ALG, SOCK_SEQPACKET, 0)
SOCKET_TRY(socket_vsock, AF_VSOCK, SOCK_STREAM, 0)

static long try_mount(void)
{
	return mount("none", "/tmp", "tmpfs", 0, NULL);
}

static long try_remount(void)
{
	return mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL);
}

static long try_umount(void)
{
	return umount2("/proc", MNT_DETACH);
}

static long try_open_tree(void)
{
	return syscall(SYS_open_tree, AT_FDCWD, "/", 1 /* OPEN_TREE_CLONE */);
}

static long try_fsopen(void)
{
	return syscall(SYS_fsopen, "proc", 0);
}

static long try_pivot_root(void)
{
	return syscall(SYS_pivot_root, "/tmp", "/tmp");
}

static long try_chroot(void)
{
	return chroot("/tmp");
}

static long try_unshare_user(void)
{
	return unshare(CLONE_NEWUSER);
}

static long try_unshare_net(void)
{
	return unshare(CLONE_NEWNET);
}

static long try_clone_user(void)
{
	return syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
}

static long try_setns(void)
{
	int fd = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : setns(fd, 0);
}

static long try_ptrace_init(void)
{
	return ptrace(PTRACE_ATTACH, 1, NULL, NULL);
}

static long try_ptrace_parent(void)
{
	return ptrace(PTRACE_SEIZE, getppid(), NULL, NULL);
}

static long try_vm_read(void)
{
	char here[16];
	struct iovec to = { here, sizeof(here) }, from = { (void *)0x400000, sizeof(here) };

	return process_vm_readv(1, &to, 1, &from, 1, 0);
}

static long try_pidfd_getfd(void)
{
	long fd = syscall(SYS_pidfd_open, 1, 0);

	return fd < 0 ? -1 : syscall(SYS_pidfd_getfd, fd, 0, 0);
}

static long try_kcmp(void)
{
	return syscall(SYS_kcmp, 1, getpid(), 0, 0, 0);
}

static long try_io_uring(void)
{
	struct io_uring_params p = { 0 };

	return syscall(SYS_io_uring_setup, 4, &p);
}

static long try_bpf(void)
{
	union bpf_attr a = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
	};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &a, sizeof(a));
}

static long try_perf(void)
{
	struct perf_event_attr a = { .type = PERF_TYPE_SOFTWARE,
				     .size = sizeof(a),
				     .exclude_kernel = 1 };

	return syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);
}

static long try_keyctl(void)
{
	return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1);
}

static long try_add_key(void)
{
	return syscall(SYS_add_key, "user", "escape", "x", 1, KEY_SPEC_PROCESS_KEYRING);
}

static long try_userfaultfd(void)
{
	return syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* user mode only */);
}

static long try_fanotify(void)
{
	return syscall(SYS_fanotify_init, 0, O_RDONLY);
}

static long try_kill_init(void)
{
	if (kill(1, SIGKILL) < 0)
		return -1;
	(void)usleep(50000);
	errno = EPERM; /* we are still here: the kernel protects process 1 from its own namespace */
	return -1;
}

static long try_kill_all(void)
{
	return kill(-1, 0);
}

static long try_kill_host(void)
{
	for (pid_t pid = 2; pid < 4096; pid++)
		if (pid != getpid() && pid != getppid() && kill(pid, 0) == 0)
			return pid;
	errno = ESRCH;
	return -1;
}

static long try_setuid(void)
{
	return setuid(0);
}

static long try_setgroups(void)
{
	return syscall(SYS_setgroups, 0, NULL);
}

static long try_capset(void)
{
	struct {
		unsigned int version;
		int pid;
	} head = { 0x20080522, 0 };
	unsigned int data[6] = { ~0u, ~0u, 0, ~0u, ~0u, 0 };

	return syscall(SYS_capset, &head, data);
}

static long try_personality(void)
{
	return personality(READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE);
}

static long try_kexec(void)
{
	return syscall(SYS_kexec_load, 0, 0, NULL, 0);
}

static long try_init_module(void)
{
	return syscall(SYS_init_module, "", 0, "");
}

static long try_reboot(void)
{
	return syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		       LINUX_REBOOT_CMD_CAD_OFF, NULL);
}

static long try_settime(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return clock_settime(CLOCK_REALTIME, &now);
}

static long try_hostname(void)
{
	return sethostname("escaped", 7);
}

static long try_fifo(void)
{
	struct sched_param p = { .sched_priority = 1 };

	return sched_setscheduler(0, SCHED_FIFO, &p);
}

static long try_nice(void)
{
	return setpriority(PRIO_PROCESS, 0, -20);
}

static long try_prlimit(void)
{
	struct rlimit l = { 1, 1 };

	return syscall(SYS_prlimit64, 1, RLIMIT_NOFILE, &l, NULL);
}

static long try_syslog(void)
{
	char text[16];

	return syscall(SYS_syslog, 3, text, sizeof(text));
}

static long try_tiocsti(void)
{
	return syscall(SYS_ioctl, 0, 0x5412 /* TIOCSTI */, "x");
}

static const struct attempt attempts[] = {
	{ "open an IPv4 socket", socket_inet },
	{ "open an IPv6 socket", socket_inet6 },
	{ "open a raw socket", socket_raw },
	{ "open a netlink socket", socket_netlink },
	{ "open a packet socket", socket_packet },
	{ "open a kernel crypto socket", socket_alg },
	{ "open a socket to the hypervisor", socket_vsock },
	{ "mount a file system", try_mount },
	{ "remount the root writable", try_remount },
	{ "unmount /proc", try_umount },
	{ "clone a mount", try_open_tree },
	{ "open a file system context", try_fsopen },
	{ "pivot the root", try_pivot_root },
	{ "change the root", try_chroot },
	{ "make a user namespace", try_unshare_user },
	{ "make a network namespace", try_unshare_net },
	{ "make a child in a user namespace", try_clone_user },
	{ "enter the namespace of process 1", try_setns },
	{ "trace process 1", try_ptrace_init },
	{ "trace our parent", try_ptrace_parent },
	{ "read the memory of process 1", try_vm_read },
	{ "take a descriptor of process 1", try_pidfd_getfd },
	{ "compare with process 1", try_kcmp },
	{ "set up io_uring", try_io_uring },
	{ "make a BPF map", try_bpf },
	{ "open a performance counter", try_perf },
	{ "reach a keyring", try_keyctl },
	{ "add a key", try_add_key },
	{ "handle page faults", try_userfaultfd },
	{ "watch a file system", try_fanotify },
	{ "kill process 1", try_kill_init },
	{ "signal somebody of the host", try_kill_host },
	{ "become root", try_setuid },
	{ "drop our groups", try_setgroups },
	{ "take all capabilities", try_capset },
	{ "make readable memory executable", try_personality },
	{ "load a kernel", try_kexec },
	{ "load a module", try_init_module },
	{ "reach the reboot switch", try_reboot },
	{ "set the clock", try_settime },
	{ "set the host's name", try_hostname },
	{ "run before everybody (FIFO)", try_fifo },
	{ "run before everybody (nice)", try_nice },
	{ "limit process 1", try_prlimit },
	{ "read the kernel's log", try_syslog },
	{ "type into the terminal", try_tiocsti },
};

void attempt_kernel(json_t *report)
{
	static const struct attempt everybody = { "signal everybody", try_kill_all };

	attempt_here(report, &everybody); /* from the only process beside process 1: nobody is left
					     to be reached */
	attempt_all(report, attempts, sizeof(attempts) / sizeof(attempts[0]));
}
