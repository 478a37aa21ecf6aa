/* SPDX-License-Identifier: Apache-2.0 */
/* explain_text.c - the plain reading of an explanation.
 * Owns: its words and lines.  Must not know: policies; only the JSON of explain.c. */
#include "policy/explain.h"

#include <string.h>

#include "base/cleanup.h"

/* A string member for people, "" when it is not there; what is not printable is escaped. */
static void put(struct writer *w, const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	if (!s)
		return;
	if (text_is_printable(s, strlen(s)))
		writer_str(w, s);
	else
		writer_json_str(w, s, strlen(s));
}

static bool is_true(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

static void print_globs(struct writer *w, const json_t *scope, const char *key)
{
	const json_t *globs = json_object_get(scope, key);

	for (size_t i = 0; i < json_array_size(globs); i++) {
		CLEANUP(json_decref_p)
		json_t *one = json_pack("{s:O}", "glob", json_array_get(globs, i));

		writer_fmt(w, " %s ", key);
		put(w, one, "glob");
	}
}

static void print_scope(struct writer *w, const json_t *scope, const char *side)
{
	const json_t *s = json_object_get(scope, side);

	writer_fmt(w, "      %-8s", side);
	if (json_object_size(s) == 0)
		writer_str(w, " nothing");
	print_globs(w, s, "allow");
	print_globs(w, s, "deny");
	writer_str(w, "\n");
}

static void print_refusals(struct writer *w, const json_t *refused)
{
	for (size_t i = 0; i < json_array_size(refused); i++) {
		const json_t *r = json_array_get(refused, i);

		writer_str(w, i ? "; " : " ");
		put(w, r, "by");
		writer_str(w, ": ");
		put(w, r, "why");
	}
}

static void print_permission(struct writer *w, const json_t *p)
{
	const json_t *scope = json_object_get(p, "scope");

	writer_str(w, is_true(p, "allowed") ? "  yes " : "  no  ");
	put(w, p, "name");
	writer_str(w, " (");
	put(w, p, "class");
	writer_str(w, ")");
	if (is_true(scope, "broad"))
		writer_str(w, " BROAD: the whole vault");
	print_refusals(w, json_object_get(p, "refused"));
	writer_str(w, "\n      by       ");
	put(w, p, "enforced");
	writer_str(w, "\n");
	if (json_object_get(p, "reason")) {
		writer_str(w, "      author   ");
		put(w, p, "reason");
		writer_str(w, "\n");
	}
	if (scope) {
		print_scope(w, scope, "asked");
		print_scope(w, scope, "granted");
	}
}

static void print_file(struct writer *w, const json_t *f)
{
	writer_str(w, is_true(f, "allowed") ? "  yes " : "  no  ");
	put(w, f, "path");
	writer_str(w, " ");
	put(w, f, "access");
	writer_str(w, " ");
	put(w, f, is_true(f, "allowed") ? "enforced" : "why");
	writer_str(w, "\n");
}

static void print_limit(struct writer *w, const json_t *l)
{
	writer_str(w, "  ");
	put(w, l, "name");
	writer_str(w, " ");
	put(w, l, "text");
	writer_str(w, " set by ");
	put(w, l, "setBy");
	writer_str(w, "; ");
	put(w, l, "enforced");
	writer_str(w, "\n");
}

static void print_list(struct writer *w, const json_t *explain, const char *key,
		       void (*print)(struct writer *w, const json_t *item))
{
	const json_t *list = json_object_get(explain, key);

	if (json_array_size(list) > 0)
		writer_fmt(w, "%s\n", key);
	for (size_t i = 0; i < json_array_size(list); i++)
		print(w, json_array_get(list, i));
}

static void print_head(struct writer *w, const json_t *explain)
{
	const json_t *verdict = json_object_get(explain, "verdict");

	put(w, explain, "plugin");
	writer_str(w, " ");
	put(w, explain, "version");
	writer_str(w, " (");
	put(w, explain, "runtime");
	writer_str(w, ") for ");
	put(w, explain, "tenant");
	writer_str(w, is_true(verdict, "runs") ? ": may run\n" : ": refused ");
	if (!is_true(verdict, "runs")) {
		put(w, verdict, "code");
		writer_str(w, " ");
		put(w, verdict, "why");
		writer_str(w, "\n");
	}
	writer_str(w, "bundle ");
	put(w, explain, "bundle");
	writer_str(w, "\nsigner ");
	put(w, explain, "signer");
	writer_str(w, is_true(explain, "granted") ? "\n" : "\nnothing granted yet\n");
}

static void print_events(struct writer *w, const json_t *explain)
{
	const json_t *events = json_object_get(explain, "events");

	for (size_t i = 0; i < json_array_size(events); i++) {
		CLEANUP(json_decref_p)
		json_t *one = json_pack("{s:O}", "event", json_array_get(events, i));

		writer_str(w, i ? " " : "events\n  ");
		put(w, one, "event");
	}
	if (json_array_size(events) > 0)
		writer_str(w, "\n");
}

static void print_leaks(struct writer *w, const json_t *explain)
{
	const json_t *leaks = json_object_get(explain, "leaks");

	if (json_array_size(leaks) == 0)
		return;
	writer_str(w, "careful\n  what it reads may be sent on:");
	for (size_t i = 0; i < json_array_size(leaks); i++) {
		CLEANUP(json_decref_p)
		json_t *one = json_pack("{s:O}", "name", json_array_get(leaks, i));

		writer_str(w, i ? ", " : " ");
		put(w, one, "name");
	}
	writer_str(w, "\n");
}

static void print_native(struct writer *w, const json_t *explain)
{
	const json_t *n = json_object_get(explain, "native");
	const char *by = json_string_value(json_object_get(n, "approvedBy"));

	if (!n || !by)
		return;
	writer_fmt(
		w,
		"native code\n  %s its key may ship it\n  %s its tenant runs it\n  %s approved by ",
		is_true(n, "key") ? "yes" : "no ", is_true(n, "tenant") ? "yes" : "no ",
		strcmp(by, "nobody") ? "yes" : "no ");
	put(w, n, "approvedBy");
	writer_str(w, "\n      by       ");
	put(w, n, "enforced");
	writer_str(w, "\n");
}

int explain_print(const json_t *explain, struct writer *w)
{
	const char *type = json_string_value(json_object_get(explain, "_type"));

	if (!type || strcmp(type, "kennel.explain/1") != 0)
		return -1;
	print_head(w, explain);
	print_list(w, explain, "permissions", print_permission);
	print_leaks(w, explain);
	print_native(w, explain);
	print_events(w, explain);
	print_list(w, explain, "files", print_file);
	if (is_true(json_object_get(explain, "verdict"), "runs"))
		print_list(w, explain, "limits", print_limit);
	return w->full ? -1 : 0;
}
