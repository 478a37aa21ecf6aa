/* SPDX-License-Identifier: Apache-2.0 */
/* attacks_host.c - ways out that are no file: mounts, sockets, other processes, the kernel itself.
 * Owns: the table host_attacks.  Must not know: how it is run. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int kept = -1;
static char known[] = "known place";

/* ---- mounts: in a mount namespace of one's own, so that the control harms nobody ---- */
static int own_mounts(void)
{
	return unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0;
}
static int own_mounts_tree(void)
{
	kept = own_mounts() ? -1 : open_tree(AT_FDCWD, "secret", OPEN_TREE_CLONE);
	return kept < 0;
}
static int own_mounts_tmpfs(void)
{
	return own_mounts() || mount("x", "rw/d", "tmpfs", 0, NULL) < 0;
}
static int own_mounts_context(void)
{
	kept = own_mounts_tmpfs() ? -1 : fspick(AT_FDCWD, "rw/d", 0);
	return kept < 0;
}
static int mount_tmpfs(void)
{
	return failed(mount("x", "rw/d", "tmpfs", 0, NULL));
}
static int mount_bind(void)
{
	return failed(mount("secret", "rw/d", NULL, MS_BIND, NULL));
}
static int move_tree(void)
{
	return failed(move_mount(kept, "", AT_FDCWD, "rw/d", MOVE_MOUNT_F_EMPTY_PATH));
}
static int umount_dir(void)
{
	return failed(umount2("rw/d", MNT_DETACH));
}
static int remount_flags(void)
{
	return failed(mount(NULL, "rw/d", NULL, MS_REMOUNT | MS_BIND, NULL));
}
static int reconfigure(void)
{
	return failed(fsconfig(kept, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0));
}
static int pivot(void)
{
	return failed(syscall(SYS_pivot_root, "rw/d", "rw/d/old"));
}
static int own_mounts_root(void)
{
	return own_mounts_tmpfs() || mkdirat(AT_FDCWD, "rw/d/old", 0755) < 0;
}
static int change_root(void)
{
	return failed(chroot("secret"));
}

/* ---- sockets ---- */
static int reach(const char *name, int type, bool abstract)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);

	(void)snprintf(a.sun_path + abstract, sizeof(a.sun_path) - 1, "%s", name);
	return failed(connect(fd, (struct sockaddr *)&a, sizeof(a)));
}
static int connect_secret(void)
{
	return reach("secret/stream", SOCK_STREAM, false);
}
static int connect_abstract(void)
{
	return reach("kennel-test", SOCK_STREAM, true);
}
static int send_secret(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "secret/dgram" };

	return failed(sendto(socket(AF_UNIX, SOCK_DGRAM, 0), "x", 1, 0, (struct sockaddr *)&a,
			     sizeof(a)));
}
static int connect_dgram(void)
{
	return reach("secret/dgram", SOCK_DGRAM, false);
}
static int socket_inet(void)
{
	return failed(socket(AF_INET, SOCK_STREAM, 0));
}
static int socket_inet6(void)
{
	return failed(socket(AF_INET6, SOCK_DGRAM, 0));
}
static int socket_netlink(void)
{
	return failed(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
}
static int socket_packet(void)
{
	return failed(socket(AF_PACKET, SOCK_RAW, 0));
}

/* ---- other processes ---- */
static int attach_victim(void)
{
	return failed(ptrace(PTRACE_SEIZE, victim, 0, 0));
}
static int be_traced(void)
{
	return failed(ptrace(PTRACE_TRACEME, 0, 0, 0));
}
static int read_victim(void)
{
	char here[sizeof(known)];
	struct iovec local = { here, sizeof(here) }, remote = { known, sizeof(known) };

	return failed(process_vm_readv(victim, &local, 1, &remote, 1, 0));
}
static int write_victim(void)
{
	char here[sizeof(known)] = "known place";
	struct iovec local = { here, sizeof(here) }, remote = { known, sizeof(known) };

	return failed(process_vm_writev(victim, &local, 1, &remote, 1, 0));
}
static int signal_victim(void)
{
	return failed(kill(victim, SIGCONT));
}
static int probe_victim(void)
{
	return failed(kill(victim, 0));
}
static int signal_thread(void)
{
	return failed(syscall(SYS_tgkill, victim, victim, SIGCONT));
}
static int signal_pidfd(void)
{
	return failed(syscall(SYS_pidfd_send_signal, syscall(SYS_pidfd_open, victim, 0), SIGCONT,
			      NULL, 0));
}
static int queue_signal(void)
{
	return failed(sigqueue(victim, SIGCONT, (union sigval){ 0 }));
}
static int real_time(void)
{
	struct sched_param p = { .sched_priority = 1 };

	return failed(sched_setscheduler(0, SCHED_FIFO, &p));
}
static int schedule_victim(void)
{
	struct sched_param p = { 0 };

	return failed(sched_setscheduler(victim, SCHED_IDLE, &p));
}
static int limits_of_victim(void)
{
	struct rlimit l;

	return failed(prlimit(victim, RLIMIT_NOFILE, NULL, &l));
}

/* ---- the kernel ---- */
static int make_map(void)
{
	union bpf_attr a = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1
	};

	return failed(syscall(SYS_bpf, BPF_MAP_CREATE, &a, sizeof(a)));
}
static int open_our_map(void)
{
	union bpf_attr a = { 0 };

	a.pathname = (uintptr_t)PINS "/guard/maps/policies";
	return failed(syscall(SYS_bpf, BPF_OBJ_GET, &a, sizeof(a)));
}
static int measure(void)
{
	struct perf_event_attr a = { .type = PERF_TYPE_SOFTWARE,
				     .size = sizeof(a),
				     .config = PERF_COUNT_SW_CPU_CLOCK };

	return failed(syscall(SYS_perf_event_open, &a, 0, -1, -1, 0));
}
static int user_namespace(void)
{
	return failed(unshare(CLONE_NEWUSER));
}
static int uring(void)
{
	struct io_uring_params p = { 0 };

	return failed(syscall(SYS_io_uring_setup, 4, &p));
}
static int page_faults(void)
{
	return failed(syscall(SYS_userfaultfd, 0));
}
static int make_key(void)
{
	return failed(
		syscall(SYS_add_key, "user", "kennel-test", "x", 1, -2 /* process keyring */));
}
static int set_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return failed(clock_settime(CLOCK_REALTIME, &t));
}
static int read_kernel_log(void)
{
	static char text[64];

	return failed(syscall(SYS_syslog, 3, text, sizeof(text)));
}

const struct attack host_attacks[] = {
	{ "mount a tmpfs", HOOK_MOUNT, EPERM, 1, own_mounts, mount_tmpfs, 0, 0 },
	{ "bind an unlabelled folder", HOOK_MOUNT, EPERM, 1, own_mounts, mount_bind, 0, 0 },
	{ "move a detached mount", HOOK_MOVE_MOUNT, EPERM, 1, own_mounts_tree, move_tree, 0, 0 },
	{ "unmount", HOOK_UMOUNT, EPERM, 1, own_mounts_tmpfs, umount_dir, 0, 0 },
	{ "change flags of a mount", HOOK_MOUNT, EPERM, 1, own_mounts_tmpfs, remount_flags, 0, 0 },
	{ "reconfigure a superblock", HOOK_REMOUNT, EPERM, 1, own_mounts_context, reconfigure, 0,
	  0 },
	{ "pivot_root", HOOK_PIVOT, EPERM, 1, own_mounts_root, pivot, 0, 0 },
	{ "chroot", HOOK_CHROOT, EPERM, 1, NULL, change_root, 0, 0 },
	{ "connect to a socket of the host", HOOK_UNIX_CONNECT, EACCES, 1, NULL, connect_secret, 0,
	  0 },
	{ "connect to an abstract socket of the host", HOOK_UNIX_CONNECT, EPERM, 1, NULL,
	  connect_abstract, 0, 0 },
	{ "send to a datagram socket of the host", HOOK_UNIX_SEND, EACCES, 1, NULL, send_secret, 0,
	  0 },
	{ "connect a datagram socket to the host", HOOK_UNIX_SEND, EACCES, 1, NULL, connect_dgram,
	  0, 0 },
	{ "make an IPv4 socket", HOOK_SOCKET, EPERM, 1, NULL, socket_inet, 0, 0 },
	{ "make an IPv6 socket", HOOK_SOCKET, EPERM, 1, NULL, socket_inet6, 0, 0 },
	{ "make a netlink socket", HOOK_SOCKET, EPERM, 1, NULL, socket_netlink, 0, 0 },
	{ "make a packet socket", HOOK_SOCKET, EPERM, 1, NULL, socket_packet, 0, 0 },
	{ "trace a process outside", HOOK_PTRACE, EPERM, 1, NULL, attach_victim, 0, 0 },
	{ "be traced by a process outside", HOOK_PTRACE, EPERM, 1, NULL, be_traced, 0, 0 },
	{ "read memory of a process outside", HOOK_PTRACE, EPERM, 1, NULL, read_victim, 0, 0 },
	{ "write memory of a process outside", HOOK_PTRACE, EPERM, 1, NULL, write_victim, 0, 0 },
	{ "signal a process outside", HOOK_SIGNAL, EPERM, 1, NULL, signal_victim, 0, 0 },
	{ "ask whether a process outside exists", HOOK_SIGNAL, EPERM, 1, NULL, probe_victim, 0, 0 },
	{ "signal a thread outside", HOOK_SIGNAL, EPERM, 1, NULL, signal_thread, 0, 0 },
	{ "signal through a pidfd", HOOK_SIGNAL, EPERM, 1, NULL, signal_pidfd, 0, 0 },
	{ "queue a signal", HOOK_SIGNAL, EPERM, 1, NULL, queue_signal, 0, 0 },
	{ "become real-time", HOOK_SCHED, EPERM, 1, NULL, real_time, 0, 0 },
	{ "schedule a process outside", HOOK_SCHED, EPERM, 1, NULL, schedule_victim, 0, 0 },
	{ "read limits of a process outside", HOOK_PRLIMIT, EPERM, 1, NULL, limits_of_victim, 0,
	  0 },
	{ "make a BPF map", HOOK_BPF, EPERM, 1, NULL, make_map, 0, 0 },
	{ "open the guard's own map", HOOK_BPF, EPERM, 1, NULL, open_our_map, 0, 0 },
	{ "open a performance counter", HOOK_PERF, EPERM, 1, NULL, measure, 0, 0 },
	{ "make a user namespace", HOOK_USERNS, EPERM, 1, NULL, user_namespace, 0, 0 },
	{ "set up io_uring", HOOK_ANON_INODE, EPERM, 1, NULL, uring, 0, 0 },
	{ "handle page faults in user space", HOOK_ANON_INODE, EPERM, 1, NULL, page_faults, 0, 0 },
	{ "make a key", HOOK_KEY, EPERM, 1, NULL, make_key, 0, 0 },
	{ "set the clock", HOOK_SETTIME, EPERM, 1, NULL, set_clock, 0, 0 },
	{ "read the kernel's log", HOOK_SYSLOG, EPERM, 1, NULL, read_kernel_log, 0, 0 },
};
const size_t host_attacks_count = sizeof(host_attacks) / sizeof(host_attacks[0]);
