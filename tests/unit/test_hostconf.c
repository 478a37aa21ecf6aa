/* SPDX-License-Identifier: Apache-2.0 */
/* test_hostconf.c - the configuration: defaults, and what root may get wrong. */
#include "base/bytes.h"
#include "policy/field.h"
#include "policy/limit.h"
#include "policy/wire.h"
#include "tests/unit/policy_sample.h"

static struct ceiling parsed;

static enum err_code parse(const char *text, struct err *e)
{
	*e = (struct err){ 0 };
	memset(&parsed, 0xee, sizeof(parsed));
	return hostconf_parse(text, strlen(text), &parsed, e) < 0 ? e->code : ERR_OK;
}

#define TOP "\"_type\":\"kennel.config/1\",\"state\":\"/s\",\"images\":\"/i\""
#define HOST(member) \
	"{" TOP "," member ",\"tenants\":{\"a\":{\"uid\":1000,\"gid\":1000,\"vault\":\"/v\"}}}"
#define TENANTS(map) "{" TOP ",\"tenants\":" map "}"
#define TENANT(more) TENANTS("{\"a\":{\"uid\":1000,\"gid\":1000,\"vault\":\"/v\"" more "}}")
#define IDS(uid, gid) TENANTS("{\"a\":{\"vault\":\"/v\",\"uid\":" uid ",\"gid\":" gid "}}")
#define NAMED(name) TENANTS("{\"" name "\":{\"uid\":1000,\"gid\":1000,\"vault\":\"/v\"}}")
#define NAME_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void what_is_not_said_has_a_named_default(void **state)
{
	const struct tenant_ceiling *t = &parsed.tenants[0];
	struct err e;

	(void)state;
	assert_int_equal(parse(TENANT(""), &e), ERR_OK);
	assert_int_equal(ceiling_check(&parsed, &e), 0);
	assert_int_equal(parsed.tenant_count, 1);
	assert_string_equal(t->name, "a");
	assert_int_equal(t->permissions, PERM_ALL);
	assert_int_equal(t->runtimes, RUNTIME_BIT(RUNTIME_WASM));
	assert_int_equal(t->jit, 0);
	assert_int_equal(parsed.accept, 0);
	assert_string_equal(parsed.cgroup, "");
	assert_string_equal(parsed.scan, "");
	for (unsigned int i = 0; i < LIMIT_COUNT; i++)
		assert_int_equal(limit_get(&t->limits, i), limit_info(i)->ceiling);
}

static void what_is_said_is_taken(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(parse(sample_config, &e), ERR_OK);
	assert_int_equal(ceiling_check(&parsed, &e), 0);
	assert_int_equal(parsed.plugin_uid_base, 200000);
	assert_int_equal(parsed.plugin_uid_count, 1000);
	assert_int_equal(parsed.accept, 1u << ACCEPT_NO_BPF_LSM);
	assert_int_equal(parsed.tenant_count, 2);
	assert_int_equal(parsed.tenants[0].limits.memory_bytes, 64u << 20);
	assert_int_equal(parsed.tenants[0].limits.event_timeout_ms, 4000);
	assert_int_equal(parsed.tenants[0].limits.tasks, CEILING_TASKS);
	assert_string_equal(parsed.tenants[1].vault, "/srv/bob");
	assert_int_equal(parsed.tenants[1].permissions, PERM_BIT(PERM_READ_NOTES));
	assert_int_equal(parsed.tenants[1].runtimes,
			 RUNTIME_BIT(RUNTIME_WASM) | RUNTIME_BIT(RUNTIME_JS));
	assert_int_equal(parsed.tenants[1].jit, 1);
}

static void the_cgroup_is_kept_below_its_mount(void **state)
{
	static const struct {
		const char *text;
		const char *kept;
	} good[] = { { HOST("\"cgroup\":\"/sys/fs/cgroup/kennel\""), "kennel" },
		     { HOST("\"cgroup\":\"a.slice/kennel\""), "a.slice/kennel" },
		     { HOST("\"cgroup\":\"\""), "" },
		     { HOST("\"cgroup\":\"/sys/fs/cgroup/\""), "" } };
	struct err e;

	(void)state;
	for (size_t i = 0; i < countof(good); i++) {
		assert_int_equal(parse(good[i].text, &e), ERR_OK);
		assert_string_equal(parsed.cgroup, good[i].kept);
		assert_int_equal(ceiling_check(&parsed, &e), 0);
	}
}

static const struct {
	const char *text;
	enum err_code code;
	const char *place;
} cases[] = {
	{ "", ERR_JSON, NULL },
	{ "{}", ERR_JSON_KEY, "/_type: missing" },
	{ "[]", ERR_JSON_TYPE, NULL },
	{ "{" TOP "}", ERR_JSON_KEY, "/tenants: missing" },
	{ "{\"_type\":\"kennel.config/2\",\"state\":\"/s\",\"images\":\"/i\",\"tenants\":{}}",
	  ERR_JSON_VALUE, "/_type" },
	{ HOST("\"x\":1"), ERR_JSON_KEY, "/x: unknown key; known are _type state" },
	{ HOST("\"state\":\"/t\""), ERR_JSON, NULL },
	{ HOST("\"st\\u0061te\":\"/t\""), ERR_JSON, NULL },
	{ "{\"_type\":\"kennel.config/1\",\"state\":\"s\",\"images\":\"/i\",\"tenants\":{}}",
	  ERR_JSON_VALUE, "/state" },
	{ "{\"_type\":\"kennel.config/1\",\"state\":\"/\",\"images\":\"/i\",\"tenants\":{}}",
	  ERR_JSON_VALUE, "/state" },
	{ "{\"_type\":\"kennel.config/1\",\"state\":\"/s/../etc\",\"images\":\"/i\",\"tenants\":{}}",
	  ERR_JSON_VALUE, "/state" },
	{ "{\"_type\":\"kennel.config/1\",\"state\":\"/s\",\"images\":\"/i/\",\"tenants\":{}}",
	  ERR_JSON_VALUE, "/images" },
	{ HOST("\"scan\":\"in\""), ERR_JSON_VALUE, "/scan" },
	{ HOST("\"cgroup\":\"/etc\""), ERR_JSON_VALUE, "/cgroup" },
	{ HOST("\"cgroup\":\"../x\""), ERR_JSON_VALUE, "/cgroup" },
	{ HOST("\"cgroup\":\"/sys/fs/cgroup/../x\""), ERR_JSON_VALUE, "/cgroup" },
	{ HOST("\"accept\":[\"no-bpf-lsm\",\"no-cgroup\",\"no-landlock\","
	       "\"no-storage-quota\",\"no-io-limit\"]"),
	  ERR_OK, NULL },
	{ HOST("\"accept\":[\"no-sandbox\"]"), ERR_CONFIG, "/accept/0" },
	{ HOST("\"accept\":[\"all\"]"), ERR_CONFIG, "/accept/0" },
	{ HOST("\"accept\":true"), ERR_JSON_TYPE, "/accept" },
	/* plugin ids */
	{ HOST("\"pluginUids\":{\"base\":200000}"), ERR_JSON_KEY, "/pluginUids/count: missing" },
	{ HOST("\"pluginUids\":{\"base\":200000,\"count\":0}"), ERR_JSON_VALUE,
	  "/pluginUids/count" },
	{ HOST("\"pluginUids\":{\"base\":0,\"count\":10}"), ERR_CONFIG, "/pluginUids" },
	{ HOST("\"pluginUids\":{\"base\":65000,\"count\":1000}"), ERR_CONFIG, "/pluginUids" },
	{ HOST("\"pluginUids\":{\"base\":2147483647,\"count\":2}"), ERR_CONFIG, "/pluginUids" },
	{ HOST("\"pluginUids\":{\"base\":4294967295,\"count\":1}"), ERR_JSON_VALUE,
	  "/pluginUids/base" },
	{ HOST("\"pluginUids\":{\"base\":-1,\"count\":1}"), ERR_JSON_VALUE, "/pluginUids/base" },
	{ HOST("\"pluginUids\":{\"base\":2e5,\"count\":1}"), ERR_JSON_TYPE, "/pluginUids/base" },
	{ HOST("\"pluginUids\":{\"base\":1000,\"count\":10}"), ERR_CONFIG,
	  "/tenants/a: uid or gid" },
	{ HOST("\"pluginUids\":{\"base\":1001,\"count\":10}"), ERR_OK, NULL },
	/* tenants */
	{ TENANTS("{}"), ERR_JSON_VALUE, "/tenants: 0 entries" },
	{ TENANTS("[]"), ERR_JSON_TYPE, "/tenants" },
	{ TENANTS("{\"a\":null}"), ERR_JSON_TYPE, "/tenants/a" },
	{ TENANTS("{\"a\":{}}"), ERR_JSON_KEY, "/tenants/a/uid: missing" },
	{ TENANTS("{\"a\":{\"uid\":1000,\"gid\":1000}}"), ERR_JSON_KEY,
	  "/tenants/a/vault: missing" },
	{ NAMED(NAME_63), ERR_OK, NULL },
	{ NAMED(NAME_63 "a"), ERR_CONFIG, "/tenants/" },
	{ NAMED(""), ERR_CONFIG, "/tenants/" },
	{ NAMED("host"), ERR_CONFIG, "/tenants/host" },
	{ NAMED(".."), ERR_CONFIG, "/tenants/.." },
	{ NAMED("a/b"), ERR_CONFIG, "/tenants/a~1b" },
	{ NAMED("a b"), ERR_CONFIG, NULL },
	{ IDS("0", "1000"), ERR_CONFIG, "/tenants/a/uid" },
	{ IDS("-0", "1000"), ERR_CONFIG, "/tenants/a/uid" },
	{ IDS("65534", "1000"), ERR_CONFIG, "/tenants/a/uid" },
	{ IDS("4294967295", "1000"), ERR_CONFIG, "/tenants/a/uid" },
	{ IDS("4294967296", "1000"), ERR_JSON_VALUE, "/tenants/a/uid" },
	{ IDS("-1", "1000"), ERR_JSON_VALUE, "/tenants/a/uid" },
	{ IDS("\"1000\"", "1000"), ERR_JSON_TYPE, "/tenants/a/uid" },
	{ IDS("1000.0", "1000"), ERR_JSON_TYPE, "/tenants/a/uid" },
	{ IDS("1000", "0"), ERR_CONFIG, "/tenants/a/gid" },
	{ TENANT(",\"permissions\":[]"), ERR_OK, NULL },
	{ TENANT(",\"permissions\":[\"nope\"]"), ERR_PERMISSION_UNKNOWN,
	  "/tenants/a/permissions/0" },
	{ TENANT(",\"permissions\":\"all\""), ERR_JSON_TYPE, "/tenants/a/permissions" },
	{ TENANT(",\"runtimes\":[]"), ERR_OK, NULL },
	{ TENANT(",\"runtimes\":[\"\"]"), ERR_JSON_VALUE, "/tenants/a/runtimes/0" },
	{ TENANT(",\"jit\":\"no\""), ERR_JSON_TYPE, "/tenants/a/jit" },
	{ TENANT(",\"limits\":{\"memory\":\"0M\"}"), ERR_JSON_VALUE, "/tenants/a/limits/memory" },
	{ TENANT(",\"limits\":{\"mem\":\"1M\"}"), ERR_JSON_KEY, "/tenants/a/limits/mem" },
	{ TENANT(",\"limits\":{\"memory\":\"2048G\"}"), ERR_JSON_VALUE,
	  "/tenants/a/limits/memory" },
	{ TENANT(",\"x\":1"), ERR_JSON_KEY, "/tenants/a/x" },
};

static void every_case_has_its_verdict(void **state)
{
	static struct ceiling untouched;
	struct err e;

	(void)state;
	memset(&untouched, 0xee, sizeof(untouched));
	for (size_t i = 0; i < countof(cases); i++) {
		if (parse(cases[i].text, &e) != cases[i].code)
			fail_msg("%s: got %s (%s), expected %s", cases[i].text, err_name(e.code),
				 e.text, err_name(cases[i].code));
		if (cases[i].place && strncmp(e.text, cases[i].place, strlen(cases[i].place)) != 0)
			fail_msg("%s: \"%s\" does not start with \"%s\"", cases[i].text, e.text,
				 cases[i].place);
		if (cases[i].code != ERR_OK)
			assert_memory_equal(&parsed, &untouched, sizeof(parsed));
		else if (ceiling_check(&parsed, &e) < 0)
			fail_msg("%s: accepted, but %s", cases[i].text, e.text);
	}
}

static enum err_code parse_tenants(unsigned int n, struct err *e)
{
	char text[8192];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	writer_str(&w, "{" TOP ",\"tenants\":{");
	for (unsigned int i = 0; i < n; i++)
		writer_fmt(&w, "%s\"t%u\":{\"uid\":%u,\"gid\":1000,\"vault\":\"/v/%u\"}",
			   i ? "," : "", i, 1000 + i, i);
	writer_str(&w, "}}");
	assert_false(w.full);
	return parse(text, e);
}

static void tenants_are_counted(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(parse_tenants(TENANTS_MAX, &e), ERR_OK);
	assert_int_equal(parsed.tenant_count, TENANTS_MAX);
	assert_int_equal(ceiling_check(&parsed, &e), 0);
	assert_int_equal(parse_tenants(TENANTS_MAX + 1, &e), ERR_JSON_VALUE);
}

static void the_file_is_bounded(void **state)
{
	CLEANUP(free_p) char *text = malloc(CONFIG_FILE_MAX + 2);
	struct err e;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', CONFIG_FILE_MAX + 1);
	text[CONFIG_FILE_MAX + 1] = '\0';
	assert_int_equal(parse(text, &e), ERR_LIMIT);
	assert_true(hostconf_fields()->count > 0);
}

static void pins_and_the_release_age_are_taken(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(
		parse(HOST("\"minReleaseAge\":\"72h\",\"pins\":{\"linker\":\"1.2.*\"}"), &e),
		ERR_OK);
	assert_int_equal(parsed.min_release_age_ms, 72ull * 3600 * 1000);
	assert_int_equal(parsed.pin_count, 1);
	assert_string_equal(parsed.pins[0].plugin, "linker");
	assert_string_equal(parsed.pins[0].what, "1.2.*");
	assert_int_equal(ceiling_check(&parsed, &e), 0);
	assert_int_equal(parse(HOST("\"pins\":{\"linker\":\"\"}"), &e), ERR_CONFIG);
	assert_int_equal(parse(HOST("\"pins\":{\"linker\":\"1.2 \"}"), &e), ERR_CONFIG);
	assert_int_equal(parse(HOST("\"pins\":{\"linker\":7}"), &e), ERR_CONFIG);
	assert_int_equal(parse(HOST("\"pins\":{\"a/b\":\"1.0.0\"}"), &e), ERR_CONFIG);
	assert_int_equal(parse(HOST("\"minReleaseAge\":\"99999h\""), &e), ERR_JSON_VALUE);
}

static void the_size_of_bundles_is_lowered_and_raised_within_its_range(void **state)
{
	const struct bundle_bounds *b = &parsed.bundles;
	struct err e;

	(void)state;
	assert_int_equal(parse(TENANT(""), &e), ERR_OK);
	assert_int_equal(b->packed_bytes, BUNDLE_MAX);
	assert_int_equal(b->files, BUNDLE_FILES_MAX);
	assert_int_equal(parse(HOST("\"bundles\":{\"packed\":\"512M\",\"unpacked\":\"1G\"}"), &e),
			 ERR_OK);
	assert_int_equal(b->packed_bytes, BUNDLE_MOST);
	assert_int_equal(b->unpacked_bytes, BUNDLE_UNPACKED_MOST);
	assert_int_equal(b->file_bytes, BUNDLE_FILE_MAX); /* not named */
	assert_int_equal(ceiling_check(&parsed, &e), 0);
	assert_int_equal(parse(HOST("\"bundles\":{\"file\":\"64K\",\"files\":1}"), &e), ERR_OK);
	assert_int_equal(b->file_bytes, 65536);
	assert_int_equal(b->files, 1);
	assert_int_equal(ceiling_check(&parsed, &e), 0);
	assert_int_equal(parse(HOST("\"bundles\":{\"packed\":\"513M\"}"), &e), ERR_JSON_VALUE);
	assert_int_equal(parse(HOST("\"bundles\":{\"unpacked\":\"2G\"}"), &e), ERR_JSON_VALUE);
	assert_int_equal(parse(HOST("\"bundles\":{\"file\":\"513M\"}"), &e), ERR_JSON_VALUE);
	assert_int_equal(parse(HOST("\"bundles\":{\"files\":4097}"), &e), ERR_JSON_VALUE);
	assert_int_equal(parse(HOST("\"bundles\":{\"files\":0}"), &e), ERR_JSON_VALUE);
	assert_int_equal(parse(HOST("\"bundles\":{\"packed\":0}"), &e), ERR_JSON_VALUE);
	assert_int_equal(parse(HOST("\"bundles\":{\"frames\":1}"), &e), ERR_JSON_KEY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_size_of_bundles_is_lowered_and_raised_within_its_range),
		cmocka_unit_test(pins_and_the_release_age_are_taken),
		cmocka_unit_test(what_is_not_said_has_a_named_default),
		cmocka_unit_test(what_is_said_is_taken),
		cmocka_unit_test(the_cgroup_is_kept_below_its_mount),
		cmocka_unit_test(every_case_has_its_verdict),
		cmocka_unit_test(tenants_are_counted),
		cmocka_unit_test(the_file_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
