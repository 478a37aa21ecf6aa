/* SPDX-License-Identifier: Apache-2.0 */
/* retire.c - the end of an installation. What was the plugin's own data stays, under its user
 * number. */
#include <string.h>

#include "supervise/feed.h"
#include "supervise/grants.h"
#include "supervise/plugin.h"
#include "supervise/supervisor.h"
#include "supervise/sweep.h"

/* The registry first: after a crash in between, files are left that nobody refers to, and the next
 * start sweeps them away. */
void plugin_retire(struct plugin *p)
{
	struct supervisor *s = p->s;
	struct registry_entry *g = registry_find(&s->registry, p->ceiling->name, p->name);
	struct sweep_report swept = { 0 };
	struct err e = { 0 };

	if (g) {
		g->enabled = g->quarantined = false;
		memset(g->bundle, 0, sizeof(g->bundle));
		memset(g->previous, 0, sizeof(g->previous));
		memset(g->older, 0, sizeof(g->older));
		memset(g->pending, 0, sizeof(g->pending));
		memset(g->reason, 0, sizeof(g->reason));
		if (registry_save(s->store.registry, g, &e) < 0 ||
		    grants_write(s->store.grants, g->tenant, g->plugin, NULL, &e) < 0)
			feed_host(s, "registry", g->tenant, e.text);
		else if (sweep_plugin(s, g->plugin, &swept, &e) < 0)
			feed_host(s, "store", g->tenant, e.text);
	}
	feed_plugin(p, "removed", "nothing installed is left; its data stays", NULL);
	plugin_drop(p);
}
