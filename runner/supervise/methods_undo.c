/* SPDX-License-Identifier: Apache-2.0 */
/* methods_undo.c - undo: changes of plugins that a person has put back, note by note. The broker
 * looks, puts on record and writes; here it is only asked. */
#include <string.h>

#include "base/bytes.h"
#include "supervise/methods.h"
#include "supervise/supervisor.h"

static int take_revision(const struct control_request *q, const char *key,
			 char ret[DIGEST_HEX_BYTES], struct err *e)
{
	uint8_t digest[DIGEST_BYTES];

	if (method_text(q, key, true, DIGEST_HEX_BYTES, ret, e) < 0)
		return -1;
	return hex_decode(ret, digest, sizeof(digest))
		       ? 0
		       : err_set(e, ERR_USAGE, "%s is a revision: %u hexadecimal digits", key,
				 DIGEST_HEX_BYTES - 1);
}

static int take_undo(const struct control_request *q, struct broker_undo *u, struct err *e)
{
	bool look_only = false;

	if (method_text(q, "plugin", true, sizeof(u->plugin), u->plugin, e) < 0 ||
	    method_text(q, "note", true, sizeof(u->note), u->note, e) < 0 ||
	    take_revision(q, "expect", u->expect, e) < 0 ||
	    take_revision(q, "restore", u->restore, e) < 0 ||
	    json_get_bool((struct json_place){ q->params, "" }, "dryRun", &look_only, e) < 0)
		return -1;
	if (!name_is_valid(u->plugin) || !relative_path_is_valid(u->note))
		return err_set(e, ERR_USAGE, "a plugin's name and a note below the vault");
	u->look_only = look_only;
	return 0;
}

int method_undo(struct control_request *q, struct err *e)
{
	const struct tenant_ceiling *t;
	struct broker_msg m;
	int r;

	memset(&m, 0, sizeof(m));
	m.kind = BROKER_UNDO;
	if (take_undo(q, &m.u.undo, e) < 0 || method_tenant(q, &t, e) < 0)
		return -1;
	r = broker_ensure(q->s, t, e);
	if (r < 0)
		return -1;
	if (r == 0)
		return err_set(e, ERR_STATE,
			       "the broker of tenant %s is only starting; try again in a moment",
			       t->name);
	return broker_ask(q, broker_of(q->s, t->name), &m, &m.u.undo.serial, e);
}
