/* SPDX-License-Identifier: Apache-2.0 */
/* question.c - one question to a model's server. */
#include "fetch/question.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { STATUS_OK = 200, STATUS_BUSY = 429, STATUS_FIRST_OF_SERVER = 500, MS_PER_S = 1000 };

/* ---- what comes in ---- */

static int on_event(void *arg, const char *data, size_t n, struct err *e)
{
	struct question *q = arg;
	json_t *piece;

	if (openai_take_event(&q->stream, data, n, &piece, e) < 0)
		return -1;
	if (!piece)
		return 0;
	q->said_something = true;
	q->piece(q->arg, q->id, piece);
	return 0;
}

static size_t on_bytes(char *p, size_t size, size_t n, void *arg)
{
	struct question *q = arg;
	size_t len = size * n;
	long status = 0;

	(void)curl_easy_getinfo(q->curl, CURLINFO_RESPONSE_CODE, &status);
	if (q->streams && status == STATUS_OK) {
		if (sse_feed(&q->sse, p, len, on_event, q, &q->broken) < 0)
			return 0;
		return len;
	}
	if (buffer_append(&q->in, p, len, AI_BODY_MAX) < 0) {
		(void)err_set(&q->broken, ERR_LIMIT, "an answer of more than %u bytes",
			      AI_BODY_MAX);
		return 0;
	}
	return len;
}

/* ---- a try ---- */

static struct curl_slist *add_header(struct curl_slist *list, const char *line)
{
	struct curl_slist *more = list ? curl_slist_append(list, line) : NULL;

	if (!more)
		curl_slist_free_all(list);
	return more;
}

static int make_headers(struct question *q, const char *key, struct err *e)
{
	char line[AI_KEY_MAX + 32];

	q->headers = curl_slist_append(NULL, "Content-Type: application/json");
	q->headers = add_header(q->headers, q->streams ? "Accept: text/event-stream"
						       : "Accept: application/json");
	q->headers = add_header(q->headers, "Expect:"); /* no round trip of its own */
	if (*key) {
		(void)snprintf(line, sizeof(line), "Authorization: Bearer %s", key);
		q->headers = add_header(q->headers, line);
		explicit_bzero(line, sizeof(line));
	}
	return q->headers ? 0 : err_set(e, ERR_NOMEM, "headers");
}

static size_t text_bytes(const json_t *body)
{
	size_t total = 0, i;
	json_t *item;

	json_array_foreach(json_object_get(body, "messages"), i, item)
		total += json_string_length(json_object_get(item, "content"));
	json_array_foreach(json_object_get(body, "input"), i, item)
		total += json_string_length(item);
	return total;
}

int question_start(struct question *q, const struct ai_profile *profile, const char *key,
		   const json_t *m, int64_t now_ms, struct err *e)
{
	const json_t *body = json_object_get(m, "body");
	const char *method = json_string_value(json_object_get(m, "method"));

	if (!method || (strcmp(method, "embed") != 0 && strcmp(method, "complete") != 0))
		return err_set(e, ERR_PROTOCOL, "not a question");
	q->profile = profile;
	q->embed = !strcmp(method, "embed");
	q->streams = !q->embed && json_is_true(json_object_get(body, "stream"));
	q->asked_bytes = text_bytes(body);
	q->inputs = json_array_size(json_object_get(body, "input"));
	q->deadline_ms = now_ms + profile->timeout_ms;
	q->body = openai_request(profile->model, q->embed, body, e);
	if (!q->body || make_headers(q, key, e) < 0)
		return -1;
	return 0;
}

/* What an earlier try left half is no part of this one. */
static void forget_answer(struct question *q)
{
	buffer_free_p(&q->in);
	sse_free_p(&q->sse);
	openai_stream_free_p(&q->stream);
	q->sse = (struct sse){ 0 };
	q->stream = (struct openai_stream){ 0 };
}

int question_try(struct question *q, int64_t now_ms, struct err *e)
{
	const char *path = q->embed ? "embeddings" : "chat/completions";
	size_t n = strlen(q->profile->url);
	char url[HOST_PATH_MAX + 32];
	CURLcode bad = CURLE_OK;

	q->retry_at_ms = 0;
	q->tries++;
	forget_answer(q);
	while (n > 0 && q->profile->url[n - 1] == '/')
		n--;
	(void)snprintf(url, sizeof(url), "%.*s/%s", (int)n, q->profile->url, path);
	q->curl = curl_easy_init();
	if (!q->curl)
		return err_set(e, ERR_NOMEM, "request");
	if (http_set_up(q->curl, url, q->why, e) < 0)
		return -1;
	if (q->profile->socket[0])
		bad |= curl_easy_setopt(q->curl, CURLOPT_UNIX_SOCKET_PATH, q->profile->socket);
	bad |= curl_easy_setopt(q->curl, CURLOPT_TIMEOUT_MS,
				(long)(q->deadline_ms > now_ms ? q->deadline_ms - now_ms : 1));
	bad |= curl_easy_setopt(q->curl, CURLOPT_HTTPHEADER, q->headers);
	bad |= curl_easy_setopt(q->curl, CURLOPT_POSTFIELDS, q->body);
	bad |= curl_easy_setopt(q->curl, CURLOPT_WRITEFUNCTION, on_bytes);
	bad |= curl_easy_setopt(q->curl, CURLOPT_WRITEDATA, q);
	bad |= curl_easy_setopt(q->curl, CURLOPT_PRIVATE, q);
	return bad == CURLE_OK ? 0 : err_set(e, ERR_INTERNAL, "set up the request");
}

/* ---- its end ---- */

static struct outcome failed(enum fetch_error error, const char *text)
{
	struct outcome o = { .error = error };

	(void)copy_str(o.text, sizeof(o.text), text);
	return o;
}

static struct outcome broken(const struct err *e)
{
	return failed(e->code == ERR_LIMIT ? FETCH_TOO_LARGE : FETCH_MALFORMED, e->text);
}

static void note_trouble(const struct question *q, const char *what, struct outcome *o)
{
	(void)snprintf(o->trouble, sizeof(o->trouble), "%.200s", what);
	openai_error_text((const char *)q->in.p, q->in.len, o->said);
}

/* Is there time and reason for one more? Sets retry_at_ms. */
static bool tries_again(struct question *q, int64_t now_ms)
{
	int64_t wait = (int64_t)RETRY_FIRST_MS << (q->tries - 1);
	curl_off_t asked_s = 0;

	if (q->said_something || q->tries >= TRIES_MAX)
		return false;
	if (curl_easy_getinfo(q->curl, CURLINFO_RETRY_AFTER, &asked_s) == CURLE_OK && asked_s > 0)
		wait = asked_s > RETRY_LONGEST_MS / MS_PER_S ? RETRY_LONGEST_MS + 1
							     : asked_s * MS_PER_S;
	if (wait > RETRY_LONGEST_MS || now_ms + wait >= q->deadline_ms)
		return false;
	q->retry_at_ms = now_ms + wait;
	return true;
}

static struct outcome read_answer(struct question *q)
{
	struct outcome o = { 0 };
	struct err e;
	int r;

	if (q->streams)
		r = openai_stream_result(&q->stream, q->asked_bytes, &o.result, &e);
	else if (q->embed)
		r = openai_read_embed((const char *)q->in.p, q->in.len, q->asked_bytes, q->inputs,
				      &o.result, &e);
	else
		r = openai_read_complete((const char *)q->in.p, q->in.len, q->asked_bytes,
					 &o.result, &e);
	return r < 0 ? broken(&e) : o;
}

static struct outcome judge(struct question *q, CURLcode code, int64_t now_ms)
{
	char text[TEXT_MAX_BYTES];
	struct outcome o;
	long status = 0;

	if (q->broken.code != ERR_OK)
		return broken(&q->broken);
	if (code == CURLE_OPERATION_TIMEDOUT && now_ms >= q->deadline_ms)
		return failed(FETCH_TIMEOUT, "the model's server did not answer in time");
	if (code != CURLE_OK) {
		o = failed(FETCH_UNAVAILABLE, "the model's server cannot be reached");
		note_trouble(q, q->why[0] ? q->why : curl_easy_strerror(code), &o);
		o.again = tries_again(q, now_ms);
		return o;
	}
	(void)curl_easy_getinfo(q->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == STATUS_OK)
		return read_answer(q);
	(void)snprintf(text, sizeof(text), "the model's server answered with status %ld", status);
	o = failed(status == STATUS_BUSY || status >= STATUS_FIRST_OF_SERVER ? FETCH_UNAVAILABLE
									     : FETCH_REFUSED,
		   text);
	note_trouble(q, text, &o);
	o.again = o.error == FETCH_UNAVAILABLE && tries_again(q, now_ms);
	return o;
}

struct outcome question_end(struct question *q, CURLcode code, int64_t now_ms)
{
	struct outcome o = judge(q, code, now_ms);

	curl_easy_cleanup(q->curl);
	q->curl = NULL;
	return o;
}

void question_free(struct question *q)
{
	curl_easy_cleanup(q->curl);
	curl_slist_free_all(q->headers);
	free(q->body);
	forget_answer(q);
	memset(q, 0, sizeof(*q));
}
