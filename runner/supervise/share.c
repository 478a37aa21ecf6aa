/* SPDX-License-Identifier: Apache-2.0 */
/* share.c - one inode for what two versions of a plugin have in common. Never across plugins: a
 * shared inode would show another plugin's files by its link count and by the page cache. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/fd.h"
#include "supervise/filetree.h"

#define TEMP ".share" /* no name in a bundle starts with a dot */
enum { CHUNK = 65536 };

static int by_digest(const void *a, const void *b)
{
	const struct filetree_row *const *x = a, *const *y = b;

	return memcmp((*x)->digest, (*y)->digest, DIGEST_BYTES);
}

static const struct filetree_row *find(const struct filetree_row **sorted, size_t n,
				       const struct filetree_row *like)
{
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): what is sorted are pointers */
	const struct filetree_row **hit = bsearch(&like, sorted, n, sizeof(*sorted), by_digest);

	return hit && (*hit)->size_bytes == like->size_bytes ? *hit : NULL;
}

/* A file of our own with the same contents; what it holds is what we hashed while writing. */
static int copy_hashed(int in_dir, const char *name, const uint8_t wanted[DIGEST_BYTES],
		       mode_t mode, struct err *e)
{
	static uint8_t chunk[CHUNK]; /* one thread, one file at a time */
	CLEANUP_FD int in = fd_open_beneath(in_dir, name, O_RDONLY | O_NONBLOCK, 0);
	CLEANUP_FD int out =
		in < 0 ? -1 : fd_open_beneath(in_dir, TEMP, O_WRONLY | O_CREAT | O_EXCL, 0600);
	uint8_t digest[DIGEST_BYTES];
	struct digest d;
	ssize_t n;

	if (out < 0)
		return err_sys(e, "copy %.150s", name);
	digest_start(&d);
	while ((n = fd_read_full(in, chunk, sizeof(chunk))) > 0) {
		digest_add(&d, chunk, (size_t)n);
		if (fd_write_all(out, chunk, (size_t)n) < 0)
			return err_sys(e, "copy %.150s", name);
	}
	digest_end(&d, digest);
	if (n < 0 || fchmod(out, mode) < 0)
		return err_sys(e, "copy %.150s", name);
	if (!digest_equal(digest, wanted))
		return err_set(e, ERR_FILE_DIGEST, "%.150s is not what was verified", name);
	return 0;
}

static int share_one(const char *path, int dir, const struct filetree_row *row,
		     const char *old_path, int old_dir, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char folder[FILETREE_PATH_BYTES];
	CLEANUP_FD int at = -1;
	struct stat st, now;

	memcpy(folder, path, (size_t)(slash - path));
	folder[slash - path] = '\0';
	at = fd_open_beneath(dir, folder, O_RDONLY | O_DIRECTORY, 0);
	if (at < 0)
		return err_sys(e, "open %.150s", folder);
	if (fstatat(at, slash + 1, &now, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "share %.150s", path);
	/* The kernel lets nobody link what is not their own; and a full inode is no failure. */
	if (fstatat(old_dir, old_path, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_mode != now.st_mode ||
	    (uint64_t)st.st_size != row->size_bytes || st.st_uid != geteuid() ||
	    linkat(old_dir, old_path, at, TEMP, 0) < 0) {
		if (copy_hashed(at, slash + 1, row->digest, now.st_mode & 0777, e) < 0)
			return -1;
	}
	if (renameat(at, TEMP, at, slash + 1) < 0)
		return err_sys(e, "share %.150s", path);
	return 0;
}

int filetree_share(const struct filetree *t, int dir, const struct filetree *old, int old_dir,
		   struct err *e)
{
	CLEANUP(free_p)
	const struct filetree_row **sorted =
		reallocarray(NULL, old->count + 1u, sizeof(const struct filetree_row *));

	if (!sorted)
		return err_set(e, ERR_NOMEM, "share");
	for (uint32_t i = 0; i < old->count; i++)
		sorted[i] = &old->rows[i];
	qsort(sorted, old->count, sizeof(const struct filetree_row *), by_digest);
	for (uint32_t i = 0; i < t->count; i++) {
		const struct filetree_row *row = &t->rows[i];
		const struct filetree_row *like =
			row->hashed ? find(sorted, old->count, row) : NULL;
		const char *path = filetree_path(t, row);

		if (!like || strncmp(path, FILETREE_ROOT "/", sizeof(FILETREE_ROOT)) != 0 ||
		    strncmp(filetree_path(old, like), FILETREE_ROOT "/", sizeof(FILETREE_ROOT)) !=
			    0)
			continue;
		if (share_one(path, dir, row, filetree_path(old, like), old_dir, e) < 0)
			return -1;
	}
	return 0;
}
