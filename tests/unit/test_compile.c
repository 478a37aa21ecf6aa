/* SPDX-License-Identifier: Apache-2.0 */
/* test_compile.c - the intersection: nothing comes out that one of the four did not allow. */
#include "policy/limit.h"
#include "policy/rules.h"
#include "policy/wire.h"
#include "tests/unit/policy_sample.h"

static struct sample s;

static enum err_code compile(struct err *e)
{
	*e = (struct err){ 0 };
	memset(&s.policy, 0xee, sizeof(s.policy));
	return policy_compile(&s.in, &s.policy, e) < 0 ? e->code : ERR_OK;
}

static void expect(enum err_code code, const char *part)
{
	struct policy untouched;
	struct err e;

	if (compile(&e) != code)
		fail_msg("got %s (%s), expected %s", err_name(e.code), e.text, err_name(code));
	if (part && !strstr(e.text, part))
		fail_msg("\"%s\" does not name \"%s\"", e.text, part);
	memset(&untouched, 0xee, sizeof(untouched));
	if (code != ERR_OK)
		assert_memory_equal(&s.policy, &untouched, sizeof(untouched));
	else if (policy_check(&s.policy, &e) < 0 ||
		 policy_within_tenant(&s.policy, s.in.tenant, &e) < 0)
		fail_msg("compiled, but %s", e.text);
}

static void add_scope(struct scope_rule *rules, uint32_t *count, enum permission p, bool deny,
		      const char *glob)
{
	struct scope_rule *r = &rules[(*count)++];

	r->permission = (uint8_t)p;
	r->deny = deny;
	(void)snprintf(r->glob, sizeof(r->glob), "%s", glob);
}

static void the_sample_becomes_a_sound_policy(void **state)
{
	(void)state;
	sample_make(&s);
	expect(ERR_OK, NULL);
	assert_string_equal(s.policy.plugin, "linker");
	assert_string_equal(s.policy.tenant, "alice");
	assert_int_equal(s.policy.permissions,
			 PERM_BIT(PERM_READ_NOTES) | PERM_BIT(PERM_WRITE_LINKS));
	assert_int_equal(s.policy.events, EVENT_BIT(EVENT_NOTE_SAVE));
	assert_int_equal(s.policy.asked_scope_count, 3);
	assert_int_equal(s.policy.granted_scope_count, 4);
	assert_int_equal(s.policy.file_count, 2);
	assert_int_equal(s.policy.restart.max, 3);
	assert_memory_equal(s.policy.bundle_id, s.bundle_id, DIGEST_BYTES);
	assert_memory_equal(s.policy.signer, s.signer, DIGEST_BYTES);
}

static void the_same_inputs_make_the_same_bytes(void **state)
{
	struct policy first;

	(void)state;
	sample_make(&s);
	first = s.policy;
	expect(ERR_OK, NULL);
	assert_memory_equal(&first, &s.policy, sizeof(first));
}

static void without_a_grant_there_is_nothing(void **state)
{
	(void)state;
	sample_make(&s);
	s.in.grant = NULL;
	expect(ERR_OK, NULL);
	assert_int_equal(s.policy.permissions, 0);
	assert_int_equal(s.policy.asked_scope_count, 0);
	assert_int_equal(s.policy.granted_scope_count, 0);
	assert_int_equal(s.policy.file_count, 0);
	assert_int_equal(s.policy.limits.data_bytes, 0);
	for (unsigned int p = 0; p < PERM_COUNT; p++)
		assert_false(policy_permits_path(&s.policy, p, "Projects/a.md"));
}

static void each_of_the_four_can_take_a_permission_away(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < PERM_COUNT; p++) {
		sample_make(&s);
		s.in.manifest = &s.manifest;
		s.manifest.permissions = s.grant.permissions = PERM_BIT(p);
		s.manifest.file_count = s.manifest.scope_count = s.grant.scope_count = 0;
		memset(s.manifest.reasons, 0, sizeof(s.manifest.reasons));
		memset(s.manifest.scopes, 0, sizeof(s.manifest.scopes));
		memset(s.grant.scopes, 0, sizeof(s.grant.scopes));
		if (permission_needs_scope(p)) {
			add_scope(s.manifest.scopes, &s.manifest.scope_count, p, false, "**");
			expect(ERR_OK, NULL); /* granted without a scope */
			assert_int_equal(s.policy.permissions, 0);
			add_scope(s.grant.scopes, &s.grant.scope_count, p, false, "**");
		}
		expect(ERR_OK, NULL);
		assert_int_equal(s.policy.permissions, PERM_BIT(p));
		s.grant.permissions = PERM_ALL & ~PERM_BIT(p);
		expect(ERR_OK, NULL);
		assert_int_equal(s.policy.permissions, 0);
		s.grant.permissions = PERM_ALL;
		s.ceiling.tenants[0].permissions &= ~PERM_BIT(p);
		expect(ERR_OK, NULL);
		assert_int_equal(s.policy.permissions, 0);
		s.ceiling.tenants[0].permissions = PERM_ALL;
		s.manifest.permissions = 0;
		expect(ERR_OK, NULL);
		assert_int_equal(s.policy.permissions, 0);
		s.manifest.permissions = PERM_BIT(p);
		s.key.permissions &= ~PERM_BIT(p);
		expect(ERR_CEILING, permission_name(p));
	}
}

static void an_empty_scope_on_either_side_is_nothing(void **state)
{
	(void)state;
	sample_make(&s);
	s.manifest.file_count = 0;
	for (uint32_t i = 0; i < s.manifest.scope_count; i++)
		s.manifest.scopes[i].deny = 1;
	expect(ERR_OK, NULL);
	assert_int_equal(s.policy.permissions, 0);
	sample_make(&s);
	s.grant.scope_count = 0;
	s.grant.files = 0;
	expect(ERR_OK, NULL);
	assert_int_equal(s.policy.permissions, 0);
}

/* Its key, the tenant and the operator: each alone can say no, and says what to do. */
static void machine_code_needs_all_three(void **state)
{
	(void)state;
	for (unsigned int entry = 0; entry < 2; entry++) {
		sample_make(&s);
		s.manifest.native = 1;
		if (entry)
			s.manifest.runtime = RUNTIME_NATIVE;
		s.key.runtimes |= RUNTIME_BIT(RUNTIME_NATIVE);
		expect(ERR_CEILING, "native code");
		s.key.native = 1;
		s.ceiling.tenants[0].runtimes = RUNTIME_BIT(RUNTIME_WASM);
		expect(ERR_CEILING, "\"runtimes\" of the configuration");
		s.ceiling.tenants[0].runtimes |= RUNTIME_BIT(RUNTIME_NATIVE);
		expect(ERR_NATIVE, "kennel native approve 01010101");
		s.in.native = NATIVE_BY_BUNDLE;
		expect(ERR_OK, NULL);
		s.in.native = NATIVE_BY_KEY;
		expect(ERR_OK, NULL);
		s.key.native = 0; /* an approval replaces none of the others */
		expect(ERR_CEILING, "native code");
	}
}

/* The whole difference in one message: nobody fixes one thing after the other. */
static void beyond_the_key_all_is_refused_by_name(void **state)
{
	(void)state;
	sample_make(&s);
	s.key.permissions = PERM_BIT(PERM_READ_NOTES);
	expect(ERR_CEILING, "permission writeLinks, permission useAI");
	sample_make(&s);
	s.key.runtimes = RUNTIME_BIT(RUNTIME_JS);
	expect(ERR_CEILING, "runtime wasm");
	sample_make(&s);
	s.manifest.native = 1;
	expect(ERR_CEILING, "native code");
	sample_make(&s);
	s.key.memory_bytes = (32u << 20) - 1;
	expect(ERR_CEILING, "memory 33554432 above 33554431");
	s.key.memory_bytes++;
	expect(ERR_OK, NULL);
	sample_make(&s);
	s.manifest.runtime = RUNTIME_JS;
	s.manifest.jit = 1;
	expect(ERR_CEILING, "jit");
	sample_make(&s);
	s.manifest.permissions = PERM_ALL;
	s.key.permissions = 0;
	expect(ERR_CEILING, "readMetadata");
	s.in.grant = NULL; /* not even without a grant */
	expect(ERR_CEILING, "readMetadata");
}

static void a_key_bounds_memory_that_nobody_asked_for(void **state)
{
	(void)state;
	sample_make(&s);
	s.manifest.limits.memory_bytes = 0;
	s.key.memory_bytes = 8u << 20;
	expect(ERR_OK, NULL);
	assert_int_equal(s.policy.limits.memory_bytes, 8u << 20);
}

static void runtimes_are_the_tenants(void **state)
{
	(void)state;
	sample_make(&s);
	s.ceiling.tenants[0].runtimes = RUNTIME_BIT(RUNTIME_JS);
	expect(ERR_CEILING, "alice runs no wasm");
	s.ceiling.tenants[0].runtimes = 0;
	expect(ERR_CEILING, "wasm");
	s.manifest.runtime = RUNTIME_NONE;
	expect(ERR_MANIFEST, NULL);
	s.manifest.runtime = 99;
	expect(ERR_MANIFEST, NULL);
}

static void jit_needs_all_four(void **state)
{
	(void)state;
	sample_make(&s);
	s.manifest.runtime = RUNTIME_JS;
	s.manifest.jit = s.key.jit = 1;
	s.ceiling.tenants[0].runtimes |= RUNTIME_BIT(RUNTIME_JS);
	expect(ERR_OK, NULL);
	assert_int_equal(s.policy.jit, 0);
	s.ceiling.tenants[0].jit = 1;
	expect(ERR_OK, NULL);
	assert_int_equal(s.policy.jit, 1);
	s.in.grant = NULL;
	expect(ERR_OK, NULL);
	assert_int_equal(s.policy.jit, 0);
	s.in.grant = &s.grant;
	s.manifest.jit = 0;
	expect(ERR_OK, NULL);
	assert_int_equal(s.policy.jit, 0);
}

static void a_grant_is_for_one_plugin_of_one_signer(void **state)
{
	(void)state;
	sample_make(&s);
	s.signer[31] ^= 1;
	expect(ERR_GRANT, "another signer");
	sample_make(&s);
	memset(s.grant.signer, 0, DIGEST_BYTES);
	memset(s.signer, 0, DIGEST_BYTES);
	expect(ERR_GRANT, "not bound");
	sample_make(&s);
	(void)snprintf(s.grant.plugin, sizeof(s.grant.plugin), "linker2");
	expect(ERR_GRANT, "linker2");
}

static void limits_are_the_least_of_all(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < LIMIT_COUNT; i++) {
		uint64_t normal = limit_info(i)->normal;

		sample_make(&s);
		s.manifest.limits = s.grant.limits = (struct limits){ 0 };
		limit_set(&s.ceiling.tenants[0].limits, i, normal + 5);
		expect(ERR_OK, NULL);
		assert_int_equal(limit_get(&s.policy.limits, i), normal);
		limit_set(&s.manifest.limits, i, normal + 9);
		expect(ERR_OK, NULL);
		assert_int_equal(limit_get(&s.policy.limits, i), normal + 5);
		limit_set(&s.grant.limits, i, normal + 4);
		expect(ERR_OK, NULL);
		assert_int_equal(limit_get(&s.policy.limits, i), normal + 4);
		limit_set(&s.manifest.limits, i, normal - 1);
		expect(ERR_OK, NULL);
		assert_int_equal(limit_get(&s.policy.limits, i), normal - 1);
	}
}

static void storage_needs_a_data_rule(void **state)
{
	(void)state;
	sample_make(&s);
	expect(ERR_OK, NULL);
	assert_int_equal(s.policy.limits.data_bytes, DEFAULT_DATA);
	s.manifest.file_count = 1; /* the vault's alone */
	expect(ERR_OK, NULL);
	assert_int_equal(s.policy.limits.data_bytes, 0);
}

static void files_rules_need_the_grant_and_both_scopes(void **state)
{
	(void)state;
	sample_make(&s);
	s.grant.files = 0;
	expect(ERR_OK, NULL);
	assert_int_equal(s.policy.file_count, 0);
	sample_make(&s); /* readNotes is gone, the data rule stays */
	s.grant.permissions &= ~PERM_BIT(PERM_READ_NOTES);
	expect(ERR_OK, NULL);
	assert_int_equal(s.policy.file_count, 1);
	assert_int_equal(s.policy.files[0].root, FILE_ROOT_DATA);
	sample_make(&s); /* the grant allows less than the folder */
	memcpy(s.grant.scopes[0].glob, "Projects/a/**", sizeof("Projects/a/**"));
	expect(ERR_FILES_RULE, "the grant");
	sample_make(&s); /* a deny below the folder */
	add_scope(s.grant.scopes, &s.grant.scope_count, PERM_READ_NOTES, true,
		  "Projects/secret.md");
	expect(ERR_FILES_RULE, "notes.read");
	sample_make(&s); /* the manifest itself, had nobody looked before */
	memcpy(s.manifest.scopes[0].glob, "Inbox/**", sizeof("Inbox/**"));
	expect(ERR_FILES_RULE, "the manifest");
}

static void restarts_have_a_default(void **state)
{
	(void)state;
	sample_make(&s);
	memset(&s.manifest.restart, 0, sizeof(s.manifest.restart));
	expect(ERR_OK, NULL);
	assert_int_equal(s.policy.restart.policy, RESTART_ON_FAILURE);
	assert_int_equal(s.policy.restart.max, DEFAULT_RESTART_MAX);
	assert_int_equal(s.policy.restart.within_ms, DEFAULT_RESTART_WITHIN_MS);
}

static void a_missing_input_is_refused(void **state)
{
	struct policy_inputs all;

	(void)state;
	sample_make(&s);
	all = s.in;
	s.in.manifest = NULL;
	expect(ERR_INTERNAL, NULL);
	s.in = all;
	s.in.key = NULL;
	expect(ERR_INTERNAL, NULL);
	s.in = all;
	s.in.tenant = NULL;
	expect(ERR_INTERNAL, NULL);
	s.in = all;
	s.in.signer = NULL;
	expect(ERR_INTERNAL, NULL);
	s.in = all;
	s.in.bundle_id = NULL;
	expect(ERR_INTERNAL, NULL);
}

/* Bits from a generator of our own: the property holds for every combination. */
static void nothing_comes_out_that_one_did_not_allow(void **state)
{
	uint64_t x = 88172645463325252ull;

	(void)state;
	sample_make(&s);
	s.manifest.file_count = 0;
	for (int round = 0; round < 2000; round++) {
		struct err e;
		permission_set bits[3];

		for (int i = 0; i < 3; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			bits[i] = (permission_set)(x >> 16) & PERM_ALL;
		}
		s.manifest.permissions = bits[0];
		s.ceiling.tenants[0].permissions = bits[1];
		s.grant.permissions = bits[2];
		assert_int_equal(compile(&e), ERR_OK);
		assert_int_equal(s.policy.permissions & ~(bits[0] & bits[1] & bits[2]), 0);
		assert_int_equal(policy_within_tenant(&s.policy, s.in.tenant, &e), 0);
		assert_int_equal(policy_check(&s.policy, &e), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sample_becomes_a_sound_policy),
		cmocka_unit_test(machine_code_needs_all_three),
		cmocka_unit_test(the_same_inputs_make_the_same_bytes),
		cmocka_unit_test(without_a_grant_there_is_nothing),
		cmocka_unit_test(each_of_the_four_can_take_a_permission_away),
		cmocka_unit_test(an_empty_scope_on_either_side_is_nothing),
		cmocka_unit_test(beyond_the_key_all_is_refused_by_name),
		cmocka_unit_test(a_key_bounds_memory_that_nobody_asked_for),
		cmocka_unit_test(runtimes_are_the_tenants),
		cmocka_unit_test(jit_needs_all_four),
		cmocka_unit_test(a_grant_is_for_one_plugin_of_one_signer),
		cmocka_unit_test(limits_are_the_least_of_all),
		cmocka_unit_test(storage_needs_a_data_rule),
		cmocka_unit_test(files_rules_need_the_grant_and_both_scopes),
		cmocka_unit_test(restarts_have_a_default),
		cmocka_unit_test(a_missing_input_is_refused),
		cmocka_unit_test(nothing_comes_out_that_one_did_not_allow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
