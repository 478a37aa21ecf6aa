/* SPDX-License-Identifier: Apache-2.0 */
/* question.h - one question to a model's server, from the broker's words to the answer's: further
 * tries while nothing has come of it, a time for all of them together.
 * Owns: its transfer and its buffers.  Must not know: the broker's socket. */
#ifndef KENNEL_FETCH_QUESTION_H
#define KENNEL_FETCH_QUESTION_H

#include "fetch/http.h"
#include "fetch/openai.h"
#include "fetch/sse.h"
#include "policy/ceiling.h"
#include "proto/fetch_link.h"

#define TRIES_MAX 3u
#define RETRY_FIRST_MS 250u
#define RETRY_LONGEST_MS 10000u /* a server that wants more is not waited for */

/* A piece of the text, a new reference; for questions that stream. */
typedef void (*piece_fn)(void *arg, uint64_t id, json_t *text);

struct question {
	uint64_t id; /* 0: this place is free */
	const struct ai_profile *profile;
	bool embed;
	bool streams;
	size_t asked_bytes;
	size_t inputs;
	char *body;
	CURL *curl; /* NULL between two tries */
	struct curl_slist *headers;
	char why[CURL_ERROR_SIZE];
	struct buffer in;
	struct sse sse;
	struct openai_stream stream;
	struct err broken; /* why its own reading stopped the transfer */
	bool said_something;
	unsigned int tries;
	int64_t retry_at_ms; /* 0: it runs */
	int64_t deadline_ms;
	piece_fn piece;
	void *arg;
};

/* key: "" for none. q is zeroed and has its id. m as in proto/fetch_link.h. */
int question_start(struct question *q, const struct ai_profile *profile, const char *key,
		   const json_t *m, int64_t now_ms, struct err *e);
/* Its transfer, ready for curl_multi_add_handle. */
int question_try(struct question *q, int64_t now_ms, struct err *e);

struct outcome {
	json_t *result; /* NULL: error */
	enum fetch_error error;
	char text[TEXT_MAX_BYTES]; /* for the plugin: nothing that the server said */
	bool again;		   /* q->retry_at_ms is set */
	/* For the operator alone: what the server says may name what plugins must not know. */
	char trouble[TEXT_MAX_BYTES]; /* "": there is none */
	char said[TEXT_MAX_BYTES];
};

/* The transfer is over, and out of the multi handle. */
struct outcome question_end(struct question *q, CURLcode code, int64_t now_ms);
void question_free(struct question *q);

#endif
