/* SPDX-License-Identifier: Apache-2.0 */
/* test_explain_text.c - the text names what matters, and no shape of JSON harms it. */
#include "policy/explain.h"
#include "tests/unit/policy_sample.h"

static struct sample s;
static char text[EXPLAIN_TEXT_MAX];

static int print_json(const char *json)
{
	CLEANUP(json_decref_p) json_t *j = NULL;
	struct writer w;
	struct err e = { 0 };

	if (json_parse(json, strlen(json), 16, 1000, &j, &e) < 0)
		fail_msg("%s: %s", json, e.text);
	writer_init(&w, text, sizeof(text));
	return explain_print(j, &w);
}

static void a_person_finds_the_answer(void **state)
{
	static const char *const lines[] = {
		"linker 1.2.3 (wasm) for alice: may run\n",
		"  yes readNotes (read)\n",
		"  no  useAI (egress) grant: not granted\n",
		"      asked    allow Projects/** deny Projects/private/**\n",
		"  yes vault:/Projects read",
		"  cpu 20 set by grant; cgroup cpu.max\n"
	};
	CLEANUP(json_decref_p) json_t *j = NULL;
	struct writer w;
	struct err e;

	(void)state;
	sample_make(&s);
	assert_int_equal(explain_build(&s.in, &s.policy, &j, &e), 0);
	writer_init(&w, text, sizeof(text));
	assert_int_equal(explain_print(j, &w), 0);
	for (size_t i = 0; i < countof(lines); i++)
		if (!strstr(text, lines[i]))
			fail_msg("\"%s\" is not in:\n%s", lines[i], text);
	writer_init(&w, text, 100);
	assert_int_equal(explain_print(j, &w), -1); /* never cut in silence */
}

static void another_document_is_refused(void **state)
{
	static const char *const others[] = {
		"{}", "[]", "5", "null", "{\"_type\":5}", "{\"_type\":\"kennel.grants/1\"}"
	};

	(void)state;
	for (size_t i = 0; i < countof(others); i++)
		assert_int_equal(print_json(others[i]), -1);
}

static void strange_shapes_are_survived(void **state)
{
	static const char *const shapes[] = {
		"{\"_type\":\"kennel.explain/1\"}",
		"{\"_type\":\"kennel.explain/1\",\"permissions\":5,\"limits\":\"x\",\"files\":{}}",
		"{\"_type\":\"kennel.explain/1\",\"permissions\":[5,[],{},null],\"verdict\":{\"runs\":true}}",
		"{\"_type\":\"kennel.explain/1\",\"permissions\":[{\"scope\":{\"asked\":{\"allow\":[5,{}]}}}]}",
		"{\"_type\":\"kennel.explain/1\",\"events\":[5,[],\"x\"],\"files\":[[]]}",
		"{\"_type\":\"kennel.explain/1\",\"permissions\":[{\"refused\":[5,{\"by\":[]}]}]}",
	};

	(void)state;
	for (size_t i = 0; i < countof(shapes); i++)
		assert_int_equal(print_json(shapes[i]), 0);
}

static void nothing_in_it_acts_on_a_terminal(void **state)
{
	(void)state;
	assert_int_equal(print_json("{\"_type\":\"kennel.explain/1\",\"plugin\":\"\\u001b[2J\","
				    "\"events\":[\"\\u202e\"]}"),
			 0);
	assert_null(strchr(text, '\x1b'));
	assert_non_null(strstr(text, "\\u001b[2J"));
	assert_non_null(strstr(text, "\\u202e"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_person_finds_the_answer),
		cmocka_unit_test(another_document_is_refused),
		cmocka_unit_test(strange_shapes_are_survived),
		cmocka_unit_test(nothing_in_it_acts_on_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
