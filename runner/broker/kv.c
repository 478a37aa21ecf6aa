/* SPDX-License-Identifier: Apache-2.0 */
/* kv.c - what plugins remember between two events. */
#include "broker/kv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "base/limits.h"

#define STORE_TYPE "kennel.kv/1"

enum { NAME_BYTES = NAME_MAX_BYTES + 8, DEPTH = JSON_DEPTH_WIRE + 3 };

int kv_open(int state_fd, struct kv *ret, struct err *e)
{
	ret->fd = fs_open_dir(state_fd, "kv", true, 0700, e);
	return ret->fd < 0 ? -1 : 0;
}

void kv_close_p(struct kv *kv)
{
	fd_close_p(&kv->fd);
}

bool kv_key_is_valid(const char *key)
{
	size_t n = strnlen(key, KV_KEY_BYTES_MAX + 1);

	return n > 0 && n <= KV_KEY_BYTES_MAX && text_is_printable(key, n);
}

/* ".tmp" of an atomic write ends otherwise, and no name has a dot. */
static void name_of(char ret[NAME_BYTES], const char *plugin)
{
	(void)snprintf(ret, NAME_BYTES, "%s.json", plugin);
}

static bool entry_is_sound(const char *key, const json_t *entry, json_int_t last)
{
	const json_t *version = json_object_get(entry, "version");
	const json_t *expires = json_object_get(entry, "expiresMs");

	return kv_key_is_valid(key) && json_object_get(entry, "value") &&
	       json_is_integer(version) && json_integer_value(version) > 0 &&
	       json_integer_value(version) <= last && (!expires || json_is_integer(expires));
}

/* Removes what has expired. False: that is no store. */
static bool take_keys(json_t *keys, json_int_t last, int64_t now_ms)
{
	const char *key;
	json_t *entry;
	void *next;

	if (!json_is_object(keys) || json_object_size(keys) > KV_KEYS_MAX)
		return false;
	json_object_foreach_safe(keys, next, key, entry) {
		const json_t *expires = json_object_get(entry, "expiresMs");

		if (!entry_is_sound(key, entry, last))
			return false;
		if (expires && json_integer_value(expires) <= now_ms)
			(void)json_object_del(keys, key);
	}
	return true;
}

static int read_store(const struct buffer *text, int64_t now_ms, struct kv_store *ret,
		      struct err *e)
{
	CLEANUP(json_decref_p) json_t *j = NULL;
	const json_t *type, *last;
	json_t *keys;

	if (json_parse((const char *)text->p, text->len, DEPTH, JSON_NODES_MAX, &j, e) < 0)
		return -1;
	type = json_object_get(j, "_type");
	last = json_object_get(j, "version");
	keys = json_object_get(j, "keys");
	if (!json_is_string(type) || strcmp(json_string_value(type), STORE_TYPE) != 0 ||
	    !json_is_integer(last) || json_integer_value(last) < 0 ||
	    !take_keys(keys, json_integer_value(last), now_ms))
		return err_set(e, ERR_FORMAT, "not a plugin's store");
	*ret = (struct kv_store){ .keys = json_incref(keys), .last = json_integer_value(last) };
	return 0;
}

int kv_load(const struct kv *kv, const char *plugin, int64_t now_ms, struct kv_store *ret,
	    struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer text = { 0 };
	char name[NAME_BYTES];

	name_of(name, plugin);
	if (faccessat(kv->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		if (fs_read_file(kv->fd, name, KV_BYTES_MAX, &text, e) < 0 ||
		    read_store(&text, now_ms, ret, e) < 0)
			return err_wrap(e, "kv/%s", name);
		return 0;
	}
	if (errno != ENOENT)
		return err_sys(e, "kv/%s", name);
	*ret = (struct kv_store){ .keys = json_object() };
	return ret->keys ? 0 : err_set(e, ERR_NOMEM, "store");
}

void kv_store_free_p(struct kv_store *s)
{
	json_decref_p(&s->keys);
}

/* What is written can be read back: its bytes and its values are counted as a reader counts them.
 */
char *kv_print(const struct kv_store *s, size_t *ret_n, struct err *e)
{
	CLEANUP(json_decref_p) json_t *back = NULL;
	CLEANUP(json_decref_p)
	json_t *j = json_pack("{s:s, s:I, s:O}", "_type", STORE_TYPE, "version", s->last, "keys",
			      s->keys);
	CLEANUP(free_p) char *text = j ? json_print(j, ret_n) : NULL;

	if (!text) {
		(void)err_set(e, ERR_NOMEM, "store");
		return NULL;
	}
	if (*ret_n > KV_BYTES_MAX) {
		(void)err_set(e, ERR_LIMIT, "a plugin's keys and values have %u bytes at most",
			      KV_BYTES_MAX);
		return NULL;
	}
	if (json_parse(text, *ret_n, DEPTH, JSON_NODES_MAX, &back, e) < 0)
		return NULL;
	return take_ptr(text);
}

int kv_save(const struct kv *kv, const char *plugin, const char *text, size_t n, struct err *e)
{
	char name[NAME_BYTES];

	name_of(name, plugin);
	return fs_write_atomic(kv->fd, name, text, n, 0600, e);
}
