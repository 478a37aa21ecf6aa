/* SPDX-License-Identifier: Apache-2.0 */
/* wiredrive.c - starts a program with the wire on descriptor 3, plays the host from a table, prints
 * what it answered. For tests of plugins and runtimes without a broker or a jail.
 *
 *   wiredrive [-t MS] [-n] [-i JSON] [-c FILE] [-a ARGUMENT]... PROGRAM EVENT[=JSON]...
 *
 * -c: answers, {"METHOD": ANSWER}; an ANSWER is {"result":…} or {"error":…}, a list of them (one
 * after the other, the last for ever), or {"byNote": {PATH: ANSWER}}. Without one a call is refused
 * with 1001. -i: members for initialize's params. -n: send no initialize. -t: patience for one
 * answer. Prints "call METHOD PARAMS" for each call of the program, then "EVENT result JSON",
 * "EVENT error JSON", "EVENT gone" or "EVENT late"; at the end "exit N" or "signal N". */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/frame.h"
#include "base/json.h"
#include "base/limits.h"

enum { WIRE = 3, ARGUMENTS_MAX = 8 };

struct drive {
	int wire;
	pid_t pid;
	int patience_ms;
	json_int_t next_id;
	json_t *answers;
	json_t *init;
	char *argv[ARGUMENTS_MAX + 2]; /* of the program: its name, each -a, NULL */
	int argc;
};

static void show(const char *first, const char *second, const json_t *value)
{
	CLEANUP(free_p) char *text = value ? json_print(value, NULL) : NULL;

	(void)printf("%s %s%s%s\n", first, second, text ? " " : "", text ? text : "");
	(void)fflush(stdout);
}

static int start(struct drive *d, char **argv)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	d->pid = fork();
	if (d->pid == 0) {
		if (pair[1] == WIRE)
			(void)fd_set_cloexec(WIRE, 0);
		else if (dup2(pair[1], WIRE) < 0)
			_exit(126);
		(void)execv(argv[0], argv);
		_exit(127);
	}
	(void)close(pair[1]);
	d->wire = pair[0];
	return d->pid < 0 ? -1 : 0;
}

static int send_json(struct drive *d, json_t *message)
{
	size_t n = 0;
	CLEANUP(free_p) char *text = json_print(message, &n);
	int r = text ? frame_write_blocking(d->wire, text, n, -1, NULL) : -1;

	json_decref(message);
	return r;
}

/* The answer of the table to this call; owned. */
static json_t *find_answer(struct drive *d, const char *method, const json_t *params)
{
	json_t *row = json_object_get(d->answers, method);
	json_t *answer;

	if (json_is_object(json_object_get(row, "byNote"))) {
		const char *note = json_string_value(json_object_get(params, "note"));

		row = json_object_get(json_object_get(row, "byNote"), note ? note : "");
	}
	if (!json_is_array(row))
		return row ? json_incref(row)
			   : json_pack("{s:{s:i,s:s}}", "error", "code", 1001, "message", "no");
	answer = json_incref(json_array_get(row, 0));
	if (json_array_size(row) > 1)
		(void)json_array_remove(row, 0);
	return answer;
}

static int answer_call(struct drive *d, json_t *message)
{
	const char *method = json_string_value(json_object_get(message, "method"));
	json_t *params = json_object_get(message, "params");
	CLEANUP(json_decref_p) json_t *answer = find_answer(d, method, params);
	json_t *reply =
		json_pack("{s:s, s:O?}", "jsonrpc", "2.0", "id", json_object_get(message, "id"));

	show("call", method, params);
	(void)json_object_update(reply, answer);
	return send_json(d, reply);
}

/* 1 and a message; 0: end of file, or nonsense; -1: late. */
static int receive(struct drive *d, json_t **ret)
{
	CLEANUP(buffer_free_p) struct buffer body = { 0 };
	struct pollfd p = { .fd = d->wire, .events = POLLIN };
	struct err e = { 0 };

	if (poll(&p, 1, d->patience_ms) == 0)
		return -1;
	if (frame_read_blocking(d->wire, WIRE_FRAME_MAX, &body, &e) < 0 || !body.len)
		return 0;
	return json_parse((char *)body.p, body.len, JSON_DEPTH_WIRE, 8 * JSON_NODES_MAX, ret, &e) <
			       0
		       ? 0
		       : 1;
}

static void request(struct drive *d, const char *method, json_t *params)
{
	json_int_t id = ++d->next_id;

	(void)send_json(d, json_pack("{s:s,s:I,s:s,s:o}", "jsonrpc", "2.0", "id", id, "method",
				     method, "params", params));
	for (;;) {
		CLEANUP(json_decref_p) json_t *m = NULL;
		int r = receive(d, &m);

		if (r <= 0) {
			show(method, r < 0 ? "late" : "gone", NULL);
			if (r < 0)
				(void)kill(d->pid, SIGKILL);
			return;
		}
		if (json_object_get(m, "method")) {
			(void)answer_call(d, m);
			continue;
		}
		if (json_object_get(m, "error"))
			show(method, "error", json_object_get(m, "error"));
		else
			show(method, "result", json_object_get(m, "result"));
		return;
	}
}

static void initialize(struct drive *d)
{
	json_t *params = json_pack("{s:s,s:s,s:s,s:s,s:[],s:{}}", "protocol", "1.0", "plugin",
				   "test", "tenant", "test", "instance", "1", "grants", "limits");

	(void)json_object_update(params, d->init);
	request(d, "initialize", params);
}

/* EVENT or EVENT=JSON; the JSON's members join {type}. */
static void run_event(struct drive *d, char *argument)
{
	char *equals = strchr(argument, '=');
	json_t *more = NULL, *event;

	if (equals) {
		*equals = '\0';
		more = json_loads(equals + 1, JSON_DECODE_ANY, NULL);
	}
	event = json_pack("{s:s,s:s,s:i}", "type", argument, "eventId", "1", "attempt", 1);
	(void)json_object_update(event, more);
	json_decref(more);
	request(d, argument, json_pack("{s:o}", "event", event));
}

static int finish(struct drive *d)
{
	int status = 0;

	(void)close(d->wire);
	while (waitpid(d->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status))
		(void)printf("exit %d\n", WEXITSTATUS(status));
	else
		(void)printf("signal %d\n", WTERMSIG(status));
	json_decref(d->answers);
	json_decref(d->init);
	return 0;
}

int main(int argc, char **argv)
{
	struct drive d = { .wire = -1, .patience_ms = 20000 };
	bool greet = true;
	int c;

	(void)signal(SIGPIPE, SIG_IGN);
	d.argc = 1;
	while ((c = getopt(argc, argv, "+t:ni:c:a:")) != -1) {
		if (c == 't')
			d.patience_ms = (int)strtol(optarg, NULL, 10);
		else if (c == 'n')
			greet = false;
		else if (c == 'i')
			d.init = json_loads(optarg, 0, NULL);
		else if (c == 'c')
			d.answers = json_load_file(optarg, 0, NULL);
		else if (c == 'a' && d.argc <= ARGUMENTS_MAX)
			d.argv[d.argc++] = optarg;
		if (c == '?' || (c == 'i' && !d.init) || (c == 'c' && !d.answers)) {
			(void)fprintf(stderr, "wiredrive: bad option or bad JSON\n");
			return 2;
		}
	}
	if (optind >= argc) {
		(void)fprintf(
			stderr,
			"usage: wiredrive [-t MS] [-n] [-i JSON] [-c FILE] [-a ARGUMENT]... PROGRAM EVENT[=JSON]...\n");
		return 2;
	}
	d.argv[0] = argv[optind];
	if (start(&d, d.argv) < 0) {
		(void)fprintf(stderr, "wiredrive: cannot start %s\n", argv[optind]);
		return 1;
	}
	if (greet)
		initialize(&d);
	for (int i = optind + 1; i < argc; i++)
		run_event(&d, argv[i]);
	return finish(&d);
}
