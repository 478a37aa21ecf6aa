/* SPDX-License-Identifier: Apache-2.0 */
/* methods_grant.c - grant.get, grant.set, explain. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/explain.h"
#include "policy/terms.h"
#include "supervise/feed.h"
#include "supervise/grants.h"
#include "supervise/methods.h"
#include "supervise/note.h"
#include "supervise/supervisor.h"

static json_t *reasons_of(const struct manifest *m)
{
	json_t *o = json_object();

	for (unsigned int p = 0; p < PERM_COUNT; p++)
		if ((m->permissions & PERM_BIT(p)) && m->reasons[p][0])
			(void)json_object_set_new(o, permission_name(p), feed_text(m->reasons[p]));
	return o;
}

static json_t *describe(const struct plugin *p, const struct plugin_dossier *d)
{
	json_t *scopes = scopes_to_json(d->manifest.scopes, d->manifest.scope_count);
	json_t *asked = json_pack(
		"{s:o, s:o, s:o, s:I}", "permissions", permissions_to_json(d->manifest.permissions),
		"scopes", scopes ? scopes : json_object(), "reasons", reasons_of(&d->manifest),
		"files", (json_int_t)d->manifest.file_count);

	return json_pack("{s:s, s:s, s:s, s:o, s:o}", "plugin", p->name, "tenant", p->ceiling->name,
			 "signer", d->info.signer, "asked", asked, "grant",
			 d->granted ? grants_to_json(&d->grant) : json_null());
}

static int read_dossier(const struct control_request *q, struct plugin **ret_plugin,
			struct plugin_dossier **ret, struct err *e)
{
	CLEANUP(free_p) struct plugin_dossier *d = malloc(sizeof(*d));

	if (!d)
		return err_set(e, ERR_NOMEM, "policy");
	if (method_plugin(q, ret_plugin, e) < 0 || plugin_read_dossier(*ret_plugin, d, e) < 0)
		return -1;
	*ret = take_ptr(d);
	return 0;
}

int method_grant_get(struct control_request *q, struct err *e)
{
	CLEANUP(free_p) struct plugin_dossier *d = NULL;
	struct plugin *p;

	if (read_dossier(q, &p, &d, e) < 0)
		return -1;
	q->result = describe(p, d);
	return CONTROL_DONE;
}

/* The change is on record, then in the file, then in force: what runs is started anew. */
static int change(struct plugin *p, struct plugin_dossier *d, struct err *e)
{
	CLEANUP(json_decref_p) json_t *grant = d->granted ? grants_to_json(&d->grant) : json_null();
	CLEANUP(free_p) char *text = grant ? json_print_canonical(grant, NULL) : NULL;

	if (!text)
		return err_set(e, ERR_NOMEM, "grant");
	if (note_write(&(struct note){ .event = d->granted ? "grant" : "grant.revoke",
				       .tenant = p->ceiling->name,
				       .plugin = p->name,
				       .bundle = d->info.bundle,
				       .object = d->info.signer,
				       .detail = text },
		       e) < 0 ||
	    grants_write(p->s->store.grants, p->ceiling->name, p->name,
			 d->granted ? &d->grant : NULL, e) < 0)
		return -1;
	feed_plugin(p, "grant", d->granted ? "changed" : "taken back", NULL);
	plugin_renew(p);
	return 0;
}

/* null takes everything back. */
static int take_wish(const json_t *wish, bool add, struct plugin_dossier *d, struct err *e)
{
	const struct grant old = d->grant;
	const bool had = d->granted;

	d->granted = json_is_object(wish);
	if (!d->granted)
		return 0;
	if (grants_from_wish(wish, &d->manifest, d->signer, &d->grant, e) < 0)
		return -1;
	return add && had ? grants_join(&d->grant, &old, e) : 0;
}

int method_grant_set(struct control_request *q, struct err *e)
{
	const json_t *wish = json_object_get(q->params, "grant");
	CLEANUP(free_p) struct plugin_dossier *d = NULL;
	CLEANUP(free_p) struct policy *policy = malloc(sizeof(*policy));
	struct policy_inputs in;
	struct plugin *p;
	bool add = false;

	if (!policy)
		return err_set(e, ERR_NOMEM, "policy");
	if (read_dossier(q, &p, &d, e) < 0)
		return -1;
	if (!json_is_object(wish) && !json_is_null(wish))
		return err_set(e, ERR_USAGE, "grant: an object, or null to take everything back");
	if (json_get_bool((struct json_place){ q->params, "" }, "add", &add, e) < 0 ||
	    take_wish(wish, add, d, e) < 0)
		return -1;
	in = plugin_inputs(p, d);
	if (policy_compile(&in, policy, e) < 0 || change(p, d, e) < 0)
		return -1;
	q->result = describe(p, d);
	return CONTROL_DONE;
}

int method_explain(struct control_request *q, struct err *e)
{
	CLEANUP(free_p) struct plugin_dossier *d = NULL;
	CLEANUP(free_p) struct policy *policy = malloc(sizeof(*policy));
	struct policy_inputs in;
	struct err refused = { 0 };
	struct plugin *p;
	json_t *explain = NULL;
	bool ok;

	if (!policy)
		return err_set(e, ERR_NOMEM, "policy");
	if (read_dossier(q, &p, &d, e) < 0)
		return -1;
	in = plugin_inputs(p, d);
	ok = policy_compile(&in, policy, &refused) == 0;
	if (explain_build(&in, ok ? policy : NULL, &explain, e) < 0)
		return -1;
	q->result = json_pack("{s:s, s:s, s:o}", "plugin", p->name, "tenant", p->ceiling->name,
			      "explain", explain);
	if (!ok)
		(void)json_object_set_new(q->result, "refused", feed_text(refused.text));
	return CONTROL_DONE;
}
