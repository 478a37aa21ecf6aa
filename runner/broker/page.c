/* SPDX-License-Identifier: Apache-2.0 */
/* page.c - a part of a long list of notes, and where it goes on. */
#include "broker/page.h"

#include <string.h>

#include "base/clock.h"
#include "broker/calls.h"

enum {
	PAGE_MAX = 500,
	PAGE_BYTES = 256 * 1024, /* of names, which JSON may double */
	LOOK_MS = 50, /* scopes with many stars and long notes take time; the cursor goes on */
};

json_t *page_words(const struct words *w)
{
	json_t *a = json_array();

	for (size_t i = 0; i < w->count; i++)
		(void)json_array_append_new(a, json_string(w->v[i]));
	return a;
}

json_t *page_note(const struct note *n)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:s}", "path", n->path, "title", n->title, "aliases",
			 page_words(&n->aliases), "tags", page_words(&n->tags), "revision",
			 n->revision);
}

static size_t note_bytes(const struct note *n)
{
	size_t sum = strlen(n->path) + strlen(n->title) + 200;

	for (size_t i = 0; i < n->aliases.count; i++)
		sum += strlen(n->aliases.v[i]) + 3;
	for (size_t i = 0; i < n->tags.count; i++)
		sum += strlen(n->tags.v[i]) + 3;
	return sum;
}

static int find_place(struct call *c, const char *cursor, struct page *p)
{
	char after[VAULT_PATH_MAX];

	if (!cursor_open(&c->host->cursor_key, c->who->policy.plugin, cursor, after))
		return call_bad_params(c, "not a cursor of this list; begin again without one");
	p->next = vault_after(c->host->vault, after);
	return 0;
}

int page_begin(struct call *c, const char *const *keys, size_t key_count, uint64_t normal,
	       struct page *ret)
{
	struct json_place at = { c->params, "params" };
	char cursor[CURSOR_TEXT_BYTES] = "";
	struct page p = { .limit = normal, .until_ms = clock_mono_ms() + LOOK_MS };
	struct err e;

	if (call_check_keys(c, keys, key_count) < 0)
		return -1;
	if (c->params && (json_get_uint(at, "limit", false, PAGE_MAX, &p.limit, &e) < 0 ||
			  json_get_str(at, "cursor", false, sizeof(cursor), cursor, &e) < 0))
		return call_bad_params(c, e.text);
	if (p.limit == 0)
		return call_bad_params(c, "limit is at least 1");
	if (cursor[0] && find_place(c, cursor, &p) < 0)
		return -1;
	p.notes = json_array();
	c->result = json_pack("{s:o}", "notes", p.notes);
	*ret = p;
	return c->result ? 0 : call_no_memory(c);
}

bool page_is_full(const struct page *p)
{
	return json_array_size(p->notes) >= p->limit || p->bytes > PAGE_BYTES;
}

bool page_is_late(const struct page *p)
{
	return clock_mono_ms() > p->until_ms;
}

int page_add(struct call *c, struct page *p, const struct note *n, json_t *entry)
{
	if (json_array_append_new(p->notes, entry) < 0)
		return call_no_memory(c);
	p->bytes += note_bytes(n);
	return 0;
}

int page_end(struct call *c, const struct page *p)
{
	const struct vault *v = c->host->vault;
	char text[CURSOR_TEXT_BYTES];

	if (p->next >= vault_count(v) || p->next == 0)
		return 0;
	cursor_seal(&c->host->cursor_key, c->who->policy.plugin, vault_at(v, p->next - 1)->path,
		    text);
	return json_object_set_new(c->result, "cursor", json_string(text)) < 0 ? call_no_memory(c)
									       : 0;
}
