/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.c - verified files, written below a staging folder as root/…. */
#include "bundle/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fs.h"

/* The owner, any loader, writes there no more. The group may: the folder's, which the supervisor
 * shares, and which alone lets it remove a tree that is not its own. Others have no way in:
 * STATE/supervisor is 0700. */
enum {
	FILE_MODE = 0444,
	PROGRAM_MODE = 0555,
	FOLDER_MODE = 0575,
	FOLDER_MODE_WHILE_WRITING = 0775
};

int unpack_start(struct unpack *u, int staging, struct err *e)
{
	*u = (struct unpack){ .staging = staging, .root = -1, .folder = -1, .file = -1 };
	if (mkdirat(staging, UNPACK_ROOT, FOLDER_MODE_WHILE_WRITING) < 0) {
		if (errno == EEXIST)
			return err_set(e, ERR_EXISTS,
				       "the staging folder is not empty: it has a " UNPACK_ROOT);
		return err_sys(e, "make " UNPACK_ROOT);
	}
	u->root = fd_open_beneath(staging, UNPACK_ROOT, O_RDONLY | O_DIRECTORY, 0);
	if (u->root < 0)
		return err_sys(e, "open " UNPACK_ROOT);
	return 0;
}

/* One folder below another, made when it is not there. */
static int enter(int dirfd, const char *name, struct err *e)
{
	int fd;

	if (mkdirat(dirfd, name, FOLDER_MODE_WHILE_WRITING) < 0 && errno != EEXIST)
		return err_sys(e, "make folder %.100s", name);
	fd = fd_open_beneath(dirfd, name, O_RDONLY | O_DIRECTORY, 0);
	return fd < 0 ? err_sys(e, "open folder %.100s", name) : fd;
}

/* Files come in order, so the folder of the last one is most often the right one. */
static int open_folder(struct unpack *u, const char *path, size_t n, struct err *e)
{
	CLEANUP_FD int at = -1;
	char name[BUNDLE_PATH_MAX + 1];
	size_t start = 0;

	if (u->folder >= 0 && strlen(u->folder_name) == n && memcmp(u->folder_name, path, n) == 0)
		return 0;
	fd_close_p(&u->folder);
	at = fcntl(u->root, F_DUPFD_CLOEXEC, 3);
	if (at < 0)
		return err_sys(e, "dup");
	for (size_t i = 0; n > 0 && i <= n; i++) {
		int next;

		if (i < n && path[i] != '/')
			continue;
		memcpy(name, path + start, i - start);
		name[i - start] = '\0';
		next = enter(at, name, e);
		if (next < 0)
			return -1;
		fd_close_p(&at);
		at = next;
		start = i + 1;
	}
	memcpy(u->folder_name, path, n);
	u->folder_name[n] = '\0';
	u->folder = take_fd(at);
	return 0;
}

static int begin(void *arg, const struct toc_file *f, struct err *e)
{
	struct unpack *u = arg;
	const char *slash = strrchr(f->path, '/');
	const char *name = slash ? slash + 1 : f->path;

	if (strlen(f->path) > BUNDLE_PATH_MAX)
		return err_set(e, ERR_PATH, "path too long");
	if (open_folder(u, f->path, slash ? (size_t)(slash - f->path) : 0, e) < 0)
		return -1;
	fd_close_p(&u->file);
	u->file = fd_open_beneath(u->folder, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (u->file < 0)
		return err_sys(e, "create %.150s", f->path);
	u->executable = f->executable;
	return 0;
}

static int bytes(void *arg, const void *p, size_t n, struct err *e)
{
	struct unpack *u = arg;

	return fd_write_all(u->file, p, n) < 0 ? err_sys(e, "write a file") : 0;
}

static int end(void *arg, struct err *e)
{
	struct unpack *u = arg;

	if (fchmod(u->file, u->executable ? PROGRAM_MODE : FILE_MODE) < 0)
		return err_sys(e, "set the mode of a file");
	fd_close_p(&u->file);
	return 0;
}

struct stream_sink unpack_sink(struct unpack *u)
{
	return (struct stream_sink){ begin, bytes, end, u };
}

int unpack_file(struct unpack *u, const struct toc_file *f, const void *p, size_t n, struct err *e)
{
	if (begin(u, f, e) < 0 || bytes(u, p, n, e) < 0 || end(u, e) < 0)
		return -1;
	return 0;
}

static int seal_folder(const struct unpack *u, const char *path, struct err *e)
{
	CLEANUP_FD int fd = fd_open_beneath(u->root, path, O_RDONLY | O_DIRECTORY, 0);

	if (fd < 0 || fchmod(fd, FOLDER_MODE) < 0)
		return err_sys(e, "set the mode of folder %.150s", path);
	return 0;
}

/* Every folder that the path enters and the one before it did not. */
static int seal_folders_of(const struct unpack *u, const char *path, const char *before,
			   struct err *e)
{
	char prefix[BUNDLE_PATH_MAX + 1];
	size_t same = 0;

	while (path[same] && path[same] == before[same])
		same++;
	for (size_t i = same; path[i]; i++) {
		if (path[i] != '/')
			continue;
		memcpy(prefix, path, i);
		prefix[i] = '\0';
		if (seal_folder(u, prefix, e) < 0)
			return -1;
	}
	return 0;
}

int unpack_finish(struct unpack *u, const struct toc *t, struct err *e)
{
	for (size_t i = 1; i < t->file_count; i++)
		if (seal_folders_of(u, t->files[i].path, t->files[i - 1].path, e) < 0)
			return -1;
	if (fchmod(u->root, FOLDER_MODE) < 0)
		return err_sys(e, "set the mode of " UNPACK_ROOT);
	fd_close_p(&u->root);
	return 0;
}

void unpack_free_p(struct unpack *u)
{
	bool unfinished = u->root >= 0;

	fd_close_p(&u->file);
	fd_close_p(&u->folder);
	fd_close_p(&u->root);
	if (unfinished)
		(void)fs_remove_tree(u->staging, UNPACK_ROOT, NULL);
}
