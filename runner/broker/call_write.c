/* SPDX-License-Identifier: Apache-2.0 */
/* call_write.c - notes.write {note, baseRevision, text}, notes.create {note, text}, notes.delete
 * {note, baseRevision}. What was there is kept in the history, so that a person can undo each. */
#include "broker/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "proto/broker_link.h"

struct plan {
	struct vault_file old; /* no revision: a new note */
	const char *text;      /* of the params; NULL: the note goes */
	size_t n;
};

static void plan_free(void *arg)
{
	struct plan *p = arg;

	if (!p)
		return;
	vault_file_free_p(&p->old);
	free(p);
}

static int make_plan(struct call *c, const char *const *keys, size_t key_count)
{
	if (call_check_keys(c, keys, key_count) < 0)
		return -1;
	return call_new_plan(c, sizeof(struct plan), plan_free) ? 0 : -1;
}

/* A plugin must not fill the disk: neither fast nor at all. */
static int check_room(struct call *c, size_t n)
{
	struct err e;

	if (vault_check_room(c->host->vault, n, &e) < 0)
		return call_refuse_err(c, &e);
	if (bucket_take(&c->who->written, n, c->now_ms))
		return 0;
	c->refusal.retry_after_ms = bucket_wait_ms(&c->who->written, n);
	return call_refuse(c, RPC_RATE_LIMITED, "rate_limited", "E_RATE",
			   "%s: more than %u bytes of notes a second, %u at once", c->row->name,
			   WRITE_BYTES_PER_SECOND, WRITE_BYTES_BURST);
}

static int read_text(struct call *c)
{
	const json_t *text = json_object_get(c->params, "text");
	struct plan *p = c->plan;

	if (!json_is_string(text))
		return call_bad_params(c, "text is the note's whole text");
	p->text = json_string_value(text);
	p->n = json_string_length(text);
	if (!note_text_is_valid(p->text, p->n))
		return call_bad_params(c, "text is UTF-8 without NUL");
	return check_room(c, p->n);
}

/* kennel undo reads the end of the detail. */
static int answer(struct call *c)
{
	const struct plan *p = c->plan;
	const char *from = p->old.revision[0] ? p->old.revision : NOTE_NONE;
	char to[DIGEST_HEX_BYTES] = NOTE_NONE;

	if (p->text)
		note_revision(p->text, p->n, to);
	c->changes = strcmp(from, to) != 0;
	(void)snprintf(c->detail, sizeof(c->detail), "%zu bytes; from %s to %s", p->n, from, to);
	c->result = json_pack("{s:s, s:b, s:s*}", "note", c->note, "changed", c->changes,
			      "revision", p->text ? to : NULL);
	return c->result ? 0 : call_no_memory(c);
}

int call_write_prepare(struct call *c)
{
	static const char *const keys[] = { "note", "baseRevision", "text", "_meta" };

	if (make_plan(c, keys, countof(keys)) < 0 || read_text(c) < 0 ||
	    call_read_base(c, &((struct plan *)c->plan)->old) < 0)
		return -1;
	return answer(c);
}

int call_create_prepare(struct call *c)
{
	static const char *const keys[] = { "note", "text", "_meta" };
	CLEANUP(vault_file_free_p) struct vault_file there = { 0 };
	struct err e;

	if (make_plan(c, keys, countof(keys)) < 0 || read_text(c) < 0)
		return -1;
	if (vault_read(c->host->vault, c->note, &there, &e) == 0)
		return call_conflict(c, there.revision);
	return e.code == ERR_NOT_FOUND ? answer(c) : call_refuse_err(c, &e);
}

int call_delete_prepare(struct call *c)
{
	static const char *const keys[] = { "note", "baseRevision", "_meta" };

	if (make_plan(c, keys, countof(keys)) < 0 ||
	    call_read_base(c, &((struct plan *)c->plan)->old) < 0)
		return -1;
	return answer(c);
}

int call_write_commit(struct call *c)
{
	const struct plan *p = c->plan;

	return call_change(c, p->old.revision[0] ? &p->old : NULL, p->text, p->n);
}
