/* SPDX-License-Identifier: Apache-2.0 */
/* kennel_json.c - a small JSON reader and writer, and what both kinds of plugin do with it.
 * Owns: text.  Must not know: how a plugin and its host talk. Memory that runs out is a trap. */
#include "kennel_api.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64

static void *must(void *p)
{
	if (!p)
		__builtin_trap();
	return p;
}

/* ---- writing ---- */

void kennel_add_bytes(struct kennel_text *t, const char *s, size_t n)
{
	if (t->n + n + 1 > t->cap) {
		t->cap = 2 * (t->n + n + 1);
		t->p = must(realloc(t->p, t->cap));
	}
	memcpy(t->p + t->n, s, n);
	t->n += n;
	t->p[t->n] = '\0';
}

void kennel_add(struct kennel_text *t, const char *s)
{
	kennel_add_bytes(t, s, strlen(s));
}

void kennel_add_int(struct kennel_text *t, long long v)
{
	char digits[24];
	size_t i = sizeof(digits);
	unsigned long long u = v < 0 ? 0ull - (unsigned long long)v : (unsigned long long)v;

	do
		digits[--i] = (char)('0' + u % 10);
	while (u /= 10);
	if (v < 0)
		digits[--i] = '-';
	kennel_add_bytes(t, digits + i, sizeof(digits) - i);
}

void kennel_add_string(struct kennel_text *t, const char *s)
{
	static const char hex[] = "0123456789abcdef";

	kennel_add(t, "\"");
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		char escape[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

		if (c == '"' || c == '\\')
			kennel_add_bytes(t, "\\", 1);
		if (c < ' ')
			kennel_add_bytes(t, escape, sizeof(escape));
		else
			kennel_add_bytes(t, s, 1);
	}
	kennel_add(t, "\"");
}

void kennel_add_json(struct kennel_text *t, struct kennel_json j)
{
	if (j.p)
		kennel_add_bytes(t, j.p, (size_t)(j.end - j.p));
	else
		kennel_add(t, "null");
}

void kennel_text_free(struct kennel_text *t)
{
	free(t->p);
	*t = (struct kennel_text){ 0 };
}

/* ---- reading: every skip_ returns the first byte after the value, NULL when it is none ---- */

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

static const char *skip_string(const char *p, const char *end)
{
	if (p >= end || *p != '"')
		return NULL;
	for (p++; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\')
			p++;
	}
	return NULL;
}

static const char *skip_value(const char *p, const char *end, int depth);

/* In an object every value follows a string and a colon: the first byte after the colon. */
static const char *skip_key(const char *p, const char *end)
{
	p = skip_string(p, end);
	p = p ? skip_space(p, end) : NULL;
	return p && p < end && *p == ':' ? p + 1 : NULL;
}

/* '[' and '{' alike. */
static const char *skip_items(const char *p, const char *end, int depth)
{
	char close = *p == '{' ? '}' : ']';

	p = skip_space(p + 1, end);
	if (p < end && *p == close)
		return p + 1;
	while (p) {
		if (close == '}')
			p = skip_key(p, end);
		p = p ? skip_value(p, end, depth + 1) : NULL;
		p = p ? skip_space(p, end) : NULL;
		if (!p || p >= end || (*p != ',' && *p != close))
			return NULL;
		if (*p++ == close)
			return p;
		p = skip_space(p, end);
	}
	return NULL;
}

static const char *skip_value(const char *p, const char *end, int depth)
{
	const char *start;

	p = skip_space(p, end);
	if (p >= end || depth > DEPTH_MAX)
		return NULL;
	if (*p == '"')
		return skip_string(p, end);
	if (*p == '[' || *p == '{')
		return skip_items(p, end, depth);
	start = p;
	while (p < end && *p &&
	       strchr("-+.0123456789Eaeflnrstu", *p)) /* numbers, true, false, null */
		p++;
	return p > start ? p : NULL;
}

static struct kennel_json value_at(const char *p, const char *end)
{
	struct kennel_json none = { 0 };
	const char *after = skip_value(p, end, 0);

	return after ? (struct kennel_json){ skip_space(p, end), after } : none;
}

struct kennel_json kennel_parse(const char *text, size_t n)
{
	struct kennel_json none = { 0 };
	struct kennel_json j = value_at(text, text + n);

	return j.p && skip_space(j.end, text + n) == text + n ? j : none;
}

bool kennel_is_there(struct kennel_json j)
{
	return j.p != NULL;
}

struct kennel_json kennel_get(struct kennel_json object, const char *key)
{
	struct kennel_json none = { 0 };
	const char *p;

	if (!object.p || *object.p != '{')
		return none;
	p = skip_space(object.p + 1, object.end);
	while (p && p < object.end && *p == '"') {
		struct kennel_json name = { p, skip_string(p, object.end) };
		struct kennel_json value;

		if (!name.end)
			return none;
		p = skip_space(name.end, object.end);
		value = value_at(p + 1, object.end); /* after the colon */
		if (!value.p || kennel_is_string(name, key))
			return value;
		p = skip_space(value.end, object.end);
		p = p < object.end && *p == ',' ? skip_space(p + 1, object.end) : NULL;
	}
	return none;
}

struct kennel_json kennel_first(struct kennel_json array)
{
	struct kennel_json none = { 0 };
	const char *p;

	if (!array.p || *array.p != '[')
		return none;
	p = skip_space(array.p + 1, array.end);
	return p < array.end && *p != ']' ? value_at(p, array.end) : none;
}

struct kennel_json kennel_next(struct kennel_json array, struct kennel_json item)
{
	struct kennel_json none = { 0 };
	const char *p = skip_space(item.end, array.end);

	return p < array.end && *p == ',' ? value_at(p + 1, array.end) : none;
}

static unsigned int hex4(const char *p)
{
	unsigned int v = 0;

	for (int i = 0; i < 4; i++) {
		unsigned int c = (unsigned char)p[i];

		v = v << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return v;
}

static char *put_utf8(char *to, unsigned int v)
{
	if (v < 0x80) {
		*to++ = (char)v;
	} else if (v < 0x800) {
		*to++ = (char)(0xc0 | v >> 6);
		*to++ = (char)(0x80 | (v & 63));
	} else if (v < 0x10000) {
		*to++ = (char)(0xe0 | v >> 12);
		*to++ = (char)(0x80 | (v >> 6 & 63));
		*to++ = (char)(0x80 | (v & 63));
	} else {
		*to++ = (char)(0xf0 | v >> 18);
		*to++ = (char)(0x80 | (v >> 12 & 63));
		*to++ = (char)(0x80 | (v >> 6 & 63));
		*to++ = (char)(0x80 | (v & 63));
	}
	return to;
}

/* \uXXXX, or two of them for what lies beyond 16 bits. Returns the last byte that was read. */
static const char *decode_unicode(const char *p, const char *end, char **to)
{
	unsigned int v;

	if (end - p < 5)
		return end;
	v = hex4(p + 1);
	p += 4;
	if (v >= 0xd800 && v < 0xdc00 && end - p > 6 && p[1] == '\\' && p[2] == 'u') {
		v = 0x10000 + ((v - 0xd800) << 10) + (hex4(p + 3) - 0xdc00);
		p += 6;
	}
	*to = put_utf8(*to, v & 0x1fffff);
	return p;
}

char *kennel_string(struct kennel_json j)
{
	static const char from[] = "bfnrt", into[] = "\b\f\n\r\t";
	const char *end = j.end - 1;
	char *text, *to;

	if (!j.p || *j.p != '"')
		return NULL;
	text = to = must(malloc((size_t)(j.end - j.p) + 4));
	for (const char *p = j.p + 1; p < end; p++) {
		const char *known;

		if (*p != '\\') {
			*to++ = *p;
			continue;
		}
		p++;
		known = strchr(from, *p);
		if (*p == 'u')
			p = decode_unicode(p, end, &to);
		else
			*to++ = known && *p ? into[known - from] : *p;
	}
	*to = '\0';
	if (strlen(text) == (size_t)(to - text))
		return text;
	free(text);
	return NULL;
}

bool kennel_is_string(struct kennel_json j, const char *text)
{
	char *s = kennel_string(j);
	bool same = s && !strcmp(s, text);

	free(s);
	return same;
}

long long kennel_int(struct kennel_json j, long long otherwise)
{
	char digits[24] = { 0 };
	char *rest;
	long long v;

	if (!j.p || (size_t)(j.end - j.p) >= sizeof(digits))
		return otherwise;
	memcpy(digits, j.p, (size_t)(j.end - j.p));
	v = strtoll(digits, &rest, 10);
	return *rest || rest == digits ? otherwise : v;
}

bool kennel_is_true(struct kennel_json j)
{
	return j.p && j.end - j.p == 4 && !memcmp(j.p, "true", 4);
}

/* ---- the host ---- */

int kennel_error_code(struct kennel_json answer)
{
	struct kennel_json error = kennel_get(answer, "error");

	return error.p ? (int)kennel_int(kennel_get(error, "code"), -1) : 0;
}

void kennel_log(const char *level, const char *message)
{
	struct kennel_text params = { 0 };

	kennel_add(&params, "{\"level\":");
	kennel_add_string(&params, level);
	kennel_add(&params, ",\"message\":");
	kennel_add_string(&params, message);
	kennel_add(&params, "}");
	(void)kennel_call("log.write", params.p);
	kennel_text_free(&params);
}
