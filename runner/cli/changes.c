/* SPDX-License-Identifier: Apache-2.0 */
/* changes.c - what a plugin changed, as the audit log has it, and what putting it back means. */
#include "cli/changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/json.h"

static const char *text_of(const json_t *r, const char *key)
{
	const char *s = json_string_value(json_object_get(r, key));

	return s ? s : "";
}

/* The end of a change's detail: "… from REVISION to REVISION". */
static bool read_revisions(const char *detail, struct change *ret)
{
	const size_t hex = DIGEST_HEX_BYTES - 1;
	const size_t tail = strlen("from  to ") + 2 * hex;
	uint8_t digest[DIGEST_BYTES];
	size_t n = strlen(detail);
	const char *p = n >= tail ? detail + n - tail : "";

	if (strncmp(p, "from ", 5) != 0 || strncmp(p + 5 + hex, " to ", 4) != 0)
		return false;
	memcpy(ret->from, p + 5, hex);
	memcpy(ret->to, p + 5 + hex + 4, hex);
	ret->from[hex] = ret->to[hex] = '\0';
	return hex_decode(ret->from, digest, sizeof(digest)) &&
	       hex_decode(ret->to, digest, sizeof(digest));
}

static int add(struct changes *c, const struct change *one, struct err *e)
{
	if (c->count == CHANGES_MAX)
		return err_set(e, ERR_LIMIT, "more than %u changes: take a later time",
			       CHANGES_MAX);
	if (c->count == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 64;
		struct change *grown = reallocarray(c->list, cap, sizeof(*grown));

		if (!grown)
			return err_set(e, ERR_NOMEM, "changes");
		c->list = grown;
		c->cap = cap;
	}
	c->list[c->count++] = *one;
	return 0;
}

/* The changes of this note that the step back from one revision to another covers stand no more. */
static void take_back(struct changes *c, const struct change *undo)
{
	char at[DIGEST_HEX_BYTES];

	memcpy(at, undo->from, sizeof(at));
	for (size_t i = c->count; i-- > 0 && strcmp(at, undo->to) != 0;) {
		if (strcmp(c->list[i].note, undo->note) != 0 || strcmp(c->list[i].to, at) != 0)
			continue;
		memcpy(at, c->list[i].from, sizeof(at));
		memmove(&c->list[i], &c->list[i + 1], (c->count - i - 1) * sizeof(*c->list));
		c->count--;
	}
}

int changes_take(void *arg, const char *line, struct err *e)
{
	const struct changes_of *of = arg;
	CLEANUP(json_decref_p) json_t *r = NULL;
	struct change one = { 0 };
	bool undone;

	if (json_parse(line, strlen(line), JSON_DEPTH_MANIFEST, 256, &r, NULL) < 0 ||
	    strcmp(text_of(r, "plugin"), of->plugin) != 0 || strcmp(text_of(r, "t"), of->since) < 0)
		return 0;
	undone = !strcmp(text_of(r, "ev"), "undo.done");
	if ((!undone && strcmp(text_of(r, "ev"), "cap.done") != 0) ||
	    !read_revisions(text_of(r, "detail"), &one))
		return 0;
	if (!text_of(r, "object")[0] ||
	    !copy_str(one.note, sizeof(one.note), text_of(r, "object")) ||
	    !copy_str(one.when, sizeof(one.when), text_of(r, "t"))) {
		of->all->nameless++;
		return 0;
	}
	if (undone) {
		take_back(of->all, &one);
		return 0;
	}
	return add(of->all, &one, e);
}

static int by_note(const void *a, const void *b)
{
	const struct change *const *x = a, *const *y = b;
	int r = strcmp((*x)->note, (*y)->note);

	if (r != 0)
		return r;
	return *x < *y ? -1 : *x > *y; /* they lie in the order of time */
}

/* The changes of one note, oldest first: back from the last one as far as each begins with what the
 * one before it wrote. */
static struct undo_step step_of(struct change *const *sorted, size_t n)
{
	struct undo_step s = { .last = sorted[n - 1], .first = sorted[n - 1], .changes = 1 };

	while (s.changes < n && !strcmp(sorted[n - 1 - s.changes]->to, s.first->from)) {
		s.first = sorted[n - 1 - s.changes];
		s.changes++;
	}
	s.kept = n - s.changes;
	return s;
}

int changes_plan(struct changes *c, struct err *e)
{
	CLEANUP(free_p) struct change **sorted = calloc(c->count + 1, sizeof(struct change *));

	c->steps = calloc(c->count + 1, sizeof(*c->steps));
	if (!sorted || !c->steps)
		return err_set(e, ERR_NOMEM, "changes");
	for (size_t i = 0; i < c->count; i++)
		sorted[i] = &c->list[i];
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): what is sorted are pointers */
	qsort((void *)sorted, c->count, sizeof(*sorted), by_note);
	for (size_t i = 0, n; i < c->count; i += n) {
		n = 1;
		while (i + n < c->count && !strcmp(sorted[i]->note, sorted[i + n]->note))
			n++;
		c->steps[c->step_count++] = step_of(&sorted[i], n);
	}
	return 0;
}

void changes_free_p(struct changes *c)
{
	free(c->list);
	free(c->steps);
	*c = (struct changes){ 0 };
}

/* ---- times ---- */

static bool read_ago(const char *text, long long *ret_s)
{
	static const struct {
		const char *unit;
		long long seconds;
	} units[] = { { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || text[0] < '0' || text[0] > '9' || n > 36500)
		return false;
	for (size_t i = 0; i < countof(units); i++)
		if (!strcmp(end, units[i].unit)) {
			*ret_s = (long long)n * units[i].seconds;
			return true;
		}
	return false;
}

int changes_since(const char *text, long long now_s, char ret[32], struct err *e)
{
	static const char *const forms[] = { "%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%SZ",
					     "%Y-%m-%dT%H:%M:%S" };
	struct tm t = { 0 };
	long long ago;
	time_t when;

	if (read_ago(text, &ago)) {
		when = (time_t)(now_s - ago);
		return gmtime_r(&when, &t) && strftime(ret, 32, "%Y-%m-%dT%H:%M:%S", &t)
			       ? 0
			       : err_set(e, ERR_USAGE, "--since %.40s lies too far back", text);
	}
	for (size_t i = 0; i < countof(forms); i++) {
		const char *end;

		t = (struct tm){ 0 };
		end = strptime(text, forms[i], &t);
		if (end && !*end)
			return strftime(ret, 32, "%Y-%m-%dT%H:%M:%S", &t)
				       ? 0
				       : err_set(e, ERR_USAGE, "--since %.40s", text);
	}
	return err_set(e, ERR_USAGE,
		       "--since takes 10m, 2h, 7d, 2026-11-27 or 2026-11-27T10:00:00Z, not %.40s",
		       text);
}
