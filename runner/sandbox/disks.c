/* SPDX-License-Identifier: Apache-2.0 */
/* disks.c - /sys/dev/block, and io.max (the kernel's cgroup-v2 document, "IO"). */
#include "sandbox/disks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "sandbox/procread.h"

#define IO_MAX_FILE "io.max"
#define UNLIMITED "rbps=max wbps=max riops=max wiops=max"
enum {
	NUMBERS_BYTES = 32, /* "259:1048575" */
	ROW_BYTES = 192,
	TEXT_BYTES = 8192, /* of io.max: a row of 100 bytes a disk */
};

static int no_device(struct err *e, dev_t fs)
{
	return err_set(e, ERR_NO_IO_LIMIT,
		       "its file system has no disk of its own (device %u:%u), so nothing bounds "
		       "what plugins read and write there in a second; ext4 and xfs have one",
		       major(fs), minor(fs));
}

static int read_numbers(int dir, const char *name, dev_t *ret, struct err *e)
{
	CLEANUP_FD int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	char text[NUMBERS_BYTES];
	uint32_t maj, min;
	ssize_t n = fd < 0 ? -1 : fd_read_full(fd, text, sizeof(text) - 1);

	if (n < 0)
		return err_sys(e, "read %s of a partition", name);
	text[n] = '\0';
	if (procread_device(text, &maj, &min, e) < 0)
		return -1;
	*ret = makedev(maj, min);
	return 0;
}

/* The folder of a partition stands in that of its disk. */
static int find_whole(dev_t fs, dev_t *ret, struct err *e)
{
	char path[sizeof("/sys/dev/block/") + NUMBERS_BYTES];
	CLEANUP_FD int dir = -1;
	struct statfs s;

	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(fs), minor(fs));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? no_device(e, fs) : err_sys(e, "open %s", path);
	if (fstatfs(dir, &s) < 0 || s.f_type != SYSFS_MAGIC)
		return err_set(e, ERR_UNSUPPORTED, "/sys is no sysfs");
	if (faccessat(dir, "partition", F_OK, 0) == 0)
		return read_numbers(dir, "../dev", ret, e);
	if (errno != ENOENT)
		return err_sys(e, "%s/partition", path);
	*ret = fs;
	return 0;
}

int disk_below(int folder_fd, struct disk *ret, struct err *e)
{
	struct stat st;
	dev_t whole;

	if (fstat(folder_fd, &st) < 0)
		return err_sys(e, "stat a folder");
	if (major(st.st_dev) == 0)
		return no_device(e, st.st_dev);
	if (find_whole(st.st_dev, &whole, e) < 0)
		return -1;
	*ret = (struct disk){ st.st_dev, whole };
	return 0;
}

/* One row a write: older kernels take no more. 0, or what errno was. */
static int write_row(int cgroup_fd, const char *row)
{
	CLEANUP_FD int fd = openat(cgroup_fd, IO_MAX_FILE, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 || fd_write_all(fd, row, strlen(row)) < 0 ? errno : 0;
}

static int cannot_write(int why, const char *row, struct err *e)
{
	errno = why;
	return err_sys(e, "write \"%s\" to " IO_MAX_FILE, row);
}

int disk_can_be_limited(int cgroup_fd, dev_t whole, struct err *e)
{
	char row[ROW_BYTES];
	int why;

	(void)snprintf(row, sizeof(row), "%u:%u " UNLIMITED, major(whole), minor(whole));
	why = write_row(cgroup_fd, row);
	if (why == 0)
		return 0;
	if (why == ENOENT)
		return err_set(
			e, ERR_NO_IO_LIMIT,
			"the groups of plugins have no io.max: cgroup v2 needs its controller "
			"io, and the kernel CONFIG_BLK_DEV_THROTTLING");
	(void)cannot_write(why, row, e);
	if (e)
		e->code = ERR_NO_IO_LIMIT;
	return -1;
}

int disk_limit(int cgroup_fd, dev_t whole, uint64_t bytes, struct err *e)
{
	uint64_t requests = bytes / DISK_REQUEST_BYTES;
	char row[ROW_BYTES];
	int why;

	if (requests == 0 || requests > UINT32_MAX)
		return err_set(e, ERR_INTERNAL, "io.max of %" PRIu64 " bytes", bytes);
	(void)snprintf(row, sizeof(row),
		       "%u:%u rbps=%" PRIu64 " wbps=%" PRIu64 " riops=%" PRIu64 " wiops=%" PRIu64,
		       major(whole), minor(whole), bytes, bytes, requests, requests);
	why = write_row(cgroup_fd, row);
	return why ? cannot_write(why, row, e) : 0;
}

int disk_let_go(int cgroup_fd, struct err *e)
{
	CLEANUP_FD int fd = openat(cgroup_fd, IO_MAX_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char text[TEXT_BYTES], row[ROW_BYTES];
	char *rest = text;
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open " IO_MAX_FILE);
	n = fd_read_full(fd, text, sizeof(text) - 1);
	if (n < 0)
		return err_sys(e, "read " IO_MAX_FILE);
	text[n] = '\0';
	for (char *line; (line = strsep(&rest, "\n")) && *line;) {
		int why;

		line[strcspn(line, " ")] = '\0';
		(void)snprintf(row, sizeof(row), "%.*s " UNLIMITED, (int)NUMBERS_BYTES, line);
		why = write_row(cgroup_fd, row);
		if (why)
			return cannot_write(why, row, e);
	}
	return 0;
}
