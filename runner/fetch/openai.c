/* SPDX-License-Identifier: Apache-2.0 */
/* openai.c - the chat and embeddings requests that many servers of models understand. */
#include "fetch/openai.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"

/* Servers add what they like beside what is read here. */
enum { DEPTH = 16, NODES = AI_NUMBERS_MAX + 8192, BYTES_A_TOKEN = 4 };

/* ---- requests ---- */

static json_t *complete_request(const char *model, const json_t *body)
{
	bool stream = json_is_true(json_object_get(body, "stream"));

	return json_pack("{s:s, s:O, s:O, s:b, s:O*, s:O*, s:o*}", "model", model, "messages",
			 json_object_get(body, "messages"), "max_tokens",
			 json_object_get(body, "maxTokens"), "stream", stream, "temperature",
			 json_object_get(body, "temperature"), "stop",
			 json_object_get(body, "stop"), "stream_options",
			 stream ? json_pack("{s:b}", "include_usage", 1) : NULL);
}

static json_t *embed_request(const char *model, const json_t *body)
{
	return json_pack("{s:s, s:O, s:s}", "model", model, "input", json_object_get(body, "input"),
			 "encoding_format", "float");
}

char *openai_request(const char *model, bool embed, const json_t *body, struct err *e)
{
	CLEANUP(json_decref_p) json_t *j = NULL;
	char *text;

	if (!json_is_array(json_object_get(body, embed ? "input" : "messages")) ||
	    (!embed && !json_is_integer(json_object_get(body, "maxTokens")))) {
		(void)err_set(e, ERR_PROTOCOL, "not a question");
		return NULL;
	}
	j = embed ? embed_request(model, body) : complete_request(model, body);
	text = j ? json_print(j, NULL) : NULL;
	if (!text)
		(void)err_set(e, ERR_NOMEM, "question");
	return text;
}

/* ---- answers ---- */

static const json_t *first_choice(const json_t *j)
{
	return json_array_get(json_object_get(j, "choices"), 0);
}

static const char *finish_word(const json_t *reason)
{
	const char *s = json_string_value(reason);

	return s && (!strcmp(s, "stop") || !strcmp(s, "length")) ? s : "other";
}

static bool count_of(const json_t *usage, const char *key, uint64_t *ret)
{
	const json_t *n = json_object_get(usage, key);

	if (!json_is_integer(n) || json_integer_value(n) < 0 || json_integer_value(n) > UINT32_MAX)
		return false;
	*ret = (uint64_t)json_integer_value(n);
	return true;
}

static uint64_t guess(size_t bytes)
{
	return (bytes + BYTES_A_TOKEN - 1) / BYTES_A_TOKEN;
}

static json_t *usage_json(uint64_t prompt, uint64_t answer)
{
	return json_pack("{s:I, s:I}", "promptTokens", (json_int_t)prompt, "answerTokens",
			 (json_int_t)answer);
}

static json_t *usage_of(const json_t *j, size_t asked_bytes, size_t answered_bytes)
{
	const json_t *usage = json_object_get(j, "usage");
	uint64_t prompt = guess(asked_bytes), answer = guess(answered_bytes);

	(void)count_of(usage, "prompt_tokens", &prompt);
	(void)count_of(usage, "completion_tokens", &answer);
	return usage_json(prompt, answer);
}

static int parse(const char *text, size_t n, json_t **ret, struct err *e)
{
	if (json_parse(text, n, DEPTH, NODES, ret, e) < 0)
		return err_wrap(e, "the server's answer");
	return 0;
}

int openai_read_complete(const char *text, size_t n, size_t asked_bytes, json_t **ret,
			 struct err *e)
{
	CLEANUP(json_decref_p) json_t *j = NULL;
	const json_t *choice, *message, *content;

	if (parse(text, n, &j, e) < 0)
		return -1;
	choice = first_choice(j);
	message = json_object_get(choice, "message");
	content = json_object_get(message, "content");
	if (!json_is_object(message) ||
	    (content && !json_is_string(content) && !json_is_null(content)))
		return err_set(e, ERR_FORMAT, "the server's answer has no text");
	*ret = json_pack("{s:s, s:s, s:o}", "text",
			 json_is_string(content) ? json_string_value(content) : "", "finish",
			 finish_word(json_object_get(choice, "finish_reason")), "usage",
			 usage_of(j, asked_bytes, json_string_length(content)));
	return *ret ? 0 : err_set(e, ERR_NOMEM, "answer");
}

/* Servers may give them in any order; each says which it is. */
static int take_vector(const json_t *item, size_t i, json_t *vectors, size_t *numbers,
		       struct err *e)
{
	const json_t *at = json_object_get(item, "index");
	json_t *v = json_object_get(item, "embedding"), *x;
	json_int_t index = json_is_integer(at) ? json_integer_value(at) : (json_int_t)i;
	size_t k;

	if (!json_is_array(v) || !json_array_size(v) || index < 0 ||
	    (size_t)index >= json_array_size(vectors) ||
	    !json_is_null(json_array_get(vectors, (size_t)index)))
		return err_set(e, ERR_FORMAT,
			       "the server's answer lacks a vector, or has one twice");
	*numbers += json_array_size(v);
	if (*numbers > AI_NUMBERS_MAX)
		return err_set(e, ERR_LIMIT, "vectors of more than %u numbers in all",
			       AI_NUMBERS_MAX);
	json_array_foreach(v, k, x)
		if (!json_is_number(x))
			return err_set(e, ERR_FORMAT, "a vector of something else than numbers");
	return json_array_set(vectors, (size_t)index, v) < 0 ? err_set(e, ERR_NOMEM, "answer") : 0;
}

int openai_read_embed(const char *text, size_t n, size_t asked_bytes, size_t inputs, json_t **ret,
		      struct err *e)
{
	CLEANUP(json_decref_p) json_t *j = NULL;
	CLEANUP(json_decref_p) json_t *vectors = json_array();
	const json_t *data;
	size_t numbers = 0;

	if (!vectors || parse(text, n, &j, e) < 0)
		return vectors ? -1 : err_set(e, ERR_NOMEM, "answer");
	data = json_object_get(j, "data");
	if (json_array_size(data) != inputs)
		return err_set(e, ERR_FORMAT, "%zu vectors for %zu texts", json_array_size(data),
			       inputs);
	for (size_t i = 0; i < inputs; i++)
		if (json_array_append_new(vectors, json_null()) < 0)
			return err_set(e, ERR_NOMEM, "answer");
	for (size_t i = 0; i < inputs; i++)
		if (take_vector(json_array_get(data, i), i, vectors, &numbers, e) < 0)
			return -1;
	*ret = json_pack("{s:O, s:o}", "vectors", vectors, "usage", usage_of(j, asked_bytes, 0));
	return *ret ? 0 : err_set(e, ERR_NOMEM, "answer");
}

/* ---- pieces ---- */

static int take_piece(struct openai_stream *s, const json_t *choice, json_t **ret_piece,
		      struct err *e)
{
	json_t *piece = json_object_get(json_object_get(choice, "delta"), "content");
	const json_t *reason = json_object_get(choice, "finish_reason");

	if (json_is_string(reason))
		(void)copy_str(s->finish, sizeof(s->finish), finish_word(reason));
	if (!json_is_string(piece) || !json_string_length(piece))
		return 0;
	if (buffer_append(&s->text, json_string_value(piece), json_string_length(piece),
			  AI_TEXT_MAX) < 0)
		return err_set(e, ERR_LIMIT, "an answer of more than %u bytes", AI_TEXT_MAX);
	*ret_piece = json_incref(piece);
	return 0;
}

int openai_take_event(struct openai_stream *s, const char *data, size_t n, json_t **ret_piece,
		      struct err *e)
{
	static const char done[] = "[DONE]";
	CLEANUP(json_decref_p) json_t *j = NULL;
	const json_t *usage;

	*ret_piece = NULL;
	if (n == sizeof(done) - 1 && !memcmp(data, done, n)) {
		s->done = true;
		return 0;
	}
	if (s->done)
		return err_set(e, ERR_FORMAT, "the server goes on after the end");
	if (parse(data, n, &j, e) < 0)
		return -1;
	if (json_object_get(j, "error"))
		return err_set(e, ERR_FORMAT, "the server gave up in the middle");
	usage = json_object_get(j, "usage");
	if (count_of(usage, "prompt_tokens", &s->prompt_tokens) &&
	    count_of(usage, "completion_tokens", &s->answer_tokens))
		s->has_usage = true;
	return take_piece(s, first_choice(j), ret_piece, e);
}

int openai_stream_result(const struct openai_stream *s, size_t asked_bytes, json_t **ret,
			 struct err *e)
{
	if (!s->done && !s->finish[0])
		return err_set(e, ERR_FORMAT, "the answer broke off");
	*ret = json_pack("{s:s%, s:s, s:o}", "text", s->text.p ? (const char *)s->text.p : "",
			 s->text.len, "finish", s->finish[0] ? s->finish : "other", "usage",
			 s->has_usage ? usage_json(s->prompt_tokens, s->answer_tokens)
				      : usage_json(guess(asked_bytes), guess(s->text.len)));
	return *ret ? 0 : err_set(e, ERR_NOMEM, "answer");
}

void openai_stream_free_p(struct openai_stream *s)
{
	buffer_free_p(&s->text);
}

void openai_error_text(const char *text, size_t n, char ret[TEXT_MAX_BYTES])
{
	CLEANUP(json_decref_p) json_t *j = NULL;
	const json_t *error, *message;
	const char *s;

	ret[0] = '\0';
	if (json_parse(text, n, DEPTH, NODES, &j, NULL) < 0)
		return;
	error = json_object_get(j, "error");
	message = json_is_string(error) ? error : json_object_get(error, "message");
	s = json_string_value(message);
	for (size_t i = 0; s && i + 1 < TEXT_MAX_BYTES; i++) {
		ret[i] = s[i] >= ' ' && s[i] <= '~' ? s[i] : s[i] ? '?' : '\0';
		ret[i + 1] = '\0';
		if (!s[i])
			break;
	}
}
