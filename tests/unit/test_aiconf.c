/* SPDX-License-Identifier: Apache-2.0 */
/* test_aiconf.c - the language models of a configuration: defaults, and what root may get wrong. */
#include "policy/aiprofile.h"
#include "policy/wire.h"
#include "tests/unit/policy_sample.h"

static struct ceiling parsed;

#define AI(map)                                                                       \
	"{\"_type\":\"kennel.config/1\",\"state\":\"/s\",\"images\":\"/i\",\"ai\":" map \
	",\"tenants\":{\"a\":{\"uid\":1000,\"gid\":1000,\"vault\":\"/v\"}}}"
#define ONE(rest) AI("{\"default\":{\"model\":\"m\"" rest "}}")
#define LOCAL ",\"url\":\"http://127.0.0.1:8080/v1\""

static enum err_code parse(const char *text, struct err *e)
{
	*e = (struct err){ 0 };
	return hostconf_parse(text, strlen(text), &parsed, e) < 0 ? e->code : ERR_OK;
}

static void what_is_not_said_has_a_default(void **state)
{
	const struct ai_profile *p = &parsed.ai[0];
	struct err e;

	(void)state;
	assert_int_equal(parse(ONE(LOCAL), &e), ERR_OK);
	assert_int_equal(ceiling_check(&parsed, &e), 0);
	assert_int_equal(parsed.ai_count, 1);
	assert_string_equal(p->name, "default");
	assert_string_equal(p->model, "m");
	assert_int_equal(p->answer_tokens, AI_TOKENS_NORMAL);
	assert_int_equal(p->tokens_per_day, AI_TOKENS_A_DAY_NORMAL);
	assert_int_equal(p->timeout_ms, AI_MS_NORMAL);
	assert_int_equal(p->plugin_count, 0);
	assert_ptr_equal(ai_profile_find(&parsed, "default"), p);
	assert_null(ai_profile_find(&parsed, "other"));
	assert_int_equal(parse(AI("{}"), &e), ERR_OK);
	assert_int_equal(parsed.ai_count, 0);
	assert_int_equal(ceiling_check(&parsed, &e), 0);
}

static void what_is_said_is_taken(void **state)
{
	const struct ai_profile *p = &parsed.ai[1];
	struct err e;

	(void)state;
	assert_int_equal(
		parse(AI("{\"default\":{\"model\":\"m\"" LOCAL "},"
			 "\"cloud\":{\"url\":\"https://ai.example/v1\",\"model\":\"big 2\","
			 "\"key\":\"/etc/kennel/key\",\"answerTokens\":50,\"tokensPerDay\":5,"
			 "\"timeout\":\"5s\",\"plugins\":[\"a\",\"b\"],\"socket\":\"/run/ai\"}}"),
		      &e),
		ERR_OK);
	assert_int_equal(ceiling_check(&parsed, &e), 0);
	assert_int_equal(parsed.ai_count, 2);
	assert_string_equal(p->key, "/etc/kennel/key");
	assert_string_equal(p->socket, "/run/ai");
	assert_int_equal(p->answer_tokens, 50);
	assert_int_equal(p->tokens_per_day, 5);
	assert_int_equal(p->timeout_ms, 5000);
	assert_int_equal(p->plugin_count, 2);
	assert_string_equal(p->plugins[1], "b");
}

static const struct {
	const char *text;
	enum err_code code;
	const char *place;
} cases[] = {
	{ AI("[]"), ERR_JSON_TYPE, "/ai" },
	{ AI("{\"default\":5}"), ERR_JSON_TYPE, "/ai/default" },
	{ AI("{\"a/b\":{\"model\":\"m\"" LOCAL "}}"), ERR_CONFIG, "/ai/a~1b" },
	{ ONE(""), ERR_JSON_KEY, "/ai/default/url: missing" },
	{ AI("{\"default\":{\"url\":\"https://h\"}}"), ERR_JSON_KEY, "/ai/default/model: missing" },
	{ ONE(",\"url\":\"https://h\""), ERR_OK, NULL },
	{ ONE(",\"url\":\"https://h:8443/v1/\""), ERR_OK, NULL },
	{ ONE(",\"url\":\"http://localhost:1/v1\""), ERR_OK, NULL },
	{ ONE(",\"url\":\"http://[::1]:1/v1\""), ERR_OK, NULL },
	/* notes do not cross a network readable, unless somebody says so */
	{ ONE(",\"url\":\"http://10.0.0.1/v1\""), ERR_CONFIG, "/ai/default/url: notes would" },
	{ ONE(",\"url\":\"http://localhost.evil.example/v1\""), ERR_CONFIG, "/ai/default/url" },
	{ ONE(",\"url\":\"http://127.0.0.1.evil.example/v1\""), ERR_CONFIG, "/ai/default/url" },
	{ ONE(",\"plainHttp\":false,\"url\":\"http://h/v1\""), ERR_CONFIG, "/ai/default/url" },
	{ ONE(",\"plainHttp\":true,\"url\":\"http://h/v1\""), ERR_OK, NULL },
	{ ONE(",\"socket\":\"/run/ai\",\"url\":\"http://h/v1\""), ERR_OK, NULL },
	{ ONE(",\"url\":\"ftp://h/v1\""), ERR_CONFIG, "/ai/default/url" },
	{ ONE(",\"url\":\"https://\""), ERR_CONFIG, "/ai/default/url" },
	{ ONE(",\"url\":\"https:///v1\""), ERR_CONFIG, "/ai/default/url" },
	{ ONE(",\"url\":\"https://me:pw@h/v1\""), ERR_CONFIG, "/ai/default/url" },
	{ ONE(",\"url\":\"http://127.0.0.1:80@evil.example/v1\""), ERR_CONFIG, "/ai/default/url" },
	{ ONE(",\"url\":\"https://h/v1?key=1\""), ERR_CONFIG, "/ai/default/url" },
	{ ONE(",\"url\":\"https://h/v1#x\""), ERR_CONFIG, "/ai/default/url" },
	{ ONE(",\"url\":\"https://h /v1\""), ERR_CONFIG, "/ai/default/url" },
	{ ONE(",\"url\":\"https://h\\r\\nX: y\""), ERR_JSON_VALUE, "/ai/default/url" },
	{ ONE(LOCAL ",\"key\":\"key\""), ERR_JSON_VALUE, "/ai/default/key" },
	{ ONE(LOCAL ",\"socket\":\"../x\""), ERR_JSON_VALUE, "/ai/default/socket" },
	{ ONE(LOCAL ",\"answerTokens\":0"), ERR_JSON_VALUE, "/ai/default/answerTokens" },
	{ ONE(LOCAL ",\"answerTokens\":131073"), ERR_JSON_VALUE, "/ai/default/answerTokens" },
	{ ONE(LOCAL ",\"tokensPerDay\":0"), ERR_JSON_VALUE, "/ai/default/tokensPerDay" },
	{ ONE(LOCAL ",\"timeout\":\"0s\""), ERR_JSON_VALUE, "/ai/default/timeout" },
	{ ONE(LOCAL ",\"timeout\":\"1h\""), ERR_JSON_VALUE, "/ai/default/timeout" },
	{ ONE(LOCAL ",\"plugins\":[]"), ERR_JSON_VALUE, "/ai/default/plugins" },
	{ ONE(LOCAL ",\"plugins\":[\"a\",5]"), ERR_CONFIG, "/ai/default/plugins/1" },
	{ ONE(LOCAL ",\"plugins\":[\"*\"]"), ERR_CONFIG, "/ai/default/plugins/0" },
	{ ONE(LOCAL ",\"x\":1"), ERR_JSON_KEY, "/ai/default/x" },
};

static void every_case_has_its_verdict(void **state)
{
	struct err e;

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		enum err_code code = parse(cases[i].text, &e);

		if (code != cases[i].code || (cases[i].place && !strstr(e.text, cases[i].place)))
			fail_msg("%s: %s %s", cases[i].text, err_name(code), e.text);
		if (code == ERR_OK)
			assert_int_equal(ceiling_check(&parsed, &e), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_said_has_a_default),
		cmocka_unit_test(what_is_said_is_taken),
		cmocka_unit_test(every_case_has_its_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
