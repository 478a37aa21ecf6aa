/* SPDX-License-Identifier: Apache-2.0 */
/* test_rpc.c - one message, strictly.
 * tests: runner/broker/cursor.c runner/broker/linkname.c */
#include "broker/rpc.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "broker/cursor.h"
#include "broker/linkname.h"

static const struct {
	const char *text;
	int result; /* 0 or -1 */
	enum rpc_kind kind;
} messages[] = {
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}", 0, KIND_REQUEST },
	{ "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"m\",\"params\":{}}", 0, KIND_REQUEST },
	{ "{\"jsonrpc\":\"2.0\",\"id\":-9223372036854775808,\"method\":\"m\"}", 0, KIND_REQUEST },
	{ "{\"jsonrpc\":\"2.0\",\"method\":\"$/cancel\",\"params\":{\"id\":1}}", 0,
	  KIND_NOTIFICATION },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}", 0, KIND_RESULT },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-1,\"message\":\"no\"}}", 0,
	  KIND_ERROR },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-1,\"message\":\"no\",\"data\":[1]}}",
	  0, KIND_ERROR },
	{ "", -1, 0 },
	{ " ", -1, 0 },
	{ "null", -1, 0 },
	{ "[]", -1, 0 },
	{ "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}]", -1, 0 },
	{ "{}", -1, 0 },
	{ "{\"id\":1,\"method\":\"m\"}", -1, 0 },
	{ "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"m\"}", -1, 0 },
	{ "{\"jsonrpc\":2.0,\"id\":1,\"method\":\"m\"}", -1, 0 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"m\"}", -1, 0 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"m\"}", -1, 0 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"m\"}", -1, 0 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":99999999999999999999,\"method\":\"m\"}", -1, 0 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":\"01234567890123456789012345678901234567890123456789012345678901234\",\"method\":\"m\"}",
	  -1, 0 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"m\"}", -1, 0 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":1}", -1, 0 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":[]}", -1, 0 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"extra\":1}", -1, 0 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"result\":1}", -1, 0 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1}", -1, 0 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1,\"error\":{\"code\":1,\"message\":\"\"}}", -1,
	  0 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":1}", -1, 0 },
	{ "{\"jsonrpc\":\"2.0\",\"result\":1}", -1, 0 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":\"no\"}", -1, 0 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"message\":\"no\"}}", -1, 0 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"} x", -1, 0 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}", -1, 0 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\\u0000b\"}", -1, 0 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":{\"a\":1,\"a\":1}}", -1, 0 },
};

static void each_message(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(messages); i++) {
		CLEANUP(rpc_message_free_p) struct rpc_message m = { 0 };

		if (rpc_parse(messages[i].text, strlen(messages[i].text), &m, NULL) !=
		    messages[i].result)
			fail_msg("%s", messages[i].text);
		if (messages[i].result == 0)
			assert_int_equal(m.kind, messages[i].kind);
	}
}

static void depth_is_bounded(void **state)
{
	CLEANUP(rpc_message_free_p) struct rpc_message m = { 0 };
	char text[4096];
	int n = snprintf(text, sizeof(text),
			 "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":{\"a\":");

	(void)state;
	memset(text + n, '[', 1000);
	memset(text + n + 1000, ']', 1000);
	memcpy(text + n + 2000, "}}", 3);
	assert_int_equal(rpc_parse(text, strlen(text), &m, NULL), -1);
}

static void a_method_is_safe_to_show(void **state)
{
	static const char text[] =
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\\nb\\u202e\\u001b[31m"
		"0123456789012345678901234567890123456789012345678901234567890123456789\"}";
	CLEANUP(rpc_message_free_p) struct rpc_message m = { 0 };

	(void)state;
	assert_int_equal(rpc_parse(text, strlen(text), &m, NULL), 0);
	assert_int_equal(strlen(m.method), NAME_MAX_BYTES - 1);
	assert_int_equal(strspn(m.method, "ab?[31m0123456789"), strlen(m.method));
}

static void ids_come_back_as_they_were(void **state)
{
	static const char *const ids[] = { "1", "-5", "9007199254740993", "\"a\\\"b\"", "\"\"" };

	(void)state;
	for (size_t i = 0; i < countof(ids); i++) {
		CLEANUP(rpc_message_free_p) struct rpc_message m = { 0 };
		CLEANUP(free_p) char *text = NULL;
		char request[128], expect[128];
		json_t *j;

		(void)snprintf(request, sizeof(request),
			       "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"m\"}", ids[i]);
		(void)snprintf(expect, sizeof(expect), "\"id\":%s,", ids[i]);
		assert_int_equal(rpc_parse(request, strlen(request), &m, NULL), 0);
		j = rpc_result(&m.id, json_object());
		text = json_print(j, NULL);
		json_decref(j);
		assert_non_null(strstr(text, expect));
		assert_true(rpc_id_equal(&m.id, &m.id));
		assert_false(rpc_id_equal(&m.id,
					  &(struct rpc_id){ .kind = RPC_ID_NUMBER, .number = 77 }));
	}
}

static void cursors_are_sealed(void **state)
{
	struct cursor_key a, b;
	char text[CURSOR_TEXT_BYTES], other[CURSOR_TEXT_BYTES], path[VAULT_PATH_MAX];

	(void)state;
	assert_true(sodium_init() >= 0);
	cursor_new_key(&a);
	cursor_new_key(&b);
	cursor_seal(&a, "me", "Secret/a.md", text);
	assert_null(strstr(text, "Secret"));
	assert_true(cursor_open(&a, "me", text, path));
	assert_string_equal(path, "Secret/a.md");
	cursor_seal(&a, "me", "x", other);
	assert_int_equal(strlen(text), strlen(other));
	assert_false(cursor_open(&b, "me", text, path));
	assert_false(cursor_open(&a, "you", text, path));
	assert_false(cursor_open(&a, "m", text, path));
	assert_false(cursor_open(&a, "me", "", path));
	assert_false(cursor_open(&a, "me", "zz", path));
	for (size_t i = 0; i < strlen(text); i += 7) {
		memcpy(other, text, sizeof(text));
		other[i] = other[i] == 'a' ? 'b' : 'a';
		assert_false(cursor_open(&a, "me", other, path));
	}
}

static void what_a_link_means(void **state)
{
	static const struct {
		const char *written;
		bool unique, means;
	} names[] = {
		{ "Note", true, true },		{ "Note", false, false },
		{ "note", true, true },		{ "Note.md", true, true },
		{ "B/Note", false, true },	{ "A/B/Note", false, true },
		{ "a/b/note.MD", false, true }, { " Note ", true, true },
		{ "/A/B/Note", false, true },	{ "Note#h", true, true },
		{ "Note#^b", true, true },	{ "ote", true, false },
		{ "X/Note", true, false },	{ "", true, false },
		{ "#h", true, false },		{ ".md", true, false },
		{ "Z/A/B/Note", true, false }, { "/Note", true, true },
	};
	struct link_target t = { .path = "A/B/Note.md", .name = "Note" };

	(void)state;
	for (size_t i = 0; i < countof(names); i++) {
		t.stem_unique = names[i].unique;
		if (linkname_means(names[i].written, strlen(names[i].written), &t) !=
		    names[i].means)
			fail_msg("%s", names[i].written);
	}
	t.stem_unique = true;
	assert_true(linkname_href_means("../B/Note.md", &t));
	assert_true(linkname_href_means("Not%65.md?x#y", &t));
	assert_false(linkname_href_means("Note", &t));
	assert_false(linkname_href_means("mailto:Note.md", &t));
	assert_false(linkname_href_means("ftp://x/Note.md", &t));
	assert_false(linkname_href_means("%", &t));
	assert_false(linkname_href_means("%4", &t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_message),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(a_method_is_safe_to_show),
		cmocka_unit_test(ids_come_back_as_they_were),
		cmocka_unit_test(cursors_are_sealed),
		cmocka_unit_test(what_a_link_means),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
