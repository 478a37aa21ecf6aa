/* SPDX-License-Identifier: Apache-2.0 */
/* methods_store.c - store.verify and store.gc. A version a turn of the loop, so that events go on
 * while much is hashed. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/loop.h"
#include "supervise/feed.h"
#include "supervise/methods.h"
#include "supervise/note.h"
#include "supervise/supervisor.h"
#include "supervise/sweep.h"
#include "supervise/filetree.h"

enum { TELL_EVERY_MS = 200 };

struct verify_item {
	char plugin[NAME_MAX_BYTES];
	char bundle[DIGEST_HEX_BYTES];
};

struct store_verify {
	struct supervisor *s;
	struct control_ref who;
	struct loop_source *timer;
	struct verify_item *items;
	size_t count;
	size_t room;
	size_t next;
	bool full;
	uint64_t files;
	uint64_t hashed;
	uint64_t bytes;
	json_t *problems;
	int64_t told_ms;
};

static void free_verify(struct store_verify *v)
{
	loop_remove(&v->timer);
	free(v->items);
	json_decref(v->problems);
	free(v);
}

static void add_problem(struct store_verify *v, const char *plugin, const char *bundle,
			const struct err *e)
{
	(void)json_array_append_new(
		v->problems, json_pack("{s:s, s:s, s:s, s:o}", "plugin", plugin, "bundle", bundle,
				       "error", err_name(e->code), "text", feed_text(e->text)));
}

static int add_item(struct store_verify *v, const char *plugin, const char *bundle, struct err *e)
{
	struct verify_item *items = v->items;

	for (size_t i = 0; i < v->count; i++) /* of another tenant */
		if (!strcmp(items[i].bundle, bundle) && !strcmp(items[i].plugin, plugin))
			return 0;
	if (v->count == v->room) {
		items = reallocarray(items, v->room + 64, sizeof(*items));
		if (!items)
			return err_set(e, ERR_NOMEM, "verify");
		v->items = items;
		v->room += 64;
	}
	(void)copy_str(items[v->count].plugin, NAME_MAX_BYTES, plugin);
	(void)copy_str(items[v->count].bundle, DIGEST_HEX_BYTES, bundle);
	v->count++;
	return 0;
}

static int add_entry(struct store_verify *v, const struct registry_entry *g, struct err *e)
{
	const char *const bundles[] = { g->bundle, g->previous, g->older, g->pending };

	for (size_t i = 0; i < countof(bundles); i++)
		if (bundles[i][0] && add_item(v, g->plugin, bundles[i], e) < 0)
			return -1;
	return 0;
}

static void check_one(struct store_verify *v, const struct verify_item *i)
{
	CLEANUP(free_p) struct manifest *m = malloc(sizeof(*m));
	CLEANUP_FD int dir = -1;
	struct filetree_report report = { 0 };
	struct install_info info;
	struct err e = { 0 };

	if (!registry_keeps(&v->s->registry, i->plugin, i->bundle))
		return; /* it went meanwhile */
	dir = store_open_bundle(&v->s->store, i->plugin, i->bundle, &e);
	if (dir < 0 || !m ||
	    store_read_install(&v->s->store, i->plugin, i->bundle, &info, m, &e) < 0 ||
	    filetree_check(dir, v->full, &report, &e) < 0)
		add_problem(v, i->plugin, i->bundle, &e);
	v->files += report.files;
	v->hashed += report.hashed;
	v->bytes += report.bytes;
}

static void check_link(struct store_verify *v, const struct registry_entry *g)
{
	char at[DIGEST_HEX_BYTES];
	struct err e;

	store_read_current(&v->s->store, g->plugin, at);
	for (uint32_t i = 0; i < v->s->registry.count; i++)
		if (!strcmp(v->s->registry.entries[i].plugin, g->plugin) &&
		    !strcmp(v->s->registry.entries[i].bundle, at))
			return;
	(void)err_set(&e, ERR_STORE_CHANGED, "current does not point to what is installed");
	add_problem(v, g->plugin, g->bundle, &e);
}

static void finish(struct store_verify *v)
{
	size_t bad = json_array_size(v->problems);

	note_tell(v->s, &(struct note){ .event = "store.verify",
					.result = bad ? err_name(ERR_STORE_CHANGED) : "allow",
					.count = (uint32_t)bad,
					.detail = v->full ? "every file hashed" : NULL });
	control_answer(v->s, v->who,
		       json_pack("{s:b, s:I, s:I, s:I, s:I, s:O}", "clean", bad == 0, "versions",
				 (json_int_t)v->count, "files", (json_int_t)v->files, "hashed",
				 (json_int_t)v->hashed, "bytes", (json_int_t)v->bytes, "problems",
				 v->problems));
	free_verify(v);
}

static void on_turn(void *arg)
{
	struct store_verify *v = arg;
	int64_t now = clock_mono_ms();

	if (v->next < v->count)
		check_one(v, &v->items[v->next++]);
	if (v->next == v->count) {
		finish(v);
		return;
	}
	if (now - v->told_ms >= TELL_EVERY_MS) {
		v->told_ms = now;
		control_progress(v->s, v->who,
				 json_pack("{s:s, s:s, s:I, s:I}", "step", "verify", "plugin",
					   v->items[v->next].plugin, "done", (json_int_t)v->next,
					   "total", (json_int_t)v->count));
	}
	(void)loop_arm(v->timer, 1, NULL);
}

static int collect(struct store_verify *v, const char *plugin, struct err *e)
{
	const struct registry *r = &v->s->registry;

	for (uint32_t i = 0; i < r->count; i++) {
		const struct registry_entry *g = &r->entries[i];

		if (plugin[0] && strcmp(g->plugin, plugin) != 0)
			continue;
		if (add_entry(v, g, e) < 0)
			return -1;
		if (g->bundle[0])
			check_link(v, g);
	}
	return plugin[0] && !v->count
		       ? err_set(e, ERR_NOT_FOUND, "no plugin %s is installed", plugin)
		       : 0;
}

int method_store_verify(struct control_request *q, struct err *e)
{
	char plugin[NAME_MAX_BYTES];
	struct store_verify *v;

	if (method_text(q, "plugin", false, sizeof(plugin), plugin, e) < 0)
		return -1;
	v = calloc(1, sizeof(*v));
	if (!v)
		return err_set(e, ERR_NOMEM, "verify");
	v->s = q->s;
	v->who = q->who;
	v->problems = json_array();
	v->full = json_is_true(json_object_get(q->params, "full"));
	if (!v->problems || collect(v, plugin, e) < 0 ||
	    loop_add_timer(q->s->loop, on_turn, v, &v->timer, e) < 0 ||
	    loop_arm(v->timer, 1, e) < 0) {
		free_verify(v);
		return -1;
	}
	return CONTROL_LATER;
}

int method_store_gc(struct control_request *q, struct err *e)
{
	struct sweep_report r = { 0 };

	if (note_write(&(struct note){ .event = "store.gc" }, e) < 0 || sweep_all(q->s, &r, e) < 0)
		return -1;
	q->result = json_pack("{s:I, s:I, s:I, s:I}", "versions", (json_int_t)r.versions, "plugins",
			      (json_int_t)r.plugins, "staged", (json_int_t)r.staged, "links",
			      (json_int_t)r.links);
	return CONTROL_DONE;
}
