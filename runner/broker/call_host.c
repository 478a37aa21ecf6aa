/* SPDX-License-Identifier: Apache-2.0 */
/* call_host.c - host.info and grants.query: what this host can do, and what of it the plugin may.
 */
#include "broker/calls.h"

#include "base/cleanup.h"
#include "policy/terms.h"

static const char *const no_keys[] = { "_meta" };

int call_host_info(struct call *c)
{
	json_t *methods;

	if (call_check_keys(c, no_keys, countof(no_keys)) < 0)
		return -1;
	methods = json_array();
	for (size_t i = 0; i < gate_row_count(); i++)
		(void)json_array_append_new(methods, json_string(gate_row(i)->name));
	c->result = json_pack("{s:s, s:o}", "protocol", WIRE_PROTOCOL, "methods", methods);
	return c->result ? 0 : call_no_memory(c);
}

/* What the plugin asked for and what it was granted must both allow a note; both are told. */
int call_grants_query(struct call *c)
{
	const struct policy *p = &c->who->policy;
	json_t *asked, *granted;

	if (call_check_keys(c, no_keys, countof(no_keys)) < 0)
		return -1;
	asked = scopes_to_json(p->asked_scopes, p->asked_scope_count);
	granted = scopes_to_json(p->granted_scopes, p->granted_scope_count);
	c->result = json_pack("{s:o, s:o, s:o}", "permissions", permissions_to_json(p->permissions),
			      "asked", asked, "granted", granted);
	return c->result ? 0 : call_no_memory(c);
}
