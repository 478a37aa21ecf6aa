/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - staged, synced, renamed: a crash leaves the old state or the new one. */
#include "supervise/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "base/json.h"
#include "policy/wire.h"

#define INSTALL_TYPE "kennel.install/1"
#define INSTALL_FILE "install.json"
#define MANIFEST_FILE "manifest.rec"
#define EXECUTABLE "exec/plugin"
enum { INSTALL_FILE_MAX = 8192, COPY_CHUNK = 65536, BUNDLES_LISTED_MAX = 1024 };

/* ---- folders ---- */

int store_each(int dir, store_name_fn fn, void *arg, struct err *e)
{
	CLEANUP(closedir_p) DIR *d = fs_opendir(dir, ".", e);
	struct dirent *de;
	int r;

	if (!d)
		return err_wrap(e, "a folder of the store");
	while ((r = fs_next(d, &de, e)) > 0)
		if (fn(arg, de->d_name, e) < 0)
			return -1;
	return r;
}

/* Names come from us, but a leftover of a killed loader may be anything below. */
static int remove_leftover(void *arg, const char *name, struct err *e)
{
	const int *staging = arg;

	return fs_remove_tree(*staging, name, e) < 0 ? err_wrap(e, "leftover in staging") : 0;
}

int store_open(int state, struct store *ret, struct err *e)
{
	struct store s = { state, -1, -1, -1, -1, -1, -1 };
	struct {
		const char *name;
		mode_t mode;
		int *fd;
	} rows[] = { { "store", 0755, &s.store },	{ "staging", 0770, &s.staging },
		     { "trust", 0750, &s.trust },	{ "grants", 0700, &s.grants },
		     { "registry", 0700, &s.registry }, { "incoming", 0750, &s.incoming } };

	for (size_t i = 0; i < countof(rows); i++) {
		*rows[i].fd = fs_open_dir(state, rows[i].name, true, rows[i].mode, e);
		if (*rows[i].fd < 0) {
			store_close(&s);
			return -1;
		}
	}
	if (store_each(s.staging, remove_leftover, &s.staging, e) < 0) {
		store_close(&s);
		return -1;
	}
	*ret = s;
	return 0;
}

void store_close(struct store *s)
{
	fd_close_p(&s->store);
	fd_close_p(&s->staging);
	fd_close_p(&s->trust);
	fd_close_p(&s->grants);
	fd_close_p(&s->registry);
	fd_close_p(&s->incoming);
}

int store_stage(const struct store *s, char ret_name[STORE_STAGING_NAME_BYTES], int *ret_fd,
		struct err *e)
{
	uint8_t random[16];
	CLEANUP_FD int fd = -1;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_sys(e, "getrandom");
	hex_encode(random, sizeof(random), ret_name);
	if (mkdirat(s->staging, ret_name, 0770) < 0)
		return err_sys(e, "make a staging folder");
	fd = fs_open_dir(s->staging, ret_name, false, 0, e);
	if (fd < 0)
		return -1;
	/* The group came from the parent; the mask of the process must not take its write bit. */
	if (fchmod(fd, 02770) < 0)
		return err_sys(e, "mode of the staging folder");
	*ret_fd = take_fd(fd);
	return 0;
}

void store_unstage(const struct store *s, const char *name)
{
	if (name[0])
		(void)fs_remove_tree(s->staging, name, NULL); /* else at the next start */
}

int store_commit(const struct store *s, const char *staging, const char *plugin, const char *bundle,
		 struct err *e)
{
	CLEANUP_FD int staged = fs_open_dir(s->staging, staging, false, 0, e);
	CLEANUP_FD int dir = staged < 0 ? -1 : fs_open_dir(s->store, plugin, true, 0700, e);

	if (dir < 0)
		return -1;
	if (fs_remove_tree(staged, "in", e) < 0 || fs_remove_tree(staged, "out", e) < 0)
		return -1;
	/* No later loader reaches it: store/PLUGIN is ours alone. Its own members stay as they are.
	 */
	if (fchmod(staged, 0755) < 0 || syncfs(staged) < 0)
		return err_sys(e, "sync the store");
	if (renameat2(s->staging, staging, dir, bundle, RENAME_NOREPLACE) < 0 &&
	    (errno != EEXIST || renameat2(s->staging, staging, dir, bundle, RENAME_EXCHANGE) < 0))
		return err_sys(e, "rename into the store");
	if (fsync(dir) < 0 || fsync(s->store) < 0)
		return err_sys(e, "sync the store");
	return 0;
}

int store_set_current(const struct store *s, const char *plugin, const char *bundle, struct err *e)
{
	CLEANUP_FD int dir = fs_open_dir(s->store, plugin, false, 0, e);

	if (dir < 0)
		return -1;
	if (unlinkat(dir, ".current.new", 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove an old link");
	if (symlinkat(bundle, dir, ".current.new") < 0 ||
	    renameat(dir, ".current.new", dir, "current") < 0 || fsync(dir) < 0)
		return err_sys(e, "make %s current", bundle);
	return 0;
}

int store_remove_bundle(const struct store *s, const char *plugin, const char *bundle,
			struct err *e)
{
	CLEANUP_FD int dir = fs_open_dir(s->store, plugin, false, 0, e);

	if (dir < 0)
		return e && e->sys == ENOENT ? 0 : -1;
	return fs_remove_tree(dir, bundle, e);
}

int store_open_bundle(const struct store *s, const char *plugin, const char *bundle, struct err *e)
{
	CLEANUP_FD int top = fs_open_dir(s->store, plugin, false, 0, e);

	return top < 0 ? -1 : fs_open_dir(top, bundle, false, 0, e);
}

void store_read_current(const struct store *s, const char *plugin, char ret[DIGEST_HEX_BYTES])
{
	CLEANUP_FD int dir = fs_open_dir(s->store, plugin, false, 0, NULL);
	ssize_t n = dir < 0 ? -1 : readlinkat(dir, "current", ret, DIGEST_HEX_BYTES);

	ret[n > 0 && n < (ssize_t)DIGEST_HEX_BYTES ? n : 0] = '\0';
}

int store_remove_plugin(const struct store *s, const char *plugin, struct err *e)
{
	return fs_remove_tree(s->store, plugin, e);
}

/* ---- what is remembered ---- */

static json_t *key_to_json(const struct key_ceiling *k)
{
	return json_pack("{s:I, s:I, s:b, s:b, s:I}", "permissions", (json_int_t)k->permissions,
			 "runtimes", (json_int_t)k->runtimes, "native", k->native, "jit", k->jit,
			 "memory", (json_int_t)k->memory_bytes);
}

int store_write_install(int dir, const struct install_info *i, const struct manifest *m,
			struct err *e)
{
	CLEANUP(json_decref_p) json_t *doc = NULL;
	CLEANUP(free_p) char *text = NULL;

	doc = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:I, s:I, s:I, s:o, s:I}",
			"_type", INSTALL_TYPE, "bundle", i->bundle, "content", i->content, "module",
			i->module, "signer", i->signer, "key_id", i->key_id, "label", i->label,
			"key", key_to_json(&i->key), "counter", (json_int_t)i->counter,
			"installed_at", (json_int_t)i->installed_at, "executable_bytes",
			(json_int_t)i->executable_bytes, "signers",
			vouched_signers_json(&i->vouched), "threshold",
			(json_int_t)(i->vouched.threshold ? i->vouched.threshold : 1));
	text = doc ? json_dumps(doc, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
	if (!text)
		return err_set(e, ERR_NOMEM, INSTALL_FILE);
	if (fs_write_unsynced(dir, MANIFEST_FILE, m, sizeof(*m), 0600, e) < 0)
		return -1;
	return fs_write_unsynced(dir, INSTALL_FILE, text, strlen(text), 0600, e);
}

static int parse_key(struct json_place at, struct key_ceiling *k, struct err *e)
{
	uint64_t permissions, runtimes;
	bool native = false, jit = false;

	if (json_get_uint(at, "permissions", true, PERM_ALL, &permissions, e) < 0 ||
	    json_get_uint(at, "runtimes", true, RUNTIME_BIT(RUNTIME_COUNT) - 1, &runtimes, e) < 0 ||
	    json_get_bool(at, "native", &native, e) < 0 || json_get_bool(at, "jit", &jit, e) < 0 ||
	    json_get_uint(at, "memory", true, INT64_MAX, &k->memory_bytes, e) < 0)
		return -1;
	k->permissions = (permission_set)permissions;
	k->runtimes = (uint32_t)runtimes;
	k->native = native;
	k->jit = jit;
	return 0;
}

static int parse_install(const json_t *doc, struct install_info *i, struct err *e)
{
	struct json_place top = { doc, "" };
	json_t *key = NULL;
	char type[32];
	uint64_t at;

	if (json_get_str(top, "_type", true, sizeof(type), type, e) < 0 ||
	    json_get_str(top, "bundle", true, sizeof(i->bundle), i->bundle, e) < 0 ||
	    json_get_str(top, "content", true, sizeof(i->content), i->content, e) < 0 ||
	    json_get_str(top, "module", true, sizeof(i->module), i->module, e) < 0 ||
	    json_get_str(top, "signer", true, sizeof(i->signer), i->signer, e) < 0 ||
	    json_get_str(top, "key_id", true, sizeof(i->key_id), i->key_id, e) < 0 ||
	    json_get_str(top, "label", true, sizeof(i->label), i->label, e) < 0 ||
	    json_get_obj(top, "key", true, &key, e) < 0)
		return -1;
	if (json_get_uint(top, "counter", true, BUNDLE_COUNTER_MAX, &i->counter, e) < 0 ||
	    json_get_uint(top, "installed_at", true, INT64_MAX, &at, e) < 0 ||
	    json_get_uint(top, "executable_bytes", true, INT64_MAX, &i->executable_bytes, e) < 0)
		return -1;
	i->installed_at = (int64_t)at;
	if (strcmp(type, INSTALL_TYPE) != 0)
		return err_set(e, ERR_JSON_VALUE, "not an installation of this version");
	if (vouched_parse(top, &i->vouched, e) < 0)
		return -1;
	return parse_key((struct json_place){ key, "/key" }, &i->key, e);
}

static int read_manifest(int dir, struct manifest *ret, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	struct manifest m;

	if (fs_read_file(dir, MANIFEST_FILE, sizeof(m), &b, e) < 0)
		return -1;
	if (b.len != sizeof(m))
		return err_set(e, ERR_FORMAT, MANIFEST_FILE " of %zu bytes", b.len);
	memcpy(&m, b.p, sizeof(m));
	if (manifest_check(&m, e) < 0)
		return err_wrap(e, MANIFEST_FILE);
	*ret = m;
	return 0;
}

static int read_install(int dir, struct install_info *ret, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	CLEANUP(json_decref_p) json_t *doc = NULL;
	struct install_info i = { 0 };

	if (fs_read_file(dir, INSTALL_FILE, INSTALL_FILE_MAX, &b, e) < 0 ||
	    json_parse((const char *)b.p, b.len, 4, 64, &doc, e) < 0 ||
	    parse_install(doc, &i, e) < 0)
		return err_wrap(e, INSTALL_FILE);
	*ret = i;
	return 0;
}

int store_read_install(const struct store *s, const char *plugin, const char *bundle,
		       struct install_info *ret, struct manifest *ret_manifest, struct err *e)
{
	CLEANUP_FD int dir = store_open_bundle(s, plugin, bundle, e);

	if (dir < 0 || read_install(dir, ret, e) < 0 ||
	    (ret_manifest && read_manifest(dir, ret_manifest, e) < 0)) {
		if (e && e->sys == ENOENT)
			e->code = ERR_NOT_FOUND;
		return err_wrap(e, "%s in the store", plugin);
	}
	if (strcmp(ret->bundle, bundle) != 0)
		return err_set(e, ERR_STATE, "%s in the store: another bundle lies there", plugin);
	return 0;
}

bool store_find_module(const struct store *s, const char *plugin, const char *module,
		       char ret_bundle[DIGEST_HEX_BYTES])
{
	CLEANUP(closedir_p) DIR *d = fs_opendir(s->store, plugin, NULL);
	unsigned int left = BUNDLES_LISTED_MAX;
	struct dirent *de;

	while (d && left-- && fs_next(d, &de, NULL) > 0) {
		CLEANUP_FD int one = -1;
		struct install_info i;
		struct stat st;

		if (strlen(de->d_name) != DIGEST_HEX_BYTES - 1)
			continue;
		one = fs_open_dir(dirfd(d), de->d_name, false, 0, NULL);
		if (one < 0 || read_install(one, &i, NULL) < 0 || strcmp(i.module, module) != 0 ||
		    fstatat(one, EXECUTABLE, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			continue;
		return copy_str(ret_bundle, DIGEST_HEX_BYTES, de->d_name);
	}
	return false;
}

int store_link_executable(const struct store *s, const char *plugin, const char *bundle, int to_dir,
			  struct err *e)
{
	CLEANUP_FD int dir = store_open_bundle(s, plugin, bundle, e);

	if (dir < 0)
		return -1;
	if ((mkdirat(to_dir, "exec", 0755) < 0 && errno != EEXIST) ||
	    linkat(dir, EXECUTABLE, to_dir, EXECUTABLE, 0) < 0)
		return err_sys(e, "use the executable of %s", bundle);
	return 0;
}

/* ---- bytes that are not looked at ---- */

static int copy_bytes(int in, int out, uint64_t max_bytes, uint64_t *ret_bytes, struct err *e)
{
	static uint8_t chunk[COPY_CHUNK]; /* one thread, one copy at a time */
	uint64_t sum = 0;
	ssize_t n;

	while ((n = fd_read_full(in, chunk, sizeof(chunk))) > 0) {
		sum += (uint64_t)n;
		if (sum > max_bytes)
			return err_set(e, ERR_LIMIT, "larger than %llu bytes",
				       (unsigned long long)max_bytes);
		if (fd_write_all(out, chunk, (size_t)n) < 0)
			return err_sys(e, "write");
	}
	if (n < 0)
		return err_sys(e, "read");
	*ret_bytes = sum;
	return 0;
}

int store_copy_file(const struct store_copy *c, uint64_t *ret_bytes, struct err *e)
{
	CLEANUP_FD int in = fd_open_beneath(c->from_dir, c->from, O_RDONLY | O_NONBLOCK, 0);
	CLEANUP_FD int out = -1;
	struct stat st;

	if (in < 0 || fstat(in, &st) < 0)
		return err_sys(e, "open %.100s", c->from);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_FORMAT, "%.100s is not a regular file", c->from);
	out = fd_open_beneath(c->to_dir, c->to, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (out < 0)
		return err_sys(e, "create %s", c->to);
	if (copy_bytes(in, out, c->max_bytes, ret_bytes, e) < 0)
		return err_wrap(e, "%.100s", c->from);
	if (fchmod(out, c->mode) < 0 || fsync(out) < 0)
		return err_sys(e, "finish %s", c->to);
	return 0;
}
