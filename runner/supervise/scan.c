/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c - the plugin folder, one bundle after the other through the loader. */
#include "supervise/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "policy/terms.h"
#include "supervise/feed.h"
#include "supervise/methods.h"
#include "supervise/supervisor.h"

struct scan {
	struct supervisor *s;
	struct control_ref who;
	size_t count;
	size_t next;
	bool more; /* than SCAN_FILES_MAX */
	char names[SCAN_FILES_MAX][BUNDLE_PATH_MAX + 1];
	json_t *bundles;
	json_t *row; /* of the bundle being verified */
};

static void go_on(struct scan *c);

void scan_prepare(struct supervisor *s)
{
	const char *path = s->ceiling.scan;

	s->scan_fd = path[0] ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
			     : openat(s->store.incoming, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->scan_fd < 0)
		(void)err_sys(&s->scan_error, "the plugin folder %s, as uid %u",
			      path[0] ? path : "incoming", geteuid());
}

int scan_open(struct supervisor *s, const char *file, struct err *e)
{
	CLEANUP_FD int fd = -1;
	struct stat st;

	if (s->scan_fd < 0) {
		*e = s->scan_error;
		return -1;
	}
	fd = fd_open_beneath(s->scan_fd, file, O_RDONLY | O_NONBLOCK, 0);
	if (fd < 0 && (errno == ELOOP || errno == EXDEV))
		return err_set(
			e, ERR_OUTSIDE,
			"%.100s does not lie in the plugin folder: it is a link or leads out",
			file);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "%.100s in the plugin folder", file);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_FORMAT, "%.100s is not a regular file", file);
	if ((uint64_t)st.st_size > s->ceiling.bundles.packed_bytes)
		return err_set(e, ERR_LIMIT, "%.100s has %lld bytes, limit %llu", file,
			       (long long)st.st_size,
			       (unsigned long long)s->ceiling.bundles.packed_bytes);
	return take_fd(fd);
}

static void finish(struct scan *c)
{
	struct supervisor *s = c->s;

	control_answer(s, c->who,
		       json_pack("{s:s, s:O, s:b}", "folder",
				 s->ceiling.scan[0] ? s->ceiling.scan : "incoming", "bundles",
				 c->bundles, "more", c->more));
	json_decref(c->bundles);
	free(c);
}

static void put_error(json_t *row, const struct err *e)
{
	(void)json_object_set_new(row, "ok", json_false());
	(void)json_object_set_new(row, "error", json_string(err_name(e->code)));
	(void)json_object_set_new(row, "text", feed_text(e->text));
}

static void put_verdict(json_t *row, const struct admit_job *j)
{
	const struct manifest *m = &j->manifest;
	char hex[DIGEST_HEX_BYTES];
	const struct registry_entry *g = registry_owner(&j->s->registry, m->name);

	hex_encode(j->identity.bundle_id, DIGEST_BYTES, hex);
	(void)json_object_set_new(row, "ok", json_true());
	(void)json_object_set_new(row, "plugin", json_string(m->name));
	(void)json_object_set_new(row, "version", json_string(m->version));
	(void)json_object_set_new(row, "description", feed_text(m->description));
	(void)json_object_set_new(row, "permissions", permissions_to_json(m->permissions));
	(void)json_object_set_new(row, "bundle", json_string(hex));
	(void)json_object_set_new(row, "counter", json_integer((json_int_t)j->done.counter));
	(void)json_object_set_new(row, "installed", json_boolean(g && !strcmp(g->bundle, hex)));
	for (uint32_t i = 0; i < j->identity.signer_count; i++)
		if (j->identity.signers[i].trusted)
			(void)json_object_set_new(row, "signer",
						  json_string(j->identity.signers[i].label));
}

static void on_verified(struct admit_job *j, const struct err *refused)
{
	struct scan *c = j->arg;

	if (refused)
		put_error(c->row, refused);
	else
		put_verdict(c->row, j);
	(void)json_array_append_new(c->bundles, take_ptr(c->row));
	go_on(c);
}

/* Verifies the next one; files that do not get so far are listed at once. */
static void go_on(struct scan *c)
{
	while (c->next < c->count) {
		const char *name = c->names[c->next++];
		struct admit_check check = { .kind = ADMIT_VERIFY,
					     .what = name,
					     .fd = -1,
					     .staging_fd = -1,
					     .on_end = on_verified,
					     .arg = c };
		json_t *row = json_pack("{s:o}", "file", feed_text(name));
		struct err e = { 0 };

		check.fd = scan_open(c->s, name, &e);
		c->row = row;
		if (check.fd >= 0 && admit_check(c->s, &check, &e) >= 0)
			return;
		c->row = NULL;
		put_error(row, &e);
		(void)json_array_append_new(c->bundles, row);
	}
	finish(c);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int list(struct scan *c, struct err *e)
{
	CLEANUP(closedir_p) DIR *d = fs_opendir(c->s->scan_fd, ".", e);
	struct dirent *de;
	int r;

	if (!d)
		return err_wrap(e, "the plugin folder");
	while ((r = fs_next(d, &de, e)) > 0) {
		size_t n = strlen(de->d_name);

		if (n <= strlen(SCAN_SUFFIX) ||
		    strcmp(de->d_name + n - strlen(SCAN_SUFFIX), SCAN_SUFFIX) != 0)
			continue;
		if (c->count == SCAN_FILES_MAX) {
			c->more = true;
			break;
		}
		if (copy_str(c->names[c->count], sizeof(c->names[0]), de->d_name))
			c->count++;
	}
	qsort(c->names, c->count, sizeof(c->names[0]), by_name);
	return r < 0 ? -1 : 0;
}

int method_scan(struct control_request *q, struct err *e)
{
	struct scan *c;

	if (q->s->scan_fd < 0) {
		*e = q->s->scan_error;
		return -1;
	}
	c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(e, ERR_NOMEM, "scan");
	c->s = q->s;
	c->who = q->who;
	c->bundles = json_array();
	if (list(c, e) < 0) {
		json_decref(c->bundles);
		free(c);
		return -1;
	}
	go_on(c);
	return CONTROL_LATER;
}
