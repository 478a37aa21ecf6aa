/* SPDX-License-Identifier: Apache-2.0 */
/* module.c - the sections of a wasm file that decide whether it is a plugin: types, imports,
 * functions, tables, memories, exports. Owns: that decision.  Must not know: wasm2c, cc, files. */
#include "images/compile/module.h"

#include <string.h>

#include "base/cleanup.h"
#include "images/wasm/imports.h"

enum section {
	SECTION_CUSTOM,
	SECTION_TYPE,
	SECTION_IMPORT,
	SECTION_FUNCTION,
	SECTION_TABLE,
	SECTION_MEMORY,
	SECTION_GLOBAL,
	SECTION_EXPORT,
	SECTION_START,
	SECTION_ELEMENT,
	SECTION_CODE,
	SECTION_DATA,
	SECTION_DATA_COUNT,
	SECTION_TAG,
	SECTION_COUNT
};

enum kind { KIND_FUNCTION, KIND_TABLE, KIND_MEMORY, KIND_GLOBAL, KIND_TAG };

/* Text of a type: "Ii:I". One longer than any import or handler has is only counted. */
#define SIGNATURE_MAX 16u

struct parse {
	struct module *module;
	struct buffer *out;
	char (*types)[SIGNATURE_MAX];
	uint32_t type_count;
	uint32_t *functions; /* type of each, imported ones first */
	uint32_t function_count;
	uint32_t memory_count;
	bool memory_exported, initialize, ctors, command;
	bool seen[SECTION_COUNT];
};

static void parse_free_p(struct parse *s)
{
	free(s->types);
	free(s->functions);
}

/* ---- numbers and names ---- */

static uint32_t read_u32(struct reader *r)
{
	uint32_t v = 0;

	for (unsigned int shift = 0; shift < 35; shift += 7) {
		uint8_t b = reader_u8(r);

		if (shift == 28 && b > 0x0f)
			break;
		v |= (uint32_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return v;
	}
	r->bad = true;
	return 0;
}

struct name {
	const char *p;
	size_t n;
};

static struct name read_name(struct reader *r)
{
	uint32_t n = read_u32(r);
	const uint8_t *p = n <= WASM_NAME_MAX ? reader_bytes(r, n) : NULL;

	if (!p || r->bad) {
		r->bad = true;
		return (struct name){ "", 0 };
	}
	return (struct name){ (const char *)p, n };
}

static bool is_name(struct name s, const char *text)
{
	return s.n == strlen(text) && !memcmp(s.p, text, s.n);
}

static int bad(struct err *e, const char *what)
{
	return err_set(e, ERR_WASM_INVALID, "%s: not well formed", what);
}

static int write_leb(struct buffer *out, uint32_t v)
{
	uint8_t bytes[5];
	size_t n = 0;

	do {
		bytes[n] = v & 0x7f;
		v >>= 7;
		if (v)
			bytes[n] |= 0x80;
		n++;
	} while (v);
	return buffer_append(out, bytes, n, WASM_MODULE_MAX);
}

static int write_section(struct buffer *out, uint8_t id, const void *p, size_t n, struct err *e)
{
	if (buffer_append(out, &id, 1, WASM_MODULE_MAX) < 0 || write_leb(out, (uint32_t)n) < 0 ||
	    (n && buffer_append(out, p, n, WASM_MODULE_MAX) < 0))
		return err_set(e, ERR_NOMEM, "the reduced module");
	return 0;
}

static int read_count(struct reader *r, uint32_t max, const char *what, uint32_t *ret,
		      struct err *e)
{
	uint32_t n = read_u32(r);

	if (r->bad)
		return bad(e, what);
	if (n > max)
		return err_set(e, ERR_LIMIT, "%s: %u, limit %u", what, n, max);
	*ret = n;
	return 0;
}

/* ---- types ---- */

static int read_value_type(struct reader *r, char *ret, struct err *e)
{
	static const char letters[256] = {
		[0x7f] = 'i', [0x7e] = 'I', [0x7d] = 'f', [0x7c] = 'F', [0x70] = 'r', [0x6f] = 'x'
	};
	uint8_t type = reader_u8(r);

	if (r->bad)
		return bad(e, "type section");
	if (type == 0x7b)
		return err_set(e, ERR_WASM_FEATURE, "simd");
	if (!letters[type])
		return err_set(e, ERR_WASM_FEATURE, "value type 0x%02x", type);
	*ret = letters[type];
	return 0;
}

static int read_value_types(struct reader *r, struct writer *text, struct err *e)
{
	uint32_t n;

	if (read_count(r, WASM_PARAMS_MAX, "parameters or results of a type", &n, e) < 0)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		char c;

		if (read_value_type(r, &c, e) < 0)
			return -1;
		writer_bytes(text, &c, 1);
	}
	return 0;
}

static int read_type(struct reader *r, char ret[SIGNATURE_MAX], struct err *e)
{
	struct writer text;

	writer_init(&text, ret, SIGNATURE_MAX);
	if (reader_u8(r) != 0x60)
		return r->bad ? bad(e, "type section")
			      : err_set(e, ERR_WASM_FEATURE, "gc: a type that is no function");
	if (read_value_types(r, &text, e) < 0)
		return -1;
	writer_bytes(&text, ":", 1);
	if (read_value_types(r, &text, e) < 0)
		return -1;
	if (text.full)
		ret[0] = '\0';
	return 0;
}

static int read_types(struct parse *s, struct reader *r, struct err *e)
{
	if (read_count(r, WASM_TYPES_MAX, "types", &s->type_count, e) < 0)
		return -1;
	s->types = calloc(s->type_count + 1, sizeof(*s->types));
	if (!s->types)
		return err_set(e, ERR_NOMEM, "types");
	for (uint32_t i = 0; i < s->type_count; i++)
		if (read_type(r, s->types[i], e) < 0)
			return -1;
	return 0;
}

static int add_function(struct parse *s, uint32_t type, struct err *e)
{
	if (type >= s->type_count)
		return bad(e, "type of a function");
	if (s->function_count == WASM_FUNCTIONS_MAX)
		return err_set(e, ERR_LIMIT, "more than %u functions", WASM_FUNCTIONS_MAX);
	s->functions[s->function_count++] = type;
	return 0;
}

/* ---- imports ---- */

#define ROW_(module, name, params, result) { module, name, params ":" result },
static const struct {
	const char *module, *name, *signature;
} imports[] = { WASM_IMPORT_TABLE(ROW_) };
#undef ROW_

static unsigned int module_bit(const char *module)
{
	if (!strcmp(module, WASM_MODULE_ENV))
		return 1;
	return !strcmp(module, WASM_MODULE_USER) ? 2 : 4;
}

/* Names of the file are shown as JSON text: whatever they hold, the line stays one line. */
static int refuse_import(struct name module, struct name name, const char *why, struct err *e)
{
	char text[600];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	writer_json_str(&w, module.p, module.n > 40 ? 40 : module.n);
	writer_str(&w, " ");
	writer_json_str(&w, name.p, name.n > 40 ? 40 : name.n);
	return err_set(e, ERR_WASM_IMPORT, "%s: %s", why, text);
}

static int check_import(struct parse *s, struct name module, struct name name, uint32_t type,
			struct err *e)
{
	for (size_t i = 0; i < countof(imports); i++) {
		if (!is_name(module, imports[i].module) || !is_name(name, imports[i].name))
			continue;
		if (type >= s->type_count || strcmp(s->types[type], imports[i].signature) != 0)
			return refuse_import(module, name, "imported with a type it does not have",
					     e);
		s->module->import_modules |= module_bit(imports[i].module);
		return add_function(s, type, e);
	}
	return refuse_import(module, name, "a plugin cannot import this", e);
}

static int read_imports(struct parse *s, struct reader *r, struct err *e)
{
	uint32_t n;

	if (read_count(r, WASM_IMPORTS_MAX, "imports", &n, e) < 0)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		struct name module = read_name(r), name = read_name(r);
		uint8_t kind = reader_u8(r);

		if (!r->bad && kind != KIND_FUNCTION)
			return refuse_import(module, name, "only functions can be imported", e);
		if (r->bad)
			return bad(e, "import section");
		if (check_import(s, module, name, read_u32(r), e) < 0)
			return -1;
	}
	return 0;
}

static int read_functions(struct parse *s, struct reader *r, struct err *e)
{
	uint32_t n;

	if (read_count(r, WASM_FUNCTIONS_MAX, "functions", &n, e) < 0)
		return -1;
	for (uint32_t i = 0; i < n; i++)
		if (add_function(s, read_u32(r), e) < 0)
			return -1;
	return 0;
}

/* ---- tables and memories ---- */

static int read_limits(struct reader *r, uint32_t max, const char *what, struct err *e)
{
	uint8_t flags = reader_u8(r);
	uint32_t least;

	if (r->bad)
		return bad(e, what);
	if (flags & 2)
		return err_set(e, ERR_WASM_FEATURE, "threads: shared memory");
	if (flags & ~3u)
		return err_set(e, ERR_WASM_FEATURE, "memory64");
	least = read_u32(r);
	if (flags & 1)
		(void)read_u32(r);
	if (r->bad)
		return bad(e, what);
	if (least > max)
		return err_set(e, ERR_LIMIT, "%s: %u from the start, limit %u", what, least, max);
	return 0;
}

static int read_tables(struct parse *s, struct reader *r, struct err *e)
{
	uint32_t n;

	(void)s;
	if (read_count(r, WASM_TABLES_MAX, "tables", &n, e) < 0)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		uint8_t type = reader_u8(r);

		if (!r->bad && type != 0x70 && type != 0x6f)
			return err_set(e, ERR_WASM_FEATURE,
				       "a table of other things than references");
		if (read_limits(r, WASM_TABLE_MAX, "table elements", e) < 0)
			return -1;
	}
	return 0;
}

static int read_memories(struct parse *s, struct reader *r, struct err *e)
{
	if (read_count(r, UINT32_MAX, "memories", &s->memory_count, e) < 0)
		return -1;
	if (s->memory_count > 1)
		return err_set(e, ERR_WASM_FEATURE, "multi-memory");
	return s->memory_count ? read_limits(r, WASM_MEMORY_PAGES_MAX, "memory pages", e) : 0;
}

/* ---- exports ---- */

static bool is_handler(struct name s)
{
	if (s.n < 3 || s.n >= MODULE_HANDLER_NAME || s.p[0] != 'o' || s.p[1] != 'n' ||
	    s.p[2] < 'A' || s.p[2] > 'Z')
		return false;
	for (size_t i = 3; i < s.n; i++) {
		char low = (char)(s.p[i] | 0x20);

		if (!(low >= 'a' && low <= 'z') && !(s.p[i] >= '0' && s.p[i] <= '9'))
			return false;
	}
	return true;
}

static bool has_signature(const struct parse *s, uint32_t function, const char *signature)
{
	return function < s->function_count && !strcmp(s->types[s->functions[function]], signature);
}

static int take_handler(struct parse *s, struct name name, uint32_t function, struct err *e)
{
	struct module *m = s->module;

	if (!has_signature(s, function, ":i"))
		return err_set(e, ERR_WASM_INVALID, "export %.*s: a handler is () -> i32",
			       (int)name.n, name.p);
	if (m->handler_count == WASM_HANDLERS_MAX)
		return err_set(e, ERR_LIMIT, "more than %u handlers", WASM_HANDLERS_MAX);
	for (unsigned int i = 0; i < m->handler_count; i++)
		if (is_name(name, m->handlers[i]))
			return bad(e, "export section");
	memcpy(m->handlers[m->handler_count++], name.p, name.n);
	return 1;
}

static int take_start(struct parse *s, bool *flag, uint32_t function, struct err *e)
{
	if (*flag || !has_signature(s, function, ":"))
		return err_set(e, ERR_WASM_INVALID,
			       "_initialize, __wasm_call_ctors and _start are () -> ()");
	*flag = true;
	return 1;
}

/* 1: it stays; 0: nobody would call it. */
static int take_export(struct parse *s, struct name name, uint8_t kind, uint32_t index,
		       struct err *e)
{
	if (kind == KIND_MEMORY && is_name(name, "memory")) {
		if (index || !s->memory_count || s->memory_exported)
			return bad(e, "export of memory");
		s->memory_exported = true;
		return 1;
	}
	if (kind != KIND_FUNCTION)
		return 0;
	if (is_handler(name))
		return take_handler(s, name, index, e);
	if (is_name(name, "_initialize"))
		return take_start(s, &s->initialize, index, e);
	if (is_name(name, "__wasm_call_ctors"))
		return take_start(s, &s->ctors, index, e);
	if (is_name(name, "_start"))
		return take_start(s, &s->command, index, e);
	return 0;
}

static int copy_export(struct buffer *out, struct name name, uint8_t kind, uint32_t index)
{
	if (write_leb(out, (uint32_t)name.n) < 0 ||
	    buffer_append(out, name.p, name.n, WASM_MODULE_MAX) < 0 ||
	    buffer_append(out, &kind, 1, WASM_MODULE_MAX) < 0)
		return -1;
	return write_leb(out, index);
}

static int write_exports(struct parse *s, const struct buffer *kept, uint32_t count, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer body = { 0 };

	if (write_leb(&body, count) < 0 ||
	    (kept->len && buffer_append(&body, kept->p, kept->len, WASM_MODULE_MAX) < 0))
		return err_set(e, ERR_NOMEM, "exports");
	return write_section(s->out, SECTION_EXPORT, body.p, body.len, e);
}

static int read_exports(struct parse *s, struct reader *r, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer kept = { 0 };
	uint32_t n, kept_count = 0;

	if (read_count(r, WASM_EXPORTS_MAX, "exports", &n, e) < 0)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		struct name name = read_name(r);
		uint8_t kind = reader_u8(r);
		uint32_t index = read_u32(r);
		int taken;

		if (r->bad || kind > KIND_TAG)
			return bad(e, "export section");
		taken = take_export(s, name, kind, index, e);
		if (taken < 0)
			return -1;
		if (taken && copy_export(&kept, name, kind, index) < 0)
			return err_set(e, ERR_NOMEM, "exports");
		kept_count += (uint32_t)taken;
	}
	if (r->left)
		return bad(e, "export section");
	return write_exports(s, &kept, kept_count, e);
}

/* ---- sections ---- */

/* What is read here and goes on as it was. Exports are written anew; the rest is for wasm2c to
 * judge. */
static int (*const readers[SECTION_COUNT])(struct parse *, struct reader *, struct err *) = {
	[SECTION_TYPE] = read_types,	     [SECTION_IMPORT] = read_imports,
	[SECTION_FUNCTION] = read_functions, [SECTION_TABLE] = read_tables,
	[SECTION_MEMORY] = read_memories,
};

static int take_section(struct parse *s, uint8_t id, const uint8_t *p, size_t n, struct err *e)
{
	struct reader r = { .p = p, .left = n };

	if (id == SECTION_CUSTOM)
		return 0;
	if (id == SECTION_TAG)
		return err_set(e, ERR_WASM_FEATURE, "exceptions");
	if (id == SECTION_START)
		return err_set(e, ERR_WASM_FEATURE, "a start function; export _initialize instead");
	if (id >= SECTION_COUNT || s->seen[id])
		return err_set(e, ERR_WASM_INVALID, "section %u is unknown or comes twice", id);
	s->seen[id] = true;
	if (id == SECTION_EXPORT)
		return read_exports(s, &r, e);
	if (readers[id]) {
		if (readers[id](s, &r, e) < 0)
			return -1;
		if (r.bad || r.left)
			return bad(e, "a section");
	}
	return write_section(s->out, id, p, n, e);
}

static int read_sections(struct parse *s, struct reader *r, struct err *e)
{
	static const uint8_t head[8] = { 0, 'a', 's', 'm', 1, 0, 0, 0 };
	const uint8_t *p = reader_bytes(r, sizeof(head));

	if (!p || memcmp(p, head, sizeof(head)) != 0)
		return err_set(e, ERR_WASM_INVALID, "not a wasm module of version 1");
	if (buffer_append(s->out, head, sizeof(head), WASM_MODULE_MAX) < 0)
		return err_set(e, ERR_NOMEM, "the reduced module");
	while (r->left) {
		uint8_t id = reader_u8(r);
		uint32_t n = read_u32(r);

		p = r->bad ? NULL : reader_bytes(r, n);
		if (r->bad || !p)
			return err_set(e, ERR_WASM_INVALID,
				       "section %u does not end inside the file", id);
		if (take_section(s, id, p, n, e) < 0)
			return -1;
	}
	return 0;
}

static int check_whole(const struct parse *s, struct err *e)
{
	if (!s->memory_exported)
		return err_set(e, ERR_WASM_INVALID, "no exported memory of the name \"memory\"");
	if (s->module->handler_count == 0)
		return err_set(e, ERR_WASM_INVALID,
			       "no handler: export a function like onNoteSave, () -> i32");
	return 0;
}

static enum module_start choose_start(const struct parse *s)
{
	if (s->initialize)
		return MODULE_START_INITIALIZE;
	if (s->ctors)
		return MODULE_START_CTORS;
	return s->command ? MODULE_START_COMMAND : MODULE_START_NONE;
}

int module_reduce(const uint8_t *p, size_t n, struct module *ret_module, struct buffer *ret_reduced,
		  struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer out = { 0 };
	struct module m = { 0 };
	CLEANUP(parse_free_p) struct parse s = { .module = &m, .out = &out };
	struct reader r = { .p = p, .left = n };

	if (n > WASM_MODULE_MAX)
		return err_set(e, ERR_LIMIT, "module of %zu bytes, limit %u", n, WASM_MODULE_MAX);
	s.functions = calloc(WASM_FUNCTIONS_MAX, sizeof(*s.functions));
	if (!s.functions)
		return err_set(e, ERR_NOMEM, "functions");
	if (read_sections(&s, &r, e) < 0 || check_whole(&s, e) < 0)
		return -1;
	m.start = choose_start(&s);
	*ret_module = m;
	*ret_reduced = out;
	out = (struct buffer){ 0 };
	return 0;
}
