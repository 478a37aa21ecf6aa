/* SPDX-License-Identifier: Apache-2.0 */
/* kernel.c - ways to the kernel's larger doors: calls that no plugin needs.
 * Owns: the table.  Must not know: which layers stand in the way. */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/mempolicy.h>
#include <linux/perf_event.h>
#include <linux/quota.h>
#include <linux/reboot.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define CALL(name, expression)            \
	static long name(void)            \
	{                                 \
		return expression;        \
	}

/* ---- programs for the kernel ---- */

static long bpf_map(void)
{
	union bpf_attr a = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
	};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &a, sizeof(a));
}

static long bpf_program(void)
{
	static const struct bpf_insn code[] = { { .code = 0xb7 }, { .code = 0x95 } };
	union bpf_attr a = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
			     .insns = (uint64_t)(uintptr_t)code,
			     .insn_cnt = 2,
			     .license = (uint64_t)(uintptr_t) "GPL" };

	return syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof(a));
}

static long bpf_next(void)
{
	union bpf_attr a = { 0 };

	return syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &a, sizeof(a)) < 0 && errno == ENOENT
		       ? 0
		       : (errno ? -1 : 0);
}

static long seccomp_listener(void)
{
	static struct sock_filter allow[] = { { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW } };
	struct sock_fprog p = { 1, allow };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &p);
}

static long perf(void)
{
	struct perf_event_attr a = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(a) };

	return syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);
}

static long uring(void)
{
	struct io_uring_params p = { 0 };

	return syscall(SYS_io_uring_setup, 4, &p);
}

static long uring_polling(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_SQPOLL };

	return syscall(SYS_io_uring_setup, 4, &p);
}

CALL(uring_register, syscall(SYS_io_uring_register, 0, 0, NULL, 0))
CALL(uring_enter, syscall(SYS_io_uring_enter, 0, 0, 0, 0, NULL, 0))
CALL(page_faults, syscall(SYS_userfaultfd, O_CLOEXEC))
CALL(watch_all, syscall(SYS_fanotify_init, 0, O_RDONLY))
CALL(watch_mark, syscall(SYS_fanotify_mark, 0, 1, 2, AT_FDCWD, "/"))

static long native_aio(void)
{
	unsigned long context = 0;

	return syscall(SYS_io_setup, 8, &context);
}

/* ---- keys ---- */

CALL(keyring, syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1))
CALL(key_user, syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1))
CALL(add_key, syscall(SYS_add_key, "user", "escape", "x", 1, KEY_SPEC_PROCESS_KEYRING))

static long request_key(void)
{
	if (syscall(SYS_add_key, "user", "escape", "x", 1, KEY_SPEC_PROCESS_KEYRING) < 0)
		return syscall(SYS_request_key, "user", "escape", NULL, 0);
	return syscall(SYS_request_key, "user", "escape", NULL, KEY_SPEC_PROCESS_KEYRING);
}

/* ---- memory of other nodes, and of nobody ---- */

static long bind_memory(void)
{
	unsigned long node = 1;
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : syscall(SYS_mbind, p, 4096, MPOL_BIND, &node, 64, 0);
}

static long memory_policy(void)
{
	unsigned long node = 1;

	return syscall(SYS_set_mempolicy, MPOL_BIND, &node, 64);
}

static long migrate(void)
{
	unsigned long node = 1;

	return syscall(SYS_migrate_pages, 0, 64, &node, &node);
}

CALL(move_pages, syscall(SYS_move_pages, 0, 0, NULL, NULL, NULL, 0))
CALL(secret_memory, syscall(447 /* memfd_secret */, 0))

/* ---- clocks ---- */

static long set_clock(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return syscall(SYS_clock_settime, CLOCK_REALTIME, &now);
}

static long set_day(void)
{
	struct timeval now;

	(void)gettimeofday(&now, NULL);
	return syscall(SYS_settimeofday, &now, NULL);
}

static long adjust(void)
{
	struct timex t = { .modes = ADJ_STATUS };

	return syscall(SYS_adjtimex, &t);
}

static long adjust_clock(void)
{
	struct timex t = { .modes = ADJ_STATUS };

	return syscall(SYS_clock_adjtime, CLOCK_REALTIME, &t);
}

/* ---- the machine ---- */

static long kernel_log(void)
{
	char text[64];

	return syscall(SYS_syslog, 3, text, sizeof(text));
}

static long quota(void)
{
	int version = 0;

	return syscall(SYS_quotactl, QCMD(Q_GETFMT, PRJQUOTA), "/dev/vda", 0, &version);
}

static long quota_descriptor(void)
{
	int version = 0, fd = open("/data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -1
		      : syscall(443 /* quotactl_fd */, fd, QCMD(Q_GETFMT, PRJQUOTA), 0, &version);
}

CALL(module, syscall(SYS_init_module, "", 0, ""))
CALL(module_file, syscall(SYS_finit_module, 0, "", 0))
CALL(module_out, syscall(SYS_delete_module, "overlay", O_NONBLOCK))
CALL(kexec, syscall(SYS_kexec_load, 0, 0, NULL, 0))
CALL(kexec_file, syscall(SYS_kexec_file_load, -1, -1, 0, "", 4 /* no initrd */))
CALL(reboot_switch,
     syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_CAD_OFF, NULL))
CALL(swap_on, syscall(SYS_swapon, "/data/swap", 0))
CALL(swap_off, syscall(SYS_swapoff, "/data/swap"))
CALL(accounting, syscall(SYS_acct, NULL))
CALL(profile_cookie, syscall(212 /* lookup_dcookie */, 0ull, NULL, 0))
CALL(hang_up, syscall(SYS_vhangup))
CALL(io_level, syscall(SYS_iopl, 3))
CALL(io_ports, syscall(SYS_ioperm, 0x80, 1, 1))
CALL(host_name, sethostname("kennel-vm", 9))
CALL(domain_name, syscall(SYS_setdomainname, "(none)", 6))

static long segments(void)
{
	struct {
		unsigned int entry, base, limit, flags;
	} d = { 0, 0, 0xfffff, 0x51 };

	return syscall(SYS_modify_ldt, 1, &d, sizeof(d));
}

CALL(persona, syscall(SYS_personality, 0x0040000 /* no randomizing */))

static long splice_note(void)
{
	int pair[2], fd = open(OWN_MANIFEST, O_RDONLY | O_CLOEXEC);
	long long at = 0;

	return fd < 0 || pipe(pair) < 0 ? -1 : syscall(SYS_splice, fd, &at, pair[1], NULL, 1, 0);
}

static long map_into_pipe(void)
{
	static char text[4096];
	struct {
		void *p;
		size_t n;
	} v = { text, sizeof(text) };
	int pair[2];

	return pipe(pair) < 0 ? -1 : syscall(SYS_vmsplice, pair[1], &v, 1, 1 /* SPLICE_F_GIFT */);
}

/* ---- another architecture's calls ---- */

static long call_i386(void)
{
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20L /* getpid */) : "memory");
	errno = r < 0 ? (int)-r : 0;
	return r;
}

CALL(call_x32, syscall(0x40000000 | 39 /* getpid */))

static const struct attempt list[] = {
	{ "a map of BPF", "ebpf:bpf seccomp:bpf", bpf_map, NULL },
	{ "a program of BPF", "ebpf:bpf seccomp:bpf", bpf_program, NULL },
	{ "the list of BPF programs", "ebpf:bpf seccomp:bpf", bpf_next, NULL },
	{ "to answer for system calls", "seccomp:seccomp", seccomp_listener, NULL },
	{ "a performance counter", "ebpf:perf_event_open seccomp:perf_event_open", perf, NULL },
	{ "an io_uring", "seccomp:io_uring_setup", uring, NULL },
	{ "an io_uring with a thread of the kernel", "ebpf:uring_sqpoll seccomp:io_uring_setup",
	  uring_polling, NULL },
	{ "to register with an io_uring", "ebpf:uring_override_creds seccomp:io_uring_register",
	  uring_register, "it needs a ring, which cannot be had" },
	{ "to enter an io_uring", "ebpf:uring_cmd seccomp:io_uring_enter", uring_enter,
	  "it needs a ring, which cannot be had" },
	{ "to answer page faults", "seccomp:userfaultfd", page_faults, NULL },
	{ "to watch a file system", "seccomp:fanotify_init", watch_all, NULL },
	{ "to mark a file system", "seccomp:fanotify_mark", watch_mark,
	  "it needs the descriptor of fanotify_init" },
	{ "requests that run by themselves", "seccomp:io_setup", native_aio, NULL },
	{ "the session's keys", "seccomp:keyctl runners:21", keyring, NULL },
	{ "the user's keys", "seccomp:keyctl runners:25", key_user, NULL },
	{ "a new key", "ebpf:key_alloc seccomp:add_key", add_key, NULL },
	{ "somebody's key", "seccomp:request_key", request_key, NULL },
	{ "memory of one node", "seccomp:mbind", bind_memory, NULL },
	{ "a policy for memory", "seccomp:set_mempolicy", memory_policy, NULL },
	{ "to move pages between nodes", "seccomp:migrate_pages", migrate, NULL },
	{ "to move single pages", "seccomp:move_pages", move_pages, NULL },
	{ "memory that the kernel cannot see", "seccomp:memfd_secret", secret_memory,
	  "it is switched off in this kernel" },
	{ "to set the clock", "ebpf:settime seccomp:clock_settime", set_clock, NULL },
	{ "to set the day", "ebpf:settime seccomp:settimeofday", set_day, NULL },
	{ "to adjust the clock", "seccomp:adjtimex", adjust, NULL },
	{ "to adjust one clock", "seccomp:clock_adjtime", adjust_clock, NULL },
	{ "the kernel's log", "ebpf:syslog seccomp:syslog", kernel_log, NULL },
	{ "the quota of a disk", "seccomp:quotactl", quota, NULL },
	{ "the quota of our disk", "seccomp:quotactl_fd", quota_descriptor,
	  "the folder lies on no disk there" },
	{ "a module", "ebpf:kernel_module_request seccomp:init_module", module, ENDS_MACHINE },
	{ "a module from a file", "seccomp:finit_module", module_file, ENDS_MACHINE },
	{ "to take a module out", "seccomp:delete_module", module_out, ENDS_MACHINE },
	{ "another kernel", "seccomp:kexec_load", kexec, NULL },
	{ "another kernel from a file", "seccomp:kexec_file_load", kexec_file, ENDS_MACHINE },
	{ "the switch for reboots", "seccomp:reboot", reboot_switch, NULL },
	{ "to swap to a file of ours", "seccomp:swapon", swap_on, ENDS_MACHINE },
	{ "to end swapping", "seccomp:swapoff", swap_off, ENDS_MACHINE },
	{ "to end accounting", "seccomp:acct", accounting, NULL },
	{ "a cookie of the profiler", "seccomp:lookup_dcookie", profile_cookie,
	  "it needs a profiler at work" },
	{ "to hang the terminal up", "seccomp:vhangup", hang_up, NULL },
	{ "all ports", "seccomp:iopl", io_level, NULL },
	{ "one port", "seccomp:ioperm", io_ports, NULL },
	{ "segments of our own", "seccomp:modify_ldt", segments, NULL },
	{ "another personality", "seccomp:personality", persona, NULL },
	{ "another name for the host", "runners:6", host_name, NULL },
	{ "another domain for the host", "runners:6", domain_name, NULL },
	{ "to splice a file of the bundle", "seccomp:splice", splice_note, NULL },
	{ "to give pages to a pipe", "seccomp:vmsplice", map_into_pipe, NULL },
	{ "a call of the 32-bit kind", "runners:9", call_i386, NULL },
	{ "a call of the x32 kind", "runners:9", call_x32, "this kernel has no x32" },
};
FAMILY(kernel);
