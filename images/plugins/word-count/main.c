/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - word-count: counts words and characters of a note when it is saved, and logs them.
 * Owns: counting.  Must not know: where notes are. */
#include "kennel.h"

#include <stdlib.h>

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static long long count_words(const char *s)
{
	long long n = 0;
	bool inside = false;

	for (; *s; s++) {
		if (!is_space(*s) && !inside)
			n++;
		inside = !is_space(*s);
	}
	return n;
}

static long long count_characters(const char *s)
{
	long long n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static int32_t report(const char *path, const char *text)
{
	struct kennel_text line = { 0 }, result = { 0 };
	int32_t status;

	kennel_add(&line, path);
	kennel_add(&line, ": ");
	kennel_add_int(&line, count_words(text));
	kennel_add(&line, " words, ");
	kennel_add_int(&line, count_characters(text));
	kennel_add(&line, " characters");
	kennel_log("info", line.p);
	kennel_add(&result, "{\"words\":");
	kennel_add_int(&result, count_words(text));
	kennel_add(&result, ",\"characters\":");
	kennel_add_int(&result, count_characters(text));
	kennel_add(&result, "}");
	status = kennel_ok(result.p);
	kennel_text_free(&line);
	kennel_text_free(&result);
	return status;
}

KENNEL_HANDLER(onNoteSave)
{
	char *path = kennel_string(kennel_get(kennel_get(kennel_input(), "note"), "path"));
	struct kennel_text params = { 0 };
	struct kennel_json answer;
	char *text;
	int32_t status;

	if (!path)
		return kennel_fail("the event names no note");
	kennel_add(&params, "{\"note\":");
	kennel_add_string(&params, path);
	kennel_add(&params, "}");
	answer = kennel_call("notes.read", params.p);
	text = kennel_string(kennel_get(kennel_get(answer, "result"), "text"));
	status = text ? report(path, text) : kennel_fail("the note cannot be read");
	kennel_text_free(&params);
	free(text);
	free(path);
	return status;
}
