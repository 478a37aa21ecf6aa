/* SPDX-License-Identifier: Apache-2.0 */
/* test_dialog.c - what a plugin may ask a person, and which answer fits. */
#include "broker/dialog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/limits.h"

static json_t *parsed(const char *text)
{
	json_t *j = NULL;

	assert_int_equal(json_parse(text, strlen(text), 16, 1024, &j, NULL), 0);
	return j;
}

static enum err_code reading(const char *params, json_t **ret, struct err *e)
{
	CLEANUP(json_decref_p) json_t *j = parsed(params);
	json_t *dialog = NULL;
	uint64_t ms;

	*e = (struct err){ 0 };
	if (dialog_read(j, &dialog, &ms, e) < 0)
		return e->code;
	if (ret)
		*ret = dialog;
	else
		json_decref(dialog);
	return ERR_OK;
}

static void what_is_left_out_is_filled_in(void **state)
{
	CLEANUP(json_decref_p)
	json_t *params = parsed(
		"{\"title\":\"Move?\",\"timeoutMs\":7,\"fields\":[{\"name\":\"to\",\"label\":\"Folder\"},"
		"{\"name\":\"how\",\"label\":\"How\",\"kind\":\"choice\",\"choices\":[\"copy\",\"move\"]},"
		"{\"name\":\"all\",\"label\":\"All\",\"kind\":\"check\",\"required\":true}]}");
	CLEANUP(json_decref_p) json_t *dialog = NULL;
	CLEANUP(free_p) char *text = NULL;
	uint64_t ms = 0;

	(void)state;
	assert_int_equal(dialog_read(params, &dialog, &ms, NULL), 0);
	assert_int_equal(ms, 7);
	text = json_print_canonical(dialog, NULL);
	assert_string_equal(
		text,
		"{\"accept\":\"OK\",\"decline\":\"Cancel\",\"fields\":["
		"{\"kind\":\"line\",\"label\":\"Folder\",\"name\":\"to\",\"required\":false,\"value\":\"\"},"
		"{\"choices\":[\"copy\",\"move\"],\"kind\":\"choice\",\"label\":\"How\",\"name\":\"how\",\"required\":false,"
		"\"value\":\"copy\"},"
		"{\"kind\":\"check\",\"label\":\"All\",\"name\":\"all\",\"required\":true,\"value\":false}],"
		"\"title\":\"Move?\"}");
	json_decref_p(&params);
	params = parsed("{\"title\":\"Just so\"}");
	json_decref_p(&dialog);
	assert_int_equal(dialog_read(params, &dialog, &ms, NULL), 0);
	assert_int_equal(ms, DIALOG_MS_NORMAL);
}

static void each_malformed_dialog_is_refused(void **state)
{
	static const struct {
		const char *params;
		enum err_code code;
		const char *where;
	} bad[] = {
		{ "{}", ERR_JSON_KEY, "title" },
		{ "{\"title\":\"\"}", ERR_JSON_VALUE, "title" },
		{ "{\"title\":7}", ERR_JSON_TYPE, "title" },
		{ "{\"title\":\"t\",\"html\":\"<b>\"}", ERR_JSON_KEY, "html" },
		{ "{\"title\":\"a\\nb\"}", ERR_JSON_VALUE, "title" },
		{ "{\"title\":\"\\u001b[2J\"}", ERR_JSON_VALUE, "title" },
		{ "{\"title\":\"\\u202egpj.exe\"}", ERR_JSON_VALUE, "title" },
		{ "{\"title\":\"t\",\"message\":\"a\\r\\nb\"}", ERR_JSON_VALUE, "message" },
		{ "{\"title\":\"t\",\"message\":\"a\\n\\u0007\"}", ERR_JSON_VALUE, "message" },
		{ "{\"title\":\"t\",\"timeoutMs\":3600001}", ERR_JSON_VALUE, "timeoutMs" },
		{ "{\"title\":\"t\",\"timeoutMs\":-1}", ERR_JSON_VALUE, "timeoutMs" },
		{ "{\"title\":\"t\",\"fields\":{}}", ERR_JSON_TYPE, "fields" },
		{ "{\"title\":\"t\",\"fields\":[7]}", ERR_JSON_TYPE, "fields/0" },
		{ "{\"title\":\"t\",\"fields\":[{\"name\":\"a\"}]}", ERR_JSON_KEY, "label" },
		{ "{\"title\":\"t\",\"fields\":[{\"label\":\"a\"}]}", ERR_JSON_KEY, "name" },
		{ "{\"title\":\"t\",\"fields\":[{\"name\":\"a b\",\"label\":\"a\"}]}",
		  ERR_JSON_VALUE, "name" },
		{ "{\"title\":\"t\",\"fields\":[{\"name\":\"a\",\"label\":\"a\"},{\"name\":\"a\",\"label\":\"b\"}]}",
		  ERR_JSON_VALUE, "fields/1" },
		{ "{\"title\":\"t\",\"fields\":[{\"name\":\"a\",\"label\":\"a\",\"kind\":\"html\"}]}",
		  ERR_JSON_VALUE, "kind" },
		{ "{\"title\":\"t\",\"fields\":[{\"name\":\"a\",\"label\":\"a\",\"onclick\":\"x\"}]}",
		  ERR_JSON_KEY, "onclick" },
		{ "{\"title\":\"t\",\"fields\":[{\"name\":\"a\",\"label\":\"a\",\"value\":\"a\\nb\"}]}",
		  ERR_JSON_VALUE, "value" },
		{ "{\"title\":\"t\",\"fields\":[{\"name\":\"a\",\"label\":\"a\",\"value\":true}]}",
		  ERR_JSON_VALUE, "value" },
		{ "{\"title\":\"t\",\"fields\":[{\"name\":\"a\",\"label\":\"a\",\"choices\":[\"b\"]}]}",
		  ERR_JSON_KEY, "choices" },
		{ "{\"title\":\"t\",\"fields\":[{\"name\":\"a\",\"label\":\"a\",\"kind\":\"choice\"}]}",
		  ERR_JSON_KEY, "choices" },
		{ "{\"title\":\"t\",\"fields\":[{\"name\":\"a\",\"label\":\"a\",\"kind\":\"choice\",\"choices\":[]}]}",
		  ERR_JSON_VALUE, "choices" },
		{ "{\"title\":\"t\",\"fields\":[{\"name\":\"a\",\"label\":\"a\",\"kind\":\"choice\",\"choices\":[\"b\",\"b\"]}]}",
		  ERR_JSON_VALUE, "choices" },
		{ "{\"title\":\"t\",\"fields\":[{\"name\":\"a\",\"label\":\"a\",\"kind\":\"choice\",\"choices\":[7]}]}",
		  ERR_JSON_TYPE, "choice" },
		{ "{\"title\":\"t\",\"fields\":[{\"name\":\"a\",\"label\":\"a\",\"kind\":\"choice\",\"choices\":[\"b\"],\"value\":\"c\"}]}",
		  ERR_JSON_VALUE, "value" },
	};

	(void)state;
	for (size_t i = 0; i < countof(bad); i++) {
		struct err e;
		enum err_code code = reading(bad[i].params, NULL, &e);

		if (code != bad[i].code || !strstr(e.text, bad[i].where))
			fail_msg("%s: %s %s", bad[i].params, err_name(code), e.text);
	}
}

/* A title of n times s. */
static enum err_code reading_title(const char *s, size_t n)
{
	char text[1024] = "";
	CLEANUP(json_decref_p) json_t *params = NULL;
	CLEANUP(free_p) char *printed = NULL;
	struct writer w;
	struct err e;

	writer_init(&w, text, sizeof(text));
	for (size_t i = 0; i < n; i++)
		writer_str(&w, s);
	params = json_pack("{s:s}", "title", text);
	printed = json_print(params, NULL);
	return reading(printed, NULL, &e);
}

static void bounds_are_characters(void **state)
{
	(void)state;
	assert_int_equal(reading_title("x", DIALOG_TITLE_CHARS), ERR_OK);
	assert_int_equal(reading_title("x", DIALOG_TITLE_CHARS + 1), ERR_LIMIT);
	assert_int_equal(reading_title("\xf0\x9f\x90\x95", DIALOG_TITLE_CHARS), ERR_OK);
	assert_int_equal(reading_title("\xf0\x9f\x90\x95", DIALOG_TITLE_CHARS + 1), ERR_LIMIT);
}

/* What looks like markup, a script or an address is text like any other, byte for byte. */
static void strings_stay_what_they_are(void **state)
{
	static const char *const hostile[] = {
		"<script>alert(1)</script>", "javascript:alert(1)", "https://example.org/?x=%00",
		"&lt;img src=x&gt;",	     "$(reboot)",	    "%s%n%s%n",
		"[[Note]] ![](file:///x)"
	};

	(void)state;
	for (size_t i = 0; i < countof(hostile); i++) {
		CLEANUP(json_decref_p)
		json_t *params =
			json_pack("{s:s, s:s}", "title", hostile[i], "message", hostile[i]);
		CLEANUP(json_decref_p) json_t *dialog = NULL;
		uint64_t ms;

		assert_int_equal(dialog_read(params, &dialog, &ms, NULL), 0);
		assert_string_equal(json_string_value(json_object_get(dialog, "title")),
				    hostile[i]);
		assert_string_equal(json_string_value(json_object_get(dialog, "message")),
				    hostile[i]);
	}
}

static const char form[] =
	"{\"title\":\"t\",\"fields\":[{\"name\":\"line\",\"label\":\"l\",\"required\":true},"
	"{\"name\":\"text\",\"label\":\"l\",\"kind\":\"text\",\"value\":\"kept\"},"
	"{\"name\":\"how\",\"label\":\"l\",\"kind\":\"choice\",\"choices\":[\"a\",\"b\"]},"
	"{\"name\":\"all\",\"label\":\"l\",\"kind\":\"check\"}]}";

static void each_answer_fits_or_not(void **state)
{
	static const struct {
		const char *answer;
		enum err_code code;
		const char *result; /* or what the error names */
	} answers[] = {
		{ "{\"action\":\"accept\",\"values\":{\"line\":\"x\"}}", ERR_OK,
		  "{\"action\":\"accept\",\"values\":{\"all\":false,\"how\":\"a\",\"line\":\"x\",\"text\":\"kept\"}}" },
		{ "{\"action\":\"accept\",\"values\":{\"line\":\"x\",\"text\":\"1\\n2\",\"how\":\"b\",\"all\":true}}",
		  ERR_OK,
		  "{\"action\":\"accept\",\"values\":{\"all\":true,\"how\":\"b\",\"line\":\"x\",\"text\":\"1\\n2\"}}" },
		{ "{\"action\":\"decline\"}", ERR_OK, "{\"action\":\"decline\",\"values\":{}}" },
		{ "{\"action\":\"accept\"}", ERR_JSON_VALUE, "line" },
		{ "{\"action\":\"accept\",\"values\":{\"line\":\"\"}}", ERR_JSON_VALUE, "line" },
		{ "{\"action\":\"accept\",\"values\":{\"line\":\"a\\nb\"}}", ERR_JSON_VALUE,
		  "line" },
		{ "{\"action\":\"accept\",\"values\":{\"line\":7}}", ERR_JSON_VALUE, "line" },
		{ "{\"action\":\"accept\",\"values\":{\"line\":\"x\",\"how\":\"c\"}}",
		  ERR_JSON_VALUE, "how" },
		{ "{\"action\":\"accept\",\"values\":{\"line\":\"x\",\"all\":\"true\"}}",
		  ERR_JSON_VALUE, "all" },
		{ "{\"action\":\"accept\",\"values\":{\"line\":\"x\",\"other\":\"y\"}}",
		  ERR_JSON_KEY, "other" },
		{ "{\"action\":\"decline\",\"values\":{\"line\":\"x\"}}", ERR_JSON_VALUE,
		  "action" },
		{ "{\"action\":\"maybe\"}", ERR_JSON_VALUE, "action" },
		{ "{\"values\":{}}", ERR_JSON_KEY, "action" },
		{ "{\"action\":\"accept\",\"values\":[]}", ERR_JSON_TYPE, "values" },
		{ "{\"action\":\"accept\",\"more\":1}", ERR_JSON_KEY, "more" },
	};
	CLEANUP(json_decref_p) json_t *dialog = NULL;
	struct err e;

	(void)state;
	assert_int_equal(reading(form, &dialog, &e), ERR_OK);
	for (size_t i = 0; i < countof(answers); i++) {
		CLEANUP(json_decref_p) json_t *given = parsed(answers[i].answer);
		CLEANUP(json_decref_p) json_t *result = NULL;
		CLEANUP(free_p) char *text = NULL;
		int r = dialog_answer(dialog, given, &result, &e);

		text = r == 0 ? json_print_canonical(result, NULL) : NULL;
		if (r == 0 ? answers[i].code != ERR_OK || strcmp(text, answers[i].result) != 0
			   : e.code != answers[i].code || !strstr(e.text, answers[i].result))
			fail_msg("%s: %s", answers[i].answer, r == 0 ? text : e.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_out_is_filled_in),
		cmocka_unit_test(each_malformed_dialog_is_refused),
		cmocka_unit_test(bounds_are_characters),
		cmocka_unit_test(strings_stay_what_they_are),
		cmocka_unit_test(each_answer_fits_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
