/* SPDX-License-Identifier: Apache-2.0 */
/* fs.c - small files and trees below a directory descriptor. */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

enum { REMOVE_DEPTH_MAX = 64 }; /* deeper than any tree we make; a bound for the recursion */

int fs_read_fd(int fd, size_t max_bytes, struct buffer *ret, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	uint8_t chunk[8192];
	ssize_t n;

	while ((n = fd_read_full(fd, chunk, sizeof(chunk))) > 0)
		if (buffer_append(&b, chunk, (size_t)n, max_bytes) < 0)
			return err_set(e, ERR_LIMIT, "larger than %zu bytes, or out of memory",
				       max_bytes);
	if (n < 0)
		return err_sys(e, "read");
	if (buffer_append(&b, "", 1, max_bytes + 1) < 0)
		return err_set(e, ERR_NOMEM, "read");
	b.len--;
	*ret = b;
	b = (struct buffer){ 0 };
	return 0;
}

int fs_read_file(int dirfd, const char *path, size_t max_bytes, struct buffer *ret, struct err *e)
{
	CLEANUP_FD int fd = openat(dirfd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return err_sys(e, "open %s", path);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_FORMAT, "%s is not a regular file", path);
	if (fs_read_fd(fd, max_bytes, ret, e) < 0)
		return err_wrap(e, "%s", path);
	return 0;
}

static int write_file(int dirfd, const char *name, const struct buffer *b, mode_t mode, bool sync,
		      struct err *e)
{
	CLEANUP_FD int fd =
		openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return err_sys(e, "create %s", name);
	if (fchmod(fd, mode) < 0 || fd_write_all(fd, b->p, b->len) < 0 || (sync && fsync(fd) < 0))
		return err_sys(e, "write %s", name);
	return 0;
}

/* Only read. */
static struct buffer as_buffer(const void *p, size_t n)
{
	return (struct buffer){ .p = (uint8_t *)(uintptr_t)p, .len = n };
}

int fs_write_unsynced(int dirfd, const char *name, const void *p, size_t n, mode_t mode,
		      struct err *e)
{
	const struct buffer b = as_buffer(p, n);

	return write_file(dirfd, name, &b, mode, false, e);
}

int fs_write_atomic(int dirfd, const char *name, const void *p, size_t n, mode_t mode,
		    struct err *e)
{
	const struct buffer b = as_buffer(p, n);
	char temp[288];
	int len = snprintf(temp, sizeof(temp), ".%s.new", name);
	struct stat st;

	if (len < 0 || (size_t)len >= sizeof(temp))
		return err_set(e, ERR_LIMIT, "file name of %zu bytes", strlen(name));
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode))
		return err_set(e, ERR_IO, "%s is there and is not a regular file: not replaced",
			       name);
	if (write_file(dirfd, temp, &b, mode, true, e) < 0) {
		(void)unlinkat(dirfd, temp, 0);
		return -1;
	}
	if (renameat(dirfd, temp, dirfd, name) < 0) {
		(void)err_sys(e, "rename to %s", name);
		(void)unlinkat(dirfd, temp, 0);
		return -1;
	}
	if (fsync(dirfd) < 0)
		return err_sys(e, "sync folder of %s", name);
	return 0;
}

int fs_open_dir(int dirfd, const char *name, bool create, mode_t mode, struct err *e)
{
	int fd;

	if (create && mkdirat(dirfd, name, mode) < 0 && errno != EEXIST)
		return err_sys(e, "make folder %s", name);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open folder %s", name) : fd;
}

DIR *fs_opendir(int dirfd, const char *name, struct err *e)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		(void)err_sys(e, "read folder %s", name);
		fd_close_p(&fd);
	}
	return d;
}

int fs_next(DIR *d, struct dirent **ret, struct err *e)
{
	do {
		errno = 0;
		*ret = readdir(d);
	} while (*ret && (!strcmp((*ret)->d_name, ".") || !strcmp((*ret)->d_name, "..")));
	if (!*ret && errno)
		return err_sys(e, "read a folder");
	return *ret != NULL;
}

static int remove_at(int dirfd, const char *name, int depth, struct err *e);

static int remove_below(int dir, const char *name, int depth, struct err *e)
{
	CLEANUP(closedir_p) DIR *d = fs_opendir(dir, name, e);
	struct dirent *de;
	int r;

	if (!d)
		return -1;
	while ((r = fs_next(d, &de, e)) > 0)
		if (remove_at(dirfd(d), de->d_name, depth + 1, e) < 0)
			return -1;
	return r;
}

static int remove_at(int dirfd, const char *name, int depth, struct err *e)
{
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_sys(e, "remove %s", name);
	if (depth > REMOVE_DEPTH_MAX)
		return err_set(e, ERR_LIMIT, "folder %s is too deep", name);
	if (remove_below(dirfd, name, depth, e) < 0)
		return -1;
	if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(e, "remove folder %s", name);
	return 0;
}

int fs_remove_tree(int dirfd, const char *name, struct err *e)
{
	return remove_at(dirfd, name, 0, e);
}
