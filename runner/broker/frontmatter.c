/* SPDX-License-Identifier: Apache-2.0 */
/* frontmatter.c - the YAML block at the start of a note, read as a stream of events. */
#include "broker/frontmatter.h"

#include <stdbool.h>
#include <string.h>
#include <yaml.h>

#include "base/bytes.h"
#include "base/cleanup.h"

#define FRONT_MATTER_MAX 32768u /* a larger block is kept as it is, and not read */
enum { YAML_EVENTS_MAX = 4096, YAML_DEPTH_MAX = 8 };

enum field { FIELD_NONE, FIELD_TITLE, FIELD_ALIASES, FIELD_TAGS };

struct reading {
	struct front_matter *out;
	int depth;	   /* open mappings and sequences */
	bool key_next;	   /* in the outermost mapping: a key comes */
	enum field field;  /* whose value comes */
	bool out_of_memory;
};

static size_t line_end(const char *text, size_t n, size_t at)
{
	const char *nl = memchr(text + at, '\n', n - at);

	return nl ? (size_t)(nl - text) + 1 : n;
}

/* A line of only the fence and blanks. */
static bool is_fence(const char *line, size_t n, const char *fence)
{
	if (n < 3 || memcmp(line, fence, 3) != 0)
		return false;
	for (size_t i = 3; i < n; i++)
		if (!strchr(" \t\r\n", line[i]) || !line[i])
			return false;
	return true;
}

static size_t bom_length(const char *text, size_t n)
{
	return n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;
}

size_t frontmatter_length(const char *text, size_t n)
{
	size_t at = bom_length(text, n);
	size_t end = line_end(text, n, at);

	if (!is_fence(text + at, end - at, "---"))
		return 0;
	for (at = end; at < n; at = end) {
		end = line_end(text, n, at);
		if (is_fence(text + at, end - at, "---") || is_fence(text + at, end - at, "..."))
			return end;
	}
	return 0;
}

static enum field field_of(const char *key)
{
	static const struct {
		const char *name;
		enum field field;
	} fields[] = {
		{ "title", FIELD_TITLE }, { "aliases", FIELD_ALIASES }, { "alias", FIELD_ALIASES },
		{ "tags", FIELD_TAGS },	  { "tag", FIELD_TAGS },
	};

	for (size_t i = 0; i < countof(fields); i++)
		if (!strcmp(key, fields[i].name))
			return fields[i].field;
	return FIELD_NONE;
}

/* "a, #b c": tags in one scalar are divided by commas and blanks. */
static int add_tags(struct words *w, const char *s, size_t n)
{
	size_t i = 0;

	while (i < n) {
		size_t start;

		while (i < n && strchr(" ,\t\n#", s[i]))
			i++;
		start = i;
		while (i < n && !strchr(" ,\t\n", s[i]))
			i++;
		if (words_add(w, s + start, i - start) < 0)
			return -1;
	}
	return 0;
}

static void take_scalar(struct reading *r, const char *s, size_t n)
{
	struct front_matter *f = r->out;
	int rc = 0;

	if (memchr(s, '\0', n))
		return;
	if (r->field == FIELD_TITLE) {
		if (r->depth == 1 && text_is_printable(s, n))
			(void)copy_str(f->title, sizeof(f->title), s);
	} else if (r->field == FIELD_ALIASES)
		rc = words_add(&f->aliases, s, n);
	else if (r->field == FIELD_TAGS)
		rc = add_tags(&f->tags, s, n);
	if (rc < 0)
		r->out_of_memory = true;
}

static bool take_start(struct reading *r, bool mapping)
{
	if (r->depth == 0 && !mapping)
		return false;
	if (mapping || (r->depth == 1 && r->key_next))
		r->field = FIELD_NONE;
	return ++r->depth <= YAML_DEPTH_MAX;
}

static bool take_text(struct reading *r, const char *s, size_t n)
{
	if (r->depth == 0)
		return false;
	if (r->depth == 1 && r->key_next)
		r->field = field_of(s);
	else if (r->depth <= 2)
		take_scalar(r, s, n);
	return !r->out_of_memory;
}

/* False: stop, and believe nothing of the block. */
static bool take_event(struct reading *r, const yaml_event_t *ev)
{
	bool ok = true, mapping = ev->type == YAML_MAPPING_START_EVENT;

	switch (ev->type) {
	case YAML_ALIAS_EVENT:
		return false;
	case YAML_SCALAR_EVENT:
		ok = take_text(r, (const char *)ev->data.scalar.value, ev->data.scalar.length);
		break;
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		ok = take_start(r, mapping);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		r->depth--;
		break;
	default:
		return true;
	}
	/* After anything whole at depth 1, key and value change turns; the outer mapping starts
	 * with a key. */
	if (r->depth == 1)
		r->key_next = mapping || !r->key_next;
	return ok;
}

static bool read_block(struct reading *r, const char *text, size_t n)
{
	yaml_parser_t parser;
	bool ok = true, end = false;

	if (!yaml_parser_initialize(&parser)) {
		r->out_of_memory = true;
		return false;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, n);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	for (int i = 0; ok && !end; i++) {
		yaml_event_t ev;

		if (i >= YAML_EVENTS_MAX || !yaml_parser_parse(&parser, &ev)) {
			ok = false;
			break;
		}
		/* One document: what follows a second "---" is none of the front matter. */
		end = ev.type == YAML_DOCUMENT_END_EVENT || ev.type == YAML_STREAM_END_EVENT;
		ok = take_event(r, &ev);
		yaml_event_delete(&ev);
	}
	yaml_parser_delete(&parser);
	return ok;
}

int frontmatter_parse(const char *text, size_t n, struct front_matter *ret)
{
	size_t len = frontmatter_length(text, n);
	size_t start = bom_length(text, n);
	struct front_matter f = { 0 };
	struct reading r = { .out = &f };

	if (len > 0 && len <= FRONT_MATTER_MAX && utf8_is_valid(text, len)) {
		size_t from = line_end(text, len, start);
		size_t to = len - 1;

		while (to > from && text[to - 1] != '\n')
			to--;
		if (!read_block(&r, text + from, to - from))
			frontmatter_free_p(&f);
	}
	if (r.out_of_memory)
		return -1;
	*ret = f;
	return 0;
}

void frontmatter_free_p(struct front_matter *f)
{
	words_free_p(&f->aliases);
	words_free_p(&f->tags);
	f->title[0] = '\0';
}
