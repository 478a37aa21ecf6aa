/* SPDX-License-Identifier: Apache-2.0 */
/* sweep.c - what nothing refers to goes. The registry decides; it is written before anything is
 * removed, so a crash in between leaves too much, never too little. */
#include "supervise/sweep.h"

#include <string.h>

#include "base/bytes.h"
#include "base/fd.h"
#include "base/fs.h"
#include "supervise/supervisor.h"

struct sweep {
	struct supervisor *s;
	const char *plugin;
	int dir;
	bool keeps; /* something of it */
	struct sweep_report *report;
	struct err first; /* what could not be removed; the rest is swept all the same */
};

static bool runs(const struct supervisor *s, const char *plugin, const char *bundle)
{
	char hex[DIGEST_HEX_BYTES];

	for (size_t i = 0; i < s->plugin_count; i++) {
		const struct plugin *p = s->plugins[i];

		if (strcmp(p->name, plugin) != 0 || !p->policy)
			continue;
		hex_encode(p->policy->bundle_id, DIGEST_BYTES, hex);
		if (!strcmp(hex, bundle))
			return true;
	}
	return false;
}

static int visit_version(void *arg, const char *name, struct err *e)
{
	struct sweep *w = arg;
	bool is_version = strlen(name) == DIGEST_HEX_BYTES - 1;

	if (!strcmp(name, "current"))
		return 0;
	if (is_version &&
	    (registry_keeps(&w->s->registry, w->plugin, name) || runs(w->s, w->plugin, name))) {
		w->keeps = true;
		return 0;
	}
	w->report->versions += is_version;
	return fs_remove_tree(w->dir, name, e);
}

int sweep_plugin(struct supervisor *s, const char *plugin, struct sweep_report *report,
		 struct err *e)
{
	CLEANUP_FD int dir = fs_open_dir(s->store.store, plugin, false, 0, NULL);
	struct sweep w = { .s = s, .plugin = plugin, .dir = dir, .report = report };

	if (dir < 0)
		return 0;
	if (store_each(dir, visit_version, &w, e) < 0)
		return err_wrap(e, "sweep %s", plugin);
	if (w.keeps)
		return 0;
	report->plugins++;
	return store_remove_plugin(&s->store, plugin, e);
}

/* It is for people only, so whoever of several tenants has it current will do. */
static int mend_link(struct sweep *w, const char *plugin, struct err *e)
{
	const struct registry *r = &w->s->registry;
	const char *wanted = NULL;
	char at[DIGEST_HEX_BYTES];

	store_read_current(&w->s->store, plugin, at);
	for (uint32_t i = 0; i < r->count; i++) {
		if (strcmp(r->entries[i].plugin, plugin) != 0 || !r->entries[i].bundle[0])
			continue;
		if (!strcmp(r->entries[i].bundle, at))
			return 0;
		wanted = r->entries[i].bundle;
	}
	if (!wanted)
		return 0;
	w->report->links++;
	return store_set_current(&w->s->store, plugin, wanted, e);
}

static int sweep_one(struct sweep *w, const char *name, struct err *e)
{
	if (!name_is_valid(name))
		return fs_remove_tree(w->s->store.store, name, e);
	if (sweep_plugin(w->s, name, w->report, e) < 0)
		return -1;
	return registry_owner(&w->s->registry, name) ? mend_link(w, name, e) : 0;
}

static int visit_plugin(void *arg, const char *name, struct err *e)
{
	struct sweep *w = arg;
	struct err why = { 0 };

	(void)e;
	if (sweep_one(w, name, &why) < 0 && w->first.code == ERR_OK)
		w->first = why;
	return 0;
}

static bool is_staged(const struct supervisor *s, const char *name)
{
	if (s->admit.now && !strcmp(s->admit.now->staging, name))
		return true;
	for (const struct admit_job *j = s->admit.waiting; j; j = j->next)
		if (!strcmp(j->staging, name))
			return true;
	return false;
}

static int visit_staged(void *arg, const char *name, struct err *e)
{
	struct sweep *w = arg;
	struct err why = { 0 };

	(void)e;
	if (is_staged(w->s, name))
		return 0;
	w->report->staged++;
	if (fs_remove_tree(w->s->store.staging, name, &why) < 0 && w->first.code == ERR_OK)
		w->first = why;
	return 0;
}

int sweep_all(struct supervisor *s, struct sweep_report *report, struct err *e)
{
	struct sweep w = { .s = s, .report = report };

	if (store_each(s->store.staging, visit_staged, &w, e) < 0 ||
	    store_each(s->store.store, visit_plugin, &w, e) < 0)
		return err_wrap(e, "sweep");
	if (w.first.code == ERR_OK)
		return 0;
	if (e)
		*e = w.first;
	return -1;
}
