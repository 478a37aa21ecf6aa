/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - strict JSON: bounded before Jansson sees it, then typed getters that say where. */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"

/* Counts what could become a node: every value is preceded by one of [ { , : or starts the text. */
static int prescan(const char *s, size_t n, unsigned int depth_max, unsigned int nodes_max,
		   struct err *e)
{
	unsigned int depth = 0, nodes = 1;
	bool in_string = false;

	for (size_t i = 0; i < n; i++) {
		if (in_string) {
			if (s[i] == '\\')
				i++;
			else if (s[i] == '"')
				in_string = false;
			continue;
		}
		if (s[i] == '"')
			in_string = true;
		else if (s[i] == '[' || s[i] == '{') {
			depth++;
			nodes++;
		} else if ((s[i] == ']' || s[i] == '}') && depth > 0)
			depth--;
		else if (s[i] == ',' || s[i] == ':')
			nodes++;
		if (depth > depth_max)
			return err_set(e, ERR_LIMIT, "JSON nested deeper than %u at byte %zu",
				       depth_max, i);
		if (nodes > nodes_max)
			return err_set(e, ERR_LIMIT, "JSON of more than %u values", nodes_max);
	}
	return 0;
}

int json_parse(const char *text, size_t n, unsigned int depth_max, unsigned int nodes_max,
	       json_t **ret, struct err *e)
{
	json_error_t je;
	json_t *j;

	if (prescan(text, n, depth_max, nodes_max, e) < 0)
		return -1;
	if (!utf8_is_valid(text, n))
		return err_set(e, ERR_JSON, "not valid UTF-8");
	j = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &je);
	if (!j)
		return err_set(e, ERR_JSON, "line %d, column %d: %s", je.line, je.column, je.text);
	*ret = j;
	return 0;
}

void json_decref_p(json_t **j)
{
	json_decref(*j);
	*j = NULL;
}

static char *print(const json_t *j, size_t flags, size_t *ret_len)
{
	char *s = json_dumps(j, flags | JSON_COMPACT | JSON_ENCODE_ANY);

	if (s && ret_len)
		*ret_len = strlen(s);
	return s;
}

char *json_print(const json_t *j, size_t *ret_len)
{
	return print(j, 0, ret_len);
}

char *json_print_canonical(const json_t *j, size_t *ret_len)
{
	return print(j, JSON_SORT_KEYS | JSON_ENSURE_ASCII, ret_len);
}

int json_check_keys(struct json_place p, const char *const *allowed, size_t n, struct err *e)
{
	const char *key;
	json_t *value;

	if (!json_is_object(p.obj))
		return err_set(e, ERR_JSON_TYPE, "%s: expected an object",
			       *p.where ? p.where : "/");
	json_object_foreach((json_t *)(uintptr_t)p.obj, key, value) {
		size_t i = 0;

		while (i < n && strcmp(allowed[i], key) != 0)
			i++;
		if (i == n)
			return err_set(e, ERR_JSON_KEY, "%s/%.64s: unknown key", p.where, key);
	}
	return 0;
}

static int find(struct json_place p, const char *key, bool required, json_t **ret, struct err *e)
{
	*ret = json_object_get(p.obj, key);
	if (!*ret && required)
		return err_set(e, ERR_JSON_KEY, "%s/%s: missing", p.where, key);
	return *ret ? 1 : 0;
}

int json_get_str(struct json_place p, const char *key, bool required, size_t cap, char *ret,
		 struct err *e)
{
	json_t *v;
	int r = find(p, key, required, &v, e);

	if (r <= 0)
		return r;
	if (!json_is_string(v))
		return err_set(e, ERR_JSON_TYPE, "%s/%s: expected a string", p.where, key);
	if (json_string_length(v) >= cap)
		return err_set(e, ERR_JSON_VALUE, "%s/%s: longer than %zu bytes", p.where, key,
			       cap - 1);
	memcpy(ret, json_string_value(v), json_string_length(v) + 1);
	return 1;
}

int json_get_uint(struct json_place p, const char *key, bool required, uint64_t max, uint64_t *ret,
		  struct err *e)
{
	json_t *v;
	int r = find(p, key, required, &v, e);

	if (r <= 0)
		return r;
	if (!json_is_integer(v))
		return err_set(e, ERR_JSON_TYPE, "%s/%s: expected a whole number", p.where, key);
	if (json_integer_value(v) < 0 || (uint64_t)json_integer_value(v) > max)
		return err_set(e, ERR_JSON_VALUE, "%s/%s: expected 0 to %llu", p.where, key,
			       (unsigned long long)max);
	*ret = (uint64_t)json_integer_value(v);
	return 1;
}

int json_get_bool(struct json_place p, const char *key, bool *ret, struct err *e)
{
	json_t *v;
	int r = find(p, key, false, &v, e);

	if (r <= 0)
		return r;
	if (!json_is_boolean(v))
		return err_set(e, ERR_JSON_TYPE, "%s/%s: expected true or false", p.where, key);
	*ret = json_is_true(v);
	return 1;
}

int json_get_obj(struct json_place p, const char *key, bool required, json_t **ret, struct err *e)
{
	json_t *v;
	int r = find(p, key, required, &v, e);

	if (r <= 0)
		return r;
	if (!json_is_object(v))
		return err_set(e, ERR_JSON_TYPE, "%s/%s: expected an object", p.where, key);
	*ret = v;
	return 1;
}

int json_get_array(struct json_place p, const char *key, bool required, size_t max, json_t **ret,
		   struct err *e)
{
	json_t *v;
	int r = find(p, key, required, &v, e);

	if (r <= 0)
		return r;
	if (!json_is_array(v))
		return err_set(e, ERR_JSON_TYPE, "%s/%s: expected an array", p.where, key);
	if (json_array_size(v) > max)
		return err_set(e, ERR_JSON_VALUE, "%s/%s: more than %zu entries", p.where, key,
			       max);
	*ret = v;
	return 1;
}
