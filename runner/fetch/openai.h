/* SPDX-License-Identifier: Apache-2.0 */
/* openai.h - the chat and embeddings requests that llama.cpp, Ollama, vLLM and others serve:
 * POST URL/chat/completions and URL/embeddings. Answers are hostile input.
 * Source: the OpenAI API reference, "Chat" and "Embeddings"; llama.cpp's tools/server/README.md.
 * Owns: those two shapes.  Must not know: sockets, plugins. */
#ifndef KENNEL_FETCH_OPENAI_H
#define KENNEL_FETCH_OPENAI_H

#include "base/bytes.h"
#include "base/json.h"
#include "base/limits.h"

/* body as in proto/fetch_link.h → the request's, malloc'd. ERR_NOMEM, ERR_PROTOCOL. */
char *openai_request(const char *model, bool embed, const json_t *body, struct err *e);

/* A whole answer → {text, finish, usage} or {vectors, usage}; the caller owns it. asked_bytes
 * stands in for a usage that the server does not tell. ERR_JSON…, ERR_FORMAT, ERR_LIMIT. */
int openai_read_complete(const char *text, size_t n, size_t asked_bytes, json_t **ret,
			 struct err *e);
int openai_read_embed(const char *text, size_t n, size_t asked_bytes, size_t inputs, json_t **ret,
		      struct err *e);

/* An answer that comes in pieces. */
struct openai_stream {
	struct buffer text;
	char finish[16];
	uint64_t prompt_tokens;
	uint64_t answer_tokens;
	bool has_usage;
	bool done;
};

/* The data of one event. *ret_piece is new text, the caller's, or NULL. */
int openai_take_event(struct openai_stream *s, const char *data, size_t n, json_t **ret_piece,
		      struct err *e);
/* ERR_FORMAT when it broke off. */
int openai_stream_result(const struct openai_stream *s, size_t asked_bytes, json_t **ret,
			 struct err *e);
void openai_stream_free_p(struct openai_stream *s);

/* What a server says of an error, for the operator's log; "" when it says nothing readable. */
void openai_error_text(const char *text, size_t n, char ret[TEXT_MAX_BYTES]);

#endif
