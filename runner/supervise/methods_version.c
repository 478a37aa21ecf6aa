/* SPDX-License-Identifier: Apache-2.0 */
/* methods_version.c - list, rollback, pending, approve, deny: which version of a plugin runs. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/terms.h"
#include "supervise/feed.h"
#include "supervise/grants.h"
#include "supervise/letin.h"
#include "supervise/methods.h"
#include "supervise/note.h"
#include "supervise/release.h"
#include "supervise/settle.h"
#include "supervise/supervisor.h"
#include "supervise/waiting.h"

/* ---- list ---- */

static json_t *describe_version(struct supervisor *s, const struct registry_entry *g,
				const char *bundle, const char *role)
{
	CLEANUP(free_p) struct manifest *m = malloc(sizeof(*m));
	struct install_info i;
	struct err e = { 0 };
	json_t *o = json_pack("{s:s, s:s}", "role", role, "bundle", bundle);

	if (!m || store_read_install(&s->store, g->plugin, bundle, &i, m, &e) < 0) {
		(void)json_object_set_new(o, "error", json_string(err_name(e.code)));
		(void)json_object_set_new(o, "text", feed_text(e.text));
		return o;
	}
	(void)json_object_set_new(o, "version", json_string(m->version));
	(void)json_object_set_new(o, "counter", json_integer((json_int_t)i.counter));
	(void)json_object_set_new(o, "signer", json_string(i.signer));
	(void)json_object_set_new(o, "signerLabel", feed_text(i.label));
	(void)json_object_set_new(o, "signers", vouched_signers_json(&i.vouched));
	(void)json_object_set_new(o, "installedAt", json_integer((json_int_t)i.installed_at));
	(void)json_object_set_new(o, "asked", permissions_to_json(m->permissions));
	return o;
}

static json_t *describe_versions(struct supervisor *s, const struct registry_entry *g)
{
	const struct {
		const char *role;
		const char *bundle;
	} rows[] = { { "current", g->bundle },
		     { "previous", g->previous },
		     { "older", g->older },
		     { "pending", g->pending } };
	json_t *list = json_array();

	for (size_t i = 0; i < countof(rows); i++)
		if (rows[i].bundle[0])
			(void)json_array_append_new(
				list, describe_version(s, g, rows[i].bundle, rows[i].role));
	return list;
}

int method_list(struct control_request *q, struct err *e)
{
	struct control_filter f;
	json_t *list;

	if (method_filter(q, &f, e) < 0)
		return -1;
	list = json_array();
	for (size_t i = 0; i < q->s->plugin_count; i++) {
		const struct plugin *p = q->s->plugins[i];
		const struct registry_entry *g =
			registry_find(&q->s->registry, p->ceiling->name, p->name);
		json_t *o;

		if (!g || !control_filter_takes(&f, g->tenant, g->plugin))
			continue;
		o = plugin_describe(p);
		(void)json_object_set_new(o, "counter", json_integer((json_int_t)g->counter));
		(void)json_object_set_new(o, "versions", describe_versions(q->s, g));
		(void)json_array_append_new(list, o);
	}
	q->result = json_pack("{s:o}", "plugins", list);
	return CONTROL_DONE;
}

int method_pending(struct control_request *q, struct err *e)
{
	CLEANUP(free_p) struct waiting *w = malloc(sizeof(*w));
	json_t *list;

	if (!w)
		return err_set(e, ERR_NOMEM, "pending");
	list = json_array();
	for (uint32_t i = 0; i < q->s->registry.count; i++) {
		const struct registry_entry *g = &q->s->registry.entries[i];
		struct err why = { 0 };
		json_t *o;

		if (!g->pending[0])
			continue;
		o = json_pack("{s:s, s:s, s:s, s:s}", "plugin", g->plugin, "tenant", g->tenant,
			      "bundle", g->pending, "running", g->version);
		if (waiting_read(q->s, g, w, &why) < 0) {
			(void)json_object_set_new(o, "error", json_string(err_name(why.code)));
			(void)json_object_set_new(o, "text", feed_text(why.text));
		} else {
			(void)json_object_set_new(o, "version", json_string(w->manifest.version));
			(void)json_object_set_new(o, "signerLabel", feed_text(w->info.label));
			(void)json_object_set_new(o, "since",
						  json_integer((json_int_t)w->info.installed_at));
			(void)json_object_set_new(o, "asks", permissions_to_json(w->more));
			(void)json_object_set_new(o, "jit", json_boolean(w->more_jit));
			(void)json_object_set_new(o, "from", json_integer((json_int_t)w->from_s));
		}
		(void)json_array_append_new(list, o);
	}
	q->result = json_pack("{s:o}", "pending", list);
	return CONTROL_DONE;
}

/* ---- a version becomes the current one ---- */

static int switch_to(struct control_request *q, struct plugin *p, const struct settled *w,
		     struct err *e)
{
	return letin_switch(p, w, e) < 0 ? -1
					 : plugin_wait(p, q->who, PLUGIN_GOAL_SETTLED, NULL, e);
}

/* "previous", "older", a bundle id or its first digits, or a version; "": previous. */
static int pick_version(struct supervisor *s, const struct registry_entry *g, const char *to,
			char ret[DIGEST_HEX_BYTES], struct err *e)
{
	const char *const kept[] = { g->previous, g->older };
	const char *const roles[] = { "previous", "older" };
	struct install_info i;
	struct manifest m;

	for (size_t k = 0; k < countof(kept); k++) {
		if (!kept[k][0])
			continue;
		if (!strcmp(to[0] ? to : "previous", roles[k]) ||
		    (strlen(to) >= 8 && !strncmp(to, kept[k], strlen(to))) ||
		    (store_read_install(&s->store, g->plugin, kept[k], &i, &m, NULL) == 0 &&
		     !strcmp(to, m.version))) {
			(void)copy_str(ret, DIGEST_HEX_BYTES, kept[k]);
			return 0;
		}
	}
	return err_set(e, ERR_NOT_FOUND,
		       "%s keeps no other version%s%.64s; a rollback goes only to one that is "
		       "installed: kennel list %s",
		       g->plugin, to[0] ? " " : "", to, g->plugin);
}

int method_rollback(struct control_request *q, struct err *e)
{
	CLEANUP(free_p) struct manifest *m = malloc(sizeof(*m));
	CLEANUP(free_p) struct grant *grant = malloc(sizeof(*grant));
	char to[DIGEST_HEX_BYTES], bundle[DIGEST_HEX_BYTES];
	struct install_info info;
	const struct registry_entry *g;
	struct settled w;
	struct plugin *p;
	int r;

	if (!m || !grant)
		return err_set(e, ERR_NOMEM, "rollback");
	if (method_plugin(q, &p, e) < 0 || method_text(q, "to", false, sizeof(to), to, e) < 0)
		return -1;
	g = registry_find(&q->s->registry, p->ceiling->name, p->name);
	if (!g || !g->bundle[0])
		return err_set(e, ERR_NOT_FOUND, "%s is not installed", p->name);
	if (pick_version(q->s, g, to, bundle, e) < 0 ||
	    store_read_install(&q->s->store, p->name, bundle, &info, m, e) < 0)
		return -1;
	r = grants_read(q->s->store.grants, g->tenant, g->plugin, grant, e);
	w = (struct settled){ .tenant = p->ceiling, .info = &info, .manifest = m, .back = true };
	if (r < 0 || letin_check(p, &w, r > 0 ? grant : NULL, e) < 0)
		return -1;
	if (note_write(&(struct note){ .event = "rollback",
				       .tenant = g->tenant,
				       .plugin = g->plugin,
				       .bundle = bundle,
				       .object = g->bundle,
				       .detail = m->version },
		       e) < 0)
		return -1;
	return switch_to(q, p, &w, e);
}

/* ---- what waits ---- */

static int find_waiting(struct control_request *q, struct plugin **ret_plugin,
			struct registry_entry **ret, struct err *e)
{
	if (method_plugin(q, ret_plugin, e) < 0)
		return -1;
	*ret = registry_find(&q->s->registry, (*ret_plugin)->ceiling->name, (*ret_plugin)->name);
	return *ret && (*ret)->pending[0]
		       ? 0
		       : err_set(e, ERR_NOT_FOUND, "nothing of %s waits; see: kennel pending",
				 (*ret_plugin)->name);
}

static int make_grant(const struct control_request *q, const struct registry_entry *g,
		      const struct waiting *w, struct grant *ret, struct err *e)
{
	const json_t *wish = json_object_get(q->params, "grant");
	CLEANUP(free_p) struct grant *old = malloc(sizeof(*old));
	uint8_t signer[DIGEST_BYTES];
	int r;

	if (!old)
		return err_set(e, ERR_NOMEM, "grant");
	if (!hex_decode(w->info.signer, signer, sizeof(signer)))
		return err_set(e, ERR_FORMAT, "what is remembered of %s is damaged", g->plugin);
	if (json_is_object(wish))
		return grants_from_wish(wish, &w->manifest, signer, ret, e);
	r = grants_read(q->s->store.grants, g->tenant, g->plugin, old, e);
	return r < 0 ? -1 : grants_widen(r > 0 ? old : NULL, &w->manifest, w->more, signer, ret, e);
}

int method_approve(struct control_request *q, struct err *e)
{
	CLEANUP(free_p) struct waiting *w = malloc(sizeof(*w));
	CLEANUP(free_p) struct grant *grant = malloc(sizeof(*grant));
	struct registry_entry *g;
	struct plugin *p;

	if (!w || !grant)
		return err_set(e, ERR_NOMEM, "approve");
	if (find_waiting(q, &p, &g, e) < 0 || waiting_read(q->s, g, w, e) < 0 ||
	    make_grant(q, g, w, grant, e) < 0 ||
	    letin_waiting(&(struct letin){ p, w, grant, "approve" }, e) < 0)
		return -1;
	return plugin_wait(p, q->who, PLUGIN_GOAL_SETTLED, NULL, e);
}

int method_deny(struct control_request *q, struct err *e)
{
	struct registry_entry *g;
	struct plugin *p;

	if (find_waiting(q, &p, &g, e) < 0)
		return -1;
	if (note_write(&(struct note){ .event = "deny",
				       .tenant = g->tenant,
				       .plugin = g->plugin,
				       .bundle = g->pending,
				       .result = "deny" },
		       e) < 0 ||
	    waiting_drop(q->s, g, e) < 0)
		return -1;
	q->result = plugin_describe(p);
	return CONTROL_DONE;
}
