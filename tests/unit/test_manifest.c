/* SPDX-License-Identifier: Apache-2.0 */
/* test_manifest.c - what a manifest may say, and every way of saying it wrong. */
#include "base/bytes.h"
#include "policy/field.h"
#include "policy/wire.h"
#include "tests/unit/policy_sample.h"

/* The specification's own example, its comment left out. */
static const char spec_example[] =
	"{\n"
	"  \"name\": \"ai-auto-linker\",\n"
	"  \"schemaVersion\": \"1.0\",\n"
	"  \"version\": \"1.0.0\",\n"
	"  \"description\": \"Suggest links between notes using AI\",\n"
	"  \"author\": \"Author Name\",\n"
	"  \"license\": \"MIT\",\n"
	"  \"permissions\": [\"readNotes\", \"writeLinks\", \"useAI\"],\n"
	"  \"recommendedPermissions\": {\n"
	"    \"readNotes\": \"Read note contents to compute suggestions\",\n"
	"    \"writeLinks\": \"Create or update backlinks\",\n"
	"    \"useAI\": \"Call configured LLM adapter\"\n"
	"  },\n"
	"  \"entry\": \"main.wasm\",\n"
	"  \"events\": [\"onNoteSave\", \"onCommandPalette\"],\n"
	"  \"signature\": \"\"\n"
	"}\n";

static struct manifest parsed; /* 28 KiB */

static enum err_code parse(const char *text, size_t n, struct err *e)
{
	*e = (struct err){ 0 };
	memset(&parsed, 0xee, sizeof(parsed));
	return manifest_parse(text, n, &parsed, e) < 0 ? e->code : ERR_OK;
}

static void the_specifications_example_is_accepted(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(parse(spec_example, strlen(spec_example), &e), ERR_OK);
	assert_string_equal(parsed.name, "ai-auto-linker");
	assert_string_equal(parsed.version, "1.0.0");
	assert_string_equal(parsed.entry, "main.wasm");
	assert_string_equal(parsed.reasons[PERM_USE_AI], "Call configured LLM adapter");
	assert_int_equal(parsed.runtime, RUNTIME_WASM);
	assert_int_equal(parsed.permissions, PERM_BIT(PERM_READ_NOTES) |
						     PERM_BIT(PERM_WRITE_LINKS) |
						     PERM_BIT(PERM_USE_AI));
	assert_int_equal(parsed.events,
			 EVENT_BIT(EVENT_NOTE_SAVE) | EVENT_BIT(EVENT_COMMAND_PALETTE));
	assert_int_equal(parsed.scope_count, 0);
	assert_int_equal(parsed.limits.memory_bytes, 0);
	assert_int_equal(manifest_check(&parsed, &e), 0);
}

static void everything_of_ours_is_understood(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(parse(sample_manifest, strlen(sample_manifest), &e), ERR_OK);
	assert_int_equal(parsed.scope_count, 3);
	assert_int_equal(parsed.scopes[2].permission, PERM_WRITE_LINKS);
	assert_int_equal(parsed.scopes[2].deny, 1);
	assert_string_equal(parsed.scopes[2].glob, "Projects/private/**");
	assert_int_equal(parsed.file_count, 2);
	assert_string_equal(parsed.files[0].path, "Projects");
	assert_int_equal(parsed.files[0].access, FILE_ACCESS_READ);
	assert_int_equal(parsed.files[1].root, FILE_ROOT_DATA);
	assert_int_equal(parsed.files[1].access, FILE_ACCESS_READ | FILE_ACCESS_WRITE);
	assert_int_equal(parsed.limits.memory_bytes, 32u << 20);
	assert_int_equal(parsed.limits.event_timeout_ms, 5000);
	assert_int_equal(parsed.limits.tasks, 0);
	assert_int_equal(parsed.restart.policy, RESTART_ON_FAILURE);
	assert_int_equal(parsed.restart.within_ms, 60000);
	assert_int_equal(manifest_check(&parsed, &e), 0);
}

/* The order of keys is the author's, the record is not. */
static void the_record_does_not_depend_on_order(void **state)
{
	static const char a[] =
		"{\"name\":\"a\",\"schemaVersion\":\"1.0\",\"version\":\"1.0.0\",\"entry\":\"a.js\","
		"\"permissions\":[\"readNotes\",\"writeNotes\"],\"scopes\":{\"readNotes\":"
		"{\"deny\":[\"x/**\"],\"allow\":[\"**\"]},\"writeNotes\":{\"allow\":[\"b/**\"]}}}";
	static const char b[] =
		"{\"scopes\":{\"writeNotes\":{\"allow\":[\"b/**\"]},\"readNotes\":{\"allow\":"
		"[\"**\"],\"deny\":[\"x/**\"]}},\"permissions\":[\"writeNotes\",\"readNotes\"],"
		"\"entry\":\"a.js\",\"version\":\"1.0.0\",\"schemaVersion\":\"1.0\",\"name\":\"a\"}";
	struct manifest first;
	struct err e;

	(void)state;
	assert_int_equal(parse(a, strlen(a), &e), ERR_OK);
	first = parsed;
	assert_int_equal(parse(b, strlen(b), &e), ERR_OK);
	assert_memory_equal(&first, &parsed, sizeof(first));
}

/* A good manifest in which one member is replaced, or added. */
#define HEAD "\"name\":\"a\",\"schemaVersion\":\"1.0\",\"version\":\"1.0.0\""
#define CORE HEAD ",\"entry\":\"main.wasm\",\"permissions\":[\"readNotes\",\"useAI\"]"
#define WITH(member) "{" CORE "," member "}"
#define ENTRY(entry, more) "{" HEAD ",\"permissions\":[],\"entry\":\"" entry "\"" more "}"
#define NAMED(name)                                                                            \
	"{\"schemaVersion\":\"1.0\",\"version\":\"1.0.0\",\"entry\":\"a\",\"permissions\":[]," \
	"\"name\":" name "}"
#define ASKS(list) "{" HEAD ",\"entry\":\"a\",\"permissions\":" list "}"
#define SCOPED(scope, files) WITH("\"scopes\":{\"readNotes\":" scope "},\"files\":" files)
#define NAME_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *text;
	enum err_code code;
	const char *place; /* the message starts with it; NULL: not looked at */
} cases[] = {
	/* not JSON, or not such JSON */
	{ "", ERR_JSON, NULL },
	{ "null", ERR_JSON_TYPE, "/" },
	{ "[]", ERR_JSON_TYPE, "/" },
	{ "{", ERR_JSON, NULL },
	{ "{}", ERR_JSON_KEY, "/name: missing" },
	{ "\xef\xbb\xbf{" CORE "}", ERR_JSON, NULL },
	{ "{" CORE "} x", ERR_JSON, NULL },
	{ "{" CORE "}{}", ERR_JSON, NULL },
	{ "{" CORE ",}", ERR_JSON, NULL },
	{ "{" CORE ",\"author\":\"a\" /* c */}", ERR_JSON, NULL },
	{ "{" CORE ",'author':'a'}", ERR_JSON, NULL },
	{ WITH("\"author\":\"\xff\""), ERR_JSON, NULL },
	{ WITH("\"author\":\"\xc0\xaf\""), ERR_JSON, NULL },
	{ WITH("\"author\":\"\xed\xa0\x80\""), ERR_JSON, NULL },
	{ WITH("\"author\":\"\\ud800\""), ERR_JSON, NULL },
	{ WITH("\"author\":\"a\\u0000b\""), ERR_JSON, NULL },
	{ WITH("\"author\\u0000\":\"a\""), ERR_JSON, NULL },
	{ WITH("\"author\":\"a\nb\""), ERR_JSON, NULL },
	{ WITH("\"author\":\"a\",\"author\":\"a\""), ERR_JSON, NULL },
	{ WITH("\"author\":\"a\",\"\\u0061uthor\":\"a\""), ERR_JSON, NULL },
	{ WITH("\"n\\u0061me\":\"b\""), ERR_JSON, NULL },
	{ WITH("\"scopes\":{\"readNotes\":{\"allow\":[],\"allow\":[]}}"), ERR_JSON, NULL },
	{ WITH("\"limits\":{\"tasks\":1e400}"), ERR_JSON, NULL },
	{ WITH("\"limits\":{\"tasks\":99999999999999999999}"), ERR_JSON, NULL },
	{ WITH("\"limits\":{\"tasks\":01}"), ERR_JSON, NULL },
	{ WITH("\"limits\":{\"tasks\":NaN}"), ERR_JSON, NULL },
	{ WITH("\"x\":[[[[[[[[[[]]]]]]]]]]"), ERR_LIMIT, NULL },
	/* keys */
	{ WITH("\"x\":1"), ERR_JSON_KEY, "/x: unknown key; known are name" },
	{ WITH("\"ai\":{}"), ERR_JSON_KEY, "/ai: unknown key" },
	{ WITH("\"network\":{}"), ERR_JSON_KEY, "/network: unknown key" },
	{ WITH("\"secrets\":[]"), ERR_JSON_KEY, "/secrets: unknown key" },
	{ WITH("\"schedules\":[]"), ERR_JSON_KEY, "/schedules: unknown key" },
	{ WITH("\"commands\":[]"), ERR_JSON_KEY, "/commands: unknown key" },
	{ WITH("\"config\":{}"), ERR_JSON_KEY, "/config: unknown key" },
	{ WITH("\"Author\":\"a\""), ERR_JSON_KEY, "/Author: unknown key" },
	{ WITH("\"__proto__\":{}"), ERR_JSON_KEY, "/__proto__: unknown key" },
	{ WITH("\"\":1"), ERR_JSON_KEY, "/: unknown key" },
	{ WITH("\"a/b~c\":1"), ERR_JSON_KEY, "/a~1b~0c: unknown key" },
	{ WITH("\"\xe2\x80\xae\":1"), ERR_JSON_KEY, "/\\u202e: unknown key" },
	{ WITH("\"\\u001b[2J\":1"), ERR_JSON_KEY, "/\\u001b[2J: unknown key" },
	{ "{" HEAD ",\"entry\":\"a\"}", ERR_JSON_KEY, "/permissions: missing" },
	{ "{" HEAD ",\"permissions\":[]}", ERR_JSON_KEY, "/entry: missing" },
	/* name, version, schemaVersion */
	{ NAMED("\"" NAME_63 "\""), ERR_OK, NULL },
	{ NAMED("\"" NAME_63 "a\""), ERR_JSON_VALUE, "/name: 64 characters" },
	{ NAMED("\"\""), ERR_JSON_VALUE, "/name" },
	{ NAMED("\"..\""), ERR_JSON_VALUE, "/name" },
	{ NAMED("\"a/b\""), ERR_JSON_VALUE, "/name" },
	{ NAMED("\"-a\""), ERR_JSON_VALUE, "/name" },
	{ NAMED("\"a b\""), ERR_JSON_VALUE, "/name" },
	{ NAMED("\"caf\xc3\xa9\""), ERR_JSON_VALUE, "/name" },
	{ NAMED("\"\xd0\xb0\""), ERR_JSON_VALUE, "/name" },
	{ NAMED("5"), ERR_JSON_TYPE, "/name" },
	{ NAMED("null"), ERR_JSON_TYPE, "/name" },
	{ NAMED("[\"a\"]"), ERR_JSON_TYPE, "/name" },
	{ "{\"name\":\"a\",\"schemaVersion\":\"1.1\",\"version\":\"1.0.0\",\"entry\":\"a\",\"permissions\":[]}",
	  ERR_JSON_VALUE, "/schemaVersion: \"1.1\" is refused, expected \"1.0\"" },
	{ "{\"name\":\"a\",\"schemaVersion\":1.0,\"version\":\"1.0.0\",\"entry\":\"a\",\"permissions\":[]}",
	  ERR_JSON_TYPE, "/schemaVersion" },
	{ "{\"name\":\"a\",\"schemaVersion\":\"1.0\",\"version\":\"1\",\"entry\":\"a\",\"permissions\":[]}",
	  ERR_JSON_VALUE, "/version" },
	/* entry, runtime, jit */
	{ ENTRY("../main.wasm", ""), ERR_JSON_VALUE, "/entry" },
	{ ENTRY("/main.wasm", ""), ERR_JSON_VALUE, "/entry" },
	{ ENTRY("", ""), ERR_JSON_VALUE, "/entry" },
	{ ENTRY("a\\\\b", ""), ERR_JSON_VALUE, "/entry" },
	{ ENTRY("main.js", ",\"runtime\":\"js\",\"jit\":true"), ERR_OK, NULL },
	{ ENTRY("main", ",\"runtime\":\"wasm\""), ERR_OK, NULL },
	{ ENTRY("main.wasm", ",\"runtime\":\"js\""), ERR_MANIFEST, "/runtime" },
	{ ENTRY("main.wasm", ",\"runtime\":\"native\""), ERR_MANIFEST, "/runtime" },
	{ ENTRY("main.mjs", ",\"runtime\":\"wasm\""), ERR_MANIFEST, "/runtime" },
	{ ENTRY("main.js", ",\"runtime\":\"python\""), ERR_JSON_VALUE,
	  "/runtime: \"python\" is unknown" },
	{ ENTRY("main.js", ",\"runtime\":\"\""), ERR_JSON_VALUE, "/runtime" },
	{ ENTRY("main.js", ",\"runtime\":0"), ERR_JSON_TYPE, "/runtime" },
	{ ENTRY("main.wasm", ",\"jit\":true"), ERR_MANIFEST, "/jit" },
	{ ENTRY("main.wasm", ",\"jit\":false"), ERR_OK, NULL },
	{ ENTRY("main.js", ",\"jit\":1"), ERR_JSON_TYPE, "/jit" },
	{ ENTRY("main.js", ",\"jit\":\"true\""), ERR_JSON_TYPE, "/jit" },
	/* permissions, reasons, events */
	{ ASKS("[]"), ERR_OK, NULL },
	{ ASKS("\"readNotes\""), ERR_JSON_TYPE, "/permissions" },
	{ ASKS("{\"readNotes\":true}"), ERR_JSON_TYPE, "/permissions" },
	{ ASKS("null"), ERR_JSON_TYPE, "/permissions" },
	{ ASKS("[\"readNote\"]"), ERR_PERMISSION_UNKNOWN,
	  "/permissions/0: \"readNote\" is unknown; did you mean \"readNotes\"?" },
	{ ASKS("[\"useAI\",\"*\"]"), ERR_PERMISSION_UNKNOWN, "/permissions/1: \"*\"" },
	{ ASKS("[\"all\"]"), ERR_PERMISSION_UNKNOWN, "/permissions/0" },
	{ ASKS("[\"\"]"), ERR_PERMISSION_UNKNOWN, "/permissions/0" },
	{ ASKS("[\"" NAME_63 NAME_63 "\"]"), ERR_PERMISSION_UNKNOWN, "/permissions/0" },
	{ ASKS("[1]"), ERR_JSON_TYPE, "/permissions/0" },
	{ ASKS("[null]"), ERR_JSON_TYPE, "/permissions/0" },
	{ ASKS("[\"useAI\",\"useAI\"]"), ERR_JSON_VALUE,
	  "/permissions/1: \"useAI\" is there twice" },
	{ WITH("\"recommendedPermissions\":{\"useAI\":\"\"}"), ERR_OK, NULL },
	{ WITH("\"recommendedPermissions\":{\"network\":\"x\"}"), ERR_JSON_KEY,
	  "/recommendedPermissions/network" },
	{ WITH("\"recommendedPermissions\":{\"nope\":\"x\"}"), ERR_PERMISSION_UNKNOWN,
	  "/recommendedPermissions/nope" },
	{ WITH("\"recommendedPermissions\":{\"useAI\":5}"), ERR_JSON_TYPE,
	  "/recommendedPermissions/useAI" },
	{ WITH("\"recommendedPermissions\":{\"useAI\":\"a\\nb\"}"), ERR_JSON_VALUE, NULL },
	{ WITH("\"recommendedPermissions\":[]"), ERR_JSON_TYPE, "/recommendedPermissions" },
	{ WITH("\"events\":[\"onNoteRead\"]"), ERR_JSON_VALUE,
	  "/events/0: \"onNoteRead\" is unknown" },
	{ WITH("\"events\":[\"onNoteSave\",\"onNoteSave\"]"), ERR_JSON_VALUE, "/events/1" },
	{ WITH("\"events\":{}"), ERR_JSON_TYPE, "/events" },
	/* texts */
	{ WITH("\"description\":\"a\\tb\""), ERR_JSON_VALUE, "/description" },
	{ WITH("\"description\":\"\\u202eevil\""), ERR_JSON_VALUE, "/description" },
	{ WITH("\"description\":\"\\u2066evil\""), ERR_JSON_VALUE, "/description" },
	{ WITH("\"description\":\"\\u001b]0;x\\u0007\""), ERR_JSON_VALUE, "/description" },
	{ WITH("\"description\":\"\\u0085\""), ERR_JSON_VALUE, "/description" },
	{ WITH("\"description\":\"\\ufeffx\""), ERR_JSON_VALUE, "/description" },
	{ WITH("\"description\":\"Notizen \\u2013 \\ud83d\\udc15\""), ERR_OK, NULL },
	{ WITH("\"license\":\"" NAME_63 "x\""), ERR_JSON_VALUE, "/license: 64 characters" },
	/* signature */
	{ WITH("\"signature\":\"\""), ERR_OK, NULL },
	{ WITH("\"signature\":\"RWQabc\""), ERR_MANIFEST_SIGNATURE, "/signature" },
	{ WITH("\"signature\":null"), ERR_JSON_TYPE, "/signature" },
	/* scopes */
	{ WITH("\"scopes\":{}"), ERR_OK, NULL },
	{ WITH("\"scopes\":[]"), ERR_JSON_TYPE, "/scopes" },
	{ WITH("\"scopes\":{\"readNotes\":{}}"), ERR_OK, NULL },
	{ WITH("\"scopes\":{\"readNotes\":{\"allow\":[]}}"), ERR_OK, NULL },
	{ WITH("\"scopes\":{\"readNotes\":\"**\"}"), ERR_JSON_TYPE, "/scopes/readNotes" },
	{ WITH("\"scopes\":{\"readNotes\":[\"**\"]}"), ERR_JSON_TYPE, "/scopes/readNotes" },
	{ WITH("\"scopes\":{\"readNotes\":{\"alow\":[\"**\"]}}"), ERR_JSON_KEY,
	  "/scopes/readNotes/alow" },
	{ WITH("\"scopes\":{\"readNotes\":{\"allow\":\"**\"}}"), ERR_JSON_TYPE,
	  "/scopes/readNotes/allow" },
	{ WITH("\"scopes\":{\"readNotes\":{\"allow\":[1]}}"), ERR_JSON_TYPE,
	  "/scopes/readNotes/allow/0" },
	{ WITH("\"scopes\":{\"readNotes\":{\"allow\":[\"\"]}}"), ERR_JSON_VALUE,
	  "/scopes/readNotes/allow/0" },
	{ WITH("\"scopes\":{\"readNotes\":{\"deny\":[\"../**\"]}}"), ERR_JSON_VALUE,
	  "/scopes/readNotes/deny/0" },
	{ WITH("\"scopes\":{\"readNotes\":{\"deny\":[\"/x/**\"]}}"), ERR_JSON_VALUE, NULL },
	{ WITH("\"scopes\":{\"readNotes\":{\"deny\":[\"x/\"]}}"), ERR_JSON_VALUE, NULL },
	{ WITH("\"scopes\":{\"readNotes\":{\"deny\":[\"[x]\"]}}"), ERR_JSON_VALUE, NULL },
	{ WITH("\"scopes\":{\"readNotes\":{\"deny\":[\"!x\"]}}"), ERR_JSON_VALUE, NULL },
	{ WITH("\"scopes\":{\"writeNotes\":{\"allow\":[\"**\"]}}"), ERR_JSON_KEY,
	  "/scopes/writeNotes" },
	{ WITH("\"scopes\":{\"useAI\":{\"allow\":[\"**\"]}}"), ERR_JSON_KEY, "/scopes/useAI" },
	{ WITH("\"scopes\":{\"nope\":{\"allow\":[\"**\"]}}"), ERR_PERMISSION_UNKNOWN,
	  "/scopes/nope" },
	/* files */
	{ SCOPED("{\"allow\":[\"**\"]}", "[{\"path\":\"vault:/\",\"access\":\"read\"}]"), ERR_OK,
	  NULL },
	{ SCOPED("{\"allow\":[\"a/**\"]}", "[{\"path\":\"vault:/a/b\",\"access\":\"read\"}]"),
	  ERR_OK, NULL },
	{ SCOPED("{\"allow\":[\"a/**\"]}", "[{\"path\":\"vault:/\",\"access\":\"read\"}]"),
	  ERR_FILES_RULE, "/files/0" },
	{ SCOPED("{\"allow\":[\"a/*\"]}", "[{\"path\":\"vault:/a\",\"access\":\"read\"}]"),
	  ERR_FILES_RULE, NULL },
	{ SCOPED("{\"allow\":[\"**\"],\"deny\":[\"a/x/**\"]}",
		 "[{\"path\":\"vault:/a\",\"access\":\"read\"}]"),
	  ERR_FILES_RULE, "/files/0" },
	{ SCOPED("{\"allow\":[\"**\"],\"deny\":[\"**/x.md\"]}",
		 "[{\"path\":\"vault:/a\",\"access\":\"read\"}]"),
	  ERR_FILES_RULE, NULL },
	{ SCOPED("{\"allow\":[\"**\"],\"deny\":[\"b/**\"]}",
		 "[{\"path\":\"vault:/a\",\"access\":\"read\"}]"),
	  ERR_OK, NULL },
	{ SCOPED("{\"allow\":[\"**\"]}", "[{\"path\":\"vault:/a\",\"access\":\"write\"}]"),
	  ERR_FILES_RULE, NULL },
	{ SCOPED("{\"allow\":[\"**\"]}", "[{\"path\":\"vault:/../x\",\"access\":\"read\"}]"),
	  ERR_FILES_RULE, "/files/0/path" },
	{ SCOPED("{\"allow\":[\"**\"]}", "[{\"path\":\"vault://x\",\"access\":\"read\"}]"),
	  ERR_FILES_RULE, NULL },
	{ SCOPED("{\"allow\":[\"**\"]}", "[{\"path\":\"vault:x\",\"access\":\"read\"}]"),
	  ERR_FILES_RULE, NULL },
	{ SCOPED("{\"allow\":[\"**\"]}", "[{\"path\":\"/etc\",\"access\":\"read\"}]"),
	  ERR_FILES_RULE, NULL },
	{ SCOPED("{\"allow\":[\"**\"]}", "[{\"path\":\"vault:/a\"}]"), ERR_JSON_KEY,
	  "/files/0/access: missing" },
	{ SCOPED("{\"allow\":[\"**\"]}", "[{\"path\":\"vault:/a\",\"access\":\"exec\"}]"),
	  ERR_JSON_VALUE, "/files/0/access" },
	{ SCOPED("{\"allow\":[\"**\"]}", "[[]]"), ERR_JSON_TYPE, "/files/0" },
	{ SCOPED("{\"allow\":[\"**\"]}",
		 "[{\"path\":\"vault:/a\",\"access\":\"read\"},{\"access\":\"read\",\"path\":\"vault:/a\"}]"),
	  ERR_JSON_VALUE, "/files/1: the same as 0" },
	{ SCOPED("{\"allow\":[\"**\"]}",
		 "[{\"path\":\"data:/\",\"access\":\"read\"},{\"path\":\"data:/\",\"access\":\"write\"}]"),
	  ERR_FILES_RULE, "/files: one rule" },
	{ SCOPED("{\"allow\":[\"**\"]}",
		 "[{\"path\":\"vault:/a\",\"access\":\"read\"},{\"path\":\"vault:/a/b\",\"access\":\"read\"}]"),
	  ERR_FILES_RULE, "/files: one rule" },
	{ ENTRY("a", ",\"files\":[{\"path\":\"vault:/a\",\"access\":\"read\"}]"), ERR_FILES_RULE,
	  "/files/0: needs the permission readNotes" },
	{ ENTRY("a", ",\"files\":[{\"path\":\"data:/\",\"access\":\"read\"}]"), ERR_OK, NULL },
	{ ENTRY("a", ",\"files\":[{\"path\":\"data:/x\",\"access\":\"read\"}]"), ERR_FILES_RULE,
	  NULL },
	{ ENTRY("a", ",\"files\":{}"), ERR_JSON_TYPE, "/files" },
	/* limits */
	{ WITH("\"limits\":{\"memory\":\"1M\",\"cpu\":1,\"tasks\":2,\"runtime\":\"1ms\",\"cpuTime\":\"1h\","
	       "\"callsPerSecond\":1,\"storage\":\"4K\",\"io\":\"1M\"}"),
	  ERR_OK, NULL },
	{ WITH("\"limits\":{\"io\":1048575}"), ERR_JSON_VALUE, "/limits/io: expected 1M to 1024G" },
	{ WITH("\"limits\":{\"io\":0}"), ERR_JSON_VALUE, "/limits/io" },
	{ WITH("\"limits\":{\"memory\":1048576}"), ERR_OK, NULL },
	{ WITH("\"limits\":{\"memory\":1048575}"), ERR_JSON_VALUE,
	  "/limits/memory: expected 1M to 1024G" },
	{ WITH("\"limits\":{\"memory\":\"999999999999999G\"}"), ERR_JSON_VALUE, "/limits/memory" },
	{ WITH("\"limits\":{\"memory\":9223372036854775807}"), ERR_JSON_VALUE, "/limits/memory" },
	{ WITH("\"limits\":{\"memory\":-1}"), ERR_JSON_VALUE, "/limits/memory" },
	{ WITH("\"limits\":{\"memory\":-0}"), ERR_JSON_VALUE, "/limits/memory" },
	{ WITH("\"limits\":{\"memory\":-0.0}"), ERR_JSON_TYPE, "/limits/memory" },
	{ WITH("\"limits\":{\"memory\":1.5e8}"), ERR_JSON_TYPE, "/limits/memory" },
	{ WITH("\"limits\":{\"memory\":\"64\"}"), ERR_JSON_VALUE, "/limits/memory" },
	{ WITH("\"limits\":{\"memory\":\"64MB\"}"), ERR_JSON_VALUE, "/limits/memory" },
	{ WITH("\"limits\":{\"memory\":true}"), ERR_JSON_TYPE, "/limits/memory" },
	{ WITH("\"limits\":{\"cpu\":0}"), ERR_JSON_VALUE, "/limits/cpu" },
	{ WITH("\"limits\":{\"cpu\":\"50%\"}"), ERR_JSON_TYPE, "/limits/cpu" },
	{ WITH("\"limits\":{\"cpu\":4294967297}"), ERR_JSON_VALUE, "/limits/cpu" },
	{ WITH("\"limits\":{\"tasks\":1}"), ERR_JSON_VALUE, "/limits/tasks" },
	{ WITH("\"limits\":{\"runtime\":10}"), ERR_JSON_TYPE, "/limits/runtime" },
	{ WITH("\"limits\":{\"runtime\":\"10\"}"), ERR_JSON_VALUE, "/limits/runtime" },
	{ WITH("\"limits\":{\"runtime\":\"2h\"}"), ERR_JSON_VALUE,
	  "/limits/runtime: expected 1ms to 1h" },
	{ WITH("\"limits\":{\"disk\":\"1M\"}"), ERR_JSON_KEY,
	  "/limits/disk: unknown key; known are memory" },
	{ WITH("\"limits\":[]"), ERR_JSON_TYPE, "/limits" },
	/* restart */
	{ WITH("\"restart\":{\"policy\":\"never\"}"), ERR_OK, NULL },
	{ WITH("\"restart\":{}"), ERR_JSON_KEY, "/restart/policy: missing" },
	{ WITH("\"restart\":{\"policy\":\"onfailure\"}"), ERR_JSON_VALUE, "/restart/policy" },
	{ WITH("\"restart\":{\"policy\":\"always\",\"max\":0}"), ERR_JSON_VALUE, "/restart/max" },
	{ WITH("\"restart\":{\"policy\":\"always\",\"max\":101}"), ERR_JSON_VALUE, "/restart/max" },
	{ WITH("\"restart\":{\"policy\":\"always\",\"within\":\"1ms\"}"), ERR_JSON_VALUE,
	  "/restart/within" },
	{ WITH("\"restart\":\"always\""), ERR_JSON_TYPE, "/restart" },
};

static void check_case(const char *text, size_t n, enum err_code code, const char *place)
{
	struct manifest untouched;
	struct err e;

	if (parse(text, n, &e) != code)
		fail_msg("%s: got %s (%s), expected %s", text, err_name(e.code), e.text,
			 err_name(code));
	if (place && strncmp(e.text, place, strlen(place)) != 0)
		fail_msg("%s: \"%s\" does not start with \"%s\"", text, e.text, place);
	memset(&untouched, 0xee, sizeof(untouched));
	if (code != ERR_OK)
		assert_memory_equal(&parsed, &untouched, sizeof(parsed));
	else if (manifest_check(&parsed, &e) < 0)
		fail_msg("%s: accepted, but %s", text, e.text);
}

static void every_case_has_its_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(cases); i++)
		check_case(cases[i].text, strlen(cases[i].text), cases[i].code, cases[i].place);
}

/* The text is bounded by n alone: heap copies without a NUL, so that one byte too far is seen. */
static void every_prefix_of_a_manifest_is_refused(void **state)
{
	struct err e;

	(void)state;
	for (size_t n = 0; n < strlen(sample_manifest); n++) {
		CLEANUP(free_p) char *text = malloc(n + !n);

		assert_non_null(text);
		memcpy(text, sample_manifest, n);
		assert_int_not_equal(parse(text, n, &e), ERR_OK);
	}
}

/* No single changed byte may crash, and what is accepted is a sound record. */
static void every_changed_byte_is_survived(void **state)
{
	static const char bytes[] = { '\0', '"', '\\', '{', ']', ',', '0', 'A', '\x80', '\xff' };
	char text[sizeof(sample_manifest)];
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		for (size_t k = 0; k < countof(bytes); k++) {
			memcpy(text, sample_manifest, sizeof(text));
			text[i] = bytes[k];
			if (parse(text, sizeof(text) - 1, &e) == ERR_OK &&
			    manifest_check(&parsed, &e) < 0)
				fail_msg("byte %zu: %s", i, e.text);
		}
	}
}

static void a_nul_byte_does_not_hide_the_rest(void **state)
{
	static const char text[] = "{" CORE "}\0{}";

	(void)state;
	check_case(text, sizeof(text) - 1, ERR_JSON, NULL);
}

static void sizes_are_bounded(void **state)
{
	CLEANUP(free_p) char *text = malloc(MANIFEST_MAX + 1);
	struct err e;
	size_t n;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', MANIFEST_MAX + 1);
	memcpy(text, spec_example, strlen(spec_example));
	assert_int_equal(parse(text, MANIFEST_MAX, &e), ERR_OK);
	assert_int_equal(parse(text, MANIFEST_MAX + 1, &e), ERR_LIMIT);
	memset(text, '[', MANIFEST_MAX);
	assert_int_equal(parse(text, MANIFEST_MAX, &e), ERR_LIMIT);
	n = (size_t)snprintf(text, MANIFEST_MAX, "{\"x\":[");
	memset(text + n, '0', MANIFEST_MAX - n);
	for (; n < MANIFEST_MAX; n += 2)
		text[n] = ',';
	assert_int_equal(parse(text, MANIFEST_MAX, &e), ERR_LIMIT);
}

/* name and extra: with_globs(33) is one too many. */
static enum err_code parse_with_globs(size_t globs, struct err *e)
{
	char text[8192];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	writer_str(&w, "{" CORE ",\"scopes\":{\"readNotes\":{\"allow\":[");
	for (size_t i = 0; i < globs; i++)
		writer_fmt(&w, "%s\"f%zu/**\"", i ? "," : "", i);
	writer_str(&w, "]}}}");
	assert_false(w.full);
	return parse(text, w.len, e);
}

static void counts_are_bounded(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(parse_with_globs(SCOPE_RULES_MAX, &e), ERR_OK);
	assert_int_equal(parsed.scope_count, SCOPE_RULES_MAX);
	assert_int_equal(parse_with_globs(SCOPE_RULES_MAX + 1, &e), ERR_JSON_VALUE);
}

/* The rules that no schema says are the only difference between the two. */
static void the_form_is_what_a_schema_can_say(void **state)
{
	static const char *const beyond[] = {
		SCOPED("{\"allow\":[\"a/*\"]}", "[{\"path\":\"vault:/a\",\"access\":\"read\"}]"),
		SCOPED("{\"allow\":[\"**\"]}",
		       "[{\"path\":\"data:/\",\"access\":\"read\"},{\"path\":\"data:/\",\"access\":\"write\"}]"),
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < countof(beyond); i++) {
		size_t n = strlen(beyond[i]);

		assert_int_equal(manifest_parse_form(beyond[i], n, &parsed, &e), 0);
		assert_int_equal(parse(beyond[i], n, &e), ERR_FILES_RULE);
	}
	assert_int_equal(manifest_parse_form(sample_manifest, strlen(sample_manifest), &parsed, &e),
			 0);
	assert_int_equal(manifest_parse_form("{}", 2, &parsed, &e), -1);
}

/* Bounds are in characters, fields in bytes: four for each that may lie outside ASCII. */
static void check_texts_fit(const struct field_table *t)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct field *f = &t->rows[i];
		uint64_t wide = f->wide_max ? f->wide_max : f->max;

		if (f->members)
			check_texts_fit(f->members);
		if (f->type != FIELD_TEXT || f->size == 0)
			continue;
		if (f->pattern && !f->wide_max) /* ASCII alone */
			wide = 0;
		if (f->max == 0 || f->max + 3 * wide >= f->size)
			fail_msg("%s: %llu characters do not fit %zu bytes", f->key,
				 (unsigned long long)f->max, f->size);
	}
}

static void every_text_within_its_bounds_fits_its_field(void **state)
{
	char text[2 * PROSE_MAX_BYTES];
	struct writer w;
	struct err e;

	(void)state;
	check_texts_fit(manifest_fields());
	writer_init(&w, text, sizeof(text));
	writer_str(&w, "{" CORE ",\"description\":\"");
	for (unsigned int i = 0; i < PROSE_MAX_CHARS; i++)
		writer_str(&w, "\xf0\x9f\x90\x95");
	writer_str(&w, "\"}");
	assert_false(w.full);
	assert_int_equal(parse(text, w.len, &e), ERR_OK);
	assert_int_equal(strlen(parsed.description), 4 * PROSE_MAX_CHARS);
	w.len -= 2;
	writer_str(&w, "a\"}");
	assert_int_equal(parse(text, w.len, &e), ERR_JSON_VALUE);
}

static void every_rule_between_keys_is_checked_or_told(void **state)
{
	const struct manifest_rules *rules = manifest_rules();

	(void)state;
	for (size_t i = 0; i < rules->count; i++) {
		const struct manifest_rule *r = &rules->rows[i];
		json_t *schema = r->schema ? json_loads(r->schema, 0, NULL) : NULL;

		assert_non_null(r->says);
		assert_true(!r->schema || (schema && r->check));
		json_decref(schema);
	}
}

static void the_table_tells_everything(void **state)
{
	const struct field_table *t = manifest_fields();
	size_t required = 0;

	(void)state;
	for (size_t i = 0; i < t->count; i++) {
		assert_non_null(t->rows[i].help);
		required += t->rows[i].required;
	}
	assert_int_equal(required, 5); /* as the specification has it */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_specifications_example_is_accepted),
		cmocka_unit_test(everything_of_ours_is_understood),
		cmocka_unit_test(the_record_does_not_depend_on_order),
		cmocka_unit_test(every_case_has_its_verdict),
		cmocka_unit_test(every_prefix_of_a_manifest_is_refused),
		cmocka_unit_test(every_changed_byte_is_survived),
		cmocka_unit_test(a_nul_byte_does_not_hide_the_rest),
		cmocka_unit_test(sizes_are_bounded),
		cmocka_unit_test(counts_are_bounded),
		cmocka_unit_test(the_form_is_what_a_schema_can_say),
		cmocka_unit_test(every_text_within_its_bounds_fits_its_field),
		cmocka_unit_test(every_rule_between_keys_is_checked_or_told),
		cmocka_unit_test(the_table_tells_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
