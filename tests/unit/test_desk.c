/* SPDX-License-Identifier: Apache-2.0 */
/* test_desk.c - a plugin asks a person: the whole broker over its real sockets.
 * tests: runner/broker/desk.c runner/broker/waits.c runner/broker/call_dialog.c */
#include <signal.h>

#include "broker/broker.h"
#include "tests/lib/broker_play.h"

#define QUESTION \
	"{\"title\":\"Move it?\",\"fields\":[{\"name\":\"to\",\"label\":\"Folder\",\"required\":true}]%s}"

static struct plugin asker(struct fixture *x, uint64_t id, uint32_t event_timeout_ms)
{
	struct policy policy;

	policy_in(&policy, "linker");
	policy.permissions |= PERM_BIT(PERM_OPEN_DIALOG);
	policy.limits.event_timeout_ms = event_timeout_ms;
	return greet(x, id, &policy);
}

static void request(const struct plugin *pl, const char *id, const char *more)
{
	CLEANUP(free_p) char *params = NULL;
	CLEANUP(free_p) char *text = NULL;

	assert_true(asprintf(&params, QUESTION, more) > 0);
	assert_true(
		asprintf(&text,
			 "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"openDialog\",\"params\":%s}",
			 id, params) > 0);
	put(pl, text);
}

static struct broker_done answer_dialog(struct fixture *x, uint64_t id, const char *text)
{
	struct broker_msg m = { .kind = BROKER_DIALOG_ANSWER,
				.u.dialog_answer = { .serial = 5, .id = id } };

	(void)snprintf(m.u.dialog_answer.text, sizeof(m.u.dialog_answer.text), "%s", text);
	send_msg(x, &m, NULL);
	return want(x, BROKER_DONE).u.done;
}

static void want_result(const struct plugin *pl, const char *id, const char *action)
{
	CLEANUP(json_decref_p) json_t *j = get(pl);
	const json_t *got = json_object_get(j, "id"), *result = json_object_get(j, "result");

	assert_true(json_is_string(got) ? !strcmp(json_string_value(got), id)
					: json_integer_value(got) == strtoll(id, NULL, 10));
	assert_string_equal(str(result, "action"), action);
	if (!strcmp(action, "accept"))
		assert_string_equal(str(json_object_get(result, "values"), "to"), "Projects");
	else
		assert_int_equal(json_object_size(json_object_get(result, "values")), 0);
}

static void a_person_answers(void **state)
{
	struct fixture *x = *state;
	struct plugin pl = asker(x, 42, EVENT_DEADLINE_MS);
	struct broker_dialog d;
	struct broker_done done;

	request(&pl, "\"q\"", "");
	d = want(x, BROKER_DIALOG).u.dialog;
	assert_int_equal(d.instance, 42);
	assert_int_equal(d.timeout_ms, DIALOG_MS_NORMAL);
	assert_non_null(strstr(d.text, "\"title\":\"Move it?\""));
	/* other calls go on meanwhile */
	json_decref(call(&pl, "host.info", "{}"));
	assert_int_equal(audit_count(x->audit, "cap.intent", "allow"), 1);
	assert_int_equal(audit_count(x->audit, "cap.done", "allow"), 1);
	/* what does not fit reaches nobody */
	done = answer_dialog(x, d.id, "{\"action\":\"accept\",\"values\":{}}");
	assert_int_equal(done.error.code, ERR_JSON_VALUE);
	assert_non_null(strstr(done.error.text, "to must be filled in"));
	assert_int_equal(answer_dialog(x, d.id, "{").error.code, ERR_JSON);
	assert_int_equal(answer_dialog(x, d.id + 1, "{\"action\":\"decline\"}").error.code,
			 ERR_NOT_FOUND);
	done = answer_dialog(x, d.id, "{\"action\":\"accept\",\"values\":{\"to\":\"Projects\"}}");
	want_result(&pl, "q", "accept");
	assert_int_equal(audit_count(x->audit, "dialog.end", "allow"), 1);
	/* what was typed is not for the log */
	assert_null(strstr(audit_last(x->audit).detail, "Projects"));
	/* once */
	assert_int_equal(answer_dialog(x, d.id, "{\"action\":\"decline\"}").error.code,
			 ERR_NOT_FOUND);
	detach(x, &pl);
}

static void it_ends_in_other_ways(void **state)
{
	struct fixture *x = *state;
	struct plugin pl = asker(x, 42, EVENT_DEADLINE_MS);
	struct broker_dialog d;

	request(&pl, "1", "");
	d = want(x, BROKER_DIALOG).u.dialog;
	assert_int_equal(answer_dialog(x, d.id, "{\"action\":\"decline\"}").error.code, ERR_OK);
	want_result(&pl, "1", "decline");
	request(&pl, "2", ",\"timeoutMs\":1");
	want_result(&pl, "2", "timeout");
	assert_int_equal(audit_count(x->audit, "dialog.end", "E_TIMEOUT"), 1);
	request(&pl, "3", "");
	put(&pl, "{\"jsonrpc\":\"2.0\",\"method\":\"$/cancel\",\"params\":{\"id\":4}}");
	put(&pl, "{\"jsonrpc\":\"2.0\",\"method\":\"$/cancel\",\"params\":{\"id\":3}}");
	want_result(&pl, "3", "withdrawn");
	/* with its plugin */
	request(&pl, "5", "");
	d = want(x, BROKER_DIALOG).u.dialog;
	detach(x, &pl);
	assert_int_equal(answer_dialog(x, d.id, "{\"action\":\"decline\"}").error.code,
			 ERR_NOT_FOUND);
	assert_int_equal(audit_count(x->audit, "dialog.end", "E_STATE"), 2);
}

static void one_plugin_asks_so_much_at_once(void **state)
{
	struct fixture *x = *state;
	struct plugin pl = asker(x, 42, EVENT_DEADLINE_MS);
	json_t *j;

	for (unsigned int i = 0; i < DIALOGS_OF_ONE_MAX; i++) {
		char id[16];

		(void)snprintf(id, sizeof(id), "%u", 100 + i);
		request(&pl, id, "");
		(void)want(x, BROKER_DIALOG);
	}
	request(&pl, "200", "");
	j = get(&pl);
	assert_int_equal(num(json_object_get(j, "error"), "code"), RPC_QUOTA);
	json_decref(j);
	assert_int_equal(audit_count(x->audit, "deny", "E_FULL"), 1);
	/* an id that waits is in use */
	request(&pl, "101", "");
	assert_int_equal(want(x, BROKER_VIOLATION).u.fault.error.code, ERR_PROTOCOL);
	detach(x, &pl);
}

static void who_may_not_ask_is_refused(void **state)
{
	struct fixture *x = *state;
	struct policy policy;
	struct plugin pl;
	json_t *j;

	policy_in(&policy, "linker");
	pl = greet(x, 42, &policy);
	j = call(&pl, "ui.openDialog", "{\"title\":\"t\"}");
	assert_int_equal(num(json_object_get(j, "error"), "code"), RPC_PERMISSION_DENIED);
	json_decref(j);
	want_quiet(x);
	detach(x, &pl);
}

/* A question without an id could not be answered. */
static void a_notification_asks_nobody(void **state)
{
	struct fixture *x = *state;
	struct plugin pl = asker(x, 42, EVENT_DEADLINE_MS);

	put(&pl, "{\"jsonrpc\":\"2.0\",\"method\":\"openDialog\",\"params\":{\"title\":\"t\"}}");
	json_decref(call(&pl, "host.info", "{}"));
	want_quiet(x);
	assert_int_equal(audit_count(x->audit, "deny", "E_PARAMS"), 1);
	detach(x, &pl);
}

enum { EVENT_MS = 400 };

static void an_event_is_not_late_while_a_person_thinks(void **state)
{
	struct fixture *x = *state;
	struct plugin pl = asker(x, 42, EVENT_MS);
	struct broker_dialog d;
	json_int_t event;

	put_note(&x->f, "In/new.md", "new");
	event = want_request(&pl, "onNoteSave", NULL);
	request(&pl, "\"a\"", "");
	d = want(x, BROKER_DIALOG).u.dialog;
	(void)poll(NULL, 0, 2 * EVENT_MS);
	assert_int_equal(answer_dialog(x, d.id, "{\"action\":\"decline\"}").error.code, ERR_OK);
	want_result(&pl, "a", "decline");
	answer(&pl, event, "null");
	assert_int_equal(want(x, BROKER_EVENT_DONE).u.event.result, 0);
	/* then its time goes on */
	put_note(&x->f, "In/new.md", "newer");
	(void)want_request(&pl, "onNoteSave", NULL);
	request(&pl, "\"b\"", "");
	d = want(x, BROKER_DIALOG).u.dialog;
	assert_int_equal(answer_dialog(x, d.id, "{\"action\":\"decline\"}").error.code, ERR_OK);
	(void)want(x, BROKER_EVENT_LATE);
	detach(x, &pl);
}

/* What an event that is over left open holds none of the next one's time, and that one's own does.
 */
static void only_its_own_questions_hold_an_event(void **state)
{
	struct fixture *x = *state;
	struct plugin pl = asker(x, 42, EVENT_MS);
	struct broker_dialog first, second;
	json_int_t event;

	put_note(&x->f, "In/new.md", "new");
	event = want_request(&pl, "onNoteSave", NULL);
	request(&pl, "\"a\"", "");
	first = want(x, BROKER_DIALOG).u.dialog;
	answer(&pl, event, "null");
	(void)want(x, BROKER_EVENT_DONE);
	put_note(&x->f, "In/new.md", "newer");
	event = want_request(&pl, "onNoteSave", NULL);
	request(&pl, "\"b\"", "");
	second = want(x, BROKER_DIALOG).u.dialog;
	assert_int_equal(answer_dialog(x, first.id, "{\"action\":\"decline\"}").error.code, ERR_OK);
	want_result(&pl, "a", "decline");
	(void)poll(NULL, 0, 2 * EVENT_MS);
	assert_int_equal(answer_dialog(x, second.id, "{\"action\":\"decline\"}").error.code,
			 ERR_OK);
	want_result(&pl, "b", "decline");
	answer(&pl, event, "null");
	assert_int_equal(want(x, BROKER_EVENT_DONE).u.event.result, 0);
	request(&pl, "\"c\"", "");
	first = want(x, BROKER_DIALOG).u.dialog;
	put_note(&x->f, "In/new.md", "newest");
	(void)want_request(&pl, "onNoteSave", NULL);
	(void)want(x, BROKER_EVENT_LATE);
	detach(x, &pl);
}

static void an_answer_that_cannot_be_recorded_is_not_given(void **state)
{
	struct fixture *x = *state;
	struct plugin pl = asker(x, 42, EVENT_DEADLINE_MS);
	struct broker_dialog d;

	request(&pl, "1", "");
	d = want(x, BROKER_DIALOG).u.dialog;
	audit_refuse(x->audit, true);
	assert_int_equal(answer_dialog(x, d.id, "{\"action\":\"decline\"}").error.code, ERR_AUDIT);
	audit_refuse(x->audit, false);
	assert_int_equal(answer_dialog(x, d.id, "{\"action\":\"decline\"}").error.code, ERR_OK);
	want_result(&pl, "1", "decline");
	detach(x, &pl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_person_answers, play_setup, play_teardown),
		cmocka_unit_test_setup_teardown(it_ends_in_other_ways, play_setup, play_teardown),
		cmocka_unit_test_setup_teardown(one_plugin_asks_so_much_at_once, play_setup,
						play_teardown),
		cmocka_unit_test_setup_teardown(who_may_not_ask_is_refused, play_setup,
						play_teardown),
		cmocka_unit_test_setup_teardown(a_notification_asks_nobody, play_setup,
						play_teardown),
		cmocka_unit_test_setup_teardown(an_event_is_not_late_while_a_person_thinks,
						play_setup, play_teardown),
		cmocka_unit_test_setup_teardown(only_its_own_questions_hold_an_event, play_setup,
						play_teardown),
		cmocka_unit_test_setup_teardown(an_answer_that_cannot_be_recorded_is_not_given,
						play_setup, play_teardown),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
