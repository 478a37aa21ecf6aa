/* SPDX-License-Identifier: Apache-2.0 */
/* methods_rotate.c - trust.rotate, trust.refresh. The loader reads the statement; here the new key
 * gets the old one's bounds, first its file, then the old one's end: cut short in between, both
 * hold and the statement may come again. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "supervise/feed.h"
#include "supervise/methods.h"
#include "supervise/note.h"
#include "supervise/supervisor.h"
#include "supervise/trusted.h"

struct rotating {
	struct control_ref who;
	bool read;
	char from[DIGEST_HEX_BYTES];
	char to[DIGEST_HEX_BYTES];
	char to_key[NAME_MAX_BYTES];
};

static int on_rotation(struct admit_job *j, const struct loader_msg *m, struct err *e)
{
	struct rotating *r = j->arg;
	const struct loader_rotation *l = &m->u.rotation;

	if (m->kind != LOADER_ROTATION || r->read || !str_ends_inside(l->to_key, sizeof(l->to_key)))
		return err_set(e, ERR_PROTOCOL, "the loader sent what is no rotation");
	hex_encode(l->from, DIGEST_BYTES, r->from);
	hex_encode(l->to, DIGEST_BYTES, r->to);
	memcpy(r->to_key, l->to_key, sizeof(r->to_key));
	r->read = true;
	return 0;
}

/* A list may have revoked the new key before it came here. */
static int check_listed(const struct supervisor *s, const struct rotating *r, struct err *e)
{
	uint8_t to[DIGEST_BYTES];

	if (hex_decode(r->to, to, sizeof(to)) &&
	    revoked_find(&s->revoked.now, LOADER_REVOKED_KEY, to))
		return err_set(e, ERR_KEY_REVOKED, "the revocation list names the new key");
	return 0;
}

static int take_effect(struct supervisor *s, const struct rotating *r, struct err *e)
{
	CLEANUP(json_decref_p) json_t *doc = NULL;
	CLEANUP(free_p) char *text = NULL;

	if (!r->read)
		return err_set(e, ERR_PROTOCOL, "the loader sent no rotation");
	if (check_listed(s, r, e) < 0 || trusted_read(s->store.trust, r->from, &doc, e) < 0 ||
	    trusted_make_successor(doc, r->from, r->to_key, clock_wall_s(), &text, e) < 0 ||
	    note_write(
		    &(struct note){ .event = "trust.rotate", .object = r->to, .detail = r->from },
		    e) < 0 ||
	    trusted_write(s->store.trust, r->to, text, e) < 0)
		return -1;
	return trusted_revoke(s->store.trust, r->from, "superseded", clock_wall_s(), e);
}

static void on_end(struct admit_job *j, const struct err *refused)
{
	CLEANUP(free_p) struct rotating *r = j->arg;
	struct supervisor *s = j->s;
	struct err e = { 0 };

	if (refused)
		e = *refused;
	if (refused || take_effect(s, r, &e) < 0) {
		note_tell(s, &(struct note){ .event = "trust.rotate.refused",
					     .object = r->to,
					     .result = err_name(e.code),
					     .detail = e.text });
		control_refuse(s, r->who, &e);
		return;
	}
	feed_host(s, "trust", NULL, "a key was rotated");
	control_answer(s, r->who, json_pack("{s:s, s:s}", "from", r->from, "to", r->to));
}

int method_trust_rotate(struct control_request *q, struct err *e)
{
	struct rotating *r;
	struct admit_check c = { .kind = ADMIT_ROTATE,
				 .what = "rotation",
				 .staging_fd = -1,
				 .on_end = on_end,
				 .on_record = on_rotation };

	if (q->fd < 0)
		return err_set(e, ERR_USAGE, "no statement was passed along");
	r = calloc(1, sizeof(*r));
	if (!r)
		return err_set(e, ERR_NOMEM, "rotation");
	r->who = q->who;
	c.arg = r;
	c.fd = take_fd(q->fd);
	if (admit_check(q->s, &c, e) >= 0)
		return CONTROL_LATER;
	free(r);
	return -1;
}

int method_trust_refresh(struct control_request *q, struct err *e)
{
	return revoked_look(q->s, q->who, e);
}
