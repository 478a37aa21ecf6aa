/* SPDX-License-Identifier: Apache-2.0 */
/* replace.c - a note's file is replaced, made or removed, if it is still what the caller saw. */
#include "broker/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"

enum { SWAP_BACK_MAX = 4 }; /* every round another writer was faster */

/* The folder of path, opened below the vault, and the name in it. */
static int open_folder(const struct vault *v, const char *path, const char **ret_name,
		       struct err *e)
{
	char folder[VAULT_PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd;

	(void)copy_str(folder, sizeof(folder), path);
	folder[slash ? slash - path : 0] = '\0';
	fd = fd_open_beneath(vault_dirfd(v), folder[0] ? folder : ".",
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (fd < 0)
		return err_sys(e, "open the note's folder");
	*ret_name = slash ? slash + 1 : path;
	return fd;
}

/* A hidden name: no other part of the vault's software takes it for a note. */
static int temp_name(char *ret, size_t cap, struct err *e)
{
	uint8_t random[8];
	char hex[2 * sizeof(random) + 1];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_sys(e, "getrandom");
	hex_encode(random, sizeof(random), hex);
	(void)snprintf(ret, cap, ".kennel-%s.tmp", hex);
	return 0;
}

static int write_temp(int dirfd, const char *name, const struct stat *like, const void *text,
		      size_t n, struct err *e)
{
	CLEANUP_FD int fd =
		openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "create the new text");
	if ((st.st_uid != like->st_uid || st.st_gid != like->st_gid) &&
	    fchown(fd, like->st_uid, like->st_gid) < 0)
		return err_sys(e, "keep the note's owner");
	if (fchmod(fd, like->st_mode & 07777) < 0 || fd_write_all(fd, text, n) < 0 || fsync(fd) < 0)
		return err_sys(e, "write the new text");
	return 0;
}

/* 1: the file has this revision; 0: another, or it is gone. */
static int has_revision(int dirfd, const char *name, const char *revision)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	char now[DIGEST_HEX_BYTES];

	if (fs_read_file(dirfd, name, NOTE_MAX, &b, NULL) < 0)
		return 0;
	note_revision(b.p, b.len, now);
	return !strcmp(now, revision);
}

static int conflict(struct err *e)
{
	return err_set(e, ERR_EXISTS, "the note was changed by someone else");
}

/* After a swap the temporary name holds what was the note. If that is not the old text, someone
 * wrote between our look and our swap: it goes back, as often as they do it again. */
static int swap(int dirfd, const char *temp, const char *name, const char *old_revision,
		const char *new_revision, struct err *e)
{
	if (renameat2(dirfd, temp, dirfd, name, RENAME_EXCHANGE) < 0) {
		if (errno == ENOENT)
			return conflict(e);
		if (errno != EINVAL && errno != ENOSYS)
			return err_sys(e, "swap in the new text");
		/* A file system that cannot swap: the look just before is all there is. */
		return renameat(dirfd, temp, dirfd, name) < 0 ? err_sys(e, "rename to the note")
							      : 0;
	}
	if (has_revision(dirfd, temp, old_revision))
		return unlinkat(dirfd, temp, 0) < 0 ? err_sys(e, "remove the old text") : 0;
	for (int i = 0; i < SWAP_BACK_MAX; i++) {
		if (renameat2(dirfd, temp, dirfd, name, RENAME_EXCHANGE) < 0)
			return err_sys(e, "swap the other's text back");
		if (has_revision(dirfd, temp, new_revision)) {
			(void)unlinkat(dirfd, temp, 0);
			return conflict(e);
		}
	}
	/* Both texts stay: ours or theirs as the note, the other under the hidden name. */
	return conflict(e);
}

/* Each as open to others as the folder it lies in; what a link or a file stands for is refused. */
static int make_folders(const struct vault *v, const char *path, struct err *e)
{
	CLEANUP_FD int at = fcntl(vault_dirfd(v), F_DUPFD_CLOEXEC, 0);
	char name[VAULT_PATH_MAX];
	const char *slash;

	if (at < 0)
		return err_sys(e, "the vault");
	for (; (slash = strchr(path, '/')); path = slash + 1) {
		struct stat st;
		int next;
		bool made;

		(void)snprintf(name, sizeof(name), "%.*s", (int)(slash - path), path);
		if (fstat(at, &st) < 0)
			return err_sys(e, "stat the folder above %s", name);
		made = mkdirat(at, name, 0700) == 0;
		next = fs_open_dir(at, name, false, 0, e);
		if (next < 0)
			return -1;
		(void)close(at);
		at = next;
		if (made && fchmod(at, st.st_mode & 0777) < 0)
			return err_sys(e, "mode of folder %s", name);
	}
	return 0;
}

int create_note(const struct vault *v, const char *path, const void *text, size_t n, struct err *e)
{
	char temp[64];
	const char *name = NULL;
	struct stat like;
	CLEANUP_FD int dirfd = -1;

	if (make_folders(v, path, e) < 0)
		return -1;
	dirfd = open_folder(v, path, &name, e);
	if (dirfd < 0 || temp_name(temp, sizeof(temp), e) < 0)
		return -1;
	if (fstat(dirfd, &like) < 0)
		return err_sys(e, "stat the note's folder");
	like.st_uid = geteuid();
	like.st_gid = like.st_mode & S_ISGID ? like.st_gid : getegid();
	like.st_mode &= 0666;
	if (write_temp(dirfd, temp, &like, text, n, e) < 0) {
		(void)unlinkat(dirfd, temp, 0);
		return -1;
	}
	if (renameat2(dirfd, temp, dirfd, name, RENAME_NOREPLACE) < 0) {
		int r = errno == EEXIST ? conflict(e) : err_sys(e, "name the new note");

		(void)unlinkat(dirfd, temp, 0);
		return r;
	}
	return fsync(dirfd) < 0 ? err_sys(e, "sync the note's folder") : 0;
}

/* Taken away first and looked at then: whoever writes to the name meanwhile makes a new note. */
int remove_note(const struct vault *v, const char *path, const char *revision, struct err *e)
{
	char temp[64];
	const char *name = NULL;
	CLEANUP_FD int dirfd = open_folder(v, path, &name, e);

	if (dirfd < 0 || temp_name(temp, sizeof(temp), e) < 0)
		return -1;
	if (!has_revision(dirfd, name, revision))
		return conflict(e);
	if (renameat2(dirfd, name, dirfd, temp, RENAME_NOREPLACE) < 0)
		return errno == ENOENT ? conflict(e) : err_sys(e, "take the note away");
	if (!has_revision(dirfd, temp, revision)) {
		/* Where the name is taken again both stay, this one under the hidden name. */
		(void)renameat2(dirfd, temp, dirfd, name, RENAME_NOREPLACE);
		return conflict(e);
	}
	if (unlinkat(dirfd, temp, 0) < 0)
		return err_sys(e, "remove the note");
	return fsync(dirfd) < 0 ? err_sys(e, "sync the note's folder") : 0;
}

int replace_note(const struct vault *v, const char *path, const struct vault_file *old,
		 const void *text, size_t n, struct err *e)
{
	char temp[64], new_revision[DIGEST_HEX_BYTES];
	const char *name = NULL;
	CLEANUP_FD int dirfd = open_folder(v, path, &name, e);

	if (dirfd < 0 || temp_name(temp, sizeof(temp), e) < 0)
		return -1;
	note_revision(text, n, new_revision);
	if (write_temp(dirfd, temp, &old->st, text, n, e) < 0) {
		(void)unlinkat(dirfd, temp, 0);
		return -1;
	}
	if (!has_revision(dirfd, name, old->revision)) {
		(void)unlinkat(dirfd, temp, 0);
		return conflict(e);
	}
	if (swap(dirfd, temp, name, old->revision, new_revision, e) < 0) {
		if (has_revision(dirfd, temp, new_revision))
			(void)unlinkat(dirfd, temp, 0);
		return -1;
	}
	return fsync(dirfd) < 0 ? err_sys(e, "sync the note's folder") : 0;
}
