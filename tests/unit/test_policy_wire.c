/* SPDX-License-Identifier: Apache-2.0 */
/* test_policy_wire.c - a record that is wrong in one field is refused, whichever field that is. */
#include "policy/limit.h"
#include "policy/wire.h"
#include "tests/unit/policy_sample.h"

static struct sample s;

typedef int (*check_fn)(const void *record, struct err *e);

static int check_manifest(const void *p, struct err *e)
{
	return manifest_check(p, e);
}

static int check_ceiling(const void *p, struct err *e)
{
	return ceiling_check(p, e);
}

static int check_grant(const void *p, struct err *e)
{
	return grant_check(p, e);
}

static int check_policy(const void *p, struct err *e)
{
	return policy_check(p, e);
}

/* One wrong field: where, how wide, what value. */
struct change {
	const char *name;
	size_t offset;
	size_t size;
	uint64_t value;
};
#define CHANGE(type, member, v)                                                               \
	{                                                                                     \
#member, offsetof(struct type, member), sizeof(((struct type *)0)->member), v \
	}

static void expect_each_refused(const void *record, size_t size, check_fn check,
				const struct change *c, size_t n)
{
	CLEANUP(free_p) uint8_t *copy = malloc(size);
	struct err e = { 0 };

	assert_non_null(copy);
	if (check(record, &e) < 0)
		fail_msg("the sample: %s", e.text);
	for (size_t i = 0; i < n; i++) {
		memcpy(copy, record, size);
		assert_true(c[i].offset + c[i].size <= size && c[i].size <= sizeof(c[i].value));
		memcpy(copy + c[i].offset, &c[i].value, c[i].size); /* little end first */
		e = (struct err){ 0 };
		if (check(copy, &e) == 0)
			fail_msg("%s = %llu was accepted", c[i].name,
				 (unsigned long long)c[i].value);
		assert_int_equal(e.code, ERR_PROTOCOL);
	}
}

static void samples_are_sound(void **state)
{
	struct err e;

	(void)state;
	sample_make(&s);
	assert_int_equal(manifest_check(&s.manifest, &e), 0);
	assert_int_equal(ceiling_check(&s.ceiling, &e), 0);
	assert_int_equal(grant_check(&s.grant, &e), 0);
	assert_int_equal(policy_check(&s.policy, &e), 0);
}

static void nothing_and_noise_are_refused(void **state)
{
	static const uint8_t fill[] = { 0x00, 0xff, 0x41, 0x01 };
	struct err e;

	(void)state;
	for (size_t i = 0; i < countof(fill); i++) {
		memset(&s, fill[i], sizeof(s));
		assert_int_equal(manifest_check(&s.manifest, &e), -1);
		assert_int_equal(ceiling_check(&s.ceiling, &e), -1);
		assert_int_equal(grant_check(&s.grant, &e), -1);
		assert_int_equal(policy_check(&s.policy, &e), -1);
		/* Noise with the right number in front. */
		s.manifest.abi = s.ceiling.abi = s.policy.abi = POLICY_ABI;
		assert_int_equal(manifest_check(&s.manifest, &e), -1);
		assert_int_equal(ceiling_check(&s.ceiling, &e), -1);
		assert_int_equal(policy_check(&s.policy, &e), -1);
	}
}

static const struct change manifest_changes[] = {
	CHANGE(manifest, abi, 0),
	CHANGE(manifest, abi, POLICY_ABI + 1),
	CHANGE(manifest, runtime, RUNTIME_NONE),
	CHANGE(manifest, runtime, RUNTIME_COUNT),
	CHANGE(manifest, runtime, RUNTIME_JS), /* the entry is .wasm */
	CHANGE(manifest, runtime, UINT32_MAX),
	CHANGE(manifest, name[0], 0),
	CHANGE(manifest, name[1], '/'),
	CHANGE(manifest, name[NAME_MAX_BYTES - 1], 'x'),
	CHANGE(manifest, version[0], 'v'),
	CHANGE(manifest, version[VERSION_MAX_BYTES - 1], '1'),
	CHANGE(manifest, description[0], '\n'),
	CHANGE(manifest, description[0], 0x1b),
	CHANGE(manifest, description[PROSE_MAX_BYTES - 1], 'x'),
	CHANGE(manifest, author[0], 0x80),
	CHANGE(manifest, author[LINE_MAX_BYTES - 1], 1),
	CHANGE(manifest, license[NAME_MAX_BYTES - 1], 'x'),
	CHANGE(manifest, entry[0], '/'),
	CHANGE(manifest, entry[0], 0),
	CHANGE(manifest, entry[BUNDLE_PATH_MAX], 'x'),
	CHANGE(manifest, permissions, UINT32_MAX),
	CHANGE(manifest, permissions, 1u << PERM_COUNT),
	CHANGE(manifest, permissions, 0), /* scopes and reasons are left alone */
	CHANGE(manifest, events, 1u << EVENT_COUNT),
	CHANGE(manifest, jit, 1), /* wasm */
	CHANGE(manifest, jit, 2),
	CHANGE(manifest, native, 2),
	CHANGE(manifest, reasons[PERM_READ_NOTES][0], 7),
	CHANGE(manifest, reasons[PERM_READ_NOTES][LINE_MAX_BYTES - 1], 'x'),
	CHANGE(manifest, reasons[PERM_NETWORK][0], 'x'), /* not asked */
	CHANGE(manifest, limits.memory_bytes, 1),
	CHANGE(manifest, limits.memory_bytes, UINT64_MAX),
	CHANGE(manifest, limits.cpu_time_ms, UINT64_MAX),
	CHANGE(manifest, limits.cpu_percent, UINT32_MAX),
	CHANGE(manifest, limits.tasks, 1),
	CHANGE(manifest, limits.tasks, UINT32_MAX),
	CHANGE(manifest, limits.event_timeout_ms, UINT32_MAX),
	CHANGE(manifest, limits.calls_per_second, UINT32_MAX),
	CHANGE(manifest, limits.data_bytes, UINT64_MAX),
	CHANGE(manifest, limits.io_bytes, 1),
	CHANGE(manifest, restart.policy, RESTART_ALWAYS + 1),
	CHANGE(manifest, restart.max, MOST_RESTARTS + 1),
	CHANGE(manifest, restart.within_ms, 1),
	CHANGE(manifest, restart.within_ms, UINT64_MAX),
	CHANGE(manifest, scope_count, SCOPE_RULES_MAX + 1),
	CHANGE(manifest, scope_count, UINT32_MAX),
	CHANGE(manifest, scope_count, 2), /* a third one lies there */
	CHANGE(manifest, scope_count, 4), /* the fourth is empty */
	CHANGE(manifest, scopes[0].permission, PERM_COUNT),
	CHANGE(manifest, scopes[0].permission, 255),
	CHANGE(manifest, scopes[0].permission, PERM_USE_AI),	  /* has no scope */
	CHANGE(manifest, scopes[0].permission, PERM_WRITE_NOTES), /* not asked */
	CHANGE(manifest, scopes[0].deny, 2),
	CHANGE(manifest, scopes[0].reserved[5], 1),
	CHANGE(manifest, scopes[0].glob[0], 0),
	CHANGE(manifest, scopes[0].glob[0], '/'),
	CHANGE(manifest, scopes[0].glob[0], '!'),
	CHANGE(manifest, scopes[0].glob[SCOPE_GLOB_MAX - 1], 'x'),
	CHANGE(manifest, scopes[SCOPE_RULES_MAX - 1].glob[SCOPE_GLOB_MAX - 1], 1),
	CHANGE(manifest, file_count, FILE_RULES_MAX + 1),
	CHANGE(manifest, file_count, 1),
	CHANGE(manifest, file_count, 3),
	CHANGE(manifest, files[0].root, 0),
	CHANGE(manifest, files[0].root, 3),
	CHANGE(manifest, files[0].root, FILE_ROOT_DATA), /* with a path */
	CHANGE(manifest, files[0].access, 0),
	CHANGE(manifest, files[0].access, 4),
	CHANGE(manifest, files[0].access, FILE_ACCESS_WRITE | FILE_ACCESS_READ),
	CHANGE(manifest, files[0].reserved[0], 1),
	CHANGE(manifest, files[0].path[0], '/'),
	CHANGE(manifest, files[0].path[VAULT_PATH_MAX - 1], 'x'),
	CHANGE(manifest, files[FILE_RULES_MAX - 1].path[VAULT_PATH_MAX - 1], 1),
};

static void every_field_of_a_manifest_counts(void **state)
{
	(void)state;
	sample_make(&s);
	expect_each_refused(&s.manifest, sizeof(s.manifest), check_manifest, manifest_changes,
			    countof(manifest_changes));
}

static void every_field_of_a_ceiling_counts(void **state)
{
	static const struct change changes[] = {
		CHANGE(ceiling, abi, POLICY_ABI + 1),
		CHANGE(ceiling, bundles.packed_bytes, 0),
		CHANGE(ceiling, bundles.packed_bytes, BUNDLE_MOST + 1ull),
		CHANGE(ceiling, bundles.unpacked_bytes, BUNDLE_UNPACKED_MOST + 1ull),
		CHANGE(ceiling, bundles.file_bytes, BUNDLE_FILE_MOST + 1ull),
		CHANGE(ceiling, bundles.files, 0),
		CHANGE(ceiling, bundles.files, BUNDLE_FILES_MAX + 1),
		CHANGE(ceiling, bundles.reserved, 1),
		CHANGE(ceiling, tenant_count, 0),
		CHANGE(ceiling, tenant_count, 1),
		CHANGE(ceiling, tenant_count, 3),
		CHANGE(ceiling, tenant_count, TENANTS_MAX + 1),
		CHANGE(ceiling, tenant_count, UINT32_MAX),
		CHANGE(ceiling, plugin_uid_base, 0),
		CHANGE(ceiling, plugin_uid_base, 1000),
		CHANGE(ceiling, plugin_uid_base, UINT32_MAX),
		CHANGE(ceiling, plugin_uid_count, 0),
		CHANGE(ceiling, plugin_uid_count, UINT32_MAX),
		CHANGE(ceiling, accept, 1u << ACCEPT_COUNT),
		CHANGE(ceiling, pin_count, 1),
		CHANGE(ceiling, pin_count, PINS_MAX + 1),
		CHANGE(ceiling, pins[0].plugin[0], 'x'),
		CHANGE(ceiling, pins[PINS_MAX - 1].reserved[6], 1),
		CHANGE(ceiling, revocations.configured, 1),
		CHANGE(ceiling, revocations.stale_warns, 2),
		CHANGE(ceiling, revocations.every_ms, 5),
		CHANGE(ceiling, state[0], 0),
		CHANGE(ceiling, state[0], 'x'),
		CHANGE(ceiling, state[1], '/'),
		CHANGE(ceiling, state[HOST_PATH_MAX - 1], 'x'),
		CHANGE(ceiling, images[0], '.'),
		CHANGE(ceiling, images[HOST_PATH_MAX - 1], 'x'),
		CHANGE(ceiling, cgroup[0], '/'),
		CHANGE(ceiling, cgroup[0], '.'),
		CHANGE(ceiling, cgroup[1], 'x'), /* after the end */
		CHANGE(ceiling, scan[0], 'x'),
		CHANGE(ceiling, scan[HOST_PATH_MAX - 1], '/'),
		CHANGE(ceiling, tenants[0].name[0], 0),
		CHANGE(ceiling, tenants[0].name[0], '.'),
		CHANGE(ceiling, tenants[0].name[NAME_MAX_BYTES - 1], 'x'),
		CHANGE(ceiling, tenants[0].uid, 0),
		CHANGE(ceiling, tenants[0].uid, 65534),
		CHANGE(ceiling, tenants[0].uid, UINT32_MAX),
		CHANGE(ceiling, tenants[0].uid, 200000),
		CHANGE(ceiling, tenants[0].uid, 200999),
		CHANGE(ceiling, tenants[0].gid, 0),
		CHANGE(ceiling, tenants[0].gid, 200500),
		CHANGE(ceiling, tenants[0].vault[0], 'x'),
		CHANGE(ceiling, tenants[0].vault[HOST_PATH_MAX - 1], 'x'),
		CHANGE(ceiling, tenants[0].permissions, 1u << PERM_COUNT),
		CHANGE(ceiling, tenants[0].runtimes, RUNTIME_BIT(RUNTIME_NONE)),
		CHANGE(ceiling, tenants[0].runtimes, RUNTIME_BIT(RUNTIME_COUNT)),
		CHANGE(ceiling, tenants[0].jit, 2),
		CHANGE(ceiling, tenants[0].reserved[6], 1),
		CHANGE(ceiling, tenants[0].limits.memory_bytes, 0),
		CHANGE(ceiling, tenants[0].limits.cpu_percent, 0),
		CHANGE(ceiling, tenants[0].limits.tasks, 0),
		CHANGE(ceiling, tenants[0].limits.event_timeout_ms, 0),
		CHANGE(ceiling, tenants[0].limits.calls_per_second, 0),
		CHANGE(ceiling, tenants[0].limits.io_bytes, 0),
		CHANGE(ceiling, tenants[1].limits.memory_bytes, UINT64_MAX),
		CHANGE(ceiling, tenants[2].uid, 1),
		CHANGE(ceiling, tenants[TENANTS_MAX - 1].limits.data_bytes, 1),
	};
	struct err e;

	(void)state;
	sample_make(&s);
	expect_each_refused(&s.ceiling, sizeof(s.ceiling), check_ceiling, changes,
			    countof(changes));
	memcpy(s.ceiling.tenants[1].name, s.ceiling.tenants[0].name, NAME_MAX_BYTES);
	assert_int_equal(ceiling_check(&s.ceiling, &e), -1);
	sample_make(&s);
	memcpy(s.ceiling.tenants[1].name, "host", 5);
	assert_int_equal(ceiling_check(&s.ceiling, &e), -1);
}

static void every_field_of_a_grant_counts(void **state)
{
	static const struct change changes[] = {
		CHANGE(grant, plugin[0], '-'),
		CHANGE(grant, plugin[NAME_MAX_BYTES - 1], 'x'),
		CHANGE(grant, permissions, 1u << 31),
		CHANGE(grant, permissions, 0),
		CHANGE(grant, scope_count, SCOPE_RULES_MAX + 1),
		CHANGE(grant, scope_count, 3),
		CHANGE(grant, scopes[3].glob[0], '['),
		CHANGE(grant, scopes[3].reserved[0], 1),
		CHANGE(grant, scopes[4].deny, 1),
		CHANGE(grant, files, 2),
		CHANGE(grant, reserved[6], 1),
		CHANGE(grant, limits.memory_bytes, 1),
		CHANGE(grant, limits.tasks, UINT32_MAX),
	};
	struct err e;

	(void)state;
	sample_make(&s);
	expect_each_refused(&s.grant, sizeof(s.grant), check_grant, changes, countof(changes));
	memset(s.grant.signer, 0, DIGEST_BYTES);
	assert_int_equal(grant_check(&s.grant, &e), -1);
}

static void every_field_of_a_policy_counts(void **state)
{
	static const struct change changes[] = {
		CHANGE(policy, abi, 0),
		CHANGE(policy, runtime, RUNTIME_NONE),
		CHANGE(policy, runtime, RUNTIME_COUNT),
		CHANGE(policy, plugin[0], 0),
		CHANGE(policy, plugin[2], '/'),
		CHANGE(policy, plugin[NAME_MAX_BYTES - 1], 'x'),
		CHANGE(policy, version[0], 'x'),
		CHANGE(policy, version[VERSION_MAX_BYTES - 1], 'x'),
		CHANGE(policy, tenant[0], 0),
		CHANGE(policy, tenant[0], '.'),
		CHANGE(policy, tenant[NAME_MAX_BYTES - 1], 'x'),
		CHANGE(policy, permissions, UINT32_MAX),
		CHANGE(policy, permissions, 1u << PERM_COUNT),
		CHANGE(policy, permissions, 0),
		CHANGE(policy, events, UINT32_MAX),
		CHANGE(policy, limits.memory_bytes, 0),
		CHANGE(policy, limits.memory_bytes, UINT64_MAX),
		CHANGE(policy, limits.cpu_time_ms, UINT64_MAX),
		CHANGE(policy, limits.cpu_percent, 0),
		CHANGE(policy, limits.tasks, 0),
		CHANGE(policy, limits.tasks, UINT32_MAX),
		CHANGE(policy, limits.event_timeout_ms, 0),
		CHANGE(policy, limits.calls_per_second, 0),
		CHANGE(policy, limits.data_bytes, 1),
		CHANGE(policy, limits.io_bytes, 0),
		CHANGE(policy, limits.io_bytes, LEAST_IO - 1),
		CHANGE(policy, restart.policy, 0),
		CHANGE(policy, restart.policy, 4),
		CHANGE(policy, restart.max, 0),
		CHANGE(policy, restart.max, UINT32_MAX),
		CHANGE(policy, restart.within_ms, 0),
		CHANGE(policy, jit, 1),
		CHANGE(policy, jit, 255),
		CHANGE(policy, reserved[0], 1),
		CHANGE(policy, reserved[2], 1),
		CHANGE(policy, asked_scope_count, SCOPE_RULES_MAX + 1),
		CHANGE(policy, asked_scope_count, 2),
		CHANGE(policy, asked_scope_count, UINT32_MAX),
		CHANGE(policy, granted_scope_count, SCOPE_RULES_MAX + 1),
		CHANGE(policy, granted_scope_count, 5),
		CHANGE(policy, file_count, FILE_RULES_MAX + 1),
		CHANGE(policy, file_count, 0),
		CHANGE(policy, asked_scopes[0].permission, PERM_WRITE_NOTES),
		CHANGE(policy, asked_scopes[0].deny, 2),
		CHANGE(policy, asked_scopes[0].reserved[2], 1),
		CHANGE(policy, asked_scopes[0].glob[0], 0),
		CHANGE(policy, asked_scopes[SCOPE_RULES_MAX - 1].permission, 1),
		CHANGE(policy, granted_scopes[0].glob[3], '\n'),
		CHANGE(policy, granted_scopes[0].glob[SCOPE_GLOB_MAX - 1], 'x'),
		CHANGE(policy, granted_scopes[SCOPE_RULES_MAX - 1].reserved[5], 1),
		CHANGE(policy, files[0].root, 9),
		CHANGE(policy, files[0].access, FILE_ACCESS_WRITE),
		CHANGE(policy, files[0].path[0], '.'), /* "x." becomes ".." */
		CHANGE(policy, files[1].path[0], 'x'),
		CHANGE(policy, files[1].access, 0),
		CHANGE(policy, files[FILE_RULES_MAX - 1].root, 1),
	};
	struct err e;

	(void)state;
	sample_make(&s);
	memset(s.policy.files[0].path, 0, VAULT_PATH_MAX);
	memcpy(s.policy.files[0].path, "x.", 2); /* one change away from ".." */
	expect_each_refused(&s.policy, sizeof(s.policy), check_policy, changes, countof(changes));
	sample_make(&s);
	memset(s.policy.signer, 0, DIGEST_BYTES);
	assert_int_equal(policy_check(&s.policy, &e), -1);
	sample_make(&s);
	memset(s.policy.bundle_id, 0, DIGEST_BYTES);
	assert_int_equal(policy_check(&s.policy, &e), -1);
}

/* Whatever one byte does, the check ends, and what it accepts can be asked without a crash. */
static void any_single_byte_is_survived(void **state)
{
	CLEANUP(free_p) struct policy *copy = malloc(sizeof(*copy));
	struct err e;

	(void)state;
	assert_non_null(copy);
	sample_make(&s);
	for (size_t i = 0; i < sizeof(*copy); i++) {
		*copy = s.policy;
		((uint8_t *)copy)[i] ^= 0xff;
		if (policy_check(copy, &e) == 0)
			(void)policy_permits_path(copy, PERM_READ_METADATA, "Projects/a.md");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_are_sound),
		cmocka_unit_test(nothing_and_noise_are_refused),
		cmocka_unit_test(every_field_of_a_manifest_counts),
		cmocka_unit_test(every_field_of_a_ceiling_counts),
		cmocka_unit_test(every_field_of_a_grant_counts),
		cmocka_unit_test(every_field_of_a_policy_counts),
		cmocka_unit_test(any_single_byte_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
