/* SPDX-License-Identifier: Apache-2.0 */
/* field.c - JSON objects by table.
 * Owns: walking the table, and errors that start with a JSON pointer.  Must not know: any key. */
#include "policy/field.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "policy/limit.h"

#define NEAR_MAX 2u	/* typing errors that are still the same word */
#define EXPECT_MAX 320u /* longer than an err's text: what does not fit is cut there */
#define QUOTED_BYTES_MAX 40u

/* ---- what stands in messages ---- */

void field_quote(char ret_quote[FIELD_QUOTE_MAX], const char *text)
{
	size_t n = strnlen(text, QUOTED_BYTES_MAX);
	struct writer w;

	writer_init(&w, ret_quote, FIELD_QUOTE_MAX);
	/* No character is cut in half. */
	while (n < strlen(text) && n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	writer_json_str(&w, text, n);
	if (n < strlen(text))
		writer_str(&w, "...");
}

void field_where(char ret_where[FIELD_WHERE_MAX], const char *where, const char *key)
{
	char quote[FIELD_QUOTE_MAX];
	struct writer w;
	size_t n;

	field_quote(quote, key);
	n = strcspn(quote + 1, "\"");
	writer_init(&w, ret_where, FIELD_WHERE_MAX);
	writer_fmt(&w, "%s/", where);
	for (size_t i = 1; i <= n; i++) { /* RFC 6901; a colon would end the pointer in a message */
		if (quote[i] == '~' || quote[i] == '/')
			writer_str(&w, quote[i] == '~' ? "~0" : "~1");
		else if (quote[i] == ':')
			writer_str(&w, "\\u003a");
		else
			writer_bytes(&w, quote + i, 1);
	}
}

void field_where_index(char ret_where[FIELD_WHERE_MAX], const char *where, size_t i)
{
	(void)snprintf(ret_where, FIELD_WHERE_MAX, "%s/%zu", where, i);
}

static int wrong_type(const struct field *f, struct json_place at, const char *type, struct err *e)
{
	return err_set(e, ERR_JSON_TYPE, "%s: expected %s", at.where, f->expect ? f->expect : type);
}

static int wrong_value(const struct field *f, struct json_place at, const char *what, struct err *e)
{
	enum err_code code = f->refusal != ERR_OK ? f->refusal : ERR_JSON_VALUE;

	return err_set(e, code, "%s: %s%s%s", at.where, what, f->expect ? ", expected " : "",
		       f->expect ? f->expect : "");
}

/* ---- one value ---- */

static void store_number(const struct field *f, void *base, uint64_t v)
{
	uint32_t narrow = (uint32_t)v;
	char *to = (char *)base + f->offset;

	if (f->size == sizeof(v))
		memcpy(to, &v, sizeof(v));
	else if (f->size == sizeof(narrow))
		memcpy(to, &narrow, sizeof(narrow));
}

static int check_length(const struct field *f, struct json_place at, struct err *e)
{
	struct text_size size = text_measure(json_string_value(at.obj), json_string_length(at.obj));

	if (size.chars < f->min || (f->max && size.chars > f->max))
		return err_set(e, ERR_JSON_VALUE, "%s: %zu characters, expected %llu to %llu",
			       at.where, size.chars, (unsigned long long)f->min,
			       (unsigned long long)f->max);
	if (f->wide_max && size.wide > f->wide_max)
		return err_set(e, ERR_JSON_VALUE,
			       "%s: %zu characters outside ASCII, expected at most %llu", at.where,
			       size.wide, (unsigned long long)f->wide_max);
	return 0;
}

static int take_text(const struct field *f, struct json_place at, void *base, struct err *e)
{
	const char *s = json_string_value(at.obj);
	char quote[FIELD_QUOTE_MAX], what[FIELD_QUOTE_MAX + 16];

	if (!s)
		return wrong_type(f, at, "a string", e);
	if (check_length(f, at, e) < 0)
		return -1;
	if (!text_is_printable(s, json_string_length(at.obj)))
		return err_set(
			e, ERR_JSON_VALUE,
			"%s: expected printable text without control and bidirectional characters",
			at.where);
	field_quote(quote, s);
	(void)snprintf(what, sizeof(what), "%s is refused", quote);
	if ((f->only && strcmp(s, f->only) != 0) || (f->ok && !f->ok(s)))
		return wrong_value(f, at, what, e);
	if (f->size && !copy_str((char *)base + f->offset, f->size, s))
		return err_set(e, ERR_JSON_VALUE, "%s: longer than %zu bytes", at.where,
			       f->size - 1);
	return 0;
}

static int take_flag(const struct field *f, struct json_place at, void *base, struct err *e)
{
	if (!json_is_boolean(at.obj))
		return wrong_type(f, at, "true or false", e);
	((uint8_t *)base)[f->offset] = json_is_true(at.obj);
	return 0;
}

static int take_in_range(const struct field *f, struct json_place at, void *base, uint64_t v,
			 struct err *e)
{
	enum limit_unit unit = f->type == FIELD_BYTES  ? LIMIT_UNIT_BYTES
			       : f->type == FIELD_TIME ? LIMIT_UNIT_TIME
						       : LIMIT_UNIT_COUNT;
	char min[LIMIT_TEXT_MAX], max[LIMIT_TEXT_MAX];

	if (v < f->min || v > f->max) {
		limit_print(unit, f->min, min);
		limit_print(unit, f->max, max);
		return err_set(e, ERR_JSON_VALUE, "%s: expected %s to %s", at.where, min, max);
	}
	store_number(f, base, v);
	return 0;
}

static int take_number(const struct field *f, struct json_place at, void *base, struct err *e)
{
	json_int_t v = json_integer_value(at.obj);

	if (!json_is_integer(at.obj))
		return wrong_type(f, at, "a whole number", e);
	return take_in_range(f, at, base, v < 0 ? UINT64_MAX : (uint64_t)v, e);
}

static int take_bytes(const struct field *f, struct json_place at, void *base, struct err *e)
{
	uint64_t v;

	if (json_is_integer(at.obj))
		return take_number(f, at, base, e);
	if (!json_is_string(at.obj))
		return wrong_type(f, at, "bytes: a whole number, or text such as \"64M\"", e);
	if (!limit_bytes_from_text(json_string_value(at.obj), &v))
		return wrong_value(
			f, at,
			"not a size; write a whole number of bytes, or \"512K\" \"64M\" \"1G\"", e);
	return take_in_range(f, at, base, v, e);
}

static int take_time(const struct field *f, struct json_place at, void *base, struct err *e)
{
	uint64_t v;

	if (!json_is_string(at.obj))
		return wrong_type(f, at, "a time with its unit, such as \"500ms\" or \"10s\"", e);
	if (!limit_time_from_text(json_string_value(at.obj), &v))
		return wrong_value(f, at, "not a time; write \"500ms\" \"10s\" \"5m\" or \"2h\"",
				   e);
	return take_in_range(f, at, base, v, e);
}

/* ---- words ---- */

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Levenshtein, without regard to case; both shorter than NAME_MAX_BYTES. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[NAME_MAX_BYTES], n = (unsigned int)strlen(b);

	for (unsigned int j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned int i = 1; *a; a++, i++) {
		unsigned int diagonal = row[0];

		row[0] = i;
		for (unsigned int j = 1; j <= n; j++) {
			unsigned int change = diagonal + (lower(*a) != lower(b[j - 1]));

			diagonal = row[j];
			row[j] = least(change, 1 + least(row[j], row[j - 1]));
		}
	}
	return row[n];
}

static const char *nearest_word(const struct field *f, const char *s)
{
	unsigned int best = NEAR_MAX + 1;
	const char *found = NULL;

	if (strlen(s) >= NAME_MAX_BYTES)
		return NULL;
	for (unsigned int i = 0; i < f->word_count; i++) {
		const char *w = f->word(i);
		unsigned int d = w ? distance(s, w) : best;

		if (d < best) {
			best = d;
			found = w;
		}
	}
	return found;
}

int field_word_index(const struct field *f, struct json_place at, struct err *e)
{
	enum err_code code = f->refusal != ERR_OK ? f->refusal : ERR_JSON_VALUE;
	const char *s = json_string_value(at.obj), *near_word;
	char quote[FIELD_QUOTE_MAX], known[EXPECT_MAX];
	struct writer w;

	if (!s)
		return wrong_type(f, at, "a name, as a string", e);
	writer_init(&w, known, sizeof(known));
	for (unsigned int i = 0; i < f->word_count; i++) {
		const char *word = f->word(i);

		if (word && !strcmp(word, s))
			return (int)i;
		if (word)
			writer_fmt(&w, " %s", word);
	}
	field_quote(quote, s);
	near_word = nearest_word(f, s);
	if (near_word)
		return err_set(e, code, "%s: %s is unknown; did you mean \"%s\"?", at.where, quote,
			       near_word);
	return err_set(e, code, "%s: %s is unknown; known are%s", at.where, quote, known);
}

static int take_word(const struct field *f, struct json_place at, void *base, struct err *e)
{
	int i = field_word_index(f, at, e);

	if (i < 0)
		return -1;
	store_number(f, base, (uint64_t)i);
	return 0;
}

static int check_size(const struct field *f, struct json_place at, size_t n, struct err *e)
{
	if (n >= f->min && n <= f->max)
		return 0;
	return err_set(e, ERR_JSON_VALUE, "%s: %zu entries, expected %llu to %llu", at.where, n,
		       (unsigned long long)f->min, (unsigned long long)f->max);
}

static int take_words(const struct field *f, struct json_place at, void *base, struct err *e)
{
	uint32_t set = 0;

	if (!json_is_array(at.obj))
		return wrong_type(f, at, "an array of names", e);
	for (size_t i = 0; i < json_array_size(at.obj); i++) {
		char where[FIELD_WHERE_MAX];
		int bit;

		field_where_index(where, at.where, i);
		bit = field_word_index(f, (struct json_place){ json_array_get(at.obj, i), where },
				       e);
		if (bit < 0)
			return -1;
		if (set & 1u << bit)
			return err_set(e, ERR_JSON_VALUE, "%s: \"%s\" is there twice", where,
				       f->word((unsigned int)bit));
		set |= 1u << bit;
	}
	store_number(f, base, set);
	return 0;
}

/* ---- containers ---- */

static int take_object(const struct field *f, struct json_place at, void *base, struct err *e)
{
	return fields_take(f->members, at, (char *)base + f->offset, e);
}

static int take_map(const struct field *f, struct json_place at, void *base, struct err *e)
{
	(void)base;
	if (!json_is_object(at.obj))
		return wrong_type(f, at, "an object", e);
	return check_size(f, at, json_object_size(at.obj), e);
}

static int take_list(const struct field *f, struct json_place at, void *base, struct err *e)
{
	(void)base;
	if (!json_is_array(at.obj))
		return wrong_type(f, at, "an array", e);
	if (check_size(f, at, json_array_size(at.obj), e) < 0)
		return -1;
	for (size_t i = 1; f->distinct && i < json_array_size(at.obj); i++)
		for (size_t k = 0; k < i; k++)
			if (json_equal(json_array_get(at.obj, i), json_array_get(at.obj, k)))
				return err_set(e, ERR_JSON_VALUE,
					       "%s/%zu: the same as %zu; expected distinct entries",
					       at.where, i, k);
	return 0;
}

typedef int (*take_fn)(const struct field *f, struct json_place at, void *base, struct err *e);
static const take_fn takers[FIELD_TYPE_COUNT] = {
	[FIELD_TEXT] = take_text,   [FIELD_FLAG] = take_flag,	  [FIELD_NUMBER] = take_number,
	[FIELD_BYTES] = take_bytes, [FIELD_TIME] = take_time,	  [FIELD_WORD] = take_word,
	[FIELD_WORDS] = take_words, [FIELD_OBJECT] = take_object, [FIELD_MAP] = take_map,
	[FIELD_LIST] = take_list,
};

int field_take(const struct field *f, struct json_place at, void *base, struct err *e)
{
	return takers[f->type](f, at, base, e);
}

static int refuse_key(const struct field_table *t, const char *where, const char *key,
		      struct err *e)
{
	char place[FIELD_WHERE_MAX], known[EXPECT_MAX];
	struct writer w;

	field_where(place, where, key);
	writer_init(&w, known, sizeof(known));
	for (size_t i = 0; i < t->count; i++)
		writer_fmt(&w, " %s", t->rows[i].key);
	return err_set(e, ERR_JSON_KEY, "%s: unknown key; known are%s", place, known);
}

static int check_keys(const struct field_table *t, struct json_place at, struct err *e)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)at.obj, key, value) {
		size_t i = 0;

		while (i < t->count && strcmp(t->rows[i].key, key) != 0)
			i++;
		if (i == t->count)
			return refuse_key(t, at.where, key, e);
	}
	return 0;
}

int fields_take(const struct field_table *t, struct json_place at, void *base, struct err *e)
{
	if (!json_is_object(at.obj))
		return err_set(e, ERR_JSON_TYPE, "%s: expected an object",
			       *at.where ? at.where : "/");
	if (check_keys(t, at, e) < 0)
		return -1;
	for (size_t i = 0; i < t->count; i++) {
		const struct field *f = &t->rows[i];
		char where[FIELD_WHERE_MAX];
		struct json_place member = { json_object_get(at.obj, f->key), where };

		field_where(where, at.where, f->key);
		if (!member.obj && f->required)
			return err_set(e, ERR_JSON_KEY, "%s: missing", where);
		if (!member.obj)
			continue;
		if (field_take(f, member, base, e) < 0)
			return -1;
		if (f->take && f->take(member, base, e) < 0)
			return -1;
	}
	return 0;
}
