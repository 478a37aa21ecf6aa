/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c - JavaScript, word for word. What a "/" means depends on the words before it: the brackets
 * remember what they were opened for. A wrong guess makes a text that the engine refuses. */
#include "images/js/scan.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"

static const char *const before_value[] = { "return", "typeof", "instanceof", "in",
					    "of",     "new",	"delete",     "void",
					    "throw",  "case",	"do",	      "else",
					    "yield",  "await",	"default",    "extends" };
static const char *const conditions[] = { "if", "while", "for", "with" };
/* Longest first. "/" and "/=" are not here: scan_slash. */
static const char *const marks[] = { ">>>=",
				     "...",
				     "===",
				     "!==",
				     "**=",
				     "<<=",
				     ">>=",
				     ">>>",
				     "&&=",
				     "||=",
				     "?"
				     "?=",
				     "=>",
				     "==",
				     "!=",
				     "<=",
				     ">=",
				     "&&",
				     "||",
				     "??",
				     "?.",
				     "++",
				     "--",
				     "+=",
				     "-=",
				     "*=",
				     "%=",
				     "&=",
				     "|=",
				     "^=",
				     "<<",
				     ">>",
				     "**" };

bool word_is(const struct word *w, const char *text)
{
	return (w->kind == WORD_NAME || w->kind == WORD_MARK) && strlen(text) == w->n &&
	       !memcmp(w->p, text, w->n);
}

static bool is_one_of(const struct word *w, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (word_is(w, list[i]))
			return true;
	return false;
}

void scan_init(struct scan *s, const char *text, size_t n)
{
	*s = (struct scan){ .p = text, .end = text + n, .line = 1 };
}

static bool is_name_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || c == '\\' || (c & 0x80);
}

static size_t left(const struct scan *s)
{
	return (size_t)(s->end - s->p);
}

static bool looks_at(const struct scan *s, const char *text)
{
	size_t n = strlen(text);

	return left(s) >= n && !memcmp(s->p, text, n);
}

static int bad(const struct scan *s, const char *what, struct err *e)
{
	return err_set(e, ERR_JS_SYNTAX, "%u: %s", s->line, what);
}

/* ---- between words ---- */

static void count_line(struct scan *s, char c)
{
	s->line += c == '\n' || (c == '\r' && !looks_at(s, "\r\n"));
}

static int skip_comment(struct scan *s, struct err *e)
{
	bool block = s->p[1] == '*';

	s->p += 2;
	for (; s->p < s->end; s->p++) {
		if (block && looks_at(s, "*/")) {
			s->p += 2;
			return 0;
		}
		if (!block && (*s->p == '\n' || *s->p == '\r'))
			return 0;
		count_line(s, *s->p);
	}
	return block ? bad(s, "a comment does not end", e) : 0;
}

static bool is_space_bytes(const struct scan *s, size_t *ret)
{
	static const char *const wide[] = { "\xc2\xa0", "\xef\xbb\xbf", "\xe2\x80\xa8",
					    "\xe2\x80\xa9" };

	*ret = 1;
	if (strchr(" \t\n\r\v\f", *s->p))
		return *s->p != '\0';
	for (size_t i = 0; i < countof(wide); i++)
		if (looks_at(s, wide[i])) {
			*ret = strlen(wide[i]);
			return true;
		}
	return false;
}

static int skip_space(struct scan *s, struct err *e)
{
	size_t n;

	while (s->p < s->end) {
		if (is_space_bytes(s, &n)) {
			count_line(s, *s->p);
			s->p += n;
		} else if (looks_at(s, "//") || looks_at(s, "/*")) {
			if (skip_comment(s, e) < 0)
				return -1;
		} else if (looks_at(s, "<!--")) {
			return bad(s, "<!-- is no comment in a module; use //", e);
		} else {
			break;
		}
	}
	return 0;
}

/* ---- words with a body ---- */

static int take_string(struct scan *s, struct err *e)
{
	char quote = *s->p++;

	for (; s->p < s->end && *s->p != quote; s->p++) {
		if (*s->p == '\\' && left(s) > 1) {
			s->p += looks_at(s, "\\\r\n") ? 2 : 1;
			count_line(s, *s->p);
		} else if (*s->p == '\n' || *s->p == '\r') {
			break;
		}
	}
	if (s->p >= s->end || *s->p != quote)
		return bad(s, "a string does not end", e);
	s->p++;
	return 0;
}

static int take_regex(struct scan *s, struct err *e)
{
	bool class = false;

	for (s->p++; s->p < s->end && *s->p != '\n' && *s->p != '\r'; s->p++) {
		if (*s->p == '\\' && left(s) > 1)
			s->p++;
		else if (*s->p == '[')
			class = true;
		else if (*s->p == ']')
			class = false;
		else if (*s->p == '/' && !class)
			break;
	}
	if (s->p >= s->end || *s->p != '/')
		return bad(s, "a regular expression does not end", e);
	for (s->p++; s->p < s->end && is_name_byte(*s->p);)
		s->p++;
	return 0;
}

static void take_number(struct scan *s)
{
	bool based = *s->p == '0' && left(s) > 1 && strchr("xXoObB", s->p[1]);
	bool dot = false;

	for (; s->p < s->end; s->p++) {
		if (*s->p == '.' && !dot && !based)
			dot = true;
		else if ((*s->p == '+' || *s->p == '-') && !based && strchr("eE", s->p[-1]))
			continue;
		else if (!is_name_byte(*s->p))
			break;
	}
}

static int push(struct scan *s, char open, enum bracket kind, struct err *e)
{
	if (s->depth == SCAN_DEPTH_MAX)
		return bad(s, "brackets are nested too deep", e);
	s->stack[s->depth].open = open;
	s->stack[s->depth].kind = (unsigned char)kind;
	s->depth++;
	return 0;
}

/* From after ` or }: to the closing ` or the next ${, which opens a bracket. */
static int take_template(struct scan *s, struct err *e)
{
	for (; s->p < s->end; s->p++) {
		if (*s->p == '\\' && left(s) > 1) {
			s->p++;
			count_line(s, *s->p);
		} else if (looks_at(s, "${")) {
			s->p += 2;
			s->value_ended = false;
			return push(s, '{', BRACKET_TEMPLATE, e);
		} else if (*s->p == '`') {
			s->p++;
			s->value_ended = true;
			return 0;
		} else {
			count_line(s, *s->p);
		}
	}
	return bad(s, "a template does not end", e);
}

/* ---- brackets ---- */

/* A "{" where a value is expected is an object; after a ":" it depends on what is around it. */
static enum bracket brace_kind(const struct scan *s)
{
	static const char *const blocks[] = { "=>", ";", "{", "}", ")", "do", "else" };
	unsigned char around = s->depth ? s->stack[s->depth - 1].kind : BRACKET_BLOCK;

	if (s->value_ended || s->last.kind == WORD_END ||
	    is_one_of(&s->last, blocks, countof(blocks)))
		return BRACKET_BLOCK;
	if (word_is(&s->last, ":") && around == BRACKET_BLOCK)
		return BRACKET_BLOCK;
	return BRACKET_VALUE;
}

static int take_open(struct scan *s, struct err *e)
{
	enum bracket kind = BRACKET_PLAIN;
	char open = *s->p++;

	if (open == '{')
		kind = brace_kind(s);
	else if (open == '(' && !s->after_dot &&
		 is_one_of(&s->last, conditions, countof(conditions)))
		kind = BRACKET_CONDITION;
	s->value_ended = false;
	return push(s, open, kind, e);
}

static int take_close(struct scan *s, struct word *ret, struct err *e)
{
	char open = *s->p == ')' ? '(' : *s->p == ']' ? '[' : '{';
	unsigned char kind;

	if (s->depth == 0 || s->stack[s->depth - 1].open != open)
		return bad(s, "a bracket closes that was not opened", e);
	kind = s->stack[--s->depth].kind;
	s->p++;
	if (kind == BRACKET_TEMPLATE) {
		ret->kind = WORD_TEMPLATE;
		return take_template(s, e);
	}
	s->value_ended = kind == BRACKET_PLAIN || kind == BRACKET_VALUE;
	return 0;
}

/* ---- marks ---- */

static void take_mark(struct scan *s)
{
	for (size_t i = 0; i < countof(marks); i++) {
		if (!looks_at(s, marks[i]))
			continue;
		if (!strcmp(marks[i], "?.") && left(s) > 2 && isdigit((unsigned char)s->p[2]))
			break; /* a ? .5 : b */
		/* ++ and -- change nothing: before a value or after one */
		if (strcmp(marks[i], "++") != 0 && strcmp(marks[i], "--") != 0)
			s->value_ended = false;
		s->p += strlen(marks[i]);
		return;
	}
	s->value_ended = false;
	s->p++;
}

static int take_slash(struct scan *s, struct word *ret, struct err *e)
{
	if (s->value_ended) {
		s->p += looks_at(s, "/=") ? 2 : 1;
		s->value_ended = false;
		return 0;
	}
	ret->kind = WORD_REGEX;
	s->value_ended = true;
	return take_regex(s, e);
}

static void take_name(struct scan *s, struct word *ret)
{
	bool dot = word_is(&s->last, ".") || word_is(&s->last, "?.");

	ret->kind = WORD_NAME;
	for (s->p++; s->p < s->end && is_name_byte(*s->p);)
		s->p++;
	ret->n = (size_t)(s->p - ret->p);
	s->value_ended = dot || !is_one_of(ret, before_value, countof(before_value));
	s->after_dot = dot;
}

static bool begins_number(const struct scan *s)
{
	return isdigit((unsigned char)*s->p) ||
	       (*s->p == '.' && left(s) > 1 && isdigit((unsigned char)s->p[1]));
}

static bool begins_name(const struct scan *s)
{
	return is_name_byte(*s->p) || (*s->p == '#' && left(s) > 1 && is_name_byte(s->p[1]));
}

/* What begins with a mark of its own. */
static int take_marked(struct scan *s, struct word *ret, struct err *e)
{
	switch (*s->p) {
	case '"':
	case '\'':
		ret->kind = WORD_STRING;
		s->value_ended = true;
		return take_string(s, e);
	case '`':
		ret->kind = WORD_TEMPLATE;
		s->p++;
		return take_template(s, e);
	case '(':
	case '[':
	case '{':
		return take_open(s, e);
	case ')':
	case ']':
	case '}':
		return take_close(s, ret, e);
	case '/':
		return take_slash(s, ret, e);
	default:
		take_mark(s);
		return 0;
	}
}

static int take_word(struct scan *s, struct word *ret, struct err *e)
{
	if (begins_number(s)) {
		ret->kind = WORD_NUMBER;
		take_number(s);
		s->value_ended = true;
		return 0;
	}
	if (begins_name(s)) {
		take_name(s, ret);
		return 0;
	}
	return take_marked(s, ret, e);
}

int scan_next(struct scan *s, struct word *ret, struct err *e)
{
	unsigned int line = s->line, before;
	struct word w;

	if (skip_space(s, e) < 0)
		return -1;
	w = (struct word){ .kind = WORD_END, .p = s->p, .line = s->line };
	w.after_newline = s->line != line || s->last.kind == WORD_END;
	before = s->depth;
	w.depth = before;
	if (s->p == s->end) {
		if (s->depth)
			return bad(s, "a bracket is not closed", e);
	} else {
		w.kind = WORD_MARK;
		if (take_word(s, &w, e) < 0)
			return -1;
		w.n = (size_t)(s->p - w.p);
		s->after_dot = s->after_dot && w.kind == WORD_NAME;
		if (s->depth < before)
			w.depth = s->depth;
	}
	s->last = w;
	*ret = w;
	return 0;
}
