/* SPDX-License-Identifier: Apache-2.0 */
/* vault.c - the index of the tenant's notes: two sorted arrays over the same records. */
#include "broker/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "broker/linkname.h"
#include "broker/vault_index.h"

int vault_new(int dirfd, struct vault **ret, struct err *e)
{
	struct vault *v = calloc(1, sizeof(*v));

	if (!v)
		return err_set(e, ERR_NOMEM, "vault");
	v->fd = dirfd;
	*ret = v;
	return 0;
}

void vault_free_p(struct vault **v)
{
	if (!*v)
		return;
	for (size_t i = 0; i < (*v)->count; i++)
		note_free((*v)->by_path[i]);
	free((*v)->by_path);
	free((*v)->by_stem);
	free(*v);
	*v = NULL;
}

void vault_on_change(struct vault *v, vault_change_fn fn, void *arg)
{
	v->on_change = fn;
	v->arg = arg;
}

int vault_dirfd(const struct vault *v)
{
	return v->fd;
}

size_t vault_count(const struct vault *v)
{
	return v->count;
}

const struct note *vault_at(const struct vault *v, size_t i)
{
	return i < v->count ? v->by_path[i] : NULL;
}

size_t vault_left_out(const struct vault *v)
{
	return v->left_out;
}

/* ---- order ---- */

static int compare_paths(const char *a, const char *b)
{
	return strcmp(a, b);
}

static int compare_stem_of(const char *a, const char *b)
{
	size_t an, bn;
	const char *as = linkname_stem(a, &an), *bs = linkname_stem(b, &bn);
	int c = strncasecmp(as, bs, an < bn ? an : bn);

	return c ? c : (an > bn) - (an < bn);
}

static int compare_stems(const char *a, const char *b)
{
	int c = compare_stem_of(a, b);

	return c ? c : strcmp(a, b);
}

typedef int (*compare_fn)(const char *a, const char *b);

/* The first place whose path is not less than path. */
static size_t lower_bound(struct note *const *v, size_t count, const char *path, compare_fn compare)
{
	size_t lo = 0, hi = count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare(v[mid]->path, path) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct note **find_slot(const struct vault *v, const char *path)
{
	size_t i = lower_bound(v->by_path, v->count, path, compare_paths);

	return i < v->count && !strcmp(v->by_path[i]->path, path) ? &v->by_path[i] : NULL;
}

const struct note *vault_find(const struct vault *v, const char *path)
{
	struct note **slot = find_slot(v, path);

	return slot ? *slot : NULL;
}

size_t vault_after(const struct vault *v, const char *path)
{
	size_t i = lower_bound(v->by_path, v->count, path, compare_paths);

	return i < v->count && !strcmp(v->by_path[i]->path, path) ? i + 1 : i;
}

size_t vault_count_stem(const struct vault *v, const char *path)
{
	size_t i = lower_bound(v->by_stem, v->count, path, compare_stem_of), n = 0;

	while (i + n < v->count && compare_stem_of(v->by_stem[i + n]->path, path) == 0)
		n++;
	return n;
}

static void insert_at(struct note **a, size_t count, size_t i, struct note *note)
{
	memmove(a + i + 1, a + i, (count - i) * sizeof(struct note *));
	a[i] = note;
}

static void remove_at(struct note **a, size_t count, size_t i)
{
	memmove(a + i, a + i + 1, (count - i - 1) * sizeof(struct note *));
}

static int make_room(struct vault *v, struct err *e)
{
	size_t want = v->cap ? v->cap * 2 : 256;
	struct note **p;

	if (v->count < v->cap)
		return 0;
	p = reallocarray(v->by_path, want, sizeof(struct note *));
	if (!p)
		return err_set(e, ERR_NOMEM, "index");
	v->by_path = p;
	p = reallocarray(v->by_stem, want, sizeof(struct note *));
	if (!p)
		return err_set(e, ERR_NOMEM, "index");
	v->by_stem = p;
	v->cap = want;
	return 0;
}

/* Takes the note; a full index forgets it and counts. */
static int put_note(struct vault *v, struct note *note, struct err *e)
{
	struct note **slot = find_slot(v, note->path);
	size_t stem;

	if (slot) {
		stem = lower_bound(v->by_stem, v->count, note->path, compare_stems);
		note_free(*slot);
		*slot = note;
		v->by_stem[stem] = note;
		return 0;
	}
	if (v->count >= VAULT_NOTES_MAX) {
		v->left_out++;
		note_free(note);
		return 0;
	}
	if (make_room(v, e) < 0) {
		note_free(note);
		return -1;
	}
	insert_at(v->by_path, v->count,
		  lower_bound(v->by_path, v->count, note->path, compare_paths), note);
	insert_at(v->by_stem, v->count,
		  lower_bound(v->by_stem, v->count, note->path, compare_stems), note);
	v->count++;
	return 0;
}

static void drop_index(struct vault *v, size_t i)
{
	struct note *note = v->by_path[i];

	remove_at(v->by_stem, v->count,
		  lower_bound(v->by_stem, v->count, note->path, compare_stems));
	remove_at(v->by_path, v->count, i);
	v->count--;
	note_free(note);
}

void vault_forget(struct vault *v, const char *path)
{
	struct note **slot = find_slot(v, path);

	if (slot)
		drop_index(v, (size_t)(slot - v->by_path));
}

void vault_forget_below(struct vault *v, const char *folder)
{
	size_t n = strlen(folder);

	for (size_t i = v->count; i-- > 0;)
		if (!strncmp(v->by_path[i]->path, folder, n) && v->by_path[i]->path[n] == '/')
			drop_index(v, i);
}

void vault_forget_unseen(struct vault *v)
{
	for (size_t i = v->count; i-- > 0;)
		if (v->by_path[i]->generation != v->generation)
			drop_index(v, i);
}

/* ---- the disk ---- */

int vault_open_note(const struct vault *v, const char *path, struct stat *ret_st, struct err *e)
{
	CLEANUP_FD int fd = -1;

	if (!note_path_is_valid(path))
		return err_set(e, ERR_PATH, "not the path of a note");
	/* O_NONBLOCK: a pipe with that name must not hold us; it is refused below. */
	fd = fd_open_beneath(v->fd, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY, 0);
	if (fd < 0 && (errno == ENOMEM || errno == EMFILE || errno == ENFILE || errno == EIO))
		return err_sys(e, "open note");
	if (fd < 0)
		return err_set(e, ERR_NOT_FOUND, "no such note");
	if (fstat(fd, ret_st) < 0)
		return err_sys(e, "stat note");
	if (!S_ISREG(ret_st->st_mode))
		return err_set(e, ERR_NOT_FOUND, "no such note");
	if (ret_st->st_size > (off_t)NOTE_MAX)
		return err_set(e, ERR_LIMIT, "a note of %lld bytes, limit %u",
			       (long long)ret_st->st_size, NOTE_MAX);
	return take_fd(fd);
}

int vault_read(const struct vault *v, const char *path, struct vault_file *ret, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer text = { 0 };
	struct stat st;
	CLEANUP_FD int fd = vault_open_note(v, path, &st, e);

	if (fd < 0)
		return -1;
	if (fs_read_fd(fd, NOTE_MAX, &text, e) < 0)
		return -1;
	if (!note_text_is_valid((const char *)text.p, text.len))
		return err_set(e, ERR_FORMAT, "the note is not UTF-8 text");
	note_revision(text.p, text.len, ret->revision);
	ret->st = st;
	ret->text = text;
	text = (struct buffer){ 0 };
	return 0;
}

void vault_file_free_p(struct vault_file *f)
{
	buffer_free_p(&f->text);
}

int vault_check_room(const struct vault *v, size_t n, struct err *e)
{
	struct statfs fs;

	if (fstatfs(v->fd, &fs) < 0)
		return err_sys(e, "statfs of the vault");
	/* Some file systems do not count. */
	if (fs.f_blocks > 0 && (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize < VAULT_FREE_MIN + n)
		return err_set(e, ERR_FULL, "less than %llu MiB would be free on the vault's disk",
			       VAULT_FREE_MIN >> 20);
	return 0;
}

int vault_refresh(struct vault *v, const char *path, const struct cause *cause, struct err *e)
{
	CLEANUP(vault_file_free_p) struct vault_file f = { 0 };
	struct note **slot = find_slot(v, path);
	struct note *note;
	struct err why;
	bool changed;

	if (vault_read(v, path, &f, &why) < 0) {
		vault_forget(v, path);
		return 0;
	}
	changed = !slot || strcmp((*slot)->revision, f.revision) != 0;
	if (!changed) {
		(*slot)->stamp = note_stamp_of(&f.st);
		(*slot)->generation = v->generation;
		return 0;
	}
	if (note_read(path, (const char *)f.text.p, f.text.len, &note, e) < 0)
		return -1;
	note->stamp = note_stamp_of(&f.st);
	note->generation = v->generation;
	if (put_note(v, note, e) < 0)
		return -1;
	note = find_slot(v, path) ? *find_slot(v, path) : NULL;
	if (note && v->on_change)
		v->on_change(v->arg, note, cause);
	return 0;
}
