/* SPDX-License-Identifier: Apache-2.0 */
/* distrust.c - what follows when a key or a bundle is not trusted any more. */
#include "supervise/distrust.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "supervise/feed.h"
#include "supervise/marks.h"
#include "supervise/note.h"
#include "supervise/supervisor.h"
#include "supervise/trusted.h"

/* After a rollback the bundle that is installed may be another key's than the name. What cannot be
 * read is held to the name's. */
static int check_signers(const struct supervisor *s, const struct registry_entry *g,
			 const char *key, struct err *e)
{
	struct install_info info = { 0 };

	if (store_read_install(&s->store, g->plugin, g->bundle, &info, NULL, NULL) < 0)
		hex_encode(g->signer, DIGEST_BYTES, info.signer);
	if (strcmp(info.signer, key) != 0 && !vouched_names(&info.vouched, key))
		return 0;
	return vouched_check_launch(s->store.trust, info.signer, &info.vouched, e);
}

static int check_bundle(const struct registry_entry *g, const char *bundle, struct err *e)
{
	return strcmp(g->bundle, bundle) != 0
		       ? 0
		       : err_set(e, ERR_BUNDLE_REVOKED, "this bundle was revoked (compromise)");
}

/* The files say so already, and decide at the next start; this stops what runs now. */
static void stop(struct supervisor *s, const char *digest, bool is_key)
{
	for (size_t i = 0; i < s->plugin_count; i++) {
		struct plugin *p = s->plugins[i];
		const struct registry_entry *g =
			registry_find(&s->registry, p->ceiling->name, p->name);
		struct err why = { 0 };

		if (g && g->bundle[0] &&
		    (is_key ? check_signers(s, g, digest, &why) : check_bundle(g, digest, &why)) <
			    0)
			plugin_fault(p, PLUGIN_BLAME_POLICY, &why);
	}
}

static bool survives(const void *arg, const uint8_t signer[DIGEST_BYTES])
{
	const struct supervisor *s = arg;
	char hex[DIGEST_HEX_BYTES];

	hex_encode(signer, DIGEST_BYTES, hex);
	return !trusted_is_compromised(s->store.trust, hex);
}

static bool any(const void *arg, const uint8_t signer[DIGEST_BYTES])
{
	(void)arg;
	(void)signer;
	return true;
}

int distrust_recount(struct supervisor *s, struct err *e)
{
	for (uint32_t i = 0; i < s->registry.count; i++) {
		struct registry_entry *g = &s->registry.entries[i];
		uint64_t counter = marks_highest(&g->marks, survives, s), was;
		char detail[64];

		/* a counter that no mark explains stays */
		if (counter == g->counter || marks_highest(&g->marks, any, s) < g->counter)
			continue;
		(void)snprintf(detail, sizeof(detail), "counter %llu -> %llu",
			       (unsigned long long)g->counter, (unsigned long long)counter);
		if (note_write(&(struct note){ .event = "counter.reset",
					       .tenant = g->tenant,
					       .plugin = g->plugin,
					       .detail = detail },
			       e) < 0)
			return -1;
		was = g->counter;
		g->counter = counter;
		if (registry_save(s->store.registry, g, e) < 0) {
			g->counter = was;
			return -1;
		}
	}
	return 0;
}

/* 1: nothing to do. */
static int check_worse(struct supervisor *s, const struct distrust *d, struct err *e)
{
	CLEANUP(json_decref_p) json_t *doc = NULL;
	struct err why = { 0 };
	const char *before;

	if (trusted_read(s->store.trust, d->digest, &doc, &why) < 0) {
		if (d->by && why.code == ERR_NOT_FOUND)
			return 1;
		*e = why;
		return -1;
	}
	before = trusted_reason(doc);
	if (!before)
		return 0;
	if (!strcmp(before, d->reason))
		return 1;
	return d->by && !strcmp(before, "compromise") ? 1 : 0;
}

int distrust_key(struct supervisor *s, const struct distrust *d, struct err *e)
{
	char detail[128];
	int r = check_worse(s, d, e);

	if (r < 0)
		return -1;
	(void)snprintf(detail, sizeof(detail), "%s%s%s", d->reason, d->by ? ", by " : "",
		       d->by ? d->by : "");
	if (r == 0 && (note_write(&(struct note){ .event = "trust.revoke",
						  .object = d->digest,
						  .detail = detail },
				  e) < 0 ||
		       trusted_revoke(s->store.trust, d->digest, d->reason, clock_wall_s(), e) < 0))
		return -1;
	if (r == 0)
		feed_host(s, "trust", NULL, "a key was revoked");
	if (strcmp(d->reason, "compromise") != 0)
		return 0;
	stop(s, d->digest, true);
	return distrust_recount(s, e);
}

int distrust_bundle(struct supervisor *s, const struct distrust *d, struct err *e)
{
	char detail[128];

	(void)snprintf(detail, sizeof(detail), "%s%s%s", d->reason, d->by ? ", by " : "",
		       d->by ? d->by : "");
	if (note_write(&(struct note){ .event = "bundle.revoke",
				       .bundle = d->digest,
				       .detail = detail },
		       e) < 0)
		return -1;
	if (!strcmp(d->reason, "compromise"))
		stop(s, d->digest, false);
	return 0;
}
