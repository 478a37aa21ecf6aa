/* SPDX-License-Identifier: Apache-2.0 */
/* waiting.c - an upgrade that asks for more than anybody granted. */
#include "supervise/waiting.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "supervise/grants.h"
#include "supervise/release.h"
#include "supervise/supervisor.h"
#include "supervise/sweep.h"

permission_set waiting_more(const struct manifest *now, const struct manifest *old,
			    const struct grant *granted, bool *ret_jit)
{
	*ret_jit = now->jit && !old->jit;
	return now->permissions & ~old->permissions & ~(granted ? granted->permissions : 0);
}

void waiting_print(permission_set more, bool jit, char *buf, size_t cap)
{
	struct writer w;

	writer_init(&w, buf, cap);
	for (unsigned int p = 0; p < PERM_COUNT; p++)
		if (more & PERM_BIT(p))
			writer_fmt(&w, "%s%s", w.len ? ", " : "", permission_name(p));
	if (jit)
		writer_fmt(&w, "%sjit", w.len ? ", " : "");
}

int waiting_read(struct supervisor *s, const struct registry_entry *g, struct waiting *ret,
		 struct err *e)
{
	CLEANUP(free_p) struct manifest *old = malloc(sizeof(*old));
	CLEANUP(free_p) struct grant *grant = malloc(sizeof(*grant));
	struct install_info info;
	int r;

	if (!old || !grant)
		return err_set(e, ERR_NOMEM, "manifest");
	if (!g || !g->pending[0])
		return err_set(e, ERR_NOT_FOUND, "nothing of %s waits",
			       g ? g->plugin : "this plugin");
	if (store_read_install(&s->store, g->plugin, g->pending, &ret->info, &ret->manifest, e) <
		    0 ||
	    store_read_install(&s->store, g->plugin, g->bundle, &info, old, e) < 0)
		return -1;
	r = grants_read(s->store.grants, g->tenant, g->plugin, grant, e);
	if (r < 0)
		return -1;
	ret->more = waiting_more(&ret->manifest, old, r > 0 ? grant : NULL, &ret->more_jit);
	ret->from_s = release_from_s(s->store.state, s->ceiling.min_release_age_ms, g->pending);
	return 0;
}

int waiting_drop(struct supervisor *s, struct registry_entry *g, struct err *e)
{
	struct sweep_report swept = { 0 };
	char was[DIGEST_HEX_BYTES];

	memcpy(was, g->pending, sizeof(was));
	memset(g->pending, 0, sizeof(g->pending));
	if (registry_save(s->store.registry, g, e) < 0) {
		memcpy(g->pending, was, sizeof(was));
		return -1;
	}
	return sweep_plugin(s, g->plugin, &swept, e);
}
