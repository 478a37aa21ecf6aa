/* SPDX-License-Identifier: Apache-2.0 */
/* wasm_probe.c - a plugin that tries each part of the runtime; compiled to wasm by
 * tests/e2e/wasm-run.sh. Owns: one handler a part; a handler fails with the name of what was not as
 * it should be. */
#include "kennel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

#define MUST(what)                          \
	do {                                \
		if (!(what))                \
			return kennel_fail(#what); \
	} while (0)

static int kept; /* of the instance: a fresh one begins at 0 */

KENNEL_HANDLER(onEcho)
{
	extism_output_set(extism_input_offset(), extism_input_length());
	return 0;
}

KENNEL_HANDLER(onText)
{
	return kennel_ok("not \"JSON\", only text");
}

KENNEL_HANDLER(onBytes)
{
	return kennel_ok("\xff\xfe");
}

KENNEL_HANDLER(onNothing)
{
	return 0;
}

KENNEL_HANDLER(onFail)
{
	return kennel_fail("it did not work");
}

KENNEL_HANDLER(onFailQuiet)
{
	return 7;
}

KENNEL_HANDLER(onFailForgiven)
{
	(void)kennel_fail("forgotten");
	return kennel_ok("1");
}

KENNEL_HANDLER(onCount)
{
	struct kennel_text t = { 0 };

	kennel_add_int(&t, ++kept);
	return kennel_ok(t.p);
}

KENNEL_HANDLER(onExit)
{
	exit(3);
}

KENNEL_HANDLER(onAbort)
{
	abort();
}

KENNEL_HANDLER(onWasi)
{
	unsigned char a[16] = { 0 }, b[16] = { 0 };
	struct timespec now;
	__wasi_prestat_t prestat;
	size_t argc, bytes, envc;
	char *path = getenv("PATH");

	MUST(clock_gettime(CLOCK_REALTIME, &now) == 0 && now.tv_sec > 1700000000);
	MUST(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	MUST(getentropy(a, sizeof(a)) == 0 && getentropy(b, sizeof(b)) == 0 &&
	     memcmp(a, b, sizeof(a)) != 0);
	MUST(__wasi_args_sizes_get(&argc, &bytes) == 0 && argc == 1 && bytes == 7);
	MUST(__wasi_environ_sizes_get(&envc, &bytes) == 0 && envc == 0 && !path);
	MUST(__wasi_fd_prestat_get(3, &prestat) == __WASI_ERRNO_BADF);
	MUST(__wasi_fd_close(1) == __WASI_ERRNO_BADF);
	MUST(__wasi_fd_close(3) == __WASI_ERRNO_BADF);
	MUST(write(3, "x", 1) < 0);
	MUST(write(1, (void *)0xfffffff0, 64) < 0);
	MUST(__wasi_random_get((void *)0xfffffff0, 64) == __WASI_ERRNO_FAULT);
	MUST(printf("a line for the log\n") > 0);
	MUST(fprintf(stderr, "an error for the log\n") > 0);
	return kennel_ok("true");
}

static bool block_is(uint64_t offset, const char *text)
{
	char *got = kennel_block_text(offset, NULL);
	bool same = offset && !strcmp(got, text);

	free(got);
	return same;
}

KENNEL_HANDLER(onVars)
{
	uint64_t key = kennel_block("key", 3);

	MUST(extism_var_get(kennel_block("other", 5)) == 0);
	extism_var_set(key, kennel_block("value", 5));
	MUST(block_is(extism_var_get(key), "value"));
	extism_var_set(key, kennel_block("new", 3));
	MUST(block_is(extism_var_get(key), "new"));
	extism_var_set(key, 0);
	MUST(extism_var_get(key) == 0);
	extism_var_set(kennel_block("stays", 5), kennel_block("here", 4));
	return kennel_ok("true");
}

KENNEL_HANDLER(onVarStays)
{
	return kennel_ok(block_is(extism_var_get(kennel_block("stays", 5)), "here") ? "true"
										    : "false");
}

KENNEL_HANDLER(onConfig)
{
	MUST(kennel_is_string(kennel_get(kennel_initialize(), "protocol"), "1.0"));
	MUST(block_is(extism_config_get(kennel_block("colour", 6)), "green"));
	MUST(extism_config_get(kennel_block("no such", 7)) == 0);
	return kennel_ok("true");
}

KENNEL_HANDLER(onCall)
{
	struct kennel_json answer = kennel_call("echo", "{\"text\":\"\\u00e9\\ud83d\\ude00\\n\"}");
	char *text = kennel_string(kennel_get(kennel_get(answer, "result"), "text"));

	MUST(text && !strcmp(text, "\xc3\xa9\xf0\x9f\x98\x80\n"));
	free(text);
	answer = kennel_call("refused", "{}");
	MUST(kennel_error_code(answer) == KENNEL_PERMISSION_DENIED);
	MUST(kennel_is_string(kennel_get(kennel_get(answer, "error"), "message"), "no"));
	return kennel_ok("true");
}

KENNEL_HANDLER(onLarge)
{
	size_t n = 2u << 20;
	char *p = malloc(n);

	MUST(p);
	memset(p, ' ', n);
	p[0] = '"';
	p[n - 2] = '"';
	p[n - 1] = '\0';
	return kennel_ok(p);
}

KENNEL_HANDLER(onGrow)
{
	struct kennel_text t = { 0 };
	long long mib = 0;

	while (__builtin_wasm_memory_grow(0, 16) != (unsigned long)-1)
		mib++;
	kennel_add_int(&t, mib);
	return kennel_ok(t.p);
}
