/* SPDX-License-Identifier: Apache-2.0 */
/* call_linklist.c - links.list {note}: what a note links to; links.backlinks {note, limit?,
 * cursor?}: which notes link to it. A note that the plugin may not see is no target, and links to
 * nothing. */
#include "broker/calls.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "broker/frontmatter.h"
#include "broker/linkmap.h"
#include "broker/linkname.h"
#include "broker/page.h"

enum {
	LINKS_SHOWN_MAX = 1000,
	PAGE_NORMAL = 100,
	CLOCK_EVERY = 64, /* notes out of scope between two looks at the clock */
};

/* A link as it is written: between "[[" and "|", or as the destination of "[text](...)". */
struct written {
	const char *p;
	size_t n;
	bool wiki;
};

static bool means(const struct written *w, const struct link_target *t)
{
	return w->wiki ? linkname_means(w->p, w->n, t) : linkname_href_means(w->p, t);
}

/* How often a file's name occurs is asked only where it decides. */
static bool means_note(const struct vault *v, const struct written *w, const struct note *n)
{
	struct link_target t = { .stem_unique = true };

	if (!copy_str(t.path, sizeof(t.path), n->path) || !means(w, &t))
		return false;
	t.stem_unique = vault_count_stem(v, n->path) == 1;
	return means(w, &t);
}

static bool may_see(const struct subject *who, const char *path)
{
	return gate_permits(who, PERM_READ_METADATA, path) ||
	       gate_permits(who, PERM_READ_LINKS, path);
}

/* -1: no memory, or a note that is too large to be looked into. */
static int map_note(const struct vault_file *f, struct link_map *ret, struct err *e)
{
	const char *text = (const char *)f->text.p;
	size_t head = frontmatter_length(text, f->text.len);

	return linkmap_build(text + head, f->text.len - head, ret, e);
}

/* ---- links.list ---- */

static const struct note *find_target(const struct call *c, const struct written *w)
{
	const struct vault *v = c->host->vault;

	for (size_t i = 0; i < vault_count(v); i++)
		if (means_note(v, w, vault_at(v, i)))
			return may_see(c->who, vault_at(v, i)->path) ? vault_at(v, i) : NULL;
	return NULL;
}

static int add_link(struct call *c, json_t *links, const struct written *w)
{
	const struct note *target = find_target(c, w);

	return json_array_append_new(links, json_pack("{s:s%, s:s, s:s*}", "link", w->p, w->n,
						      "kind", w->wiki ? "wiki" : "markdown",
						      "target", target ? target->path : NULL));
}

static int add_links(struct call *c, const struct link_map *m, json_t *links)
{
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->link_count && n < LINKS_SHOWN_MAX; i++, n++) {
		const struct map_link *l = &m->links[i];

		r = add_link(c, links,
			     &(struct written){ m->body + l->target_off, l->target_len, true });
	}
	for (size_t i = 0; r == 0 && i < m->href_count && n < LINKS_SHOWN_MAX; i++, n++)
		r = add_link(c, links,
			     &(struct written){ m->hrefs[i], strlen(m->hrefs[i]), false });
	return r;
}

int call_links_list(struct call *c)
{
	static const char *const keys[] = { "note", "_meta" };
	CLEANUP(vault_file_free_p) struct vault_file f = { 0 };
	CLEANUP(linkmap_free_p) struct link_map m = { 0 };
	json_t *links;
	struct err e;

	if (call_check_keys(c, keys, countof(keys)) < 0)
		return -1;
	if (vault_read(c->host->vault, c->note, &f, &e) < 0 || map_note(&f, &m, &e) < 0)
		return e.code == ERR_NOMEM ? call_no_memory(c) : call_refuse_err(c, &e);
	links = json_array();
	c->result =
		json_pack("{s:s, s:s, s:o, s:b}", "note", c->note, "revision", f.revision, "links",
			  links, "more", m.link_count + m.href_count > LINKS_SHOWN_MAX);
	if (!c->result || add_links(c, &m, links) < 0)
		return call_no_memory(c);
	(void)snprintf(c->detail, sizeof(c->detail), "%zu links", json_array_size(links));
	return 0;
}

/* ---- links.backlinks ---- */

static size_t count_links(const struct vault *v, const struct link_map *m, const struct note *to)
{
	size_t count = 0;

	for (size_t i = 0; i < m->link_count; i++) {
		const struct map_link *l = &m->links[i];

		count += means_note(
			v, &(struct written){ m->body + l->target_off, l->target_len, true }, to);
	}
	for (size_t i = 0; i < m->href_count; i++)
		count += means_note(v, &(struct written){ m->hrefs[i], strlen(m->hrefs[i]), false },
				    to);
	return count;
}

/* Few notes name another: only those are parsed. A percent sign may stand for any of its letters.
 */
static bool may_link(const char *text, const struct note *to)
{
	char stem[VAULT_PATH_MAX];
	size_t n;
	const char *p = linkname_stem(to->path, &n);

	(void)snprintf(stem, sizeof(stem), "%.*s", (int)n, p);
	return strcasestr(text, stem) || strchr(text, '%');
}

/* A note that cannot be read now links to nothing. */
static int look(struct call *c, struct page *p, const struct note *from, const struct note *to)
{
	CLEANUP(vault_file_free_p) struct vault_file f = { 0 };
	CLEANUP(linkmap_free_p) struct link_map m = { 0 };
	size_t count;

	if (vault_read(c->host->vault, from->path, &f, NULL) < 0 ||
	    !may_link((const char *)f.text.p, to) || map_note(&f, &m, NULL) < 0)
		return 0;
	count = count_links(c->host->vault, &m, to);
	return count ? page_add(c, p, from,
				json_pack("{s:s, s:s, s:s, s:I}", "path", from->path, "title",
					  from->title, "revision", f.revision, "links",
					  (json_int_t)count))
		     : 0;
}

int call_links_backlinks(struct call *c)
{
	static const char *const keys[] = { "note", "cursor", "limit", "_meta" };
	const struct vault *v = c->host->vault;
	const struct note *to = vault_find(v, c->note);
	struct page p;
	struct err e;

	if (page_begin(c, keys, countof(keys), PAGE_NORMAL, &p) < 0)
		return -1;
	if (!to) {
		(void)err_set(&e, ERR_NOT_FOUND, "no such note");
		return call_refuse_err(c, &e);
	}
	for (; p.next < vault_count(v); p.next++) {
		const struct note *from = vault_at(v, p.next);
		bool may = from != to && gate_permits(c->who, PERM_READ_LINKS, from->path);

		if (page_is_full(&p) || ((may || p.next % CLOCK_EVERY == 0) && page_is_late(&p)))
			break;
		if (may && look(c, &p, from, to) < 0)
			return -1;
	}
	(void)snprintf(c->detail, sizeof(c->detail), "%zu notes", json_array_size(p.notes));
	return page_end(c, &p);
}
