/* SPDX-License-Identifier: Apache-2.0 */
/* schema_page.c - the manifest's table as mdoc, for kennel-manifest(5).
 * Owns: the wording around the table's.  Must not know: any key. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/manifest.h"
#include "tools/gen/schema.h"

static void print_fields(const struct field_table *t);
static void print_bounds(const struct field *f);

/* One line of text: no macro at its start, backslashes and quotes as themselves. */
static void put(const char *text)
{
	if (*text == '.' || *text == '\'')
		(void)fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '\\')
			(void)fputs("\\e", stdout);
		else
			(void)putchar(*text);
	}
}

static void line(const char *before, const char *text, const char *after)
{
	(void)fputs(before, stdout);
	put(text);
	(void)printf("%s\n", after);
}

/* ---- bounds by type ---- */

static void bounds_of_text(const struct field *f)
{
	if (f->only)
		(void)printf("Always\n.Ql \\&\"%s\\&\" .\n", f->only);
	else if (f->min)
		(void)printf("Text of %llu to %llu characters", (unsigned long long)f->min,
			     (unsigned long long)f->max);
	else
		(void)printf("Text of at most %llu characters", (unsigned long long)f->max);
	if (f->only)
		return;
	if (f->wide_max)
		(void)printf(", at most %llu of them outside ASCII",
			     (unsigned long long)f->wide_max);
	(void)puts(f->expect ? ":" : ".");
	if (f->expect)
		line("", f->expect, ".");
}

static void bounds_of_flag(const struct field *f)
{
	(void)f;
	(void)puts(".Ql true\nor\n.Ql false .");
}

static void bounds_of_number(const struct field *f)
{
	(void)printf("A whole number from %llu to %llu.\n", (unsigned long long)f->min,
		     (unsigned long long)f->max);
}

static void print_range(const struct field *f, enum limit_unit unit)
{
	char min[LIMIT_TEXT_MAX], max[LIMIT_TEXT_MAX];

	limit_print(unit, f->min, min);
	limit_print(unit, f->max, max);
	(void)printf("from %s to %s.\n", min, max);
}

static void bounds_of_bytes(const struct field *f)
{
	(void)printf("A size ");
	print_range(f, LIMIT_UNIT_BYTES);
}

static void bounds_of_time(const struct field *f)
{
	(void)printf("A time ");
	print_range(f, LIMIT_UNIT_TIME);
}

static void print_words(const struct field *f)
{
	const char *last = NULL;

	for (unsigned int i = 0; i < f->word_count; i++) {
		if (!f->word(i))
			continue;
		if (last)
			(void)printf(".Cm %s ,\n", last);
		last = f->word(i);
	}
	(void)printf(".Cm %s .\n", last ? last : "nothing");
}

static void bounds_of_word(const struct field *f)
{
	(void)puts("One of");
	print_words(f);
}

static void bounds_of_words(const struct field *f)
{
	(void)puts("An array of distinct ones of");
	print_words(f);
}

static void print_entries(const struct field *f)
{
	if (f->members)
		print_fields(f->members);
	if (f->entry)
		line("", f->entry->help, "");
	if (f->entry)
		print_bounds(f->entry);
}

/* What a permission is about, and which ones are. */
static void print_class(enum permission_class class, bool scoped, const char *about)
{
	bool any = false;

	for (unsigned int p = 0; p < PERM_COUNT; p++)
		if (permission_class(p) == class && permission_needs_scope(p) == scoped) {
			(void)printf("%s%s", any ? " , " : ".It Cm ", permission_name(p));
			any = true;
		}
	if (any)
		(void)printf("\n%s%s\n", about, scoped ? ", in the notes of its scope." : ".");
}

void page_print_permissions(void)
{
	static const struct {
		enum permission_class class;
		const char *about;
	} all[] = {
		{ CLASS_OBSERVE, "See that something is there or happens, not what it says" },
		{ CLASS_READ, "Read" },
		{ CLASS_WRITE, "Change" },
		{ CLASS_EGRESS,
		  "Reach out of the host, through the host, to where the operator allows" },
		{ CLASS_INTERACT, "Turn to the people who use the notes" },
		{ CLASS_COMPOSE, "Turn to other plugins" },
	};

	(void)puts(".Bl -tag -width Ds");
	for (size_t i = 0; i < countof(all); i++) {
		print_class(all[i].class, true, all[i].about);
		print_class(all[i].class, false, all[i].about);
	}
	(void)puts(".El");
}

static void bounds_of_object(const struct field *f)
{
	(void)puts("An object:");
	print_fields(f->members);
}

static void bounds_of_map(const struct field *f)
{
	(void)puts("An object with keys from");
	if (f->listed)
		(void)puts(".Cm permissions\nabove, each of which must stand there too:");
	print_words(f);
	(void)puts(f->members ? "A value is an object:" : "A value:");
	print_entries(f);
}

static void bounds_of_list(const struct field *f)
{
	(void)printf("An array of at most %llu%s entries%s\n", (unsigned long long)f->max,
		     f->distinct ? " distinct" : "", f->members ? ", objects:" : ":");
	print_entries(f);
}

static void (*const bounds[FIELD_TYPE_COUNT])(const struct field *f) = {
	[FIELD_TEXT] = bounds_of_text,	   [FIELD_FLAG] = bounds_of_flag,
	[FIELD_NUMBER] = bounds_of_number, [FIELD_BYTES] = bounds_of_bytes,
	[FIELD_TIME] = bounds_of_time,	   [FIELD_WORD] = bounds_of_word,
	[FIELD_WORDS] = bounds_of_words,   [FIELD_MAP] = bounds_of_map,
	[FIELD_LIST] = bounds_of_list,	   [FIELD_OBJECT] = bounds_of_object,
};

static void print_bounds(const struct field *f)
{
	bounds[f->type](f);
}

/* ---- fields ---- */

static void print_default(const struct field *f)
{
	enum limit_unit unit = f->type == FIELD_BYTES  ? LIMIT_UNIT_BYTES
			       : f->type == FIELD_TIME ? LIMIT_UNIT_TIME
						       : LIMIT_UNIT_COUNT;
	char normal[LIMIT_TEXT_MAX];

	limit_print(unit, f->normal_number, normal);
	if (f->normal || f->normal_number)
		line("Absent: ", f->normal ? f->normal : normal, ".");
}

static void print_field(const struct field *f)
{
	(void)printf(".It Cm %s%s\n", f->key, f->required ? " Pq required" : "");
	line("", f->help, "");
	print_bounds(f);
	print_default(f);
}

static void print_fields(const struct field_table *t)
{
	(void)puts(".Bl -tag -width Ds");
	for (size_t i = 0; i < t->count; i++)
		print_field(&t->rows[i]);
	(void)puts(".El");
}

void page_print_fields(void)
{
	print_fields(manifest_fields());
}

/* ---- rules ---- */

static void print_rules(bool beyond)
{
	const struct manifest_rules *rules = manifest_rules();

	(void)puts(".Bl -bullet");
	for (size_t i = 0; i < rules->count; i++)
		if (!rules->rows[i].schema == beyond) {
			(void)puts(".It");
			line("", rules->rows[i].says, "");
		}
	(void)puts(".El");
}

void page_print_rules(void)
{
	print_rules(false);
}

void page_print_beyond(void)
{
	print_rules(true);
}

void page_print_errors(void)
{
	static const struct {
		enum err_code code;
		const char *means;
	} all[] = {
		{ ERR_JSON,
		  "It is no JSON, holds a key twice, a NUL, or bytes that are not UTF-8." },
		{ ERR_LIMIT, "It is too long, too deep or too large as a whole." },
		{ ERR_JSON_KEY, "A key is missing, unknown, or stands where it has no meaning." },
		{ ERR_JSON_TYPE, "A value has another type." },
		{ ERR_JSON_VALUE, "A value is outside its bounds." },
		{ ERR_PERMISSION_UNKNOWN, "It names a permission that does not exist." },
		{ ERR_MANIFEST,
		  "Two keys contradict each other, or the bundle has no such entry." },
		{ ERR_MANIFEST_SIGNATURE, "The signature is not empty." },
		{ ERR_FILES_RULE, "A files rule is none, or reaches further than it may." },
	};

	(void)puts(".Bl -tag -width Ds");
	for (size_t i = 0; i < countof(all); i++) {
		(void)printf(".It Er %s Pq exit status %d\n", err_name(all[i].code),
			     err_exit_status(all[i].code));
		line("", all[i].means, "");
	}
	(void)puts(".El");
}
