/* SPDX-License-Identifier: Apache-2.0 */
/* release.c - pins and the minimum release age. */
#include "supervise/release.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "policy/glob.h"

#define SEEN_TYPE "kennel.seen/1"
#define NS 1000000000ll
enum { SEEN_FILE_MAX = 1 << 20, HOUR = 3600 };

int release_check_pin(const struct ceiling *c, const struct release *r, struct err *e)
{
	bool pinned = false;

	for (uint32_t i = 0; i < c->pin_count; i++) {
		const struct pin *p = &c->pins[i];

		if (strcmp(p->plugin, r->plugin) != 0)
			continue;
		if (!strcmp(p->what, r->bundle) || scope_glob_matches(p->what, r->version))
			return 0;
		pinned = true;
	}
	return pinned ? err_set(e, ERR_PINNED,
				"%s is pinned in the configuration, and %s is not what it names",
				r->plugin, r->version)
		      : 0;
}

/* ---- what was seen ---- */

static int load(int dir, json_t **ret, struct err *e)
{
	static const char *const keys[] = { "_type", "latest", "bundles" };
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	CLEANUP(json_decref_p) json_t *doc = NULL;
	json_t *bundles = NULL;
	struct err why = { 0 };
	struct json_place top;
	uint64_t latest;
	char type[32];

	if (fs_read_file(dir, RELEASE_FILE, SEEN_FILE_MAX, &b, &why) < 0) {
		if (why.sys != ENOENT) {
			if (e)
				*e = why;
			return -1;
		}
		*ret = json_pack("{s:s, s:i, s:{}}", "_type", SEEN_TYPE, "latest", 0, "bundles");
		return *ret ? 0 : err_set(e, ERR_NOMEM, RELEASE_FILE);
	}
	if (json_parse((const char *)b.p, b.len, 3, RELEASE_SEEN_MAX * 3, &doc, e) < 0)
		return err_wrap(e, RELEASE_FILE);
	top = (struct json_place){ doc, "" };
	if (!json_is_object(doc) || json_check_keys(top, keys, countof(keys), e) < 0 ||
	    json_get_str(top, "_type", true, sizeof(type), type, e) < 0 ||
	    json_get_uint(top, "latest", true, INT64_MAX, &latest, e) < 0 ||
	    json_get_obj(top, "bundles", true, &bundles, e) < 0 || strcmp(type, SEEN_TYPE) != 0)
		return err_set(e, ERR_JSON_VALUE, RELEASE_FILE " is none of this version");
	*ret = take_ptr(doc);
	return 0;
}

/* The one known longest makes room: if it comes back, it waits again. */
static void drop_oldest(json_t *bundles)
{
	const char *key, *oldest = NULL;
	json_int_t least = INT64_MAX;
	json_t *v;

	json_object_foreach(bundles, key, v) {
		if (json_integer_value(v) < least) {
			least = json_integer_value(v);
			oldest = key;
		}
	}
	if (oldest)
		(void)json_object_del(bundles, oldest);
}

static int save(int dir, json_t *doc, int64_t now_s, struct err *e)
{
	CLEANUP(free_p) char *text = NULL;

	if (json_object_set_new(doc, "latest", json_integer(now_s)) < 0)
		return err_set(e, ERR_NOMEM, RELEASE_FILE);
	text = json_dumps(doc, JSON_INDENT(1) | JSON_SORT_KEYS);
	if (!text)
		return err_set(e, ERR_NOMEM, RELEASE_FILE);
	return fs_write_atomic(dir, RELEASE_FILE, text, strlen(text), 0600, e);
}

static int64_t seconds(uint64_t ms)
{
	return (int64_t)((ms + 999) / 1000);
}

int64_t release_from_s(int state_dir, uint64_t min_age_ms, const char *bundle)
{
	CLEANUP(json_decref_p) json_t *doc = NULL;
	const json_t *first;

	if (!min_age_ms || load(state_dir, &doc, NULL) < 0)
		return 0;
	first = json_object_get(json_object_get(doc, "bundles"), bundle);
	return first ? json_integer_value(first) + seconds(min_age_ms) : 0;
}

int release_check_age(int state_dir, uint64_t min_age_ms, const struct release *r, int64_t now_s,
		      struct err *e)
{
	CLEANUP(json_decref_p) json_t *doc = NULL;
	int64_t min_s = seconds(min_age_ms), first, latest;
	char when[CLOCK_TEXT_BYTES];
	json_t *bundles, *known;

	if (!min_age_ms)
		return 0;
	if (load(state_dir, &doc, e) < 0)
		return -1;
	bundles = json_object_get(doc, "bundles");
	latest = json_integer_value(json_object_get(doc, "latest"));
	if (now_s < latest)
		now_s = latest;
	known = json_object_get(bundles, r->bundle);
	first = known ? json_integer_value(known) : now_s;
	if (!known) {
		if (json_object_size(bundles) >= RELEASE_SEEN_MAX)
			drop_oldest(bundles);
		if (json_object_set_new(bundles, r->bundle, json_integer(first)) < 0)
			return err_set(e, ERR_NOMEM, RELEASE_FILE);
	}
	if ((!known || now_s > latest) && save(state_dir, doc, now_s, e) < 0)
		return -1;
	if (now_s - first >= min_s)
		return 0;
	clock_format_utc((first + min_s) * NS, when);
	return err_set(
		e, ERR_RELEASE_AGE,
		"%s %s was first seen here %lld h ago; minReleaseAge lets it in from %.19sZ on",
		r->plugin, r->version, (long long)((now_s - first) / HOUR), when);
}
