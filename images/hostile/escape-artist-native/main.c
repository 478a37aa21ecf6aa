/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - a native plugin that tries to break out of its jail and reports what happened. For tests
 * only: as an approved native bundle, and placed as /exec/plugin by hand, as if the compiler of a
 * wasm plugin had been fooled. Owns: the wire, the groups.  Must not know: the attempts.
 *
 * onCommandPalette with the command files, kernel, exec, bombs or memory answers a list of
 * {attempt, outcome: "refused" | "ESCAPED", by, error, errno}; by is a guess. wire-oversize,
 * wire-unasked, wire-garbage and spin should be ended by the host, and answer ESCAPED if they are
 * not. */
#include "attempt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WIRE 3
#define MESSAGE_MAX (1u << 20)
#define PATIENCE_S 5u /* the host has so long to end us */

static int transfer(ssize_t (*move)(int, void *, size_t), void *p, size_t n)
{
	char *at = p;

	while (n > 0) {
		ssize_t r = move(WIRE, at, n);

		if (r <= 0)
			return -1;
		at += r;
		n -= (size_t)r;
	}
	return 0;
}

static ssize_t write_some(int fd, void *p, size_t n)
{
	return write(fd, p, n);
}

static json_t *receive(void)
{
	static char body[MESSAGE_MAX];
	unsigned char h[4];
	size_t n;

	if (transfer(read, h, sizeof(h)) < 0)
		return NULL;
	n = (size_t)h[0] | (size_t)h[1] << 8 | (size_t)h[2] << 16 | (size_t)h[3] << 24;
	if (n > sizeof(body) || transfer(read, body, n) < 0)
		return NULL;
	return json_loadb(body, n, JSON_DECODE_ANY, NULL);
}

static int send_bytes(size_t announced, char *p, size_t n)
{
	unsigned char h[4] = { announced & 255, announced >> 8 & 255, announced >> 16 & 255,
			       announced >> 24 & 255 };

	return transfer(write_some, h, sizeof(h)) < 0 || transfer(write_some, p, n) < 0 ? -1 : 0;
}

static int reply(const json_t *id, const char *key, json_t *value)
{
	json_t *m = json_pack("{s:s,s:O,s:o}", "jsonrpc", "2.0", "id", id, key, value);
	char *text = m ? json_dumps(m, JSON_COMPACT) : NULL;
	int r = text ? send_bytes(strlen(text), text, strlen(text)) : -1;

	json_decref(m);
	free(text);
	return r;
}

/* ---- groups that break the protocol: whoever is alive after them got away with it ---- */

static void got_away(json_t *report, const char *name)
{
	(void)sleep(PATIENCE_S);
	attempt_report(report, name, 0, 0);
}

static void wire_oversize(json_t *report)
{
	char some[64] = "{";

	(void)send_bytes(0x7fffffff, some, sizeof(some));
	got_away(report, "announce a message of 2 GiB");
}

static void wire_unasked(json_t *report)
{
	char text[] = "{\"jsonrpc\":\"2.0\",\"id\":987654,\"result\":{\"granted\":true}}";

	(void)send_bytes(sizeof(text) - 1, text, sizeof(text) - 1);
	got_away(report, "answer what nobody asked");
}

static void wire_garbage(json_t *report)
{
	char text[] = "\xff\xfe{not json";

	(void)send_bytes(sizeof(text) - 1, text, sizeof(text) - 1);
	got_away(report, "send what is not JSON");
}

static void spin(json_t *report)
{
	volatile unsigned long n = 0;

	while (++n)
		;
	attempt_report(report, "use the processor without end", 0, 0);
}

static const struct {
	const char *command;
	void (*run)(json_t *report);
} groups[] = {
	{ "files", attempt_files },
	{ "kernel", attempt_kernel },
	{ "exec", attempt_exec },
	{ "bombs", attempt_bombs },
	{ "memory", attempt_memory },
	{ "wire-oversize", wire_oversize },
	{ "wire-unasked", wire_unasked },
	{ "wire-garbage", wire_garbage },
	{ "spin", spin },
};

static json_t *run_group(const char *command)
{
	json_t *report = json_array();

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (!strcmp(groups[i].command, command))
			groups[i].run(report);
	return report;
}

static int handle(json_t *message)
{
	const char *method = json_string_value(json_object_get(message, "method"));
	json_t *event = json_object_get(json_object_get(message, "params"), "event");
	const char *command = json_string_value(json_object_get(event, "command"));
	json_t *id = json_object_get(message, "id");

	if (!method || !id)
		return 0;
	if (!strcmp(method, "initialize"))
		return reply(id, "result", json_pack("{s:b}", "ready", 1));
	if (!strcmp(method, "onCommandPalette") && command)
		return reply(id, "result", run_group(command));
	return reply(id, "result", json_object());
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return ATTEMPT_EXECUTED;
	if (argc == 1)
		attempt_self = argv[0];
	attempt_approved = !strncmp(attempt_self, "/plugin/", strlen("/plugin/"));
	if (access("/etc", F_OK) == 0) {
		(void)fprintf(
			stderr,
			"escape-artist-native: this is no jail; what it tries must not be tried here\n");
		return 2;
	}
	for (;;) {
		json_t *message = receive();
		int r = message ? handle(message) : -1;

		json_decref(message);
		if (r < 0)
			return 0;
	}
}
