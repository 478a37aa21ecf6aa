/* SPDX-License-Identifier: Apache-2.0 */
/* test_rules.c - versions, entries, host paths, ids and files rules. */
#include "policy/rules.h"
#include "tests/unit/policy_sample.h"

static void each(const char *const *text, size_t n, bool (*ok)(const char *s), bool expected)
{
	for (size_t i = 0; i < n; i++)
		if (ok(text[i]) != expected)
			fail_msg("\"%s\" should be %s", text[i], expected ? "accepted" : "refused");
}

static void versions_are_semantic(void **state)
{
	static const char *const good[] = { "0.0.0",	  "1.2.3",	   "10.20.30",
					    "1.0.0-rc.1", "1.0.0+build.5", "1.0.0-a-b.1+x",
					    "1.0.0-0a.0", "1.0.0+007",	   "1.0.0--" };
	static const char *const bad[] = {
		"",	      "1",	    "1.0",
		"1.0.0.0",    "01.0.0",	    "1.0.00",
		"v1.0.0",     "1.0.0-",	    "1.0.0+",
		"1.0.0-a..b", "1.0.0-.a",   "1.0.0 ",
		"1..0",	      "1.0.0+a+b",  "1.0.0/..",
		"1.0.0-01",   "1.0.0-a.00", "1.0.0+a.",
		"-1.0.0",     "1.0.x",	    "1.0.0-aaaaaaaaaaaaaaaaaaaaaaaaaaa"
	};

	(void)state;
	each(good, countof(good), version_is_valid, true);
	each(bad, countof(bad), version_is_valid, false);
}

static void entries_are_paths_a_bundle_can_hold(void **state)
{
	static const char *const good[] = { "main.wasm", "dist/main.js", "a/b/c/plugin", "_x",
					    "@a+b=c,d~e" };
	static const char *const bad[] = { "",
					   "/main.wasm",
					   "../main.wasm",
					   "a/../b",
					   "a//b",
					   "a/",
					   ".hidden",
					   "-flag",
					   "a b",
					   "a\\b",
					   "caf\xc3\xa9.js",
					   "a;b",
					   "a$b",
					   "a:b",
					   "1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h" };
	char name[BUNDLE_COMPONENT_MAX + 2];

	(void)state;
	each(good, countof(good), entry_is_valid, true);
	each(bad, countof(bad), entry_is_valid, false);
	memset(name, 'a', sizeof(name));
	name[BUNDLE_COMPONENT_MAX + 1] = '\0';
	assert_false(entry_is_valid(name));
	name[BUNDLE_COMPONENT_MAX] = '\0';
	assert_true(entry_is_valid(name));
}

static void the_ending_means_the_runtime(void **state)
{
	(void)state;
	assert_int_equal(entry_runtime("main.wasm"), RUNTIME_WASM);
	assert_int_equal(entry_runtime("main.js"), RUNTIME_JS);
	assert_int_equal(entry_runtime("main.mjs"), RUNTIME_JS);
	assert_int_equal(entry_runtime("main"), RUNTIME_NATIVE);
	assert_int_equal(entry_runtime("main.WASM"), RUNTIME_NATIVE);
	assert_int_equal(entry_runtime("main.wasm.bak"), RUNTIME_NATIVE);
	assert_int_equal(entry_runtime(".wasm"), RUNTIME_NATIVE);
}

static void host_paths_are_absolute_and_plain(void **state)
{
	static const char *const good[] = { "/a", "/var/lib/kennel", "/srv/my notes" };
	static const char *const bad[] = {
		"",	 "/",	  "a",	   "a/b",    "/a/",   "//a",
		"/a//b", "/a/..", "/../a", "/a/./b", "/a\nb", "~/notes"
	};

	(void)state;
	each(good, countof(good), host_path_is_valid, true);
	each(bad, countof(bad), host_path_is_valid, false);
}

static void tenants_have_safe_names(void **state)
{
	static const char *const good[] = { "alice", "a", "Team-1_x", "hosts" };
	static const char *const bad[] = {
		"",    "host",
		"-a",  "_a",
		".",   "..",
		"a/b", "a b",
		"a.b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	};

	(void)state;
	each(good, countof(good), tenant_name_is_valid, true);
	each(bad, countof(bad), tenant_name_is_valid, false);
}

static const struct {
	uint32_t base;
	uint32_t count;
	bool ok;
} ranges[] = {
	{ 200000, 1000, true },	 { 1000, 1, true },	      { 1000, 64534, true },
	{ 1000, 64535, false },	 { 65534, 1, false },	      { 65535, 1, false },
	{ 65536, 1, true },	 { 999, 1, false },	      { 0, 100000, false },
	{ 200000, 0, false },	 { 200000, 1u << 21, false }, { 0x7fffffff, 1, false },
	{ 0x7ffffffe, 1, true }, { 0xffffffff, 1, false },    { 0xfffffff0, 0x20, false },
};

static void plugin_ids_hold_nobody_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(ranges); i++)
		if (plugin_uids_are_valid(ranges[i].base, ranges[i].count) != ranges[i].ok)
			fail_msg("%u + %u", ranges[i].base, ranges[i].count);
	assert_false(tenant_id_is_valid(0));
	assert_false(tenant_id_is_valid(65534));
	assert_false(tenant_id_is_valid(UINT32_MAX));
	assert_true(tenant_id_is_valid(1000));
}

static struct file_rule rule(uint8_t root, const char *path)
{
	struct file_rule f = { .root = root, .access = FILE_ACCESS_READ };

	(void)snprintf(f.path, sizeof(f.path), "%s", path);
	return f;
}

static void a_files_rule_lies_inside_its_scope(void **state)
{
	static const struct scope_rule scope[] = {
		{ .permission = PERM_READ_NOTES, .glob = "Projects/**" },
		{ .permission = PERM_WRITE_LINKS, .glob = "**" },
		{ .permission = PERM_READ_NOTES, .deny = 1, .glob = "Projects/private/**" },
		{ .permission = PERM_WRITE_LINKS, .deny = 1, .glob = "Projects/open/**" },
	};
	static const struct {
		const char *path;
		int result;
	} cases[] = { { "Projects/open", 0 }, { "Projects/open/deep", 0 },
		      { "Projects", -1 },     { "Projects/private", -1 },
		      { "Inbox", -1 },	      { "", -1 },
		      { "Projects2", -1 } };
	struct scope_rules r = { scope, countof(scope) };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct file_rule f = rule(FILE_ROOT_VAULT, cases[i].path);

		if (file_rule_inside_scope(&f, r, "the test", &e) != cases[i].result)
			fail_msg("\"%s\"", cases[i].path);
		if (cases[i].result < 0)
			assert_int_equal(e.code, ERR_FILES_RULE);
	}
	assert_int_equal(
		file_rule_inside_scope(&(struct file_rule){ .root = FILE_ROOT_DATA }, r, "", &e),
		0);
}

static void files_rules_do_not_nest(void **state)
{
	struct file_rule f[2] = { rule(FILE_ROOT_VAULT, "a"), rule(FILE_ROOT_VAULT, "ab") };

	(void)state;
	assert_false(file_rules_overlap(f, 2));
	f[1] = rule(FILE_ROOT_VAULT, "a/b");
	assert_true(file_rules_overlap(f, 2));
	f[1] = rule(FILE_ROOT_VAULT, "a");
	assert_true(file_rules_overlap(f, 2));
	f[1] = rule(FILE_ROOT_VAULT, "");
	assert_true(file_rules_overlap(f, 2));
	f[1] = rule(FILE_ROOT_DATA, "");
	assert_false(file_rules_overlap(f, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_semantic),
		cmocka_unit_test(entries_are_paths_a_bundle_can_hold),
		cmocka_unit_test(the_ending_means_the_runtime),
		cmocka_unit_test(host_paths_are_absolute_and_plain),
		cmocka_unit_test(tenants_have_safe_names),
		cmocka_unit_test(plugin_ids_hold_nobody_else),
		cmocka_unit_test(a_files_rule_lies_inside_its_scope),
		cmocka_unit_test(files_rules_do_not_nest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
