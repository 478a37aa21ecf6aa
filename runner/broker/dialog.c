/* SPDX-License-Identifier: Apache-2.0 */
/* dialog.c - a question of a plugin to a person, and which answer fits it. */
#include "broker/dialog.h"

#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/limits.h"

enum { UTF8_MOST = 4 };

/* ---- text ---- */

/* Several lines are lines between newlines, each of them printable. */
static bool is_shown(const char *s, size_t n, bool lines)
{
	while (lines && n > 0) {
		const char *end = memchr(s, '\n', n);
		size_t len = end ? (size_t)(end - s) : n;

		if (!text_is_printable(s, len))
			return false;
		s += len + (end != NULL);
		n -= len + (end != NULL);
	}
	return text_is_printable(s, n);
}

struct text_rule {
	const char *key;
	size_t chars;
	bool lines;
	bool required; /* there, and not empty */
	const char *otherwise; /* NULL: stays absent */
};

static int take_text(struct json_place from, json_t *to, const struct text_rule *r, struct err *e)
{
	const json_t *v = json_object_get(from.obj, r->key);
	const char *s = json_string_value(v);

	if (!v && !r->required) {
		if (r->otherwise && json_object_set_new(to, r->key, json_string(r->otherwise)) < 0)
			return err_set(e, ERR_NOMEM, "dialog");
		return 0;
	}
	if (!v)
		return err_set(e, ERR_JSON_KEY, "%s/%s is missing", from.where, r->key);
	if (!s)
		return err_set(e, ERR_JSON_TYPE, "%s/%s is text", from.where, r->key);
	if (r->required && !*s)
		return err_set(e, ERR_JSON_VALUE, "%s/%s is empty", from.where, r->key);
	if (json_string_length(v) > r->chars * UTF8_MOST ||
	    text_measure(s, json_string_length(v)).chars > r->chars)
		return err_set(e, ERR_LIMIT, "%s/%s has more than %zu characters", from.where,
			       r->key, r->chars);
	if (!is_shown(s, json_string_length(v), r->lines))
		return err_set(e, ERR_JSON_VALUE, "%s/%s has control or bidi characters",
			       from.where, r->key);
	return json_object_set(to, r->key, (json_t *)v) < 0 ? err_set(e, ERR_NOMEM, "dialog") : 0;
}

/* ---- kinds of fields ---- */

static int take_no_more(struct json_place from, json_t *to, struct err *e)
{
	(void)from;
	(void)to;
	(void)e;
	return 0;
}

static bool is_choice(const json_t *field, const char *s)
{
	json_t *c;
	size_t i;

	json_array_foreach(json_object_get(field, "choices"), i, c)
		if (!strcmp(json_string_value(c), s))
			return true;
	return false;
}

static int take_choices(struct json_place from, json_t *to, struct err *e)
{
	static const struct text_rule rule = { "choice", DIALOG_LABEL_CHARS, false, true, NULL };
	json_t *choices, *all = json_array(), *c;
	size_t i;

	if (json_object_set_new(to, "choices", all) < 0)
		return err_set(e, ERR_NOMEM, "dialog");
	if (json_get_array(from, "choices", true, DIALOG_CHOICES_MAX, &choices, e) < 0)
		return -1;
	if (json_array_size(choices) == 0)
		return err_set(e, ERR_JSON_VALUE, "%s/choices is empty", from.where);
	json_array_foreach(choices, i, c) {
		CLEANUP(json_decref_p) json_t *one = json_pack("{s:O}", "choice", c);
		CLEANUP(json_decref_p) json_t *taken = json_object();

		if (!one || !taken)
			return err_set(e, ERR_NOMEM, "dialog");
		if (take_text((struct json_place){ one, from.where }, taken, &rule, e) < 0)
			return -1;
		if (is_choice(to, json_string_value(c)))
			return err_set(e, ERR_JSON_VALUE, "%s/choices has one of them twice",
				       from.where);
		if (json_array_append(all, c) < 0)
			return err_set(e, ERR_NOMEM, "dialog");
	}
	return 0;
}

static bool check_line(const json_t *field, const json_t *v)
{
	(void)field;
	return json_is_string(v) && is_shown(json_string_value(v), json_string_length(v), false);
}

static bool check_text(const json_t *field, const json_t *v)
{
	(void)field;
	return json_is_string(v) && is_shown(json_string_value(v), json_string_length(v), true);
}

static bool check_choice(const json_t *field, const json_t *v)
{
	return json_is_string(v) && is_choice(field, json_string_value(v));
}

static bool check_check(const json_t *field, const json_t *v)
{
	(void)field;
	return json_is_boolean(v);
}

static json_t *no_text(const json_t *field)
{
	(void)field;
	return json_string("");
}

static json_t *first_choice(const json_t *field)
{
	return json_incref(json_array_get(json_object_get(field, "choices"), 0));
}

static json_t *unchecked(const json_t *field)
{
	(void)field;
	return json_false();
}

static const struct kind {
	const char *name;
	const char *what; /* a value of it is */
	int (*take)(struct json_place from, json_t *to, struct err *e);
	bool (*fits)(const json_t *field, const json_t *v);
	json_t *(*otherwise)(const json_t *field);
} kinds[] = {
	{ "line", "one line of text", take_no_more, check_line, no_text },
	{ "text", "text", take_no_more, check_text, no_text },
	{ "choice", "one of its choices", take_choices, check_choice, first_choice },
	{ "check", "true or false", take_no_more, check_check, unchecked },
};

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < countof(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

/* ---- a field ---- */

static int take_kind(struct json_place from, json_t *to, const struct kind **ret, struct err *e)
{
	char name[NAME_MAX_BYTES] = "line";

	if (json_get_str(from, "kind", false, sizeof(name), name, e) < 0)
		return -1;
	*ret = find_kind(name);
	if (!*ret)
		return err_set(e, ERR_JSON_VALUE, "%s/kind is line, text, choice or check",
			       from.where);
	if ((*ret)->take != take_choices && json_object_get(from.obj, "choices"))
		return err_set(e, ERR_JSON_KEY, "%s: only a choice has choices", from.where);
	return json_object_set_new(to, "kind", json_string(name)) < 0
		       ? err_set(e, ERR_NOMEM, "dialog")
		       : (*ret)->take(from, to, e);
}

static int take_value(struct json_place from, json_t *to, const struct kind *k, struct err *e)
{
	json_t *v = json_object_get(from.obj, "value");

	if (v && !k->fits(to, v))
		return err_set(e, ERR_JSON_VALUE, "%s/value is %s", from.where, k->what);
	if (json_object_set_new(to, "value", v ? json_incref(v) : k->otherwise(to)) < 0)
		return err_set(e, ERR_NOMEM, "dialog");
	return 0;
}

static bool has_field(const json_t *fields, const char *name)
{
	json_t *f;
	size_t i;

	json_array_foreach(fields, i, f)
		if (!strcmp(json_string_value(json_object_get(f, "name")), name))
			return true;
	return false;
}

static int take_field(struct json_place from, json_t *fields, struct err *e)
{
	static const char *const keys[] = {
		"name", "label", "kind", "value", "choices", "required"
	};
	static const struct text_rule label = { "label", DIALOG_LABEL_CHARS, false, true, NULL };
	CLEANUP(json_decref_p) json_t *to = json_object();
	char name[NAME_MAX_BYTES];
	const struct kind *k;
	bool required = false;

	if (!json_is_object(from.obj))
		return err_set(e, ERR_JSON_TYPE, "%s is an object", from.where);
	if (json_check_keys(from, keys, countof(keys), e) < 0 ||
	    json_get_str(from, "name", true, sizeof(name), name, e) < 0 ||
	    json_get_bool(from, "required", &required, e) < 0 ||
	    take_text(from, to, &label, e) < 0 || take_kind(from, to, &k, e) < 0 ||
	    take_value(from, to, k, e) < 0)
		return -1;
	if (!name_is_valid(name) || has_field(fields, name))
		return err_set(e, ERR_JSON_VALUE,
			       "%s/name is letters, digits, - and _; each name once", from.where);
	if (json_object_set_new(to, "name", json_string(name)) < 0 ||
	    json_object_set_new(to, "required", json_boolean(required)) < 0 ||
	    json_array_append(fields, to) < 0)
		return err_set(e, ERR_NOMEM, "dialog");
	return 0;
}

static int take_fields(const json_t *params, json_t *to, struct err *e)
{
	json_t *fields = NULL, *all = json_array(), *f;
	size_t i;

	if (json_object_set_new(to, "fields", all) < 0)
		return err_set(e, ERR_NOMEM, "dialog");
	if (json_get_array((struct json_place){ params, "params" }, "fields", false,
			   DIALOG_FIELDS_MAX, &fields, e) < 0)
		return -1;
	json_array_foreach(fields, i, f) {
		char where[48];

		(void)snprintf(where, sizeof(where), "params/fields/%zu", i);
		if (take_field((struct json_place){ f, where }, all, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- the whole ---- */

int dialog_read(const json_t *params, json_t **ret, uint64_t *ret_timeout_ms, struct err *e)
{
	static const char *const keys[] = { "title",   "message",   "fields", "accept",
					    "decline", "timeoutMs", "_meta" };
	static const struct text_rule texts[] = {
		{ "title", DIALOG_TITLE_CHARS, false, true, NULL },
		{ "message", DIALOG_MESSAGE_CHARS, true, false, NULL },
		{ "accept", DIALOG_LABEL_CHARS, false, false, "OK" },
		{ "decline", DIALOG_LABEL_CHARS, false, false, "Cancel" },
	};
	const struct json_place from = { params, "params" };
	CLEANUP(json_decref_p) json_t *to = json_object();

	*ret_timeout_ms = DIALOG_MS_NORMAL;
	if (!to)
		return err_set(e, ERR_NOMEM, "dialog");
	if (!params)
		return err_set(e, ERR_JSON_KEY, "params/title is missing");
	if (json_check_keys(from, keys, countof(keys), e) < 0 ||
	    json_get_uint(from, "timeoutMs", false, DIALOG_MS_MAX, ret_timeout_ms, e) < 0)
		return -1;
	for (size_t i = 0; i < countof(texts); i++)
		if (take_text(from, to, &texts[i], e) < 0)
			return -1;
	if (take_fields(params, to, e) < 0)
		return -1;
	*ret = take_ptr(to);
	return 0;
}

static int answer_field(const json_t *field, const json_t *given, json_t *values, struct err *e)
{
	const char *name = json_string_value(json_object_get(field, "name"));
	const struct kind *k = find_kind(json_string_value(json_object_get(field, "kind")));
	json_t *v = json_object_get(given, name);

	if (!v)
		v = json_object_get(field, "value");
	if (!k->fits(field, v))
		return err_set(e, ERR_JSON_VALUE, "%s is %s", name, k->what);
	if (json_is_true(json_object_get(field, "required")) &&
	    (json_is_false(v) || (json_is_string(v) && json_string_length(v) == 0)))
		return err_set(e, ERR_JSON_VALUE, "%s must be filled in", name);
	return json_object_set(values, name, v) < 0 ? err_set(e, ERR_NOMEM, "answer") : 0;
}

static int answer_fields(const json_t *fields, const json_t *given, json_t *values, struct err *e)
{
	const char *name;
	json_t *f;
	size_t i;

	json_object_foreach((json_t *)given, name, f)
		if (!has_field(fields, name))
			return err_set(e, ERR_JSON_KEY, "the dialog has no field %.60s", name);
	json_array_foreach(fields, i, f)
		if (answer_field(f, given, values, e) < 0)
			return -1;
	return 0;
}

int dialog_answer(const json_t *dialog, const json_t *answer, json_t **ret, struct err *e)
{
	static const char *const keys[] = { "action", "values" };
	const struct json_place from = { answer, "answer" };
	CLEANUP(json_decref_p) json_t *values = json_object();
	json_t *given = NULL;
	char action[NAME_MAX_BYTES];
	bool accepted;

	if (json_check_keys(from, keys, countof(keys), e) < 0 ||
	    json_get_str(from, "action", true, sizeof(action), action, e) < 0 ||
	    json_get_obj(from, "values", false, &given, e) < 0)
		return -1;
	accepted = !strcmp(action, "accept");
	if (!accepted && (strcmp(action, "decline") != 0 || json_object_size(given) > 0))
		return err_set(e, ERR_JSON_VALUE,
			       "answer/action is accept, or decline without values");
	if (accepted && answer_fields(json_object_get(dialog, "fields"), given, values, e) < 0)
		return -1;
	*ret = json_pack("{s:s, s:O}", "action", action, "values", values);
	return *ret ? 0 : err_set(e, ERR_NOMEM, "answer");
}
