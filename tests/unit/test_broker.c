/* SPDX-License-Identifier: Apache-2.0 */
/* test_broker.c - the whole broker over its real sockets: we play supervisor, audit writer and
 * plugins. tests: runner/broker/deliver.c runner/broker/uplink.c */
#include "broker/broker.h"

#include <signal.h>

#include "tests/lib/broker_play.h"

static void a_plugin_is_greeted_and_served(void **state)
{
	struct fixture *x = *state;
	struct policy policy;
	struct plugin pl;
	json_t *params, *j;
	char write[512];

	policy_in(&policy, "linker");
	pl = attach(x, 42, &policy);
	answer(&pl, want_request(&pl, "initialize", &params), "{\"ready\":true}");
	assert_string_equal(str(params, "protocol"), WIRE_PROTOCOL);
	assert_string_equal(str(params, "plugin"), "linker");
	assert_string_equal(str(params, "tenant"), "default");
	assert_string_equal(str(params, "instance"), "42");
	assert_int_equal(json_array_size(json_object_get(params, "grants")), 2);
	assert_int_equal(json_array_size(json_object_get(params, "events")), 2);
	json_decref(params);
	assert_int_equal(want(x, BROKER_UP).u.instance.id, 42);
	j = call(&pl, "notes.list", "{}");
	assert_int_equal(json_array_size(json_object_get(json_object_get(j, "result"), "notes")),
			 2);
	json_decref(j);
	j = call(&pl, "notes.read", "{\"note\":\"In/a.md\"}");
	(void)snprintf(
		write, sizeof(write),
		"{\"note\":\"In/a.md\",\"baseRevision\":\"%s\",\"add\":[{\"target\":\"In/Topic.md\",\"anchor\":\"Topic\"}]}",
		str(json_object_get(j, "result"), "revision"));
	json_decref(j);
	j = call(&pl, "links.write", write);
	assert_true(json_is_true(json_object_get(json_object_get(j, "result"), "changed")));
	json_decref(j);
	assert_int_equal(audit_count(x->audit, "cap.done", ""), 1);
	j = call(&pl, "notes.read", "{\"note\":\"Out/o.md\"}");
	assert_int_equal(num(json_object_get(j, "error"), "code"), RPC_SCOPE_DENIED);
	json_decref(j);
	assert_int_equal(stats(x, 42).calls, 3);
	assert_int_equal(stats(x, 42).refused, 1);
	assert_int_equal(stats(x, 0).up, 1);
	/* its own save is not told to it */
	want_quiet(x);
	detach(x, &pl);
}

static void a_save_from_outside_is_an_event(void **state)
{
	struct fixture *x = *state;
	struct policy policy;
	struct plugin pl;
	struct broker_event done;
	json_t *params, *ev;
	json_int_t id;

	policy_in(&policy, "linker");
	pl = greet(x, 7, &policy);
	put_note(&x->f, "Out/o.md", "changed, but not for it");
	put_note(&x->f, "In/new.md", "new");
	id = want_request(&pl, "onNoteSave", &params);
	ev = json_object_get(params, "event");
	assert_string_equal(str(ev, "type"), "onNoteSave");
	assert_string_equal(str(json_object_get(ev, "note"), "path"), "In/new.md");
	assert_int_equal(strlen(str(json_object_get(ev, "note"), "revision")), 64);
	assert_int_equal(num(ev, "attempt"), 1);
	assert_string_equal(str(ev, "origin"), "");
	assert_int_equal(num(json_object_get(params, "_meta"), "deadlineMs"), 30000);
	json_decref(params);
	/* one at a time: the second waits for the answer to the first */
	put_note(&x->f, "In/new2.md", "new");
	want_quiet(x);
	answer(&pl, id, "null");
	done = want(x, BROKER_EVENT_DONE).u.event;
	assert_int_equal(done.result, 0);
	assert_string_equal(done.note, "In/new.md");
	assert_string_equal(done.plugin, "linker");
	id = want_request(&pl, "onNoteSave", NULL);
	{
		char text[128];

		(void)snprintf(
			text, sizeof(text),
			"{\"jsonrpc\":\"2.0\",\"id\":%lld,\"error\":{\"code\":1,\"message\":\"a\\nb\"}}",
			(long long)id);
		put(&pl, text);
	}
	done = want(x, BROKER_EVENT_DONE).u.event;
	assert_int_equal(done.result, -1);
	assert_string_equal(done.text, "a?b");
	assert_int_equal(stats(x, 7).events, 1);
	assert_int_equal(stats(x, 7).failed, 1);
	detach(x, &pl);
}

static void emit(struct fixture *x, uint32_t event, const char *plugin, const char *note,
		 const char *text)
{
	struct broker_msg m = { .kind = BROKER_EMIT, .u.emit = { .serial = 9, .event = event } };

	(void)snprintf(m.u.emit.plugin, sizeof(m.u.emit.plugin), "%s", plugin);
	(void)snprintf(m.u.emit.note, sizeof(m.u.emit.note), "%s", note);
	(void)snprintf(m.u.emit.text, sizeof(m.u.emit.text), "%s", text);
	send_msg(x, &m, NULL);
}

static void events_from_the_supervisor(void **state)
{
	static const struct {
		uint32_t event;
		const char *plugin, *note, *text;
		uint32_t queued;
		enum err_code code;
	} emits[] = {
		{ EVENT_NOTE_SAVE, "linker", "In/a.md", "", 1, ERR_OK },
		{ EVENT_NOTE_SAVE, "", "In/a.md", "", 1, ERR_OK },
		{ EVENT_NOTE_SAVE, "linker", "Out/o.md", "", 0, ERR_REFUSED },
		{ EVENT_NOTE_SAVE, "", "Out/o.md", "", 0, ERR_OK },
		{ EVENT_NOTE_SAVE, "linker", "In/none.md", "", 0, ERR_NOT_FOUND },
		{ EVENT_NOTE_SAVE, "linker", "../x", "", 0, ERR_NOT_FOUND },
		{ EVENT_NOTE_SAVE, "nobody", "In/a.md", "", 0, ERR_NOT_FOUND },
		{ EVENT_COMMAND_PALETTE, "linker", "", "link all", 1, ERR_OK },
		{ EVENT_COMMAND_PALETTE, "linker", "", "", 0, ERR_PROTOCOL },
		{ EVENT_COMMAND_PALETTE, "linker", "", "a\x1b", 0, ERR_PROTOCOL },
		{ EVENT_COUNT, "linker", "", "x", 0, ERR_PROTOCOL },
		{ UINT32_MAX, "", "", "", 0, ERR_PROTOCOL },
	};
	struct fixture *x = *state;
	struct policy policy;
	struct plugin pl;

	policy_in(&policy, "linker");
	pl = greet(x, 7, &policy);
	for (size_t i = 0; i < countof(emits); i++) {
		struct broker_emitted e;

		emit(x, emits[i].event, emits[i].plugin, emits[i].note, emits[i].text);
		e = want(x, BROKER_EMITTED).u.emitted;
		assert_int_equal(e.serial, 9);
		if (e.queued != emits[i].queued || e.error.code != emits[i].code)
			fail_msg("emit %zu: %u queued, %s", i, e.queued, err_name(e.error.code));
		if (e.queued) {
			json_t *params;
			json_int_t id = want_request(&pl, event_name(emits[i].event), &params);

			assert_string_equal(str(json_object_get(params, "event"), "command"),
					    emits[i].text);
			json_decref(params);
			answer(&pl, id, "{}");
			(void)want(x, BROKER_EVENT_DONE);
		}
	}
	detach(x, &pl);
}

/* A's write is told to B with its origin, not to A; B's answer to that is told to A with more hops.
 */
static void a_write_is_told_to_others_with_its_origin(void **state)
{
	struct fixture *x = *state;
	struct policy policy;
	struct plugin a, b;
	json_t *j, *params;
	char write[512];

	policy_in(&policy, "alpha");
	a = greet(x, 1, &policy);
	policy_in(&policy, "beta");
	b = greet(x, 2, &policy);
	j = call(&a, "notes.read", "{\"note\":\"In/a.md\"}");
	(void)snprintf(
		write, sizeof(write),
		"{\"note\":\"In/a.md\",\"baseRevision\":\"%s\",\"add\":[{\"target\":\"In/Topic.md\"}]}",
		str(json_object_get(j, "result"), "revision"));
	json_decref(j);
	json_decref(call(&a, "links.write", write));
	(void)want_request(&b, "onNoteSave", &params);
	assert_string_equal(str(json_object_get(params, "event"), "origin"), "alpha");
	json_decref(params);
	want_quiet(x);
	/* the file system's own word of the same save is no second event */
	assert_int_equal(stats(x, 1).queued, 0);
	assert_int_equal(stats(x, 2).queued, 0);
	detach(x, &a);
	detach(x, &b);
}

/* Adds the link when it is not there, removes it when it is: a save every time. */
static void toggle_link(struct plugin *pl)
{
	json_t *j = call(pl, "notes.read", "{\"note\":\"In/a.md\"}");
	const json_t *note = json_object_get(j, "result");
	char write[512];

	(void)snprintf(
		write, sizeof(write),
		"{\"note\":\"In/a.md\",\"baseRevision\":\"%s\",\"%s\":[{\"target\":\"In/Topic.md\"}]}",
		str(note, "revision"), strstr(str(note, "text"), "[[Topic]]") ? "remove" : "add");
	json_decref(j);
	j = call(pl, "links.write", write);
	assert_true(json_is_true(json_object_get(json_object_get(j, "result"), "changed")));
	json_decref(j);
}

/* Two plugins that answer every save with a save of their own: after four hops nobody is told any
 * more. */
static void a_loop_of_two_plugins_ends(void **state)
{
	struct fixture *x = *state;
	struct policy policy;
	struct plugin pl[2];
	unsigned int told = 0;

	policy_in(&policy, "alpha");
	pl[0] = greet(x, 1, &policy);
	policy_in(&policy, "beta");
	pl[1] = greet(x, 2, &policy);
	toggle_link(&pl[0]);
	for (unsigned int turn = 1; turn < 20; turn++) {
		struct plugin *me = &pl[turn % 2];
		struct pollfd p = { .fd = me->wire, .events = POLLIN };
		json_int_t id;

		if (poll(&p, 1, 500) != 1)
			break;
		id = want_request(me, "onNoteSave", NULL);
		told++;
		toggle_link(me);
		answer(me, id, "{}");
		(void)want(x, BROKER_EVENT_DONE);
	}
	assert_int_equal(told, EVENT_HOPS_MAX);
	/* a person's save starts anew */
	put_note(&x->f, "In/a.md", "a person wrote this\n");
	(void)want_request(&pl[0], "onNoteSave", NULL);
	(void)want_request(&pl[1], "onNoteSave", NULL);
	detach(x, &pl[0]);
	detach(x, &pl[1]);
}

static void a_late_event_is_reported_and_nothing_more_is_sent(void **state)
{
	struct fixture *x = *state;
	struct policy policy;
	struct plugin pl;
	struct broker_event late;
	json_int_t id;

	policy_in(&policy, "linker");
	policy.limits.event_timeout_ms = 100;
	pl = greet(x, 7, &policy);
	emit(x, EVENT_COMMAND_PALETTE, "linker", "", "one");
	emit(x, EVENT_COMMAND_PALETTE, "linker", "", "two");
	id = want_request(&pl, "onCommandPalette", NULL);
	late = want(x, BROKER_EVENT_LATE).u.event;
	assert_int_equal(late.id, 7);
	assert_true(late.duration_us >= 100000);
	answer(&pl, id, "null"); /* too late, but no violation */
	want_quiet(x);
	assert_int_equal(stats(x, 7).queued, 1);
	assert_int_equal(stats(x, 7).failed, 1);
	detach(x, &pl);
	assert_string_equal(want(x, BROKER_WANTED).u.event.plugin, "linker");
}

/* An event survives its instance; the third death of it is the last. */
static void a_plugin_that_dies_gets_its_event_again(void **state)
{
	struct fixture *x = *state;
	struct policy policy;
	struct broker_msg m;

	policy_in(&policy, "linker");
	for (uint64_t i = 1; i <= 3; i++) {
		struct plugin pl = greet(x, i, &policy);
		json_t *params;

		if (i == 1) {
			emit(x, EVENT_COMMAND_PALETTE, "linker", "", "boom");
			(void)want(x, BROKER_EMITTED);
		}
		(void)want_request(&pl, "onCommandPalette", &params);
		assert_int_equal(num(json_object_get(params, "event"), "attempt"), i);
		json_decref(params);
		fd_close_p(&pl.wire);
		detach(x, &pl);
		for (int n = 0; n < 2; n++) { /* in either order */
			assert_true(recv_msg(x, &m, WAIT_MS));
			if (m.kind == BROKER_PLUGIN_STATS) {
				assert_int_equal(m.u.stats.id, i);
				assert_int_equal(m.u.stats.more, 1);
			} else if (m.kind == BROKER_EVENT_DONE) {
				assert_int_equal(i, 3);
				assert_int_equal(m.u.event.result, -1);
			} else {
				assert_int_equal(m.kind, BROKER_WANTED);
				assert_true(i < 3);
				assert_string_equal(m.u.event.plugin, "linker");
			}
		}
		want_quiet(x);
	}
}

static void calls_while_an_event_runs(void **state)
{
	struct fixture *x = *state;
	struct policy policy;
	struct plugin pl;
	json_int_t id;

	policy_in(&policy, "linker");
	pl = greet(x, 7, &policy);
	emit(x, EVENT_NOTE_SAVE, "linker", "In/a.md", "");
	id = want_request(&pl, "onNoteSave", NULL);
	for (int i = 0; i < 20; i++)
		json_decref(call(&pl, "notes.read", "{\"note\":\"In/a.md\"}"));
	answer(&pl, id, "{}");
	assert_int_equal(want(x, BROKER_EVENT_DONE).u.event.result, 0);
	detach(x, &pl);
}

static void everything_a_plugin_prints_is_a_log_record(void **state)
{
	struct fixture *x = *state;
	struct policy policy;
	struct plugin pl;
	struct broker_log l;

	policy_in(&policy, "linker");
	pl = greet(x, 7, &policy);
	assert_int_equal(write(pl.out, "hi \x1b[0m\n", 8), 8);
	l = want(x, BROKER_LOG).u.log;
	assert_int_equal(l.stream, 1);
	assert_string_equal(l.line, "hi \\x1b[0m");
	assert_int_equal(write(pl.err, "last words", 10), 10);
	put(&pl,
	    "{\"jsonrpc\":\"2.0\",\"method\":\"log.write\",\"params\":{\"level\":\"error\",\"message\":\"a\\nb\"}}");
	l = want(x, BROKER_LOG).u.log;
	assert_int_equal(l.stream, 3);
	assert_int_equal(l.level, 0);
	assert_string_equal(l.line, "a");
	assert_string_equal(want(x, BROKER_LOG).u.log.line, "b");
	detach(x, &pl);
	l = want(x, BROKER_LOG).u.log;
	assert_int_equal(l.stream, 2);
	assert_string_equal(l.line, "last words");
}

static void attachments_that_are_refused(void **state)
{
	struct fixture *x = *state;
	struct policy good, bad;
	struct plugin pl, second;

	policy_in(&good, "linker");
	pl = greet(x, 7, &good);
	for (int i = 0; i < 4; i++) {
		uint64_t id = 50 + (uint64_t)i;

		bad = good;
		if (i == 0)
			(void)snprintf(bad.tenant, sizeof(bad.tenant), "other");
		else if (i == 1)
			bad.abi = 99;
		else if (i == 2)
			memset(bad.plugin, 'x', sizeof(bad.plugin));
		else
			id = 7;
		second = attach(x, id, &bad);
		{
			struct broker_msg m;

			assert_true(recv_msg(x, &m, WAIT_MS));
			assert_int_equal(m.kind, BROKER_VIOLATION);
			assert_int_equal(m.u.fault.id, id);
		}
		assert_null(get(&second));
		fd_close_p(&second.wire);
		fd_close_p(&second.out);
		fd_close_p(&second.err);
	}
	json_decref(call(&pl, "notes.list", "{}"));
	detach(x, &pl);
}

static void a_supervisor_that_speaks_nonsense_ends_the_broker(void **state)
{
	struct fixture *x = *state;
	struct broker_msg m = { .kind = BROKER_READY };

	send_msg(x, &m, NULL);
	(void)pthread_join(x->thread, NULL);
	assert_int_equal(x->result, -1);
	assert_int_equal(pthread_create(&x->thread, NULL, broker_main, x), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_plugin_is_greeted_and_served, play_setup,
						play_teardown),
		cmocka_unit_test_setup_teardown(a_save_from_outside_is_an_event, play_setup,
						play_teardown),
		cmocka_unit_test_setup_teardown(events_from_the_supervisor, play_setup,
						play_teardown),
		cmocka_unit_test_setup_teardown(a_write_is_told_to_others_with_its_origin,
						play_setup, play_teardown),
		cmocka_unit_test_setup_teardown(a_loop_of_two_plugins_ends, play_setup,
						play_teardown),
		cmocka_unit_test_setup_teardown(a_late_event_is_reported_and_nothing_more_is_sent,
						play_setup, play_teardown),
		cmocka_unit_test_setup_teardown(a_plugin_that_dies_gets_its_event_again, play_setup,
						play_teardown),
		cmocka_unit_test_setup_teardown(calls_while_an_event_runs, play_setup,
						play_teardown),
		cmocka_unit_test_setup_teardown(everything_a_plugin_prints_is_a_log_record,
						play_setup, play_teardown),
		cmocka_unit_test_setup_teardown(attachments_that_are_refused, play_setup,
						play_teardown),
		cmocka_unit_test_setup_teardown(a_supervisor_that_speaks_nonsense_ends_the_broker,
						play_setup, play_teardown),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
