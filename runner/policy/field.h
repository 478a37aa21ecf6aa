/* SPDX-License-Identifier: Apache-2.0 */
/* field.h - JSON objects by table: a row says a key's type, bounds, place in the record and
 * meaning; the published schema and the manual are printed from the same rows. Owns: walking the
 * table, and errors that start with a JSON pointer.  Must not know: any key. */
#ifndef KENNEL_POLICY_FIELD_H
#define KENNEL_POLICY_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"

enum field_type {
	FIELD_TEXT,   /* printable; min to max characters; into a char array, or nowhere with size 0
		       */
	FIELD_FLAG,   /* true or false, into a uint8_t */
	FIELD_NUMBER, /* whole; min to max; into 4 or 8 bytes, as the next two */
	FIELD_BYTES,  /* a whole number, or "64M" */
	FIELD_TIME,   /* "500ms" "10s" "5m" "2h", in ms */
	FIELD_WORD,   /* one of words, its index into a uint32_t */
	FIELD_WORDS,  /* distinct ones of words, a bit each into a uint32_t */
	FIELD_OBJECT, /* the keys of members, placed from offset on */
	FIELD_MAP,    /* an object with keys of the writer's; min to max entries; take does it */
	FIELD_LIST,   /* an array; min to max entries; take does it */
	FIELD_TYPE_COUNT
};

struct field_table;

struct field {
	const char *key;
	const char *help;   /* one sentence for the manual and the schema */
	const char *expect; /* what a good value is, in a refusal; NULL: the type says it */
	const char
		*normal; /* what absence means, for the manual; NULL: normal_number, or nothing */
	enum field_type type;
	enum err_code refusal; /* of a value that ok or words do not know; 0: ERR_JSON_VALUE */
	bool required;
	bool ours; /* not in the specification's schema */
	size_t offset;
	size_t size;
	uint64_t min;
	uint64_t max;
	uint64_t normal_number; /* of a number, size or time that is absent; 0: none */
	uint64_t wide_max;	/* FIELD_TEXT: characters outside ASCII; 0: as many as there are */
	const char *only;	/* FIELD_TEXT: the one good value */
	bool (*ok)(const char *text);
	/* What ok says, for the schema: what a value matches, and what it does not (ECMA-262, NULL
	 * for no such rule). The differential test holds ok and these against each other. */
	const char *pattern;
	const char *never;
	const char *(*word)(
		unsigned int i); /* NULL for a gap; FIELD_MAP: its keys, for the schema */
	unsigned int word_count;
	const struct field_table
		*members;	   /* FIELD_OBJECT, or entries that are objects, for the schema */
	const struct field *entry; /* entries that are none, for the schema */
	bool distinct;		   /* FIELD_LIST: no two entries are equal */
	bool listed; /* FIELD_MAP: each key stands in "permissions" too, for the schema */
	int (*take)(struct json_place at, void *base, struct err *e); /* after all of the above */
};

struct field_table {
	const struct field *rows;
	size_t count;
};

#define FIELD_PLACE(type_, member_) \
	.offset = offsetof(type_, member_), .size = sizeof(((type_ *)0)->member_)
#define FIELD_TEXT_PLACE(type_, member_) \
	FIELD_PLACE(type_, member_), .max = sizeof(((type_ *)0)->member_) - 1

/* at.where is the pointer of at.obj. Rows are taken in the table's order. base was zeroed, or holds
 * defaults. Unknown keys: ERR_JSON_KEY with what is known there. */
int fields_take(const struct field_table *t, struct json_place at, void *base, struct err *e);

/* The pointer of a member or element, cut where it would be too long; what is not plain is escaped.
 */
#define FIELD_WHERE_MAX 128u
void field_where(char ret_where[FIELD_WHERE_MAX], const char *where, const char *key);
void field_where_index(char ret_where[FIELD_WHERE_MAX], const char *where, size_t i);

/* A string from the file for a message: escaped, cut. */
#define FIELD_QUOTE_MAX 80u
void field_quote(char ret_quote[FIELD_QUOTE_MAX], const char *text);

/* One value by its row, into base; without the row's own take. */
int field_take(const struct field *f, struct json_place at, void *base, struct err *e);

/* The index of at.obj among f's words, or -1 with the nearest one in the message. */
int field_word_index(const struct field *f, struct json_place at, struct err *e);

#endif
