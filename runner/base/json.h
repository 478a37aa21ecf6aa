/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - strict JSON: bounded before Jansson sees it, then typed getters that say where.
 * Owns: the only use of <jansson.h> in runner/.  Must not know: our keys. */
#ifndef KENNEL_BASE_JSON_H
#define KENNEL_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* A pre-scan bounds depth and nodes (a node costs Jansson up to 236 bytes) before any allocation;
 * then duplicate keys, bad UTF-8, NUL in strings and bytes after the end are refused. ERR_JSON,
 * ERR_LIMIT. The caller frees with json_decref_p. */
int json_parse(const char *text, size_t n, unsigned int depth_max, unsigned int nodes_max,
	       json_t **ret, struct err *e);
void json_decref_p(json_t **j);

/* Compact text, malloc'd, NUL-terminated; ret_len may be NULL. NULL when memory is out. */
char *json_print(const json_t *j, size_t *ret_len);
/* Sorted keys, compact, ASCII-escaped: one spelling for one value. */
char *json_print_canonical(const json_t *j, size_t *ret_len);

/* Getters. where is the JSON pointer of obj ("" is the document) and stands in the message; the
 * error is ERR_JSON_KEY (missing), ERR_JSON_TYPE or ERR_JSON_VALUE. Optional ones leave *ret as it
 * was when the key is absent and return 0; 1 when it was there. */
struct json_place {
	const json_t *obj;
	const char *where;
};

/* Every key of obj must be one of allowed[0..n); ERR_JSON_KEY names the first other one. */
int json_check_keys(struct json_place p, const char *const *allowed, size_t n, struct err *e);
int json_get_str(struct json_place p, const char *key, bool required, size_t cap, char *ret,
		 struct err *e);
int json_get_uint(struct json_place p, const char *key, bool required, uint64_t max, uint64_t *ret,
		  struct err *e);
int json_get_bool(struct json_place p, const char *key, bool *ret, struct err *e);
int json_get_obj(struct json_place p, const char *key, bool required, json_t **ret, struct err *e);
int json_get_array(struct json_place p, const char *key, bool required, size_t max, json_t **ret,
		   struct err *e);

#endif
