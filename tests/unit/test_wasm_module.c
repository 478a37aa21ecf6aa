/* SPDX-License-Identifier: Apache-2.0 */
/* test_wasm_module.c - which wasm files are taken as plugins. tests: images/compile/module.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "images/compile/module.c"

/* A module in the making. */
struct maker {
	uint8_t p[4096];
	size_t n;
};

static void put(struct maker *m, const void *p, size_t n)
{
	assert_true(m->n + n <= sizeof(m->p));
	memcpy(m->p + m->n, p, n);
	m->n += n;
}

#define PUT(m, ...)                                     \
	do {                                            \
		static const uint8_t b_[] = { __VA_ARGS__ }; \
		put(m, b_, sizeof(b_));                 \
	} while (0)

static void section(struct maker *m, uint8_t id, const struct maker *body)
{
	uint8_t head[3] = { id, (uint8_t)((body->n & 0x7f) | 0x80), (uint8_t)(body->n >> 7) };

	put(m, head, sizeof(head));
	put(m, body->p, body->n);
}

static void name(struct maker *m, const char *s)
{
	uint8_t n = (uint8_t)strlen(s);

	put(m, &n, 1);
	put(m, s, n);
}

static void import(struct maker *m, const char *module, const char *field, uint8_t kind,
		   uint8_t type)
{
	name(m, module);
	name(m, field);
	put(m, &kind, 1);
	put(m, &type, 1);
}

static void export(struct maker *m, const char *field, uint8_t kind, uint8_t index)
{
	name(m, field);
	put(m, &kind, 1);
	put(m, &index, 1);
}

/* Types: 0 () -> i32, 1 (i64) -> i64, 2 () -> (). */
static void types(struct maker *m)
{
	struct maker body = { .n = 0 };

	PUT(&body, 3, 0x60, 0, 1, 0x7f, 0x60, 1, 0x7e, 1, 0x7e, 0x60, 0, 0);
	section(m, SECTION_TYPE, &body);
}

static void begin(struct maker *m)
{
	m->n = 0;
	PUT(m, 0, 'a', 's', 'm', 1, 0, 0, 0);
	types(m);
}

static void imports_of(struct maker *m, const char *module, const char *field, uint8_t kind,
		       uint8_t type)
{
	struct maker body = { .n = 0 };

	PUT(&body, 1);
	import(&body, module, field, kind, type);
	section(m, SECTION_IMPORT, &body);
}

/* Functions 0 () -> i32 and 1 () -> (), a memory of pages; after imports they move up. */
static void functions_and_memory(struct maker *m, uint8_t flags, uint8_t pages)
{
	struct maker body = { .n = 0 };
	uint8_t limits[4] = { 1, flags, pages, 0x7f };

	PUT(&body, 2, 0, 2);
	section(m, SECTION_FUNCTION, &body);
	body.n = 0;
	put(&body, limits, flags & 1 ? 4 : 3);
	section(m, SECTION_MEMORY, &body);
}

static int reduce(const struct maker *m, struct module *ret, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer out = { 0 };

	*e = (struct err){ 0 };
	return module_reduce(m->p, m->n, ret, &out, e);
}

static void refused(const struct maker *m, enum err_code code)
{
	struct module mod;
	struct err e;

	assert_int_equal(reduce(m, &mod, &e), -1);
	assert_string_equal(err_name(e.code), err_name(code));
}

static void good(struct maker *m)
{
	struct maker body = { .n = 0 };

	begin(m);
	imports_of(m, "extism:host/user", "kennel_call", KIND_FUNCTION, 1);
	functions_and_memory(m, 0, 2);
	PUT(&body, 5);
	export(&body, "memory", KIND_MEMORY, 0);
	export(&body, "onNoteSave", KIND_FUNCTION, 1);
	export(&body, "_initialize", KIND_FUNCTION, 2);
	export(&body, "x*/ int evil; /*", KIND_FUNCTION, 1);
	export(&body, "on\n", KIND_FUNCTION, 1);
	section(m, SECTION_EXPORT, &body);
}

static void takes_a_plugin(void **state)
{
	struct module mod;
	struct maker m;
	struct err e;

	(void)state;
	good(&m);
	assert_int_equal(reduce(&m, &mod, &e), 0);
	assert_int_equal(mod.handler_count, 1);
	assert_string_equal(mod.handlers[0], "onNoteSave");
	assert_int_equal(mod.start, MODULE_START_INITIALIZE);
	assert_int_equal(mod.import_modules, 2);
}

static void lets_no_foreign_name_through(void **state)
{
	CLEANUP(buffer_free_p) struct buffer out = { 0 };
	struct maker m, body = { .n = 0 };
	struct module mod;
	struct err e;

	(void)state;
	good(&m);
	name(&body, "name");
	put(&body, "evil", 4);
	section(&m, SECTION_CUSTOM, &body);
	assert_int_equal(module_reduce(m.p, m.n, &mod, &out, &e), 0);
	assert_null(memmem(out.p, out.len, "evil", 4));
	assert_null(memmem(out.p, out.len, "on\n", 3));
	assert_non_null(memmem(out.p, out.len, "onNoteSave", 10));
	assert_non_null(memmem(out.p, out.len, "memory", 6));
}

static void reducing_twice_changes_nothing(void **state)
{
	CLEANUP(buffer_free_p) struct buffer once = { 0 };
	CLEANUP(buffer_free_p) struct buffer twice = { 0 };
	struct module mod;
	struct maker m;
	struct err e;

	(void)state;
	good(&m);
	assert_int_equal(module_reduce(m.p, m.n, &mod, &once, &e), 0);
	assert_int_equal(module_reduce(once.p, once.len, &mod, &twice, &e), 0);
	assert_int_equal(once.len, twice.len);
	assert_memory_equal(once.p, twice.p, once.len);
}

static void refuses_imports(void **state)
{
	static const struct {
		const char *module, *field;
		uint8_t kind, type;
	} rows[] = {
		{ "extism:host/env", "exec", KIND_FUNCTION, 1 },
		{ "extism:host/user", "other", KIND_FUNCTION, 1 },
		{ "wasi_snapshot_preview1", "path_open", KIND_FUNCTION, 1 },
		{ "wasi_snapshot_preview1", "sock_send", KIND_FUNCTION, 1 },
		{ "env", "kennel_call", KIND_FUNCTION, 1 },
		{ "extism:host/user", "kennel_call", KIND_FUNCTION, 0 }, /* another type */
		{ "extism:host/user", "kennel_call", KIND_FUNCTION, 9 }, /* no type */
		{ "extism:host/user", "kennel_call", KIND_GLOBAL, 1 },
		{ "extism:host/user", "memory", KIND_MEMORY, 0 },
		{ "a*/", "b\"\n", KIND_FUNCTION, 1 },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct maker m;

		begin(&m);
		imports_of(&m, rows[i].module, rows[i].field, rows[i].kind, rows[i].type);
		refused(&m, ERR_WASM_IMPORT);
	}
}

static void says_the_import_on_one_line(void **state)
{
	struct module mod;
	struct maker m;
	struct err e;

	(void)state;
	begin(&m);
	imports_of(&m, "a\n", "b\033[2J\xff", KIND_FUNCTION, 1);
	assert_int_equal(reduce(&m, &mod, &e), -1);
	for (const char *p = e.text; *p; p++)
		assert_true(*p >= ' ' && *p <= '~');
}

static void refuses_what_is_no_plugin(void **state)
{
	struct maker m, body = { .n = 0 };

	(void)state;
	begin(&m);
	functions_and_memory(&m, 0, 2);
	refused(&m, ERR_WASM_INVALID); /* nothing exported */
	PUT(&body, 1);
	export(&body, "onNoteSave", KIND_FUNCTION, 0);
	section(&m, SECTION_EXPORT, &body);
	refused(&m, ERR_WASM_INVALID); /* no memory */
	begin(&m);
	functions_and_memory(&m, 0, 2);
	body.n = 0;
	PUT(&body, 2);
	export(&body, "memory", KIND_MEMORY, 0);
	export(&body, "onNoteSave", KIND_FUNCTION, 1); /* () -> () */
	section(&m, SECTION_EXPORT, &body);
	refused(&m, ERR_WASM_INVALID);
}

static void refuses_features_by_name(void **state)
{
	struct maker m, body = { .n = 0 };

	(void)state;
	begin(&m);
	PUT(&body, 0);
	section(&m, SECTION_START, &body);
	refused(&m, ERR_WASM_FEATURE);
	begin(&m);
	section(&m, SECTION_TAG, &body);
	refused(&m, ERR_WASM_FEATURE);
	begin(&m);
	functions_and_memory(&m, 3, 1); /* shared */
	refused(&m, ERR_WASM_FEATURE);
	begin(&m);
	functions_and_memory(&m, 4, 1); /* 64 bit */
	refused(&m, ERR_WASM_FEATURE);
	m.n = body.n = 0;
	PUT(&m, 0, 'a', 's', 'm', 1, 0, 0, 0);
	PUT(&body, 1, 0x60, 1, 0x7b, 0);
	section(&m, SECTION_TYPE, &body);
	refused(&m, ERR_WASM_FEATURE);
}

static void refuses_what_is_too_large(void **state)
{
	struct maker m, body = { .n = 0 };
	uint8_t *large = calloc(1, WASM_MODULE_MAX + 1);
	struct buffer out = { 0 };
	struct module mod;
	struct err e;

	(void)state;
	assert_non_null(large);
	assert_int_equal(module_reduce(large, WASM_MODULE_MAX + 1, &mod, &out, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	free(large);
	begin(&m);
	PUT(&body, 1, 0, 0x81, 0x80, 0x01); /* 16385 pages */
	section(&m, SECTION_MEMORY, &body);
	refused(&m, ERR_LIMIT);
	begin(&m);
	body.n = 0;
	PUT(&body, 1, 0x70, 0, 0xff, 0xff, 0xff, 0xff, 0x0f);
	section(&m, SECTION_TABLE, &body);
	refused(&m, ERR_LIMIT);
	begin(&m);
	body.n = 0;
	PUT(&body, 0xff, 0xff, 0xff, 0xff, 0x0f);
	section(&m, SECTION_FUNCTION, &body);
	refused(&m, ERR_LIMIT);
}

static void refuses_a_section_twice(void **state)
{
	struct maker m;

	(void)state;
	begin(&m);
	types(&m);
	refused(&m, ERR_WASM_INVALID);
}

/* Every cut and every changed byte: an answer, and no fault that the sanitizers would see. */
static void survives_damage(void **state)
{
	struct maker m;

	(void)state;
	good(&m);
	for (size_t n = 0; n < m.n; n++) {
		CLEANUP(buffer_free_p) struct buffer out = { 0 };
		uint8_t *exact = malloc(n ? n : 1);
		struct module mod;
		struct err e = { 0 };

		assert_non_null(exact);
		memcpy(exact, m.p, n);
		assert_int_equal(module_reduce(exact, n, &mod, &out, &e), -1);
		free(exact);
	}
	for (size_t i = 0; i < m.n; i++) {
		for (int v = 0; v < 256; v += 3) {
			CLEANUP(buffer_free_p) struct buffer out = { 0 };
			struct maker changed = m;
			struct module mod;
			struct err e = { 0 };

			changed.p[i] ^= (uint8_t)v;
			(void)module_reduce(changed.p, changed.n, &mod, &out, &e);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_plugin),
		cmocka_unit_test(lets_no_foreign_name_through),
		cmocka_unit_test(reducing_twice_changes_nothing),
		cmocka_unit_test(refuses_imports),
		cmocka_unit_test(says_the_import_on_one_line),
		cmocka_unit_test(refuses_what_is_no_plugin),
		cmocka_unit_test(refuses_features_by_name),
		cmocka_unit_test(refuses_what_is_too_large),
		cmocka_unit_test(refuses_a_section_twice),
		cmocka_unit_test(survives_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
