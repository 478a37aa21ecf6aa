/* SPDX-License-Identifier: Apache-2.0 */
/* module.c - finds the import and export declarations of a module. They stand outside all brackets,
 * which is how they are told from other uses of the words. */
#include "images/js/module.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "images/js/work.h"

/* A name, or a string where the language has one. Escapes in it are refused: names are compared. */
static json_t *name_of(const struct word *w)
{
	bool string = w->kind == WORD_STRING;

	if (memchr(w->p, '\\', w->n))
		return NULL;
	return json_stringn(w->p + string, w->n - 2u * string);
}

static int take_binding(struct work *m, bool may_be_string, json_t **ret, struct err *e)
{
	if (m->w.kind != WORD_NAME && !(may_be_string && m->w.kind == WORD_STRING))
		return work_refuse(m, "a name is expected here", e);
	*ret = name_of(&m->w);
	if (!*ret)
		return work_refuse(m, "a name with an escape in it", e);
	if (work_advance(m, e) < 0) {
		json_decref(*ret);
		return -1;
	}
	return 0;
}

/* with { type: "json" }, and nothing else */
static int take_attributes(struct work *m, bool *ret_json, struct err *e)
{
	static const char *const words[] = { "{", "type", ":" };

	*ret_json = false;
	if (!word_is(&m->w, "with") && !(word_is(&m->w, "assert") && !m->w.after_newline))
		return 0;
	if (work_advance(m, e) < 0)
		return -1;
	for (size_t i = 0; i < countof(words); i++)
		if (!word_is(&m->w, words[i]))
			return work_refuse(m, "the only attribute of an import is type: \"json\"",
					   e);
		else if (work_advance(m, e) < 0)
			return -1;
	if (m->w.kind != WORD_STRING || m->w.n != 6 || memcmp(m->w.p + 1, "json", 4) != 0)
		return work_refuse(m, "the only type of an import is \"json\"", e);
	*ret_json = true;
	if (work_advance(m, e) < 0)
		return -1;
	if (word_is(&m->w, ",") && work_advance(m, e) < 0)
		return -1;
	if (!word_is(&m->w, "}"))
		return work_refuse(m, "the only attribute of an import is type: \"json\"", e);
	return work_advance(m, e);
}

/* A string and what belongs to it; ret_from is its place in requests. */
static int take_specifier(struct work *m, json_int_t *ret_from, struct err *e)
{
	unsigned int line = m->w.line;
	CLEANUP(json_decref_p) json_t *specifier = NULL;
	bool json = false;

	if (m->w.kind != WORD_STRING)
		return work_refuse(m, "the module's name is expected here, in quotes", e);
	specifier = name_of(&m->w);
	if (!specifier)
		return work_refuse(m, "a module's name with an escape in it", e);
	if (work_advance(m, e) < 0 || take_attributes(m, &json, e) < 0)
		return -1;
	*ret_from = (json_int_t)json_array_size(m->requests);
	return work_add(m, m->requests,
			json_pack("{s:O, s:i, s:b}", "specifier", specifier, "line", (int)line,
				  "json", json),
			e);
}

static int take_from(struct work *m, json_int_t *ret_from, struct err *e)
{
	if (!word_is(&m->w, "from"))
		return work_refuse(m, "\"from\" is expected here", e);
	return work_advance(m, e) < 0 ? -1 : take_specifier(m, ret_from, e);
}

/* The declaration ends here: a ";" belongs to it, all of it is left out. */
static int end_declaration(struct work *m, const char *start, struct err *e)
{
	const char *end = m->w.p;

	if (word_is(&m->w, ";")) {
		end += m->w.n;
		if (work_advance(m, e) < 0)
			return -1;
	} else if (m->w.kind != WORD_END && !m->w.after_newline) {
		return work_refuse(m, "the declaration goes on in a way that is not known", e);
	}
	return work_copy_until(m, start, e) < 0 || work_drop_until(m, end, e) < 0 ? -1 : 0;
}

/* ---- import ---- */

static int add_import(struct work *m, json_t *into, json_t *name, json_t *local, struct err *e)
{
	return work_add(
		m, into,
		json_pack("{s:o, s:o, s:i}", "name", name, "local", local, "line", (int)m->w.line),
		e);
}

static int take_default(struct work *m, json_t *into, struct err *e)
{
	json_t *local;

	if (take_binding(m, false, &local, e) < 0)
		return -1;
	return add_import(m, into, json_string("default"), local, e);
}

static int take_namespace(struct work *m, json_t *into, struct err *e)
{
	json_t *local;

	if (work_advance(m, e) < 0)
		return -1;
	if (!word_is(&m->w, "as"))
		return work_refuse(m, "\"as\" is expected here", e);
	if (work_advance(m, e) < 0 || take_binding(m, false, &local, e) < 0)
		return -1;
	return add_import(m, into, json_string("*"), local, e);
}

/* { a, b as c, "d" as e }: rows of first name and second; what they mean is the caller's. */
static int take_list(struct work *m, json_t *into, struct err *e)
{
	if (work_advance(m, e) < 0)
		return -1;
	while (!word_is(&m->w, "}")) {
		json_t *first, *second;

		if (take_binding(m, true, &first, e) < 0)
			return -1;
		second = json_copy(first);
		if (word_is(&m->w, "as")) {
			json_decref(second);
			if (work_advance(m, e) < 0 || take_binding(m, true, &second, e) < 0) {
				json_decref(first);
				return -1;
			}
		}
		if (add_import(m, into, first, second, e) < 0)
			return -1;
		if (word_is(&m->w, ",")) {
			if (work_advance(m, e) < 0)
				return -1;
		} else if (!word_is(&m->w, "}")) {
			return work_refuse(m, "\",\" or \"}\" is expected here", e);
		}
	}
	return work_advance(m, e);
}

static int take_clause(struct work *m, json_t *into, struct err *e)
{
	if (m->w.kind == WORD_NAME) {
		if (take_default(m, into, e) < 0)
			return -1;
		if (!word_is(&m->w, ","))
			return 0;
		if (work_advance(m, e) < 0)
			return -1;
	}
	if (word_is(&m->w, "*"))
		return take_namespace(m, into, e);
	if (word_is(&m->w, "{"))
		return take_list(m, into, e);
	return work_refuse(m, "what is imported is expected here", e);
}

/* m->w is the word after import. */
static int take_import(struct work *m, const char *start, struct err *e)
{
	CLEANUP(json_decref_p) json_t *rows = json_array();
	json_int_t from;
	json_t *row;
	size_t i;

	if (m->w.kind == WORD_STRING) {
		if (take_specifier(m, &from, e) < 0)
			return -1;
		return end_declaration(m, start, e);
	}
	if (take_clause(m, rows, e) < 0 || take_from(m, &from, e) < 0)
		return -1;
	json_array_foreach(rows, i, row)
		if (json_object_set_new(row, "from", json_integer(from)) < 0)
			return work_no_memory(e);
	if (json_array_extend(m->imports, rows) < 0)
		return work_no_memory(e);
	return end_declaration(m, start, e);
}

/* A method of this name: after the brackets comes a body. m->w is the opening one. */
static bool is_method(const struct work *m)
{
	struct scan ahead = m->scan;
	struct word w = { 0 };

	while (scan_next(&ahead, &w, NULL) == 0 && w.kind != WORD_END)
		if (w.depth == m->w.depth)
			return scan_next(&ahead, &w, NULL) == 0 && word_is(&w, "{") &&
			       !w.after_newline;
	return false;
}

/* import(…) and import.meta, wherever they stand. */
static int take_import_value(struct work *m, const char *start, struct err *e)
{
	bool meta = word_is(&m->w, ".");

	if (meta) {
		if (work_advance(m, e) < 0)
			return -1;
		if (!word_is(&m->w, "meta"))
			return work_refuse(m, "after \"import.\" only \"meta\" is known", e);
		if (work_copy_until(m, start, e) < 0 || work_put_text(m, m->prefix, e) < 0 ||
		    work_put_text(m, "meta", e) < 0)
			return -1;
		m->copied = m->w.p + m->w.n;
		return work_advance(m, e);
	}
	if (is_method(m))
		return 0;
	if (work_copy_until(m, start, e) < 0 || work_put_text(m, m->prefix, e) < 0 ||
	    work_put_text(m, "import", e) < 0)
		return -1;
	m->copied = start + strlen("import");
	return 0;
}

/* ---- export ---- */

static int add_export(struct work *m, json_t *name, json_t *local, struct err *e)
{
	return work_add(m, m->exports,
			json_pack("{s:o, s:o, s:b}", "name", name, "local", local, "constant", 0),
			e);
}

static int add_named(struct work *m, const char *kind, struct err *e)
{
	json_t *name = m->w.kind == WORD_NAME ? name_of(&m->w) : NULL;

	if (!name)
		return work_refuse(m, "export a name, or a list of names: export { a, b }", e);
	if (kind)
		work_remember(m->fixed, &m->w, kind);
	return add_export(m, json_copy(name), name, e);
}

/* export const a = …: one name; more of them would have to be told from the values between. */
static int export_variable(struct work *m, const char *start, struct err *e)
{
	bool constant = word_is(&m->w, "const");

	m->declares = true;
	if (work_copy_until(m, start, e) < 0 || work_drop_until(m, m->w.p, e) < 0 ||
	    work_advance(m, e) < 0)
		return -1;
	return add_named(m, constant ? "const" : NULL, e);
}

/* function, function *, async function, class: m->w is the first word. */
static int skip_function_words(struct work *m, struct err *e)
{
	bool class = word_is(&m->w, "class");

	if (word_is(&m->w, "async") && work_advance(m, e) < 0)
		return -1;
	if (!class && !word_is(&m->w, "function"))
		return work_refuse(m, "\"function\" is expected here", e);
	if (work_advance(m, e) < 0)
		return -1;
	return word_is(&m->w, "*") ? work_advance(m, e) : 0;
}

static int export_function(struct work *m, const char *start, struct err *e)
{
	if (work_copy_until(m, start, e) < 0 || work_drop_until(m, m->w.p, e) < 0 ||
	    skip_function_words(m, e) < 0)
		return -1;
	return add_named(m, "function", e);
}

/* async that begins a function, not a value of that name or an arrow. */
static bool begins_function(const struct work *m)
{
	struct scan ahead = m->scan;
	struct word w;

	if (word_is(&m->w, "function") || word_is(&m->w, "class"))
		return true;
	return word_is(&m->w, "async") && scan_next(&ahead, &w, NULL) == 0 &&
	       word_is(&w, "function") && !w.after_newline;
}

static int export_default(struct work *m, const char *start, struct err *e)
{
	char local[32];
	const char *value;

	(void)snprintf(local, sizeof(local), "%sdefault", m->prefix);
	if (work_advance(m, e) < 0 || work_copy_until(m, start, e) < 0 ||
	    work_drop_until(m, m->w.p, e) < 0)
		return -1;
	value = m->w.p;
	if (begins_function(m)) {
		if (skip_function_words(m, e) < 0)
			return -1;
		if (m->w.kind == WORD_NAME && !word_is(&m->w, "extends")) {
			work_remember(m->fixed, &m->w, "function");
			return add_export(m, json_string("default"), name_of(&m->w), e);
		}
		m->ends_default = true;
	}
	/* what was read of the value since is not copied yet */
	m->copied = value;
	if (work_put_text(m, "const ", e) < 0 || work_put_text(m, local, e) < 0 ||
	    work_put_text(m, "=", e) < 0)
		return -1;
	(void)json_object_set_new(m->fixed, local, json_string("const"));
	return add_export(m, json_string("default"), json_string(local), e);
}

static int export_star(struct work *m, const char *start, struct err *e)
{
	json_int_t from;
	json_t *name = NULL;

	if (work_advance(m, e) < 0)
		return -1;
	if (word_is(&m->w, "as") && (work_advance(m, e) < 0 || take_binding(m, true, &name, e) < 0))
		return -1;
	if (take_from(m, &from, e) < 0) {
		json_decref(name);
		return -1;
	}
	if (name ? work_add(m, m->indirect,
			    json_pack("{s:o, s:s, s:I, s:i}", "name", name, "imported", "*", "from",
				      from, "line", (int)m->w.line),
			    e) < 0
		 : work_add(m, m->stars, json_integer(from), e) < 0)
		return -1;
	return end_declaration(m, start, e);
}

static int export_list(struct work *m, const char *start, struct err *e)
{
	CLEANUP(json_decref_p) json_t *rows = json_array();
	json_int_t from = -1;
	json_t *row;
	size_t i;

	if (take_list(m, rows, e) < 0 || (word_is(&m->w, "from") && take_from(m, &from, e) < 0))
		return -1;
	json_array_foreach(rows, i, row) {
		json_t *first = json_incref(json_object_get(row, "name"));
		json_t *second = json_incref(json_object_get(row, "local"));
		int r = from < 0 ? add_export(m, second, first, e)
				 : work_add(m, m->indirect,
					    json_pack("{s:o, s:o, s:I, s:O}", "name", second,
						      "imported", first, "from", from, "line",
						      json_object_get(row, "line")),
					    e);

		if (r < 0)
			return -1;
	}
	return end_declaration(m, start, e);
}

static const struct export_form {
	const char *word;
	int (*take)(struct work *m, const char *start, struct err *e);
} export_forms[] = {
	{ "default", export_default },	 { "*", export_star },	       { "{", export_list },
	{ "const", export_variable },	 { "let", export_variable },   { "var", export_variable },
	{ "function", export_function }, { "async", export_function }, { "class", export_function },
};

static int take_export(struct work *m, const char *start, struct err *e)
{
	for (size_t i = 0; i < countof(export_forms); i++)
		if (word_is(&m->w, export_forms[i].word))
			return export_forms[i].take(m, start, e);
	return work_refuse(m, "this form of export is not known", e);
}

/* ---- the whole module ---- */

/* before: the word before. Where a line ends after a value and another begins, so does a statement.
 */
static bool ends_statement(const struct word *w, const struct word *before)
{
	bool open = before->kind == WORD_MARK && !word_is(before, ")") && !word_is(before, "]") &&
		    !word_is(before, "}");

	if (w->depth != 0)
		return false;
	return word_is(w, ";") ||
	       (w->after_newline && !open && (w->kind != WORD_MARK || word_is(w, "{")));
}

static bool is_assignment(const struct word *w)
{
	static const char *const plain[] = { "==", "===", "!=", "!==", "<=", ">=" };

	for (size_t i = 0; i < countof(plain); i++)
		if (word_is(w, plain[i]))
			return false;
	return w->kind == WORD_MARK &&
	       (w->p[w->n - 1] == '=' || word_is(w, "++") || word_is(w, "--"));
}

static void note_word(struct work *m, const struct word *before)
{
	static const char *const fixing[] = { "const", "function", "class" };
	const struct word *w = &m->w;

	for (size_t i = 0; i < countof(fixing); i++)
		if (w->depth == 0 && word_is(before, fixing[i]))
			work_remember(m->fixed, w, fixing[i]);
	if (word_is(before, "++") || word_is(before, "--"))
		work_remember(m->assigned, w, "");
	if (is_assignment(w))
		work_remember(m->assigned, before, "");
}

static int close_default(struct work *m, struct err *e)
{
	if (!m->ends_default || !word_is(&m->w, "}") || m->w.depth != 0)
		return 0;
	m->ends_default = false;
	return work_copy_until(m, m->w.p + m->w.n, e) < 0 ? -1 : work_put_text(m, ";", e);
}

static int take_keyword(struct work *m, bool import, struct err *e)
{
	const char *start = m->w.p;
	bool outside = m->w.depth == 0;

	if (work_advance(m, e) < 0)
		return -1;
	if (import && (word_is(&m->w, "(") || word_is(&m->w, ".")))
		return take_import_value(m, start, e);
	if (!outside)
		return 0; /* a property of that name */
	return import ? take_import(m, start, e) : take_export(m, start, e);
}

/* A second name in "export const a = 1, b = 2" would be lost. */
static int check_single(struct work *m, const struct word *before, struct err *e)
{
	if (m->declares && ends_statement(&m->w, before))
		m->declares = false;
	if (m->declares && m->w.depth == 0 && word_is(&m->w, ","))
		return work_refuse(m,
				   "export each name in a statement of its own, or in a list: "
				   "export { a, b }",
				   e);
	return 0;
}

static int walk(struct work *m, struct err *e)
{
	struct word before = { 0 };

	if (work_advance(m, e) < 0)
		return -1;
	while (m->w.kind != WORD_END) {
		bool import = word_is(&m->w, "import");

		if (check_single(m, &before, e) < 0)
			return -1;
		if ((import || word_is(&m->w, "export")) && !m->scan.after_dot) {
			before = m->w;
			if (take_keyword(m, import, e) < 0)
				return -1;
			continue;
		}
		note_word(m, &before);
		if (close_default(m, e) < 0)
			return -1;
		before = m->w;
		if (work_advance(m, e) < 0)
			return -1;
	}
	return work_copy_until(m, m->w.p, e);
}

/* An export of what never changes can be handed over as a value, once it is there. */
static void settle_constants(struct work *m)
{
	json_t *row;
	size_t i;

	json_array_foreach(m->exports, i, row) {
		const char *local = json_string_value(json_object_get(row, "local"));
		const char *kind = json_string_value(json_object_get(m->fixed, local));

		if (kind && (!strcmp(kind, "const") || !json_object_get(m->assigned, local)))
			(void)json_object_set_new(row, "constant", json_true());
	}
}

static int choose_prefix(struct work *m, const char *text, size_t n, struct err *e)
{
	for (unsigned int i = 0; i < 1000; i++) {
		(void)snprintf(m->prefix, sizeof(m->prefix), "$k%u_", i);
		if (!memmem(text, n, m->prefix, strlen(m->prefix)))
			return 0;
	}
	return err_set(e, ERR_JS_MODULE, "1: it uses all names of the form $k0_");
}

static json_t *result(struct work *m)
{
	return json_pack("{s:s#, s:s, s:O, s:O, s:O, s:O, s:O}", "source",
			 m->out.len ? (const char *)m->out.p : "", (int)m->out.len, "prefix",
			 m->prefix, "requests", m->requests, "imports", m->imports, "exports",
			 m->exports, "indirect", m->indirect, "stars", m->stars);
}

static int split(struct work *m, const char *text, size_t n, json_t **ret, struct err *e)
{
	if (!m->requests || !m->imports || !m->exports || !m->indirect || !m->stars || !m->fixed ||
	    !m->assigned)
		return work_no_memory(e);
	if (!utf8_is_valid(text, n))
		return err_set(e, ERR_JS_SYNTAX, "1: it is not UTF-8");
	if (choose_prefix(m, text, n, e) < 0 || walk(m, e) < 0)
		return -1;
	settle_constants(m);
	*ret = result(m);
	return *ret ? 0 : work_no_memory(e);
}

int module_split(const char *name, const char *text, size_t n, json_t **ret, struct err *e)
{
	CLEANUP(free_p) struct work *m = calloc(1, sizeof(*m));
	struct err why = { 0 };
	int r;

	if (!m)
		return work_no_memory(e);
	if (n > MODULE_BYTES_MAX)
		return err_set(e, ERR_LIMIT, "%s: %zu bytes, limit %u", name, n, MODULE_BYTES_MAX);
	scan_init(&m->scan, text, n);
	m->copied = text;
	m->requests = json_array();
	m->imports = json_array();
	m->exports = json_array();
	m->indirect = json_array();
	m->stars = json_array();
	m->fixed = json_object();
	m->assigned = json_object();
	r = split(m, text, n, ret, &why);
	json_decref(m->requests);
	json_decref(m->imports);
	json_decref(m->exports);
	json_decref(m->indirect);
	json_decref(m->stars);
	json_decref(m->fixed);
	json_decref(m->assigned);
	buffer_free_p(&m->out);
	return r < 0 ? err_set(e, why.code, "%s:%s", name, why.text) : 0;
}
