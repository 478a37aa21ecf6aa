/* SPDX-License-Identifier: Apache-2.0 */
/* letin.c - a version that lies in the store becomes the current one. It was verified when it came;
 * since then trust, the configuration and the store may have changed. */
#include "supervise/letin.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "policy/wire.h"
#include "supervise/feed.h"
#include "supervise/filetree.h"
#include "supervise/grants.h"
#include "supervise/native.h"
#include "supervise/note.h"
#include "supervise/release.h"
#include "supervise/supervisor.h"

/* What waited is let in as if it came today. A rollback installs nothing: what may be launched may
 * come back, under a key that was replaced since, and while there is no list to be had. */
static int check_trust(const struct plugin *p, const struct settled *w,
		       const uint8_t bundle[DIGEST_BYTES], struct err *e)
{
	struct supervisor *s = p->s;
	const struct release r = { p->name, w->manifest->version, w->info->bundle };

	if (release_check_pin(&s->ceiling, &r, e) < 0)
		return -1;
	if (w->back)
		return vouched_check_launch(s->store.trust, w->info->signer, &w->info->vouched, e) <
				       0
			       ? -1
			       : revoked_check_launch(s, bundle, e);
	if (supervisor_keep_time(s, e) < 0 || revoked_check_install(s, bundle, e) < 0)
		return -1;
	return vouched_check_install(s->store.trust, w->info->signer, &w->info->vouched,
				     supervisor_now_s(s), e);
}

/* Everything that an installation would ask, asked again of what lies in the store. */
int letin_check(const struct plugin *p, const struct settled *w, const struct grant *grant,
		struct err *e)
{
	CLEANUP(free_p) struct policy *policy = malloc(sizeof(*policy));
	uint8_t bundle[DIGEST_BYTES], signer[DIGEST_BYTES];
	CLEANUP_FD int dir = store_open_bundle(&p->s->store, p->name, w->info->bundle, e);
	struct policy_inputs in = { .manifest = w->manifest,
				    .key = &w->info->key,
				    .tenant = p->ceiling,
				    .grant = grant,
				    .bundle_id = bundle,
				    .signer = signer };

	if (!policy)
		return err_set(e, ERR_NOMEM, "policy");
	if (!hex_decode(w->info->bundle, bundle, sizeof(bundle)) ||
	    !hex_decode(w->info->signer, signer, sizeof(signer)))
		return err_set(e, ERR_FORMAT, "what is remembered of %s is damaged", p->name);
	if (dir < 0 || filetree_check(dir, false, NULL, e) < 0)
		return err_wrap(e, "%s in the store", p->name);
	if (native_find(p->s->store.state, w->info->bundle, w->info->signer, &in.native, e) < 0)
		return -1;
	return check_trust(p, w, bundle, e) < 0 || policy_compile(&in, policy, e) < 0 ||
			       policy_check(policy, e) < 0
		       ? -1
		       : 0;
}

int letin_switch(struct plugin *p, const struct settled *w, struct err *e)
{
	const struct registry_entry *g;

	if (settle_switch(p->s, w, e) < 0)
		return -1;
	feed_plugin(p, w->back ? "rollback" : "approve", w->manifest->version, NULL);
	g = registry_find(&p->s->registry, p->ceiling->name, p->name);
	if (g && g->enabled)
		settle_start(p);
	else
		p->state = p->state == INSTANCE_QUARANTINED ? INSTANCE_STOPPED : p->state;
	return 0;
}

int letin_waiting(const struct letin *l, struct err *e)
{
	struct plugin *p = l->plugin;
	const struct registry_entry *g = registry_find(&p->s->registry, p->ceiling->name, p->name);
	const struct settled w = { .tenant = p->ceiling,
				   .info = &l->waiting->info,
				   .manifest = &l->waiting->manifest,
				   .grant = l->grant };
	CLEANUP(json_decref_p) json_t *doc = l->grant ? grants_to_json(l->grant) : NULL;
	CLEANUP(free_p) char *text = doc ? json_print_canonical(doc, NULL) : NULL;

	if (l->grant && !text)
		return err_set(e, ERR_NOMEM, "grant");
	if (!g)
		return err_set(e, ERR_STATE, "%s was removed meanwhile", p->name);
	if (w.info->counter < g->counter)
		return err_set(e, ERR_COUNTER, "%s: a later version was installed meanwhile",
			       p->name);
	if (letin_check(p, &w, l->grant, e) < 0 ||
	    note_write(&(struct note){ .event = l->event,
				       .tenant = g->tenant,
				       .plugin = g->plugin,
				       .bundle = g->pending,
				       .object = w.info->signer,
				       .detail = text },
		       e) < 0)
		return -1;
	return letin_switch(p, &w, e);
}

/* ---- by its age ---- */

static struct plugin *plugin_of(const struct supervisor *s, const struct registry_entry *g)
{
	for (size_t i = 0; i < s->plugin_count; i++)
		if (!strcmp(s->plugins[i]->name, g->plugin) &&
		    !strcmp(s->plugins[i]->ceiling->name, g->tenant))
			return s->plugins[i];
	return NULL;
}

/* One that cannot be let in goes on waiting, and is told of at each try: somebody must decide. */
static void try_one(struct supervisor *s, const struct registry_entry *g)
{
	CLEANUP(free_p) struct waiting *w = malloc(sizeof(*w));
	CLEANUP(free_p) struct grant *grant = malloc(sizeof(*grant));
	struct plugin *p = plugin_of(s, g);
	struct err e = { 0 };
	int r;

	if (!w || !grant || !p || waiting_read(s, g, w, &e) < 0 || w->more || w->more_jit ||
	    !w->from_s || w->from_s > supervisor_now_s(s))
		return;
	r = grants_read(s->store.grants, g->tenant, g->plugin, grant, &e);
	if (r > 0)
		(void)hex_decode(w->info.signer, grant->signer, sizeof(grant->signer));
	if (r < 0 ||
	    letin_waiting(&(struct letin){ p, w, r > 0 ? grant : NULL, "install.aged" }, &e) < 0)
		feed_plugin(p, "pending", e.text, NULL);
}

void letin_on_time(struct supervisor *s, int64_t now_ms)
{
	if (!s->letin_ms || s->letin_ms > now_ms)
		return;
	s->letin_ms = now_ms + LETIN_EVERY_MS;
	for (uint32_t i = 0; i < s->registry.count; i++)
		if (s->registry.entries[i].pending[0])
			try_one(s, &s->registry.entries[i]);
}
