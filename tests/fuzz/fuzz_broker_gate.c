/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_broker_gate.c - a plugin's message of any bytes through envelope and decision. What is
 * allowed must be a method of the table, small enough, permitted, and inside the scope. */
#include "base/bytes.h"
#include "base/cleanup.h"
#include "broker/gate.h"
#include "tests/fuzz/fuzz.h"

static void scope(struct policy *p, enum permission perm, const char *glob, uint8_t deny)
{
	struct scope_rule r = { .permission = (uint8_t)perm, .deny = deny };

	(void)copy_str(r.glob, sizeof(r.glob), glob);
	p->asked_scopes[p->asked_scope_count++] = r;
	p->granted_scopes[p->granted_scope_count++] = r;
}

static void make_subject(struct subject *who)
{
	static struct policy p;

	memset(&p, 0, sizeof(p));
	(void)copy_str(p.plugin, sizeof(p.plugin), "fuzz");
	p.permissions = PERM_BIT(PERM_READ_NOTES) | PERM_BIT(PERM_WRITE_LINKS);
	p.limits.calls_per_second = 1;
	scope(&p, PERM_READ_NOTES, "In/**", 0);
	scope(&p, PERM_READ_NOTES, "In/private/**", 1);
	subject_init(who, 1, &p, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(rpc_message_free_p) struct rpc_message m = { 0 };
	char note[VAULT_PATH_MAX];
	const struct call_row *row;
	struct subject who;

	if (rpc_parse(data, size, &m, NULL) < 0)
		return 0;
	must(text_is_printable(m.method, strlen(m.method)));
	if (m.kind != KIND_REQUEST && m.kind != KIND_NOTIFICATION)
		return 0;
	make_subject(&who);
	if (gate_decide(&who, &m, size, 0, note) != VERDICT_OK)
		return 0;
	row = gate_find(m.method);
	must(row && size <= row->request_max);
	must(row->permission != PERM_WRITE_LINKS); /* it has no scope here: nothing may pass */
	if (row->scoped)
		must(!strncmp(note, "In/", 3) && strncmp(note, "In/private/", 11) != 0 &&
		     !strstr(note, "/../"));
	return 0;
}
