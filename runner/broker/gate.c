/* SPDX-License-Identifier: Apache-2.0 */
/* gate.c - the only place where a plugin's call is allowed or refused. */
#include "broker/gate.h"

#include <string.h>

#include "base/cleanup.h"
#include "broker/calls.h"
#include "broker/refusal.h"

static const struct call_row rows[] = {
	{ .name = "notes.list",
	  .permission = PERM_READ_METADATA,
	  .class = CLASS_OBSERVE,
	  .request_max = 4096,
	  .recording = RECORD_USE,
	  .prepare = call_notes_list },
	{ .name = "notes.stat",
	  .permission = PERM_READ_METADATA,
	  .class = CLASS_OBSERVE,
	  .request_max = 4096,
	  .recording = RECORD_USE,
	  .scoped = true,
	  .prepare = call_notes_stat },
	{ .name = "notes.search",
	  .permission = PERM_SEARCH_NOTES,
	  .class = CLASS_READ,
	  .request_max = 4096,
	  .recording = RECORD_USE,
	  .prepare = call_notes_search },
	{ .name = "notes.read",
	  .alias = "readNotes",
	  .permission = PERM_READ_NOTES,
	  .class = CLASS_READ,
	  .request_max = 4096,
	  .recording = RECORD_USE,
	  .scoped = true,
	  .prepare = call_notes_read },
	{ .name = "notes.write",
	  .permission = PERM_WRITE_NOTES,
	  .class = CLASS_WRITE,
	  .request_max = WIRE_FRAME_MAX,
	  .recording = RECORD_INTENT,
	  .scoped = true,
	  .prepare = call_write_prepare,
	  .commit = call_write_commit },
	{ .name = "notes.create",
	  .permission = PERM_CREATE_NOTES,
	  .class = CLASS_WRITE,
	  .request_max = WIRE_FRAME_MAX,
	  .recording = RECORD_INTENT,
	  .scoped = true,
	  .prepare = call_create_prepare,
	  .commit = call_write_commit },
	{ .name = "notes.delete",
	  .permission = PERM_DELETE_NOTES,
	  .class = CLASS_WRITE,
	  .request_max = 4096,
	  .recording = RECORD_INTENT,
	  .scoped = true,
	  .prepare = call_delete_prepare,
	  .commit = call_write_commit },
	{ .name = "links.list",
	  .permission = PERM_READ_LINKS,
	  .class = CLASS_READ,
	  .request_max = 4096,
	  .recording = RECORD_USE,
	  .scoped = true,
	  .prepare = call_links_list },
	{ .name = "links.backlinks",
	  .permission = PERM_READ_LINKS,
	  .class = CLASS_READ,
	  .request_max = 4096,
	  .recording = RECORD_USE,
	  .scoped = true,
	  .prepare = call_links_backlinks },
	{ .name = "links.write",
	  .alias = "writeLinks",
	  .permission = PERM_WRITE_LINKS,
	  .class = CLASS_WRITE,
	  .request_max = 131072,
	  .recording = RECORD_INTENT,
	  .scoped = true,
	  .prepare = call_links_prepare,
	  .commit = call_links_commit },
	{ .name = "ui.openDialog",
	  .alias = "openDialog",
	  .permission = PERM_OPEN_DIALOG,
	  .class = CLASS_INTERACT,
	  .request_max = DIALOG_BYTES_MAX,
	  .recording = RECORD_INTENT,
	  .prepare = call_dialog_prepare,
	  .commit = call_dialog_commit },
	{ .name = "kv.get",
	  .permission = PERM_STORAGE,
	  .class = CLASS_OBSERVE,
	  .request_max = 4096,
	  .recording = RECORD_USE,
	  .prepare = call_kv_get },
	{ .name = "kv.list",
	  .permission = PERM_STORAGE,
	  .class = CLASS_OBSERVE,
	  .request_max = 4096,
	  .recording = RECORD_USE,
	  .prepare = call_kv_list },
	{ .name = "kv.put",
	  .permission = PERM_STORAGE,
	  .class = CLASS_WRITE,
	  .request_max = 2 * KV_VALUE_BYTES_MAX,
	  .recording = RECORD_INTENT,
	  .prepare = call_kv_put,
	  .commit = call_kv_commit },
	{ .name = "kv.delete",
	  .permission = PERM_STORAGE,
	  .class = CLASS_WRITE,
	  .request_max = 4096,
	  .recording = RECORD_INTENT,
	  .prepare = call_kv_delete,
	  .commit = call_kv_commit },
	{ .name = "ai.complete",
	  .alias = "useAI",
	  .permission = PERM_USE_AI,
	  .class = CLASS_EGRESS,
	  .request_max = AI_REQUEST_MAX,
	  .recording = RECORD_INTENT,
	  .prepare = call_ai_complete,
	  .commit = call_ai_commit },
	{ .name = "ai.embed",
	  .permission = PERM_USE_AI,
	  .class = CLASS_EGRESS,
	  .request_max = AI_REQUEST_MAX,
	  .recording = RECORD_INTENT,
	  .prepare = call_ai_embed,
	  .commit = call_ai_commit },
	{ .name = "host.info",
	  .permission = NO_PERMISSION,
	  .class = CLASS_OBSERVE,
	  .request_max = 4096,
	  .recording = RECORD_NOTHING,
	  .prepare = call_host_info },
	{ .name = "grants.query",
	  .permission = NO_PERMISSION,
	  .class = CLASS_OBSERVE,
	  .request_max = 4096,
	  .recording = RECORD_NOTHING,
	  .prepare = call_grants_query },
	{ .name = "log.write",
	  .permission = NO_PERMISSION,
	  .class = CLASS_OBSERVE,
	  .request_max = 8192,
	  .recording = RECORD_NOTHING,
	  .prepare = call_log_write },
};

void host_init(struct host *h)
{
	*h = (struct host){ .dialogs = { .of_one_max = DIALOGS_OF_ONE_MAX,
					 .all_max = DIALOGS_MAX,
					 .who = "a person" } };
	h->history.fd = -1;
	h->kv.fd = -1;
	models_init(&h->models);
}

size_t gate_row_count(void)
{
	return countof(rows);
}

const struct call_row *gate_row(size_t i)
{
	return i < countof(rows) ? &rows[i] : NULL;
}

const struct call_row *gate_find(const char *method)
{
	for (size_t i = 0; i < countof(rows); i++)
		if (!strcmp(rows[i].name, method) ||
		    (rows[i].alias && !strcmp(rows[i].alias, method)))
			return &rows[i];
	return NULL;
}

/* readNotes implies seeing that the notes are there; policy_permits_path says the same of scopes.
 */
static bool has_permission(const struct subject *who, enum permission perm)
{
	permission_set have = who->policy.permissions;

	if (perm == NO_PERMISSION || have & PERM_BIT(perm))
		return true;
	return perm == PERM_READ_METADATA && have & PERM_BIT(PERM_READ_NOTES);
}

bool gate_permits(const struct subject *who, enum permission perm, const char *path)
{
	return policy_permits_path(&who->policy, perm, path);
}

static bool read_note_param(const json_t *params, char ret[VAULT_PATH_MAX])
{
	const char *s = json_string_value(json_object_get(params, "note"));

	return s && copy_str(ret, VAULT_PATH_MAX, s) && note_path_is_valid(ret);
}

enum verdict gate_decide(struct subject *who, const struct rpc_message *m, size_t len,
			 int64_t now_ms, char ret_note[VAULT_PATH_MAX])
{
	const struct call_row *row = gate_find(m->method);

	ret_note[0] = '\0';
	if (!row)
		return VERDICT_UNKNOWN;
	if (len > row->request_max)
		return VERDICT_TOO_LARGE;
	if (!has_permission(who, row->permission))
		return VERDICT_NO_PERMISSION;
	if (row->scoped && !read_note_param(m->params, ret_note))
		return VERDICT_BAD_PARAMS;
	if (row->scoped && !gate_permits(who, row->permission, ret_note))
		return VERDICT_OUT_OF_SCOPE;
	if (!bucket_take(&who->calls, 1, now_ms))
		return VERDICT_RATE;
	if (who->inflight >= WIRE_INFLIGHT_MAX)
		return VERDICT_QUOTA;
	return VERDICT_OK;
}

static json_t *answer_error(const struct call *c, const struct rpc_message *m)
{
	return m->kind == KIND_REQUEST ? refusal_answer(&c->refusal, &m->id, m->method) : NULL;
}

/* The record of a refusal names what the plugin asked, as far as that was understood. */
static json_t *refuse(struct call *c, const struct rpc_message *m)
{
	const char *asked = json_string_value(json_object_get(m->params, "note"));
	struct entry entry = { .class = AUDIT_SOON,
			       .event = "deny",
			       .method = m->method,
			       .cap = c->row ? permission_name(c->row->permission) : NULL,
			       .object = c->note[0] ? c->note : asked,
			       .result = c->refusal.audit,
			       .detail = c->refusal.text };

	ledger_deny(&c->host->ledger, c->who, &entry, c->now_ms);
	return answer_error(c, m);
}

static int record(struct call *c, const char *event, enum audit_class class, const char *result,
		  struct err *e)
{
	struct entry entry = { .class = class,
			       .event = event,
			       .method = c->row->name,
			       .cap = permission_name(c->row->permission),
			       .object = c->note,
			       .result = result,
			       .detail = c->detail };

	if (ledger_write(&c->host->ledger, c->who, &entry, e) < 0)
		return call_refuse(c, RPC_UNAVAILABLE, "unavailable", "E_AUDIT",
				   "%s: the audit log cannot take a record, so nothing is done",
				   c->row->name);
	return 0;
}

/* A record that what was announced did (not) happen. When it cannot be written the intent stands
 * alone in the log, which readers take as "may have happened". */
static int run_commit(struct call *c)
{
	struct err e;
	int r;

	if (record(c, "cap.intent", AUDIT_DURABLE, NULL, &e) < 0)
		return -1;
	r = c->row->commit(c);
	if (r < 0)
		(void)record(c, "cap.failed", AUDIT_DURABLE, c->refusal.audit, NULL);
	else
		(void)record(c, "cap.done", AUDIT_DURABLE, NULL, NULL);
	return r;
}

/* 1: the refusal stands in the ledger already. */
static int run_allowed(struct call *c)
{
	struct err e;

	if (c->row->prepare(c) < 0)
		return -1;
	if (c->row->recording == RECORD_NOTHING)
		return 0;
	if (c->row->recording == RECORD_USE || !c->changes)
		return record(c, "cap.use", AUDIT_SOON, NULL, &e) < 0 ? 1 : 0;
	return run_commit(c) < 0 ? 1 : 0;
}

json_t *gate_run(struct host *host, struct subject *who, const struct rpc_message *m, size_t len,
		 int64_t now_ms, bool *ret_later)
{
	struct call c = { .host = host,
			  .who = who,
			  .row = gate_find(m->method),
			  .params = m->params,
			  .id = m->id,
			  .now_ms = now_ms };
	enum verdict v = gate_decide(who, m, len, now_ms, c.note);
	json_t *answer;
	int r;

	*ret_later = false;
	if (v != VERDICT_OK) {
		refusal_of_verdict(&c, v, m->method);
		return refuse(&c, m);
	}
	r = run_allowed(&c);
	if (r < 0) {
		answer = refuse(&c, m);
	} else if (r > 0) {
		who->refused++;
		answer = answer_error(&c, m);
	} else {
		who->allowed++;
		*ret_later = c.later;
		answer = m->kind == KIND_REQUEST && !c.later
				 ? rpc_result(&m->id, c.result ? take_ptr(c.result) : json_object())
				 : NULL;
	}
	if (c.plan_free)
		c.plan_free(c.plan);
	json_decref_p(&c.result);
	return answer;
}
