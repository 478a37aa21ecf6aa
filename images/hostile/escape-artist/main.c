/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - escape-artist: a signed plugin with one small permission that tries to get more.
 * Owns: the attempts.  Must not know: how they are refused. Each command runs one group, so that an
 * attempt that ends the event or the instance hides no other. The answer of a group is a list of
 * {attempt, outcome: "refused" | "ESCAPED", by: "gate" | "runtime", error}; groups that end in a
 * trap or a kill answer only if the attempt went through, and that answer says ESCAPED. */
#include "kennel.h"

#include <stdlib.h>
#include <string.h>

#define NOT_JSON (-32700) /* the runtime did not even send it */

static struct kennel_text report;

static void say(const char *attempt, bool refused, const char *by, const char *error)
{
	kennel_add(&report, report.n ? ",{\"attempt\":" : "[{\"attempt\":");
	kennel_add_string(&report, attempt);
	kennel_add(&report, refused ? ",\"outcome\":\"refused\",\"by\":"
				    : ",\"outcome\":\"ESCAPED\",\"by\":");
	kennel_add_string(&report, refused ? by : "nobody");
	kennel_add(&report, ",\"error\":");
	kennel_add_string(&report, error);
	kennel_add(&report, "}");
}

static int32_t finish(void)
{
	kennel_add(&report, report.n ? "]" : "[]");
	return kennel_ok(report.p);
}

/* ---- group gate: calls that are not ours to make ---- */

static char *error_text(struct kennel_json answer)
{
	struct kennel_json error = kennel_get(answer, "error");
	char *message = kennel_string(kennel_get(error, "message"));
	struct kennel_text t = { 0 };

	kennel_add_int(&t, kennel_error_code(answer));
	kennel_add(&t, " ");
	kennel_add(&t, message ? message : "");
	free(message);
	return t.p;
}

static void must_be_refused(const char *attempt, const char *method, const char *params)
{
	struct kennel_json answer = kennel_call(method, params);
	char *error = error_text(answer);
	bool unsaid = kennel_error_code(answer) == NOT_JSON;

	say(attempt, kennel_error_code(answer) != 0, unsaid ? "runtime" : "gate", error);
	free(error);
}

static const struct {
	const char *attempt, *method, *params;
} calls[] = {
	{ "read a note outside the scope", "notes.read", "{\"note\":\"Projects/Secret.md\"}" },
	{ "read above the vault", "notes.read", "{\"note\":\"../../etc/passwd\"}" },
	{ "read above the vault from inside the scope", "notes.read",
	  "{\"note\":\"Inbox/../../../etc/passwd\"}" },
	{ "leave the scope by dot-dot", "notes.read",
	  "{\"note\":\"Inbox/../Projects/Secret.md\"}" },
	{ "read an absolute path", "notes.read", "{\"note\":\"/etc/passwd\"}" },
	{ "hide a path behind a NUL", "notes.read",
	  "{\"note\":\"Inbox/a.md\\u0000../../etc/passwd\"}" },
	{ "read the vault's root", "notes.read", "{\"note\":\"\"}" },
	{ "use another case of the scope", "notes.read",
	  "{\"note\":\"INBOX/../projects/secret.md\"}" },
	{ "use a name that is not UTF-8", "notes.read", "{\"note\":\"Inbox/\xff\"}" },
	{ "write a link without the permission", "links.write",
	  "{\"note\":\"Inbox/a.md\",\"baseRevision\":\"0\",\"add\":[{\"target\":\"Projects/Secret.md\"}]}" },
	{ "use the alias of it", "writeLinks",
	  "{\"note\":\"Inbox/a.md\",\"baseRevision\":\"0\",\"add\":[]}" },
	{ "write a note", "notes.write", "{\"note\":\"Inbox/a.md\",\"text\":\"mine\"}" },
	{ "make a note", "notes.create", "{\"note\":\"Inbox/mine.md\",\"text\":\"mine\"}" },
	{ "search for a secret", "notes.search", "{\"query\":\"secret\"}" },
	{ "delete a note", "notes.delete", "{\"note\":\"Inbox/a.md\"}" },
	{ "ask a person for a password", "ui.openDialog", "{\"title\":\"Your password?\"}" },
	{ "call a method that is not there", "host.exec", "{\"argv\":[\"/bin/sh\"]}" },
	{ "call a control method", "grant.set", "{\"plugin\":\"escape-artist\"}" },
	{ "call a protocol method", "initialize", "{\"grants\":[\"writeNotes\"]}" },
	{ "use AI without the permission", "ai.complete",
	  "{\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}" },
	{ "remember without the permission", "kv.put", "{\"key\":\"k\",\"value\":1}" },
	{ "see which notes link to a secret one", "links.backlinks",
	  "{\"note\":\"Private/a.md\"}" },
	{ "use the network without the permission", "http.fetch",
	  "{\"url\":\"http://127.0.0.1/\"}" },
	{ "list secrets", "secrets.list", "{}" },
};

static void try_list(void)
{
	struct kennel_json notes =
		kennel_get(kennel_get(kennel_call("notes.list", "{}"), "result"), "notes");
	const char *outside = NULL;

	for (struct kennel_json n = kennel_first(notes); kennel_is_there(n) && !outside;
	     n = kennel_next(notes, n)) {
		char *path = kennel_string(kennel_get(n, "path"));

		if (!path || strncmp(path, "Inbox/", 6) != 0)
			outside = path ? path : "a note without a path";
		else
			free(path);
	}
	say("see notes outside the scope in a list", !outside, "gate",
	    outside ? outside : "only Inbox/ is listed");
}

static int32_t group_gate(void)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		must_be_refused(calls[i].attempt, calls[i].method, calls[i].params);
	try_list();
	return finish();
}

/* ---- group wire: calls that are none ---- */

static void must_be_answered_no(const char *attempt, const char *request, size_t n)
{
	uint64_t in = kennel_block(request, n);
	uint64_t out = in ? kennel_call_block(in) : 0;
	size_t len = 0;
	char *text = kennel_block_text(out, &len);
	struct kennel_json answer = kennel_parse(text, len);
	char *error = error_text(answer);

	say(attempt, !out || kennel_error_code(answer) != 0, "runtime",
	    in ? error : "no block of that size");
	extism_free(out);
	extism_free(in);
	free(error);
	free(text);
}

static void try_text(const char *attempt, const char *request)
{
	must_be_answered_no(attempt, request, strlen(request));
}

static void try_large(const char *attempt, size_t n, char fill)
{
	static const char head[] =
		"{\"method\":\"log.write\",\"params\":{\"level\":\"info\",\"message\":\"";
	char *p = malloc(n + 4);

	if (!p)
		return;
	memset(p, fill, n);
	memcpy(p, head, sizeof(head) - 1);
	memcpy(p + n, "\"}}", 3);
	must_be_answered_no(attempt, p, n + 3);
	free(p);
}

static int32_t group_wire(void)
{
	try_large("send a call of 2 MiB", 2u << 20, 'x');
	try_large("send a call of 12 MiB", 12u << 20, 'x');
	try_large("send a call that grows when it is written as JSON", 900u << 10, '\1');
	try_text("send a call that is not JSON", "{\"method\":");
	try_text("send two calls in one", "{\"method\":\"log.write\"}{\"method\":\"log.write\"}");
	try_text("send a batch", "[{\"method\":\"log.write\"}]");
	try_text("send a key twice",
		 "{\"method\":\"log.write\",\"method\":\"notes.read\",\"params\":{}}");
	try_text("send a method that is a number", "{\"method\":7}");
	try_text("send params that are a list",
		 "{\"method\":\"notes.read\",\"params\":[\"Inbox/a.md\"]}");
	try_text("send bytes that are not UTF-8", "{\"method\":\"\xc3\x28\"}");
	try_text("write frames into the method", "{\"method\":\"\\u0000\\u0000\",\"params\":{}}");
	must_be_answered_no("send nothing but NUL", "\0\0\0\0", 4);
	return finish();
}

/* ---- group depth: a call nested too deep ---- */

static int32_t group_depth(void)
{
	struct kennel_text t = { 0 };

	kennel_add(&t, "{\"method\":\"log.write\",\"params\":");
	for (int i = 0; i < 100000; i++)
		kennel_add(&t, "{\"a\":");
	must_be_answered_no("nest a call 100000 deep", t.p, t.n);
	return finish();
}

/* ---- group pdk: the Extism functions ---- */

static void try_blocks(void)
{
	uint64_t large = extism_alloc(1ull << 40), all = extism_alloc(UINT64_MAX);
	uint64_t block = kennel_block("x", 1), kept = 0;
	size_t n = 0;

	say("have a block of 1 TiB", !large, "runtime", "no block");
	say("have a block of all bytes there are", !all, "runtime", "no block");
	say("ask the length of a made-up block",
	    extism_length(block + 1) == 0 && extism_length(1) == 0, "runtime", "no length");
	extism_free(block + 8);
	extism_free(UINT64_MAX);
	say("free what is no block", extism_length(block) == 1, "runtime", "nothing freed");
	while (n < 4096 && (kept = extism_alloc(1u << 20)) != 0)
		n++;
	say("have 4 GiB of blocks", n < 4096, "runtime", "the arena is full");
}

static int32_t group_pdk(void)
{
	static const char request[] = "{\"url\":\"http://127.0.0.1:1/\",\"method\":\"GET\"}";
	uint64_t answer = extism_http_request(kennel_block(request, sizeof(request) - 1), 0);

	say("use the network through http_request", !answer && extism_http_status_code() == 0,
	    "runtime", "no answer, status 0");
	try_blocks();
	return finish();
}

/* ---- groups that must not come back ---- */

static int32_t came_back(const char *attempt)
{
	say(attempt, false, "", "it went through");
	return finish();
}

static int32_t trap_load(void)
{
	volatile uint32_t address = 0xfffffff0u; /* the end of what 32 bits can name */
	volatile uint32_t got = *(volatile uint32_t *)address;

	(void)got;
	return came_back("read beyond linear memory");
}

static int32_t trap_store(void)
{
	volatile uint32_t address = 0x7ffffff0u;

	*(volatile uint64_t *)address = 1;
	return came_back("write beyond linear memory");
}

static volatile int zero;

__attribute__((noinline)) static int recurse(int n)
{
	return n == -1 ? zero : recurse(n + 1) + zero + 1;
}

static int32_t trap_stack(void)
{
	zero = recurse(0);
	return came_back("recurse without end");
}

static int32_t trap_indirect(void)
{
	volatile uintptr_t nowhere = 0x7fffffff;

	((void (*)(void))nowhere)();
	return came_back("call through a made-up function pointer");
}

static int32_t trap_divide(void)
{
	volatile int seven = 7;

	zero = seven / zero;
	return came_back("divide by zero");
}

static int32_t trap_forged_load(void)
{
	(void)extism_load_u64(0x7fffffff0000ull);
	return came_back("load through an address of the host");
}

static int32_t trap_forged_store(void)
{
	extism_store_u8(UINT64_MAX, 1);
	return came_back("store through the last offset there is");
}

static int32_t trap_forged_edge(void)
{
	uint64_t block = extism_alloc(8);

	(void)extism_load_u64(block + 1);
	return came_back("load across the end of the last block");
}

static int32_t trap_forged_output(void)
{
	extism_output_set(64, UINT64_MAX - 32);
	return came_back("output a range that wraps around");
}

static int32_t trap_forged_call(void)
{
	(void)kennel_call_block(0xffffffff00000000ull);
	return came_back("call the host with a made-up block");
}

/* ---- groups that use up something ---- */

static int32_t memory_bomb(void)
{
	struct kennel_text t = { 0 };
	unsigned long pages = 0;

	while (__builtin_wasm_memory_grow(0, 16) != (unsigned long)-1) {
		unsigned char *p = (unsigned char *)((__builtin_wasm_memory_size(0) - 16) << 16);

		for (size_t i = 0; i < 16u << 16; i += 4096)
			p[i] = 1;
		pages += 16;
	}
	kennel_add(&t, "memory.grow ended after ");
	kennel_add_int(&t, (long long)(pages / 16));
	kennel_add(&t, " MiB");
	say("have memory without end", pages < 65536, "runtime", t.p);
	return finish();
}

static int32_t loop_forever(void)
{
	for (;;)
		zero = zero + 1;
}

/* Lines on stderr are dropped without a word, calls are refused: that can be seen from here. */
static int32_t log_flood(void)
{
	char message[900];
	struct kennel_text params = { 0 };
	int refused = 0, lines = 0;

	for (int i = 0; i < 2000; i++)
		extism_log_info(kennel_block("flood flood flood flood flood flood", 35));
	memset(message, 'x', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	kennel_add(&params, "{\"level\":\"info\",\"message\":");
	kennel_add_string(&params, message);
	kennel_add(&params, "}");
	while (lines++ < 1000 && refused < 3)
		refused += kennel_error_code(kennel_call("log.write", params.p)) != 0;
	kennel_text_free(&params);
	say("fill the log", refused > 0, "gate",
	    refused ? "log.write was refused" : "all lines were taken");
	return finish();
}

static int32_t var_flood(void)
{
	char name[] = "name00000000", value[256];

	memset(value, 'v', sizeof(value));
	for (unsigned int i = 0; i < 100000; i++) {
		uint64_t n, v;

		for (int d = 0; d < 8; d++)
			name[4 + d] = (char)('a' + (i >> (4 * d) & 15));
		n = kennel_block(name, sizeof(name) - 1);
		v = kennel_block(value, sizeof(value));
		extism_var_set(n, v);
		extism_free(v);
		extism_free(n);
	}
	return came_back("keep 100000 variables");
}

static const struct {
	const char *command;
	int32_t (*run)(void);
} groups[] = {
	{ "gate", group_gate },
	{ "wire", group_wire },
	{ "depth", group_depth },
	{ "pdk", group_pdk },
	{ "trap-load", trap_load },
	{ "trap-store", trap_store },
	{ "trap-stack", trap_stack },
	{ "trap-indirect", trap_indirect },
	{ "trap-divide", trap_divide },
	{ "trap-forged-load", trap_forged_load },
	{ "trap-forged-store", trap_forged_store },
	{ "trap-forged-edge", trap_forged_edge },
	{ "trap-forged-output", trap_forged_output },
	{ "trap-forged-call", trap_forged_call },
	{ "trap-variables", var_flood },
	{ "memory-bomb", memory_bomb },
	{ "loop", loop_forever },
	{ "log-flood", log_flood },
};

KENNEL_HANDLER(onCommandPalette)
{
	struct kennel_json command = kennel_get(kennel_input(), "command");

	kennel_text_free(&report);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (kennel_is_string(command, groups[i].command))
			return groups[i].run();
	return kennel_fail("no such group of attempts");
}
