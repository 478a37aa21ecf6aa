/* SPDX-License-Identifier: Apache-2.0 */
/* timefloor.c - the latest time this host has seen. While the process runs the floor rises with the
 * monotonic clock, which nobody sets; over a restart it is what was on disk. */
#include "supervise/timefloor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fs.h"
#include "base/json.h"

#define CLOCK_TYPE "kennel.clock/1"
enum { FILE_MAX = 512, DEPTH_MAX = 1, NODES_MAX = 8 };

int64_t timefloor_now(const struct timefloor *f, int64_t wall_s, int64_t mono_ms)
{
	int64_t floor_s = f->latest_s + (mono_ms - f->mono_ms) / 1000;

	return wall_s > floor_s && wall_s <= TIMEFLOOR_MAX ? wall_s : floor_s;
}

int64_t timefloor_advance(struct timefloor *f, int64_t wall_s, int64_t mono_ms)
{
	int64_t now = timefloor_now(f, wall_s, mono_ms);

	/* What is left of a second stays in mono_ms, or it would be lost at each call. */
	if (now == wall_s)
		f->mono_ms = mono_ms;
	else
		f->mono_ms += (now - f->latest_s) * 1000;
	f->latest_s = now;
	return now;
}

int timefloor_load(int dir, int64_t mono_ms, struct timefloor *ret, struct err *e)
{
	static const char *const keys[] = { "_type", "latest" };
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	CLEANUP(json_decref_p) json_t *doc = NULL;
	char type[sizeof(CLOCK_TYPE)] = "";
	struct json_place top = { NULL, "" };
	struct err why = { 0 };
	uint64_t latest;

	if (fs_read_file(dir, TIMEFLOOR_FILE, FILE_MAX, &b, &why) < 0) {
		if (why.sys == ENOENT) {
			*ret = (struct timefloor){ .mono_ms = mono_ms };
			return 0;
		}
		if (e)
			*e = why;
		return -1;
	}
	if (json_parse((const char *)b.p, b.len, DEPTH_MAX, NODES_MAX, &doc, e) < 0)
		return err_wrap(e, TIMEFLOOR_FILE);
	top.obj = doc;
	if (!json_is_object(doc) || json_check_keys(top, keys, countof(keys), e) < 0 ||
	    json_get_str(top, "_type", true, sizeof(type), type, e) < 0 ||
	    json_get_uint(top, "latest", true, TIMEFLOOR_MAX, &latest, e) < 0 ||
	    strcmp(type, CLOCK_TYPE) != 0)
		return err_set(e, ERR_JSON_VALUE, TIMEFLOOR_FILE " is none of this version");
	*ret = (struct timefloor){ .latest_s = (int64_t)latest,
				   .saved_s = (int64_t)latest,
				   .mono_ms = mono_ms };
	return 0;
}

int timefloor_save(int dir, struct timefloor *f, bool always, struct err *e)
{
	char text[FILE_MAX];
	int n;

	if (f->latest_s == f->saved_s || (!always && f->latest_s < f->saved_s + TIMEFLOOR_SAVE_S))
		return 0;
	n = snprintf(text, sizeof(text), "{\"_type\": \"" CLOCK_TYPE "\", \"latest\": %lld}\n",
		     (long long)f->latest_s);
	if (fs_write_atomic(dir, TIMEFLOOR_FILE, text, (size_t)n, 0600, e) < 0)
		return err_wrap(e, TIMEFLOOR_FILE);
	f->saved_s = f->latest_s;
	return 0;
}
