/* SPDX-License-Identifier: Apache-2.0 */
/* dialogform.c - a plugin's dialog at a terminal: shown, and filled in by words or by typing. */
#include "cli/dialogform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/ask.h"

enum { SHOWN_MAX = 4 * DIALOG_MESSAGE_CHARS + 1 };

static const char *string_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* Line by line, each made safe: a newline of the plugin's is a newline, and nothing else is. */
static void print_lines(const char *indent, const char *text)
{
	char line[SHOWN_MAX], safe[SHOWN_MAX];

	while (*text) {
		size_t n = strcspn(text, "\n");

		(void)snprintf(line, sizeof(line), "%.*s", (int)n, text);
		(void)printf("%s%s\n", indent, cli_safe(line, safe, sizeof(safe)));
		text += n + (text[n] == '\n');
	}
}

static const char *value_text(const json_t *field)
{
	const json_t *v = json_object_get(field, "value");

	if (json_is_boolean(v))
		return json_is_true(v) ? "true" : "false";
	return json_string_value(v) ? json_string_value(v) : "";
}

static void print_field(const json_t *f)
{
	char name[CLI_CELL_MAX], kind[CLI_CELL_MAX], label[CLI_CELL_MAX], safe[SHOWN_MAX];
	json_t *c;
	size_t i;

	(void)printf("  %s (%s%s): %s", cli_text(f, "name", name), cli_text(f, "kind", kind),
		     json_is_true(json_object_get(f, "required")) ? ", required" : "",
		     cli_text(f, "label", label));
	if (*value_text(f))
		(void)printf(" [%s]", cli_safe(value_text(f), safe, sizeof(safe)));
	(void)printf("\n");
	json_array_foreach(json_object_get(f, "choices"), i, c)
		(void)printf("      %s\n",
			     cli_safe(json_string_value(c) ? json_string_value(c) : "", safe,
				      sizeof(safe)));
}

void dialog_print(const json_t *shown)
{
	const json_t *d = json_object_get(shown, "dialog");
	char title[SHOWN_MAX], name[CLI_CELL_MAX], tenant[CLI_CELL_MAX], left[CLI_CELL_MAX];
	long long ms = cli_number(shown, "untilMs") - (long long)(clock_wall_ns() / 1000000);
	json_t *f;
	size_t i;

	cli_format_ms(ms > 0 ? ms : 0, left);
	(void)printf("%lld  plugin %s of tenant %s asks; %s left\n", cli_number(shown, "id"),
		     cli_text(shown, "plugin", name), cli_text(shown, "tenant", tenant), left);
	(void)printf("  %s\n", cli_safe(string_of(d, "title"), title, sizeof(title)));
	print_lines("  | ", string_of(d, "message"));
	json_array_foreach(json_object_get(d, "fields"), i, f)
		print_field(f);
}

static const json_t *find_field(const json_t *shown, const char *name, size_t n)
{
	json_t *f;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(shown, "dialog"), "fields"), i, f)
		if (strlen(string_of(f, "name")) == n && !memcmp(string_of(f, "name"), name, n))
			return f;
	return NULL;
}

static int put_value(json_t *values, const json_t *field, const char *text, struct err *e)
{
	bool check = !strcmp(string_of(field, "kind"), "check");
	json_t *v;

	if (check && strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return err_set(e, ERR_USAGE, "%.63s is true or false", string_of(field, "name"));
	v = check ? json_boolean(!strcmp(text, "true")) : json_string(text);
	if (!v)
		return err_set(e, ERR_USAGE, "%.63s: not UTF-8 text", string_of(field, "name"));
	return json_object_set_new(values, string_of(field, "name"), v) < 0
		       ? err_set(e, ERR_NOMEM, "answer")
		       : 0;
}

int dialog_of_words(const json_t *shown, const char *const *words, size_t n, json_t **ret,
		    struct err *e)
{
	CLEANUP(json_decref_p) json_t *values = json_object();
	char safe[NAME_MAX_BYTES];

	for (size_t i = 0; i < n; i++) {
		const char *w = words[i], *equals = strchr(w, '=');
		const json_t *f = equals ? find_field(shown, w, (size_t)(equals - w)) : NULL;

		if (!f)
			return err_set(e, ERR_USAGE,
				       "%s is not FIELD=VALUE of this dialog; kennel dialogs show",
				       cli_safe(w, safe, sizeof(safe)));
		if (put_value(values, f, equals + 1, e) < 0)
			return -1;
	}
	*ret = take_ptr(values);
	return *ret ? 0 : err_set(e, ERR_NOMEM, "answer");
}

/* One line without its newline; several, up to one that is a dot, for a text. */
static int read_typed(bool lines, char *ret, size_t cap, struct err *e)
{
	size_t used = 0, room = 0, count = 0;
	char *line = NULL;
	ssize_t n;

	ret[0] = '\0';
	while ((n = getline(&line, &room, stdin)) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (lines && !strcmp(line, "."))
			break;
		used += (size_t)snprintf(ret + used, cap - used, "%s%s", count++ ? "\n" : "", line);
		if (used >= cap || !lines)
			break;
	}
	free(line);
	if (n <= 0)
		return err_set(e, ERR_IO, "the input ended, nothing was answered");
	return used >= cap
		       ? err_set(e, ERR_LIMIT, "an answer has at most %u bytes", DIALOG_BYTES_MAX)
		       : 0;
}

static int type_field(const json_t *f, json_t *values, struct err *e)
{
	bool lines = !strcmp(string_of(f, "kind"), "text");
	char text[DIALOG_BYTES_MAX], label[CLI_CELL_MAX], safe[SHOWN_MAX];

	if (json_object_get(f, "choices"))
		print_field(f);
	(void)printf("%s%s [%s]: ", cli_text(f, "label", label),
		     lines				    ? " (end with a line that is one dot)"
		     : !strcmp(string_of(f, "kind"), "check") ? " (true or false)"
							      : "",
		     cli_safe(value_text(f), safe, sizeof(safe)));
	(void)fflush(stdout);
	if (read_typed(lines, text, sizeof(text), e) < 0)
		return -1;
	return *text ? put_value(values, f, text, e) : 0; /* nothing: what stands there */
}

int dialog_by_typing(const json_t *shown, json_t **ret, struct err *e)
{
	CLEANUP(json_decref_p) json_t *values = json_object();
	json_t *f;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(shown, "dialog"), "fields"), i, f)
		if (type_field(f, values, e) < 0)
			return -1;
	*ret = take_ptr(values);
	return *ret ? 0 : err_set(e, ERR_NOMEM, "answer");
}
