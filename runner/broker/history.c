/* SPDX-License-Identifier: Apache-2.0 */
/* history.c - the revisions that calls of plugins replaced. */
#include "broker/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "broker/note.h"

/* Counts the folder; with before_s, what is older goes. */
static int sweep(struct history *h, int64_t before_s, struct err *e)
{
	CLEANUP(closedir_p) DIR *d = fs_opendir(h->fd, ".", e);
	struct dirent *de;
	int r;

	if (!d)
		return err_wrap(e, "the history");
	h->bytes = 0;
	h->files = 0;
	while ((r = fs_next(d, &de, e)) > 0) {
		struct stat st;

		if (fstatat(h->fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (st.st_mtim.tv_sec < before_s && unlinkat(h->fd, de->d_name, 0) == 0)
			continue;
		h->bytes += (uint64_t)st.st_size;
		h->files++;
	}
	return r;
}

int history_open(int state_fd, struct history *ret, struct err *e)
{
	struct history h = { .fd = fs_open_dir(state_fd, "history", true, 0700, e) };

	if (h.fd < 0)
		return -1;
	if (sweep(&h, INT64_MIN, e) < 0) {
		history_close_p(&h);
		return -1;
	}
	*ret = h;
	return 0;
}

void history_close_p(struct history *h)
{
	fd_close_p(&h->fd);
}

static bool is_full(const struct history *h, size_t n)
{
	return h->bytes + n > HISTORY_BYTES_MAX || h->files + 1 > HISTORY_FILES_MAX;
}

int history_save(struct history *h, const char *revision, const void *p, size_t n, int64_t now_s,
		 struct err *e)
{
	struct stat st;

	if (fstatat(h->fd, revision, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size == (off_t)n)
		return 0;
	if (is_full(h, n) && sweep(h, now_s - HISTORY_KEEP_S, e) < 0)
		return -1;
	if (is_full(h, n))
		return err_set(e, ERR_FULL, "the history of replaced notes is full");
	if (fs_write_atomic(h->fd, revision, p, n, 0600, e) < 0)
		return err_wrap(e, "history");
	h->bytes += n;
	h->files++;
	return 0;
}

int history_read(const struct history *h, const char *revision, struct buffer *ret, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	char found[DIGEST_HEX_BYTES];

	if (fs_read_file(h->fd, revision, NOTE_MAX, &b, e) < 0)
		return e && e->sys == ENOENT
			       ? err_set(e, ERR_NOT_FOUND, "that revision is not kept any more")
			       : -1;
	note_revision(b.p, b.len, found);
	if (strcmp(found, revision) != 0)
		return err_set(e, ERR_FILE_DIGEST, "the kept revision is damaged");
	*ret = b;
	b = (struct buffer){ 0 };
	return 0;
}
