/* SPDX-License-Identifier: Apache-2.0 */
/* test_modelway.c - plugins ask a model: the whole broker over its real sockets; the test is
 * supervisor, plugin and kennel-fetch.
 * tests: runner/broker/models.c runner/broker/waits.c runner/broker/call_ai.c */
#include <fcntl.h>
#include <signal.h>

#include "base/clock.h"
#include "base/fs.h"
#include "broker/broker.h"
#include "tests/lib/broker_play.h"

enum { PER_DAY = 1000, EVENT_MS = 400 };
#define HELLO "{\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]%s}"
#define DONE(text_)                                                                             \
	"\"result\":{\"text\":\"" text_ "\",\"finish\":\"stop\",\"usage\":{\"promptTokens\":3," \
	"\"answerTokens\":4}}"

static void tell_models(struct fixture *x, uint32_t timeout_ms)
{
	struct broker_msg m = { .kind = BROKER_MODELS };

	m.u.models.count = 2;
	m.u.models.list[0] = (struct broker_model){ .name = "default",
						    .answer_tokens = 100,
						    .timeout_ms = timeout_ms,
						    .tokens_per_day = PER_DAY };
	m.u.models.list[1] = m.u.models.list[0];
	(void)snprintf(m.u.models.list[1].name, NAME_MAX_BYTES, "dear");
	m.u.models.list[1].plugin_count = 1;
	(void)snprintf(m.u.models.list[1].plugins[0], NAME_MAX_BYTES, "rich");
	send_msg(x, &m, NULL);
}

static struct plugin asker(struct fixture *x, uint64_t id, const char *name, uint32_t event_ms)
{
	struct policy policy;

	policy_in(&policy, name);
	policy.permissions |= PERM_BIT(PERM_USE_AI);
	policy.limits.event_timeout_ms = event_ms;
	return greet(x, id, &policy);
}

static void request(const struct plugin *pl, int id, const char *method, const char *params)
{
	CLEANUP(free_p) char *text = NULL;

	assert_true(asprintf(&text,
			     "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"%s\",\"params\":%s}", id,
			     method, params) > 0);
	put(pl, text);
}

static void say_hello(const struct plugin *pl, int id, const char *more)
{
	CLEANUP(free_p) char *params = NULL;

	assert_true(asprintf(&params, HELLO, more) > 0);
	request(pl, id, "useAI", params);
}

/* The supervisor's part; our end of the way. */
static int give_way(struct fixture *x)
{
	struct broker_msg m = { .kind = BROKER_MODEL_WAY };
	struct record_fds fds = { .count = 1 };
	int ends[2];

	(void)want(x, BROKER_MODEL_WANTED);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	fds.fd[0] = ends[1];
	send_msg(x, &m, &fds);
	record_fds_close(&fds);
	return ends[0];
}

static json_t *next_question(int way)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	struct pollfd p = { .fd = way, .events = POLLIN };
	json_t *j = NULL;

	if (poll(&p, 1, WAIT_MS) != 1)
		fail_msg("the broker asks nothing");
	assert_int_equal(frame_read_blocking(way, AI_FRAME_MAX, &b, NULL), 0);
	assert_int_equal(json_parse((char *)b.p, b.len, 16, 100000, &j, NULL), 0);
	return j;
}

static json_int_t want_question(int way, const char *method)
{
	CLEANUP(json_decref_p) json_t *j = next_question(way);

	assert_string_equal(str(j, "method"), method);
	return num(j, "id");
}

static void reply(int way, json_int_t id, const char *rest)
{
	CLEANUP(free_p) char *text = NULL;

	assert_true(asprintf(&text, "{\"id\":%lld,%s}", (long long)id, rest) > 0);
	assert_int_equal(frame_write_blocking(way, text, strlen(text), -1, NULL), 0);
}

static void want_text(const struct plugin *pl, int id, const char *text)
{
	CLEANUP(json_decref_p) json_t *j = get(pl);

	assert_int_equal(num(j, "id"), id);
	assert_string_equal(str(json_object_get(j, "result"), "text"), text);
}

static void want_error(const struct plugin *pl, int id, int code)
{
	CLEANUP(json_decref_p) json_t *j = get(pl);

	assert_int_equal(num(j, "id"), id);
	assert_int_equal(num(json_object_get(j, "error"), "code"), code);
}

static uint64_t used(struct fixture *x, const char *key)
{
	CLEANUP(buffer_free_p) struct buffer text = { 0 };
	CLEANUP(json_decref_p) json_t *j = NULL;

	assert_int_equal(fs_read_file(x->f.state, "ai-tokens.json", 100000, &text, NULL), 0);
	assert_int_equal(json_parse((char *)text.p, text.len, 5, 1000, &j, NULL), 0);
	return (uint64_t)num(json_object_get(j, "used"), key);
}

static void a_model_answers(void **state)
{
	struct fixture *x = *state;
	CLEANUP(json_decref_p) json_t *q = NULL;
	struct plugin pl;
	int way;

	tell_models(x, 60000);
	pl = asker(x, 42, "linker", EVENT_DEADLINE_MS);
	say_hello(&pl, 1, "");
	way = give_way(x);
	q = next_question(way);
	assert_string_equal(str(q, "profile"), "default");
	assert_string_equal(str(q, "method"), "complete");
	assert_int_equal(num(json_object_get(q, "body"), "maxTokens"), 100);
	/* set aside, on disk, before it was asked */
	assert_int_equal(used(x, "linker/default"), 2 + 8 + 100);
	assert_int_equal(audit_count(x->audit, "cap.intent", "allow"), 1);
	/* other calls go on meanwhile, and an id that waits is in use */
	pl.next_id = 100;
	json_decref(call(&pl, "host.info", "{}"));
	reply(way, num(q, "id"), DONE("world"));
	want_text(&pl, 1, "world");
	assert_int_equal(used(x, "linker/default"), 7);
	assert_int_equal(audit_count(x->audit, "ai.end", "allow"), 1);
	/* what was asked and what was answered is not for the log */
	assert_null(strstr(audit_last(x->audit).detail, "world"));
	request(&pl, 2, "ai.embed", "{\"input\":[\"a\",\"b\"]}");
	reply(way, want_question(way, "embed"),
	      "\"result\":{\"vectors\":[[1,2],[3,4]],\"usage\":{\"promptTokens\":2,\"answerTokens\":0}}");
	json_decref(get(&pl));
	assert_int_equal(used(x, "linker/default"), 9);
	detach(x, &pl);
	(void)close(way);
}

static void pieces_are_handed_on(void **state)
{
	struct fixture *x = *state;
	struct plugin pl;
	json_int_t id;
	json_t *j;
	int way;

	tell_models(x, 60000);
	pl = asker(x, 42, "linker", EVENT_DEADLINE_MS);
	say_hello(&pl, 1, ",\"stream\":true");
	way = give_way(x);
	id = want_question(way, "complete");
	reply(way, id, "\"chunk\":\"wor\"");
	j = get(&pl);
	assert_string_equal(str(j, "method"), "$/chunk");
	assert_int_equal(num(json_object_get(j, "params"), "id"), 1);
	assert_string_equal(str(json_object_get(j, "params"), "text"), "wor");
	json_decref(j);
	reply(way, id, DONE("world"));
	want_text(&pl, 1, "world");
	/* who did not ask for them gets none */
	say_hello(&pl, 2, "");
	id = want_question(way, "complete");
	reply(way, id, "\"chunk\":\"wor\"");
	reply(way, id, DONE("world"));
	want_text(&pl, 2, "world");
	detach(x, &pl);
	(void)close(way);
}

static void who_may_not_ask_is_refused(void **state)
{
	struct fixture *x = *state;
	struct plugin pl, rich;
	int way;

	tell_models(x, 60000);
	pl = asker(x, 42, "linker", EVENT_DEADLINE_MS);
	say_hello(&pl, 1, ",\"profile\":\"dear\"");
	want_error(&pl, 1, RPC_SCOPE_DENIED);
	say_hello(&pl, 2, ",\"profile\":\"none\"");
	want_error(&pl, 2, RPC_SCOPE_DENIED);
	say_hello(&pl, 3, ",\"maxTokens\":101");
	want_error(&pl, 3, RPC_QUOTA);
	put(&pl, "{\"jsonrpc\":\"2.0\",\"method\":\"useAI\",\"params\":{\"messages\":"
		 "[{\"role\":\"user\",\"content\":\"x\"}]}}");
	json_decref(call(&pl, "host.info", "{}"));
	assert_int_equal(audit_count(x->audit, "deny", "E_SCOPE"), 2);
	assert_int_equal(audit_count(x->audit, "deny", "E_PARAMS"), 1);
	want_quiet(x);
	rich = asker(x, 43, "rich", EVENT_DEADLINE_MS);
	say_hello(&rich, 1, ",\"profile\":\"dear\"");
	way = give_way(x);
	reply(way, want_question(way, "complete"), DONE("yes"));
	want_text(&rich, 1, "yes");
	detach(x, &pl);
	detach(x, &rich);
	(void)close(way);
}

static void a_host_without_models_has_none(void **state)
{
	struct fixture *x = *state;
	struct plugin pl = asker(x, 42, "linker", EVENT_DEADLINE_MS);

	say_hello(&pl, 1, "");
	want_error(&pl, 1, RPC_SCOPE_DENIED);
	detach(x, &pl);
}

static void a_day_has_so_many_tokens(void **state)
{
	struct fixture *x = *state;
	struct plugin pl;
	json_t *j;
	int way;

	tell_models(x, 60000);
	pl = asker(x, 42, "linker", EVENT_DEADLINE_MS);
	say_hello(&pl, 1, "");
	way = give_way(x);
	reply(way, want_question(way, "complete"),
	      "\"result\":{\"text\":\"\",\"finish\":\"stop\",\"usage\":{\"promptTokens\":950,\"answerTokens\":0}}");
	want_text(&pl, 1, "");
	say_hello(&pl, 2, "");
	j = get(&pl);
	assert_int_equal(num(json_object_get(j, "error"), "code"), RPC_QUOTA);
	assert_true(num(json_object_get(json_object_get(j, "error"), "data"), "retryAfterMs") > 0);
	json_decref(j);
	assert_int_equal(audit_count(x->audit, "deny", "E_QUOTA"), 1);
	say_hello(&pl, 3, ",\"maxTokens\":30");
	reply(way, want_question(way, "complete"), DONE("short"));
	want_text(&pl, 3, "short");
	detach(x, &pl);
	(void)close(way);
}

static void one_plugin_asks_so_much_at_once(void **state)
{
	struct fixture *x = *state;
	struct plugin pl;
	int way;

	tell_models(x, 60000);
	pl = asker(x, 42, "linker", EVENT_DEADLINE_MS);
	for (unsigned int i = 0; i < AI_OF_ONE_MAX; i++)
		say_hello(&pl, 10 + (int)i, "");
	way = give_way(x);
	for (unsigned int i = 0; i < AI_OF_ONE_MAX; i++)
		(void)want_question(way, "complete");
	say_hello(&pl, 20, "");
	want_error(&pl, 20, RPC_QUOTA);
	assert_int_equal(audit_count(x->audit, "deny", "E_FULL"), 1);
	say_hello(&pl, 11, "");
	assert_int_equal(want(x, BROKER_VIOLATION).u.fault.error.code, ERR_PROTOCOL);
	/* its questions are given up with it, and paid */
	for (unsigned int i = 0; i < AI_OF_ONE_MAX; i++) {
		CLEANUP(json_decref_p) json_t *j = next_question(way);

		assert_true(num(j, "cancel") > 0);
	}
	assert_int_equal(used(x, "linker/default"), 4 * (2 + 8 + 100));
	detach(x, &pl);
	(void)close(way);
}

static void a_question_is_withdrawn(void **state)
{
	struct fixture *x = *state;
	CLEANUP(json_decref_p) json_t *j = NULL;
	struct plugin pl;
	json_int_t id;
	int way;

	tell_models(x, 60000);
	pl = asker(x, 42, "linker", EVENT_DEADLINE_MS);
	say_hello(&pl, 1, "");
	way = give_way(x);
	id = want_question(way, "complete");
	put(&pl, "{\"jsonrpc\":\"2.0\",\"method\":\"$/cancel\",\"params\":{\"id\":1}}");
	want_error(&pl, 1, RPC_UNAVAILABLE);
	j = next_question(way);
	assert_int_equal(num(j, "cancel"), id);
	/* an answer that was on its way harms nobody */
	reply(way, id, DONE("late"));
	json_decref(call(&pl, "host.info", "{}"));
	detach(x, &pl);
	(void)close(way);
}

static void nobody_answers(void **state)
{
	struct fixture *x = *state;
	CLEANUP(json_decref_p) json_t *q = NULL;
	struct broker_msg no = { .kind = BROKER_MODEL_WAY };
	struct plugin pl;
	int way;

	tell_models(x, 60000);
	pl = asker(x, 42, "linker", EVENT_DEADLINE_MS);
	/* there is no way */
	say_hello(&pl, 1, "");
	(void)want(x, BROKER_MODEL_WANTED);
	(void)err_set(&no.u.model_way.error, ERR_CONFIG, "the key is readable");
	send_msg(x, &no, NULL);
	want_error(&pl, 1, RPC_UNAVAILABLE);
	assert_int_equal(used(x, "linker/default"), 0);
	/* it breaks, and the next question gets another */
	say_hello(&pl, 2, "");
	way = give_way(x);
	(void)want_question(way, "complete");
	(void)close(way);
	want_error(&pl, 2, RPC_UNAVAILABLE);
	say_hello(&pl, 3, "");
	way = give_way(x);
	q = next_question(way);
	reply(way, num(q, "id"), "\"error\":{\"kind\":\"refused\",\"text\":\"status 400\"}");
	want_error(&pl, 3, RPC_BACKEND);
	assert_int_equal(audit_count(x->audit, "ai.end", "E_REFUSED"), 1);
	detach(x, &pl);
	(void)close(way);
}

static void a_time_is_kept_without_kennel_fetch(void **state)
{
	struct fixture *x = *state;
	struct plugin pl;
	int64_t start = clock_mono_ms();

	tell_models(x, 1);
	pl = asker(x, 42, "linker", EVENT_DEADLINE_MS);
	say_hello(&pl, 1, "");
	(void)want(x, BROKER_MODEL_WANTED);
	want_error(&pl, 1, RPC_DEADLINE);
	assert_true(clock_mono_ms() - start >= AI_GRACE_MS);
	assert_int_equal(audit_count(x->audit, "ai.end", "E_TIMEOUT"), 1);
	detach(x, &pl);
}

/* Whoever has taken kennel-fetch over gets no further than this. */
static void a_liar_is_cut_off(void **state)
{
	static const char *const lies[] = {
		"\"result\":{\"vectors\":[[1]],\"usage\":{\"promptTokens\":1,\"answerTokens\":1}}",
		"\"result\":{\"text\":\"x\",\"finish\":\"stop\"}",
		"\"grant\":\"everything\"",
	};
	struct fixture *x = *state;
	struct plugin pl;

	tell_models(x, 60000);
	pl = asker(x, 42, "linker", EVENT_DEADLINE_MS);
	for (size_t i = 0; i < countof(lies); i++) {
		struct pollfd p;
		int way;

		say_hello(&pl, 1 + (int)i, "");
		way = give_way(x);
		reply(way, want_question(way, "complete"), lies[i]);
		want_error(&pl, 1 + (int)i, RPC_UNAVAILABLE);
		p = (struct pollfd){ .fd = way, .events = POLLIN };
		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		assert_true(p.revents & POLLHUP);
		(void)close(way);
	}
	detach(x, &pl);
}

static void an_answer_that_cannot_be_recorded_is_not_given(void **state)
{
	struct fixture *x = *state;
	struct plugin pl;
	json_int_t id;
	int way;

	tell_models(x, 60000);
	pl = asker(x, 42, "linker", EVENT_DEADLINE_MS);
	say_hello(&pl, 1, "");
	way = give_way(x);
	id = want_question(way, "complete");
	audit_refuse(x->audit, true);
	reply(way, id, DONE("secret"));
	want_error(&pl, 1, RPC_UNAVAILABLE);
	say_hello(&pl, 2, "");
	want_error(&pl, 2, RPC_UNAVAILABLE);
	audit_refuse(x->audit, false);
	/* a question that was not put on record was not asked, and cost nothing */
	assert_int_equal(used(x, "linker/default"), 7);
	detach(x, &pl);
	(void)close(way);
}

static void an_event_is_not_late_while_a_model_thinks(void **state)
{
	struct fixture *x = *state;
	struct plugin pl;
	json_int_t event, id;
	int way;

	tell_models(x, 60000);
	pl = asker(x, 42, "linker", EVENT_MS);
	put_note(&x->f, "In/new.md", "new");
	event = want_request(&pl, "onNoteSave", NULL);
	say_hello(&pl, 1, "");
	way = give_way(x);
	id = want_question(way, "complete");
	(void)poll(NULL, 0, 2 * EVENT_MS);
	reply(way, id, DONE("world"));
	want_text(&pl, 1, "world");
	answer(&pl, event, "null");
	assert_int_equal(want(x, BROKER_EVENT_DONE).u.event.result, 0);
	detach(x, &pl);
	(void)close(way);
}

/* The account is the budget: without it nobody asks. */
static void a_broken_account_asks_nothing(void **state)
{
	struct fixture *x = *state;
	struct plugin pl;
	int fd = openat(x->f.state, "ai-tokens.json", O_WRONLY | O_CREAT, 0600);

	assert_int_equal(write(fd, "{", 1), 1);
	(void)close(fd);
	tell_models(x, 60000);
	pl = asker(x, 42, "linker", EVENT_DEADLINE_MS);
	say_hello(&pl, 1, "");
	want_error(&pl, 1, RPC_UNAVAILABLE);
	want_quiet(x);
	detach(x, &pl);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, play_setup, play_teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_model_answers),
		TEST(pieces_are_handed_on),
		TEST(who_may_not_ask_is_refused),
		TEST(a_host_without_models_has_none),
		TEST(a_day_has_so_many_tokens),
		TEST(one_plugin_asks_so_much_at_once),
		TEST(a_question_is_withdrawn),
		TEST(nobody_answers),
		TEST(a_time_is_kept_without_kennel_fetch),
		TEST(a_liar_is_cut_off),
		TEST(an_answer_that_cannot_be_recorded_is_not_given),
		TEST(an_event_is_not_late_while_a_model_thinks),
		TEST(a_broken_account_asks_nothing),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
