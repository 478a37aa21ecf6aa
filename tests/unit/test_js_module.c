/* SPDX-License-Identifier: Apache-2.0 */
/* test_js_module.c - which declarations a module has, and what is left of its text. tests:
 * images/js/scan.c, images/js/module.c, images/js/work.c,
 * images/js/utf8.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "images/js/scan.c"

#include "images/js/module.c"
#include "images/js/utf8.c"
#include "images/js/work.c"

/* The module's source, or "CODE: text" where it is refused; owned. */
static char *split_source(const char *text, json_t **ret)
{
	struct err e = { 0 };
	json_t *parts = NULL;
	char line[sizeof(e.text) + 64];

	if (module_split("m.js", text, strlen(text), &parts, &e) < 0) {
		(void)snprintf(line, sizeof(line), "%s: %s", err_name(e.code), e.text);
		return strdup(line);
	}
	*ret = parts;
	return strdup(json_string_value(json_object_get(parts, "source")));
}

static void check_source(const char *text, const char *expected)
{
	json_t *parts = NULL;
	char *got = split_source(text, &parts);

	assert_string_equal(got, expected);
	free(got);
	json_decref(parts);
}

/* One list of the parts, as text. */
static void check_list(const char *text, const char *list, const char *expected)
{
	json_t *parts = NULL;
	char *got = split_source(text, &parts);
	char *rows;

	if (!parts)
		fail_msg("%s", got);
	rows = json_print(json_object_get(parts, list), NULL);
	assert_string_equal(rows, expected);
	free(rows);
	free(got);
	json_decref(parts);
}

static void declarations_are_taken_out_and_lines_stay(void **state)
{
	(void)state;
	check_source("import a from \"./a.js\";\nf();", " \nf();");
	check_source("import {\n\tx,\n\ty as z,\n} from './a.js'\nf()", " \n\n\n\nf()");
	check_source("import './a.js'; g()", "  g()");
	check_source("export { a as b };\na", " \na");
	check_source("export * from './a.js'\n1", " \n1");
	check_source("export const a = 1;\nexport let b", " const a = 1;\n let b");
	check_source("export async function f() {}", " async function f() {}");
	check_source("export default function f() {}", " function f() {}");
	check_source("export default 1 + 2;", " const $k0_default=1 + 2;");
	check_source("export default class {}\n(1)", " const $k0_default=class {};\n(1)");
	check_source("export default async (x) => x", " const $k0_default=async (x) => x");
	check_source("const u = import.meta.url;", "const u = $k0_meta.url;");
	check_source("import('./a.js')", "$k0_import('./a.js')");
	check_source("f($k0_)\nexport default 1", "f($k0_)\n const $k1_default=1");
}

static void other_uses_of_the_words_are_left_alone(void **state)
{
	static const char *const plain[] = {
		"a.import(1); a.export = 2; a?.import",
		"const o = { import(x) { return x }, export: 1 };",
		"class A { import(x) {} export() {} }",
		"'import x from y'; `export ${ `${import_}` } import`;",
		"// import a from 'a'\n/* export default */",
		"x = a / import_ / b; y = /export default/g.test(s)",
		"if (a) /import '/.test(b)",
		"const f = () => {}\n/export/.exec(s)",
		"a++ / b; c = [1] / 2; d = (1) / 2",
		"return_ = x => ({ a: `}` })",
		"1..toString(); .5e+3; 0xE+1",
		"s = 'it\\'s'; r = /[/]import/",
		"x ? .5 : 1; y?.z",
	};

	(void)state;
	for (size_t i = 0; i < countof(plain); i++)
		check_source(plain[i], plain[i]);
}

static void what_is_imported_is_told(void **state)
{
	(void)state;
	check_list("import d, { a, b as c, 'x y' as e } from './m.js'", "imports",
		   "[{\"name\":\"default\",\"local\":\"d\",\"line\":1,\"from\":0},"
		   "{\"name\":\"a\",\"local\":\"a\",\"line\":1,\"from\":0},"
		   "{\"name\":\"b\",\"local\":\"c\",\"line\":1,\"from\":0},"
		   "{\"name\":\"x y\",\"local\":\"e\",\"line\":1,\"from\":0}]");
	check_list("import * as n from './m.js'", "imports",
		   "[{\"name\":\"*\",\"local\":\"n\",\"line\":1,\"from\":0}]");
	check_list("\nimport j from './j.json' with { type: 'json' }", "requests",
		   "[{\"specifier\":\"./j.json\",\"line\":2,\"json\":true}]");
	check_list("export { a as b, default as c } from './m.js'", "indirect",
		   "[{\"name\":\"b\",\"imported\":\"a\",\"from\":0,\"line\":1},"
		   "{\"name\":\"c\",\"imported\":\"default\",\"from\":0,\"line\":1}]");
	check_list("export * from './m.js'; export * as n from './n.js'", "stars", "[0]");
}

static void an_export_is_constant_unless_it_may_change(void **state)
{
	(void)state;
	check_list("export function f() {}", "exports",
		   "[{\"name\":\"f\",\"local\":\"f\",\"constant\":true}]");
	check_list("export function f() {}\nf = 1", "exports",
		   "[{\"name\":\"f\",\"local\":\"f\",\"constant\":false}]");
	check_list("export let n = 0\nn++", "exports",
		   "[{\"name\":\"n\",\"local\":\"n\",\"constant\":false}]");
	check_list("const x = 1;\nclass A {}\nlet v;\nexport { x, A as B, v }", "exports",
		   "[{\"name\":\"x\",\"local\":\"x\",\"constant\":true},"
		   "{\"name\":\"B\",\"local\":\"A\",\"constant\":true},"
		   "{\"name\":\"v\",\"local\":\"v\",\"constant\":false}]");
	check_list("export default 1", "exports",
		   "[{\"name\":\"default\",\"local\":\"$k0_default\",\"constant\":true}]");
}

static void what_is_not_known_is_refused_by_name(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ "\nexport const { a } = b", "E_JS_MODULE: m.js:2: export a name, or a list of "
					      "names: export { a, b }" },
		{ "export const a = 1, b = 2",
		  "E_JS_MODULE: m.js:1: export each name in a statement "
		  "of its own, or in a list: export { a, b }" },
		{ "export 1", "E_JS_MODULE: m.js:1: this form of export is not known" },
		{ "import a 'b'", "E_JS_MODULE: m.js:1: \"from\" is expected here" },
		{ "import a from 'b' with { type: 'css' }",
		  "E_JS_MODULE: m.js:1: the only type of an import is \"json\"" },
		{ "import.source('x')",
		  "E_JS_MODULE: m.js:1: after \"import.\" only \"meta\" is known" },
		{ "f(\n\n", "E_JS_SYNTAX: m.js:3: a bracket is not closed" },
		{ "f)", "E_JS_SYNTAX: m.js:1: a bracket closes that was not opened" },
		{ "'abc\n'", "E_JS_SYNTAX: m.js:1: a string does not end" },
		{ "`abc${1", "E_JS_SYNTAX: m.js:1: a bracket is not closed" },
		{ "`abc", "E_JS_SYNTAX: m.js:1: a template does not end" },
		{ "/* a", "E_JS_SYNTAX: m.js:1: a comment does not end" },
		{ "x = /a", "E_JS_SYNTAX: m.js:1: a regular expression does not end" },
		{ "a\n<!-- b", "E_JS_SYNTAX: m.js:2: <!-- is no comment in a module; use //" },
		{ "'\xff'", "E_JS_SYNTAX: m.js:1: it is not UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		check_source(rows[i].text, rows[i].expected);
}

static void brackets_and_names_are_bounded(void **state)
{
	char deep[SCAN_DEPTH_MAX + 2];
	struct buffer many = { 0 };
	json_t *parts = NULL;
	struct err e = { 0 };

	(void)state;
	memset(deep, '[', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	check_source(deep, "E_JS_SYNTAX: m.js:1: brackets are nested too deep");
	for (unsigned int i = 0; i <= MODULE_NAMES_MAX; i++)
		assert_int_equal(buffer_append(&many, "import './a.js';\n", 17, 1u << 20), 0);
	assert_int_equal(module_split("m.js", (char *)many.p, many.len, &parts, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	buffer_free_p(&many);
}

/* Every beginning of a text that has everything: no crash, no read beyond it. */
static void no_beginning_of_a_module_is_a_danger(void **state)
{
	static const char text[] =
		"import d, { a as b } from './m.js' with { type: 'json' };\n"
		"export default class extends (x) { import() { return `a${{ b: `c` }}` } }\n"
		"export const r = /[/\\]]+/g, q; export * as n from \"./n.js\"; import('x');\n"
		"x = y?.[0] ?? 1..z; import.meta; /* \xc3\xa9 */ 'a\\\n'";

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		char *exact = malloc(n ? n : 1);
		json_t *parts = NULL;

		memcpy(exact, text, n);
		(void)module_split("m.js", exact, n, &parts, NULL);
		json_decref(parts);
		free(exact);
	}
}

static void text_goes_both_ways(void **state)
{
	static const uint8_t good[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
	static const uint8_t broken[] = "\xf0\x9f\x98"
					"a\xc0\xaf\xed\xa0\x80\xff";
	static const uint16_t expected[] = { 0xfffd, 'a',    0xfffd, 0xfffd,
					     0xfffd, 0xfffd, 0xfffd, 0xfffd };
	static const uint16_t lone[] = { 0xd800, 'a', 0xdc00 };
	size_t n = 0, back = 0;
	bool bad = false;
	uint16_t *units = utf8_to_utf16(good, sizeof(good) - 1, &n, &bad);
	uint8_t *bytes = utf8_from_utf16(units, n, &back);

	(void)state;
	assert_false(bad);
	assert_int_equal(back, sizeof(good) - 1);
	assert_memory_equal(bytes, good, back);
	free(units);
	free(bytes);
	units = utf8_to_utf16(broken, sizeof(broken) - 1, &n, &bad);
	assert_true(bad);
	assert_int_equal(n, countof(expected));
	assert_memory_equal(units, expected, sizeof(expected));
	free(units);
	bytes = utf8_from_utf16(lone, countof(lone), &n);
	assert_int_equal(n, 7);
	assert_memory_equal(bytes,
			    "\xef\xbf\xbd"
			    "a\xef\xbf\xbd",
			    7);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(declarations_are_taken_out_and_lines_stay),
		cmocka_unit_test(other_uses_of_the_words_are_left_alone),
		cmocka_unit_test(what_is_imported_is_told),
		cmocka_unit_test(an_export_is_constant_unless_it_may_change),
		cmocka_unit_test(what_is_not_known_is_refused_by_name),
		cmocka_unit_test(brackets_and_names_are_bounded),
		cmocka_unit_test(no_beginning_of_a_module_is_a_danger),
		cmocka_unit_test(text_goes_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
