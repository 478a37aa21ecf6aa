/* SPDX-License-Identifier: Apache-2.0 */
/* kernel.c - what this host's kernel must be able to do. */
#include "sandbox/kernel.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "sandbox/idmap.h"
#include "sandbox/mounts.h"

static int try_mounts(struct err *e)
{
	CLEANUP_FD int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CLEANUP_FD int clone = here < 0 ? -1 : mounts_clone(here, MOUNT_READ_ONLY, -1, e);

	if (clone < 0)
		return err_set(
			e, ERR_UNSUPPORTED,
			"detached mounts do not work here; Linux 5.12 or later and CAP_SYS_ADMIN are needed");
	return 0;
}

int kernel_has_basics(int proc_fd, int plugins_fd, unsigned int plugin_uid, struct err *e)
{
	const struct idmap m = { plugin_uid, plugin_uid, plugin_uid, plugin_uid };

	if (try_mounts(e) < 0)
		return -1;
	if (idmap_namespace(proc_fd, &m, e) < 0)
		return err_wrap(
			e, "user namespaces do not work here; see sysctl user.max_user_namespaces");
	if (plugins_fd >= 0 && faccessat(plugins_fd, "cgroup.kill", W_OK, 0) < 0)
		return err_set(e, ERR_UNSUPPORTED, "no cgroup.kill; Linux 5.14 or later is needed");
	return 0;
}
