/* SPDX-License-Identifier: Apache-2.0 */
/* cve.c - ways that were open in other runners.
 * Owns: the table.  Must not know: which layers stand in the way. */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALL(name, expression)            \
	static long name(void)            \
	{                                 \
		return expression;        \
	}

/* The runner's program, found through the process it started. */
CALL(overwrite_runner, try_open("/proc/1/exe", O_WRONLY))
CALL(overwrite_init, try_open("/init", O_WRONLY))

static long overwrite_parent(void)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/exe", getppid());
	return try_open(path, O_WRONLY);
}

/* /proc as a link, prepared for the next start. */
CALL(move_proc, rename("/proc", "/proc-moved"))
CALL(link_proc, symlink("/etc", "/proc-link"))
CALL(mask_null,
     unlink("/dev/null") < 0 ? -1 : symlink("/proc/sys/kernel/core_pattern", "/dev/null"))
CALL(console_link, symlink("/etc/shadow", "/dev/console"))
CALL(move_dev, rename("/dev", "/dev-moved"))
CALL(link_dev, symlink("/etc", "/dev/pts"))
CALL(host_folder, mkdir("/vault/../made-on-the-host", 0700))
CALL(runner_config, try_open("/.krun_config.json", O_WRONLY | O_CREAT))
CALL(users_file, try_open("/etc/passwd", O_WRONLY | O_CREAT))

static long type_ahead(unsigned long request)
{
	static char c = '\n';

	return syscall(SYS_ioctl, 0, request, &c);
}
CALL(type_terminal, type_ahead(0x5412 /* TIOCSTI */))
CALL(type_high_bits, type_ahead(0x100005412ul))
CALL(terminal_linux, type_ahead(0x541c /* TIOCLINUX */))

static long release_agent(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWCGROUP) < 0)
		return try_open("/sys/fs/cgroup/release_agent", O_WRONLY);
	return mount("none", "/tmp", "cgroup", 0, "rdma");
}

/* A folder of the runner, left open for us. */
static long leaked_folder(void)
{
	char path[64];

	for (int fd = 0; fd < 1024; fd++) {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/../../etc/shadow", fd);
		if (try_open(path, O_RDONLY) == 0)
			return fd;
	}
	return -1;
}

static long working_folder(void)
{
	char here[4096];
	long n = syscall(SYS_getcwd, here, sizeof(here));

	if (n > 0 && here[0] != '/')
		return 0;
	if (try_open("../../../../etc/shadow", O_RDONLY) == 0)
		return 0;
	errno = errno ? errno : ENOENT;
	return -1;
}

static const struct attempt list[] = {
	{ "overwrite the runner", "cve:CVE-2019-5736 runners:18", overwrite_runner,
	  "the kernel itself keeps a running program" },
	{ "overwrite the runner's parent", "cve:CVE-2019-5736 runners:18", overwrite_parent,
	  "the kernel itself keeps a running program" },
	{ "overwrite process 1 of later jails", "cve:CVE-2019-5736 runners:18", overwrite_init,
	  NEEDS_JAIL },
	{ "move /proc away", "cve:CVE-2019-19921 cve:CVE-2023-27561 cve:CVE-2023-28642", move_proc,
	  NEEDS_SETUP },
	{ "a link for /proc", "cve:CVE-2019-19921 cve:CVE-2023-27561", link_proc, NULL },
	{ "a link for /dev/null", "cve:CVE-2025-31133 cve:CVE-2026-88265", mask_null,
	  ENDS_MACHINE },
	{ "a link for the console", "cve:CVE-2025-52565 cve:CVE-2026-88264", console_link,
	  NEEDS_SETUP },
	{ "move /dev away", "cve:CVE-2026-41579 cve:CVE-2026-47766", move_dev, NEEDS_SETUP },
	{ "a link for /dev/pts", "cve:CVE-2026-47766 cve:CVE-2025-52565", link_dev, NEEDS_SETUP },
	{ "a folder on the host", "cve:CVE-2024-45310", host_folder, NULL },
	{ "a configuration of the runner's", "cve:CVE-2025-24965", runner_config, NULL },
	{ "a list of users of our own", "cve:CVE-2026-30892", users_file, ENDS_MACHINE },
	{ "type into the terminal", "cve:CVE-2017-5226 runners:21", type_terminal,
	  "descriptor 0 is no terminal there" },
	{ "the same behind high bits", "cve:CVE-2019-10063 cve:CVE-2017-5226", type_high_bits,
	  "descriptor 0 is no terminal there" },
	{ "paste into the terminal", "cve:CVE-2017-5226", terminal_linux,
	  "descriptor 0 is no terminal there" },
	{ "a program that the kernel starts", "cve:CVE-2022-0492 runners:14", release_agent,
	  "the machine has no cgroups of version 1" },
	{ "a folder that was left open", "cve:CVE-2024-21626 runners:17", leaked_folder,
	  "nothing is left open there" },
	{ "a working folder outside", "cve:CVE-2024-21626 runners:19", working_folder, NULL },
};
FAMILY(cve);
