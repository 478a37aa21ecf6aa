/* SPDX-License-Identifier: Apache-2.0 */
/* methods_native.c - native.approve, native.list, native.revoke. On record first, then in the file,
 * then in force. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "supervise/feed.h"
#include "supervise/methods.h"
#include "supervise/native.h"
#include "supervise/note.h"
#include "supervise/supervisor.h"
#include "supervise/trusted.h"

static int take_id(const struct control_request *q, char id[DIGEST_HEX_BYTES], struct err *e)
{
	return method_text(q, "id", true, DIGEST_HEX_BYTES, id, e) < 0 || native_check_id(id, e) < 0
		       ? -1
		       : 0;
}

/* A fingerprint of the trust store is a key; anything else is a bundle, perhaps of tomorrow. */
static int find_kind(const struct supervisor *s, const char *id, enum native_approval *ret,
		     struct err *e)
{
	struct err why = { 0 };

	if (trusted_check_launch(s->store.trust, id, &why) == 0) {
		*ret = NATIVE_BY_KEY;
		return 0;
	}
	if (why.code != ERR_UNTRUSTED) {
		*e = why;
		return -1;
	}
	*ret = NATIVE_BY_BUNDLE;
	return 0;
}

int method_native_approve(struct control_request *q, struct err *e)
{
	char id[DIGEST_HEX_BYTES], note[TEXT_MAX_BYTES];
	struct native_entry a = { .id = id, .note = note, .at_s = clock_wall_s() };
	const char *kind;

	if (take_id(q, id, e) < 0 || method_text(q, "note", false, sizeof(note), note, e) < 0 ||
	    find_kind(q->s, id, &a.by, e) < 0)
		return -1;
	kind = a.by == NATIVE_BY_KEY ? "key" : "bundle";
	if (note_write(&(struct note){ .event = "native.approve",
				       .bundle = a.by == NATIVE_BY_BUNDLE ? id : NULL,
				       .object = id,
				       .method = kind,
				       .detail = note },
		       e) < 0 ||
	    native_add(q->s->store.state, &a, e) < 0)
		return -1;
	feed_host(q->s, "native", NULL, "machine code was approved");
	q->result = json_pack("{s:s, s:s}", "id", id, "kind", kind);
	return CONTROL_DONE;
}

/* Whom the approvals let in, among what is installed. */
static json_t *users_of(struct supervisor *s, const json_t *entry)
{
	const char *id = json_string_value(json_object_get(entry, "id"));
	CLEANUP(free_p) struct plugin_dossier *d = malloc(sizeof(*d));
	json_t *list = json_array();

	for (size_t i = 0; d && i < s->plugin_count; i++) {
		const struct plugin *p = s->plugins[i];

		if (plugin_read_dossier(p, d, NULL) < 0 || !d->manifest.native ||
		    (strcmp(d->info.bundle, id) != 0 && strcmp(d->info.signer, id) != 0))
			continue;
		(void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "plugin",
							    p->name, "tenant", p->ceiling->name,
							    "version", d->manifest.version, "state",
							    instance_state_name(p->state)));
	}
	return list;
}

int method_native_list(struct control_request *q, struct err *e)
{
	json_t *list, *item;
	size_t i;

	if (native_list(q->s->store.state, &list, e) < 0)
		return -1;
	json_array_foreach(list, i, item)
		(void)json_object_set_new(item, "plugins", users_of(q->s, item));
	q->result = json_pack("{s:o}", "approvals", list);
	return CONTROL_DONE;
}

/* What runs and is approved by nobody any more: the file decides at the next start, this one now.
 */
static unsigned int stop_unapproved(struct supervisor *s)
{
	CLEANUP(free_p) struct plugin_dossier *d = malloc(sizeof(*d));
	unsigned int stopped = 0;
	struct err why;

	(void)err_set(&why, ERR_NATIVE, "the approval of its native code was revoked");
	for (size_t i = 0; i < s->plugin_count; i++) {
		struct plugin *p = s->plugins[i];

		if (!instance_is_alive(p->state))
			continue;
		if (d && plugin_read_dossier(p, d, NULL) == 0 &&
		    (!d->manifest.native || d->native != NATIVE_NOBODY))
			continue;
		plugin_fault(p, PLUGIN_BLAME_POLICY, &why);
		stopped++;
	}
	return stopped;
}

int method_native_revoke(struct control_request *q, struct err *e)
{
	char id[DIGEST_HEX_BYTES], note[TEXT_MAX_BYTES];

	if (take_id(q, id, e) < 0 || method_text(q, "note", false, sizeof(note), note, e) < 0 ||
	    note_write(&(struct note){ .event = "native.revoke", .object = id, .detail = note },
		       e) < 0 ||
	    native_remove(q->s->store.state, id, e) < 0)
		return -1;
	feed_host(q->s, "native", NULL, "an approval of machine code was revoked");
	q->result = json_pack("{s:s, s:I}", "id", id, "stopped", (json_int_t)stop_unapproved(q->s));
	return CONTROL_DONE;
}
