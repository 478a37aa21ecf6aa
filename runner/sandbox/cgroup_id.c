/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_id.c - cgroups by their 64-bit kernfs id.
 * Owns: the way from id to folder.  Must not know: what the cgroup is for. */
#include "sandbox/cgroup_id.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "base/fd.h"

#define FILEID_KERNFS 0xfe /* include/linux/exportfs.h */

static int open_hierarchy(void)
{
	static const char *const places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct statfs fs;
	int fd;

	for (size_t i = 0; i < countof(places); i++) {
		fd = open(places[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
			return fd;
		fd_close_p(&fd);
	}
	return -1;
}

bool cgroup_id_exists(uint64_t id)
{
	struct {
		struct file_handle head;
		uint64_t id;
	} handle = { .head = { .handle_bytes = sizeof(id), .handle_type = FILEID_KERNFS } };
	CLEANUP_FD int root = open_hierarchy();
	CLEANUP_FD int fd = -1;

	if (root < 0)
		return true;
	memcpy(handle.head.f_handle, &id, sizeof(id));
	fd = open_by_handle_at(root, &handle.head, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 || errno != ESTALE;
}
