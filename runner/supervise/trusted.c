/* SPDX-License-Identifier: Apache-2.0 */
/* trusted.c - trust files. The loader alone decides what they mean for a bundle; here they are
 * written, shown, and asked for a revocation. */
#include "supervise/trusted.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/fs.h"
#include "policy/grant.h"
#include "policy/policy.h"
#include "policy/terms.h"

#define TRUST_TYPE "kennel.trust/1"
#define NAME_BYTES (DIGEST_HEX_BYTES + 8u)
enum { TRUST_DEPTH = 4, TRUST_NODES = 512 };

static const char *const reasons[] = { "compromise", "superseded", "retired" };

static int file_name(const char *fingerprint, char ret[NAME_BYTES], struct err *e)
{
	uint8_t digest[DIGEST_BYTES];

	if (!hex_decode(fingerprint, digest, sizeof(digest)))
		return err_set(e, ERR_USAGE, "a fingerprint is %u lower-case hex digits",
			       2 * DIGEST_BYTES);
	(void)snprintf(ret, NAME_BYTES, "%s.json", fingerprint);
	return 0;
}

static int read_one(int dir, const char *name, json_t **ret, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	CLEANUP(json_decref_p) json_t *doc = NULL;

	if (fs_read_file(dir, name, TRUST_FILE_MAX, &b, e) < 0 ||
	    json_parse((const char *)b.p, b.len, TRUST_DEPTH, TRUST_NODES, &doc, e) < 0)
		return err_wrap(e, "trust/%s", name);
	if (!json_is_object(doc))
		return err_set(e, ERR_TRUST_FILE, "trust/%s: not an object", name);
	*ret = take_ptr(doc);
	return 0;
}

int trusted_read(int dir, const char *fingerprint, json_t **ret, struct err *e)
{
	char name[NAME_BYTES];
	struct err why = { 0 };

	if (file_name(fingerprint, name, e) < 0)
		return -1;
	if (read_one(dir, name, ret, &why) == 0)
		return 0;
	if (why.sys == ENOENT)
		return err_set(e, ERR_NOT_FOUND, "no trusted key %s", fingerprint);
	if (e)
		*e = why;
	return -1;
}

const char *trusted_reason(const json_t *doc)
{
	const json_t *revoked = json_object_get(doc, "revoked");
	const char *reason = json_string_value(json_object_get(revoked, "reason"));

	if (!revoked || json_is_null(revoked))
		return NULL;
	return reason ? reason : reasons[0];
}

/* What is not one of the two harmless reasons is the worst one. */
static bool is_compromise(const char *reason)
{
	return reason && strcmp(reason, reasons[1]) != 0 && strcmp(reason, reasons[2]) != 0;
}

int trusted_check_launch(int dir, const char *fingerprint, struct err *e)
{
	CLEANUP(json_decref_p) json_t *doc = NULL;
	struct err why = { 0 };

	if (trusted_read(dir, fingerprint, &doc, &why) < 0) {
		if (why.code == ERR_NOT_FOUND)
			return err_set(e, ERR_UNTRUSTED,
				       "the key it was signed with is not trusted any more");
		if (e)
			*e = why;
		return -1;
	}
	if (is_compromise(trusted_reason(doc)))
		return err_set(e, ERR_KEY_REVOKED, "the key it was signed with is revoked");
	return 0;
}

static bool is_for_bundles(const json_t *doc)
{
	const json_t *uses = json_object_get(doc, "for");
	size_t i;
	json_t *use;

	json_array_foreach(uses, i, use)
		if (json_is_string(use) && !strcmp(json_string_value(use), "bundles"))
			return true;
	return json_array_size(uses) == 0;
}

int trusted_check_install(int dir, const char *fingerprint, int64_t now_s, struct err *e)
{
	CLEANUP(json_decref_p) json_t *doc = NULL;
	const char *reason;

	if (trusted_check_launch(dir, fingerprint, e) < 0 ||
	    trusted_read(dir, fingerprint, &doc, e) < 0)
		return -1;
	reason = trusted_reason(doc);
	if (reason)
		return err_set(e, ERR_KEY_REVOKED, "the key it was signed with is revoked (%.16s)",
			       reason);
	if (!is_for_bundles(doc))
		return err_set(e, ERR_UNTRUSTED,
			       "the key it was signed with is not trusted for bundles");
	if (trusted_has_expired(dir, fingerprint, now_s))
		return err_set(e, ERR_KEY_EXPIRED, "the key it was signed with has expired");
	return 0;
}

uint32_t trusted_threshold(int dir, const char *fingerprint)
{
	CLEANUP(json_decref_p) json_t *doc = NULL;
	json_int_t n;

	if (trusted_read(dir, fingerprint, &doc, NULL) < 0)
		return 1;
	n = json_integer_value(json_object_get(doc, "threshold"));
	return n > 1 ? (uint32_t)n : 1;
}

bool trusted_has_expired(int dir, const char *fingerprint, int64_t now_s)
{
	CLEANUP(json_decref_p) json_t *doc = NULL;
	json_int_t expires;

	if (trusted_read(dir, fingerprint, &doc, NULL) < 0)
		return false;
	expires = json_integer_value(json_object_get(doc, "expires"));
	return expires && now_s >= expires;
}

bool trusted_is_compromised(int dir, const char *fingerprint)
{
	CLEANUP(json_decref_p) json_t *doc = NULL;

	return trusted_read(dir, fingerprint, &doc, NULL) < 0 || is_compromise(trusted_reason(doc));
}

bool trusted_succeeds(int dir, const char *fingerprint, const char *ancestor)
{
	char at[DIGEST_HEX_BYTES];

	if (!copy_str(at, sizeof(at), fingerprint))
		return false;
	for (unsigned int i = 0; i < TRUST_KEYS_MAX; i++) {
		CLEANUP(json_decref_p) json_t *doc = NULL;
		const char *before;

		if (!strcmp(at, ancestor))
			return true;
		if (trusted_read(dir, at, &doc, NULL) < 0)
			return false;
		before = json_string_value(json_object_get(doc, "succeeds"));
		if (!before || !copy_str(at, sizeof(at), before))
			return false;
	}
	return false;
}

bool trusted_same_lineage(int dir, const uint8_t a[DIGEST_BYTES], const uint8_t b[DIGEST_BYTES])
{
	char hex_a[DIGEST_HEX_BYTES], hex_b[DIGEST_HEX_BYTES];

	if (!memcmp(a, b, DIGEST_BYTES))
		return true;
	hex_encode(a, DIGEST_BYTES, hex_a);
	hex_encode(b, DIGEST_BYTES, hex_b);
	return trusted_succeeds(dir, hex_a, hex_b) || trusted_succeeds(dir, hex_b, hex_a);
}

void trusted_carry_grant(int dir, const uint8_t signer[DIGEST_BYTES], struct grant *g)
{
	if (trusted_same_lineage(dir, g->signer, signer))
		memcpy(g->signer, signer, DIGEST_BYTES);
}

static json_t *list_entry(int dir, const char *name)
{
	json_t *doc = NULL;
	struct err e = { 0 };
	json_t *o;

	if (read_one(dir, name, &doc, &e) < 0)
		return json_pack("{s:s, s:s}", "file", name, "error", e.text);
	o = json_pack("{s:s%, s:o?}", "fingerprint", name, (size_t)(DIGEST_HEX_BYTES - 1), "trust",
		      doc);
	return o;
}

static int is_trust_file(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n == DIGEST_HEX_BYTES + 4 && !strcmp(d->d_name + DIGEST_HEX_BYTES - 1, ".json");
}

/* By name; until each fails or all are done. */
static int each_file(int dir, int (*each)(int dir, const char *name, void *arg, struct err *e),
		     void *arg, struct err *e)
{
	CLEANUP(free_p) struct dirent **found = NULL;
	int n = scandirat(dir, ".", &found, is_trust_file, alphasort);
	int r = 0;

	if (n < 0)
		return err_sys(e, "read trust");
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = each(dir, found[i]->d_name, arg, e);
		free(found[i]);
	}
	return r;
}

static int add_to_list(int dir, const char *name, void *arg, struct err *e)
{
	(void)e;
	if (json_array_size(arg) < TRUST_KEYS_MAX)
		(void)json_array_append_new(arg, list_entry(dir, name));
	return 0;
}

int trusted_list(int dir, json_t **ret, struct err *e)
{
	CLEANUP(json_decref_p) json_t *list = json_array();

	if (each_file(dir, add_to_list, list, e) < 0)
		return -1;
	*ret = take_ptr(list);
	return 0;
}

/* As b2sum -l 256 would print it. */
static int add_to_digest(int dir, const char *name, void *arg, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	char line[DIGEST_HEX_BYTES + 2 + NAME_BYTES];
	char hex[DIGEST_HEX_BYTES];
	uint8_t one[DIGEST_BYTES];

	if (fs_read_file(dir, name, TRUST_FILE_MAX, &b, e) < 0)
		return err_wrap(e, "trust/%s", name);
	digest_of(b.p, b.len, one);
	hex_encode(one, DIGEST_BYTES, hex);
	digest_add(arg, line, (size_t)snprintf(line, sizeof(line), "%s  %s\n", hex, name));
	return 0;
}

int trusted_digest(int dir, char ret_hex[DIGEST_HEX_BYTES], struct err *e)
{
	struct digest d;
	uint8_t all[DIGEST_BYTES];

	digest_start(&d);
	if (each_file(dir, add_to_digest, &d, e) < 0)
		return -1;
	digest_end(&d, all);
	hex_encode(all, DIGEST_BYTES, ret_hex);
	return 0;
}

/* ---- writing ---- */

/* A list of words, each known to find; absent: all of them. */
static int take_words(const json_t *params, const char *key, int (*find)(const char *),
		      const char *(*name)(unsigned int), json_t **ret, struct err *e)
{
	CLEANUP(json_decref_p) json_t *out = json_array();
	json_t *list = NULL, *item;
	size_t i;

	if (json_get_array((struct json_place){ params, "" }, key, false, 32, &list, e) < 0)
		return -1;
	for (unsigned int w = 0; !list && w < 32; w++)
		if (name(w) && find(name(w)) >= 0)
			(void)json_array_append_new(out, json_string(name(w)));
	json_array_foreach(list, i, item) {
		if (!json_is_string(item) || find(json_string_value(item)) < 0)
			return err_set(e, ERR_PERMISSION_UNKNOWN, "/%s/%zu: %.60s is not known",
				       key, i,
				       json_is_string(item) ? json_string_value(item)
							    : "what is no string");
		(void)json_array_append(out, item);
	}
	*ret = take_ptr(out);
	return 0;
}

/* Native code and jit are not given with a key unless they are named. */
static const char *plain_runtime_name(unsigned int r)
{
	return r == RUNTIME_WASM || r == RUNTIME_JS ? runtime_name(r) : NULL;
}

struct new_key {
	char key[NAME_MAX_BYTES * 2];
	char label[NAME_MAX_BYTES];
	uint64_t expires;
	uint64_t memory_mib;
	bool jit;
	bool native; /* also its runtime */
	bool no_network;
	uint64_t threshold;
	char succeeds[DIGEST_HEX_BYTES]; /* "": nobody */
	json_t *plugins;		 /* borrowed, as the next one */
	json_t *uses;
};

static int take_new_key(const json_t *params, struct new_key *k, struct err *e)
{
	static const char *const keys[] = { "key",	   "label",    "permissions",	"runtimes",
					    "plugins",	   "expires",  "maxMemoryMib",	"jit",
					    "fingerprint", "native",   "noNetwork",	"threshold",
					    "for",	   "succeeds", "undoRevocation" };
	struct json_place at = { params, "" };

	if (json_check_keys(at, keys, countof(keys), e) < 0 ||
	    json_get_str(at, "key", true, sizeof(k->key), k->key, e) < 0 ||
	    json_get_str(at, "label", true, sizeof(k->label), k->label, e) < 0 ||
	    json_get_uint(at, "expires", false, INT64_MAX, &k->expires, e) < 0 ||
	    json_get_uint(at, "maxMemoryMib", false, TRUST_MEMORY_MIB_MAX, &k->memory_mib, e) < 0 ||
	    json_get_bool(at, "jit", &k->jit, e) < 0 ||
	    json_get_bool(at, "native", &k->native, e) < 0 ||
	    json_get_bool(at, "noNetwork", &k->no_network, e) < 0 ||
	    json_get_array(at, "plugins", false, 16, &k->plugins, e) < 0 ||
	    json_get_array(at, "for", false, 2, &k->uses, e) < 0 ||
	    json_get_uint(at, "threshold", false, BUNDLE_SIGNATURES_MAX, &k->threshold, e) < 0 ||
	    json_get_str(at, "succeeds", false, sizeof(k->succeeds), k->succeeds, e) < 0)
		return -1;
	return k->succeeds[0] ? trusted_check_fingerprint(k->succeeds, e) : 0;
}

static bool has_text(const json_t *list, const char *text)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (json_is_string(item) && !strcmp(json_string_value(item), text))
			return true;
	return false;
}

static json_t *make_ceiling(const struct new_key *k, json_t *permissions, json_t *runtimes)
{
	if (k->native && !has_text(runtimes, runtime_name(RUNTIME_NATIVE)))
		(void)json_array_append_new(runtimes, json_string(runtime_name(RUNTIME_NATIVE)));
	return json_pack(
		"{s:O, s:O, s:b, s:b, s:b, s:I}", "permissions", permissions, "runtimes", runtimes,
		"network", !k->no_network && has_text(permissions, permission_name(PERM_NETWORK)),
		"native", k->native, "jit", k->jit, "max_mem_mib", (json_int_t)k->memory_mib);
}

int trusted_make(const json_t *params, int64_t now_s, char **ret_text, struct err *e)
{
	CLEANUP(json_decref_p) json_t *permissions = NULL, *runtimes = NULL, *doc = NULL;
	struct new_key k = { .threshold = 1 };

	if (take_new_key(params, &k, e) < 0 ||
	    take_words(params, "permissions", permission_from_name, permission_name, &permissions,
		       e) < 0 ||
	    take_words(params, "runtimes", runtime_from_name, plain_runtime_name, &runtimes, e) < 0)
		return -1;
	doc = json_pack("{s:s, s:I, s:o, s:s, s:s, s:n, s:s?, s:I}", "_type", TRUST_TYPE, "added",
			(json_int_t)now_s, "ceiling", make_ceiling(&k, permissions, runtimes),
			"key", k.key, "label", k.label, "revoked", "succeeds",
			k.succeeds[0] ? k.succeeds : NULL, "threshold", (json_int_t)k.threshold);
	if (doc && k.expires)
		(void)json_object_set_new(doc, "expires", json_integer((json_int_t)k.expires));
	if (doc && json_array_size(k.plugins))
		(void)json_object_set(doc, "plugins", k.plugins);
	if (doc && json_array_size(k.uses))
		(void)json_object_set(doc, "for", k.uses);
	*ret_text = doc ? json_dumps(doc, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
	return *ret_text ? 0 : err_set(e, ERR_NOMEM, "trust file");
}

int trusted_make_successor(const json_t *from, const char *from_fingerprint, const char *to_key,
			   int64_t now_s, char **ret_text, struct err *e)
{
	CLEANUP(json_decref_p) json_t *doc = json_deep_copy(from);

	if (!doc || json_object_set_new(doc, "key", json_string(to_key)) < 0 ||
	    json_object_set_new(doc, "succeeds", json_string(from_fingerprint)) < 0 ||
	    json_object_set_new(doc, "added", json_integer((json_int_t)now_s)) < 0 ||
	    json_object_set_new(doc, "revoked", json_null()) < 0)
		return err_set(e, ERR_NOMEM, "trust file");
	*ret_text = json_dumps(doc, JSON_INDENT(1) | JSON_SORT_KEYS);
	return *ret_text ? 0 : err_set(e, ERR_NOMEM, "trust file");
}

int trusted_check_fingerprint(const char *fingerprint, struct err *e)
{
	char name[NAME_BYTES];

	return file_name(fingerprint, name, e);
}

int trusted_write(int dir, const char *fingerprint, const char *text, struct err *e)
{
	char name[NAME_BYTES];

	if (file_name(fingerprint, name, e) < 0)
		return -1;
	return fs_write_atomic(dir, name, text, strlen(text), 0640, e);
}

int trusted_revoke(int dir, const char *fingerprint, const char *reason, int64_t now_s,
		   struct err *e)
{
	CLEANUP(json_decref_p) json_t *doc = NULL;
	CLEANUP(free_p) char *text = NULL;
	const char *before;
	size_t i = 0;

	while (i < countof(reasons) && strcmp(reasons[i], reason) != 0)
		i++;
	if (i == countof(reasons))
		return err_set(e, ERR_USAGE, "reason is compromise, superseded or retired");
	if (trusted_read(dir, fingerprint, &doc, e) < 0)
		return -1;
	before = trusted_reason(doc);
	if (before && !strcmp(before, reason))
		return 0;
	if (is_compromise(before))
		return err_set(
			e, ERR_KEY_REVOKED,
			"the key is revoked as compromised; that is not made less by another "
			"reason");
	(void)json_object_set_new(
		doc, "revoked", json_pack("{s:I, s:s}", "at", (json_int_t)now_s, "reason", reason));
	text = json_dumps(doc, JSON_INDENT(1) | JSON_SORT_KEYS);
	if (!text)
		return err_set(e, ERR_NOMEM, "trust file");
	return trusted_write(dir, fingerprint, text, e);
}
