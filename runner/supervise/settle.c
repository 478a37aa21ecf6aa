/* SPDX-License-Identifier: Apache-2.0 */
/* settle.c - an admitted bundle takes effect. The registry is written last: until then the old
 * version is the installed one, and after a crash what lies in the store besides is replaced by the
 * next installation. */
#include "supervise/settle.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "policy/terms.h"
#include "supervise/feed.h"
#include "supervise/grants.h"
#include "supervise/native.h"
#include "supervise/note.h"
#include "supervise/supervisor.h"
#include "supervise/sweep.h"
#include "supervise/waiting.h"

static int tell(const struct admit_job *j, struct err *e)
{
	CLEANUP(json_decref_p) json_t *grant = j->granted ? grants_to_json(&j->grant) : NULL;
	CLEANUP(free_p) char *text = grant ? json_print_canonical(grant, NULL) : NULL;

	if (j->granted && !text)
		return err_set(e, ERR_NOMEM, "grant");
	if (note_write(&(struct note){ .event = "install",
				       .tenant = j->tenant->name,
				       .plugin = j->manifest.name,
				       .bundle = j->info.bundle,
				       .object = j->info.signer,
				       .detail = j->manifest.version },
		       e) < 0)
		return -1;
	if (!json_is_object(j->wish))
		return 0;
	return note_write(&(struct note){ .event = "grant",
					  .tenant = j->tenant->name,
					  .plugin = j->manifest.name,
					  .bundle = j->info.bundle,
					  .object = j->info.signer,
					  .detail = text },
			  e);
}

/* One inode for what the version before holds as well; not being able to share is no failure of
 * the installation, sharing the wrong thing would be. */
static int share(struct admit_job *j, struct err *e)
{
	const struct registry_entry *g =
		registry_find(&j->s->registry, j->tenant->name, j->manifest.name);
	CLEANUP(filetree_free_p) struct filetree old = { 0 };
	CLEANUP_FD int dir = -1;

	if (g && g->bundle[0])
		dir = store_open_bundle(&j->s->store, g->plugin, g->bundle, NULL);
	if (dir < 0 || filetree_read(dir, &old, NULL) < 0)
		return 0;
	return filetree_share(&j->tree, j->staging_fd, &old, dir, e);
}

static int seal(struct admit_job *j, struct err *e)
{
	struct stat st;

	if (fstatat(j->staging_fd, FILETREE_EXECUTABLE, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    filetree_add(&j->tree, FILETREE_EXECUTABLE, 0, NULL, e) < 0)
		return -1;
	if (share(j, e) < 0 || filetree_seal(&j->tree, j->staging_fd, e) < 0)
		return -1;
	return filetree_write(&j->tree, j->staging_fd, e);
}

/* The same bundle may lie there already, and may be running from there: then it stays as it is,
 * when it is what it was. */
static int store(struct admit_job *j, struct err *e)
{
	const struct store *s = &j->s->store;
	CLEANUP_FD int there = store_open_bundle(s, j->manifest.name, j->info.bundle, NULL);
	struct install_info was;

	if (there >= 0 && filetree_check(there, false, NULL, NULL) == 0 &&
	    store_read_install(s, j->manifest.name, j->info.bundle, &was, NULL, NULL) == 0 &&
	    !strcmp(was.signer, j->info.signer) &&
	    !memcmp(&was.vouched, &j->info.vouched, sizeof(was.vouched)))
		return 0;
	if (seal(j, e) < 0 || store_write_install(j->staging_fd, &j->info, &j->manifest, e) < 0)
		return -1;
	return store_commit(s, j->staging, j->manifest.name, j->info.bundle, e);
}

static int fill_entry(const struct settled *w, struct registry_entry *g, struct err *e)
{
	registry_advance(g, w->info->bundle);
	memset(g->version, 0, sizeof(g->version));
	(void)copy_str(g->version, sizeof(g->version), w->manifest->version);
	if (!hex_decode(w->info->signer, g->signer, sizeof(g->signer)))
		return err_set(e, ERR_INTERNAL, "signer");
	if (g->counter < w->info->counter)
		g->counter = w->info->counter;
	marks_note(&g->marks, g->signer, w->info->counter);
	if (!w->back) {
		g->enabled = true;
		memset(g->pending, 0, sizeof(g->pending));
	}
	g->quarantined = false;
	memset(g->reason, 0, sizeof(g->reason));
	return 0;
}

/* In memory only when it is on disk as well. */
static int remember(struct supervisor *s, const struct settled *w, struct err *e)
{
	struct registry *r = &s->registry;
	struct registry_entry *g = registry_find(r, w->tenant->name, w->manifest->name);
	/* NOLINTNEXTLINE(clang-analyzer-deadcode.DeadStores): gcc wants it */
	struct registry_entry before = { 0 };
	bool added = !g;

	if (added) {
		struct registry_entry init = { 0 };

		(void)copy_str(init.tenant, sizeof(init.tenant), w->tenant->name);
		(void)copy_str(init.plugin, sizeof(init.plugin), w->manifest->name);
		if (registry_add(r, &init, s->ceiling.plugin_uid_count, &g, e) < 0)
			return -1;
	}
	before = *g;
	if (fill_entry(w, g, e) < 0 || registry_save(s->store.registry, g, e) < 0) {
		*g = before;
		if (added)
			r->count--; /* its user number is never given again, to be sure */
		return -1;
	}
	return 0;
}

/* What is left over is no failure: it goes with the next one, or with "kennel store gc". Links that
 * went away changed the times of what is shared. */
static void tidy(struct supervisor *s, const struct settled *w)
{
	struct sweep_report swept = { 0 };
	struct err e = { 0 };
	CLEANUP_FD int dir = -1;

	if (sweep_plugin(s, w->manifest->name, &swept, &e) < 0)
		feed_host(s, "store", w->tenant->name, e.text);
	if (!swept.versions)
		return;
	dir = store_open_bundle(&s->store, w->manifest->name, w->info->bundle, NULL);
	if (dir >= 0)
		(void)filetree_refresh(dir, NULL); /* else its next start looks closer */
}

int settle_switch(struct supervisor *s, const struct settled *w, struct err *e)
{
	if (store_set_current(&s->store, w->manifest->name, w->info->bundle, e) < 0 ||
	    (w->grant &&
	     grants_write(s->store.grants, w->tenant->name, w->manifest->name, w->grant, e) < 0) ||
	    remember(s, w, e) < 0)
		return -1;
	tidy(s, w);
	return 0;
}

static json_t *make_result(const struct admit_job *j)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:I}", "signerLabel", j->info.label,
			 "content", j->info.content, "signer", j->info.signer, "asked",
			 permissions_to_json(j->manifest.permissions), "granted",
			 permissions_to_json(
				 j->granted ? j->grant.permissions & j->manifest.permissions : 0),
			 "files", (json_int_t)j->done.files, "executableBytes",
			 (json_int_t)j->info.executable_bytes);
}

/* --approve-native: on record, then in the file. */
static int approve(const struct admit_job *j, struct err *e)
{
	const struct native_entry a = { .id = j->approve,
					.by = j->native,
					.at_s = j->info.installed_at,
					.note = j->manifest.name };

	if (!j->approve[0])
		return 0;
	if (note_write(&(struct note){ .event = "native.approve",
				       .plugin = j->manifest.name,
				       .bundle = j->info.bundle,
				       .object = j->approve,
				       .detail = "with its installation" },
		       e) < 0)
		return -1;
	return native_add(j->s->store.state, &a, e);
}

int settle_install(struct admit_job *j, struct plugin **ret, json_t **ret_result, struct err *e)
{
	struct supervisor *s = j->s;
	const struct settled w = { .tenant = j->tenant,
				   .info = &j->info,
				   .manifest = &j->manifest,
				   .grant = json_is_object(j->wish) ? &j->grant : NULL };
	struct plugin *p;

	if (tell(j, e) < 0 || plugin_add(s, j->tenant, j->manifest.name, &p, e) < 0)
		return -1;
	if (approve(j, e) < 0 || store(j, e) < 0 || settle_switch(s, &w, e) < 0) {
		if (!registry_find(&s->registry, j->tenant->name, j->manifest.name))
			plugin_drop(p);
		return -1;
	}
	feed_plugin(p, "install", j->manifest.version, NULL);
	*ret = p;
	*ret_result = make_result(j);
	return 0;
}

int settle_pending(struct admit_job *j, struct err *e)
{
	struct supervisor *s = j->s;
	struct registry_entry *g = registry_find(&s->registry, j->tenant->name, j->manifest.name);
	char names[TEXT_MAX_BYTES], was[DIGEST_HEX_BYTES];
	struct sweep_report swept = { 0 };

	if (!g)
		return err_set(e, ERR_STATE, "%s was removed meanwhile", j->manifest.name);
	waiting_print(j->more, j->more_jit, names, sizeof(names));
	if (!names[0])
		(void)copy_str(names, sizeof(names), "minReleaseAge");
	if (note_write(&(struct note){ .event = "install.pending",
				       .tenant = g->tenant,
				       .plugin = g->plugin,
				       .bundle = j->info.bundle,
				       .object = j->info.signer,
				       .result = err_name(ERR_PENDING),
				       .detail = names },
		       e) < 0 ||
	    approve(j, e) < 0 || store(j, e) < 0)
		return -1;
	memcpy(was, g->pending, sizeof(was));
	(void)copy_str(g->pending, sizeof(g->pending), j->info.bundle);
	if (registry_save(s->store.registry, g, e) < 0) {
		memcpy(g->pending, was, sizeof(was));
		return -1;
	}
	(void)sweep_plugin(s, g->plugin, &swept, NULL); /* the one that waited before */
	if (!j->more && !j->more_jit)
		return err_set(
			e, ERR_PENDING,
			"%s %s is younger than minReleaseAge: it waits, and %s goes on until it "
			"is old enough; see: kennel pending; sooner: kennel approve %s",
			g->plugin, j->manifest.version, g->version, g->plugin);
	return err_set(e, ERR_PENDING,
		       "%s %s asks for %s, which %s did not: it waits, and %s goes on; see: kennel "
		       "pending; then: kennel approve %s, or kennel deny %s",
		       g->plugin, j->manifest.version, names, g->version, g->version, g->plugin,
		       g->plugin);
}

void settle_start(struct plugin *p)
{
	if (instance_is_alive(p->state)) {
		restart_forget(&p->restart);
		plugin_renew(p);
	} else {
		(void)plugin_start(p);
	}
}
