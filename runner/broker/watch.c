/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - hears of every change in the vault's folders and brings the index up to date. */
#include "broker/watch.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

enum {
	READ_BYTES = 65536,
	READS_PER_TURN = 16, /* then the other descriptors of the loop have their turn */
};
#define FOLDER_EVENTS                                                                    \
	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ONLYDIR | \
	 IN_DONT_FOLLOW | IN_EXCL_UNLINK)

struct folder {
	int wd;
	char *path; /* below the vault, "" is the vault */
};

struct watch {
	int fd;
	struct vault *vault;
	struct loop_source *source;
	struct loop_source *timer;
	struct folder *folders; /* sorted by wd: the kernel counts up */
	size_t count;
	size_t cap;
	bool incomplete; /* a folder has no watch */
};

static size_t folder_slot(const struct watch *w, int wd)
{
	size_t lo = 0, hi = w->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (w->folders[mid].wd < wd)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int remember(struct watch *w, int wd, const char *path, struct err *e)
{
	size_t i = folder_slot(w, wd);
	char *copy = strdup(path);

	if (!copy)
		return err_set(e, ERR_NOMEM, "watch");
	if (i < w->count && w->folders[i].wd == wd) {
		free(w->folders[i].path);
		w->folders[i].path = copy;
		return 0;
	}
	if (w->count == w->cap) {
		size_t want = w->cap ? w->cap * 2 : 64;
		struct folder *p = reallocarray(w->folders, want, sizeof(*p));

		if (!p) {
			free(copy);
			return err_set(e, ERR_NOMEM, "watch");
		}
		w->folders = p;
		w->cap = want;
	}
	memmove(&w->folders[i + 1], &w->folders[i], (w->count - i) * sizeof(*w->folders));
	w->folders[i] = (struct folder){ .wd = wd, .path = copy };
	w->count++;
	return 0;
}

static void forget(struct watch *w, size_t i)
{
	free(w->folders[i].path);
	memmove(&w->folders[i], &w->folders[i + 1], (w->count - i - 1) * sizeof(*w->folders));
	w->count--;
}

/* fchdir and ".": the descriptor was opened safely, and no path is resolved a second time. */
static int add_folder(void *arg, int fd, const char *path, struct err *e)
{
	struct watch *w = arg;
	int wd;

	if (fchdir(fd) < 0) {
		w->incomplete = true;
		return 0;
	}
	wd = inotify_add_watch(w->fd, ".", FOLDER_EVENTS);
	if (wd < 0) {
		w->incomplete = true; /* ENOSPC: the host's limit; the timer looks after it */
		return 0;
	}
	return remember(w, wd, path, e);
}

static void drop_below(struct watch *w, const char *path)
{
	size_t n = strlen(path);

	for (size_t i = w->count; i-- > 0;) {
		const struct folder *f = &w->folders[i];

		if (strncmp(f->path, path, n) != 0 || (f->path[n] != '\0' && f->path[n] != '/'))
			continue;
		(void)inotify_rm_watch(w->fd, f->wd);
		forget(w, i);
	}
	vault_forget_below(w->vault, path);
}

static void rescan(struct watch *w)
{
	w->incomplete = false;
	/* Out of memory: what is known stays, and the timer tries again. */
	if (vault_rescan(w->vault, add_folder, w, NULL) < 0)
		w->incomplete = true;
}

static void rearm(struct watch *w)
{
	if (w->incomplete)
		(void)loop_arm(w->timer, WATCH_RESCAN_MS, NULL);
}

static void on_timer(void *arg)
{
	rescan(arg);
	rearm(arg);
}

/* A note that was exchanged with its successor leaves and arrives under one name, in this order or
 * the other: what counts is what is there now. */
static bool is_there(const struct watch *w, const char *path)
{
	CLEANUP_FD int fd = fd_open_beneath(vault_dirfd(w->vault), path, O_PATH | O_NOFOLLOW, 0);

	return fd >= 0;
}

static void take_file(struct watch *w, const char *path, uint32_t mask)
{
	static const struct cause outside;

	/* A file being made is read when it is closed; a hard link is never opened, so it is read
	 * now. */
	if (mask & (IN_DELETE | IN_MOVED_FROM) && !is_there(w, path))
		vault_forget(w->vault, path);
	else if (vault_refresh(w->vault, path, &outside, NULL) < 0)
		w->incomplete = true;
}

static void take_folder(struct watch *w, const char *path, uint32_t mask)
{
	if (mask & (IN_DELETE | IN_MOVED_FROM))
		drop_below(w, path);
	if (mask & (IN_CREATE | IN_MOVED_TO) && vault_scan(w->vault, path, add_folder, w, NULL) < 0)
		w->incomplete = true;
}

static bool is_made_by_link(const struct watch *w, const char *path)
{
	CLEANUP_FD int fd = fd_open_beneath(vault_dirfd(w->vault), path, O_PATH | O_NOFOLLOW, 0);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_nlink > 1;
}

static void take_event(struct watch *w, const struct inotify_event *ev)
{
	size_t i = folder_slot(w, ev->wd);
	char path[VAULT_PATH_MAX];
	int n;

	if (ev->mask & IN_Q_OVERFLOW) {
		rescan(w);
		return;
	}
	if (i >= w->count || w->folders[i].wd != ev->wd)
		return; /* from before its folder was let go */
	if (ev->mask & IN_IGNORED) {
		forget(w, i);
		return;
	}
	if (ev->len == 0 || ev->name[0] == '.' || ev->name[0] == '\0')
		return;
	n = snprintf(path, sizeof(path), "%s%s%s", w->folders[i].path,
		     w->folders[i].path[0] ? "/" : "", ev->name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return;
	if (ev->mask & IN_ISDIR) {
		take_folder(w, path, ev->mask);
		return;
	}
	if (!note_path_is_valid(path) || (ev->mask & IN_CREATE && !is_made_by_link(w, path)))
		return;
	take_file(w, path, ev->mask);
}

static void on_events(void *arg, uint32_t events)
{
	struct watch *w = arg;
	_Alignas(struct inotify_event) char buf[READ_BYTES];

	(void)events;
	for (int turn = 0; turn < READS_PER_TURN; turn++) {
		ssize_t n = read(w->fd, buf, sizeof(buf));

		if (n <= 0)
			break;
		for (size_t at = 0; at + sizeof(struct inotify_event) <= (size_t)n;) {
			const struct inotify_event *ev = (const void *)(buf + at);

			take_event(w, ev);
			at += sizeof(*ev) + ev->len;
		}
	}
	rearm(w);
}

static int start(struct watch *w, struct loop *loop, struct err *e)
{
	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->fd < 0)
		return err_sys(e, "inotify_init1");
	if (loop_add_fd(loop, &(struct loop_watch){ w->fd, EPOLLIN, on_events, w }, &w->source, e) <
		    0 ||
	    loop_add_timer(loop, on_timer, w, &w->timer, e) < 0 ||
	    vault_rescan(w->vault, add_folder, w, e) < 0)
		return -1;
	rearm(w);
	return 0;
}

int watch_new(struct loop *loop, struct vault *v, struct watch **ret, struct err *e)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return err_set(e, ERR_NOMEM, "watch");
	w->vault = v;
	if (start(w, loop, e) < 0) {
		watch_free_p(&w);
		return -1;
	}
	*ret = w;
	return 0;
}

void watch_free_p(struct watch **w)
{
	if (!*w)
		return;
	loop_remove(&(*w)->source);
	loop_remove(&(*w)->timer);
	while ((*w)->count > 0)
		forget(*w, (*w)->count - 1);
	free((*w)->folders);
	fd_close_p(&(*w)->fd);
	free(*w);
	*w = NULL;
}

size_t watch_count(const struct watch *w)
{
	return w->count;
}
