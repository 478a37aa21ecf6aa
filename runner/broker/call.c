/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - what the handlers share: parameters, refusals, the change of a note. */
#include "broker/calls.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "broker/change.h"

void *call_new_plan(struct call *c, size_t size, void (*plan_free)(void *plan))
{
	c->plan = calloc(1, size);
	c->plan_free = plan_free;
	if (!c->plan)
		(void)call_no_memory(c);
	return c->plan;
}

int call_check_keys(struct call *c, const char *const *keys, size_t n)
{
	struct err e;

	if (c->params &&
	    json_check_keys((struct json_place){ c->params, "params" }, keys, n, &e) < 0)
		return call_bad_params(c, e.text);
	return 0;
}

int call_bad_params(struct call *c, const char *what)
{
	return call_refuse(c, RPC_INVALID_PARAMS, "invalid_params", "E_PARAMS", "%s: %s",
			   c->row->name, what);
}

int call_no_memory(struct call *c)
{
	return call_refuse(c, RPC_INTERNAL, "internal", "E_NOMEM", "%s: out of memory",
			   c->row->name);
}

int call_conflict(struct call *c, const char *current)
{
	(void)copy_str(c->refusal.revision, sizeof(c->refusal.revision), current);
	return call_refuse(
		c, RPC_CONFLICT, "conflict", "E_CONFLICT",
		"%s: the note is not what the call takes it for: another revision, or there already, "
		"or gone; read it again",
		c->row->name);
}

int call_refuse_err(struct call *c, const struct err *e)
{
	const char *name = c->row->name;

	switch (e->code) {
	case ERR_NOT_FOUND:
	case ERR_PATH:
		return call_refuse(c, RPC_NOT_FOUND, "not_found", "E_NOT_FOUND",
				   "%s: there is no such note", name);
	case ERR_LIMIT:
		return call_refuse(c, RPC_TOO_LARGE, "too_large", "E_LIMIT", "%s: %s", name,
				   e->text);
	case ERR_FULL:
		return call_refuse(c, RPC_UNAVAILABLE, "unavailable", "E_FULL", "%s: %s", name,
				   e->text);
	case ERR_STATE:
		return call_refuse(c, RPC_BACKEND, "backend", "E_NOT_ONLY_LINKS",
				   "%s: %s; nothing was written", name, e->text);
	default:
		return call_refuse(c, RPC_BACKEND, "backend", err_name(e->code),
				   "%s: the note cannot be %s", name,
				   c->row->commit ? "changed" : "read");
	}
}

int call_read_base(struct call *c, struct vault_file *ret)
{
	char base[DIGEST_HEX_BYTES];
	struct err e;

	if (json_get_str((struct json_place){ c->params, "params" }, "baseRevision", true,
			 sizeof(base), base, &e) < 0)
		return call_bad_params(c, e.text);
	if (vault_read(c->host->vault, c->note, ret, &e) < 0)
		return call_refuse_err(c, &e);
	return strcmp(base, ret->revision) != 0 ? call_conflict(c, ret->revision) : 0;
}

int call_change(struct call *c, const struct vault_file *old, const void *text, size_t n)
{
	const struct note_change change = { .note = c->note,
					    .old = old,
					    .text = text,
					    .n = n,
					    .plugin = c->who->policy.plugin,
					    .hops = c->who->hops };
	struct vault_file now = { 0 };
	struct err e;

	if (change_note(c->host, &change, &e) == 0)
		return 0;
	if (e.code != ERR_EXISTS)
		return call_refuse_err(c, &e);
	(void)vault_read(c->host->vault, c->note, &now, NULL);
	(void)call_conflict(c, now.revision);
	vault_file_free_p(&now);
	return -1;
}
