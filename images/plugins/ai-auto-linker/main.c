/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - ai-auto-linker: when a note is saved, links the titles of other notes that occur in it,
 * and lists notes that share its tags; where that finds few and useAI is granted, a language model
 * names related ones. Owns: which links to ask for.  Must not know: how the host
 * writes them. Asks for few at a time, and for none that is there already: a second run changes
 * nothing. */
#include "kennel.h"

#include <stdlib.h>
#include <string.h>

#include "related.h"
#include "text.h"

#define LETTERS_MIN 4
#define ANCHORS_MAX 8u	/* links in the text of one note */
#define RELATED_MAX 3u
#define ENOUGH 3u /* links: no model is asked */
#define NOTES_MAX 20000u
#define NAMES_MAX 16u	/* title and aliases of one note */
#define TAGS_MAX 16u
#define NAME_BYTES_MAX 200u
#define PAGE "{\"limit\":200"

struct note {
	char *path;
	char *names[NAMES_MAX];
	char *tags[TAGS_MAX];
	size_t name_count, tag_count;
};

static struct note *notes; /* of this event */
static size_t note_count;

static char *plain(struct kennel_json j)
{
	char *s = kennel_string(j);

	return s ? s : strdup("");
}

static size_t take_strings(struct kennel_json array, char **into, size_t at, size_t max)
{
	for (struct kennel_json j = kennel_first(array); kennel_is_there(j) && at < max;
	     j = kennel_next(array, j))
		into[at++] = plain(j);
	return at;
}

static void take_note(struct kennel_json j, struct note *ret)
{
	*ret = (struct note){ .path = plain(kennel_get(j, "path")), .name_count = 1 };
	ret->names[0] = plain(kennel_get(j, "title"));
	ret->name_count = take_strings(kennel_get(j, "aliases"), ret->names, 1, NAMES_MAX);
	ret->tag_count = take_strings(kennel_get(j, "tags"), ret->tags, 0, TAGS_MAX);
}

static void drop_note(struct note *n)
{
	free(n->path);
	for (size_t i = 0; i < n->name_count; i++)
		free(n->names[i]);
	for (size_t i = 0; i < n->tag_count; i++)
		free(n->tags[i]);
}

static void forget_notes(void)
{
	for (size_t i = 0; i < note_count; i++)
		drop_note(&notes[i]);
	free(notes);
	notes = NULL;
	note_count = 0;
}

static bool take_page(struct kennel_json page)
{
	for (struct kennel_json j = kennel_first(page); kennel_is_there(j);
	     j = kennel_next(page, j)) {
		struct note *more = note_count < NOTES_MAX
					    ? realloc(notes, (note_count + 1) * sizeof(*more))
					    : NULL;

		if (!more)
			return false;
		notes = more;
		take_note(j, &notes[note_count++]);
	}
	return true;
}

/* Every note we may read; false: the host refused. */
static bool list_notes(void)
{
	char *cursor = NULL;
	bool ok;

	forget_notes();
	do {
		struct kennel_text params = { 0 };
		struct kennel_json result;

		kennel_add(&params, PAGE);
		if (cursor) {
			kennel_add(&params, ",\"cursor\":");
			kennel_add_string(&params, cursor);
		}
		kennel_add(&params, "}");
		result = kennel_get(kennel_call("notes.list", params.p), "result");
		kennel_text_free(&params);
		free(cursor);
		ok = kennel_is_there(result) && take_page(kennel_get(result, "notes"));
		cursor = ok ? kennel_string(kennel_get(result, "cursor")) : NULL;
	} while (cursor);
	return ok;
}

/* ---- one note ---- */

struct plan {
	struct note self;
	char *text, *masked, *revision;
	struct kennel_text add; /* JSON items */
	long long count;
	bool *done; /* by note: itself, linked, or in add */
	size_t linked;
	bool asked; /* a model, which said ai_code */
	int ai_code;
	long long ai_links;
};

/* The file's name without folder and ending: how most links name it. */
static char *stem(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *s = strdup(slash ? slash + 1 : path);
	char *dot = s ? strrchr(s, '.') : NULL;

	if (dot)
		*dot = '\0';
	return s ? s : strdup("");
}

static bool is_linked(const struct plan *p, const struct note *n)
{
	char *name = stem(n->path);
	char *whole = strdup(n->path);
	char *dot = whole ? strrchr(whole, '.') : NULL;
	bool linked;

	if (dot)
		*dot = '\0';
	linked = text_has_link(p->text, n->path) || text_has_link(p->text, name) ||
		 (whole && text_has_link(p->text, whole));
	for (size_t i = 0; i < n->name_count && !linked; i++)
		linked = n->names[i][0] && text_has_link(p->text, n->names[i]);
	free(name);
	free(whole);
	return linked;
}

static void plan_link(struct plan *p, const struct note *n, const char *anchor)
{
	kennel_add(&p->add, p->count ? ",{\"target\":" : "{\"target\":");
	kennel_add_string(&p->add, n->path);
	if (anchor) {
		kennel_add(&p->add, ",\"anchor\":");
		kennel_add_string(&p->add, anchor);
	}
	kennel_add(&p->add, "}");
	p->count++;
}

/* The first of its names that occurs, as it is spelled there; what lies under it is used up. */
static bool plan_mention(struct plan *p, const struct note *n)
{
	for (size_t i = 0; i < n->name_count; i++) {
		size_t len = strlen(n->names[i]);
		bool fits = text_letters(n->names[i]) >= LETTERS_MIN && len <= NAME_BYTES_MAX &&
			    !strpbrk(n->names[i], "[]|`\\\n");
		long at = fits ? text_find_word(p->masked, n->names[i]) : -1;
		char *anchor = at >= 0 ? strndup(p->masked + at, len) : NULL;

		if (!anchor)
			continue;
		plan_link(p, n, anchor);
		memset(p->masked + at, 1, len);
		free(anchor);
		return true;
	}
	return false;
}

static unsigned int shared_tags(const struct note *a, const struct note *b)
{
	unsigned int n = 0;

	for (size_t i = 0; i < a->tag_count; i++)
		for (size_t j = 0; j < b->tag_count; j++)
			n += text_same(a->tags[i], b->tags[j]);
	return n;
}

/* The RELATED_MAX notes with most tags in common, whether linked or not: the choice must not move
 * on when its first part has been written. */
static size_t choose_related(const struct plan *p, size_t *ret)
{
	unsigned int score[RELATED_MAX] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < note_count; i++) {
		unsigned int s = text_same(notes[i].path, p->self.path)
					 ? 0
					 : shared_tags(&p->self, &notes[i]);
		size_t at = n;

		while (at > 0 && score[at - 1] < s)
			at--;
		if (!s || at == RELATED_MAX)
			continue;
		n += n < RELATED_MAX;
		memmove(&score[at + 1], &score[at], (n - at - 1) * sizeof(*score));
		memmove(&ret[at + 1], &ret[at], (n - at - 1) * sizeof(*ret));
		score[at] = s;
		ret[at] = i;
	}
	return n;
}

static bool may_ask(void)
{
	struct kennel_json grants = kennel_get(kennel_initialize(), "grants");

	for (struct kennel_json g = kennel_first(grants); kennel_is_there(g);
	     g = kennel_next(grants, g))
		if (kennel_is_string(g, "useAI"))
			return true;
	return false;
}

/* Only where there are few links: a model may say something else each time, and a note that was
 * saved twice must not grow twice. */
static void plan_model(struct plan *p)
{
	const char **titles = calloc(note_count + 1, sizeof(*titles));
	size_t *which = calloc(note_count + 1, sizeof(*which));
	size_t chosen[RELATED_MAX], n = 0, count;

	for (size_t i = 0; titles && which && i < note_count && n < RELATED_TITLES_MAX; i++) {
		if (p->done[i] || !notes[i].names[0][0] || strchr(notes[i].names[0], '\n'))
			continue;
		titles[n] = notes[i].names[0];
		which[n++] = i;
	}
	if (n > 0) {
		p->asked = true;
		count = related_ask(p->text, titles, n, chosen, RELATED_MAX, &p->ai_code);
		for (size_t i = 0; i < count; i++)
			plan_link(p, &notes[which[chosen[i]]], NULL);
		p->ai_links = (long long)count;
	}
	free(titles);
	free(which);
}

static void take_done(struct plan *p, size_t i)
{
	p->linked += !p->done[i];
	p->done[i] = true;
}

static void make_plan(struct plan *p)
{
	size_t related[RELATED_MAX], n;

	p->done = calloc(note_count + 1, sizeof(*p->done));
	if (!p->done)
		return;
	for (size_t i = 0; i < note_count; i++)
		if (text_same(notes[i].path, p->self.path) || is_linked(p, &notes[i]))
			take_done(p, i);
	for (size_t i = 0; i < note_count && p->linked < ANCHORS_MAX + 1;
	     i++) /* itself is one of them */
		if (!p->done[i] && plan_mention(p, &notes[i]))
			take_done(p, i);
	n = choose_related(p, related);
	for (size_t i = 0; i < n; i++) {
		if (p->done[related[i]])
			continue;
		plan_link(p, &notes[related[i]], NULL);
		take_done(p, related[i]);
	}
	if (p->linked < ENOUGH + 1 && may_ask())
		plan_model(p);
}

static void drop_plan(struct plan *p)
{
	drop_note(&p->self);
	free(p->text);
	free(p->masked);
	free(p->revision);
	free(p->done);
	kennel_text_free(&p->add);
}

/* 0, or the error code. */
static int read_note(const char *path, struct plan *ret)
{
	struct kennel_text params = { 0 };
	struct kennel_json answer, result;

	kennel_add(&params, "{\"note\":");
	kennel_add_string(&params, path);
	kennel_add(&params, "}");
	answer = kennel_call("notes.read", params.p);
	kennel_text_free(&params);
	if (kennel_error_code(answer))
		return kennel_error_code(answer);
	result = kennel_get(answer, "result");
	*ret = (struct plan){ .text = plain(kennel_get(result, "text")),
			      .revision = plain(kennel_get(result, "revision")) };
	take_note(result, &ret->self);
	ret->masked = strdup(ret->text);
	if (ret->masked)
		text_mask(ret->masked);
	return ret->masked ? 0 : -1;
}

/* The host may skip some (its reading of Markdown is the exact one): what counts is what it added.
 */
static int write_links(const struct plan *p, long long *ret_added)
{
	struct kennel_text params = { 0 };
	struct kennel_json answer, added;

	kennel_add(&params, "{\"note\":");
	kennel_add_string(&params, p->self.path);
	kennel_add(&params, ",\"baseRevision\":");
	kennel_add_string(&params, p->revision);
	kennel_add(&params, ",\"add\":[");
	kennel_add(&params, p->add.p);
	kennel_add(&params, "]}");
	answer = kennel_call("links.write", params.p);
	kennel_text_free(&params);
	added = kennel_get(kennel_get(answer, "result"), "added");
	for (struct kennel_json j = kennel_first(added); kennel_is_there(j);
	     j = kennel_next(added, j))
		(*ret_added)++;
	return kennel_error_code(answer);
}

/* What became of the notes of one event. */
struct totals {
	long long seen, added, failed;
	int code; /* of the last that failed */
	long long ai_asked, ai_links;
	int ai_code; /* of the last question that was refused */
};

static int link_once(const char *path, struct totals *t)
{
	struct plan p;
	int code = read_note(path, &p);

	if (code)
		return code;
	make_plan(&p);
	t->ai_asked += p.asked;
	t->ai_links += p.ai_links;
	t->ai_code = p.ai_code ? p.ai_code : t->ai_code;
	if (p.count)
		code = write_links(&p, &t->added);
	drop_plan(&p);
	return code;
}

/* A conflict means that somebody was quicker: read again, once. */
static void link_note(const char *path, struct totals *t)
{
	int code = link_once(path, t);

	if (code == KENNEL_CONFLICT)
		code = link_once(path, t);
	t->seen++;
	t->failed += code != 0;
	t->code = code ? code : t->code;
}

static void add_ai(struct kennel_text *out, const struct totals *t)
{
	if (!t->ai_asked) {
		kennel_add_string(out, may_ask() ? "granted, not needed for titles and tags"
						 : "not granted");
		return;
	}
	kennel_add(out, "{\"asked\":");
	kennel_add_int(out, t->ai_asked);
	kennel_add(out, ",\"links\":");
	kennel_add_int(out, t->ai_links);
	kennel_add(out, ",\"error\":");
	kennel_add_int(out, t->ai_code);
	kennel_add(out, "}");
}

static int32_t report(const struct totals *t)
{
	struct kennel_text out = { 0 };
	int32_t status;

	kennel_add(&out, "{\"notes\":");
	kennel_add_int(&out, t->seen);
	kennel_add(&out, ",\"added\":");
	kennel_add_int(&out, t->added);
	kennel_add(&out, ",\"failed\":");
	kennel_add_int(&out, t->failed);
	kennel_add(&out, ",\"error\":");
	kennel_add_int(&out, t->code);
	kennel_add(&out, ",\"ai\":");
	add_ai(&out, t);
	kennel_add(&out, "}");
	status = kennel_ok(out.p);
	kennel_text_free(&out);
	return status;
}

static int32_t refused(const char *what, int code)
{
	struct kennel_text t = { 0 };

	kennel_add(&t, what);
	kennel_add(&t, ": error ");
	kennel_add_int(&t, code);
	return kennel_fail(t.p);
}

KENNEL_HANDLER(onNoteSave)
{
	char *path = kennel_string(kennel_get(kennel_get(kennel_input(), "note"), "path"));
	struct totals t = { 0 };
	int32_t status;

	if (!path)
		return kennel_fail("the event names no note");
	if (!list_notes())
		return kennel_fail("notes.list is refused");
	link_note(path, &t);
	status = t.code ? refused(path, t.code) : report(&t);
	free(path);
	return status;
}

static int32_t link_all(void)
{
	struct totals t = { 0 };

	if (!list_notes())
		return kennel_fail("notes.list is refused");
	for (size_t i = 0; i < note_count; i++)
		link_note(notes[i].path, &t);
	return report(&t);
}

KENNEL_HANDLER(onCommandPalette)
{
	if (kennel_is_string(kennel_get(kennel_input(), "command"), "link-all"))
		return link_all();
	return kennel_fail("the only command is link-all");
}
