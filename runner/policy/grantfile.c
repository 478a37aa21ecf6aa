/* SPDX-License-Identifier: Apache-2.0 */
/* grantfile.c - what the operator granted the plugins of one tenant.
 * Owns: its keys and its one spelling.  Must not know: manifests, where the file lies. */
#include "policy/grantfile.h"

#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "policy/field.h"
#include "policy/rules.h"
#include "policy/terms.h"

#define GRANTS_TYPE "kennel.grants/1"
#define GRANT_NODES_MAX \
	65536u /* GRANTS_MAX plugins with every permission, scope and limit: 41,000 */

static bool is_grants_type(const char *s)
{
	return !strcmp(s, GRANTS_TYPE);
}

/* ---- one plugin's grant ---- */

static int take_signer(struct json_place at, void *base, struct err *e)
{
	static const uint8_t unbound[DIGEST_BYTES];
	struct grant *g = base;

	if (!hex_decode(json_string_value(at.obj), g->signer, DIGEST_BYTES))
		return err_set(e, ERR_JSON_VALUE, "%s: expected %u lower-case hex digits", at.where,
			       2 * DIGEST_BYTES);
	if (!memcmp(g->signer, unbound, DIGEST_BYTES))
		return err_set(e, ERR_GRANT, "%s: a grant must be bound to a signer", at.where);
	return 0;
}

static int take_scopes(struct json_place at, void *base, struct err *e)
{
	struct grant *g = base;

	return scopes_take(at, (struct scope_target){ g->scopes, &g->scope_count, g->permissions },
			   e);
}

static const struct field grant_rows[] = {
	{ .key = "signer",
	  .help = "BLAKE2b-256 of the public key the plugin is signed with.",
	  .type = FIELD_TEXT,
	  .required = true,
	  .ours = true,
	  .min = 2 * DIGEST_BYTES,
	  .max = 2 * DIGEST_BYTES,
	  .take = take_signer },
	{ .key = "permissions",
	  .help = "What is granted; what the manifest does not ask stays nothing.",
	  .type = FIELD_WORDS,
	  .required = true,
	  .ours = true,
	  .refusal = ERR_PERMISSION_UNKNOWN,
	  .word = permission_name,
	  .word_count = PERM_COUNT,
	  FIELD_PLACE(struct grant, permissions) },
	{ .key = "scopes",
	  .help = "Per permission, which notes; without an allow: none.",
	  .type = FIELD_MAP,
	  .ours = true,
	  .max = PERM_COUNT,
	  .members = &scope_fields,
	  .take = take_scopes },
	{ .key = "files",
	  .help = "The manifest's files rules are allowed, inside readNotes' scope.",
	  .type = FIELD_FLAG,
	  .ours = true,
	  FIELD_PLACE(struct grant, files) },
	{ .key = "limits",
	  .help = "Lower limits than the tenant's.",
	  .type = FIELD_OBJECT,
	  .ours = true,
	  .members = &limit_fields,
	  FIELD_PLACE(struct grant, limits) },
};
static const struct field_table grant_table = { grant_rows, countof(grant_rows) };

/* ---- the file ---- */

struct target {
	struct grantfile_head head;
	struct grant *grants; /* NULL: only the head is wanted, the rest is checked all the same */
	size_t cap;
	size_t count;
};

static int take_plugin(struct json_place at, const char *name, struct target *t, struct err *e)
{
	struct grant unwanted = { 0 };
	struct grant *g = &unwanted;

	if (!name_is_valid(name))
		return err_set(e, ERR_JSON_KEY, "%s: expected a plugin's name", at.where);
	if (t->grants && t->count >= t->cap)
		return err_set(e, ERR_LIMIT, "%s: more than %zu grants", at.where, t->cap);
	if (t->grants) {
		g = &t->grants[t->count];
		memset(g, 0, sizeof(*g));
	}
	(void)copy_str(g->plugin, sizeof(g->plugin), name);
	t->count++;
	return fields_take(&grant_table, at, g, e);
}

static int take_plugins(struct json_place at, void *base, struct err *e)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)at.obj, name, value) {
		char where[FIELD_WHERE_MAX];

		field_where(where, at.where, name);
		if (take_plugin((struct json_place){ value, where }, name, base, e) < 0)
			return -1;
	}
	return 0;
}

static const struct field file_rows[] = {
	{ .key = "_type",
	  .help = "The version of this format.",
	  .expect = "\"" GRANTS_TYPE "\"",
	  .type = FIELD_TEXT,
	  .required = true,
	  .ours = true,
	  .ok = is_grants_type },
	{ .key = "tenant",
	  .help = "Whose grants these are.",
	  .expect = "a tenant's name",
	  .type = FIELD_TEXT,
	  .ours = true,
	  .ok = tenant_name_is_valid,
	  FIELD_TEXT_PLACE(struct target, head.tenant) },
	{ .key = "version",
	  .help = "Rises by one with every change.",
	  .type = FIELD_NUMBER,
	  .ours = true,
	  .max = UINT32_MAX,
	  FIELD_PLACE(struct target, head.version) },
	{ .key = "plugins",
	  .help = "By name: one grant each.",
	  .type = FIELD_MAP,
	  .required = true,
	  .ours = true,
	  .max = GRANTS_MAX,
	  .members = &grant_table,
	  .take = take_plugins },
};
static const struct field_table file_table = { file_rows, countof(file_rows) };

const struct field_table *grantfile_fields(void)
{
	return &file_table;
}

static int parse(const char *text, size_t n, struct target *t, struct err *e)
{
	CLEANUP(json_decref_p) json_t *j = NULL;

	if (n > GRANT_FILE_MAX)
		return err_set(e, ERR_LIMIT, "grant file of %zu bytes, at most %u", n,
			       GRANT_FILE_MAX);
	if (json_parse(text, n, JSON_DEPTH_MANIFEST, GRANT_NODES_MAX, &j, e) < 0)
		return -1;
	return fields_take(&file_table, (struct json_place){ j, "" }, t, e);
}

int grantfile_parse(const char *text, size_t n, struct grant *ret, size_t cap, size_t *ret_count,
		    struct err *e)
{
	struct target t = { .grants = ret, .cap = cap };

	if (parse(text, n, &t, e) < 0)
		return -1;
	*ret_count = t.count;
	return 0;
}

int grantfile_parse_head(const char *text, size_t n, struct grantfile_head *ret, struct err *e)
{
	struct target t = { .cap = 0 };

	if (parse(text, n, &t, e) < 0)
		return -1;
	*ret = t.head;
	return 0;
}

/* ---- printing ---- */

static int set_list(json_t *o, const char *key, json_t *value)
{
	if (!value)
		return -1;
	if (json_object_size(value) == 0) {
		json_decref(value);
		return 0;
	}
	return json_object_set_new(o, key, value);
}

static json_t *grant_to_json(const struct grant *g)
{
	CLEANUP(json_decref_p) json_t *o = json_object();
	char signer[DIGEST_HEX_BYTES];

	hex_encode(g->signer, DIGEST_BYTES, signer);
	if (!o || json_object_set_new(o, "signer", json_string(signer)) < 0 ||
	    json_object_set_new(o, "permissions", permissions_to_json(g->permissions)) < 0)
		return NULL;
	if (set_list(o, "scopes", scopes_to_json(g->scopes, g->scope_count)) < 0 ||
	    set_list(o, "limits", limits_to_json(&g->limits)) < 0)
		return NULL;
	if (g->files && json_object_set_new(o, "files", json_true()) < 0)
		return NULL;
	return take_ptr(o);
}

char *grantfile_print_as(const struct grantfile_head *head, const struct grant *g, size_t n)
{
	CLEANUP(json_decref_p) json_t *file = json_object(), *plugins = json_object();
	struct buffer b = { 0 };
	CLEANUP(free_p) char *text = NULL;

	for (size_t i = 0; i < n; i++)
		if (json_object_set_new(plugins, g[i].plugin, grant_to_json(&g[i])) < 0)
			return NULL;
	if (json_object_set_new(file, "_type", json_string(GRANTS_TYPE)) < 0 ||
	    json_object_set(file, "plugins", plugins) < 0)
		return NULL;
	if (head && head->tenant[0] &&
	    json_object_set_new(file, "tenant", json_string(head->tenant)) < 0)
		return NULL;
	if (head && json_object_set_new(file, "version", json_integer(head->version)) < 0)
		return NULL;
	text = json_dumps(file, JSON_INDENT(2) | JSON_SORT_KEYS);
	/* The last line of a text file ends, and so does the string. Nothing is printed that is not
	 * read. */
	if (!text || buffer_append(&b, text, strlen(text), GRANT_FILE_MAX) < 0 ||
	    buffer_append(&b, "\n", 2, GRANT_FILE_MAX) < 0) {
		buffer_free_p(&b);
		return NULL;
	}
	return (char *)b.p;
}

char *grantfile_print(const struct grant *g, size_t n)
{
	return grantfile_print_as(NULL, g, n);
}
