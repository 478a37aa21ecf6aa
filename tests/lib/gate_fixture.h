/* SPDX-License-Identifier: Apache-2.0 */
/* gate_fixture.h - a vault, its history and an audit writer behind the gate, and a plugin that
 * asks. */
#ifndef KENNEL_TESTS_GATE_FIXTURE_H
#define KENNEL_TESTS_GATE_FIXTURE_H

#include "base/clock.h"
#include "broker/calls.h"
#include "broker/gate.h"
#include "broker/logs.h"
#include "proto/broker_link.h"
#include "tests/lib/broker_fixture.h"

struct fixture {
	struct folders f;
	struct host host;
	struct audit_peer *audit;
	struct subject who;
	struct plugin_log log;
	char revision[DIGEST_HEX_BYTES];
};

static const struct broker_models models_for_tests = {
	.count = 1,
	.list = { { .name = "default",
		    .answer_tokens = 100,
		    .timeout_ms = 10000,
		    .tokens_per_day = 1000000 } },
};

#define NOTE_TEXT "A note about Topic and foo.\n"

FIXTURE_UNUSED static bool take_line(void *arg, enum log_stream stream, unsigned int level,
				     const char *line)
{
	(void)arg;
	(void)stream;
	(void)level;
	return line != NULL;
}

FIXTURE_UNUSED static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	host_init(&x->host);
	folders_make(&x->f);
	put_note(&x->f, "In/a.md", NOTE_TEXT);
	put_note(&x->f, "In/Topic.md", "# Topic\n");
	put_note(&x->f, "In/private/p.md", "secret\n");
	put_note(&x->f, "Out/o.md", "out\n");
	put_note(&x->f, "Out/Topic2.md", "out\n");
	note_revision(NOTE_TEXT, strlen(NOTE_TEXT), x->revision);
	assert_int_equal(vault_new(x->f.vault, &x->host.vault, NULL), 0);
	assert_int_equal(vault_rescan(x->host.vault, NULL, NULL, NULL), 0);
	assert_int_equal(history_open(x->f.state, &x->host.history, NULL), 0);
	assert_int_equal(kv_open(x->f.state, &x->host.kv, NULL), 0);
	cursor_new_key(&x->host.cursor_key);
	assert_int_equal(models_take(&x->host.models, &models_for_tests, NULL), 0);
	assert_int_equal(tokens_open(x->f.state, 0, &x->host.models.tokens, NULL), 0);
	x->audit = audit_start();
	x->host.ledger.sock = x->audit->ends[1];
	(void)snprintf(x->host.ledger.tenant, sizeof(x->host.ledger.tenant), "default");
	bucket_init(&x->log.bytes, 1000, 10000, clock_mono_ms());
	logs_set_sink(&x->log, take_line, NULL, NULL);
	*state = x;
	return 0;
}

FIXTURE_UNUSED static int teardown(void **state)
{
	struct fixture *x = *state;

	audit_stop(x->audit);
	vault_free_p(&x->host.vault);
	history_close_p(&x->host.history);
	kv_close_p(&x->host.kv);
	tokens_close_p(&x->host.models.tokens);
	folders_remove(&x->f);
	free(x);
	return 0;
}

enum grants { GRANT_NOTHING, GRANT_NO_SCOPE, GRANT_IN, GRANT_ASKED_ONLY };

FIXTURE_UNUSED static void become(struct fixture *x, enum grants g)
{
	static const enum permission perms[] = {
		PERM_READ_METADATA, PERM_READ_NOTES,   PERM_SEARCH_NOTES, PERM_CREATE_NOTES,
		PERM_WRITE_NOTES,   PERM_DELETE_NOTES, PERM_WRITE_LINKS,  PERM_OPEN_DIALOG,
		PERM_USE_AI,	    PERM_STORAGE,      PERM_READ_LINKS
	};
	struct policy p;

	policy_make(&p, "linker", 0);
	for (size_t i = 0; i < countof(perms) && g != GRANT_NOTHING; i++) {
		p.permissions |= PERM_BIT(perms[i]);
		if (g == GRANT_NO_SCOPE)
			continue;
		policy_scope(&p, perms[i], "In/**", false);
		policy_scope(&p, perms[i], "In/private/**", true);
		if (g == GRANT_ASKED_ONLY)
			p.granted_scope_count -= 2;
	}
	subject_init(&x->who, 7, &p, 1000);
	x->who.log = &x->log;
	audit_forget(x->audit);
}

/* 0: a result, now or later; else the error's code. ret_data may be NULL; the caller frees. */
FIXTURE_UNUSED static int ask(struct fixture *x, const char *method, const char *params,
			      int64_t now_ms, json_t **ret)
{
	CLEANUP(rpc_message_free_p) struct rpc_message m = { 0 };
	CLEANUP(free_p) char *text = NULL;
	json_t *answer;
	bool later;
	int code;

	assert_true(asprintf(&text,
			     "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"%s\",\"params\":%s}",
			     method, params) > 0);
	assert_int_equal(rpc_parse(text, strlen(text), &m, NULL), 0);
	answer = gate_run(&x->host, &x->who, &m, strlen(text), now_ms, &later);
	if (later) {
		assert_null(answer);
		assert_null(ret);
		waits_drop(&x->host.dialogs, x->host.dialogs.first);
		waits_drop(&x->host.models.calls, x->host.models.calls.first);
		return 0;
	}
	assert_non_null(answer);
	assert_int_equal(json_integer_value(json_object_get(answer, "id")), 5);
	code = (int)json_integer_value(json_object_get(json_object_get(answer, "error"), "code"));
	if (ret)
		*ret = json_incref(json_object_get(answer, code ? "error" : "result"));
	json_decref(answer);
	return code;
}

/* NULL leaves a parameter out. */
FIXTURE_UNUSED static void write_params(char *ret, size_t cap, const char *note, const char *base,
					const char *text)
{
	(void)snprintf(ret, cap, "{\"note\":\"%s\"%s%s%s%s%s%s}", note,
		       base ? ",\"baseRevision\":\"" : "", base ? base : "", base ? "\"" : "",
		       text ? ",\"text\":\"" : "", text ? text : "", text ? "\"" : "");
}

#endif
