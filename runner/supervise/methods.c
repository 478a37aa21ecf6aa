/* SPDX-License-Identifier: Apache-2.0 */
/* methods.c - the table, and what its handlers share. */
#include "supervise/methods.h"

#include <string.h>

#include "base/cleanup.h"
#include "supervise/dialogs.h"
#include "supervise/supervisor.h"

static int method_ping(struct control_request *q, struct err *e);
static int method_shutdown(struct control_request *q, struct err *e);
static int method_help(struct control_request *q, struct err *e);

static const struct control_method table[] = {
	{ "ping", method_ping, "{} -> {version, tenants}" },
	{ "help", method_help, "{} -> {methods}" },
	{ "ps", method_ps, "{plugin?, tenant?} -> {plugins, host}" },
	{ "stats", method_stats, "{} -> {plugins, tenants, host}" },
	{ "install", method_install,
	  "{tenant?, grant?, approveNative?, file?, upgrade?} + descriptor -> the plugin; progress" },
	{ "list", method_list, "{plugin?, tenant?} -> {plugins}, each with the versions it keeps" },
	{ "rollback", method_rollback,
	  "{plugin, tenant?, to?: previous|older|version|bundle} -> the plugin" },
	{ "pending", method_pending, "{} -> {pending}: upgrades that ask for more, and wait" },
	{ "approve", method_approve, "{plugin, tenant?, grant?} -> the plugin, upgraded" },
	{ "deny", method_deny, "{plugin, tenant?} -> the plugin; what waited is gone" },
	{ "store.verify", method_store_verify,
	  "{plugin?, full?} -> {clean, versions, files, problems}; progress on the way" },
	{ "store.gc", method_store_gc, "{} -> what was removed; nothing referred to it" },
	{ "remove", method_remove, "{plugin, tenant?} -> the plugin; its data stays" },
	{ "start", method_start, "{plugin, tenant?} -> the plugin, up" },
	{ "stop", method_stop, "{plugin, tenant?} -> the plugin, stopped until start" },
	{ "scan_plugins", method_scan, "{} -> {folder, bundles}; each verified" },
	{ "emit", method_emit,
	  "{event, plugin?, tenant?, note?, command?, wait?, timeoutMs?} -> {queued, results}" },
	{ "trust.add", method_trust_add,
	  "{key, fingerprint, label, permissions?, runtimes?, native?, plugins?, expires?}" },
	{ "trust.list", method_trust_list, "{} -> {keys, revocations}" },
	{ "trust.show", method_trust_show, "{fingerprint} -> {trust, plugins, successors}" },
	{ "trust.rotate", method_trust_rotate,
	  "{} + descriptor -> {from, to}: the new key takes over, within the old one's bounds" },
	{ "trust.refresh", method_trust_refresh, "{} -> the revocation list in force, read now" },
	{ "trust.revoke", method_trust_revoke,
	  "{fingerprint, reason?}: a compromised key's plugins are stopped" },
	{ "native.approve", method_native_approve,
	  "{id, note?} -> {id, kind}: a bundle id, or the fingerprint of a trusted key" },
	{ "native.list", method_native_list, "{} -> {approvals}" },
	{ "native.revoke", method_native_revoke,
	  "{id, note?} -> {id, stopped}: what it let in is stopped" },
	{ "grant.get", method_grant_get, "{plugin, tenant?} -> {asked, grant}" },
	{ "grant.set", method_grant_set, "{plugin, tenant?, grant}: null takes everything back" },
	{ "explain", method_explain,
	  "{plugin, tenant?} -> the whole policy, and who decided what" },
	{ "events", method_events,
	  "{follow?, plugin?, tenant?, last?} -> {events}, or notifications without end" },
	{ "logs", method_logs,
	  "{follow?, plugin?, tenant?, last?} -> {lines}, or notifications without end" },
	{ "refusals", method_refusals, "{plugin, tenant?, last?} -> {refusals, seen, counted}" },
	{ "inspect", method_inspect,
	  "{plugin, tenant?} -> what it is by the kernel, and every difference from its policy" },
	{ "selftest", method_selftest,
	  "{} -> {jails, tries, through, accepted}: jails whose process 1 tries to get out" },
	{ "dialogs", method_dialogs,
	  "{plugin?, tenant?} -> {dialogs}: what plugins ask people, and who waits until when" },
	{ "dialogs.answer", method_dialogs_answer,
	  "{id, action?: accept|decline, values?} -> {}: the plugin has the answer" },
	{ "undo", method_undo,
	  "{plugin, note, expect, restore, tenant?, dryRun?} -> {}: a replaced revision put back" },
	{ "shutdown", method_shutdown, "{}: ends every plugin, then kenneld" },
};

const struct control_method *methods_table(size_t *ret_count)
{
	*ret_count = countof(table);
	return table;
}

int method_text(const struct control_request *q, const char *key, bool required, size_t cap,
		char *ret, struct err *e)
{
	ret[0] = '\0';
	return json_get_str((struct json_place){ q->params, "" }, key, required, cap, ret, e) < 0
		       ? -1
		       : 0;
}

int method_filter(const struct control_request *q, struct control_filter *ret, struct err *e)
{
	*ret = (struct control_filter){ 0 };
	return method_text(q, "tenant", false, sizeof(ret->tenant), ret->tenant, e) < 0 ||
			       method_text(q, "plugin", false, sizeof(ret->plugin), ret->plugin,
					   e) < 0
		       ? -1
		       : 0;
}

int method_plugin(const struct control_request *q, struct plugin **ret, struct err *e)
{
	char tenant[NAME_MAX_BYTES], plugin[NAME_MAX_BYTES];

	if (method_text(q, "tenant", false, sizeof(tenant), tenant, e) < 0 ||
	    method_text(q, "plugin", true, sizeof(plugin), plugin, e) < 0)
		return -1;
	*ret = plugin_named(q->s, tenant, plugin, e);
	return *ret ? 0 : -1;
}

int method_tenant(const struct control_request *q, const struct tenant_ceiling **ret, struct err *e)
{
	char tenant[NAME_MAX_BYTES];

	if (method_text(q, "tenant", false, sizeof(tenant), tenant, e) < 0)
		return -1;
	if (!tenant[0] && q->s->ceiling.tenant_count == 1) {
		*ret = &q->s->ceiling.tenants[0];
		return 0;
	}
	if (!tenant[0])
		return err_set(e, ERR_USAGE, "this host has %u tenants: say which",
			       q->s->ceiling.tenant_count);
	*ret = supervisor_tenant(q->s, tenant);
	return *ret ? 0 : err_set(e, ERR_NOT_FOUND, "no tenant %s in the configuration", tenant);
}

static int method_ping(struct control_request *q, struct err *e)
{
	json_t *tenants = json_array();

	(void)e;
	for (uint32_t i = 0; i < q->s->ceiling.tenant_count; i++)
		(void)json_array_append_new(tenants, json_string(q->s->ceiling.tenants[i].name));
	q->result = json_pack("{s:b, s:o}", "pong", 1, "tenants", tenants);
	return CONTROL_DONE;
}

static int method_help(struct control_request *q, struct err *e)
{
	json_t *methods = json_object();

	(void)e;
	for (size_t i = 0; i < countof(table); i++)
		(void)json_object_set_new(methods, table[i].name, json_string(table[i].help));
	q->result = json_pack("{s:o}", "methods", methods);
	return CONTROL_DONE;
}

static int method_shutdown(struct control_request *q, struct err *e)
{
	struct launch_msg m;

	memset(&m, 0, sizeof(m));
	m.kind = LAUNCH_SHUTDOWN;
	if (launcher_ask(q->s, &m, NULL, NULL, NULL, e) < 0)
		return -1;
	q->result = json_object();
	return CONTROL_DONE;
}
