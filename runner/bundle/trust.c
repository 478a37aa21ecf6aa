/* SPDX-License-Identifier: Apache-2.0 */
/* trust.c - the public keys this host accepts, and how far each may go. */
#include "bundle/trust.h"

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
#include "base/json.h"

static const char *const reason_names[REVOKED_COUNT] = {
	[REVOKED_COMPROMISE] = "compromise",
	[REVOKED_SUPERSEDED] = "superseded",
	[REVOKED_RETIRED] = "retired",
};

static const char *const use_names[] = { "bundles", "revocations" };

enum { TRUST_DEPTH = 4, TRUST_NODES = 512, NAME_BYTES = 2 * DIGEST_BYTES + sizeof(".json") };

const char *revocation_reason_name(enum revocation_reason r)
{
	return (unsigned int)r < REVOKED_COUNT ? reason_names[r] : NULL;
}

int revocation_reason_from_name(const char *name)
{
	for (int r = REVOKED_COMPROMISE; r < REVOKED_COUNT; r++)
		if (!strcmp(reason_names[r], name))
			return r;
	return -1;
}

static int use_from_name(const char *name)
{
	for (size_t i = 0; i < countof(use_names); i++)
		if (!strcmp(use_names[i], name))
			return (int)i;
	return -1;
}

/* An array of words → bits. Absent means none. */
static int parse_words(struct json_place p, const char *key, int (*find)(const char *),
		       enum err_code unknown, uint32_t *ret, struct err *e)
{
	json_t *array = NULL;
	uint32_t bits = 0;

	if (json_get_array(p, key, false, 32, &array, e) < 0)
		return -1;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *word = json_string_value(json_array_get(array, i));
		int bit = word ? find(word) : -1;

		if (bit < 0 || bit > 31)
			return err_set(e, unknown, "%s/%s/%zu: %.64s is not known", p.where, key, i,
				       word ? word : "what is no string");
		bits |= 1u << bit;
	}
	*ret = bits;
	return 0;
}

static int parse_ceiling(struct json_place p, const struct trust_words *w,
			 struct trust_ceiling *ret, struct err *e)
{
	static const char *const keys[] = { "jit",     "max_mem_mib", "native",
					    "network", "permissions", "runtimes" };
	uint64_t mib = 0;

	if (json_check_keys(p, keys, countof(keys), e) < 0 ||
	    parse_words(p, "permissions", w->permission, ERR_PERMISSION_UNKNOWN, &ret->permissions,
			e) < 0 ||
	    parse_words(p, "runtimes", w->runtime, ERR_JSON_VALUE, &ret->runtimes, e) < 0 ||
	    json_get_bool(p, "network", &ret->network, e) < 0 ||
	    json_get_bool(p, "native", &ret->native, e) < 0 ||
	    json_get_bool(p, "jit", &ret->jit, e) < 0 ||
	    json_get_uint(p, "max_mem_mib", false, 1u << 20, &mib, e) < 0)
		return -1;
	ret->memory_bytes = mib << 20;
	return 0;
}

static int parse_revoked(struct json_place p, struct trust_key *k, struct err *e)
{
	static const char *const keys[] = { "at", "reason" };
	const json_t *v = json_object_get(p.obj, "revoked");
	struct json_place r = { v, "/revoked" };
	char reason[NAME_MAX_BYTES];
	uint64_t at = 0;
	int found;

	if (!v || json_is_null(v))
		return 0;
	k->revoked = true;
	if (json_check_keys(r, keys, countof(keys), e) < 0 ||
	    json_get_uint(r, "at", true, INT64_MAX, &at, e) < 0 ||
	    json_get_str(r, "reason", true, sizeof(reason), reason, e) < 0)
		return -1;
	found = revocation_reason_from_name(reason);
	if (found < 0)
		return err_set(e, ERR_JSON_VALUE,
			       "/revoked/reason: expected compromise, superseded or retired");
	k->reason = (enum revocation_reason)found;
	return 0;
}

static int parse_uses(struct json_place p, struct trust_key *k, struct err *e)
{
	if (!json_object_get(p.obj, "for"))
		return 0;
	if (parse_words(p, "for", use_from_name, ERR_JSON_VALUE, &k->uses, e) < 0)
		return -1;
	return k->uses ? 0 : err_set(e, ERR_JSON_VALUE, "/for: empty; leave it out for bundles");
}

static int parse_succeeds(struct json_place p, struct trust_key *k, struct err *e)
{
	char hex[DIGEST_HEX_BYTES];

	if (json_is_null(json_object_get(p.obj, "succeeds")))
		return 0;
	switch (json_get_str(p, "succeeds", false, sizeof(hex), hex, e)) {
	case 0:
		return 0;
	case 1:
		break;
	default:
		return -1;
	}
	if (!hex_decode(hex, k->predecessor, DIGEST_BYTES))
		return err_set(e, ERR_JSON_VALUE, "/succeeds: expected a fingerprint, or null");
	if (!memcmp(k->predecessor, k->key.fingerprint, DIGEST_BYTES))
		return err_set(e, ERR_JSON_VALUE, "/succeeds: a key does not succeed itself");
	k->succeeds = true;
	return 0;
}

static int parse_expires(struct json_place p, struct trust_key *k, struct err *e)
{
	uint64_t v = 0;

	if (json_is_null(json_object_get(p.obj, "expires")))
		return 0;
	if (json_get_uint(p, "expires", false, INT64_MAX, &v, e) < 0)
		return -1;
	if (json_object_get(p.obj, "expires") && v == 0)
		return err_set(e, ERR_JSON_VALUE, "/expires: at least 1, or null");
	k->expires = (int64_t)v;
	return 0;
}

static bool glob_is_valid(const char *s)
{
	char plain[NAME_MAX_BYTES];
	size_t n = strlen(s);

	if (!strcmp(s, "*"))
		return true;
	if (!copy_str(plain, sizeof(plain), s))
		return false;
	if (n > 1 && plain[n - 1] == '*')
		plain[n - 1] = '\0';
	return name_is_valid(plain);
}

static int parse_plugins(struct json_place p, struct trust_key *k, struct err *e)
{
	json_t *array = NULL;

	if (json_get_array(p, "plugins", false, TRUST_PLUGINS_MAX, &array, e) < 0)
		return -1;
	if (array && json_array_size(array) == 0)
		return err_set(e, ERR_JSON_VALUE, "/plugins: empty; leave it out for any name");
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *s = json_string_value(json_array_get(array, i));

		if (!s || !glob_is_valid(s) || !copy_str(k->plugins[i], NAME_MAX_BYTES, s))
			return err_set(e, ERR_JSON_VALUE,
				       "/plugins/%zu: expected a plugin name or \"acme-*\"", i);
		k->plugin_count = i + 1;
	}
	return 0;
}

static int parse_key(struct json_place p, const char *name, struct trust_key *k, struct err *e)
{
	char text[NAME_MAX_BYTES], expected[NAME_BYTES];

	if (json_get_str(p, "key", true, sizeof(text), text, e) < 0)
		return -1;
	if (sign_parse_key(text, strlen(text), &k->key, e) < 0)
		return err_wrap(e, "/key");
	hex_encode(k->key.fingerprint, DIGEST_BYTES, expected);
	memcpy(expected + 2 * DIGEST_BYTES, ".json", sizeof(".json"));
	if (strcmp(name, expected) != 0)
		return err_set(e, ERR_TRUST_FILE, "its key belongs into %s", expected);
	return 0;
}

static int parse_head(struct json_place p, const char *name, struct trust_key *k, struct err *e)
{
	char type[sizeof(TRUST_TYPE)] = "";
	uint64_t threshold = 1, added = 0;

	if (json_get_str(p, "_type", true, sizeof(type), type, e) < 0)
		return -1;
	if (strcmp(type, TRUST_TYPE) != 0)
		return err_set(e, ERR_TRUST_FILE, "/_type: expected \"" TRUST_TYPE "\"");
	if (parse_key(p, name, k, e) < 0 ||
	    json_get_str(p, "label", true, sizeof(k->label), k->label, e) < 0 ||
	    json_get_uint(p, "added", false, INT64_MAX, &added, e) < 0 ||
	    json_get_uint(p, "threshold", false, BUNDLE_SIGNATURES_MAX, &threshold, e) < 0)
		return -1;
	if (!text_is_printable(k->label, strlen(k->label)))
		return err_set(e, ERR_JSON_VALUE, "/label: not printable text");
	if (threshold == 0)
		return err_set(e, ERR_JSON_VALUE, "/threshold: at least 1");
	k->threshold = (uint32_t)threshold;
	return 0;
}

static int parse_document(struct json_place p, const char *name, const struct trust_words *w,
			  struct trust_key *k, struct err *e)
{
	static const char *const keys[] = { "_type",   "added",	   "ceiling",  "expires",
					    "for",     "key",	   "label",    "plugins",
					    "revoked", "succeeds", "threshold" };
	json_t *ceiling = NULL;

	if (json_check_keys(p, keys, countof(keys), e) < 0 || parse_head(p, name, k, e) < 0 ||
	    json_get_obj(p, "ceiling", true, &ceiling, e) < 0)
		return -1;
	if (parse_ceiling((struct json_place){ ceiling, "/ceiling" }, w, &k->ceiling, e) < 0 ||
	    parse_expires(p, k, e) < 0 || parse_revoked(p, k, e) < 0 || parse_uses(p, k, e) < 0 ||
	    parse_succeeds(p, k, e) < 0)
		return -1;
	return parse_plugins(p, k, e);
}

int trust_parse(const char *name, const char *text, size_t n, const struct trust_words *w,
		struct trust_key *ret, struct err *e)
{
	CLEANUP(json_decref_p) json_t *j = NULL;
	struct trust_key k = { 0 };

	if (n > TRUST_FILE_MAX)
		return err_set(e, ERR_LIMIT, "trust file %s: larger than %u bytes", name,
			       TRUST_FILE_MAX);
	if (json_parse(text, n, TRUST_DEPTH, TRUST_NODES, &j, e) < 0 ||
	    parse_document((struct json_place){ j, "" }, name, w, &k, e) < 0)
		return err_wrap(e, "trust file %.80s", name);
	*ret = k;
	return 0;
}

static int check_owner(int fd, uid_t owner, const char *what, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat %s", what);
	if (st.st_uid != 0 && st.st_uid != owner)
		return err_set(e, ERR_TRUST_FILE,
			       "%.80s belongs to uid %u; only uid %u and root may own it", what,
			       st.st_uid, owner);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(e, ERR_TRUST_FILE, "%.80s can be written by others: chmod go-w",
			       what);
	return 0;
}

static int load_one(int dirfd, const char *name, uid_t owner, const struct trust_words *w,
		    struct trust *t, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer text = { 0 };
	CLEANUP_FD int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return err_sys(e, "open trust file %.80s", name);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, ERR_TRUST_FILE, "%.80s is not a regular file", name);
	if (check_owner(fd, owner, name, e) < 0 || fs_read_fd(fd, TRUST_FILE_MAX, &text, e) < 0)
		return err_wrap(e, "trust file %.80s", name);
	if (t->count == TRUST_KEYS_MAX)
		return err_set(e, ERR_LIMIT, "more than %u trust files", TRUST_KEYS_MAX);
	if (trust_parse(name, (const char *)text.p, text.len, w, &t->keys[t->count], e) < 0)
		return -1;
	t->count++;
	return 0;
}

static bool ends_in_json(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && name[0] != '.' && !strcmp(name + n - 5, ".json");
}

int trust_load(int dirfd, const struct trust_words *w, struct trust *ret, struct err *e)
{
	CLEANUP(trust_free_p) struct trust t = { .keys = calloc(TRUST_KEYS_MAX, sizeof(*t.keys)) };
	CLEANUP(closedir_p) DIR *d = NULL;
	struct dirent *de;
	struct stat st;
	int r;

	if (!t.keys)
		return err_set(e, ERR_NOMEM, "trust");
	if (fstat(dirfd, &st) < 0 || check_owner(dirfd, st.st_uid, "the trust folder", e) < 0)
		return -1;
	d = fs_opendir(dirfd, ".", e);
	if (!d)
		return err_wrap(e, "the trust folder");
	while ((r = fs_next(d, &de, e)) > 0)
		if (ends_in_json(de->d_name) &&
		    load_one(dirfd, de->d_name, st.st_uid, w, &t, e) < 0)
			return -1;
	if (r < 0)
		return -1;
	*ret = t;
	t.keys = NULL;
	return 0;
}

int trust_from_key(const struct public_key *k, struct trust *ret, struct err *e)
{
	struct trust_key *one = calloc(1, sizeof(*one));

	if (!one)
		return err_set(e, ERR_NOMEM, "trust");
	one->key = *k;
	one->threshold = 1;
	one->ceiling = (struct trust_ceiling){
		.permissions = ~0u, .runtimes = ~0u, .network = true, .native = true, .jit = true
	};
	*ret = (struct trust){ .keys = one, .count = 1 };
	return 0;
}

void trust_free_p(struct trust *t)
{
	free(t->keys);
	*t = (struct trust){ 0 };
}

enum trust_state trust_state(const struct trust_key *k, enum trust_use use, int64_t now_s)
{
	if (k->revoked)
		return TRUST_REVOKED;
	if (!((k->uses ? k->uses : TRUST_FOR_BUNDLES) & use))
		return TRUST_OTHER_USE;
	return k->expires && now_s >= k->expires ? TRUST_EXPIRED : TRUST_GOOD;
}

bool trust_covers(const struct trust_key *k, const char *plugin)
{
	for (size_t i = 0; i < k->plugin_count; i++) {
		size_t n = strlen(k->plugins[i]);

		if (k->plugins[i][n - 1] == '*' ? !strncmp(k->plugins[i], plugin, n - 1)
						: !strcmp(k->plugins[i], plugin))
			return true;
	}
	return k->plugin_count == 0;
}
