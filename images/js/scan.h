/* SPDX-License-Identifier: Apache-2.0 */
/* scan.h - the words of JavaScript: names, numbers, strings, templates, regular expressions, marks.
 * Owns: where a word ends, which bracket it stands in.  Must not know: what a module is. */
#ifndef KENNEL_JS_SCAN_H
#define KENNEL_JS_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define SCAN_DEPTH_MAX 1024u

enum word_kind {
	WORD_END,
	WORD_NAME, /* keywords too, #private too */
	WORD_NUMBER,
	WORD_STRING,   /* with its quotes */
	WORD_TEMPLATE, /* one text between `, ${ and } */
	WORD_REGEX,
	WORD_MARK, /* a punctuator, the longest that fits */
};

struct word {
	enum word_kind kind;
	const char *p; /* into the source */
	size_t n;
	unsigned int line;  /* from 1 */
	unsigned int depth; /* brackets open before it; of a closing one: after it */
	bool after_newline;
};

enum bracket { BRACKET_PLAIN, BRACKET_CONDITION, BRACKET_BLOCK, BRACKET_VALUE, BRACKET_TEMPLATE };

struct scan {
	const char *p, *end;
	unsigned int line;
	unsigned int depth;
	struct word last;
	bool after_dot;	  /* the last word is the name after a "." */
	bool value_ended; /* a "/" now divides; else it begins a regular expression */
	struct {
		unsigned char kind; /* enum bracket */
		char open;
	} stack[SCAN_DEPTH_MAX];
};

void scan_init(struct scan *s, const char *text, size_t n);
/* The next word; WORD_END at the end, for ever. ERR_JS_SYNTAX: LINE and what is wrong. */
int scan_next(struct scan *s, struct word *ret, struct err *e);

bool word_is(const struct word *w, const char *text); /* a name or a mark of this spelling */

#endif
