/* SPDX-License-Identifier: Apache-2.0 */
/* guard_probe.c - does the guard enforce, or only load? Without bpf in lsm= it attaches, never
 * runs. Owns: the cgroup SLICE/guard-probe. Must not know: policies. */
#include "sandbox/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

#define PROBE "guard-probe"

/* The child's verdict; a refused open is the only good one. */
enum { PROBE_REFUSED = 0, PROBE_OPENED = 1, PROBE_OTHER = 2 };

static int run_child(int cgroup_fd, int *ret_status, struct err *e)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD,
				   .cgroup = (unsigned long long)cgroup_fd };
	long pid = syscall(SYS_clone3, &args, sizeof(args));
	int fd;

	if (pid == 0) {
		fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0)
			_exit(PROBE_OPENED);			      /* child */
		_exit(errno == EACCES ? PROBE_REFUSED : PROBE_OTHER); /* child */
	}
	if (pid < 0)
		return err_sys(e, "guard: start the probe");
	while (waitpid((pid_t)pid, ret_status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "guard: wait for the probe");
	return 0;
}

int guard_probe(struct guard *g, int slice_fd, struct err *e)
{
	uint64_t before = guard_no_policy(g);
	CLEANUP_FD int fd = -1;
	int status = 0, r;

	if (mkdirat(slice_fd, PROBE, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "guard: make cgroup " PROBE);
	fd = openat(slice_fd, PROBE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = fd < 0 ? err_sys(e, "guard: open cgroup " PROBE) : run_child(fd, &status, e);
	if (unlinkat(slice_fd, PROBE, AT_REMOVEDIR) < 0 && r == 0)
		r = err_sys(e, "guard: remove cgroup " PROBE);
	if (r < 0)
		return -1;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != PROBE_REFUSED ||
	    guard_no_policy(g) == before)
		return err_set(
			e, ERR_NO_BPF_LSM,
			"the guard is loaded but refuses nothing: is bpf in /sys/kernel/security/lsm?");
	return 0;
}
