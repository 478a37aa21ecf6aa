/* SPDX-License-Identifier: Apache-2.0 */
/* test_policy.c - what a policy says about one path, and whether it fits its tenant. */
#include "policy/limit.h"
#include "tests/unit/policy_sample.h"

static const struct {
	enum permission perm;
	const char *path;
	bool permitted;
} questions[] = {
	{ PERM_READ_NOTES, "Projects/a.md", true },
	{ PERM_READ_NOTES, "Projects/private/a.md", true },
	{ PERM_READ_NOTES, "Inbox/a.md", true },
	{ PERM_READ_NOTES, "Inbox/old/a.md", false }, /* denied by the grant */
	{ PERM_READ_NOTES, "Other/a.md", false },     /* asked, not granted */
	{ PERM_READ_METADATA, "Projects/a.md", true },
	{ PERM_READ_METADATA, "Other/a.md", false },
	{ PERM_WRITE_LINKS, "Projects/a.md", true },
	{ PERM_WRITE_LINKS, "Projects/private/a.md", false }, /* denied by the manifest */
	{ PERM_WRITE_LINKS, "Inbox/a.md", false },	      /* granted, not asked */
	{ PERM_WRITE_NOTES, "Projects/a.md", false },
	{ PERM_USE_AI, "Projects/a.md", false },
	{ PERM_COUNT, "Projects/a.md", false },
	{ PERM_READ_NOTES, "Projects/../Other/a.md", false },
	{ PERM_READ_NOTES, "/Projects/a.md", false },
	{ PERM_READ_NOTES, "Projects//a.md", false },
	{ PERM_READ_NOTES, "Projects/\xff.md", false },
	{ PERM_READ_NOTES, "", false },
};

static void a_path_needs_both_sides_and_no_deny(void **state)
{
	struct sample s;

	(void)state;
	sample_make(&s);
	for (size_t i = 0; i < countof(questions); i++)
		if (policy_permits_path(&s.policy, questions[i].perm, questions[i].path) !=
		    questions[i].permitted)
			fail_msg("%s on %s", permission_name(questions[i].perm), questions[i].path);
}

static void an_empty_policy_permits_nothing(void **state)
{
	struct policy p = { 0 };

	(void)state;
	for (unsigned int perm = 0; perm < PERM_COUNT; perm++)
		assert_false(policy_permits_path(&p, perm, "a.md"));
	p.permissions = PERM_ALL; /* no scope: still nothing of what needs one */
	for (unsigned int perm = 0; perm < PERM_COUNT; perm++)
		assert_int_equal(policy_permits_path(&p, perm, "a.md"),
				 !permission_needs_scope(perm));
}

static void scopes_without_the_permission_are_nothing(void **state)
{
	struct sample s;

	(void)state;
	sample_make(&s);
	s.policy.permissions &= ~PERM_BIT(PERM_READ_NOTES);
	assert_false(policy_permits_path(&s.policy, PERM_READ_NOTES, "Projects/a.md"));
	assert_false(policy_permits_path(&s.policy, PERM_READ_METADATA, "Projects/a.md"));
}

static void a_metadata_deny_beats_what_read_notes_implies(void **state)
{
	struct sample s;
	struct scope_rule *r;

	(void)state;
	sample_make(&s);
	r = &s.policy.granted_scopes[s.policy.granted_scope_count++];
	r->permission = PERM_READ_METADATA;
	r->deny = 1;
	memcpy(r->glob, "Projects/x/**", sizeof("Projects/x/**"));
	assert_false(policy_permits_path(&s.policy, PERM_READ_METADATA, "Projects/x/a.md"));
	assert_true(policy_permits_path(&s.policy, PERM_READ_METADATA, "Projects/y/a.md"));
	assert_true(policy_permits_path(&s.policy, PERM_READ_NOTES, "Projects/x/a.md"));
}

/* A record that was not checked must still not be read past its end. */
static void counts_beyond_the_record_are_bounded(void **state)
{
	struct sample s;

	(void)state;
	sample_make(&s);
	s.policy.asked_scope_count = UINT32_MAX;
	s.policy.granted_scope_count = UINT32_MAX;
	assert_false(policy_permits_path(&s.policy, PERM_READ_NOTES, "Other/a.md"));
}

static void expect_outside(struct policy p, const struct tenant_ceiling *t)
{
	struct err e = { 0 };

	assert_int_equal(policy_within_tenant(&p, t, &e), -1);
	assert_int_equal(e.code, ERR_CEILING);
}

static void a_policy_beyond_its_tenant_is_refused(void **state)
{
	struct sample s;
	struct policy p;
	struct err e;
	const struct tenant_ceiling *t = &s.ceiling.tenants[0];

	(void)state;
	sample_make(&s);
	assert_int_equal(policy_within_tenant(&s.policy, t, &e), 0);
	expect_outside(s.policy, &s.ceiling.tenants[1]);
	p = s.policy;
	p.permissions |= 1u << 31;
	expect_outside(p, t);
	p = s.policy;
	p.runtime = RUNTIME_NATIVE;
	expect_outside(p, t);
	p.runtime = RUNTIME_NONE;
	expect_outside(p, t);
	p.runtime = 77;
	expect_outside(p, t);
	p = s.policy;
	p.jit = 1;
	expect_outside(p, t);
	for (unsigned int i = 0; i < LIMIT_COUNT; i++) {
		p = s.policy;
		limit_set(&p.limits, i, limit_get(&t->limits, i));
		assert_int_equal(policy_within_tenant(&p, t, &e), 0);
		limit_set(&p.limits, i, limit_get(&t->limits, i) + 1);
		expect_outside(p, t);
		limit_set(&p.limits, i, 0);
		assert_int_equal(policy_within_tenant(&p, t, &e), i == LIMIT_STORAGE ? 0 : -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_needs_both_sides_and_no_deny),
		cmocka_unit_test(an_empty_policy_permits_nothing),
		cmocka_unit_test(scopes_without_the_permission_are_nothing),
		cmocka_unit_test(a_metadata_deny_beats_what_read_notes_implies),
		cmocka_unit_test(counts_beyond_the_record_are_bounded),
		cmocka_unit_test(a_policy_beyond_its_tenant_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
