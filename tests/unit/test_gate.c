/* SPDX-License-Identifier: Apache-2.0 */
/* test_gate.c - every method under every condition gives one verdict, on record before any effect.
 * tests: runner/broker/refusal.c runner/broker/ledger.c runner/broker/call_log.c */
#include "tests/lib/gate_fixture.h"

static void good_params(struct fixture *x, const struct call_row *row, const char *note, char *ret,
			size_t cap)
{
	static const struct {
		const char *method, *params; /* "note" comes first, where there is one */
	} rest[] = { { "links.write", ",\"baseRevision\":\"%s\"}" },
		     { "notes.write", ",\"baseRevision\":\"%s\",\"text\":\"new\"}" },
		     { "notes.create", ",\"text\":\"new\"}" },
		     { "notes.delete", ",\"baseRevision\":\"%s\"}" },
		     { "notes.search", "{\"query\":\"topic\"}" },
		     { "ui.openDialog", "{\"title\":\"t\"}" },
		     { "kv.get", "{\"key\":\"k\"}" },
		     { "kv.put", "{\"key\":\"k\",\"value\":[1]}" },
		     { "kv.delete", "{\"key\":\"k\"}" },
		     { "ai.complete",
		       "{\"messages\":[{\"role\":\"user\",\"content\":\"Which tags?\"}]}" },
		     { "ai.embed", "{\"input\":[\"a note\"]}" },
		     { "log.write", "{\"level\":\"info\",\"message\":\"m\"}" } };
	const char *more = row->scoped ? "}" : "{}", *at;
	int n = row->scoped ? snprintf(ret, cap, "{\"note\":\"%s\"", note) : 0;

	for (size_t i = 0; i < countof(rest); i++)
		if (!strcmp(row->name, rest[i].method))
			more = rest[i].params;
	at = strstr(more, "%s");
	(void)snprintf(ret + n, cap - (size_t)n, "%.*s%s%s",
		       at ? (int)(at - more) : (int)strlen(more), more, at ? x->revision : "",
		       at ? at + 2 : "");
}

/* One row a condition; -1: not for this kind of method. */
static const struct {
	const char *name;
	enum grants grants;
	const char *note;
	bool over_rate, over_quota, oversize;
	int scoped;   /* code for methods with a note */
	int unscoped; /* for those with a permission only */
	int open;     /* for those without a permission */
} conditions[] = {
	{ "in scope", GRANT_IN, "In/a.md", false, false, false, 0, 0, 0 },
	{ "no permission", GRANT_NOTHING, "In/a.md", false, false, false, RPC_PERMISSION_DENIED,
	  RPC_PERMISSION_DENIED, 0 },
	{ "permission without a scope", GRANT_NO_SCOPE, "In/a.md", false, false, false,
	  RPC_SCOPE_DENIED, 0, 0 },
	{ "asked, not granted", GRANT_ASKED_ONLY, "In/a.md", false, false, false, RPC_SCOPE_DENIED,
	  0, 0 },
	{ "outside", GRANT_IN, "Out/o.md", false, false, false, RPC_SCOPE_DENIED, -1, -1 },
	{ "denied inside", GRANT_IN, "In/private/p.md", false, false, false, RPC_SCOPE_DENIED, -1,
	  -1 },
	{ "outside and absent", GRANT_IN, "Out/none.md", false, false, false, RPC_SCOPE_DENIED, -1,
	  -1 },
	{ "inside and absent", GRANT_IN, "In/none.md", false, false, false, RPC_NOT_FOUND, -1, -1 },
	{ "climbs", GRANT_IN, "In/../Out/o.md", false, false, false, RPC_INVALID_PARAMS, -1, -1 },
	{ "absolute", GRANT_IN, "/etc/passwd", false, false, false, RPC_INVALID_PARAMS, -1, -1 },
	{ "hidden", GRANT_IN, "In/.git/x.md", false, false, false, RPC_INVALID_PARAMS, -1, -1 },
	{ "not a note", GRANT_IN, "In/a.txt", false, false, false, RPC_INVALID_PARAMS, -1, -1 },
	{ "malformed without permission tells nothing", GRANT_NOTHING, "../x", false, false, false,
	  RPC_PERMISSION_DENIED, -1, -1 },
	{ "over rate", GRANT_IN, "In/a.md", true, false, false, RPC_RATE_LIMITED, RPC_RATE_LIMITED,
	  RPC_RATE_LIMITED },
	{ "over rate, outside", GRANT_IN, "Out/o.md", true, false, false, RPC_SCOPE_DENIED, -1,
	  -1 },
	{ "over quota", GRANT_IN, "In/a.md", false, true, false, RPC_QUOTA, RPC_QUOTA, RPC_QUOTA },
	{ "oversize", GRANT_IN, "In/a.md", false, false, true, RPC_TOO_LARGE, RPC_TOO_LARGE,
	  RPC_TOO_LARGE },
	{ "oversize without permission", GRANT_NOTHING, "In/a.md", false, false, true,
	  RPC_TOO_LARGE, RPC_TOO_LARGE, RPC_TOO_LARGE },
};

static int expected(const struct call_row *row, size_t i)
{
	/* What is there cannot be made, what is not can. */
	if (row->prepare == call_create_prepare && conditions[i].scoped == 0)
		return RPC_CONFLICT;
	if (row->prepare == call_create_prepare && conditions[i].scoped == RPC_NOT_FOUND)
		return 0;
	if (row->scoped)
		return conditions[i].scoped;
	return row->permission == NO_PERMISSION ? conditions[i].open : conditions[i].unscoped;
}

static void check_cell(struct fixture *x, const struct call_row *row, const char *method, size_t i)
{
	int want = expected(row, i), got;
	CLEANUP(free_p) char *params = calloc(1, 2 * WIRE_FRAME_MAX);
	size_t n;

	if (want < 0)
		return;
	put_note(&x->f, "In/a.md", NOTE_TEXT);
	(void)unlinkat(x->f.vault, "In/none.md", 0);
	assert_int_equal(vault_rescan(x->host.vault, NULL, NULL, NULL), 0);
	become(x, conditions[i].grants);
	if (conditions[i].over_rate)
		assert_true(bucket_take(&x->who.calls, x->who.calls.burst, 1000));
	if (conditions[i].over_quota)
		x->who.inflight = WIRE_INFLIGHT_MAX;
	good_params(x, row, conditions[i].note, params, 1000);
	n = strlen(params);
	if (conditions[i].oversize)
		memset(params + n, ' ', row->request_max);
	got = ask(x, method, params, 1000, NULL);
	if (got != want)
		fail_msg("%s, %s: %d, not %d", method, conditions[i].name, got, want);
	/* every refusal stands in the log, every use too */
	assert_int_equal(audit_count(x->audit, "deny", ""), want ? 1 : 0);
	if (want == 0 && row->recording != RECORD_NOTHING)
		assert_int_equal(audit_count(x->audit, "cap.use", "allow") +
					 audit_count(x->audit, "cap.done", "allow"),
				 1);
	assert_int_equal(x->who.refused, want ? 1 : 0);
	assert_int_equal(x->who.allowed, want ? 0 : 1);
	assert_string_equal(want ? audit_last(x->audit).method : method, method);
}

static void each_method_under_each_condition(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(gate_row_count(), 20);
	for (size_t r = 0; r < gate_row_count(); r++)
		for (size_t i = 0; i < countof(conditions); i++) {
			check_cell(x, gate_row(r), gate_row(r)->name, i);
			if (gate_row(r)->alias)
				check_cell(x, gate_row(r), gate_row(r)->alias, i);
		}
}

static void bad_params_of_every_kind(void **state)
{
	static const struct {
		const char *method, *params;
	} bad[] = {
		{ "notes.read", "{}" },
		{ "notes.read", "{\"note\":5}" },
		{ "notes.read", "{\"note\":null}" },
		{ "notes.read", "{\"note\":\"In/a.md\",\"x\":1}" },
		{ "notes.read", "{\"note\":\"In/a.md/\"}" },
		{ "notes.list", "{\"limit\":0}" },
		{ "notes.list", "{\"limit\":501}" },
		{ "notes.list", "{\"limit\":-1}" },
		{ "notes.list", "{\"limit\":\"5\"}" },
		{ "notes.list", "{\"cursor\":\"../..\"}" },
		{ "notes.list", "{\"folder\":\"x\"}" },
		{ "notes.stat", "{\"note\":\"In/a.md\",\"x\":1}" },
		{ "notes.search", "{}" },
		{ "notes.search", "{\"query\":\"\"}" },
		{ "notes.search", "{\"query\":\"   \"}" },
		{ "notes.search", "{\"query\":\"a\\nb\"}" },
		{ "notes.search", "{\"query\":\"a b c d e f g h i\"}" },
		{ "notes.search", "{\"query\":5}" },
		{ "notes.search", "{\"query\":\"a\",\"limit\":0}" },
		{ "notes.search", "{\"query\":\"a\",\"cursor\":\"00\"}" },
		{ "notes.write", "{\"note\":\"In/a.md\",\"text\":\"x\"}" },
		{ "notes.write", "{\"note\":\"In/a.md\",\"baseRevision\":\"\"}" },
		{ "notes.write", "{\"note\":\"In/a.md\",\"baseRevision\":\"\",\"text\":5}" },
		{ "notes.write",
		  "{\"note\":\"In/a.md\",\"baseRevision\":\"\",\"text\":\"x\",\"mode\":1}" },
		{ "notes.create", "{\"note\":\"In/new.md\"}" },
		{ "notes.create", "{\"note\":\"In/new.md\",\"text\":null}" },
		{ "notes.create", "{\"note\":\"In/new.md\",\"text\":\"\",\"baseRevision\":\"\"}" },
		{ "notes.delete", "{\"note\":\"In/a.md\"}" },
		{ "notes.delete", "{\"note\":\"In/a.md\",\"baseRevision\":5}" },
		{ "host.info", "{\"x\":1}" },
		{ "grants.query", "{\"plugin\":\"other\"}" },
		{ "log.write", "{}" },
		{ "log.write", "{\"level\":\"loud\",\"message\":\"m\"}" },
		{ "log.write", "{\"level\":\"info\",\"message\":5}" },
		{ "links.write", "{\"note\":\"In/a.md\"}" },
		{ "links.write", "{\"note\":\"In/a.md\",\"baseRevision\":5}" },
		{ "links.write", "{\"note\":\"In/a.md\",\"baseRevision\":\"\",\"add\":{}}" },
		{ "links.write", "{\"note\":\"In/a.md\",\"baseRevision\":\"\",\"add\":[5]}" },
		{ "links.write", "{\"note\":\"In/a.md\",\"baseRevision\":\"\",\"add\":[{}]}" },
		{ "links.write",
		  "{\"note\":\"In/a.md\",\"baseRevision\":\"\",\"add\":[{\"target\":\"http://evil.org/\"}]}" },
		{ "links.write",
		  "{\"note\":\"In/a.md\",\"baseRevision\":\"\",\"add\":[{\"target\":\"../Out/o.md\"}]}" },
		{ "links.write",
		  "{\"note\":\"In/a.md\",\"baseRevision\":\"\",\"add\":[{\"target\":\"In/Topic.md\",\"anchor\":\"a\\nb\"}]}" },
		{ "links.write",
		  "{\"note\":\"In/a.md\",\"baseRevision\":\"\",\"add\":[{\"target\":\"In/Topic.md\",\"anchor\":\"\"}]}" },
		{ "links.write",
		  "{\"note\":\"In/a.md\",\"baseRevision\":\"\",\"remove\":[{\"target\":\"In/Topic.md\",\"anchor\":\"x\"}]}" },
		{ "links.write",
		  "{\"note\":\"In/a.md\",\"baseRevision\":\"\",\"add\":[{\"target\":\"In/Topic.md\"}],"
		  "\"remove\":[{\"target\":\"In/Topic.md\"}]}" },
		{ "links.write",
		  "{\"note\":\"In/a.md\",\"baseRevision\":\"\",\"text\":\"all mine\"}" },
	};
	struct fixture *x = *state;

	for (size_t i = 0; i < countof(bad); i++) {
		int code;

		become(x, GRANT_IN);
		code = ask(x, bad[i].method, bad[i].params, 1000, NULL);
		if (code != RPC_INVALID_PARAMS)
			fail_msg("%s %s: %d", bad[i].method, bad[i].params, code);
		assert_int_equal(audit_count(x->audit, "deny", "E_PARAMS"), 1);
	}
}

static void a_refusal_teaches(void **state)
{
	static const struct {
		enum grants grants;
		const char *method, *note, *permission, *grant;
	} cases[] = {
		{ GRANT_NOTHING, "notes.read", "In/a.md", "readNotes",
		  "kennel grant linker --add 'readNotes=FOLDER/**'" },
		{ GRANT_IN, "notes.read", "Out/o.md", "readNotes",
		  "kennel grant linker --add 'readNotes=Out/**'" },
		{ GRANT_IN, "readNotes", "Out/deep/er/o.md", "readNotes",
		  "kennel grant linker --add 'readNotes=Out/deep/er/**'" },
		{ GRANT_IN, "notes.read", "top.md", "readNotes",
		  "kennel grant linker --add 'readNotes=top.md'" },
		{ GRANT_IN, "notes.read", "Ünï cödé/o.md", "readNotes",
		  "kennel grant linker --add 'readNotes=Ünï cödé/**'" },
		{ GRANT_IN, "notes.read", "x'; rm -rf ~; '/o.md", "readNotes",
		  "kennel grant linker --add 'readNotes=FOLDER/**'" },
		{ GRANT_IN, "notes.read", "**/o.md", "readNotes",
		  "kennel grant linker --add 'readNotes=FOLDER/**'" },
		{ GRANT_IN, "notes.read", "a,b/o.md", "readNotes",
		  "kennel grant linker --add 'readNotes=FOLDER/**'" },
		{ GRANT_IN, "notes.read", "$(id)/o.md", "readNotes",
		  "kennel grant linker --add 'readNotes=FOLDER/**'" },
		{ GRANT_IN, "links.write", "Out/o.md", "writeLinks",
		  "kennel grant linker --add 'writeLinks=Out/**'" },
	};
	struct fixture *x = *state;

	for (size_t i = 0; i < countof(cases); i++) {
		char params[512];
		json_t *error, *data;

		become(x, cases[i].grants);
		(void)snprintf(params, sizeof(params), "{\"note\":\"%s\",\"baseRevision\":\"%s\"}",
			       cases[i].note, x->revision);
		assert_int_not_equal(ask(x, cases[i].method, params, 1000, &error), 0);
		data = json_object_get(error, "data");
		assert_non_null(strstr(json_string_value(json_object_get(error, "message")),
				       cases[i].method));
		assert_string_equal(json_string_value(json_object_get(data, "method")),
				    cases[i].method);
		assert_string_equal(json_string_value(json_object_get(data, "permission")),
				    cases[i].permission);
		assert_string_equal(json_string_value(json_object_get(data, "grant")),
				    cases[i].grant);
		json_decref(error);
	}
	become(x, GRANT_IN);
	assert_true(bucket_take(&x->who.calls, x->who.calls.burst, 1000));
	{
		json_t *error;

		assert_int_equal(ask(x, "notes.list", "{}", 1000, &error), RPC_RATE_LIMITED);
		assert_int_equal(json_integer_value(json_object_get(json_object_get(error, "data"),
								    "retryAfterMs")),
				 1);
		json_decref(error);
	}
	assert_int_equal(ask(x, "notes.chmod", "{}", 1000, NULL), RPC_METHOD_NOT_FOUND);
	assert_int_equal(ask(x, "", "{}", 1000, NULL), RPC_METHOD_NOT_FOUND);
}

static void nothing_happens_without_a_record(void **state)
{
	struct fixture *x = *state;
	CLEANUP(free_p) char *now = NULL;
	char write[512], write2[512];

	become(x, GRANT_IN);
	(void)snprintf(
		write, sizeof(write),
		"{\"note\":\"In/a.md\",\"baseRevision\":\"%s\",\"add\":[{\"target\":\"In/Topic.md\"}]}",
		x->revision);
	audit_refuse(x->audit, true);
	assert_int_equal(ask(x, "links.write", write, 1000, NULL), RPC_UNAVAILABLE);
	assert_int_equal(ask(x, "notes.read", "{\"note\":\"In/a.md\"}", 1000, NULL),
			 RPC_UNAVAILABLE);
	assert_int_equal(ask(x, "notes.list", "{}", 1000, NULL), RPC_UNAVAILABLE);
	write_params(write2, sizeof(write2), "In/a.md", x->revision, "new");
	assert_int_equal(ask(x, "notes.write", write2, 1000, NULL), RPC_UNAVAILABLE);
	write_params(write2, sizeof(write2), "In/a.md", x->revision, NULL);
	assert_int_equal(ask(x, "notes.delete", write2, 1000, NULL), RPC_UNAVAILABLE);
	now = get_note(&x->f, "In/a.md");
	assert_string_equal(now, NOTE_TEXT);
	assert_int_equal(x->host.history.files, 0);
	assert_int_equal(x->who.allowed, 0);
	/* the writer is gone altogether */
	(void)shutdown(x->audit->ends[0], SHUT_RDWR);
	assert_int_equal(ask(x, "links.write", write, 1000, NULL), RPC_UNAVAILABLE);
	assert_int_equal(ask(x, "notes.read", "{\"note\":\"Out/o.md\"}", 1000, NULL),
			 RPC_SCOPE_DENIED);
}

static void a_flood_of_refusals_is_counted(void **state)
{
	enum { FLOOD = 10000 };
	struct fixture *x = *state;
	uint64_t counted = 0;

	become(x, GRANT_IN);
	for (int64_t i = 0; i < FLOOD; i++)
		(void)ask(x, "notes.read", "{\"note\":\"Out/o.md\"}", 1000 + i / 5, NULL);
	ledger_flush(&x->host.ledger, &x->who, true, 4000);
	assert_true(x->audit->count < 100);
	for (size_t i = 0; i < x->audit->count; i++)
		counted += x->audit->kept[i].count ? x->audit->kept[i].count : 1;
	assert_int_equal(counted, FLOOD);
	assert_int_equal(x->who.refused, FLOOD);
	/* what cannot be written stays counted */
	audit_forget(x->audit);
	audit_refuse(x->audit, true);
	(void)ask(x, "notes.read", "{\"note\":\"Out/o.md\"}", 60000, NULL);
	assert_int_equal(x->who.held.count, 1);
	audit_refuse(x->audit, false);
	ledger_flush(&x->host.ledger, &x->who, true, 61000);
	assert_int_equal(x->who.held.count, 0);
	assert_int_equal(x->audit->count, 1);
}

static void a_notification_passes_the_same_gate(void **state)
{
	static const char text[] =
		"{\"jsonrpc\":\"2.0\",\"method\":\"notes.read\",\"params\":{\"note\":\"Out/o.md\"}}";
	struct fixture *x = *state;
	CLEANUP(rpc_message_free_p) struct rpc_message m = { 0 };
	bool later;

	become(x, GRANT_IN);
	assert_int_equal(rpc_parse(text, strlen(text), &m, NULL), 0);
	assert_null(gate_run(&x->host, &x->who, &m, strlen(text), 1000, &later));
	assert_int_equal(audit_count(x->audit, "deny", "E_SCOPE"), 1);
}

static int page_fd; /* opened before a test leaves the folder */

/* kennel-api(7) has each method with its permission, and no other; and each word of a refusal. */
static void the_manual_has_every_method(void **state)
{
	CLEANUP(buffer_free_p) struct buffer page = { 0 };
	size_t there = 0;
	char line[256];

	(void)state;
	assert_int_equal(fs_read_fd(page_fd, 1u << 20, &page, NULL), 0);
	for (size_t i = 0; i < gate_row_count(); i++) {
		const struct call_row *row = gate_row(i);
		const char *permission = permission_name(row->permission);

		if (permission)
			(void)snprintf(line, sizeof(line), "\n.It Ic %s Pq Ql %s\n", row->name,
				       permission);
		else
			(void)snprintf(line, sizeof(line), "\n.It Ic %s Pq every plugin\n",
				       row->name);
		if (!strstr((const char *)page.p, line))
			fail_msg("kennel-api(7) lacks:%s", line);
		(void)snprintf(line, sizeof(line), "\n.Ic %s .\n", row->alias ? row->alias : "");
		if (row->alias && !strstr((const char *)page.p, line))
			fail_msg("kennel-api(7) lacks:%s", line);
	}
	for (const char *p = (const char *)page.p; (p = strstr(p, "\n.It Ic ")); p++)
		there += strstr(p, " Pq ") && strstr(p, " Pq ") < strchr(p + 1, '\n');
	assert_int_equal(there, gate_row_count());
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(each_method_under_each_condition),
		T(bad_params_of_every_kind),
		T(a_refusal_teaches),
		T(nothing_happens_without_a_record),
		T(a_flood_of_refusals_is_counted),
		T(a_notification_passes_the_same_gate),
		T(the_manual_has_every_method),
	};
#undef T

	page_fd = open("runner/doc/kennel-api.7", O_RDONLY | O_CLOEXEC);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
