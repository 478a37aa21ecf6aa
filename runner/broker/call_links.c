/* SPDX-License-Identifier: Apache-2.0 */
/* call_links.c - links.write {note, baseRevision, add: [{target, anchor?}], remove: [{target}]}. */
#include "broker/calls.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "broker/linkname.h"
#include "broker/links.h"

struct plan {
	struct vault_file old;
	struct buffer text;
	struct link_edit edit;
	size_t foreign; /* targets outside the read scope */
	char first_foreign[VAULT_PATH_MAX];
};

static void plan_free(void *arg)
{
	struct plan *p = arg;

	if (!p)
		return;
	vault_file_free_p(&p->old);
	buffer_free_p(&p->text);
	free(p);
}

/* ---- params ---- */

/* Absent and hidden notes give one answer: a plugin cannot ask which of them exist. */
static void resolve_target(struct call *c, struct link_item *item, const char *path)
{
	struct plan *p = c->plan;
	struct link_target *t = &item->target;
	size_t stem_len;
	const char *stem = linkname_stem(path, &stem_len);

	(void)copy_str(t->path, sizeof(t->path), path);
	if (!strcmp(path, c->note)) {
		item->outcome = LINK_SELF;
		return;
	}
	if (!gate_permits(c->who, PERM_READ_METADATA, path)) {
		if (p->foreign++ == 0)
			(void)copy_str(p->first_foreign, sizeof(p->first_foreign), path);
		item->outcome = LINK_NO_TARGET;
		return;
	}
	if (!vault_find(c->host->vault, path)) {
		item->outcome = LINK_NO_TARGET;
		return;
	}
	t->stem_unique = vault_count_stem(c->host->vault, path) == 1;
	if (t->stem_unique)
		(void)snprintf(t->name, sizeof(t->name), "%.*s", (int)stem_len, stem);
	else
		(void)snprintf(t->name, sizeof(t->name), "%.*s", (int)(strlen(path) - 3), path);
}

static int read_item(struct call *c, json_t *j, bool with_anchor, struct link_item *item)
{
	static const char *const keys[] = { "target", "anchor" };
	struct json_place at = { j, "item" };
	char target[VAULT_PATH_MAX];
	struct err e;

	if (json_check_keys(at, keys, with_anchor ? 2 : 1, &e) < 0 ||
	    json_get_str(at, "target", true, sizeof(target), target, &e) < 0 ||
	    json_get_str(at, "anchor", false, sizeof(item->anchor), item->anchor, &e) < 0)
		return call_bad_params(c, e.text);
	if (!note_path_is_valid(target))
		return call_bad_params(
			c,
			"target is the path of an existing note, as \"Folder/Note.md\", never a URL");
	if (json_object_get(j, "anchor") && !text_is_printable(item->anchor, strlen(item->anchor)))
		return call_bad_params(c, "anchor is one line of printable text");
	if (json_object_get(j, "anchor") && !item->anchor[0])
		return call_bad_params(c, "anchor is empty; leave it out for an entry of the list");
	resolve_target(c, item, target);
	/* Marks of Markdown's links cannot stand in one: no plain text reads so. */
	if (item->outcome == LINK_UNDECIDED && item->anchor[0] &&
	    !link_anchor_is_valid(item->anchor))
		item->outcome = LINK_NO_ANCHOR;
	return 0;
}

static int read_items(struct call *c, const char *key, bool with_anchor, struct link_item *items,
		      size_t *ret_count)
{
	json_t *array = NULL;
	struct err e;

	if (json_get_array((struct json_place){ c->params, "params" }, key, false,
			   LINKS_PER_CALL_MAX, &array, &e) < 0)
		return call_bad_params(c, e.text);
	for (size_t i = 0; i < json_array_size(array); i++)
		if (read_item(c, json_array_get(array, i), with_anchor, &items[i]) < 0)
			return -1;
	*ret_count = json_array_size(array);
	return 0;
}

/* Whether an anchor was found tells what the note says: that takes the right to read it. */
static int check_anchors(struct call *c)
{
	const struct plan *p = c->plan;

	for (size_t i = 0; i < p->edit.add_count; i++) {
		if (!p->edit.add[i].anchor[0] || gate_permits(c->who, PERM_READ_NOTES, c->note))
			continue;
		refusal_teach(&c->refusal, c->who, PERM_READ_NOTES, c->note);
		return call_refuse(
			c, RPC_SCOPE_DENIED, "scope_denied", "E_SCOPE",
			"links.write: an anchor needs readNotes on the note; links without one do not");
	}
	return 0;
}

static int read_params(struct call *c)
{
	static const char *const keys[] = { "note", "baseRevision", "add", "remove", "_meta" };
	struct plan *p = c->plan;

	if (call_check_keys(c, keys, countof(keys)) < 0 ||
	    read_items(c, "add", true, p->edit.add, &p->edit.add_count) < 0 ||
	    read_items(c, "remove", false, p->edit.remove, &p->edit.remove_count) < 0)
		return -1;
	for (size_t i = 0; i < p->edit.add_count; i++)
		for (size_t k = 0; k < p->edit.remove_count; k++)
			if (!strcmp(p->edit.add[i].target.path, p->edit.remove[k].target.path))
				return call_bad_params(c, "one target is to be added and removed");
	return check_anchors(c);
}

/* ---- result ---- */

static void list_item(json_t *done, json_t *skipped, const struct link_item *item)
{
	json_t *j = json_object();

	(void)json_object_set_new(j, "target", json_string(item->target.path));
	if (item->outcome == LINK_DONE) {
		if (item->anchor[0])
			(void)json_object_set_new(j, "anchor", json_string(item->anchor));
		(void)json_array_append_new(done, j);
		return;
	}
	(void)json_object_set_new(j, "why", json_string(link_outcome_text(item->outcome)));
	(void)json_array_append_new(skipped, j);
}

static int make_result(struct call *c, const char *new_revision)
{
	const struct plan *p = c->plan;
	json_t *added = json_array(), *removed = json_array(), *skipped = json_array();

	for (size_t i = 0; i < p->edit.add_count; i++)
		list_item(added, skipped, &p->edit.add[i]);
	for (size_t i = 0; i < p->edit.remove_count; i++)
		list_item(removed, skipped, &p->edit.remove[i]);
	(void)snprintf(c->detail, sizeof(c->detail),
		       "added %zu, removed %zu, skipped %zu; from %s to %s", json_array_size(added),
		       json_array_size(removed), json_array_size(skipped), p->old.revision,
		       new_revision);
	c->result = json_pack("{s:s, s:s, s:b, s:o, s:o, s:o}", "note", c->note, "revision",
			      new_revision, "changed", c->changes, "added", added, "removed",
			      removed, "skipped", skipped);
	return c->result ? 0 : call_no_memory(c);
}

/* A target outside the read scope is skipped, and stands on record as a refusal all the same. */
static void record_foreign(struct call *c)
{
	const struct plan *p = c->plan;
	struct entry entry = {
		.class = AUDIT_SOON,
		.event = "deny",
		.method = c->row->name,
		.count = p->foreign,
		.cap = permission_name(PERM_READ_METADATA),
		.object = p->first_foreign,
		.result = "E_SCOPE",
		.detail = "link target outside the read scope; the first one is named"
	};

	if (p->foreign > 0)
		ledger_deny(&c->host->ledger, c->who, &entry, c->now_ms);
}

int call_links_prepare(struct call *c)
{
	char revision[DIGEST_HEX_BYTES];
	struct plan *p = call_new_plan(c, sizeof(*p), plan_free);
	struct err e;

	if (!p || read_params(c) < 0)
		return -1;
	record_foreign(c);
	if (call_read_base(c, &p->old) < 0)
		return -1;
	if (links_apply((const char *)p->old.text.p, p->old.text.len, &p->edit, &p->text, &e) < 0)
		return call_refuse_err(c, &e);
	note_revision(p->text.p, p->text.len, revision);
	c->changes = strcmp(revision, p->old.revision) != 0;
	return make_result(c, revision);
}

int call_links_commit(struct call *c)
{
	const struct plan *p = c->plan;

	return call_change(c, &p->old, p->text.p, p->text.len);
}
