/* SPDX-License-Identifier: Apache-2.0 */
/* methods_trust.c - trust.add, trust.list, trust.show, trust.revoke. One bad file would stop every
 * installation, so a new one is tried by the loader alone before it takes its place. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/fs.h"
#include "supervise/distrust.h"
#include "supervise/feed.h"
#include "supervise/methods.h"
#include "supervise/note.h"
#include "supervise/supervisor.h"
#include "supervise/trusted.h"

struct adding {
	struct control_ref who;
	char fingerprint[DIGEST_HEX_BYTES];
	char label[NAME_MAX_BYTES];
	char *text;
	bool undo; /* of a revocation */
};

static void adding_free_p(struct adding **a)
{
	if (*a)
		free((*a)->text);
	free(*a);
	*a = NULL;
}

/* What the loader says of an empty bundle once the trust file was good. */
static bool is_about_the_bundle(const struct err *e)
{
	return e->code == ERR_TRUNCATED || e->code == ERR_FRAME0 || e->code == ERR_FORMAT;
}

static int take_effect(struct supervisor *s, const struct adding *a, struct err *e)
{
	if (note_write(&(struct note){ .event = a->undo ? "trust.undo-revocation" : "trust",
				       .object = a->fingerprint,
				       .detail = a->label },
		       e) < 0 ||
	    trusted_write(s->store.trust, a->fingerprint, a->text, e) < 0)
		return -1;
	return a->undo ? distrust_recount(s, e) : 0;
}

static void on_tried(struct admit_job *j, const struct err *refused)
{
	CLEANUP(adding_free_p) struct adding *a = j->arg;
	struct supervisor *s = j->s;
	struct err e = { 0 };

	if (!refused || !is_about_the_bundle(refused)) {
		if (refused)
			e = *refused;
		else
			(void)err_set(&e, ERR_INTERNAL, "the loader accepted an empty bundle");
		control_refuse(s, a->who, &e);
		return;
	}
	if (take_effect(s, a, &e) < 0) {
		control_refuse(s, a->who, &e);
		return;
	}
	feed_host(s, "trust", NULL, a->label);
	control_answer(s, a->who,
		       json_pack("{s:s, s:s}", "fingerprint", a->fingerprint, "label", a->label));
}

/* A folder as the loader wants it: nobody else may write there. */
static int stage(struct supervisor *s, const struct adding *a, struct admit_check *c, struct err *e)
{
	char name[DIGEST_HEX_BYTES + 8];
	int ends[2];

	if (store_stage(&s->store, c->staging, &c->staging_fd, e) < 0)
		return -1;
	if (fchmod(c->staging_fd, 02750) < 0)
		return err_sys(e, "mode of the staging folder");
	(void)snprintf(name, sizeof(name), "%s.json", a->fingerprint);
	if (fs_write_atomic(c->staging_fd, name, a->text, strlen(a->text), 0640, e) < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	fd_close_p(&ends[1]);
	c->fd = ends[0]; /* a bundle of no bytes */
	return 0;
}

/* A key that was revoked, by a person or by a list, is not trusted again by the way. */
static int check_revoked(struct supervisor *s, struct adding *a, struct err *e)
{
	CLEANUP(json_decref_p) json_t *doc = NULL;
	uint8_t fingerprint[DIGEST_BYTES];
	const char *reason = NULL;
	struct err why = { 0 };

	if (trusted_read(s->store.trust, a->fingerprint, &doc, &why) == 0)
		reason = trusted_reason(doc);
	else if (why.code != ERR_NOT_FOUND)
		reason = "its file cannot be read";
	if (!reason && hex_decode(a->fingerprint, fingerprint, sizeof(fingerprint)))
		reason = revoked_find(&s->revoked.now, LOADER_REVOKED_KEY, fingerprint);
	if (!reason) {
		a->undo = false;
		return 0;
	}
	return a->undo ? 0
		       : err_set(e, ERR_KEY_REVOKED,
				 "this key was revoked (%s); --undo-revocation trusts it again",
				 reason);
}

static int check_predecessor(struct control_request *q, struct err *e)
{
	CLEANUP(json_decref_p) json_t *doc = NULL;
	char before[DIGEST_HEX_BYTES];

	if (method_text(q, "succeeds", false, sizeof(before), before, e) < 0)
		return -1;
	return before[0] ? trusted_read(q->s->store.trust, before, &doc, e) : 0;
}

static int take_adding(struct control_request *q, struct adding *a, struct err *e)
{
	struct json_place at = { q->params, "" };

	if (method_text(q, "fingerprint", true, sizeof(a->fingerprint), a->fingerprint, e) < 0 ||
	    method_text(q, "label", true, sizeof(a->label), a->label, e) < 0 ||
	    json_get_bool(at, "undoRevocation", &a->undo, e) < 0 ||
	    trusted_check_fingerprint(a->fingerprint, e) < 0 || check_revoked(q->s, a, e) < 0 ||
	    check_predecessor(q, e) < 0)
		return -1;
	return trusted_make(q->params, clock_wall_s(), &a->text, e);
}

int method_trust_add(struct control_request *q, struct err *e)
{
	CLEANUP(adding_free_p) struct adding *a = calloc(1, sizeof(*a));
	struct admit_check c = {
		.kind = ADMIT_TRUST, .fd = -1, .staging_fd = -1, .on_end = on_tried
	};

	if (!a)
		return err_set(e, ERR_NOMEM, "trust");
	a->who = q->who;
	if (take_adding(q, a, e) < 0)
		return -1;
	if (stage(q->s, a, &c, e) < 0) {
		fd_close_p(&c.staging_fd);
		store_unstage(&q->s->store, c.staging);
		return -1;
	}
	c.what = a->label;
	c.arg = take_ptr(a);
	if (admit_check(q->s, &c, e) >= 0)
		return CONTROL_LATER;
	a = c.arg;
	return -1;
}

int method_trust_list(struct control_request *q, struct err *e)
{
	json_t *keys;

	if (trusted_list(q->s->store.trust, &keys, e) < 0)
		return -1;
	q->result = json_pack("{s:o, s:o}", "keys", keys, "revocations", revoked_describe(q->s));
	return CONTROL_DONE;
}

static json_t *names_of(const struct supervisor *s, const char *fingerprint)
{
	json_t *names = json_array();
	uint8_t digest[DIGEST_BYTES];

	if (!hex_decode(fingerprint, digest, sizeof(digest)))
		return names;
	for (uint32_t i = 0; i < s->registry.count; i++) {
		const struct registry_entry *g = &s->registry.entries[i];

		if (!memcmp(g->signer, digest, sizeof(digest)))
			(void)json_array_append_new(
				names, json_pack("{s:s, s:s, s:s, s:I}", "tenant", g->tenant,
						 "plugin", g->plugin, "version", g->version,
						 "counter", (json_int_t)g->counter));
	}
	return names;
}

/* Whoever has a stolen key may have made successors of it: they are named. */
static json_t *successors_of(const struct supervisor *s, const char *fingerprint)
{
	CLEANUP(json_decref_p) json_t *keys = NULL;
	json_t *found = json_array(), *k;
	size_t i;

	if (trusted_list(s->store.trust, &keys, NULL) < 0)
		return found;
	json_array_foreach(keys, i, k) {
		const char *before =
			json_string_value(json_object_get(json_object_get(k, "trust"), "succeeds"));

		if (before && !strcmp(before, fingerprint))
			(void)json_array_append(found, json_object_get(k, "fingerprint"));
	}
	return found;
}

int method_trust_show(struct control_request *q, struct err *e)
{
	char fingerprint[DIGEST_HEX_BYTES];
	json_t *doc = NULL;

	if (method_text(q, "fingerprint", true, sizeof(fingerprint), fingerprint, e) < 0 ||
	    trusted_read(q->s->store.trust, fingerprint, &doc, e) < 0)
		return -1;
	q->result = json_pack("{s:s, s:o, s:o, s:o}", "fingerprint", fingerprint, "trust", doc,
			      "plugins", names_of(q->s, fingerprint), "successors",
			      successors_of(q->s, fingerprint));
	return CONTROL_DONE;
}

int method_trust_revoke(struct control_request *q, struct err *e)
{
	struct distrust d = { .by = NULL };
	char reason[NAME_MAX_BYTES];

	if (method_text(q, "fingerprint", true, sizeof(d.digest), d.digest, e) < 0 ||
	    method_text(q, "reason", false, sizeof(reason), reason, e) < 0 ||
	    trusted_check_fingerprint(d.digest, e) < 0)
		return -1;
	if (!reason[0])
		(void)snprintf(reason, sizeof(reason), "compromise"); /* the worst */
	d.reason = reason;
	if (distrust_key(q->s, &d, e) < 0)
		return -1;
	q->result = json_pack("{s:s, s:s, s:o}", "fingerprint", d.digest, "reason", reason,
			      "successors", successors_of(q->s, d.digest));
	return CONTROL_DONE;
}
