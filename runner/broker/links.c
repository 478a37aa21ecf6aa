/* SPDX-License-Identifier: Apache-2.0 */
/* links.c - the edit of a note's links: a list of patches, made into a text, then proved harmless.
 */
#include "broker/links.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "broker/frontmatter.h"
#include "broker/linkmap.h"
#include "broker/linkname.h"
#include "broker/managed.h"

enum {
	PATCHES_MAX = 4096, /* one removed link is two; more links to one note than that stay */
	INSERT_MAX = 3 * VAULT_PATH_MAX,
};

/* Replace del bytes at off by a copy of ins. Patches never overlap. */
struct patch {
	size_t off;
	size_t del;
	size_t order; /* of patches at one place, the first made comes first */
	char *ins;
};

struct editing {
	struct link_map map;
	struct managed section;
	struct link_edit *edit;
	struct patch *patches;
	size_t patch_count;
	const char *eol;
	size_t entries_left; /* of the managed list */
};

const char *link_outcome_text(enum link_outcome o)
{
	static const char *const texts[LINK_OUTCOME_COUNT] = {
		[LINK_UNDECIDED] = "not decided",
		[LINK_DONE] = "done",
		[LINK_ALREADY] = "the note links there already",
		[LINK_NO_ANCHOR] = "the anchor does not stand in plain text of the note",
		[LINK_BAD_NAME] = "the target's name cannot be written as a wiki link",
		[LINK_ABSENT] = "the note has no wiki link there",
		[LINK_NO_TARGET] = "no note of that path may be read",
		[LINK_SELF] = "a note does not link to itself",
	};

	return (unsigned int)o < LINK_OUTCOME_COUNT ? texts[o] : "unknown";
}

bool link_anchor_is_valid(const char *anchor)
{
	size_t n = strnlen(anchor, ANCHOR_MAX);

	return n > 0 && n < ANCHOR_MAX && anchor[0] != ' ' && anchor[n - 1] != ' ' &&
	       text_is_printable(anchor, n) && !strpbrk(anchor, "[]|`\\");
}

static void editing_free_p(struct editing *ed)
{
	for (size_t i = 0; i < ed->patch_count; i++)
		free(ed->patches[i].ins);
	free(ed->patches);
	linkmap_free_p(&ed->map);
}

static int add_patch(struct editing *ed, size_t off, size_t del, const char *ins, struct err *e)
{
	struct patch *p;

	if (ed->patch_count >= PATCHES_MAX)
		return err_set(e, ERR_LIMIT, "more than %d changes in one call", PATCHES_MAX);
	p = &ed->patches[ed->patch_count];
	*p = (struct patch){ .off = off, .del = del, .order = ed->patch_count, .ins = strdup(ins) };
	if (!p->ins)
		return err_set(e, ERR_NOMEM, "link");
	ed->patch_count++;
	return 0;
}

static bool link_means(const struct editing *ed, const struct map_link *l,
		       const struct link_target *t)
{
	return linkname_means(ed->map.body + l->target_off, l->target_len, t);
}

/* ---- remove ---- */

static int remove_one(struct editing *ed, const struct map_link *l, struct err *e)
{
	size_t line_off, line_end;

	if (managed_entry_at(&ed->section, ed->map.body, ed->map.body_len, l->off, &line_off,
			     &line_end)) {
		ed->entries_left--;
		return add_patch(ed, line_off, line_end - line_off, "", e);
	}
	if (add_patch(ed, l->off, l->text_off - l->off, "", e) < 0)
		return -1;
	return add_patch(ed, l->text_off + l->text_len, l->end - l->text_off - l->text_len, "", e);
}

static bool is_removed_before(const struct editing *ed, size_t item)
{
	for (size_t i = 0; i < item; i++)
		if (!strcmp(ed->edit->remove[i].target.path, ed->edit->remove[item].target.path))
			return true;
	return false;
}

static int remove_links(struct editing *ed, struct err *e)
{
	for (size_t i = 0; i < ed->edit->remove_count; i++) {
		struct link_item *item = &ed->edit->remove[i];

		if (item->outcome != LINK_UNDECIDED)
			continue;
		item->outcome = LINK_ABSENT;
		if (is_removed_before(ed, i))
			continue;
		for (size_t k = 0; k < ed->map.link_count; k++) {
			if (!link_means(ed, &ed->map.links[k], &item->target))
				continue;
			if (remove_one(ed, &ed->map.links[k], e) < 0)
				return -1;
			item->outcome = LINK_DONE;
		}
	}
	return 0;
}

/* ---- add ---- */

static bool is_linked(const struct editing *ed, size_t item)
{
	const struct link_target *t = &ed->edit->add[item].target;

	for (size_t i = 0; i < item; i++)
		if (ed->edit->add[i].outcome == LINK_DONE &&
		    !strcmp(ed->edit->add[i].target.path, t->path))
			return true;
	for (size_t i = 0; i < ed->map.link_count; i++)
		if (link_means(ed, &ed->map.links[i], t))
			return true;
	for (size_t i = 0; i < ed->map.href_count; i++)
		if (linkname_href_means(ed->map.hrefs[i], t))
			return true;
	return false;
}

/* Names with Markdown's own marks are written only when the parser reads them back whole. */
static bool name_is_read_back(const char *name)
{
	CLEANUP(linkmap_free_p) struct link_map m = { 0 };
	char text[LINK_NAME_MAX + 16];
	int n = snprintf(text, sizeof(text), "- [[%s]]\n", name);

	if (n < 0 || (size_t)n >= sizeof(text) || linkmap_build(text, (size_t)n, &m, NULL) < 0)
		return false;
	return m.link_count == 1 && m.links[0].target_len == strlen(name) &&
	       m.links[0].text_off == m.links[0].target_off;
}

/* The first place of the anchor that no earlier patch of this call touches. */
static size_t find_free_anchor(const struct editing *ed, const char *anchor, bool plain_only)
{
	size_t n = strlen(anchor), at = 0;

	while ((at = linkmap_find_anchor(&ed->map, anchor, at, plain_only)) != SIZE_MAX) {
		bool taken = ed->section.present && at >= ed->section.start &&
			     at < ed->section.insert_at;

		for (size_t i = 0; i < ed->patch_count && !taken; i++)
			taken = at < ed->patches[i].off + ed->patches[i].del + 1 &&
				ed->patches[i].off < at + n + 1;
		if (!taken)
			return at;
		at++;
	}
	return SIZE_MAX;
}

static int add_at_anchor(struct editing *ed, struct link_item *item, struct err *e)
{
	bool equal = !strcmp(item->anchor, item->target.name);
	size_t at = find_free_anchor(ed, item->anchor, !equal);
	char text[INSERT_MAX];

	if (at == SIZE_MAX) {
		item->outcome = LINK_NO_ANCHOR;
		return 0;
	}
	if (equal)
		(void)snprintf(text, sizeof(text), "[[%s]]", item->anchor);
	else
		(void)snprintf(text, sizeof(text), "[[%s|%s]]", item->target.name, item->anchor);
	item->outcome = LINK_DONE;
	return add_patch(ed, at, strlen(item->anchor), text, e);
}

static int add_entry(struct editing *ed, struct link_item *item, struct buffer *entries,
		     struct err *e)
{
	char line[INSERT_MAX];
	int n = snprintf(line, sizeof(line), "- [[%s]]%s", item->target.name, ed->eol);

	if (n < 0 || (size_t)n >= sizeof(line) ||
	    buffer_append(entries, line, (size_t)n, MARKDOWN_MAX) < 0)
		return err_set(e, ERR_NOMEM, "entry");
	item->outcome = LINK_DONE;
	ed->entries_left++;
	return 0;
}

static int add_links(struct editing *ed, struct buffer *entries, struct err *e)
{
	for (size_t i = 0; i < ed->edit->add_count; i++) {
		struct link_item *item = &ed->edit->add[i];
		const char *name = item->target.name;
		int r = 0;

		if (item->outcome != LINK_UNDECIDED)
			continue;
		if (is_linked(ed, i))
			item->outcome = LINK_ALREADY;
		else if (!linkname_is_writable(name) ||
			 (strpbrk(name, "&*_~$") && !name_is_read_back(name)))
			item->outcome = LINK_BAD_NAME;
		else if (item->anchor[0])
			r = add_at_anchor(ed, item, e);
		else
			r = add_entry(ed, item, entries, e);
		if (r < 0)
			return -1;
	}
	return 0;
}

/* ---- the managed list ---- */

static int edit_section(struct editing *ed, const struct buffer *entries, bool open_line,
			struct err *e)
{
	const struct managed *s = &ed->section;
	char head[256];

	if (entries->len > 0) {
		CLEANUP(buffer_free_p) struct buffer text = { 0 };

		managed_head(s, ed->map.body, ed->map.body_len, ed->eol, head, sizeof(head));
		if (open_line && s->insert_at == 0 &&
		    buffer_append(&text, ed->eol, strlen(ed->eol), MARKDOWN_MAX) < 0)
			return err_set(e, ERR_NOMEM, "entries");
		if (buffer_append(&text, head, strlen(head), MARKDOWN_MAX) < 0 ||
		    buffer_append(&text, entries->p, entries->len, MARKDOWN_MAX) < 0 ||
		    buffer_append(&text, "", 1, MARKDOWN_MAX) < 0)
			return err_set(e, ERR_NOMEM, "entries");
		return add_patch(ed, s->insert_at, 0, (const char *)text.p, e);
	}
	if (s->present && s->entry_count > 0 && ed->entries_left == 0 && s->removable)
		return add_patch(ed, s->start, s->first_entry - s->start, "", e);
	return 0;
}

static int compare_patches(const void *a, const void *b)
{
	const struct patch *x = a, *y = b;

	if (x->off != y->off)
		return x->off < y->off ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static int build(struct editing *ed, const char *text, size_t head_len, struct buffer *ret,
		 struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer out = { 0 };
	const char *body = ed->map.body;
	size_t at = 0;

	qsort(ed->patches, ed->patch_count, sizeof(*ed->patches), compare_patches);
	if (buffer_append(&out, text, head_len, NOTE_MAX) < 0)
		return err_set(e, ERR_LIMIT, "note");
	for (size_t i = 0; i < ed->patch_count; i++) {
		const struct patch *p = &ed->patches[i];

		if (p->off < at)
			return err_set(e, ERR_STATE, "two of the changes meet in one place");
		if (buffer_append(&out, body + at, p->off - at, NOTE_MAX) < 0 ||
		    buffer_append(&out, p->ins, strlen(p->ins), NOTE_MAX) < 0)
			return err_set(e, ERR_LIMIT, "the note would be larger than %u bytes",
				       NOTE_MAX);
		at = p->off + p->del;
	}
	if (buffer_append(&out, body + at, ed->map.body_len - at, NOTE_MAX) < 0)
		return err_set(e, ERR_LIMIT, "the note would be larger than %u bytes", NOTE_MAX);
	*ret = out;
	out = (struct buffer){ 0 };
	return 0;
}

/* The closing fence may gain the line end it lacked, when something is to stand below it. */
static bool heads_match(const char *old, size_t head, const char *new, size_t new_head)
{
	if (new_head == head)
		return true;
	if (head == 0 || new_head < head || old[head - 1] == '\n')
		return false;
	return (new_head - head == 1 && new[head] == '\n') ||
	       (new_head - head == 2 && !memcmp(new + head, "\r\n", 2));
}

int links_check_only_links(const char *old, size_t old_len, const char *new, size_t new_len,
			   struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer before = { 0 };
	CLEANUP(buffer_free_p) struct buffer after = { 0 };
	size_t head = frontmatter_length(old, old_len);
	size_t new_head = frontmatter_length(new, new_len);

	if (new_len < head || (head && memcmp(old, new, head) != 0) ||
	    !heads_match(old, head, new, new_head))
		return err_set(e, ERR_STATE, "the front matter would change");
	if (markdown_skeleton(old + head, old_len - head, &before, e) < 0 ||
	    markdown_skeleton(new + new_head, new_len - new_head, &after, e) < 0)
		return -1;
	if (before.len != after.len || (before.len && memcmp(before.p, after.p, before.len) != 0))
		return err_set(e, ERR_STATE, "more than links would change");
	return 0;
}

int links_apply(const char *text, size_t n, struct link_edit *edit, struct buffer *ret,
		struct err *e)
{
	CLEANUP(editing_free_p) struct editing ed = { .edit = edit };
	CLEANUP(buffer_free_p) struct buffer entries = { 0 };
	CLEANUP(buffer_free_p) struct buffer out = { 0 };
	const char *newline = memchr(text, '\n', n);
	size_t head = frontmatter_length(text, n);

	ed.eol = newline && newline > text && newline[-1] == '\r' ? "\r\n" : "\n";
	ed.patches = calloc(PATCHES_MAX, sizeof(*ed.patches));
	if (!ed.patches)
		return err_set(e, ERR_NOMEM, "links");
	if (linkmap_build(text + head, n - head, &ed.map, e) < 0)
		return -1;
	managed_find(text + head, n - head, ed.map.managed_off, &ed.section);
	ed.entries_left = ed.section.entry_count;
	if (remove_links(&ed, e) < 0 || add_links(&ed, &entries, e) < 0 ||
	    edit_section(&ed, &entries, head > 0 && text[head - 1] != '\n', e) < 0)
		return -1;
	if (build(&ed, text, head, &out, e) < 0 ||
	    links_check_only_links(text, n, (const char *)out.p, out.len, e) < 0)
		return -1;
	*ret = out;
	out = (struct buffer){ 0 };
	return 0;
}
