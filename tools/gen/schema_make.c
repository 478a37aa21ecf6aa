/* SPDX-License-Identifier: Apache-2.0 */
/* schema_make.c - the manifest's table as a JSON Schema, draft 2020-12.
 * Owns: one schema a type of field.  Must not know: any key. */
#include <string.h>

#include "base/cleanup.h"
#include "policy/manifest.h"
#include "tools/gen/schema.h"

/* What text_is_printable says: no control characters, none that change the direction of writing. */
#define PRINTABLE                                                                              \
	"^[^\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069" \
	"\\ufeff]*$"

static json_t *object_of(const struct field_table *t);
static json_t *of_field(const struct field *f);

static void set_number(json_t *o, const char *key, uint64_t v)
{
	(void)json_object_set_new(o, key, json_integer((json_int_t)v));
}

/* {"$ref": "#/$defs/NAME"} */
static json_t *reference(const char *name, const char *ending)
{
	return json_pack("{s:o}", "$ref", json_sprintf("#/$defs/%s%s", name, ending));
}

/* ---- one value ---- */

static json_t *of_text(const struct field *f)
{
	const char *said = f->only ? NULL : f->pattern;
	json_t *o = json_pack("{s:s}", "type", "string"), *more = json_array();

	if (f->only)
		(void)json_object_set_new(o, "const", json_string(f->only));
	if (f->min)
		set_number(o, "minLength", f->min);
	if (f->max)
		set_number(o, "maxLength", f->max);
	if (said)
		(void)json_object_set_new(o, "pattern", json_string(said));
	if (!f->only && (!said || f->wide_max))
		(void)json_array_append_new(
			more, json_pack("{s:s, s:s}", "type", "string", "pattern", PRINTABLE));
	if (f->wide_max)
		(void)json_array_append_new(
			more, json_pack("{s:s, s:o}", "type", "string", "pattern",
					json_sprintf("^([\\u0000-\\u007f]*[^\\u0000-\\u007f]){0,%u}"
						     "[\\u0000-\\u007f]*$",
						     (unsigned int)f->wide_max)));
	if (f->never)
		(void)json_object_set_new(
			o, "not", json_pack("{s:s, s:s}", "type", "string", "pattern", f->never));
	if (json_array_size(more) == 1 && !said)
		(void)json_object_set(o, "pattern",
				      json_object_get(json_array_get(more, 0), "pattern"));
	else if (json_array_size(more) > 0)
		(void)json_object_set(o, "allOf", more);
	json_decref(more);
	return o;
}

static json_t *of_flag(const struct field *f)
{
	(void)f;
	return json_pack("{s:s}", "type", "boolean");
}

static json_t *of_number(const struct field *f)
{
	json_t *o = json_pack("{s:s}", "type", "integer");

	set_number(o, "minimum", f->min);
	set_number(o, "maximum", f->max);
	if (f->normal_number)
		set_number(o, "default", f->normal_number);
	return o;
}

static json_t *of_range(const struct field *f, enum limit_unit unit)
{
	char pattern[PATTERN_MAX], normal[LIMIT_TEXT_MAX];
	json_t *o;

	range_pattern((struct span_rule){ unit, f->min, f->max }, pattern);
	o = json_pack("{s:s, s:s}", "type", "string", "pattern", pattern);
	limit_print(unit, f->normal_number, normal);
	if (f->normal_number)
		(void)json_object_set_new(o, "default", json_string(normal));
	return o;
}

static json_t *of_bytes(const struct field *f)
{
	json_t *text = of_range(f, LIMIT_UNIT_BYTES), *number = of_number(f), *o;

	(void)json_object_del(number, "default");
	o = json_pack("{s:[o, O]}", "anyOf", number, text);
	if (json_object_get(text, "default"))
		(void)json_object_set(o, "default", json_object_get(text, "default"));
	(void)json_object_del(text, "default");
	json_decref(text);
	return o;
}

static json_t *of_time(const struct field *f)
{
	return of_range(f, LIMIT_UNIT_TIME);
}

static json_t *words_of(const struct field *f)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < f->word_count; i++)
		if (f->word(i))
			(void)json_array_append_new(all, json_string(f->word(i)));
	return all;
}

static json_t *of_word(const struct field *f)
{
	return json_pack("{s:s, s:o}", "type", "string", "enum", words_of(f));
}

static json_t *of_words(const struct field *f)
{
	return json_pack("{s:s, s:o, s:b}", "type", "array", "items", of_word(f), "uniqueItems", 1);
}

/* ---- containers ---- */

static json_t *of_object(const struct field *f)
{
	return object_of(f->members);
}

static json_t *of_entry(const struct field *f)
{
	return f->entry ? reference(f->entry->key, "") : reference(f->key, "Entry");
}

static json_t *of_map(const struct field *f)
{
	json_t *properties = json_object();

	for (unsigned int i = 0; i < f->word_count; i++)
		if (f->word(i))
			(void)json_object_set_new(properties, f->word(i), of_entry(f));
	return json_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties,
			 "additionalProperties", 0);
}

static json_t *of_list(const struct field *f)
{
	json_t *o = json_pack("{s:s, s:o}", "type", "array", "items", of_entry(f));

	if (f->min)
		set_number(o, "minItems", f->min);
	set_number(o, "maxItems", f->max);
	if (f->distinct)
		(void)json_object_set_new(o, "uniqueItems", json_true());
	return o;
}

static json_t *(*const makers[FIELD_TYPE_COUNT])(const struct field *f) = {
	[FIELD_TEXT] = of_text,	    [FIELD_FLAG] = of_flag, [FIELD_NUMBER] = of_number,
	[FIELD_BYTES] = of_bytes,   [FIELD_TIME] = of_time, [FIELD_WORD] = of_word,
	[FIELD_WORDS] = of_words,   [FIELD_MAP] = of_map,   [FIELD_LIST] = of_list,
	[FIELD_OBJECT] = of_object,
};

static json_t *of_field(const struct field *f)
{
	json_t *o = makers[f->type](f);

	if (f->help)
		(void)json_object_set_new(o, "description", json_string(f->help));
	return o;
}

static json_t *object_of(const struct field_table *t)
{
	json_t *properties = json_object(), *required = json_array(), *o;

	for (size_t i = 0; i < t->count; i++) {
		(void)json_object_set_new(properties, t->rows[i].key, of_field(&t->rows[i]));
		if (t->rows[i].required)
			(void)json_array_append_new(required, json_string(t->rows[i].key));
	}
	o = json_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties,
		      "additionalProperties", 0);
	if (json_array_size(required))
		(void)json_object_set(o, "required", required);
	json_decref(required);
	return o;
}

/* ---- what several keys say ---- */

static void put_definitions(const struct field_table *t, json_t *defs)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct field *f = &t->rows[i];
		bool entries = f->type == FIELD_MAP || f->type == FIELD_LIST;

		if (entries && f->entry)
			(void)json_object_set_new(defs, f->entry->key, of_field(f->entry));
		if (entries && f->members) {
			CLEANUP(json_decref_p) json_t *name = json_sprintf("%sEntry", f->key);

			(void)json_object_set_new(defs, json_string_value(name),
						  object_of(f->members));
		}
		if (f->members)
			put_definitions(f->members, defs);
	}
}

/* A key of the map must stand in "permissions" too. */
static void put_listed(const struct field *f, json_t *all)
{
	for (unsigned int i = 0; i < f->word_count; i++)
		if (f->word(i))
			(void)json_array_append_new(
				all,
				json_pack(
					"{s:{s:{s:{s:s, s:[s]}}, s:[s]}, s:{s:{s:{s:s, s:{s:s}}}}}",
					"if", "properties", f->key, "type", "object", "required",
					f->word(i), "required", f->key, "then", "properties",
					"permissions", "type", "array", "contains", "const",
					f->word(i)));
}

static json_t *rules_of(const struct field_table *t)
{
	const struct manifest_rules *rules = manifest_rules();
	json_t *all = json_array();

	for (size_t i = 0; i < rules->count; i++)
		if (rules->rows[i].schema) {
			json_t *rule = json_loads(rules->rows[i].schema, 0, NULL);

			(void)json_object_set_new(rule, "description",
						  json_string(rules->rows[i].says));
			(void)json_array_append_new(all, rule);
		}
	for (size_t i = 0; i < t->count; i++)
		if (t->rows[i].listed)
			put_listed(&t->rows[i], all);
	return all;
}

json_t *schema_make(void)
{
	const struct field_table *t = manifest_fields();
	json_t *o, *defs = json_object();

	put_definitions(t, defs);
	o = json_pack("{s:s, s:s, s:s, s:s}", "$schema",
		      "https://json-schema.org/draft/2020-12/schema", "$id",
		      "urn:kennel:manifest:1.0", "title", "Kennel plugin manifest", "description",
		      "manifest.json of a Kennel plugin; kennel-manifest(5) explains it.");
	(void)json_object_update_new(o, object_of(t));
	(void)json_object_set_new(o, "allOf", rules_of(t));
	(void)json_object_set_new(o, "$defs", defs);
	return o;
}
