/* SPDX-License-Identifier: Apache-2.0 */
/* filetree.c - the index of one installed bundle, and the tree against it. */
#include "supervise/filetree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/fs.h"

#define INDEX_TYPE "kennel.index/1"
enum {
	DEPTH_MAX = (int)BUNDLE_DEPTH_MAX + 2,
	NAMES_MAX = 1 << 21,
	GROW = 64,
	CHUNK = 65536,
	FOLDERS_MAX = (int)(BUNDLE_FILES_MAX * BUNDLE_DEPTH_MAX),
};
#define NS 1000000000ll

/* What may lie beside root/ and exec/: the supervisor's own files. */
static const char *const own_files[] = { FILETREE_INDEX, "install.json", "manifest.rec" };

void filetree_free_p(struct filetree *t)
{
	free(t->rows);
	buffer_free_p(&t->names);
	*t = (struct filetree){ 0 };
}

const char *filetree_path(const struct filetree *t, const struct filetree_row *row)
{
	return (const char *)t->names.p + row->path;
}

int filetree_add(struct filetree *t, const char *path, uint64_t size_bytes,
		 const uint8_t digest[DIGEST_BYTES], struct err *e)
{
	struct filetree_row row = { .size_bytes = size_bytes, .hashed = digest != NULL };
	struct filetree_row *rows = t->rows;

	if (t->count == FILETREE_ROWS_MAX || strlen(path) >= FILETREE_PATH_BYTES)
		return err_set(e, ERR_LIMIT, "a bundle of more than %u files", BUNDLE_FILES_MAX);
	if (t->count == t->room) {
		rows = reallocarray(rows, t->room + GROW, sizeof(*rows));
		if (!rows)
			return err_set(e, ERR_NOMEM, FILETREE_INDEX);
		t->rows = rows;
		t->room += GROW;
	}
	row.path = (uint32_t)t->names.len;
	if (digest)
		memcpy(row.digest, digest, DIGEST_BYTES);
	if (buffer_append(&t->names, path, strlen(path) + 1, NAMES_MAX) < 0)
		return err_set(e, ERR_LIMIT, "the paths of a bundle are longer than %d bytes",
			       NAMES_MAX);
	t->rows[t->count++] = row;
	return 0;
}

/* ---- order ---- */

static int by_path(const void *a, const void *b, void *names)
{
	const struct filetree_row *x = a, *y = b;

	return strcmp((const char *)names + x->path, (const char *)names + y->path);
}

static void sort(struct filetree *t)
{
	if (t->count > 1)
		qsort_r(t->rows, t->count, sizeof(*t->rows), by_path, t->names.p);
}

static struct filetree_row *find(const struct filetree *t, const char *path)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t at = low + (high - low) / 2;
		int order = strcmp(path, filetree_path(t, &t->rows[at]));

		if (order == 0)
			return &t->rows[at];
		if (order < 0)
			high = at;
		else
			low = at + 1;
	}
	return NULL;
}

/* ---- one file ---- */

static int hash_file(int dir, const char *path, uint8_t ret[DIGEST_BYTES], struct err *e)
{
	static uint8_t chunk[CHUNK]; /* one thread, one file at a time */
	CLEANUP_FD int fd = fd_open_beneath(dir, path, O_RDONLY | O_NONBLOCK, 0);
	struct digest d;
	ssize_t n;

	if (fd < 0)
		return err_sys(e, "open %.150s", path);
	digest_start(&d);
	while ((n = fd_read_full(fd, chunk, sizeof(chunk))) > 0)
		digest_add(&d, chunk, (size_t)n);
	if (n < 0)
		return err_sys(e, "read %.150s", path);
	digest_end(&d, ret);
	return 0;
}

static int64_t ns_of(struct timespec t)
{
	return (int64_t)t.tv_sec * NS + t.tv_nsec;
}

static void take_times(struct filetree_row *row, const struct stat *st)
{
	row->inode = st->st_ino;
	row->mtime_ns = ns_of(st->st_mtim);
	row->ctime_ns = ns_of(st->st_ctim);
	row->links = (uint32_t)st->st_nlink;
}

/* ---- the walk ---- */

struct walk {
	struct filetree *t;
	int dir;
	uint32_t folders;
	/* Of each file that has a row. */
	int (*on_file)(struct walk *w, struct filetree_row *row, const struct stat *st,
		       struct err *e);
	bool rehash;
	bool changed; /* times or inodes */
	struct filetree_report report;
	char path[FILETREE_PATH_BYTES];
};

static int differs(struct err *e, const char *path, const char *what)
{
	return err_set(e, ERR_STORE_CHANGED, "%.150s: %s", path, what);
}

static int enter(struct walk *w, int at, const char *name, int depth, struct err *e);

static int visit(struct walk *w, int folder, const char *name, int depth, struct err *e)
{
	struct filetree_row *row;
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "%.150s", w->path);
	if (S_ISDIR(st.st_mode))
		return enter(w, folder, name, depth + 1, e);
	row = S_ISREG(st.st_mode) ? find(w->t, w->path) : NULL;
	if (!row || row->seen)
		return differs(e, w->path, "is not one of its files");
	row->seen = true;
	w->report.files++;
	w->report.bytes += (uint64_t)st.st_size;
	return w->on_file(w, row, &st, e);
}

/* Folders are ours or the loader's; who else may write there could put files beside. */
static int check_folder(struct walk *w, int fd, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "%.150s", w->path);
	if (w->folders++ == 0 && !w->t->folders)
		w->t->owner = st.st_uid;
	if (w->folders > FOLDERS_MAX)
		return differs(e, w->path, "more folders than a bundle may have");
	if ((st.st_mode & (S_ISUID | S_ISVTX | S_IWOTH)) != 0 ||
	    (st.st_uid != geteuid() && st.st_uid != w->t->owner))
		return differs(e, w->path, "a folder with another owner or mode");
	return 0;
}

static int enter(struct walk *w, int at, const char *name, int depth, struct err *e)
{
	CLEANUP(closedir_p) DIR *d = fs_opendir(at, name, e);
	size_t end = strlen(w->path);
	struct dirent *de;
	int r;

	if (!d)
		return err_wrap(e, "%.150s", w->path);
	if (depth > DEPTH_MAX)
		return differs(e, w->path, "too deep");
	if (check_folder(w, dirfd(d), e) < 0)
		return -1;
	while ((r = fs_next(d, &de, e)) > 0) {
		if (end + 1 + strlen(de->d_name) >= sizeof(w->path))
			return differs(e, w->path, "holds a name that is too long");
		w->path[end] = '/';
		memcpy(w->path + end + 1, de->d_name, strlen(de->d_name) + 1);
		if (visit(w, dirfd(d), de->d_name, depth, e) < 0)
			return -1;
		w->path[end] = '\0';
	}
	return r;
}

static int check_beside(int dir, struct err *e)
{
	CLEANUP(closedir_p) DIR *d = fs_opendir(dir, ".", e);
	struct dirent *de;
	int r;

	if (!d)
		return err_wrap(e, "a bundle's folder");
	while ((r = fs_next(d, &de, e)) > 0) {
		bool known = !strcmp(de->d_name, FILETREE_ROOT) || !strcmp(de->d_name, "exec") ||
			     !strcmp(de->d_name, "." FILETREE_INDEX ".new");

		for (size_t i = 0; i < countof(own_files); i++)
			known = known || !strcmp(de->d_name, own_files[i]);
		if (!known)
			return differs(e, de->d_name, "is not one of its files");
	}
	return r;
}

static int walk(struct walk *w, struct err *e)
{
	struct stat st;

	for (uint32_t i = 0; i < w->t->count; i++)
		w->t->rows[i].seen = false;
	(void)copy_str(w->path, sizeof(w->path), FILETREE_ROOT);
	if (enter(w, w->dir, FILETREE_ROOT, 1, e) < 0)
		return -1;
	(void)copy_str(w->path, sizeof(w->path), "exec");
	if (fstatat(w->dir, "exec", &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (enter(w, w->dir, "exec", 1, e) < 0)
			return -1;
	} else if (errno != ENOENT) {
		return err_sys(e, "exec");
	}
	for (uint32_t i = 0; i < w->t->count; i++)
		if (!w->t->rows[i].seen)
			return differs(e, filetree_path(w->t, &w->t->rows[i]), "is missing");
	return 0;
}

/* ---- making an index ---- */

static int seal_file(struct walk *w, struct filetree_row *row, const struct stat *st, struct err *e)
{
	if (row->hashed && row->size_bytes != (uint64_t)st->st_size)
		return differs(e, w->path, "its size is not the one that was signed");
	if (!row->hashed && hash_file(w->dir, w->path, row->digest, e) < 0)
		return -1;
	row->hashed = true;
	row->size_bytes = (uint64_t)st->st_size;
	row->mode = st->st_mode & 07777;
	row->uid = st->st_uid;
	take_times(row, st);
	return 0;
}

int filetree_seal(struct filetree *t, int dir, struct err *e)
{
	struct walk w = { .t = t, .dir = dir, .on_file = seal_file };

	sort(t);
	t->folders = 0;
	if (walk(&w, e) < 0)
		return err_wrap(e, "staged bundle");
	t->folders = w.folders;
	return 0;
}

static int print_index(const struct filetree *t, struct buffer *b, struct err *e)
{
	char line[FILETREE_PATH_BYTES + DIGEST_HEX_BYTES + 160], hex[DIGEST_HEX_BYTES];
	int n = snprintf(line, sizeof(line), INDEX_TYPE " %u %u %u\n", t->count, t->folders,
			 t->owner);

	if (buffer_append(b, line, (size_t)n, FILETREE_FILE_MAX) < 0)
		return err_set(e, ERR_NOMEM, FILETREE_INDEX);
	for (uint32_t i = 0; i < t->count; i++) {
		const struct filetree_row *r = &t->rows[i];

		hex_encode(r->digest, DIGEST_BYTES, hex);
		n = snprintf(line, sizeof(line), "%s %llu %o %u %llu %lld %lld %s\n", hex,
			     (unsigned long long)r->size_bytes, r->mode, r->uid,
			     (unsigned long long)r->inode, (long long)r->mtime_ns,
			     (long long)r->ctime_ns, filetree_path(t, r));
		if (n <= 0 || (size_t)n >= sizeof(line) ||
		    buffer_append(b, line, (size_t)n, FILETREE_FILE_MAX) < 0)
			return err_set(e, ERR_LIMIT, FILETREE_INDEX);
	}
	return 0;
}

int filetree_write(const struct filetree *t, int dir, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };

	if (print_index(t, &b, e) < 0)
		return -1;
	return fs_write_unsynced(dir, FILETREE_INDEX, b.p, b.len, 0600, e);
}

static int rewrite(const struct filetree *t, int dir, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };

	if (print_index(t, &b, e) < 0)
		return -1;
	return fs_write_atomic(dir, FILETREE_INDEX, b.p, b.len, 0600, e);
}

/* ---- reading one ---- */

static bool take_number(char **rest, int base, uint64_t max, uint64_t *ret)
{
	const char *word = strsep(rest, " ");
	unsigned long long v;
	char *end;

	if (!word || *word < '0' || *word > '9')
		return false;
	errno = 0;
	v = strtoull(word, &end, base);
	if (errno || *end || v > max)
		return false;
	*ret = v;
	return true;
}

static int take_line(struct filetree *t, char *line, struct err *e)
{
	enum { SIZE, MODE, UID, INODE, MTIME, CTIME, NUMBERS };
	static const uint64_t max[NUMBERS] = { INT64_MAX,  07777,     UINT32_MAX,
					       UINT64_MAX, INT64_MAX, INT64_MAX };
	uint64_t v[NUMBERS];
	uint8_t digest[DIGEST_BYTES];
	char *rest = line;
	const char *hex = strsep(&rest, " ");

	if (!hex || !hex_decode(hex, digest, sizeof(digest)))
		return err_set(e, ERR_STORE_CHANGED, FILETREE_INDEX " holds a line that is none");
	for (int i = 0; i < NUMBERS; i++)
		if (!take_number(&rest, i == MODE ? 8 : 10, max[i], &v[i]))
			return err_set(e, ERR_STORE_CHANGED,
				       FILETREE_INDEX " holds a line that is none");
	if (!rest || !*rest || filetree_add(t, rest, v[SIZE], digest, e) < 0)
		return err_set(e, ERR_STORE_CHANGED, FILETREE_INDEX " holds a line that is none");
	t->rows[t->count - 1].mode = (uint32_t)v[MODE];
	t->rows[t->count - 1].uid = (uint32_t)v[UID];
	t->rows[t->count - 1].inode = v[INODE];
	t->rows[t->count - 1].mtime_ns = (int64_t)v[MTIME];
	t->rows[t->count - 1].ctime_ns = (int64_t)v[CTIME];
	return 0;
}

static int take_head(struct filetree *t, char *line, uint32_t *ret_count, struct err *e)
{
	char *rest = line;
	const char *type = strsep(&rest, " ");
	uint64_t count, folders, owner;

	if (!type || strcmp(type, INDEX_TYPE) != 0 ||
	    !take_number(&rest, 10, FILETREE_ROWS_MAX, &count) ||
	    !take_number(&rest, 10, FOLDERS_MAX, &folders) ||
	    !take_number(&rest, 10, UINT32_MAX, &owner) || rest)
		return err_set(e, ERR_STORE_CHANGED, FILETREE_INDEX " is none of this version");
	*ret_count = (uint32_t)count;
	t->folders = (uint32_t)folders;
	t->owner = (uint32_t)owner;
	return 0;
}

int filetree_read(int dir, struct filetree *ret, struct err *e)
{
	CLEANUP(filetree_free_p) struct filetree t = { 0 };
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	uint32_t count = 0;
	char *rest, *line;

	if (fs_read_file(dir, FILETREE_INDEX, FILETREE_FILE_MAX, &b, e) < 0) {
		if (e && e->sys == ENOENT)
			return err_set(e, ERR_STORE_CHANGED, FILETREE_INDEX " is missing");
		return -1;
	}
	rest = (char *)b.p;
	line = strsep(&rest, "\n");
	if (!line || take_head(&t, line, &count, e) < 0)
		return -1;
	while ((line = strsep(&rest, "\n")) && rest)
		if (take_line(&t, line, e) < 0)
			return -1;
	if (t.count != count || (line && *line))
		return err_set(e, ERR_STORE_CHANGED, FILETREE_INDEX " is not whole");
	sort(&t);
	*ret = t;
	t = (struct filetree){ 0 };
	return 0;
}

/* ---- the tree against it ---- */

static int check_file(struct walk *w, struct filetree_row *row, const struct stat *st,
		      struct err *e)
{
	uint8_t digest[DIGEST_BYTES];
	bool same;

	if (row->size_bytes != (uint64_t)st->st_size)
		return differs(e, w->path, "its size is another");
	if (row->mode != (st->st_mode & 07777) || row->uid != st->st_uid)
		return differs(e, w->path, "its mode or owner is another");
	if (st->st_uid != geteuid() && st->st_nlink != 1) /* only ours are linked */
		return differs(e, w->path, "has another name elsewhere");
	same = row->inode == st->st_ino && row->mtime_ns == ns_of(st->st_mtim) &&
	       row->ctime_ns == ns_of(st->st_ctim);
	take_times(row, st);
	if (same && !w->rehash)
		return 0;
	w->changed = w->changed || !same;
	w->report.hashed++;
	if (hash_file(w->dir, w->path, digest, e) < 0)
		return -1;
	return digest_equal(digest, row->digest) ? 0
						 : differs(e, w->path, "its contents are others");
}

static int refresh_file(struct walk *w, struct filetree_row *row, const struct stat *st,
			struct err *e)
{
	if (row->size_bytes != (uint64_t)st->st_size || row->inode != st->st_ino ||
	    row->mtime_ns != ns_of(st->st_mtim))
		return differs(e, w->path, "changed while it was installed");
	w->changed = w->changed || row->ctime_ns != ns_of(st->st_ctim);
	take_times(row, st);
	return 0;
}

static int compare(struct walk *w, struct err *e)
{
	CLEANUP(filetree_free_p) struct filetree t = { 0 };

	if (filetree_read(w->dir, &t, e) < 0 || check_beside(w->dir, e) < 0)
		return -1;
	w->t = &t; /* cppcheck-suppress autoVariables; nobody looks at it after this function */
	if (walk(w, e) < 0)
		return -1;
	if (w->folders != t.folders)
		return err_set(e, ERR_STORE_CHANGED, "%u folders, the index says %u", w->folders,
			       t.folders);
	return w->changed ? rewrite(&t, w->dir, e) : 0;
}

int filetree_check(int dir, bool rehash, struct filetree_report *ret_report, struct err *e)
{
	struct walk w = { .dir = dir, .on_file = check_file, .rehash = rehash };

	if (compare(&w, e) < 0)
		return -1;
	if (ret_report)
		*ret_report = w.report;
	return 0;
}

int filetree_refresh(int dir, struct err *e)
{
	struct walk w = { .dir = dir, .on_file = refresh_file };

	return compare(&w, e);
}
