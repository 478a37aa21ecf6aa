/* SPDX-License-Identifier: Apache-2.0 */
/* calls.h - the handlers named in the gate's table, and what they share (call.c).
 * Owns: nothing.  Must not know: each other. */
#ifndef KENNEL_BROKER_CALLS_H
#define KENNEL_BROKER_CALLS_H

#include "broker/gate.h"

int call_notes_list(struct call *c);
int call_notes_stat(struct call *c);
int call_notes_read(struct call *c);
int call_notes_search(struct call *c);
int call_write_prepare(struct call *c);
int call_create_prepare(struct call *c);
int call_delete_prepare(struct call *c);
int call_write_commit(struct call *c); /* of all three */
int call_links_list(struct call *c);
int call_links_backlinks(struct call *c);
int call_links_prepare(struct call *c);
int call_links_commit(struct call *c);
int call_dialog_prepare(struct call *c);
int call_dialog_commit(struct call *c);
int call_kv_get(struct call *c);
int call_kv_list(struct call *c);
int call_kv_put(struct call *c);
int call_kv_delete(struct call *c);
int call_kv_commit(struct call *c); /* of both */
int call_ai_complete(struct call *c);
int call_ai_embed(struct call *c);
int call_ai_commit(struct call *c); /* of both */
int call_host_info(struct call *c);
int call_grants_query(struct call *c);
int call_log_write(struct call *c);

/* ---- each returns -1 with the refusal filled; each names the method ---- */
int call_bad_params(struct call *c, const char *what);
int call_no_memory(struct call *c);
/* current: the revision the note has now, "" when it is gone. */
int call_conflict(struct call *c, const char *current);
/* What the vault, the history or an edit said. */
int call_refuse_err(struct call *c, const struct err *e);
/* Zeroed, c->plan from now on, freed with plan_free. NULL with the refusal filled. */
void *call_new_plan(struct call *c, size_t size, void (*plan_free)(void *plan));
/* Absent params have no unknown key. */
int call_check_keys(struct call *c, const char *const *keys, size_t n);
/* The note as it is, if params.baseRevision says so. */
int call_read_base(struct call *c, struct vault_file *ret);
/* change_note of c->note, for who calls. */
int call_change(struct call *c, const struct vault_file *old, const void *text, size_t n);

#endif
