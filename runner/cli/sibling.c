/* SPDX-License-Identifier: Apache-2.0 */
/* sibling.c - the executables that lie beside this one. */
#include "cli/sibling.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/spawn.h"

const char *sibling_path(const char *name, char *buf, size_t cap)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;
	int len;

	if (n <= 0)
		return NULL;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	len = snprintf(buf, cap, "%s/%s", self, name);
	return len > 0 && (size_t)len < cap ? buf : NULL;
}

int sibling_start(const char *const *argv, const int *fds, size_t fds_count, struct sibling *ret,
		  struct err *e)
{
	char path[PATH_MAX];
	struct spawn s = { .path = sibling_path(argv[0], path, sizeof(path)),
			   .path_fd = -1,
			   .argv = (char *const *)(uintptr_t)argv,
			   .fds_count = fds_count,
			   .uid = (uid_t)-1,
			   .extra_gid = (gid_t)-1,
			   .cgroup_fd = -1 };

	*ret = (struct sibling){ .pid = -1, .pidfd = -1 };
	if (!s.path)
		return err_set(e, ERR_NOT_FOUND, "%s is not beside this program", argv[0]);
	memcpy(s.fds, fds, fds_count * sizeof(*fds));
	return spawn_program(&s, &ret->pid, &ret->pidfd, e);
}

int sibling_wait(struct sibling *s, int *ret_status, struct err *e)
{
	int status;
	pid_t ended;

	do
		ended = waitpid(s->pid, &status, 0);
	while (ended < 0 && errno == EINTR);
	fd_close_p(&s->pidfd);
	if (ended < 0)
		return err_sys(e, "wait for a program");
	*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : err_exit_status(ERR_INTERNAL);
	return 0;
}
