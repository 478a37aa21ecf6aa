/* SPDX-License-Identifier: Apache-2.0 */
/* tree.c - the author's folder as a sorted list of files in memory. */
#include "tools/pack/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "bundle/frame0.h"
#include "bundle/path.h"
#include "bundle/stream.h"

/* The folders from the top down to where we are: a link may lead back to one of them. */
struct walk {
	struct tree *tree;
	int top;
	struct {
		dev_t dev;
		ino_t ino;
	} above[BUNDLE_DEPTH_MAX + 1];
};

static int walk(struct walk *w, int dirfd, const char *prefix, unsigned int depth, struct err *e);

struct bundle_bounds tree_bounds(const struct tree *t)
{
	return t->large ? bundle_bounds_most() : bundle_bounds_default();
}

int tree_add(struct tree *t, const char *path, const void *p, size_t n, struct err *e)
{
	const char *format = stream_native_format(p, n, n);
	const struct bundle_bounds b = tree_bounds(t);
	struct tree_file *f;

	if (path_check(path, e) < 0)
		return -1;
	if (format && !t->native)
		return err_set(e, ERR_NATIVE,
			       "%s is %s; --native packs it, and every host must approve it", path,
			       format);
	if (n > b.file_bytes || t->bytes + n > b.unpacked_bytes || t->count == b.files)
		return err_set(e, ERR_LIMIT,
			       "%s: beyond %u files, %llu MiB a file or %llu MiB in all%s", path,
			       b.files, (unsigned long long)b.file_bytes >> 20,
			       (unsigned long long)b.unpacked_bytes >> 20,
			       t->large ? "" : "; --large packs more, for hosts that allow it");
	if (t->count == t->capacity) {
		size_t more = t->capacity ? 2 * t->capacity : 64;
		struct tree_file *grown = reallocarray(t->files, more, sizeof(*t->files));

		if (!grown)
			return err_set(e, ERR_NOMEM, "%s", path);
		t->files = grown;
		t->capacity = more;
	}
	f = &t->files[t->count];
	f->executable = false;
	(void)copy_str(f->path, sizeof(f->path), path);
	f->n = n;
	f->bytes = malloc(n ? n : 1);
	if (!f->bytes)
		return err_set(e, ERR_NOMEM, "%s", path);
	if (n)
		memcpy(f->bytes, p, n);
	t->bytes += n;
	t->count++;
	return 0;
}

static int add_file(struct tree *t, int fd, const struct stat *st, const char *path, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };

	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_FORMAT,
			       "%s is not a regular file; a bundle holds nothing else", path);
	if (st->st_mode & 0111 && !t->native)
		return err_set(
			e, ERR_NATIVE,
			"%s is executable: chmod a-x if it is data, --native if it is a program",
			path);
	if (fs_read_fd(fd, tree_bounds(t).file_bytes, &b, e) < 0)
		return err_wrap(e, "%s", path);
	if (tree_add(t, path, b.p, b.len, e) < 0)
		return -1;
	t->files[t->count - 1].executable =
		st->st_mode & 0111 && strcmp(path, FRAME0_MANIFEST_PATH);
	return 0;
}

/* A bundle holds no links: what a link in the tree leads to is packed in its place. */
static int follow(const struct walk *w, const char *path, struct err *e)
{
	int fd = fd_open_inside(w->top, path, O_RDONLY | O_NONBLOCK);

	if (fd >= 0)
		return fd;
	switch (errno) {
	case EXDEV:
		return err_set(e, ERR_PATH,
			       "%s is a symbolic link that leads out of the folder; put a copy of "
			       "the file there",
			       path);
	case ELOOP:
		return err_set(e, ERR_PATH, "%s is a symbolic link that leads to itself", path);
	case ENOENT:
		return err_set(e, ERR_NOT_FOUND, "%s is a symbolic link to nothing", path);
	default:
		return err_sys(e, "open %s", path);
	}
}

static int open_entry(const struct walk *w, int dirfd, const char *name, const char *path,
		      struct stat *ret, struct err *e)
{
	CLEANUP_FD int fd = -1;

	if (fstatat(dirfd, name, ret, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "stat %s", path);
	if (S_ISLNK(ret->st_mode)) {
		fd = follow(w, path, e);
		if (fd < 0)
			return -1;
	} else {
		fd = fd_open_beneath(dirfd, name, O_RDONLY | O_NONBLOCK, 0);
	}
	if (fd < 0 || fstat(fd, ret) < 0)
		return err_sys(e, "open %s", path);
	return take_fd(fd);
}

static int add_entry(struct walk *w, int dirfd, const char *name, const char *prefix,
		     unsigned int depth, struct err *e)
{
	CLEANUP_FD int fd = -1;
	char path[BUNDLE_PATH_MAX + 1];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s%s", prefix, name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return err_set(e, ERR_PATH, "%s%s: path longer than %u bytes", prefix, name,
			       BUNDLE_PATH_MAX);
	fd = open_entry(w, dirfd, name, path, &st, e);
	if (fd < 0)
		return -1;
	if (!S_ISDIR(st.st_mode))
		return add_file(w->tree, fd, &st, path, e);
	if (path_check(path, e) < 0)
		return -1;
	if ((size_t)n + 1 >= sizeof(path))
		return err_set(e, ERR_PATH, "%s: path too long", path);
	path[n] = '/';
	path[n + 1] = '\0';
	return walk(w, fd, path, depth + 1, e);
}

/* Only a link can lead to a folder that we are in. */
static int enter(struct walk *w, int dirfd, const char *prefix, unsigned int depth, struct err *e)
{
	struct stat st;

	if (depth > BUNDLE_DEPTH_MAX)
		return err_set(e, ERR_PATH, "%s: deeper than %u folders", prefix, BUNDLE_DEPTH_MAX);
	if (fstat(dirfd, &st) < 0)
		return err_sys(e, "stat %s", prefix);
	for (unsigned int i = 0; i < depth; i++)
		if (w->above[i].dev == st.st_dev && w->above[i].ino == st.st_ino)
			return err_set(e, ERR_PATH,
				       "%s is a symbolic link to a folder that it stands in",
				       prefix);
	w->above[depth].dev = st.st_dev;
	w->above[depth].ino = st.st_ino;
	return 0;
}

static int walk(struct walk *w, int dirfd, const char *prefix, unsigned int depth, struct err *e)
{
	CLEANUP(closedir_p) DIR *d = NULL;
	int fd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	size_t entries = 0;

	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		fd_close_p(&fd);
		return err_sys(e, "read folder %s", prefix);
	}
	if (enter(w, dirfd, prefix, depth, e) < 0)
		return -1;
	errno = 0;
	for (struct dirent *de; (de = readdir(d)); errno = 0) {
		if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, ".."))
			continue;
		entries++;
		if (add_entry(w, dirfd, de->d_name, prefix, depth, e) < 0)
			return -1;
	}
	if (errno)
		return err_sys(e, "read folder %s", prefix);
	if (entries == 0)
		return err_set(e, ERR_FORMAT,
			       "%s: empty folder; a bundle cannot hold it: remove it",
			       *prefix ? prefix : "the bundle");
	return 0;
}

static bool is_manifest(const struct tree_file *f)
{
	return !strcmp(f->path, FRAME0_MANIFEST_PATH);
}

static int compare(const void *va, const void *vb)
{
	const struct tree_file *a = va, *b = vb;

	if (is_manifest(a) || is_manifest(b))
		return is_manifest(b) - is_manifest(a);
	return strcmp(a->path, b->path); /* by bytes, whatever the locale */
}

int tree_sort(struct tree *t, struct err *e)
{
	CLEANUP(free_p) const char **paths = calloc(t->count + 1, sizeof(*paths));

	if (!paths)
		return err_set(e, ERR_NOMEM, "sort");
	if (t->count)
		qsort(t->files, t->count, sizeof(*t->files), compare);
	if (!t->count || !is_manifest(&t->files[0]))
		return err_set(e, ERR_NOT_FOUND, "no manifest.json at the top of the folder");
	if (t->files[0].n == 0 || t->files[0].n > MANIFEST_MAX)
		return err_set(e, ERR_LIMIT, "manifest.json: %zu bytes, expected 1 to %u",
			       t->files[0].n, MANIFEST_MAX);
	for (size_t i = 0; i < t->count; i++)
		paths[i] = t->files[i].path;
	return path_check_set(paths, t->count, e);
}

int tree_read(const char *dir, unsigned int kinds, struct tree *ret, struct err *e)
{
	CLEANUP(tree_free_p)
	struct tree t = { .native = kinds & TREE_NATIVE, .large = kinds & TREE_LARGE };
	CLEANUP_FD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct walk w = { .tree = &t, .top = fd };

	if (fd < 0)
		return err_sys(e, "open folder %s", dir);
	if (walk(&w, fd, "", 0, e) < 0 || tree_sort(&t, e) < 0)
		return -1;
	*ret = t;
	t = (struct tree){ 0 };
	return 0;
}

void tree_free_p(struct tree *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->files[i].bytes);
	free(t->files);
	*t = (struct tree){ 0 };
}
