/* SPDX-License-Identifier: Apache-2.0 */
/* vault_scan.c - walk a vault's folders: hidden ones are left alone, links are never followed. */
#include "broker/vault_index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"

enum { FOLDER_DEPTH_MAX = 32 };

struct scan {
	struct vault *v;
	vault_folder_fn on_folder;
	void *arg;
};

static int scan_folder(struct scan *s, const char *path, int depth, struct err *e);

static int scan_note(struct scan *s, const char *path, const struct stat *st, struct err *e)
{
	static const struct cause outside;
	const struct note *known = vault_find(s->v, path);
	struct note_stamp stamp = note_stamp_of(st);

	if (known && note_stamp_equal(&known->stamp, &stamp)) {
		((struct note *)(uintptr_t)known)->generation = s->v->generation;
		return 0;
	}
	return vault_refresh(s->v, path, &outside, e);
}

static int scan_entry(struct scan *s, int dirfd, const char *folder, const char *name, int depth,
		      struct err *e)
{
	char path[VAULT_PATH_MAX];
	struct stat st;
	int n;

	if (name[0] == '.')
		return 0;
	n = snprintf(path, sizeof(path), "%s%s%s", folder, folder[0] ? "/" : "", name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return 0; /* no plugin could name it */
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0; /* gone already */
	if (S_ISDIR(st.st_mode))
		return scan_folder(s, path, depth + 1, e);
	if (S_ISREG(st.st_mode) && note_path_is_valid(path))
		return scan_note(s, path, &st, e);
	return 0;
}

/* A folder that went away or may not be read is passed over; only memory and watches can fail. */
static int scan_folder(struct scan *s, const char *path, int depth, struct err *e)
{
	CLEANUP(closedir_p) DIR *d = NULL;
	int fd;

	if (depth > FOLDER_DEPTH_MAX)
		return 0;
	fd = fd_open_beneath(s->v->fd, path[0] ? path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
			     0);
	if (fd < 0)
		return 0;
	d = fdopendir(fd);
	if (!d) {
		fd_close_p(&fd);
		return err_sys(e, "read a folder of the vault");
	}
	if (s->on_folder && s->on_folder(s->arg, fd, path, e) < 0)
		return -1;
	for (struct dirent *de; (de = readdir(d));)
		if (scan_entry(s, fd, path, de->d_name, depth, e) < 0)
			return -1;
	return 0;
}

int vault_scan(struct vault *v, const char *folder, vault_folder_fn fn, void *arg, struct err *e)
{
	struct scan s = { .v = v, .on_folder = fn, .arg = arg };

	return scan_folder(&s, folder, 0, e);
}

int vault_rescan(struct vault *v, vault_folder_fn fn, void *arg, struct err *e)
{
	v->generation++;
	v->left_out = 0;
	if (vault_scan(v, "", fn, arg, e) < 0)
		return -1;
	vault_forget_unseen(v);
	return 0;
}
