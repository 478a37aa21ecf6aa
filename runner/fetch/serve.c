/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c - kennel-fetch --serve: one broker's questions to models' servers. */
#include "fetch/serve.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/frame.h"
#include "base/fs.h"
#include "fetch/question.h"
#include "policy/aiprofile.h"
#include "policy/wire.h"

enum { DEPTH = 6, POLL_LONGEST_MS = 60000 };

struct server {
	struct ceiling ceiling;
	char keys[AI_PROFILES_MAX][AI_KEY_MAX];
	struct frame_conn conn;
	CURLM *multi;
	struct question questions[AI_CALLS_MAX];
	serve_note_fn note;
	bool lost; /* the broker takes nothing more */
};

/* ---- opening ---- */

/* One line of printable ASCII: anything else would be another header. */
static int read_key(int fd, char ret[AI_KEY_MAX], struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer text = { 0 };
	size_t n;

	if (fs_read_fd(fd, AI_KEY_MAX - 1, &text, e) < 0)
		return -1;
	for (n = text.len; n > 0 && strchr("\r\n \t", text.p[n - 1]); n--)
		;
	for (size_t i = 0; i < n; i++)
		if (text.p[i] <= ' ' || text.p[i] > '~')
			return err_set(e, ERR_CONFIG,
				       "the file of a key has more than one line of ASCII");
	if (n == 0)
		return err_set(e, ERR_CONFIG, "the file of a key is empty");
	memcpy(ret, text.p, n);
	ret[n] = '\0';
	explicit_bzero(text.p, text.len);
	return 0;
}

static int read_all_given(struct server *s, struct err *e)
{
	int fd = FETCH_KEY_FD;

	if (pread(FETCH_CEILING_FD, &s->ceiling, sizeof(s->ceiling), 0) !=
	    (ssize_t)sizeof(s->ceiling))
		return err_set(e, ERR_PROTOCOL, "the ceiling is not whole");
	if (ceiling_check(&s->ceiling, e) < 0)
		return err_wrap(e, "ceiling");
	for (uint32_t i = 0; i < s->ceiling.ai_count; i++) {
		if (!s->ceiling.ai[i].key[0])
			continue;
		if (read_key(fd, s->keys[i], e) < 0)
			return err_wrap(e, "%s", s->ceiling.ai[i].key);
		fd_close_p(&(int){ fd++ });
	}
	return 0;
}

/* ---- to the broker ---- */

/* Takes j. */
static void tell(struct server *s, json_t *j)
{
	CLEANUP(free_p) char *text = NULL;
	size_t n = 0;

	text = j ? json_print(j, &n) : NULL;
	json_decref(j);
	if (!text || frame_send(&s->conn, text, n, NULL) < 0)
		s->lost = true;
}

static void tell_error(struct server *s, uint64_t id, enum fetch_error error, const char *text)
{
	tell(s, json_pack("{s:I, s:{s:s, s:s}}", "id", (json_int_t)id, "error", "kind",
			  fetch_error_word(error), "text", text));
}

static void on_piece(void *arg, uint64_t id, json_t *text)
{
	tell(arg, json_pack("{s:I, s:o}", "id", (json_int_t)id, "chunk", text));
}

/* The longest answer a message can hold is not the longest answer. */
static void tell_result(struct server *s, uint64_t id, json_t *result)
{
	CLEANUP(free_p) char *text = NULL;
	CLEANUP(json_decref_p)
	json_t *j = json_pack("{s:I, s:o}", "id", (json_int_t)id, "result", result);
	size_t n = 0;

	text = j ? json_print(j, &n) : NULL;
	if (text && n > AI_FRAME_MAX)
		tell_error(s, id, FETCH_TOO_LARGE,
			   "the answer is larger than a message may be; ask for less at once");
	else if (!text || frame_send(&s->conn, text, n, NULL) < 0)
		s->lost = true;
}

/* ---- questions ---- */

static struct question *find_question(struct server *s, uint64_t id)
{
	for (size_t i = 0; i < AI_CALLS_MAX; i++)
		if (s->questions[i].id == id)
			return &s->questions[i];
	return NULL;
}

static void drop(struct server *s, struct question *q)
{
	if (q->curl)
		(void)curl_multi_remove_handle(s->multi, q->curl);
	question_free(q);
}

static void try_once(struct server *s, struct question *q)
{
	struct err e;

	if (question_try(q, clock_mono_ms(), &e) == 0 &&
	    curl_multi_add_handle(s->multi, q->curl) == CURLM_OK)
		return;
	tell_error(s, q->id, FETCH_UNAVAILABLE, "no memory for a request");
	question_free(q);
}

static int take_question(struct server *s, uint64_t id, const json_t *m, struct err *e)
{
	const char *name = json_string_value(json_object_get(m, "profile"));
	const struct ai_profile *profile = name ? ai_profile_find(&s->ceiling, name) : NULL;
	struct question *q = find_question(s, 0);

	if (!profile || find_question(s, id))
		return err_set(e, ERR_PROTOCOL, "no such profile, or an id for the second time");
	if (!q) {
		tell_error(s, id, FETCH_UNAVAILABLE, "too many questions at once");
		return 0;
	}
	q->id = id;
	q->piece = on_piece;
	q->arg = s;
	if (question_start(q, profile, s->keys[profile - s->ceiling.ai], m, clock_mono_ms(), e) <
	    0) {
		question_free(q);
		return -1;
	}
	try_once(s, q);
	return 0;
}

static uint64_t id_of(const json_t *m, const char *key)
{
	const json_t *id = json_object_get(m, key);

	return json_is_integer(id) && json_integer_value(id) > 0 ? (uint64_t)json_integer_value(id)
								 : 0;
}

static int take_message(struct server *s, const char *text, size_t n, struct err *e)
{
	CLEANUP(json_decref_p) json_t *m = NULL;
	struct question *q;
	uint64_t id;

	if (json_parse(text, n, DEPTH, JSON_NODES_MAX, &m, e) < 0)
		return -1;
	id = id_of(m, "cancel");
	if (id) {
		q = find_question(s, id);
		if (q)
			drop(s, q);
		return 0;
	}
	id = id_of(m, "id");
	return id ? take_question(s, id, m, e) : err_set(e, ERR_PROTOCOL, "no id");
}

static int take_messages(struct server *s, struct err *e)
{
	const uint8_t *body;
	size_t n;
	int r;

	if (frame_fill(&s->conn, e) < 0)
		return -1;
	while ((r = frame_next(&s->conn, &body, &n, e)) > 0) {
		if (take_message(s, (const char *)body, n, e) < 0)
			return -1;
		frame_consume(&s->conn);
	}
	return r;
}

/* ---- the loop ---- */

static void finish(struct server *s, struct question *q, CURLcode code)
{
	struct outcome o;

	(void)curl_multi_remove_handle(s->multi, q->curl);
	o = question_end(q, code, clock_mono_ms());
	if (o.trouble[0])
		s->note(q->profile->name, o.trouble, o.said);
	if (o.again)
		return;
	if (o.result)
		tell_result(s, q->id, o.result);
	else
		tell_error(s, q->id, o.error, o.text);
	question_free(q);
}

static void take_ends(struct server *s)
{
	struct CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(s->multi, &left))) {
		CURLcode code = m->data.result;
		char *q = NULL;

		if (m->msg == CURLMSG_DONE &&
		    curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &q) == CURLE_OK && q)
			finish(s, (struct question *)(void *)q, code);
	}
}

/* What waits for its next try; how long until one does. */
static int try_again(struct server *s)
{
	int64_t now = clock_mono_ms(), wait = POLL_LONGEST_MS;

	for (size_t i = 0; i < AI_CALLS_MAX; i++) {
		struct question *q = &s->questions[i];

		if (!q->id || !q->retry_at_ms)
			continue;
		if (q->retry_at_ms <= now)
			try_once(s, q);
		else if (q->retry_at_ms - now < wait)
			wait = q->retry_at_ms - now;
	}
	return (int)wait;
}

static int turn(struct server *s, struct err *e)
{
	struct curl_waitfd broker = { .fd = s->conn.fd, .events = CURL_WAIT_POLLIN };
	int running;

	if (frame_wants_write(&s->conn))
		broker.events |= CURL_WAIT_POLLOUT;
	if (curl_multi_poll(s->multi, &broker, 1, try_again(s), NULL) != CURLM_OK)
		return err_set(e, ERR_SYS, "wait for the network");
	if (frame_wants_write(&s->conn) && frame_flush(&s->conn, e) < 0)
		return -1;
	if (broker.revents && take_messages(s, e) < 0)
		return -1;
	if (curl_multi_perform(s->multi, &running) != CURLM_OK)
		return err_set(e, ERR_INTERNAL, "libcurl");
	take_ends(s);
	return s->lost ? err_set(e, ERR_FULL, "the broker takes no answers") : 0;
}

int serve(serve_note_fn note, struct err *e)
{
	static struct server s;
	int r = 0;

	s.note = note;
	(void)signal(SIGPIPE, SIG_IGN);
	frame_init(&s.conn, FETCH_LINK_FD, AI_FRAME_MAX, AI_OUT_MAX);
	if (geteuid() == 0)
		return err_set(e, ERR_REFUSED, "kennel-fetch --serve does not run as root");
	if (fd_set_nonblock(FETCH_LINK_FD) < 0)
		return err_sys(e, "the broker's socket");
	if (read_all_given(&s, e) < 0 || http_open(e) < 0 || http_confine(-1, e) < 0)
		return -1;
	s.multi = curl_multi_init();
	if (!s.multi)
		return err_set(e, ERR_NOMEM, "libcurl");
	while (r == 0 && !s.conn.eof)
		r = turn(&s, e);
	explicit_bzero(s.keys, sizeof(s.keys));
	return r;
}
