/* SPDX-License-Identifier: Apache-2.0 */
/* test_peer.c - what a plugin may do on its wire, and what ends it.
 * tests: runner/broker/wire.c */
#include "broker/peer.h"

#include <signal.h>

#include "base/clock.h"
#include "tests/lib/broker_play.h"

/* What a plugin says right after initialize; each is a violation, on record, and the end of the
 * wire. */
static const struct {
	const char *name, *text;
	size_t raw; /* this many bytes as they are, without a length */
} violations[] = {
	{ "garbage", "hello", 0 },
	{ "empty", "", 0 },
	{ "batch", "[]", 0 },
	{ "bad UTF-8", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}", 0 },
	{ "duplicate key", "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":1,\"method\":\"notes.list\"}", 0 },
	{ "an answer nobody asked for", "{\"jsonrpc\":\"2.0\",\"id\":77,\"result\":{}}", 0 },
	{ "initialize answered twice", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", 0 },
	{ "an error nobody asked for",
	  "{\"jsonrpc\":\"2.0\",\"id\":-1,\"error\":{\"code\":1,\"message\":\"x\"}}", 0 },
	{ "id of a wrong type", "{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"notes.list\"}", 0 },
	{ "a frame too long", "\xff\xff\xff\x7f", 4 },
	{ "one byte too long", "\x01\x00\x10\x00", 4 },
};

static void want_violation(struct fixture *x, struct plugin *pl, const char *name)
{
	struct broker_msg m;
	json_t *j;

	do {
		if (!recv_msg(x, &m, WAIT_MS))
			fail_msg("%s: no violation", name);
	} while (m.kind != BROKER_VIOLATION);
	assert_int_equal(m.u.fault.id, pl->id);
	assert_int_not_equal(m.u.fault.error.code, ERR_OK);
	while ((j = get(pl)))
		json_decref(j);
	assert_int_equal(audit_last(x->audit).class, AUDIT_SOON);
	assert_string_equal(audit_last(x->audit).event, "deny");
	assert_string_equal(audit_last(x->audit).method, "wire");
}

static void each_violation(void **state)
{
	struct fixture *x = *state;
	struct policy policy;

	policy_in(&policy, "linker");
	for (size_t i = 0; i < countof(violations); i++) {
		struct plugin pl = greet(x, 100 + i, &policy);

		audit_forget(x->audit);
		if (violations[i].raw)
			assert_int_equal(write(pl.wire, violations[i].text, violations[i].raw),
					 (ssize_t)violations[i].raw);
		else
			put(&pl, violations[i].text);
		want_violation(x, &pl, violations[i].name);
		detach(x, &pl);
	}
}

static void nothing_before_the_handshake(void **state)
{
	static const char *const texts[] = {
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"notes.list\"}",
		"{\"jsonrpc\":\"2.0\",\"method\":\"$/cancel\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"ready\":\"yes\"}}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"no\"}}",
	};
	struct fixture *x = *state;
	struct policy policy;

	policy_in(&policy, "linker");
	for (size_t i = 0; i < countof(texts); i++) {
		struct plugin pl = attach(x, 200 + i, &policy);

		assert_int_equal(want_request(&pl, "initialize", NULL), 1);
		put(&pl, texts[i]);
		want_violation(x, &pl, texts[i]);
		detach(x, &pl);
	}
}

static void a_silent_plugin_is_given_up(void **state)
{
	struct fixture *x = *state;
	struct policy policy;
	struct plugin pl;
	int64_t start = clock_mono_ms();

	policy_in(&policy, "linker");
	pl = attach(x, 7, &policy);
	want_violation(x, &pl, "silent");
	assert_true(clock_mono_ms() - start >= (int64_t)WIRE_HANDSHAKE_MS);
	detach(x, &pl);
}

/* Thousands of calls, no answer taken: it is not read any more, then it is given up. Others go on.
 */
static void a_plugin_that_does_not_read(void **state)
{
	static const char text[] =
		"{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"notes.list\",\"params\":{}}";
	struct fixture *x = *state;
	struct policy policy;
	struct plugin bad, good;
	int sent = 0;

	policy_in(&policy, "bad");
	bad = greet(x, 1, &policy);
	policy_in(&policy, "good");
	good = greet(x, 2, &policy);
	assert_int_equal(fd_set_nonblock(bad.wire), 0);
	for (int64_t until = clock_mono_ms() + 2000; clock_mono_ms() < until; sent++) {
		char frame[128];
		int n = snprintf(frame + 4, sizeof(frame) - 4, text, sent + 1);

		memcpy(frame, &(uint32_t){ (uint32_t)n }, 4);
		if (write(bad.wire, frame, (size_t)n + 4) != n + 4)
			break;
	}
	assert_true(sent > 100);
	assert_int_equal(fcntl(bad.wire, F_SETFL, 0), 0);
	json_decref(call(&good, "notes.read", "{\"note\":\"In/a.md\"}"));
	{
		struct broker_msg m;

		while (recv_msg(x, &m, WAIT_MS) && m.kind != BROKER_VIOLATION)
			;
		assert_int_equal(m.kind, BROKER_VIOLATION);
		assert_int_equal(m.u.fault.id, 1);
	}
	json_decref(call(&good, "notes.read", "{\"note\":\"In/a.md\"}"));
	detach(x, &bad);
	detach(x, &good);
}

/* Many calls in one write, read slowly: every one is answered, once, in order. */
static void a_burst_is_answered_in_order(void **state)
{
	enum { BURST = 200 };
	struct fixture *x = *state;
	struct policy policy;
	struct plugin pl;
	CLEANUP(free_p) char *all = calloc(1, BURST * 160);
	size_t n = 0;

	policy_in(&policy, "linker");
	pl = greet(x, 7, &policy);
	for (int i = 0; i < BURST; i++) {
		int len = snprintf(
			all + n + 4, 150,
			"{\"jsonrpc\":\"2.0\",\"id\":\"b%d\",\"method\":\"notes.read\",\"params\":{\"note\":\"In/a.md\"}}",
			i);

		memcpy(all + n, &(uint32_t){ (uint32_t)len }, 4);
		n += (size_t)len + 4;
	}
	assert_int_equal(fd_write_all(pl.wire, all, n), 0);
	for (int i = 0; i < BURST; i++) {
		json_t *j = get(&pl);
		char id[16];

		(void)snprintf(id, sizeof(id), "b%d", i);
		assert_string_equal(str(j, "id"), id);
		json_decref(j);
	}
	detach(x, &pl);
}

static void a_large_answer_is_an_error_not_the_end(void **state)
{
	struct fixture *x = *state;
	CLEANUP(free_p) char *big = malloc(NOTE_MAX);
	struct policy policy;
	struct plugin pl;
	json_t *j;

	memset(big, '\n', NOTE_MAX); /* two bytes each in JSON */
	put_note_n(&x->f, "Out/big.md", big, NOTE_MAX);
	policy_make(&policy, "reader", PERM_BIT(PERM_READ_NOTES));
	policy_scope(&policy, PERM_READ_NOTES, "**", false);
	pl = greet(x, 7, &policy);
	/* the save itself may be heard before or after */
	put(&pl,
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"notes.read\",\"params\":{\"note\":\"Out/big.md\"}}");
	do {
		j = get(&pl);
		if (json_object_get(j, "method"))
			answer(&pl, num(j, "id"), "null");
		if (json_object_get(j, "error"))
			break;
		json_decref(j);
	} while (true);
	assert_int_equal(num(json_object_get(j, "error"), "code"), RPC_TOO_LARGE);
	json_decref(j);
	detach(x, &pl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_violation, play_setup, play_teardown),
		cmocka_unit_test_setup_teardown(nothing_before_the_handshake, play_setup,
						play_teardown),
		cmocka_unit_test_setup_teardown(a_silent_plugin_is_given_up, play_setup,
						play_teardown),
		cmocka_unit_test_setup_teardown(a_plugin_that_does_not_read, play_setup,
						play_teardown),
		cmocka_unit_test_setup_teardown(a_burst_is_answered_in_order, play_setup,
						play_teardown),
		cmocka_unit_test_setup_teardown(a_large_answer_is_an_error_not_the_end, play_setup,
						play_teardown),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
