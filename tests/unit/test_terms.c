/* SPDX-License-Identifier: Apache-2.0 */
/* test_terms.c - limits and scopes, from JSON and back. */
#include "base/bytes.h"
#include "policy/limit.h"
#include "policy/terms.h"
#include "tests/unit/policy_sample.h"

static struct scope_rule rules[SCOPE_RULES_MAX];
static uint32_t count;

static enum err_code take(const char *text, permission_set permissions, struct err *e)
{
	CLEANUP(json_decref_p) json_t *j = NULL;

	*e = (struct err){ 0 };
	memset(rules, 0, sizeof(rules));
	if (json_parse(text, strlen(text), 8, 1000, &j, e) < 0)
		fail_msg("%s: %s", text, e->text);
	return scopes_take((struct json_place){ j, "/scopes" },
			   (struct scope_target){ rules, &count, permissions }, e) < 0
		       ? e->code
		       : ERR_OK;
}

static void scopes_come_out_in_the_tables_order(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(take("{\"writeLinks\":{\"allow\":[\"w/**\"]},"
			      "\"readNotes\":{\"deny\":[\"d/**\"],\"allow\":[\"a/**\",\"b/**\"]}}",
			      PERM_ALL, &e),
			 ERR_OK);
	assert_int_equal(count, 4);
	assert_string_equal(rules[0].glob, "a/**");
	assert_string_equal(rules[1].glob, "b/**");
	assert_string_equal(rules[2].glob, "d/**");
	assert_int_equal(rules[2].deny, 1);
	assert_int_equal(rules[3].permission, PERM_WRITE_LINKS);
}

static void scopes_are_of_listed_permissions_only(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(take("{\"readNotes\":{\"allow\":[\"**\"]}}",
			      PERM_ALL & ~PERM_BIT(PERM_READ_NOTES), &e),
			 ERR_JSON_KEY);
	assert_int_equal(take("{\"useAI\":{\"allow\":[\"**\"]}}", PERM_ALL, &e), ERR_JSON_KEY);
	assert_int_equal(take("{\"x\":{}}", PERM_ALL, &e), ERR_PERMISSION_UNKNOWN);
	assert_int_equal(take("[]", PERM_ALL, &e), ERR_JSON_TYPE);
	assert_int_equal(take("{\"readNotes\":5}", PERM_ALL, &e), ERR_JSON_TYPE);
}

static void globs_are_counted_over_all_scopes(void **state)
{
	char text[4096];
	struct writer w;
	struct err e;

	(void)state;
	writer_init(&w, text, sizeof(text));
	writer_str(&w, "{\"readNotes\":{\"allow\":[\"**\"");
	for (int i = 0; i < 20; i++)
		writer_fmt(&w, ",\"a%d\"", i);
	writer_str(&w, "]},\"writeNotes\":{\"deny\":[\"**\"");
	for (int i = 0; i < 20; i++)
		writer_fmt(&w, ",\"b%d\"", i);
	writer_str(&w, "]}}");
	assert_false(w.full);
	assert_int_equal(take(text, PERM_ALL, &e), ERR_LIMIT);
	assert_true(count <= SCOPE_RULES_MAX);
}

static void scopes_go_back_to_json(void **state)
{
	static const char text[] = "{\"readNotes\":{\"allow\":[\"a/**\"],\"deny\":[\"a/b/**\"]},"
				   "\"writeLinks\":{\"allow\":[\"**\"]}}";
	CLEANUP(json_decref_p) json_t *j = NULL;
	CLEANUP(json_decref_p) json_t *one = NULL;
	CLEANUP(free_p) char *again = NULL;
	struct err e;

	(void)state;
	assert_int_equal(take(text, PERM_ALL, &e), ERR_OK);
	j = scopes_to_json(rules, count);
	again = json_print_canonical(j, NULL);
	assert_string_equal(again, text);
	one = scope_to_json(rules, count, PERM_WRITE_NOTES);
	assert_int_equal(json_object_size(one), 0);
}

static void permissions_go_back_to_json(void **state)
{
	CLEANUP(json_decref_p)
	json_t *j = permissions_to_json(PERM_BIT(PERM_USE_AI) | PERM_BIT(PERM_READ_NOTES));
	CLEANUP(free_p) char *text = json_print_canonical(j, NULL);

	(void)state;
	assert_string_equal(text, "[\"readNotes\",\"useAI\"]");
}

static void limits_survive_both_ways(void **state)
{
	static const uint64_t odd[] = { 0, 1, 999, 1000, 1024, 4096, 60000, 1048577, 3600000 };
	struct err e;

	(void)state;
	for (size_t i = 0; i < countof(odd); i++) {
		CLEANUP(json_decref_p) json_t *j = NULL;
		struct limits l = { 0 }, again = { 0 };

		for (unsigned int k = 0; k < LIMIT_COUNT; k++)
			if (odd[i] >= limit_info(k)->least && odd[i] <= limit_info(k)->most)
				limit_set(&l, k, odd[i]);
		j = limits_to_json(&l);
		assert_int_equal(
			fields_take(&limit_fields, (struct json_place){ j, "" }, &again, &e), 0);
		assert_memory_equal(&l, &again, sizeof(l));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scopes_come_out_in_the_tables_order),
		cmocka_unit_test(scopes_are_of_listed_permissions_only),
		cmocka_unit_test(globs_are_counted_over_all_scopes),
		cmocka_unit_test(scopes_go_back_to_json),
		cmocka_unit_test(permissions_go_back_to_json),
		cmocka_unit_test(limits_survive_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
