/* SPDX-License-Identifier: Apache-2.0 */
/* native.c - native.json, strict both ways. */
#include "supervise/native.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fs.h"

#define NATIVE_TYPE "kennel.native/1"
#define FILE_MAX (NATIVE_ENTRIES_MAX * 512u)
enum { DEPTH_MAX = 4, NODES_MAX = NATIVE_ENTRIES_MAX * 10 };

static const char *const kinds[] = { [NATIVE_BY_BUNDLE] = "bundle", [NATIVE_BY_KEY] = "key" };

int native_check_id(const char *id, struct err *e)
{
	uint8_t digest[DIGEST_BYTES];

	if (strlen(id) == DIGEST_HEX_BYTES - 1 && hex_decode(id, digest, sizeof(digest)))
		return 0;
	return err_set(e, ERR_USAGE,
		       "a bundle id or a key's fingerprint is %u lower-case hex digits",
		       2 * DIGEST_BYTES);
}

/* ---- reading ---- */

static int check_entry(json_t *item, size_t i, struct err *e)
{
	static const char *const keys[] = { "at", "id", "kind", "note" };
	char where[48], id[DIGEST_HEX_BYTES], kind[8], note[TEXT_MAX_BYTES] = "";
	struct json_place at = { item, where };
	uint64_t when;

	(void)snprintf(where, sizeof(where), "/approvals/%zu", i);
	if (!json_is_object(item))
		return err_set(e, ERR_JSON_TYPE, "%s: not an object", where);
	if (json_check_keys(at, keys, countof(keys), e) < 0 ||
	    json_get_str(at, "id", true, sizeof(id), id, e) < 0 ||
	    json_get_str(at, "kind", true, sizeof(kind), kind, e) < 0 ||
	    json_get_uint(at, "at", true, INT64_MAX, &when, e) < 0 ||
	    json_get_str(at, "note", true, sizeof(note), note, e) < 0 || native_check_id(id, e) < 0)
		return -1;
	if (strcmp(kind, kinds[NATIVE_BY_BUNDLE]) != 0 && strcmp(kind, kinds[NATIVE_BY_KEY]) != 0)
		return err_set(e, ERR_JSON_VALUE, "%s/kind: bundle or key", where);
	return 0;
}

static int check(const json_t *doc, struct err *e)
{
	static const char *const keys[] = { "_type", "approvals" };
	struct json_place top = { doc, "" };
	json_t *list = NULL, *item;
	char type[32];
	size_t i;

	if (!json_is_object(doc))
		return err_set(e, ERR_JSON_TYPE, "not an object");
	if (json_check_keys(top, keys, countof(keys), e) < 0 ||
	    json_get_str(top, "_type", true, sizeof(type), type, e) < 0 ||
	    json_get_array(top, "approvals", true, NATIVE_ENTRIES_MAX, &list, e) < 0)
		return -1;
	if (strcmp(type, NATIVE_TYPE) != 0)
		return err_set(e, ERR_JSON_VALUE, "not a list of approvals of this version");
	json_array_foreach(list, i, item)
		if (check_entry(item, i, e) < 0)
			return -1;
	return 0;
}

/* No file is a list of nobody. */
static int load(int dir, json_t **ret, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	CLEANUP(json_decref_p) json_t *doc = NULL;
	struct err why = { 0 };

	if (fs_read_file(dir, NATIVE_FILE, FILE_MAX, &b, &why) < 0) {
		if (why.sys != ENOENT) {
			if (e)
				*e = why;
			return -1;
		}
		*ret = json_pack("{s:s, s:[]}", "_type", NATIVE_TYPE, "approvals");
		return *ret ? 0 : err_set(e, ERR_NOMEM, NATIVE_FILE);
	}
	if (json_parse((const char *)b.p, b.len, DEPTH_MAX, NODES_MAX, &doc, e) < 0 ||
	    check(doc, e) < 0)
		return err_wrap(e, NATIVE_FILE);
	*ret = take_ptr(doc);
	return 0;
}

static const char *text_of(const json_t *entry, const char *key)
{
	return json_string_value(json_object_get(entry, key));
}

int native_find(int dir, const char *bundle, const char *signer, enum native_approval *ret,
		struct err *e)
{
	CLEANUP(json_decref_p) json_t *doc = NULL;
	enum native_approval found = NATIVE_NOBODY;
	json_t *item;
	size_t i;

	if (load(dir, &doc, e) < 0)
		return -1;
	json_array_foreach(json_object_get(doc, "approvals"), i, item) {
		bool key = !strcmp(text_of(item, "kind"), kinds[NATIVE_BY_KEY]);

		if (!strcmp(text_of(item, "id"), key ? signer : bundle) &&
		    found != NATIVE_BY_BUNDLE) /* the narrower one is the one to name */
			found = key ? NATIVE_BY_KEY : NATIVE_BY_BUNDLE;
	}
	*ret = found;
	return 0;
}

int native_list(int dir, json_t **ret, struct err *e)
{
	CLEANUP(json_decref_p) json_t *doc = NULL;

	if (load(dir, &doc, e) < 0)
		return -1;
	*ret = json_incref(json_object_get(doc, "approvals"));
	return 0;
}

/* ---- changing ---- */

static bool take_out(json_t *list, const char *id)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (!strcmp(text_of(item, "id"), id)) {
			(void)json_array_remove(list, i);
			return true;
		}
	return false;
}

static int save(int dir, const json_t *doc, struct err *e)
{
	CLEANUP(free_p) char *text = json_dumps(doc, JSON_INDENT(1) | JSON_SORT_KEYS);

	if (!text)
		return err_set(e, ERR_NOMEM, NATIVE_FILE);
	return fs_write_atomic(dir, NATIVE_FILE, text, strlen(text), 0600, e);
}

int native_add(int dir, const struct native_entry *a, struct err *e)
{
	CLEANUP(json_decref_p) json_t *doc = NULL;
	json_t *list;

	if (native_check_id(a->id, e) < 0 || load(dir, &doc, e) < 0)
		return -1;
	if (a->by != NATIVE_BY_BUNDLE && a->by != NATIVE_BY_KEY)
		return err_set(e, ERR_INTERNAL, "an approval of neither a bundle nor a key");
	list = json_object_get(doc, "approvals");
	(void)take_out(list, a->id);
	if (json_array_size(list) >= NATIVE_ENTRIES_MAX)
		return err_set(e, ERR_FULL, "%u approvals are given; revoke one",
			       NATIVE_ENTRIES_MAX);
	if (json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:s}", "id", a->id, "kind",
						  kinds[a->by], "at", (json_int_t)a->at_s, "note",
						  a->note)) < 0)
		return err_set(e, ERR_USAGE, "the note is not UTF-8");
	return save(dir, doc, e);
}

int native_remove(int dir, const char *id, struct err *e)
{
	CLEANUP(json_decref_p) json_t *doc = NULL;

	if (native_check_id(id, e) < 0 || load(dir, &doc, e) < 0)
		return -1;
	if (!take_out(json_object_get(doc, "approvals"), id))
		return err_set(e, ERR_NOT_FOUND, "nobody approved native code of %s", id);
	return save(dir, doc, e);
}
