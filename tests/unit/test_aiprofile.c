/* SPDX-License-Identifier: Apache-2.0 */
/* test_aiprofile.c - records of language models that no configuration can make. */
#include "policy/aiprofile.h"
#include "policy/wire.h"
#include "tests/unit/policy_sample.h"

#define CONFIG                                                                                  \
	"{\"_type\":\"kennel.config/1\",\"state\":\"/s\",\"images\":\"/i\",\"ai\":{\"default\":{" \
	"\"model\":\"m\",\"url\":\"http://127.0.0.1:8080/v1\",\"plugins\":[\"a\"]}},\"tenants\":{"  \
	"\"a\":{\"uid\":1000,\"gid\":1000,\"vault\":\"/v\"}}}"

/* A loader that was talked into something hands over what no configuration can say. */
static void records_are_checked(void **state)
{
	struct ceiling good, c;
	struct err e;

	(void)state;
	assert_int_equal(hostconf_parse(CONFIG, strlen(CONFIG), &good, &e), 0);
	assert_int_equal(ceiling_check(&good, &e), 0);
	assert_true(ai_profiles_are_sound(&good));
#define SPOILT(change)                              \
	do {                                        \
		c = good;                           \
		change;                             \
		assert_false(ai_profiles_are_sound(&c)); \
	} while (0)
	SPOILT(c.ai_count = AI_PROFILES_MAX + 1);
	SPOILT(c.ai_count = 2);
	SPOILT(c.ai_count = 0);
	SPOILT(c.reserved = 1);
	SPOILT((c.ai_count = 2, c.ai[1] = c.ai[0]));
	SPOILT(memset(c.ai[0].name, 'a', NAME_MAX_BYTES));
	SPOILT(c.ai[0].name[NAME_MAX_BYTES - 1] = 'x');
	SPOILT(c.ai[0].url[4] = 'x');
	SPOILT(memcpy(c.ai[0].url + 7, "10.0.0.1/", 9));
	SPOILT(c.ai[0].model[0] = '\0');
	SPOILT(c.ai[0].key[0] = 'x');
	SPOILT(c.ai[0].plain_http = 2);
	SPOILT(c.ai[0].reserved[3] = 1);
	SPOILT(c.ai[0].plugin_count = AI_PLUGINS_MAX + 1);
	SPOILT(c.ai[0].plugin_count = 0);
	SPOILT(c.ai[0].plugins[3][0] = 'a');
	SPOILT(c.ai[0].answer_tokens = 0);
	SPOILT(c.ai[0].tokens_per_day = 0);
	SPOILT(c.ai[0].timeout_ms = AI_MS_MAX + 1);
#undef SPOILT
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(records_are_checked) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
