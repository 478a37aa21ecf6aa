/* SPDX-License-Identifier: Apache-2.0 */
/* test_grantfile.c - grants: read, refused, and printed in one spelling. */
#include "base/bytes.h"
#include "policy/field.h"
#include "policy/limit.h"
#include "policy/wire.h"
#include "tests/unit/policy_sample.h"

#define FILE_OF(plugins) "{\"_type\":\"kennel.grants/1\",\"plugins\":" plugins "}"
#define ONE(more) FILE_OF("{\"p\":{\"signer\":\"" SIGNER_HEX "\"" more "}}")
#define ASKS ",\"permissions\":[\"readNotes\",\"useAI\"]"
#define ZERO_HEX "0000000000000000000000000000000000000000000000000000000000000000"

static struct grant grants[GRANTS_MAX]; /* 1.2 MiB */

static enum err_code parse(const char *text, size_t cap, size_t *ret_count, struct err *e)
{
	*e = (struct err){ 0 };
	return grantfile_parse(text, strlen(text), grants, cap, ret_count, e) < 0 ? e->code
										  : ERR_OK;
}

static void a_grant_file_is_understood(void **state)
{
	struct grantfile_head head;
	struct err e;
	size_t n = 0;

	(void)state;
	assert_int_equal(parse(sample_grants, 1, &n, &e), ERR_OK);
	assert_int_equal(n, 1);
	assert_string_equal(grants[0].plugin, "linker");
	assert_int_equal(grants[0].signer[0], 0xab);
	assert_int_equal(grants[0].scope_count, 4);
	assert_int_equal(grants[0].files, 1);
	assert_int_equal(grants[0].limits.cpu_percent, 20);
	assert_int_equal(grants[0].limits.memory_bytes, 0);
	assert_int_equal(grant_check(&grants[0], &e), 0);
	assert_int_equal(grantfile_parse_head(sample_grants, strlen(sample_grants), &head, &e), 0);
	assert_string_equal(head.tenant, "alice");
	assert_int_equal(head.version, 3);
}

static const struct {
	const char *text;
	enum err_code code;
	const char *place;
} cases[] = {
	{ "{}", ERR_JSON_KEY, "/_type: missing" },
	{ "{\"_type\":\"kennel.grants/1\"}", ERR_JSON_KEY, "/plugins: missing" },
	{ "{\"_type\":\"kennel.grant/1\",\"plugins\":{}}", ERR_JSON_VALUE, "/_type" },
	{ FILE_OF("{}"), ERR_OK, NULL },
	{ FILE_OF("[]"), ERR_JSON_TYPE, "/plugins" },
	{ FILE_OF("{\"p\":null}"), ERR_JSON_TYPE, "/plugins/p" },
	{ FILE_OF("{\"..\":{}}"), ERR_JSON_KEY, "/plugins/..: expected a plugin's name" },
	{ FILE_OF("{\"\":{}}"), ERR_JSON_KEY, "/plugins/" },
	{ FILE_OF("{\"p\":{}}"), ERR_JSON_KEY, "/plugins/p/signer: missing" },
	{ ONE(""), ERR_JSON_KEY, "/plugins/p/permissions: missing" },
	{ ONE(ASKS), ERR_OK, NULL },
	{ ONE(",\"permissions\":[]"), ERR_OK, NULL },
	{ ONE(",\"permissions\":[\"nope\"]"), ERR_PERMISSION_UNKNOWN, "/plugins/p/permissions/0" },
	{ ONE(",\"permissions\":[\"*\"]"), ERR_PERMISSION_UNKNOWN, "/plugins/p/permissions/0" },
	{ ONE(",\"permissions\":\"all\""), ERR_JSON_TYPE, "/plugins/p/permissions" },
	{ ONE(ASKS ",\"scopes\":{\"readNotes\":{\"allow\":[\"**\"]}}"), ERR_OK, NULL },
	{ ONE(ASKS ",\"scopes\":{\"writeNotes\":{\"allow\":[\"**\"]}}"), ERR_JSON_KEY,
	  "/plugins/p/scopes/writeNotes" },
	{ ONE(ASKS ",\"scopes\":{\"useAI\":{\"allow\":[\"**\"]}}"), ERR_JSON_KEY,
	  "/plugins/p/scopes/useAI" },
	{ ONE(ASKS ",\"scopes\":{\"readNotes\":{\"deny\":[\"..\"]}}"), ERR_JSON_VALUE,
	  "/plugins/p/scopes/readNotes/deny/0" },
	{ ONE(ASKS ",\"files\":\"yes\""), ERR_JSON_TYPE, "/plugins/p/files" },
	{ ONE(ASKS ",\"limits\":{\"cpu\":0}"), ERR_JSON_VALUE, "/plugins/p/limits/cpu" },
	{ ONE(ASKS ",\"until\":\"2027\""), ERR_JSON_KEY, "/plugins/p/until: unknown key" },
	{ ONE(ASKS ",\"s\\u0069gner\":\"" SIGNER_HEX "\""), ERR_JSON, NULL },
	{ FILE_OF("{\"p\":{\"signer\":\"" ZERO_HEX "\"" ASKS "}}"), ERR_GRANT,
	  "/plugins/p/signer" },
	{ FILE_OF("{\"p\":{\"signer\":\"\"" ASKS "}}"), ERR_JSON_VALUE, "/plugins/p/signer" },
	{ FILE_OF("{\"p\":{\"signer\":\"ab\"" ASKS "}}"), ERR_JSON_VALUE, "/plugins/p/signer" },
	{ FILE_OF("{\"p\":{\"signer\":\"" SIGNER_HEX "ab\"" ASKS "}}"), ERR_JSON_VALUE,
	  "/plugins/p/signer" },
	{ FILE_OF("{\"p\":{\"signer\":5" ASKS "}}"), ERR_JSON_TYPE, "/plugins/p/signer" },
	{ FILE_OF("{\"p\":{\"signer\":\"ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB\"" ASKS
		  "}}"),
	  ERR_JSON_VALUE, "/plugins/p/signer" },
	{ "{\"_type\":\"kennel.grants/1\",\"tenant\":\"host\",\"plugins\":{}}", ERR_JSON_VALUE,
	  "/tenant" },
	{ "{\"_type\":\"kennel.grants/1\",\"tenant\":\"../x\",\"plugins\":{}}", ERR_JSON_VALUE,
	  "/tenant" },
	{ "{\"_type\":\"kennel.grants/1\",\"version\":-1,\"plugins\":{}}", ERR_JSON_VALUE,
	  "/version" },
	{ "{\"_type\":\"kennel.grants/1\",\"version\":4294967296,\"plugins\":{}}", ERR_JSON_VALUE,
	  "/version" },
};

static void every_case_has_its_verdict(void **state)
{
	struct grantfile_head head;
	struct err e;

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		const char *text = cases[i].text;
		size_t n = 0;
		int r;

		if (parse(text, 1, &n, &e) != cases[i].code)
			fail_msg("%s: got %s (%s), expected %s", text, err_name(e.code), e.text,
				 err_name(cases[i].code));
		if (cases[i].place && strncmp(e.text, cases[i].place, strlen(cases[i].place)) != 0)
			fail_msg("%s: \"%s\" does not start with \"%s\"", text, e.text,
				 cases[i].place);
		if (cases[i].code == ERR_OK && n && grant_check(&grants[0], &e) < 0)
			fail_msg("%s: accepted, but %s", text, e.text);
		/* Whoever asks for the head alone hears the same verdict. */
		r = grantfile_parse_head(text, strlen(text), &head, &e);
		assert_int_equal(r < 0 ? e.code : ERR_OK, cases[i].code);
	}
}

static void room_is_respected(void **state)
{
	static const char two[] =
		FILE_OF("{\"a\":{\"signer\":\"" SIGNER_HEX "\",\"permissions\":[]},"
			"\"b\":{\"signer\":\"" SIGNER_HEX "\",\"permissions\":[]}}");
	struct err e;
	size_t n = 77;

	(void)state;
	assert_int_equal(parse(two, 1, &n, &e), ERR_LIMIT);
	assert_int_equal(n, 77);
	assert_int_equal(parse(two, 0, &n, &e), ERR_LIMIT);
	assert_int_equal(parse(two, 2, &n, &e), ERR_OK);
	assert_int_equal(n, 2);
}

static void printing_is_reading_backwards(void **state)
{
	struct grantfile_head head = { .tenant = "alice", .version = 4 }, again;
	CLEANUP(free_p) char *text = NULL;
	CLEANUP(free_p) char *text2 = NULL;
	struct grant first;
	struct err e;
	size_t n = 0;

	(void)state;
	assert_int_equal(parse(sample_grants, 1, &n, &e), ERR_OK);
	limit_set(&grants[0].limits, LIMIT_MEMORY, (3u << 20) + 1);
	limit_set(&grants[0].limits, LIMIT_RUNTIME, 1500);
	first = grants[0];
	text = grantfile_print_as(&head, grants, 1);
	assert_non_null(text);
	assert_int_equal(text[strlen(text) - 1], '\n');
	assert_int_equal(parse(text, 1, &n, &e), ERR_OK);
	assert_memory_equal(&first, &grants[0], sizeof(first));
	text2 = grantfile_print_as(&head, grants, 1);
	assert_string_equal(text, text2);
	assert_int_equal(grantfile_parse_head(text, strlen(text), &again, &e), 0);
	assert_memory_equal(&head, &again, sizeof(head));
}

static void printing_without_a_head_is_read_too(void **state)
{
	CLEANUP(free_p) char *text = grantfile_print(NULL, 0);
	struct grantfile_head head;
	struct err e;
	size_t n = 7;

	(void)state;
	assert_non_null(text);
	assert_int_equal(parse(text, 0, &n, &e), ERR_OK);
	assert_int_equal(n, 0);
	assert_int_equal(grantfile_parse_head(text, strlen(text), &head, &e), 0);
	assert_string_equal(head.tenant, "");
	assert_true(grantfile_fields()->count > 0);
}

/* The largest file that can be printed is read again; what is larger is not printed. */
static void full_files_are_read_again(void **state)
{
	CLEANUP(free_p) char *text = NULL;
	struct err e;
	size_t n = 0;

	(void)state;
	memset(grants, 0, sizeof(grants));
	for (unsigned int i = 0; i < GRANTS_MAX; i++) {
		struct grant *g = &grants[i];

		(void)snprintf(g->plugin, sizeof(g->plugin), "plugin-%03u", i);
		memset(g->signer, 1, DIGEST_BYTES);
		g->permissions = PERM_ALL;
		g->files = 1;
		for (g->scope_count = 0; g->scope_count < SCOPE_RULES_MAX; g->scope_count++) {
			struct scope_rule *r = &g->scopes[g->scope_count];

			r->permission = (uint8_t)(g->scope_count / 3);
			r->deny = g->scope_count % 3 == 2;
			(void)snprintf(r->glob, sizeof(r->glob), "f%u/**", g->scope_count);
		}
		for (unsigned int l = 0; l < LIMIT_COUNT; l++)
			limit_set(&g->limits, l, limit_info(l)->normal);
		assert_int_equal(grant_check(g, &e), 0);
	}
	text = grantfile_print(grants, GRANTS_MAX);
	assert_non_null(text);
	if (parse(text, GRANTS_MAX, &n, &e) != ERR_OK)
		fail_msg("%zu bytes: %s", strlen(text), e.text);
	assert_int_equal(n, GRANTS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_grant_file_is_understood),
		cmocka_unit_test(every_case_has_its_verdict),
		cmocka_unit_test(room_is_respected),
		cmocka_unit_test(printing_is_reading_backwards),
		cmocka_unit_test(printing_without_a_head_is_read_too),
		cmocka_unit_test(full_files_are_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
