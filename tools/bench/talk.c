/* SPDX-License-Identifier: Apache-2.0 */
/* talk.c - initialize, one onNoteSave, and the calls that the plugin makes meanwhile. */
#include "tools/bench/talk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/bench/sample.h"

enum { BODY_MAX = 1 << 20 };

static const char initialize[] =
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":"
	"{\"protocol\":\"1.0\",\"plugin\":\"bench\",\"version\":\"1.0.0\",\"tenant\":\"t\","
	"\"instance\":\"1\",\"grants\":[],\"events\":[\"onNoteSave\"],\"limits\":{}}}";
static const char note_saved[] =
	"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"onNoteSave\",\"params\":{\"event\":"
	"{\"type\":\"onNoteSave\",\"eventId\":1,\"attempt\":1,\"note\":"
	"{\"path\":\"Garden.md\",\"revision\":\"1\"}},\"_meta\":{\"deadlineMs\":1000}}}";
static const char note_text[] = "{\"text\":\"Planted the tomatoes, and sweet basil between them. "
				"Turned the compost heap.\",\"revision\":\"1\"}";

int talk_begin(struct talk *t, int wire, bool wasm, struct err *e)
{
	memset(t, 0, sizeof(*t));
	t->wasm = wasm;
	frame_init(&t->conn, wire, BODY_MAX, BODY_MAX);
	if (fcntl(wire, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(e, "wire");
	return wasm ? frame_send(&t->conn, initialize, sizeof(initialize) - 1, e) : 0;
}

/* A call of the plugin: a note for notes.read, nothing for the rest. */
static int answer_call(struct talk *t, const char *id, bool read, struct err *e)
{
	char out[512];
	int n = snprintf(out, sizeof(out), "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"result\":%s}",
			 strtol(id, NULL, 10), read ? note_text : "{}");

	return frame_send(&t->conn, out, (size_t)n, e);
}

static int take_message(struct talk *t, const char *m, struct err *e)
{
	const char *id = strstr(m, "\"id\":");

	if (strstr(m, "\"method\":"))
		return id ? answer_call(t, id + 5, strstr(m, "\"notes.read\"") != NULL, e) : 0;
	if (!strstr(m, "\"result\""))
		return err_set(e, ERR_PROTOCOL, "the plugin said: %.150s", m);
	if (t->ready_us != 0) {
		t->event_us = bench_now_us();
		t->done = true;
		return 0;
	}
	t->ready_us = bench_now_us();
	t->done = t->initialize_only;
	return t->done ? 0 : frame_send(&t->conn, note_saved, sizeof(note_saved) - 1, e);
}

static int step_wasm(struct talk *t, struct err *e)
{
	const uint8_t *body;
	size_t n;
	int r;

	if (frame_fill(&t->conn, e) < 0)
		return -1;
	while (!t->done && (r = frame_next(&t->conn, &body, &n, e)) != 0) {
		char *m = r < 0 ? NULL : strndup((const char *)body, n);

		if (!m)
			return -1;
		frame_consume(&t->conn);
		r = take_message(t, m, e);
		free(m);
		if (r < 0)
			return -1;
	}
	if (t->conn.eof && !t->done)
		return err_set(e, ERR_IO, "the plugin ended before it had answered");
	return 0;
}

int talk_step(struct talk *t, struct err *e)
{
	char c;
	ssize_t n;

	if (t->wasm)
		return step_wasm(t, e);
	n = read(t->conn.fd, &c, 1);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n != 1)
		return err_set(e, ERR_IO, "the stub said nothing");
	t->ready_us = bench_now_us();
	t->done = true;
	return 0;
}

void talk_close(struct talk *t)
{
	if (t->conn.fd < 0)
		return;
	(void)close(t->conn.fd);
	t->conn.fd = -1;
	frame_free_p(&t->conn);
}
