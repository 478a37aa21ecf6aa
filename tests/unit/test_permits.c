/* SPDX-License-Identifier: Apache-2.0 */
/* test_permits.c - which request is allowed when, and which lies inside the ceiling. */
#include "sandbox/permits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void every_state_permits_only_its_row(void **state)
{
	/* One letter a kind, 1 to LAUNCH_FETCH: loader broker start kill freeze thaw usage
	 * shutdown budget inspect selftest fetch. */
	static const char *const launcher[LAUNCHER_STATE_COUNT] = {
		[LAUNCHER_SERVING] = "yyyyyyyyyyyy",
		[LAUNCHER_STOPPING] = "nnnynnyynnnn",
	};
	static const char *const instance[INSTANCE_STATE_COUNT] = {
		[INSTANCE_FREE] = "nnnnnnnnnnnn",   [INSTANCE_RUNNING] = "nnnyynynyynn",
		[INSTANCE_FROZEN] = "nnnynyynyynn", [INSTANCE_ENDING] = "nnnynnynnnnn",
		[INSTANCE_STUCK] = "nnnynnynnnnn",
	};

	(void)state;
	for (uint32_t k = 1; k < LAUNCH_KIND_COUNT; k++) {
		for (int s = 0; s < LAUNCHER_STATE_COUNT; s++)
			assert_int_equal(launcher_permits((enum launcher_state)s, k),
					 launcher[s][k - 1] == 'y');
		for (int s = 0; s < INSTANCE_STATE_COUNT; s++)
			assert_int_equal(instance_permits((enum instance_state)s, k),
					 instance[s][k - 1] == 'y');
	}
}

static void what_is_in_no_table_is_refused(void **state)
{
	static const uint32_t kinds[] = { 0, LAUNCH_KIND_COUNT, LAUNCH_NOTICE_ENDED, 4096,
					  UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < countof(kinds); i++) {
		assert_false(launcher_permits(LAUNCHER_SERVING, kinds[i]));
		assert_false(instance_permits(INSTANCE_RUNNING, kinds[i]));
	}
	assert_false(launcher_permits(LAUNCHER_STATE_COUNT, LAUNCH_KILL));
	assert_false(launcher_permits((enum launcher_state) - 1, LAUNCH_KILL));
	assert_false(instance_permits(INSTANCE_STATE_COUNT, LAUNCH_KILL));
}

static void a_record_that_is_not_whole_breaks_the_protocol(void **state)
{
	struct launch_msg good = { .abi = REQUEST_ABI, .kind = LAUNCH_KILL, .serial = 1 };
	struct launch_msg m = good;
	struct err e;

	(void)state;
	assert_int_equal(request_check(&m, sizeof(m), 0, &e), 0);
	assert_int_equal(request_check(&m, sizeof(m) - 1, 0, &e), -1);
	assert_int_equal(e.code, ERR_PROTOCOL);
	assert_int_equal(request_check(&m, 0, 0, &e), -1);
	assert_int_equal(request_check(&m, sizeof(m), 1, &e), -1);
	m.abi++;
	assert_int_equal(request_check(&m, sizeof(m), 0, &e), -1);
	m = good, m.kind = 0;
	assert_int_equal(request_check(&m, sizeof(m), 0, &e), -1);
	m = good, m.kind = LAUNCH_NOTICE_ENDED;
	assert_int_equal(request_check(&m, sizeof(m), 0, &e), -1);
	m = good, m.result = -1;
	assert_int_equal(request_check(&m, sizeof(m), 0, &e), -1);
	m = good, m.reserved = 1;
	assert_int_equal(request_check(&m, sizeof(m), 0, &e), -1);
}

static void each_request_brings_its_number_of_descriptors(void **state)
{
	static const struct {
		uint32_t kind, job, image;
		size_t count;
	} cases[] = {
		{ LAUNCH_LOADER, LAUNCH_JOB_UNPACK, 0, 3 },
		{ LAUNCH_LOADER, LAUNCH_JOB_VERIFY, 0, 2 },
		{ LAUNCH_LOADER, LAUNCH_JOB_SHOW, 0, 2 },
		{ LAUNCH_START, 0, IMAGE_WASM, 3 },
		{ LAUNCH_START, 0, IMAGE_COMPILE, 2 },
		{ LAUNCH_BROKER, 0, 0, 0 },
		{ LAUNCH_FETCH, 0, 0, 0 },
		{ LAUNCH_USAGE, 0, 0, 0 },
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct launch_msg m = { .abi = REQUEST_ABI, .kind = cases[i].kind };

		if (cases[i].kind == LAUNCH_LOADER)
			m.u.loader.job = cases[i].job;
		if (cases[i].kind == LAUNCH_START)
			m.u.start.image = cases[i].image;
		for (size_t n = 0; n <= RECORD_FDS_MAX; n++)
			assert_int_equal(request_check(&m, sizeof(m), n, &e),
					 n == cases[i].count ? 0 : -1);
	}
}

static struct ceiling sample_ceiling(void)
{
	struct ceiling c = { .abi = POLICY_ABI,
			     .tenant_count = 2,
			     .plugin_uid_base = 200000,
			     .plugin_uid_count = 10 };
	struct tenant_ceiling t = { .name = "acme",
				    .uid = 1000,
				    .gid = 1000,
				    .permissions = PERM_BIT(PERM_READ_NOTES),
				    .runtimes = RUNTIME_BIT(RUNTIME_WASM),
				    .limits = { .memory_bytes = 1000,
						.cpu_percent = 50,
						.tasks = 8,
						.data_bytes = 100,
						.io_bytes = 10 } };

	c.tenants[0] = t;
	c.tenants[1] = t;
	(void)snprintf(c.tenants[1].name, NAME_MAX_BYTES, "blind");
	c.tenants[1].permissions = 0;
	return c;
}

static struct launch_start sample_start(void)
{
	struct launch_start s = { .tenant = "acme",
				  .plugin = "word-count",
				  .image = IMAGE_WASM,
				  .uid_index = 9,
				  .limits = { .memory_bytes = 1000,
					      .cpu_percent = 50,
					      .tasks = 8,
					      .data_bytes = 100,
					      .io_bytes = 10 } };

	memset(s.bundle_hex, 'a', 2 * DIGEST_BYTES);
	return s;
}

static struct launch_start sample_compile(void)
{
	struct launch_start s = { .plugin = "word-count",
				  .staging = "job-1",
				  .image = IMAGE_COMPILE,
				  .limits = { .memory_bytes = 1 << 30,
					      .cpu_percent = 100,
					      .tasks = 16,
					      .io_bytes = 1 << 20 } };

	return s;
}

static void a_start_inside_the_ceiling_is_permitted(void **state)
{
	struct ceiling c = sample_ceiling();
	struct launch_start s = sample_start();
	const struct tenant_ceiling *t = NULL;
	struct err e;

	(void)state;
	assert_int_equal(launcher_check_start(&c, &s, &t, &e), 0);
	assert_ptr_equal(t, &c.tenants[0]);
	s.limits.data_bytes = 0; /* no data folder */
	assert_int_equal(launcher_check_start(&c, &s, &t, &e), 0);
	s = sample_compile();
	assert_int_equal(launcher_check_start(&c, &s, &t, &e), 0);
	assert_null(t);
}

#define REFUSED(title, change)                                      \
	do {                                                        \
		struct ceiling c = sample_ceiling();                \
		struct launch_start s = sample_start();             \
		const struct tenant_ceiling *t = &c.tenants[1];     \
		struct err e = { 0 };                               \
		change;                                             \
		if (launcher_check_start(&c, &s, &t, &e) != -1)     \
			fail_msg("permitted: %s", title);           \
		assert_int_equal(e.code, ERR_CEILING);              \
		assert_ptr_equal(t, &c.tenants[1]); /* untouched */ \
	} while (0)

static void a_start_outside_the_ceiling_is_refused(void **state)
{
	(void)state;
	REFUSED("unknown tenant", s.tenant[0] = 'b');
	REFUSED("no tenant", s.tenant[0] = '\0');
	REFUSED("tenant without an end", memset(s.tenant, 'a', sizeof(s.tenant)));
	REFUSED("plugin is a path", (void)snprintf(s.plugin, sizeof(s.plugin), "../x"));
	REFUSED("plugin is empty", s.plugin[0] = '\0');
	REFUSED("plugin without an end", memset(s.plugin, 'a', sizeof(s.plugin)));
	REFUSED("bundle id is short", s.bundle_hex[10] = '\0');
	REFUSED("bundle id is a path", memcpy(s.bundle_hex, "../", 3));
	REFUSED("bundle id without an end", memset(s.bundle_hex, 'a', sizeof(s.bundle_hex)));
	REFUSED("bundle id in capitals", s.bundle_hex[0] = 'A');
	REFUSED("a plugin with a staging folder", s.staging[0] = 'x');
	REFUSED("image 0", s.image = 0);
	REFUSED("image beyond", s.image = IMAGE_COUNT);
	REFUSED("a runtime the tenant lacks", s.image = IMAGE_NATIVE);
	REFUSED("an entry that is not native", s.entry[0] = 'x');
	REFUSED("uid beyond", s.uid_index = 10);
	REFUSED("uid wraps", s.uid_index = UINT32_MAX);
	REFUSED("jit", s.jit = 1);
	REFUSED("too much memory", s.limits.memory_bytes++);
	REFUSED("no memory limit", s.limits.memory_bytes = 0);
	REFUSED("too much cpu", s.limits.cpu_percent++);
	REFUSED("no cpu limit", s.limits.cpu_percent = 0);
	REFUSED("too many tasks", s.limits.tasks++);
	REFUSED("no tasks limit", s.limits.tasks = 0);
	REFUSED("too much data", s.limits.data_bytes++);
	REFUSED("too much of a disk", s.limits.io_bytes++);
	REFUSED("no limit on disks", s.limits.io_bytes = 0);
	REFUSED("too many rules", s.file_count = FILE_RULES_MAX + 1);
}

#define NATIVE                                                \
	c.tenants[0].runtimes |= RUNTIME_BIT(RUNTIME_NATIVE); \
	s.image = IMAGE_NATIVE;                               \
	(void)snprintf(s.entry, sizeof(s.entry), "bin/tool")

static void a_native_program_is_a_path_of_its_bundle(void **state)
{
	struct ceiling c = sample_ceiling();
	struct launch_start s = sample_start();
	const struct tenant_ceiling *t = NULL;
	struct err e;

	(void)state;
	NATIVE;
	assert_int_equal(launcher_check_start(&c, &s, &t, &e), 0);
}

#define JS                                                \
	c.tenants[0].runtimes |= RUNTIME_BIT(RUNTIME_JS); \
	s.image = IMAGE_JS;                               \
	(void)snprintf(s.entry, sizeof(s.entry), "main.js")

static void javascript_is_a_path_of_its_bundle(void **state)
{
	struct ceiling c = sample_ceiling();
	struct launch_start s = sample_start();
	const struct tenant_ceiling *t = NULL;
	struct err e;

	(void)state;
	JS;
	assert_int_equal(launcher_check_start(&c, &s, &t, &e), 0);
	c.tenants[0].jit = 1;
	s.jit = 1;
	assert_int_equal(launcher_check_start(&c, &s, &t, &e), 0);
}

static void javascript_beyond_the_ceiling_is_refused(void **state)
{
	(void)state;
	REFUSED("its runtime is not the tenant's", s.image = IMAGE_JS;
		(void)snprintf(s.entry, sizeof(s.entry), "main.js"));
	REFUSED("it leads out", JS; (void)snprintf(s.entry, sizeof(s.entry), "../main.js"));
	REFUSED("no entry", JS; s.entry[0] = '\0');
	REFUSED("jit that the tenant does not allow", JS; s.jit = 1);
	REFUSED("jit for another runtime", c.tenants[0].jit = 1; s.jit = 1);
}

static void a_native_program_outside_its_bundle_is_refused(void **state)
{
	(void)state;
	REFUSED("no entry", NATIVE; s.entry[0] = '\0');
	REFUSED("it leads out", NATIVE; (void)snprintf(s.entry, sizeof(s.entry), "../init"));
	REFUSED("it is absolute", NATIVE; (void)snprintf(s.entry, sizeof(s.entry), "/init"));
	REFUSED("without an end", NATIVE; memset(s.entry, 'a', sizeof(s.entry)));
}

static void compiling_sees_no_tenant(void **state)
{
	(void)state;
	REFUSED("with a tenant", s = sample_compile(); s.tenant[0] = 'a');
	REFUSED("staging is a path", s = sample_compile(); memcpy(s.staging, "a/b", 4));
	REFUSED("staging is empty", s = sample_compile(); s.staging[0] = '\0');
	REFUSED("with a files rule", s = sample_compile(); s.file_count = 1);
	REFUSED("with jit", s = sample_compile(); s.jit = 1);
	REFUSED("too much memory", s = sample_compile(); s.limits.memory_bytes = 1ull << 40);
	REFUSED("too many tasks", s = sample_compile(); s.limits.tasks = 1000);
}

static void a_files_rule_cannot_leave_its_root(void **state)
{
	static const struct {
		uint8_t root, access;
		const char *path;
		const char *tenant;
		int expect;
	} cases[] = {
		{ FILE_ROOT_VAULT, FILE_ACCESS_READ, "", "acme", 0 },
		{ FILE_ROOT_VAULT, FILE_ACCESS_READ, "Projects/a", "acme", 0 },
		{ FILE_ROOT_DATA, FILE_ACCESS_READ | FILE_ACCESS_WRITE, "", "acme", 0 },
		{ FILE_ROOT_DATA, FILE_ACCESS_WRITE, "cache", "blind", 0 },
		{ FILE_ROOT_VAULT, FILE_ACCESS_READ, "", "blind", -1 }, /* no readNotes */
		{ FILE_ROOT_VAULT, FILE_ACCESS_READ | FILE_ACCESS_WRITE, "", "acme", -1 },
		{ FILE_ROOT_VAULT, FILE_ACCESS_READ, "..", "acme", -1 },
		{ FILE_ROOT_VAULT, FILE_ACCESS_READ, "a/../../b", "acme", -1 },
		{ FILE_ROOT_VAULT, FILE_ACCESS_READ, "/etc", "acme", -1 },
		{ FILE_ROOT_VAULT, FILE_ACCESS_READ, "a//b", "acme", -1 },
		{ FILE_ROOT_DATA, 0, "", "acme", -1 },
		{ FILE_ROOT_DATA, 7, "", "acme", -1 },
		{ 0, FILE_ACCESS_READ, "", "acme", -1 },
		{ 3, FILE_ACCESS_READ, "", "acme", -1 },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct ceiling c = sample_ceiling();
		struct launch_start s = sample_start();
		const struct tenant_ceiling *t;
		struct err e;

		(void)snprintf(s.tenant, sizeof(s.tenant), "%s", cases[i].tenant);
		s.file_count = 1;
		s.files[0].root = cases[i].root;
		s.files[0].access = cases[i].access;
		(void)snprintf(s.files[0].path, sizeof(s.files[0].path), "%s", cases[i].path);
		if (launcher_check_start(&c, &s, &t, &e) != cases[i].expect)
			fail_msg("case %zu: \"%s\"", i, cases[i].path);
	}
}

static void a_path_without_an_end_is_refused(void **state)
{
	(void)state;
	REFUSED("path", s.file_count = 1; s.files[0].root = FILE_ROOT_VAULT;
		s.files[0].access = FILE_ACCESS_READ;
		memset(s.files[0].path, 'a', sizeof(s.files[0].path)));
}

static void nobody_runs_as_two_things(void **state)
{
	static const struct {
		const char *name;
		uint32_t base, count, role, tenant_uid, tenant_gid;
		int expect;
	} cases[] = {
		{ "apart", 200000, 10, 64100, 1000, 1000, 0 },
		{ "plugins are root", 0, 10, 64100, 1000, 1000, -1 },
		{ "no plugins", 200000, 0, 64100, 1000, 1000, -1 },
		{ "wraps", UINT32_MAX - 3, 10, 64100, 1000, 1000, -1 },
		{ "a role is a plugin", 64000, 101, 64100, 1000, 1000, -1 },
		{ "a plugin is the last role", 64103, 1, 64100, 1000, 1000, -1 },
		{ "just above the roles", 64104, 1, 64100, 1000, 1000, 0 },
		{ "vault of root", 200000, 10, 64100, 0, 1000, -1 },
		{ "group of root", 200000, 10, 64100, 1000, 0, -1 },
		{ "vault of a plugin", 200000, 10, 64100, 200009, 1000, -1 },
		{ "group of a plugin", 200000, 10, 64100, 1000, 200000, -1 },
		{ "vault of a role", 200000, 10, 64100, 64101, 1000, -1 },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct ceiling c = sample_ceiling();
		struct err e;

		c.plugin_uid_base = cases[i].base;
		c.plugin_uid_count = cases[i].count;
		c.tenants[1].uid = cases[i].tenant_uid;
		c.tenants[1].gid = cases[i].tenant_gid;
		if (launcher_check_ids(&c, cases[i].role, &e) != cases[i].expect)
			fail_msg("%s", cases[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_permits_only_its_row),
		cmocka_unit_test(what_is_in_no_table_is_refused),
		cmocka_unit_test(a_record_that_is_not_whole_breaks_the_protocol),
		cmocka_unit_test(each_request_brings_its_number_of_descriptors),
		cmocka_unit_test(a_start_inside_the_ceiling_is_permitted),
		cmocka_unit_test(a_start_outside_the_ceiling_is_refused),
		cmocka_unit_test(a_native_program_is_a_path_of_its_bundle),
		cmocka_unit_test(javascript_is_a_path_of_its_bundle),
		cmocka_unit_test(javascript_beyond_the_ceiling_is_refused),
		cmocka_unit_test(a_native_program_outside_its_bundle_is_refused),
		cmocka_unit_test(compiling_sees_no_tenant),
		cmocka_unit_test(a_files_rule_cannot_leave_its_root),
		cmocka_unit_test(a_path_without_an_end_is_refused),
		cmocka_unit_test(nobody_runs_as_two_things),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
