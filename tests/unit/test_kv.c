/* SPDX-License-Identifier: Apache-2.0 */
/* test_kv.c - what a plugin remembers: for itself alone, in bounds, and readable again.
 * tests: runner/broker/call_kv.c */
#include <fcntl.h>
#include <poll.h>

#include "base/fs.h"
#include "tests/lib/gate_fixture.h"

static void be(struct fixture *x, const char *name)
{
	struct policy p;

	policy_make(&p, name, PERM_BIT(PERM_STORAGE));
	subject_init(&x->who, 7, &p, 1000);
	x->who.log = &x->log;
	audit_forget(x->audit);
}

static json_int_t put_key(struct fixture *x, const char *params, int *ret_code)
{
	CLEANUP(json_decref_p) json_t *r = NULL;

	*ret_code = ask(x, "kv.put", params, 1000, &r);
	return json_integer_value(json_object_get(r, "version"));
}

static void must_put(struct fixture *x, const char *params)
{
	int code;

	(void)put_key(x, params, &code);
	if (code)
		fail_msg("%s: %d", params, code);
}

static void want_value(struct fixture *x, const char *key, const char *json, json_int_t version)
{
	CLEANUP(json_decref_p) json_t *r = NULL;
	CLEANUP(free_p) char *params = NULL;
	CLEANUP(free_p) char *got = NULL;

	assert_true(asprintf(&params, "{\"key\":\"%s\"}", key) > 0);
	assert_int_equal(ask(x, "kv.get", params, 1000, &r), 0);
	got = json_dumps(json_object_get(r, "value"), JSON_COMPACT | JSON_ENCODE_ANY);
	assert_string_equal(got, json);
	assert_int_equal(json_integer_value(json_object_get(r, "version")), version);
}

static void what_is_put_is_there(void **state)
{
	struct fixture *x = *state;
	int code;

	be(x, "a");
	want_value(x, "k", "null", 0);
	assert_int_equal(put_key(x, "{\"key\":\"k\",\"value\":{\"n\":[1,2.5,null]}}", &code), 1);
	want_value(x, "k", "{\"n\":[1,2.5,null]}", 1);
	assert_int_equal(put_key(x, "{\"key\":\"k\",\"value\":null}", &code), 2);
	want_value(x, "k", "null", 2);
	assert_int_equal(audit_count(x->audit, "cap.done", "allow"), 2);
	/* another plugin has another store */
	be(x, "b");
	want_value(x, "k", "null", 0);
	assert_int_equal(put_key(x, "{\"key\":\"k\",\"value\":\"b's\"}", &code), 1);
	be(x, "a");
	want_value(x, "k", "null", 2);
}

static void a_version_decides(void **state)
{
	struct fixture *x = *state;
	CLEANUP(json_decref_p) json_t *r = NULL;
	int code;

	be(x, "a");
	(void)put_key(x, "{\"key\":\"k\",\"value\":1,\"ifVersion\":1}", &code);
	assert_int_equal(code, RPC_CONFLICT);
	assert_int_equal(put_key(x, "{\"key\":\"k\",\"value\":1,\"ifVersion\":0}", &code), 1);
	(void)put_key(x, "{\"key\":\"k\",\"value\":2,\"ifVersion\":0}", &code);
	assert_int_equal(code, RPC_CONFLICT);
	assert_int_equal(put_key(x, "{\"key\":\"k\",\"value\":2,\"ifVersion\":1}", &code), 2);
	assert_int_equal(ask(x, "kv.delete", "{\"key\":\"k\",\"ifVersion\":1}", 1000, NULL),
			 RPC_CONFLICT);
	assert_int_equal(ask(x, "kv.delete", "{\"key\":\"k\",\"ifVersion\":2}", 1000, &r), 0);
	assert_true(json_is_true(json_object_get(r, "deleted")));
	json_decref_p(&r);
	assert_int_equal(ask(x, "kv.delete", "{\"key\":\"k\"}", 1000, &r), 0);
	assert_true(json_is_false(json_object_get(r, "deleted")));
	/* a version is never given twice: who slept over both changes notices */
	assert_int_equal(put_key(x, "{\"key\":\"k\",\"value\":3}", &code), 3);
	want_value(x, "k", "3", 3);
}

static void time_takes_away(void **state)
{
	struct fixture *x = *state;

	be(x, "a");
	must_put(x, "{\"key\":\"k\",\"value\":1,\"ttlMs\":1}");
	must_put(x, "{\"key\":\"l\",\"value\":1,\"ttlMs\":100000}");
	(void)poll(NULL, 0, 20);
	want_value(x, "k", "null", 0);
	want_value(x, "l", "1", 2);
}

static void want_keys(struct fixture *x, const char *params, const char *json)
{
	CLEANUP(json_decref_p) json_t *r = NULL;
	CLEANUP(free_p) char *got = NULL;

	assert_int_equal(ask(x, "kv.list", params, 1000, &r), 0);
	got = json_print_canonical(r, NULL);
	assert_string_equal(got, json);
}

static void keys_are_listed_in_order(void **state)
{
	static const char *const keys[] = { "b/2", "a", "b/10", "c", "b/1" };
	struct fixture *x = *state;

	be(x, "a");
	want_keys(x, "{}", "{\"keys\":[],\"more\":false}");
	for (size_t i = 0; i < countof(keys); i++) {
		char params[64];

		(void)snprintf(params, sizeof(params), "{\"key\":\"%s\",\"value\":0}", keys[i]);
		must_put(x, params);
	}
	want_keys(x, "{}", "{\"keys\":[\"a\",\"b/1\",\"b/10\",\"b/2\",\"c\"],\"more\":false}");
	want_keys(x, "{\"prefix\":\"b/\"}", "{\"keys\":[\"b/1\",\"b/10\",\"b/2\"],\"more\":false}");
	want_keys(x, "{\"limit\":2}", "{\"keys\":[\"a\",\"b/1\"],\"more\":true}");
	want_keys(x, "{\"limit\":2,\"after\":\"b/1\"}",
		  "{\"keys\":[\"b/10\",\"b/2\"],\"more\":true}");
	want_keys(x, "{\"after\":\"b/2\",\"prefix\":\"b/\"}", "{\"keys\":[],\"more\":false}");
}

static void what_is_malformed_is_refused(void **state)
{
	static const struct {
		const char *method, *params;
		int code;
	} rows[] = {
		{ "kv.get", "{}", RPC_INVALID_PARAMS },
		{ "kv.get", "{\"key\":\"\"}", RPC_INVALID_PARAMS },
		{ "kv.get", "{\"key\":5}", RPC_INVALID_PARAMS },
		{ "kv.get", "{\"key\":\"a\\nb\"}", RPC_INVALID_PARAMS },
		{ "kv.get", "{\"key\":\"a\",\"plugin\":\"b\"}", RPC_INVALID_PARAMS },
		{ "kv.put", "{\"key\":\"k\"}", RPC_INVALID_PARAMS },
		{ "kv.put", "{\"value\":1}", RPC_INVALID_PARAMS },
		{ "kv.put", "{\"key\":\"k\",\"value\":1,\"ifVersion\":-1}", RPC_INVALID_PARAMS },
		{ "kv.put", "{\"key\":\"k\",\"value\":1,\"ifVersion\":\"1\"}", RPC_INVALID_PARAMS },
		{ "kv.put", "{\"key\":\"k\",\"value\":1,\"ttlMs\":0}", RPC_INVALID_PARAMS },
		{ "kv.put", "{\"key\":\"k\",\"value\":1,\"ttlMs\":1e9}", RPC_INVALID_PARAMS },
		{ "kv.delete", "{\"key\":\"k\",\"value\":1}", RPC_INVALID_PARAMS },
		{ "kv.list", "{\"limit\":0}", RPC_INVALID_PARAMS },
		{ "kv.list", "{\"limit\":501}", RPC_INVALID_PARAMS },
		{ "kv.list", "{\"prefix\":5}", RPC_INVALID_PARAMS },
	};
	struct fixture *x = *state;

	be(x, "a");
	for (size_t i = 0; i < countof(rows); i++) {
		int code = ask(x, rows[i].method, rows[i].params, 1000, NULL);

		if (code != rows[i].code)
			fail_msg("%s %s: %d", rows[i].method, rows[i].params, code);
	}
}

/* A value of n bytes of text, or of as many numbers as go into n bytes. */
static char *put_params(const char *key, size_t n, bool numbers)
{
	CLEANUP(free_p) char *value = malloc(n + 3);
	char *params = NULL;

	assert_non_null(value);
	memset(value, 'x', n);
	for (size_t i = 0; numbers && i < n; i++)
		value[i] = i % 2 ? ',' : '0';
	value[n] = '\0';
	assert_true(asprintf(&params,
			     numbers ? "{\"key\":\"%s\",\"value\":[%s]}"
				     : "{\"key\":\"%s\",\"value\":\"%s\"}",
			     key, value) > 0);
	return params;
}

static int put_many(struct fixture *x, size_t n, bool numbers)
{
	for (int i = 0;; i++) {
		CLEANUP(free_p) char *params = NULL;
		char key[16];
		int code;

		(void)snprintf(key, sizeof(key), "k%d", i);
		params = put_params(key, n, numbers);
		bucket_init(&x->who.written, 1u << 30, 1u << 30, 1000);
		bucket_init(&x->who.calls, 100000, 100000, 1000);
		(void)put_key(x, params, &code);
		if (code)
			return code;
		assert_true(i < 2000);
	}
}

static void there_is_so_much_of_it(void **state)
{
	CLEANUP(free_p) char *large = put_params("k", KV_VALUE_BYTES_MAX, false);
	struct fixture *x = *state;
	int code;

	be(x, "large");
	(void)put_key(x, large, &code);
	assert_int_equal(code, RPC_TOO_LARGE);
	be(x, "bytes");
	assert_int_equal(put_many(x, 30000, false), RPC_QUOTA);
	want_keys(x, "{\"limit\":1}", "{\"keys\":[\"k0\"],\"more\":true}");
	be(x, "keys");
	assert_int_equal(put_many(x, 1, false), RPC_QUOTA);
	/* many values are few bytes, and what could not be read again is not written */
	be(x, "values");
	assert_int_equal(put_many(x, 30001, true), RPC_QUOTA);
	want_keys(x, "{\"limit\":1}", "{\"keys\":[\"k0\"],\"more\":true}");
}

static void a_flood_is_slowed_down(void **state)
{
	CLEANUP(free_p) char *params = put_params("k", 30000, false);
	struct fixture *x = *state;
	int code = 0;

	be(x, "a");
	for (int i = 0; i < 1000 && !code; i++)
		(void)put_key(x, params, &code);
	assert_int_equal(code, RPC_RATE_LIMITED);
}

static void put_file(struct fixture *x, const char *name, const char *text)
{
	int fd = openat(x->host.kv.fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
}

static void what_is_no_store_is_left_alone(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"{\"_type\":\"kennel.kv/2\",\"version\":1,\"keys\":{}}",
		"{\"_type\":\"kennel.kv/1\",\"version\":-1,\"keys\":{}}",
		"{\"_type\":\"kennel.kv/1\",\"version\":1,\"keys\":[]}",
		"{\"_type\":\"kennel.kv/1\",\"version\":1,\"keys\":{\"k\":1}}",
		"{\"_type\":\"kennel.kv/1\",\"version\":1,\"keys\":{\"k\":{\"value\":1,\"version\":2}}}",
		"{\"_type\":\"kennel.kv/1\",\"version\":1,\"keys\":{\"\":{\"value\":1,\"version\":1}}}",
		"{\"_type\":\"kennel.kv/1\",\"version\":1,\"keys\":{\"k\":{\"value\":1,\"version\":1,\"expiresMs\":\"x\"}}}",
	};
	struct fixture *x = *state;
	int code;

	be(x, "a");
	for (size_t i = 0; i < countof(bad); i++) {
		CLEANUP(buffer_free_p) struct buffer text = { 0 };

		put_file(x, "a.json", bad[i]);
		(void)put_key(x, "{\"key\":\"k\",\"value\":1}", &code);
		assert_int_equal(code, RPC_BACKEND);
		assert_int_equal(ask(x, "kv.get", "{\"key\":\"k\"}", 1000, NULL), RPC_BACKEND);
		assert_int_equal(fs_read_file(x->host.kv.fd, "a.json", 1000, &text, NULL), 0);
		assert_int_equal(text.len, strlen(bad[i]));
	}
	/* a link is followed to nothing */
	assert_int_equal(unlinkat(x->host.kv.fd, "a.json", 0), 0);
	assert_int_equal(symlinkat("../ai-tokens.json", x->host.kv.fd, "a.json"), 0);
	(void)put_key(x, "{\"key\":\"k\",\"value\":1}", &code);
	assert_int_equal(code, RPC_BACKEND);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_put_is_there),
		TEST(a_version_decides),
		TEST(time_takes_away),
		TEST(keys_are_listed_in_order),
		TEST(what_is_malformed_is_refused),
		TEST(there_is_so_much_of_it),
		TEST(a_flood_is_slowed_down),
		TEST(what_is_no_store_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
