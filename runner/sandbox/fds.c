/* SPDX-License-Identifier: Apache-2.0 */
/* fds.c - exactly 0-3 reach the plugin (dup3(2), close_range(2)). */
#include "sandbox/fds.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

int fds_reserve(struct err *e)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return err_sys(e, "open /dev/null");
	} while (fd <= JAIL_SYNC_FD);
	fd_close_p(&fd);
	return 0;
}

int fds_place(const int sources[JAIL_FDS], int sync, struct err *e)
{
	for (int i = 0; i < JAIL_FDS; i++) {
		if (sources[i] <= JAIL_SYNC_FD)
			return err_set(e, ERR_INTERNAL,
				       "descriptor %d stands where the jail's belong", sources[i]);
		if (dup2(sources[i], i) < 0)
			return err_sys(e, "dup2");
	}
	if (sync != JAIL_SYNC_FD && dup3(sync, JAIL_SYNC_FD, O_CLOEXEC) < 0)
		return err_sys(e, "dup3");
	return 0;
}

int fds_close_rest(struct err *e)
{
	if (syscall(SYS_close_range, JAIL_SYNC_FD + 1, ~0u, 0) < 0)
		return err_sys(e, "close_range");
	return 0;
}
