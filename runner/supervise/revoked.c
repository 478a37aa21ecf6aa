/* SPDX-License-Identifier: Apache-2.0 */
/* revoked.c - the revocation list in force, on disk and in memory. */
#include "supervise/revoked.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fs.h"

#define REVOKED_FILE "revocations.json"
#define REVOKED_TYPE "kennel.revocations-in-force/1"
#define REVOKED_FILE_MAX (2u << 20)
enum { NODES_MAX = REVOCATIONS_MAX * 6 + 32, DEPTH_MAX = 4 };

static const char *const reasons[LOADER_REASON_COUNT] = {
	[LOADER_REASON_COMPROMISE] = "compromise",
	[LOADER_REASON_SUPERSEDED] = "superseded",
	[LOADER_REASON_RETIRED] = "retired",
};

void revoked_free_p(struct revoked_list *l)
{
	free(l->entries);
	*l = (struct revoked_list){ 0 };
}

const char *revoked_find(const struct revoked_list *l, uint32_t kind,
			 const uint8_t digest[DIGEST_BYTES])
{
	for (uint32_t i = 0; i < l->head.count; i++)
		if (l->entries[i].kind == kind &&
		    !memcmp(l->entries[i].digest, digest, DIGEST_BYTES))
			return reasons[l->entries[i].reason];
	return NULL;
}

int revoked_compare(const struct revoked_list *now, const struct revoked_list *next, struct err *e)
{
	if (next->head.serial > now->head.serial)
		return 0;
	if (next->head.serial == now->head.serial &&
	    !memcmp(next->head.id, now->head.id, DIGEST_BYTES))
		return 1;
	if (next->head.serial == now->head.serial)
		return err_set(e, ERR_REVOCATIONS_OLD,
			       "another revocation list has the serial %llu too",
			       (unsigned long long)now->head.serial);
	return err_set(e, ERR_REVOCATIONS_OLD,
		       "revocation list %llu is older than the one in force, %llu: a rollback",
		       (unsigned long long)next->head.serial, (unsigned long long)now->head.serial);
}

/* ---- on disk ---- */

static int parse_digest(struct json_place at, const char *key, uint8_t ret[DIGEST_BYTES],
			struct err *e)
{
	char hex[DIGEST_HEX_BYTES];

	if (json_get_str(at, key, true, sizeof(hex), hex, e) < 0)
		return -1;
	if (!hex_decode(hex, ret, DIGEST_BYTES))
		return err_set(e, ERR_JSON_VALUE, "%s/%s: no digest", at.where, key);
	return 0;
}

static int parse_entry(struct json_place at, struct loader_revoked *r, struct err *e)
{
	static const char *const keys[] = { "bundle", "key", "reason" };
	bool bundle = json_object_get(at.obj, "bundle");
	char reason[16];

	if (json_check_keys(at, keys, countof(keys), e) < 0 ||
	    parse_digest(at, bundle ? "bundle" : "key", r->digest, e) < 0 ||
	    json_get_str(at, "reason", true, sizeof(reason), reason, e) < 0)
		return -1;
	r->kind = bundle ? LOADER_REVOKED_BUNDLE : LOADER_REVOKED_KEY;
	for (uint32_t i = LOADER_REASON_COMPROMISE; i < LOADER_REASON_COUNT; i++)
		if (!strcmp(reasons[i], reason))
			r->reason = i;
	return r->reason ? 0 : err_set(e, ERR_JSON_VALUE, "%s/reason: not known", at.where);
}

static int parse_all(struct json_place top, struct revoked_list *l, struct err *e)
{
	static const char *const keys[] = { "_type",  "entries", "expires", "id",
					    "issued", "serial",	 "signer" };
	char type[sizeof(REVOKED_TYPE)] = "", where[32];
	uint64_t issued, expires;
	json_t *list = NULL;

	if (json_check_keys(top, keys, countof(keys), e) < 0 ||
	    json_get_str(top, "_type", true, sizeof(type), type, e) < 0 ||
	    json_get_uint(top, "serial", true, INT64_MAX, &l->head.serial, e) < 0 ||
	    json_get_uint(top, "issued", true, INT64_MAX, &issued, e) < 0 ||
	    json_get_uint(top, "expires", true, INT64_MAX, &expires, e) < 0 ||
	    parse_digest(top, "id", l->head.id, e) < 0 ||
	    parse_digest(top, "signer", l->head.signer, e) < 0 ||
	    json_get_array(top, "entries", true, REVOCATIONS_MAX, &list, e) < 0)
		return -1;
	if (strcmp(type, REVOKED_TYPE) != 0)
		return err_set(e, ERR_JSON_VALUE, "/_type: not of this version");
	l->head.issued = (int64_t)issued;
	l->head.expires = (int64_t)expires;
	l->entries = calloc(json_array_size(list) + 1, sizeof(*l->entries));
	if (!l->entries)
		return err_set(e, ERR_NOMEM, "revocations");
	for (size_t i = 0; i < json_array_size(list); i++) {
		(void)snprintf(where, sizeof(where), "/entries/%zu", i);
		if (parse_entry((struct json_place){ json_array_get(list, i), where },
				&l->entries[i], e) < 0)
			return -1;
		l->head.count++;
	}
	return 0;
}

int revoked_load(int dir, struct revoked_list *ret, struct err *e)
{
	CLEANUP(revoked_free_p) struct revoked_list l = { 0 };
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	CLEANUP(json_decref_p) json_t *doc = NULL;
	struct err why = { 0 };

	if (fs_read_file(dir, REVOKED_FILE, REVOKED_FILE_MAX, &b, &why) < 0) {
		if (why.sys == ENOENT) {
			*ret = (struct revoked_list){ 0 };
			return 0;
		}
		*e = why;
		return -1;
	}
	if (json_parse((const char *)b.p, b.len, DEPTH_MAX, NODES_MAX, &doc, e) < 0 ||
	    parse_all((struct json_place){ doc, "" }, &l, e) < 0)
		return err_wrap(e, "%s", REVOKED_FILE);
	*ret = l;
	l.entries = NULL;
	return 0;
}

int revoked_save(int dir, const struct revoked_list *l, struct err *e)
{
	CLEANUP(json_decref_p) json_t *doc = NULL;
	CLEANUP(free_p) char *text = NULL;
	json_t *list = json_array();
	char id[DIGEST_HEX_BYTES], signer[DIGEST_HEX_BYTES], hex[DIGEST_HEX_BYTES];

	hex_encode(l->head.id, DIGEST_BYTES, id);
	hex_encode(l->head.signer, DIGEST_BYTES, signer);
	doc = json_pack("{s:s, s:I, s:I, s:I, s:s, s:s, s:o}", "_type", REVOKED_TYPE, "serial",
			(json_int_t)l->head.serial, "issued", (json_int_t)l->head.issued, "expires",
			(json_int_t)l->head.expires, "id", id, "signer", signer, "entries", list);
	for (uint32_t i = 0; doc && i < l->head.count; i++) {
		const struct loader_revoked *r = &l->entries[i];

		hex_encode(r->digest, DIGEST_BYTES, hex);
		if (json_array_append_new(
			    list, json_pack("{s:s, s:s}",
					    r->kind == LOADER_REVOKED_BUNDLE ? "bundle" : "key",
					    hex, "reason", reasons[r->reason])) < 0)
			return err_set(e, ERR_NOMEM, "revocations");
	}
	text = doc ? json_dumps(doc, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
	if (!text)
		return err_set(e, ERR_NOMEM, "revocations");
	return fs_write_atomic(dir, REVOKED_FILE, text, strlen(text), 0600, e);
}
