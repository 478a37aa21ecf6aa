/* SPDX-License-Identifier: Apache-2.0 */
/* undo.c - one change of a note taken back, because a person asked: its former text put back, a new
 * note removed, a removed one made again. */
#include "broker/undo.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "broker/change.h"

struct undoing {
	struct vault_file now;
	struct buffer before;
};

static void undoing_free(struct undoing *u)
{
	vault_file_free_p(&u->now);
	buffer_free_p(&u->before);
}

static int check(const struct broker_undo *w, struct err *e)
{
	uint8_t digest[DIGEST_BYTES];

	if (!str_ends_inside(w->plugin, sizeof(w->plugin)) || !name_is_valid(w->plugin) ||
	    !str_ends_inside(w->note, sizeof(w->note)) || !note_path_is_valid(w->note) ||
	    !str_ends_inside(w->expect, sizeof(w->expect)) ||
	    !str_ends_inside(w->restore, sizeof(w->restore)) ||
	    !hex_decode(w->expect, digest, sizeof(digest)) ||
	    !hex_decode(w->restore, digest, sizeof(digest)) || !strcmp(w->expect, w->restore))
		return err_set(e, ERR_PROTOCOL, "not a change that can be undone");
	return 0;
}

static bool is_none(const char *revision)
{
	return !strcmp(revision, NOTE_NONE);
}

static int look(const struct host *host, const struct broker_undo *w, struct undoing *u,
		struct err *e)
{
	struct err why = { 0 };

	if (vault_read(host->vault, w->note, &u->now, &why) < 0) {
		if (why.code != ERR_NOT_FOUND) {
			if (e)
				*e = why;
			return -1;
		}
		(void)copy_str(u->now.revision, sizeof(u->now.revision), NOTE_NONE);
	}
	if (strcmp(u->now.revision, w->expect) != 0)
		return is_none(u->now.revision)
			       ? err_set(e, ERR_NOT_FOUND, "the note is not there any more")
			       : err_set(e, ERR_EXISTS, "the note was changed since");
	return is_none(w->restore) ? 0 : history_read(&host->history, w->restore, &u->before, e);
}

/* What is replaced now is kept as well: an undo can be undone by hand. */
static int put_back(struct host *host, const struct broker_undo *w, const struct undoing *u,
		    struct err *e)
{
	const struct note_change c = { .note = w->note,
				       .old = is_none(w->expect) ? NULL : &u->now,
				       .text = u->before.p,
				       .n = u->before.len,
				       .plugin = w->plugin };

	return change_note(host, &c, e);
}

static int record(const struct host *host, const struct broker_undo *w, const char *event,
		  const char *result, struct err *e)
{
	CLEANUP(free_p) struct subject *who = calloc(1, sizeof(*who));
	char detail[sizeof("from  to ") + 2 * DIGEST_HEX_BYTES];
	struct entry entry = { .class = AUDIT_DURABLE,
			       .event = event,
			       .method = "undo",
			       .object = w->note,
			       .result = result,
			       .detail = detail };

	if (!who)
		return err_set(e, ERR_AUDIT, "no memory for the audit record; nothing was done");
	(void)snprintf(detail, sizeof(detail), "from %s to %s", w->expect, w->restore);
	(void)copy_str(who->policy.plugin, sizeof(who->policy.plugin), w->plugin);
	return ledger_write(&host->ledger, who, &entry, e);
}

static int undo(struct host *host, const struct broker_undo *w, struct undoing *u, struct err *e)
{
	if (check(w, e) < 0 || look(host, w, u, e) < 0)
		return -1;
	if (w->look_only)
		return 0;
	if (record(host, w, "undo.intent", NULL, e) < 0)
		return -1;
	if (put_back(host, w, u, e) < 0) {
		(void)record(host, w, "undo.failed", err_name(e->code), NULL);
		return -1;
	}
	/* Without this record the intent stands alone: it may have happened. */
	(void)record(host, w, "undo.done", NULL, NULL);
	return 0;
}

int undo_note(struct host *host, const struct broker_undo *what, struct err *e)
{
	struct undoing u = { 0 };
	int r = undo(host, what, &u, e);

	undoing_free(&u);
	return r;
}
