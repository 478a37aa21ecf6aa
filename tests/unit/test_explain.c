/* SPDX-License-Identifier: Apache-2.0 */
/* test_explain.c - the explanation and the policy say the same, and every no has an owner. */
#include "policy/explain.h"
#include "policy/limit.h"
#include "tests/unit/policy_sample.h"

static struct sample s;

/* The caller frees. */
static json_t *explain(const struct policy *got)
{
	json_t *j = NULL;
	struct err e = { 0 };

	if (explain_build(&s.in, got, &j, &e) < 0)
		fail_msg("%s", e.text);
	return j;
}

static const json_t *row(const json_t *j, const char *list, const char *key, const char *value)
{
	const json_t *rows = json_object_get(j, list);

	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *r = json_array_get(rows, i);

		if (!strcmp(json_string_value(json_object_get(r, key)), value))
			return r;
	}
	fail_msg("no %s %s", list, value);
	return NULL;
}

static bool refused_by(const json_t *permission, const char *who)
{
	const json_t *refused = json_object_get(permission, "refused");

	for (size_t i = 0; i < json_array_size(refused); i++)
		if (!strcmp(json_string_value(json_object_get(json_array_get(refused, i), "by")),
			    who))
			return true;
	return false;
}

static bool is_allowed(const json_t *r)
{
	return json_is_true(json_object_get(r, "allowed"));
}

static void what_is_allowed_is_what_the_policy_has(void **state)
{
	CLEANUP(json_decref_p) json_t *j = NULL;

	(void)state;
	sample_make(&s);
	j = explain(&s.policy);
	assert_true(is_allowed(row(j, "permissions", "name", "readNotes")));
	assert_true(is_allowed(row(j, "permissions", "name", "writeLinks")));
	assert_false(is_allowed(row(j, "permissions", "name", "useAI")));
	assert_true(refused_by(row(j, "permissions", "name", "useAI"), "grant"));
	assert_false(refused_by(row(j, "permissions", "name", "useAI"), "tenant"));
	assert_int_equal(json_array_size(json_object_get(j, "permissions")), 3);
	assert_true(is_allowed(row(j, "files", "path", "vault:/Projects")));
	assert_true(is_allowed(row(j, "files", "path", "data:/")));
	assert_true(json_is_true(json_object_get(json_object_get(j, "verdict"), "runs")));
}

static void everybody_who_says_no_is_named(void **state)
{
	CLEANUP(json_decref_p) json_t *j = NULL;
	const json_t *ai, *notes;

	(void)state;
	sample_make(&s);
	s.ceiling.tenants[0].permissions = 0;
	s.key.permissions &= ~PERM_BIT(PERM_USE_AI);
	s.grant.scope_count = 0;
	s.manifest.scope_count = 0;
	j = explain(NULL);
	ai = row(j, "permissions", "name", "useAI");
	notes = row(j, "permissions", "name", "readNotes");
	assert_true(refused_by(ai, "tenant") && refused_by(ai, "key") && refused_by(ai, "grant"));
	assert_false(refused_by(ai, "manifest"));
	assert_true(refused_by(notes, "manifest") && refused_by(notes, "grant") &&
		    refused_by(notes, "tenant"));
	assert_false(refused_by(notes, "key"));
}

static void a_refused_plugin_says_why(void **state)
{
	CLEANUP(json_decref_p) json_t *j = NULL;
	const json_t *verdict;

	(void)state;
	sample_make(&s);
	s.key.permissions = 0;
	j = explain(NULL);
	verdict = json_object_get(j, "verdict");
	assert_false(json_is_true(json_object_get(verdict, "runs")));
	assert_string_equal(json_string_value(json_object_get(verdict, "code")), "E_CEILING");
	assert_non_null(strstr(json_string_value(json_object_get(verdict, "why")), "useAI"));
}

static void without_a_grant_everything_waits_for_one(void **state)
{
	CLEANUP(json_decref_p) json_t *j = NULL;
	struct err e;

	(void)state;
	sample_make(&s);
	s.in.grant = NULL;
	assert_int_equal(policy_compile(&s.in, &s.policy, &e), 0);
	j = explain(&s.policy);
	assert_true(json_is_false(json_object_get(j, "granted")));
	for (size_t i = 0; i < 3; i++)
		assert_true(
			refused_by(json_array_get(json_object_get(j, "permissions"), i), "grant"));
	assert_false(is_allowed(row(j, "files", "path", "data:/")));
}

static void what_is_granted_but_not_asked_is_shown(void **state)
{
	CLEANUP(json_decref_p) json_t *j = NULL;
	const json_t *r;

	(void)state;
	sample_make(&s);
	s.grant.permissions |= PERM_BIT(PERM_STORAGE);
	j = explain(&s.policy);
	r = row(j, "permissions", "name", "storage");
	assert_false(is_allowed(r));
	assert_true(refused_by(r, "manifest"));
}

static void the_whole_vault_is_called_broad(void **state)
{
	CLEANUP(json_decref_p) json_t *narrow = NULL;
	CLEANUP(json_decref_p) json_t *broad = NULL;
	struct err e;
	const json_t *scope;

	(void)state;
	sample_make(&s);
	narrow = explain(&s.policy);
	scope = json_object_get(row(narrow, "permissions", "name", "readNotes"), "scope");
	assert_true(json_is_false(json_object_get(scope, "broad")));
	memset(s.grant.scopes[0].glob, 0, SCOPE_GLOB_MAX);
	memcpy(s.grant.scopes[0].glob, "**", 2);
	assert_int_equal(policy_compile(&s.in, &s.policy, &e), 0);
	broad = explain(&s.policy);
	scope = json_object_get(row(broad, "permissions", "name", "readNotes"), "scope");
	assert_true(json_is_true(json_object_get(scope, "broad")));
}

static void every_limit_has_an_owner(void **state)
{
	static const struct {
		const char *name;
		const char *owner;
	} owners[] = { { "memory", "manifest" },
		       { "runtime", "tenant" },
		       { "cpu", "grant" },
		       { "tasks", "default" } };
	CLEANUP(json_decref_p) json_t *j = NULL;

	(void)state;
	sample_make(&s);
	j = explain(&s.policy);
	assert_int_equal(json_array_size(json_object_get(j, "limits")), LIMIT_COUNT);
	for (size_t i = 0; i < countof(owners); i++)
		assert_string_equal(json_string_value(json_object_get(
					    row(j, "limits", "name", owners[i].name), "setBy")),
				    owners[i].owner);
}

static void native_code_shows_who_let_it_in(void **state)
{
	CLEANUP(json_decref_p) json_t *j = NULL;
	struct err e = { 0 };

	(void)state;
	sample_make(&s);
	assert_int_equal(explain_build(&s.in, &s.policy, &j, &e), 0);
	assert_null(json_object_get(j, "native"));
	json_decref_p(&j);
	j = NULL;
	s.manifest.native = s.key.native = 1;
	s.ceiling.tenants[0].runtimes |= RUNTIME_BIT(RUNTIME_NATIVE);
	assert_int_equal(explain_build(&s.in, NULL, &j, &e), 0);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(j, "native"), "approvedBy")),
		"nobody");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(j, "verdict"), "code")),
		"E_NATIVE");
	json_decref_p(&j);
	j = NULL;
	s.in.native = NATIVE_BY_KEY;
	assert_int_equal(explain_build(&s.in, &s.policy, &j, &e), 0);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(j, "native"), "approvedBy")),
		"key");
}

static const char *enforcer(const json_t *j, const char *limit)
{
	return json_string_value(json_object_get(row(j, "limits", "name", limit), "enforced"));
}

static void what_the_host_does_without_is_said(void **state)
{
	CLEANUP(json_decref_p) json_t *full = NULL;
	CLEANUP(json_decref_p) json_t *less = NULL;

	(void)state;
	sample_make(&s);
	full = explain(&s.policy);
	s.in.accepted = 1u << ACCEPT_NO_STORAGE_QUOTA | 1u << ACCEPT_NO_IO_LIMIT;
	less = explain(&s.policy);
	assert_null(strstr(enforcer(full, "storage"), "no-storage-quota"));
	assert_non_null(strstr(enforcer(less, "storage"), "no-storage-quota"));
	assert_null(strstr(enforcer(full, "io"), "no-io-limit"));
	assert_non_null(strstr(enforcer(less, "io"), "no-io-limit"));
	assert_string_equal(enforcer(full, "memory"), enforcer(less, "memory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(native_code_shows_who_let_it_in),
		cmocka_unit_test(what_the_host_does_without_is_said),
		cmocka_unit_test(what_is_allowed_is_what_the_policy_has),
		cmocka_unit_test(everybody_who_says_no_is_named),
		cmocka_unit_test(a_refused_plugin_says_why),
		cmocka_unit_test(without_a_grant_everything_waits_for_one),
		cmocka_unit_test(what_is_granted_but_not_asked_is_shown),
		cmocka_unit_test(the_whole_vault_is_called_broad),
		cmocka_unit_test(every_limit_has_an_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
