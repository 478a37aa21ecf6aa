/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - note-stats: a native plugin. Counts words, headings, links and open tasks: of a note
 * when it is saved, of every note it may read on the command "note-stats". Owns: counting.  Must
 * not know: where notes are. */
#include "kennel_wire.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct stats {
	long long notes, words, headings, links, open_tasks, done_tasks;
	long long unread; /* notes that could be listed and not read */
};

/* ---- counting: a line, then its characters; a fence hides what looks like Markdown ---- */

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_heading(const char *p, size_t n)
{
	size_t hashes = 0;

	while (hashes < n && p[hashes] == '#')
		hashes++;
	return hashes >= 1 && hashes <= 6 && hashes < n && p[hashes] == ' ';
}

/* "- [ ]" and "- [x]": what stands in the box, or 0. */
static char box(const char *p, size_t n)
{
	bool task = n >= 5 && strchr("-*+", p[0]) && !memcmp(p + 1, " [", 2) && p[4] == ']';

	return task ? p[3] : '\0';
}

static void count_line(const char *p, size_t n, struct stats *s)
{
	size_t i = 0;

	while (i < n && is_space(p[i]))
		i++;
	s->headings += is_heading(p + i, n - i);
	s->open_tasks += box(p + i, n - i) == ' ';
	s->done_tasks += box(p + i, n - i) == 'x' || box(p + i, n - i) == 'X';
	for (i = 0; i + 1 < n; i++)
		s->links += (p[i] == '[' && p[i + 1] == '[') || (p[i] == ']' && p[i + 1] == '(');
}

static void count_words(const char *p, size_t n, struct stats *s)
{
	bool inside = false;

	for (size_t i = 0; i < n; i++) {
		s->words += !is_space(p[i]) && !inside;
		inside = !is_space(p[i]);
	}
}

static void count(const char *text, struct stats *s)
{
	bool fenced = false;

	s->notes++;
	for (const char *end; *text; text = *end ? end + 1 : end) {
		bool fence = !strncmp(text, "```", 3) || !strncmp(text, "~~~", 3);

		end = strchr(text, '\n');
		end = end ? end : text + strlen(text);
		count_words(text, (size_t)(end - text), s);
		if (!fenced && !fence)
			count_line(text, (size_t)(end - text), s);
		fenced ^= fence;
	}
}

/* ---- the host ---- */

/* A host that says "later" is asked again, until the event's time is over. */
static struct kennel_json call(const char *method, const char *params)
{
	const struct timespec pause = { .tv_nsec = 100000000 };
	struct kennel_json answer = kennel_call(method, params);

	while (kennel_error_code(answer) == KENNEL_RATE_LIMITED && !kennel_cancelled()) {
		(void)nanosleep(&pause, NULL);
		answer = kennel_call(method, params);
	}
	return answer;
}

/* false: it may not be read, or is gone. */
static bool add_note(const char *path, struct stats *s)
{
	struct kennel_text params = { 0 };
	char *text;

	kennel_add(&params, "{\"note\":");
	kennel_add_string(&params, path);
	kennel_add(&params, "}");
	text = kennel_string(
		kennel_get(kennel_get(call("notes.read", params.p), "result"), "text"));
	kennel_text_free(&params);
	if (!text)
		return false;
	count(text, s);
	free(text);
	return true;
}

static void add_figure(struct kennel_text *t, const char *name, long long n)
{
	kennel_add(t, t->n ? "," : "{");
	kennel_add_string(t, name);
	kennel_add(t, ":");
	kennel_add_int(t, n);
}

static int32_t report(const char *about, const struct stats *s)
{
	struct kennel_text result = { 0 }, line = { 0 };
	int32_t status;

	add_figure(&result, "notes", s->notes);
	add_figure(&result, "words", s->words);
	add_figure(&result, "headings", s->headings);
	add_figure(&result, "links", s->links);
	add_figure(&result, "openTasks", s->open_tasks);
	add_figure(&result, "doneTasks", s->done_tasks);
	add_figure(&result, "unread", s->unread);
	kennel_add(&result, "}");
	kennel_add(&line, about);
	kennel_add(&line, ": ");
	kennel_add_int(&line, s->words);
	kennel_add(&line, " words, ");
	kennel_add_int(&line, s->links);
	kennel_add(&line, " links, ");
	kennel_add_int(&line, s->open_tasks);
	kennel_add(&line, " open tasks");
	kennel_log("info", line.p);
	status = kennel_ok(result.p);
	kennel_text_free(&result);
	kennel_text_free(&line);
	return status;
}

/* ---- events ---- */

KENNEL_HANDLER(onNoteSave)
{
	char *path = kennel_string(kennel_get(kennel_get(kennel_input(), "note"), "path"));
	struct stats s = { 0 };
	int32_t status;

	if (!path)
		return kennel_fail("the event names no note");
	status = add_note(path, &s) ? report(path, &s) : kennel_fail("the note cannot be read");
	free(path);
	return status;
}

/* The notes of one page of the list; its own copy, since each call ends the answer before it. */
static void add_page(const char *text, struct stats *s)
{
	struct kennel_json notes = kennel_parse(text, strlen(text));

	for (struct kennel_json n = kennel_first(notes); kennel_is_there(n) && !kennel_cancelled();
	     n = kennel_next(notes, n)) {
		char *path = kennel_string(kennel_get(n, "path"));

		if (path && !add_note(path, s))
			s->unread++;
		free(path);
	}
}

/* false: the list is at its end. */
static bool next_page(struct kennel_text *params, struct stats *s, int *error)
{
	struct kennel_json answer = call("notes.list", params->p ? params->p : "{}");
	struct kennel_json result = kennel_get(answer, "result");
	struct kennel_json cursor = kennel_get(result, "cursor");
	struct kennel_text page = { 0 };

	*error = kennel_error_code(answer);
	if (*error)
		return false;
	kennel_text_free(params);
	kennel_add(params, "{\"cursor\":");
	kennel_add_json(params, cursor);
	kennel_add(params, "}");
	kennel_add_json(&page, kennel_get(result, "notes"));
	add_page(page.p, s);
	kennel_text_free(&page);
	return kennel_is_there(cursor) && !kennel_cancelled();
}

KENNEL_HANDLER(onCommandPalette)
{
	struct kennel_text params = { 0 };
	struct stats s = { 0 };
	int error;

	if (!kennel_is_string(kennel_get(kennel_input(), "command"), "note-stats"))
		return kennel_ok("null");
	while (next_page(&params, &s, &error))
		;
	kennel_text_free(&params);
	if (error)
		return kennel_fail("the notes cannot be listed");
	return kennel_cancelled() ? kennel_fail("it takes longer than its time")
				  : report("all notes", &s);
}
