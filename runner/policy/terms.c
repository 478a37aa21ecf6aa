/* SPDX-License-Identifier: Apache-2.0 */
/* terms.c - the JSON shapes that manifest, configuration and grant file share.
 * Owns: their keys.  Must not know: which of the three files it reads. */
#include "policy/terms.h"

#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "policy/limit.h"

/* ---- limits ---- */

#define FIELD_OF_BYTES FIELD_BYTES
#define FIELD_OF_TIME FIELD_TIME
#define FIELD_OF_PERCENT FIELD_NUMBER
#define FIELD_OF_COUNT FIELD_NUMBER
#define ROW_(id, key_, member, unit, least, most, normal, ceiling, help_) \
	[id] = { .key = (key_),                                           \
		 .help = (help_),                                         \
		 .type = FIELD_OF_##unit,                                 \
		 .ours = true,                                            \
		 FIELD_PLACE(struct limits, member),                      \
		 .min = (least),                                          \
		 .max = (most),                                           \
		 .normal_number = (normal) },
static const struct field limit_rows[LIMIT_COUNT] = { LIMIT_TABLE(ROW_) };
#undef ROW_
const struct field_table limit_fields = { limit_rows, countof(limit_rows) };

/* ---- scopes ---- */

enum scope_list { SCOPE_ALLOW, SCOPE_DENY, SCOPE_LIST_COUNT };

const char *scoped_permission_name(unsigned int p)
{
	return permission_needs_scope(p) ? permission_name(p) : NULL;
}

const struct field scope_glob_field = {
	.key = "glob",
	.help = "A path below the vault; ** crosses folders, * and ? do not.",
	.expect =
		"a path below the vault with * ? or ** (Projects/**), no [ ] { } \\, no . or .. folder",
	.type = FIELD_TEXT,
	.ours = true,
	.min = 1,
	.max = SCOPE_GLOB_CHARS,
	.wide_max = SCOPE_GLOB_WIDE,
	.ok = scope_glob_is_valid,
	.never = "^!|(^|/)\\.{0,2}(/|$)|[\\[\\]{}\\\\]",
};

static const struct field scope_rows[SCOPE_LIST_COUNT] = {
	[SCOPE_ALLOW] = { .key = "allow",
			  .help = "The notes it is for.",
			  .normal = "none",
			  .type = FIELD_LIST,
			  .ours = true,
			  .max = SCOPE_RULES_MAX,
			  .entry = &scope_glob_field },
	[SCOPE_DENY] = { .key = "deny",
			 .help = "The notes it is not for; wins over every allow.",
			 .normal = "none",
			 .type = FIELD_LIST,
			 .ours = true,
			 .max = SCOPE_RULES_MAX,
			 .entry = &scope_glob_field },
};
const struct field_table scope_fields = { scope_rows, countof(scope_rows) };

static int take_glob(struct json_place at, struct scope_target to, struct scope_rule r,
		     struct err *e)
{
	if (field_take(&scope_glob_field, at, NULL, e) < 0)
		return -1;
	if (*to.count >= SCOPE_RULES_MAX)
		return err_set(e, ERR_LIMIT, "%s: more than %u globs in all scopes together",
			       at.where, SCOPE_RULES_MAX);
	(void)copy_str(r.glob, sizeof(r.glob), json_string_value(at.obj));
	to.rules[(*to.count)++] = r;
	return 0;
}

static int take_scope(struct json_place at, struct scope_target to, enum permission p,
		      struct err *e)
{
	if (fields_take(&scope_fields, at, NULL, e) < 0)
		return -1;
	for (unsigned int list = 0; list < SCOPE_LIST_COUNT; list++) {
		struct scope_rule r = { .permission = (uint8_t)p, .deny = list == SCOPE_DENY };
		const json_t *globs = json_object_get(at.obj, scope_rows[list].key);
		char where[FIELD_WHERE_MAX], place[FIELD_WHERE_MAX];

		field_where(where, at.where, scope_rows[list].key);
		for (size_t i = 0; i < json_array_size(globs); i++) {
			field_where_index(place, where, i);
			if (take_glob((struct json_place){ json_array_get(globs, i), place }, to, r,
				      e) < 0)
				return -1;
		}
	}
	return 0;
}

static int check_scope_key(const char *where, const char *key, permission_set permissions,
			   struct err *e)
{
	int p = permission_from_name(key);

	if (p < 0)
		return err_set(e, ERR_PERMISSION_UNKNOWN, "%s: not a permission", where);
	if (!permission_needs_scope((enum permission)p))
		return err_set(e, ERR_JSON_KEY, "%s: this permission has no scope", where);
	if (!(permissions & PERM_BIT(p)))
		return err_set(e, ERR_JSON_KEY,
			       "%s: a scope for what \"permissions\" does not list", where);
	return 0;
}

int scopes_take(struct json_place at, struct scope_target to, struct err *e)
{
	char where[FIELD_WHERE_MAX];
	const char *key;
	json_t *value;

	if (!json_is_object(at.obj))
		return err_set(e, ERR_JSON_TYPE, "%s: expected an object of permissions", at.where);
	json_object_foreach((json_t *)(uintptr_t)at.obj, key, value) {
		field_where(where, at.where, key);
		if (check_scope_key(where, key, to.permissions, e) < 0)
			return -1;
	}
	*to.count = 0;
	for (unsigned int p = 0; p < PERM_COUNT; p++) {
		struct json_place scope = { json_object_get(at.obj, permission_name(p)), where };

		field_where(where, at.where, permission_name(p));
		if (scope.obj && take_scope(scope, to, p, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- the reverse ---- */

json_t *scope_to_json(const struct scope_rule *rules, uint32_t count, enum permission p)
{
	CLEANUP(json_decref_p) json_t *scope = json_object();

	for (uint32_t i = 0; i < count && i < SCOPE_RULES_MAX; i++) {
		const char *key = scope_rows[rules[i].deny ? SCOPE_DENY : SCOPE_ALLOW].key;
		json_t *list = json_object_get(scope, key);

		if (rules[i].permission != (uint8_t)p)
			continue;
		if (!list && json_object_set_new(scope, key, json_array()) < 0)
			return NULL;
		list = json_object_get(scope, key);
		if (json_array_append_new(list, json_string(rules[i].glob)) < 0)
			return NULL;
	}
	return take_ptr(scope);
}

json_t *scopes_to_json(const struct scope_rule *rules, uint32_t count)
{
	CLEANUP(json_decref_p) json_t *scopes = json_object();

	for (unsigned int p = 0; p < PERM_COUNT; p++) {
		CLEANUP(json_decref_p) json_t *scope = scope_to_json(rules, count, p);

		if (!scope)
			return NULL;
		if (json_object_size(scope) > 0 &&
		    json_object_set(scopes, permission_name(p), scope) < 0)
			return NULL;
	}
	return take_ptr(scopes);
}

json_t *permissions_to_json(permission_set set)
{
	CLEANUP(json_decref_p) json_t *names = json_array();

	for (unsigned int p = 0; p < PERM_COUNT; p++)
		if (set & PERM_BIT(p) &&
		    json_array_append_new(names, json_string(permission_name(p))) < 0)
			return NULL;
	return take_ptr(names);
}

json_t *limits_to_json(const struct limits *l)
{
	CLEANUP(json_decref_p) json_t *limits = json_object();

	for (unsigned int i = 0; i < LIMIT_COUNT; i++) {
		uint64_t v = limit_get(l, i);
		enum limit_unit unit = limit_info(i)->unit;
		char text[LIMIT_TEXT_MAX];
		bool number = unit == LIMIT_UNIT_PERCENT || unit == LIMIT_UNIT_COUNT;

		if (v == 0)
			continue;
		limit_print(unit, v, text);
		/* Bytes that no suffix divides stay a number; "1234" is no size. */
		number = number || (unit == LIMIT_UNIT_BYTES && !limit_bytes_from_text(text, &v));
		if (json_object_set_new(limits, limit_info(i)->key,
					number ? json_integer((json_int_t)v) : json_string(text)) <
		    0)
			return NULL;
	}
	return take_ptr(limits);
}
