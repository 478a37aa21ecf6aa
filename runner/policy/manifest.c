/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.c - manifest.json → what the plugin asks.
 * Owns: its keys, their types and bounds, one table.  Must not know: what the host allows. */
#include "policy/manifest.h"

#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/limits.h"
#include "policy/field.h"
#include "policy/limit.h"
#include "policy/rules.h"
#include "policy/terms.h"

#define SCHEMA_VERSION "1.0"
#define VAULT_PREFIX "vault:/"
#define DATA_PREFIX "data:/"

/* ECMA-262; what policy/rules says in C. */
#define NUMBER_PATTERN "(0|[1-9][0-9]*)"
#define PRERELEASE_PATTERN "(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
#define BUILD_PATTERN "[0-9A-Za-z-]+"
#define VERSION_PATTERN                                                                      \
	"^" NUMBER_PATTERN "\\." NUMBER_PATTERN "\\." NUMBER_PATTERN "(-" PRERELEASE_PATTERN \
	"(\\." PRERELEASE_PATTERN ")*)?(\\+" BUILD_PATTERN "(\\." BUILD_PATTERN ")*)?$"
#define COMPONENT_PATTERN "[A-Za-z0-9_@+=,~][A-Za-z0-9_@+=,~.-]{0,99}"

/* ---- words of single values ---- */

static bool is_ascii(const char *s)
{
	while (*s >= ' ' && *s <= '~')
		s++;
	return !*s;
}

static bool is_file_path(const char *s)
{
	if (!strcmp(s, DATA_PREFIX) || !strcmp(s, VAULT_PREFIX))
		return true;
	return !strncmp(s, VAULT_PREFIX, strlen(VAULT_PREFIX)) &&
	       relative_path_is_valid(s + strlen(VAULT_PREFIX));
}

static const char *restart_word(unsigned int i)
{
	static const char *const words[] = {
		[RESTART_NEVER] = "never",
		[RESTART_ON_FAILURE] = "on-failure",
		[RESTART_ALWAYS] = "always",
	};

	return i < countof(words) ? words[i] : NULL;
}

static const char *access_word(unsigned int i)
{
	static const char *const words[] = {
		[FILE_ACCESS_READ] = "read",
		[FILE_ACCESS_READ | FILE_ACCESS_WRITE] = "write",
	};

	return i < countof(words) ? words[i] : NULL;
}

/* ---- what a table alone cannot say ---- */

static const struct field reason_field = {
	.key = "reason",
	.help = "Why the plugin needs it.",
	.type = FIELD_TEXT,
	.max = LINE_MAX_CHARS,
};

static int take_reasons(struct json_place at, void *base, struct err *e)
{
	struct manifest *m = base;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)at.obj, key, value) {
		int p = permission_from_name(key);
		char where[FIELD_WHERE_MAX];

		field_where(where, at.where, key);
		if (p < 0)
			return err_set(e, ERR_PERMISSION_UNKNOWN, "%s: not a permission", where);
		if (!(m->permissions & PERM_BIT(p)))
			return err_set(e, ERR_JSON_KEY,
				       "%s: a reason for what \"permissions\" does not list",
				       where);
		if (field_take(&reason_field, (struct json_place){ value, where }, NULL, e) < 0)
			return -1;
		(void)copy_str(m->reasons[p], sizeof(m->reasons[p]), json_string_value(value));
	}
	return 0;
}

static int take_scopes(struct json_place at, void *base, struct err *e)
{
	struct manifest *m = base;

	return scopes_take(at, (struct scope_target){ m->scopes, &m->scope_count, m->permissions },
			   e);
}

/* One element of "files" before its path is understood. */
struct file_text {
	char path[VAULT_PATH_MAX + sizeof(VAULT_PREFIX)];
	uint32_t access;
};

static const struct field file_rows[] = {
	{ .key = "path",
	  .help = "vault:/FOLDER, read only, inside readNotes' scope; or data:/, the plugin's own folder.",
	  .expect = "vault:/FOLDER or data:/",
	  .type = FIELD_TEXT,
	  .refusal = ERR_FILES_RULE,
	  .required = true,
	  .ours = true,
	  FIELD_PLACE(struct file_text, path),
	  .max = sizeof(VAULT_PREFIX) - 1 + FILE_PATH_CHARS,
	  .wide_max = FILE_PATH_WIDE,
	  .ok = is_file_path,
	  .pattern = "^(data:/$|vault:/)",
	  .never = "^vault:/(/|.*//|.+/$|(.*/)?\\.\\.?(/|$))" },
	{ .key = "access",
	  .help = "read, or for data:/ write, which includes read.",
	  .type = FIELD_WORD,
	  .required = true,
	  .ours = true,
	  .word = access_word,
	  .word_count = 4,
	  FIELD_PLACE(struct file_text, access) },
};
static const struct field_table file_fields = { file_rows, countof(file_rows) };

static void read_file_rule(const struct file_text *text, struct file_rule *ret)
{
	ret->access = (uint8_t)text->access;
	ret->root = FILE_ROOT_DATA;
	if (!strcmp(text->path, DATA_PREFIX))
		return;
	ret->root = FILE_ROOT_VAULT;
	(void)copy_str(ret->path, sizeof(ret->path), text->path + strlen(VAULT_PREFIX));
}

static int take_files(struct json_place at, void *base, struct err *e)
{
	struct manifest *m = base;

	for (size_t i = 0; i < json_array_size(at.obj); i++) {
		struct file_text text = { 0 };
		char where[FIELD_WHERE_MAX];

		field_where_index(where, at.where, i);
		if (fields_take(&file_fields,
				(struct json_place){ json_array_get(at.obj, i), where }, &text,
				e) < 0)
			return -1;
		read_file_rule(&text, &m->files[m->file_count++]);
	}
	return 0;
}

/* ---- the table ---- */

static const struct field restart_rows[] = {
	{ .key = "policy",
	  .help = "When a new instance is started after one has ended.",
	  .type = FIELD_WORD,
	  .required = true,
	  .ours = true,
	  .word = restart_word,
	  .word_count = RESTART_ALWAYS + 1,
	  FIELD_PLACE(struct restart_rule, policy) },
	{ .key = "max",
	  .help = "Crashes within the window before the plugin is quarantined.",
	  .type = FIELD_NUMBER,
	  .ours = true,
	  .min = 1,
	  .max = MOST_RESTARTS,
	  .normal_number = DEFAULT_RESTART_MAX,
	  FIELD_PLACE(struct restart_rule, max) },
	{ .key = "within",
	  .help = "The window.",
	  .type = FIELD_TIME,
	  .ours = true,
	  .min = LEAST_RESTART_WINDOW_MS,
	  .max = MOST_RESTART_WINDOW_MS,
	  .normal_number = DEFAULT_RESTART_WITHIN_MS,
	  FIELD_PLACE(struct restart_rule, within_ms) },
};
static const struct field_table restart_fields = { restart_rows, countof(restart_rows) };

static const struct field manifest_rows[] = {
	{ .key = "name",
	  .help = "What the plugin is called, everywhere.",
	  .expect = "letters, digits, '-' and '_', at most 63, a letter or digit first",
	  .type = FIELD_TEXT,
	  .required = true,
	  .min = 1,
	  .ok = name_is_valid,
	  .pattern = "^[A-Za-z0-9][A-Za-z0-9_-]*$",
	  FIELD_TEXT_PLACE(struct manifest, name) },
	{ .key = "schemaVersion",
	  .help = "The version of this format.",
	  .expect = "\"" SCHEMA_VERSION "\"",
	  .type = FIELD_TEXT,
	  .required = true,
	  .only = SCHEMA_VERSION },
	{ .key = "version",
	  .help = "The plugin's version; semantic versioning.",
	  .expect = "MAJOR.MINOR.PATCH, optionally -PRERELEASE and +BUILD",
	  .type = FIELD_TEXT,
	  .required = true,
	  .ok = version_is_valid,
	  .pattern = VERSION_PATTERN,
	  FIELD_TEXT_PLACE(struct manifest, version) },
	{ .key = "entry",
	  .help = "The file that is run: .wasm, .js or .mjs; anything else is native.",
	  .expect =
		  "the path of a file of the bundle: at most 16 components of letters, digits and _@+=,~.- "
		  "of at most 100 characters, none starting with . or -",
	  .type = FIELD_TEXT,
	  .required = true,
	  .min = 1,
	  .ok = entry_is_valid,
	  .pattern = "^" COMPONENT_PATTERN "(/" COMPONENT_PATTERN "){0,15}$",
	  FIELD_TEXT_PLACE(struct manifest, entry) },
	{ .key = "permissions",
	  .help = "What the plugin asks for; nothing else can be granted.",
	  .type = FIELD_WORDS,
	  .required = true,
	  .refusal = ERR_PERMISSION_UNKNOWN,
	  .word = permission_name,
	  .word_count = PERM_COUNT,
	  FIELD_PLACE(struct manifest, permissions) },
	{ .key = "description",
	  .help = "What the plugin does, for people.",
	  .type = FIELD_TEXT,
	  .max = PROSE_MAX_CHARS,
	  FIELD_PLACE(struct manifest, description) },
	{ .key = "author",
	  .help = "Who wrote it; not proof of anything, the signature is.",
	  .type = FIELD_TEXT,
	  .max = LINE_MAX_CHARS,
	  FIELD_PLACE(struct manifest, author) },
	{ .key = "license",
	  .help = "An SPDX expression.",
	  .expect = "printable ASCII, such as MIT or Apache-2.0 OR MIT",
	  .type = FIELD_TEXT,
	  .ok = is_ascii,
	  .pattern = "^[ -~]*$",
	  FIELD_TEXT_PLACE(struct manifest, license) },
	{ .key = "recommendedPermissions",
	  .help = "By permission, the reason that is shown to whom grants it.",
	  .type = FIELD_MAP,
	  .max = PERM_COUNT,
	  .word = permission_name,
	  .word_count = PERM_COUNT,
	  .entry = &reason_field,
	  .listed = true,
	  .take = take_reasons },
	{ .key = "events",
	  .help = "What the plugin may be told of.",
	  .type = FIELD_WORDS,
	  .word = event_name,
	  .word_count = EVENT_COUNT,
	  FIELD_PLACE(struct manifest, events) },
	{ .key = "signature",
	  .help = "Absent or empty: the bundle's table of contents is signed, and it pins this file.",
	  .expect = "nothing here; sign the bundle with `kennel bundle pack --key`",
	  .type = FIELD_TEXT,
	  .refusal = ERR_MANIFEST_SIGNATURE,
	  .only = "" },
	{ .key = "scopes",
	  .help = "By permission, which notes; a permission on notes without a scope gets nothing.",
	  .normal = "no note",
	  .type = FIELD_MAP,
	  .ours = true,
	  .max = PERM_COUNT,
	  .word = scoped_permission_name,
	  .word_count = PERM_COUNT,
	  .members = &scope_fields,
	  .listed = true,
	  .take = take_scopes },
	{ .key = "files",
	  .help = "Folders seen directly inside the jail, enforced by the kernel.",
	  .type = FIELD_LIST,
	  .ours = true,
	  .max = FILE_RULES_MAX,
	  .distinct = true,
	  .members = &file_fields,
	  .take = take_files },
	{ .key = "limits",
	  .help = "Resources asked for; the operator's ceiling wins.",
	  .type = FIELD_OBJECT,
	  .ours = true,
	  .members = &limit_fields,
	  FIELD_PLACE(struct manifest, limits) },
	{ .key = "restart",
	  .help = "What happens after a crash.",
	  .normal = "on-failure, 5 within 10m",
	  .type = FIELD_OBJECT,
	  .ours = true,
	  .members = &restart_fields,
	  FIELD_PLACE(struct manifest, restart) },
	{ .key = "runtime",
	  .help = "What runs the entry.",
	  .normal = "what the ending of entry says",
	  .type = FIELD_WORD,
	  .ours = true,
	  .word = runtime_name,
	  .word_count = RUNTIME_COUNT,
	  FIELD_PLACE(struct manifest, runtime) },
	{ .key = "jit",
	  .help = "Anonymous executable memory, for the compiler of a js engine.",
	  .normal = "false",
	  .type = FIELD_FLAG,
	  .ours = true,
	  FIELD_PLACE(struct manifest, jit) },
};
static const struct field_table manifest_table = { manifest_rows, countof(manifest_rows) };

const struct field_table *manifest_fields(void)
{
	return &manifest_table;
}

/* ---- what several keys say together ---- */

static void settle_runtime(struct manifest *m)
{
	if (m->runtime == RUNTIME_NONE)
		m->runtime = entry_runtime(m->entry);
}

static int check_runtime(const struct manifest *m, struct err *e)
{
	enum runtime by_ending = entry_runtime(m->entry);

	if (m->runtime != by_ending && by_ending != RUNTIME_NATIVE)
		return err_set(e, ERR_MANIFEST, "/runtime: %s, but the ending of /entry means %s",
			       runtime_name(m->runtime), runtime_name(by_ending));
	return 0;
}

static int check_jit(const struct manifest *m, struct err *e)
{
	if (m->jit && m->runtime != RUNTIME_JS)
		return err_set(e, ERR_MANIFEST, "/jit: only for the runtime js");
	return 0;
}

static int check_vault_is_read_only(const struct manifest *m, struct err *e)
{
	for (uint32_t i = 0; i < m->file_count; i++)
		if (m->files[i].root == FILE_ROOT_VAULT && m->files[i].access & FILE_ACCESS_WRITE)
			return err_set(
				e, ERR_FILES_RULE,
				"/files/%u: the vault is read-only here; notes are changed by "
				"notes.write and links.write",
				i);
	return 0;
}

static int check_vault_needs_read_notes(const struct manifest *m, struct err *e)
{
	for (uint32_t i = 0; i < m->file_count; i++)
		if (m->files[i].root == FILE_ROOT_VAULT &&
		    !(m->permissions & PERM_BIT(PERM_READ_NOTES)))
			return err_set(e, ERR_FILES_RULE,
				       "/files/%u: needs the permission readNotes", i);
	return 0;
}

static int check_files_inside_scope(const struct manifest *m, struct err *e)
{
	struct scope_rules asked = { m->scopes, m->scope_count };

	for (uint32_t i = 0; i < m->file_count; i++)
		if (file_rule_inside_scope(&m->files[i], asked, "the manifest", e) < 0)
			return err_wrap(e, "/files/%u", i);
	return 0;
}

static int check_files_apart(const struct manifest *m, struct err *e)
{
	if (file_rules_overlap(m->files, m->file_count))
		return err_set(e, ERR_FILES_RULE, "/files: one rule lies inside another");
	return 0;
}

/* clang-format off: it would align the backslash beyond column 100 */
#define VAULT_RULE \
	"{\"type\":\"object\",\"required\":[\"path\"]," \
	"\"properties\":{\"path\":{\"type\":\"string\",\"pattern\":\"^vault:\"}}}"
/* clang-format on */

static const struct manifest_rule rules[] = {
	{ .says = "An entry that ends in .wasm has the runtime wasm.",
	  .schema =
		  "{\"if\":{\"properties\":{\"entry\":{\"type\":\"string\",\"pattern\":\"\\\\.wasm$\"}}},"
		  "\"then\":{\"properties\":{\"runtime\":{\"const\":\"wasm\"}}}}",
	  .check = check_runtime },
	{ .says = "An entry that ends in .js or .mjs has the runtime js.",
	  .schema =
		  "{\"if\":{\"properties\":{\"entry\":{\"type\":\"string\",\"pattern\":\"\\\\.m?js$\"}}},"
		  "\"then\":{\"properties\":{\"runtime\":{\"const\":\"js\"}}}}",
	  .check = check_runtime },
	{ .says = "jit is for the runtime js only.",
	  .schema =
		  "{\"if\":{\"properties\":{\"jit\":{\"const\":true}},\"required\":[\"jit\"]},\"then\":{\"anyOf\":["
		  "{\"properties\":{\"entry\":{\"type\":\"string\",\"pattern\":\"\\\\.m?js$\"}}},"
		  "{\"properties\":{\"runtime\":{\"const\":\"js\"}},\"required\":[\"runtime\"]}]}}",
	  .check = check_jit },
	{ .says = "A files rule below vault:/ has the access read.",
	  .schema =
		  "{\"properties\":{\"files\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"if\":" VAULT_RULE
		  ",\"then\":{\"properties\":{\"access\":{\"const\":\"read\"}}}}}}}",
	  .check = check_vault_is_read_only },
	{ .says = "A files rule below vault:/ needs readNotes among the permissions.",
	  .schema =
		  "{\"if\":{\"properties\":{\"files\":{\"type\":\"array\",\"contains\":" VAULT_RULE
		  "}},\"required\":[\"files\"]},\"then\":{\"properties\":{\"permissions\":{\"type\":\"array\","
		  "\"contains\":{\"const\":\"readNotes\"}}}}}",
	  .check = check_vault_needs_read_notes },
	{ .says = "A files rule below vault:/ lies inside what the scope of readNotes allows as a whole "
		  "folder (FOLDER/**), and no deny of that scope meets it.",
	  .check = check_files_inside_scope },
	{ .says = "No files rule lies inside another; there is one for data:/.",
	  .check = check_files_apart },
	{ .says = "All scopes together hold at most 32 globs." },
	{ .says = "The file is at most 65536 bytes long, holds at most 32768 values and is nested at most "
		  "8 deep." },
};
static const struct manifest_rules all_rules = { rules, countof(rules) };

const struct manifest_rules *manifest_rules(void)
{
	return &all_rules;
}

static int parse(const char *text, size_t n, bool beyond_schema, struct manifest *m, struct err *e)
{
	CLEANUP(json_decref_p) json_t *j = NULL;

	if (n > MANIFEST_MAX)
		return err_set(e, ERR_LIMIT, "manifest of %zu bytes, at most %u", n, MANIFEST_MAX);
	if (json_parse(text, n, JSON_DEPTH_MANIFEST, JSON_NODES_MAX, &j, e) < 0)
		return -1;
	m->abi = POLICY_ABI;
	if (fields_take(&manifest_table, (struct json_place){ j, "" }, m, e) < 0)
		return -1;
	settle_runtime(m);
	for (size_t i = 0; i < countof(rules); i++)
		if (rules[i].check && (rules[i].schema || beyond_schema) &&
		    rules[i].check(m, e) < 0)
			return -1;
	return 0;
}

static int parse_whole(const char *text, size_t n, bool beyond_schema, struct manifest *ret,
		       struct err *e)
{
	CLEANUP(free_p) struct manifest *m = calloc(1, sizeof(*m));

	if (!m)
		return err_set(e, ERR_NOMEM, "manifest");
	if (parse(text, n, beyond_schema, m, e) < 0)
		return -1;
	*ret = *m;
	return 0;
}

int manifest_parse_form(const char *text, size_t n, struct manifest *ret, struct err *e)
{
	return parse_whole(text, n, false, ret, e);
}

int manifest_parse(const char *text, size_t n, struct manifest *ret, struct err *e)
{
	return parse_whole(text, n, true, ret, e);
}
