/* SPDX-License-Identifier: Apache-2.0 */
/* task.c - ways at other tasks, and at rights of a task.
 * Owns: the table.  Must not know: which layers stand in the way. */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CALL(name, expression)            \
	static long name(void)            \
	{                                 \
		return expression;        \
	}
/* Leaves again at once: in a control run the child goes on living here. */
#define UNSHARE(name, flag) CALL(name, unshare(flag))

UNSHARE(new_user, CLONE_NEWUSER)
UNSHARE(new_mount, CLONE_NEWNS)
UNSHARE(new_net, CLONE_NEWNET)
UNSHARE(new_pid, CLONE_NEWPID)
UNSHARE(new_ipc, CLONE_NEWIPC)
UNSHARE(new_uts, CLONE_NEWUTS)
UNSHARE(new_cgroup, CLONE_NEWCGROUP)
UNSHARE(new_time, 0x00000080)

static long clone_with(unsigned long flags)
{
	long pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		(void)waitpid((pid_t)pid, NULL, 0);
	return pid;
}

CALL(clone_user, clone_with(CLONE_NEWUSER))
CALL(clone_mount, clone_with(CLONE_NEWNS))
CALL(clone_net_low_bits, clone_with(CLONE_NEWNET | 0x100000000ul * 7))

static long clone3_user(void)
{
	struct clone_args a = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &a, sizeof(a));

	if (pid == 0)
		_exit(0);
	return pid;
}

static long enter_namespace(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : setns(fd, 0);
}

CALL(enter_mount, enter_namespace("/proc/1/ns/mnt"))
CALL(enter_net, enter_namespace("/proc/1/ns/net"))
CALL(enter_uts, enter_namespace("/proc/1/ns/uts"))

static long enter_by_pidfd(void)
{
	int fd = (int)syscall(SYS_pidfd_open, 1, 0);

	return fd < 0 ? -1 : setns(fd, CLONE_NEWUTS | CLONE_NEWIPC);
}

CALL(trace_init, ptrace(PTRACE_SEIZE, 1, NULL, NULL))
CALL(trace_parent, ptrace(PTRACE_SEIZE, getppid(), NULL, NULL))
CALL(trace_me, ptrace(PTRACE_TRACEME, 0, NULL, NULL))

static long vm_read(void)
{
	static char here[16];
	struct iovec v = { here, sizeof(here) };

	return process_vm_readv(getppid(), &v, 1, &v, 1, 0);
}

static long vm_write(void)
{
	static char here[16];
	struct iovec v = { here, sizeof(here) };

	return process_vm_writev(getppid(), &v, 1, &v, 1, 0);
}

static long get_descriptor(void)
{
	int fd = (int)syscall(SYS_pidfd_open, 1, 0);

	for (int n = 0; fd >= 0 && n < 16; n++)
		if (syscall(SYS_pidfd_getfd, fd, n, 0) >= 0)
			return 0;
	return -1;
}

static long advise_other(void)
{
	static char here[4096] __attribute__((aligned(4096)));
	struct iovec v = { here, sizeof(here) };
	int fd = (int)syscall(SYS_pidfd_open, getppid(), 0);

	return fd < 0 ? -1 : syscall(SYS_process_madvise, fd, &v, 1, 20 /* MADV_COLD */, 0);
}

CALL(compare, syscall(SYS_kcmp, 1, 1, 0, 0, 0))

static long read_robust(void)
{
	void *head;
	size_t len;

	return syscall(SYS_get_robust_list, 1, &head, &len);
}

static long kill_init(void)
{
	(void)kill(1, SIGKILL);
	(void)usleep(50000);
	errno = EPERM; /* we are still here: the kernel keeps process 1 from its own namespace */
	return -1;
}

static long signal_others(void)
{
	for (pid_t pid = 2; pid < 4096; pid++)
		if (pid != getpid() && pid != getppid() && kill(pid, 0) == 0)
			return pid;
	errno = ESRCH;
	return -1;
}

static long queue_init(void)
{
	siginfo_t i = { .si_code = SI_QUEUE };

	return syscall(SYS_rt_sigqueueinfo, 1, 0, &i);
}

static long pidfd_signal(void)
{
	int fd = (int)syscall(SYS_pidfd_open, 1, 0);

	return fd < 0 ? -1 : syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0);
}

/* Signals by a descriptor's owner: F_SETOWN and F_SETSIG reach whom kill(2) may not. */
static long own_signal(void)
{
	int pair[2];

	if (pipe(pair) < 0 || fcntl(pair[0], F_SETOWN, 1) < 0 ||
	    fcntl(pair[0], F_SETSIG, SIGTERM) < 0)
		return -1;
	errno = EPERM;
	return -1;
}

static long real_time(void)
{
	struct sched_param p = { .sched_priority = 1 };

	return sched_setscheduler(0, SCHED_FIFO, &p);
}

static long deadline(void)
{
	struct {
		unsigned int size, policy;
		unsigned long long flags;
		int nice;
		unsigned int priority;
		unsigned long long runtime, deadline, period;
	} a = { .size = sizeof(a),
		.policy = 6,
		.runtime = 10000000,
		.deadline = 30000000,
		.period = 30000000 };

	return syscall(SYS_sched_setattr, 0, &a, 0);
}

CALL(nice_up, setpriority(PRIO_PROCESS, 0, -20))
CALL(io_first, syscall(SYS_ioprio_set, 1, 0, 1 << 13))
CALL(core_scheduling, prctl(62 /* PR_SCHED_CORE */, 1, 1, 0, 0))

static long limit_init(void)
{
	struct rlimit l = { 64, 64 };

	return syscall(SYS_prlimit64, getppid(), RLIMIT_NOFILE, &l, NULL);
}

static long more_files(void)
{
	struct rlimit l = { 1 << 20, 1 << 20 };

	return setrlimit(RLIMIT_NOFILE, &l);
}

static long core_file(void)
{
	struct rlimit l = { RLIM_INFINITY, RLIM_INFINITY };

	return setrlimit(RLIMIT_CORE, &l);
}

static long lock_memory(void)
{
	static char page[2 << 20];

	return mlock(page, sizeof(page));
}

CALL(root_user, setresuid(0, 0, 0))
CALL(other_user, setresuid(200002, 200002, 200002))
CALL(root_group, setresgid(0, 0, 0))
CALL(fs_user, (setfsuid(0), setfsuid((uid_t)-1) == 0 ? 0 : (errno = EPERM, -1)))

static long groups(void)
{
	gid_t g = 0;

	return setgroups(1, &g);
}

static long capabilities(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = { { ~0u, ~0u, 0 }, { 0x1ff, 0x1ff, 0 } };

	return syscall(SYS_capset, &h, d);
}

static long inherit_capability(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = { { 0 }, { 0 } };

	if (syscall(SYS_capget, &h, d) < 0)
		return -1;
	d[0].inheritable |= 1u << CAP_CHOWN;
	if (syscall(SYS_capset, &h, d) < 0)
		return -1;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0);
}

CALL(securebits, prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS, 0, 0, 0))
CALL(new_privileges, (prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0),
		      prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) ? (errno = EPERM, -1) : 0))
CALL(be_dumpable, prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
CALL(move_brk, prctl(PR_SET_MM, PR_SET_MM_BRK, 0, 0, 0))
CALL(trust_tracer, prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0))
CALL(subreaper, prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))

/* What stands here was there before us. */
static long environment(void)
{
	extern char **environ;

	if (environ && environ[0])
		return 0;
	errno = ENOENT;
	return -1;
}

static const struct attempt list[] = {
	{ "a user namespace", "ebpf:userns_create runners:3 seccomp:unshare", new_user, NULL },
	{ "a mount namespace", "seccomp:unshare", new_mount, NULL },
	{ "a network namespace", "seccomp:unshare", new_net, NULL },
	{ "a pid namespace", "seccomp:unshare", new_pid, NULL },
	{ "an ipc namespace", "seccomp:unshare", new_ipc, NULL },
	{ "a uts namespace", "seccomp:unshare", new_uts, NULL },
	{ "a cgroup namespace", "seccomp:unshare", new_cgroup, NULL },
	{ "a time namespace", "seccomp:unshare", new_time, NULL },
	{ "a child in a user namespace", "ebpf:userns_create seccomp:clone runners:3", clone_user,
	  NULL },
	{ "a child in a mount namespace", "seccomp:clone", clone_mount, NULL },
	{ "the same behind high bits", "seccomp:clone cve:CVE-2019-10063", clone_net_low_bits,
	  NULL },
	{ "a child in a user namespace by clone3", "ebpf:userns_create seccomp:clone3", clone3_user,
	  NULL },
	{ "the mounts of process 1", "seccomp:setns", enter_mount, NULL },
	{ "the network of process 1", "seccomp:setns runners:6", enter_net, NULL },
	{ "the name of process 1", "seccomp:setns", enter_uts, NULL },
	{ "namespaces by a process descriptor", "seccomp:setns", enter_by_pidfd, NULL },
	{ "process 1 under trace", "ebpf:ptrace_access_check seccomp:ptrace cve:CVE-2020-5291",
	  trace_init, NULL },
	{ "our parent under trace", "seccomp:ptrace", trace_parent, NULL },
	{ "ourselves under trace", "seccomp:ptrace", trace_me, NULL },
	{ "the memory of our parent", "seccomp:process_vm_readv", vm_read, NULL },
	{ "to change the memory of our parent", "seccomp:process_vm_writev", vm_write, NULL },
	{ "a descriptor of process 1", "ebpf:ptrace_access_check seccomp:pidfd_getfd",
	  get_descriptor, NULL },
	{ "advice on another's memory", "seccomp:process_madvise", advise_other, NULL },
	{ "a comparison with process 1", "seccomp:kcmp", compare, NULL },
	{ "the locks of process 1", "runners:21", read_robust, NULL },
	{ "the end of process 1", "ebpf:task_kill runners:5", kill_init, ENDS_MACHINE },
	{ "a signal to somebody of the host", "ebpf:task_kill runners:16", signal_others, NULL },
	{ "a signal with made-up words", "ebpf:task_kill", queue_init, NULL },
	{ "a signal by a process descriptor", "ebpf:task_kill", pidfd_signal, NULL },
	{ "a signal by the owner of a pipe", "ebpf:task_kill", own_signal, NEEDS_JAIL },
	{ "to run before everybody", "ebpf:task_setscheduler runners:10", real_time, NULL },
	{ "to run by a deadline", "ebpf:task_setscheduler runners:10", deadline, NULL },
	{ "a better place in the queue", "runners:10", nice_up, NULL },
	{ "to read disks before everybody", "runners:14", io_first, NULL },
	{ "a core for us alone", "runners:25", core_scheduling,
	  "the emulated processor has no siblings" },
	{ "a limit on our parent", "ebpf:task_prlimit", limit_init, NULL },
	{ "more descriptors", "runners:10", more_files, NULL },
	{ "core files", "runners:10", core_file, "the machine's own limit is open" },
	{ "locked memory", "runners:10", lock_memory, NULL },
	{ "to be root", "runners:1 runners:8 cve:CVE-2026-30892", root_user, NULL },
	{ "to be another plugin's user", "runners:1", other_user, NULL },
	{ "to be root's group", "runners:1", root_group, NULL },
	{ "to open files as root", "runners:1", fs_user, NULL },
	{ "another group", "runners:1 runners:22", groups, NULL },
	{ "all capabilities", "runners:8", capabilities, NULL },
	{ "an inherited capability", "runners:8", inherit_capability, NULL },
	{ "other rules for capabilities", "runners:8", securebits, NULL },
	{ "new privileges", "runners:7", new_privileges, NULL },
	{ "to be seen by others", "runners:21", be_dumpable, NULL },
	{ "another end of our heap", "runners:21", move_brk,
	  "it takes arguments of this very program" },
	{ "a tracer of our own", "runners:21", trust_tracer, "no module that knows it is on here" },
	{ "orphans of the jail", "runners:5", subreaper, NULL },
	{ "what the launcher had in its environment", "runners:22", environment, NULL },
};
FAMILY(task);
