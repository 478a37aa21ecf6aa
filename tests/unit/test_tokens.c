/* SPDX-License-Identifier: Apache-2.0 */
/* test_tokens.c - a day's tokens: set aside before, settled after, on disk in between. */
#include "broker/tokens.h"
#include "tests/lib/broker_fixture.h"

enum { DAY_S = 86400 };
static const struct broker_model model = { .name = "default", .tokens_per_day = 1000 };

static int reserve(struct tokens *t, const char *plugin, uint64_t n, int64_t now_s)
{
	struct err e = { 0 };

	return tokens_reserve(t, plugin, &model, n, now_s, &e) < 0 ? (int)e.code : 0;
}

static void a_day_has_so_many(void **state)
{
	struct folders *f = *state;
	CLEANUP(tokens_close_p) struct tokens t = { 0 };

	assert_int_equal(tokens_open(f->state, 10 * DAY_S + 5, &t, NULL), 0);
	assert_int_equal(reserve(&t, "a", 1000, 10 * DAY_S + 5), 0);
	assert_int_equal(reserve(&t, "a", 1, 10 * DAY_S + 5), ERR_FULL);
	assert_int_equal(tokens_wait_s(&t, 10 * DAY_S + 5), DAY_S - 5);
	/* another plugin has its own */
	assert_int_equal(reserve(&t, "b", 1000, 10 * DAY_S + 5), 0);
	tokens_settle(&t, "a", "default", 1000, 300, t.day);
	assert_int_equal(tokens_used(&t, "a", "default"), 300);
	assert_int_equal(reserve(&t, "a", 701, 10 * DAY_S + 6), ERR_FULL);
	assert_int_equal(reserve(&t, "a", UINT64_MAX, 10 * DAY_S + 6), ERR_FULL);
	assert_int_equal(reserve(&t, "a", 700, 10 * DAY_S + 6), 0);
	/* a server may have counted more than was set aside */
	tokens_settle(&t, "a", "default", 700, 5000, t.day);
	assert_int_equal(tokens_used(&t, "a", "default"), 5300);
	assert_int_equal(reserve(&t, "a", 1, 10 * DAY_S + 6), ERR_FULL);
}

static void a_new_day_begins_once(void **state)
{
	struct folders *f = *state;
	CLEANUP(tokens_close_p) struct tokens t = { 0 };

	assert_int_equal(tokens_open(f->state, 10 * DAY_S, &t, NULL), 0);
	assert_int_equal(reserve(&t, "a", 1000, 10 * DAY_S), 0);
	assert_int_equal(reserve(&t, "a", 900, 11 * DAY_S), 0);
	/* of yesterday: its page is closed */
	tokens_settle(&t, "a", "default", 1000, 0, 10);
	assert_int_equal(tokens_used(&t, "a", "default"), 900);
	/* a clock that goes back makes no new day, and neither does it going on again */
	assert_int_equal(reserve(&t, "a", 200, 10 * DAY_S), ERR_FULL);
	assert_int_equal(reserve(&t, "a", 200, 11 * DAY_S + 1), ERR_FULL);
}

static void it_is_there_after_a_crash(void **state)
{
	struct folders *f = *state;
	struct tokens t = { 0 };

	assert_int_equal(tokens_open(f->state, 10 * DAY_S, &t, NULL), 0);
	assert_int_equal(reserve(&t, "a", 600, 10 * DAY_S), 0);
	tokens_close_p(&t); /* nothing else was written */
	assert_int_equal(tokens_open(f->state, 10 * DAY_S, &t, NULL), 0);
	assert_int_equal(tokens_used(&t, "a", "default"), 600);
	assert_int_equal(reserve(&t, "a", 600, 10 * DAY_S), ERR_FULL);
	tokens_close_p(&t);
}

static void what_is_no_account_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"{}",
		"{\"_type\":\"kennel.ai-tokens/1\",\"day\":1}",
		"{\"_type\":\"kennel.ai-tokens/2\",\"day\":1,\"used\":{}}",
		"{\"_type\":\"kennel.ai-tokens/1\",\"day\":-1,\"used\":{}}",
		"{\"_type\":\"kennel.ai-tokens/1\",\"day\":1,\"used\":{\"a/b\":-1}}",
		"{\"_type\":\"kennel.ai-tokens/1\",\"day\":1,\"used\":{\"a/b\":\"0\"}}",
		"{\"_type\":\"kennel.ai-tokens/1\",\"day\":1,\"used\":[]}",
	};
	struct folders *f = *state;
	struct tokens t = { 0 };

	for (size_t i = 0; i < countof(bad); i++) {
		int fd = openat(f->state, "ai-tokens.json", O_WRONLY | O_CREAT | O_TRUNC, 0600);

		assert_int_equal(write(fd, bad[i], strlen(bad[i])), (ssize_t)strlen(bad[i]));
		(void)close(fd);
		assert_int_equal(tokens_open(f->state, 0, &t, NULL), -1);
		assert_int_equal(reserve(&t, "a", 1, 0), ERR_STATE);
		tokens_settle(&t, "a", "default", 1, 1, 0);
	}
	(void)unlinkat(f->state, "ai-tokens.json", 0);
}

static void what_cannot_be_written_is_not_given(void **state)
{
	struct folders *f = *state;
	CLEANUP(tokens_close_p) struct tokens t = { 0 };

	assert_int_equal(tokens_open(f->state, 0, &t, NULL), 0);
	assert_int_equal(mkdirat(f->state, "ai-tokens.json", 0700), 0); /* nothing can replace it */
	assert_int_not_equal(reserve(&t, "a", 10, 0), 0);
	assert_int_equal(tokens_used(&t, "a", "default"), 0);
	assert_int_equal(unlinkat(f->state, "ai-tokens.json", AT_REMOVEDIR), 0);
}

static int folders_setup(void **state)
{
	struct folders *f = calloc(1, sizeof(*f));

	folders_make(f);
	*state = f;
	return 0;
}

static int folders_teardown(void **state)
{
	folders_remove(*state);
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_day_has_so_many, folders_setup, folders_teardown),
		cmocka_unit_test_setup_teardown(a_new_day_begins_once, folders_setup,
						folders_teardown),
		cmocka_unit_test_setup_teardown(it_is_there_after_a_crash, folders_setup,
						folders_teardown),
		cmocka_unit_test_setup_teardown(what_is_no_account_is_refused, folders_setup,
						folders_teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_written_is_not_given, folders_setup,
						folders_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
