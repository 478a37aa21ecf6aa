/* SPDX-License-Identifier: Apache-2.0 */
/* refusal.c - a refusal that teaches. */
#include "broker/refusal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

static const struct {
	const char *name; /* for records and tests */
	int code;
	const char *kind;
} verdicts[VERDICT_COUNT] = {
	[VERDICT_OK] = { "allow", 0, "" },
	[VERDICT_UNKNOWN] = { "E_METHOD", RPC_METHOD_NOT_FOUND, "unknown_method" },
	[VERDICT_TOO_LARGE] = { "E_TOO_LARGE", RPC_TOO_LARGE, "too_large" },
	[VERDICT_NO_PERMISSION] = { "E_PERMISSION", RPC_PERMISSION_DENIED, "permission_denied" },
	[VERDICT_BAD_PARAMS] = { "E_PARAMS", RPC_INVALID_PARAMS, "invalid_params" },
	[VERDICT_OUT_OF_SCOPE] = { "E_SCOPE", RPC_SCOPE_DENIED, "scope_denied" },
	[VERDICT_RATE] = { "E_RATE", RPC_RATE_LIMITED, "rate_limited" },
	[VERDICT_QUOTA] = { "E_QUOTA", RPC_QUOTA, "quota" },
};

const char *verdict_name(enum verdict v)
{
	return (unsigned int)v < VERDICT_COUNT ? verdicts[v].name : "E_INTERNAL";
}

int call_refuse(struct call *c, int code, const char *kind, const char *audit, const char *fmt, ...)
{
	va_list ap;

	c->refusal.code = code;
	c->refusal.kind = kind;
	c->refusal.audit = audit;
	va_start(ap, fmt);
	(void)vsnprintf(c->refusal.text, sizeof(c->refusal.text), fmt, ap);
	va_end(ap);
	return -1;
}

/* The line is for an operator's shell, and the folder is the plugin's text: only bytes that mean
 * nothing to a shell or a glob are shown, else a word to replace. */
static bool is_plain(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char ch = (unsigned char)s[i];
		bool alnum = (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') ||
			     (ch >= 'A' && ch <= 'Z');

		if (!alnum && ch < 0x80 && (ch == '\0' || !strchr(" /._-+()&", ch)))
			return false;
	}
	return text_is_printable(s, n);
}

void refusal_teach(struct refusal *r, const struct subject *who, enum permission perm,
		   const char *path)
{
	const char *name = permission_name(perm);
	const char *slash = strrchr(path, '/');
	size_t folder = slash ? (size_t)(slash - path) : 0;

	(void)copy_str(r->permission, sizeof(r->permission), name ? name : "");
	if (!permission_needs_scope(perm))
		(void)snprintf(r->grant, sizeof(r->grant), "kennel grant %s --add %s",
			       who->policy.plugin, r->permission);
	else if (folder && is_plain(path, folder))
		(void)snprintf(r->grant, sizeof(r->grant), "kennel grant %s --add '%s=%.*s/**'",
			       who->policy.plugin, r->permission, (int)folder, path);
	else if (!slash && path[0] && is_plain(path, strlen(path)))
		(void)snprintf(r->grant, sizeof(r->grant), "kennel grant %s --add '%s=%s'",
			       who->policy.plugin, r->permission, path);
	else
		(void)snprintf(r->grant, sizeof(r->grant), "kennel grant %s --add '%s=FOLDER/**'",
			       who->policy.plugin, r->permission);
}

static void say(struct call *c, enum verdict v, const char *method)
{
	const char *permission = c->row ? permission_name(c->row->permission) : NULL;
	char *text = c->refusal.text;
	size_t cap = sizeof(c->refusal.text);

	switch (c->row ? v : VERDICT_UNKNOWN) {
	case VERDICT_UNKNOWN:
		(void)snprintf(text, cap, "%s: there is no such method", method);
		break;
	case VERDICT_TOO_LARGE:
		(void)snprintf(text, cap, "%s: a request may have %zu bytes", method,
			       c->row->request_max);
		break;
	case VERDICT_NO_PERMISSION:
		(void)snprintf(text, cap, "%s: the plugin has no permission %s", method,
			       permission);
		break;
	case VERDICT_BAD_PARAMS:
		(void)snprintf(
			text, cap,
			"%s: params.note must be the path of a note below the vault, as \"Folder/Note.md\"",
			method);
		break;
	case VERDICT_OUT_OF_SCOPE:
		(void)snprintf(text, cap, "%s: the note lies outside the scope of %s", method,
			       permission);
		break;
	case VERDICT_RATE:
		(void)snprintf(text, cap, "%s: more than %u calls a second", method,
			       c->who->policy.limits.calls_per_second);
		break;
	default:
		(void)snprintf(text, cap, "%s: %u answers wait to be taken", method,
			       WIRE_INFLIGHT_MAX);
		break;
	}
}

void refusal_of_verdict(struct call *c, enum verdict v, const char *method)
{
	c->refusal.code = verdicts[v].code;
	c->refusal.kind = verdicts[v].kind;
	c->refusal.audit = verdicts[v].name;
	say(c, v, method);
	if (v == VERDICT_NO_PERMISSION)
		refusal_teach(&c->refusal, c->who, c->row->permission, "");
	else if (v == VERDICT_OUT_OF_SCOPE)
		refusal_teach(&c->refusal, c->who, c->row->permission, c->note);
	else if (v == VERDICT_RATE)
		c->refusal.retry_after_ms = bucket_wait_ms(&c->who->calls, 1);
}

static void set(json_t *data, const char *key, const char *value)
{
	if (value[0])
		(void)json_object_set_new(data, key, json_string(value));
}

json_t *refusal_answer(const struct refusal *r, const struct rpc_id *id, const char *method)
{
	json_t *data = json_object();

	set(data, "kind", r->kind);
	set(data, "method", method);
	set(data, "permission", r->permission);
	set(data, "grant", r->grant);
	set(data, "revision", r->revision);
	if (r->retry_after_ms)
		(void)json_object_set_new(data, "retryAfterMs", json_integer(r->retry_after_ms));
	return rpc_error(id, r->code, r->text, data);
}
