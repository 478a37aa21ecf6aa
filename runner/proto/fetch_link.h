/* SPDX-License-Identifier: Apache-2.0 */
/* fetch_link.h - kennel-broker and kennel-fetch: one JSON message a frame (base/frame.h) over a
 * socket pair that the launcher made. Owns: its shape.  Must not know: plugins, servers.
 *
 * Broker to fetch:
 *   {id, profile, method: "complete", body: {messages: [{role, content}], maxTokens, stream,
 *     temperature?, stop?}}
 *   {id, profile, method: "embed", body: {input: [text]}}
 *   {cancel: id}                             no answer follows
 * Fetch to broker; each looks at the other's as hostile:
 *   {id, chunk: text}                        of one that streams, any number
 *   {id, result: {text, finish, usage: {promptTokens, answerTokens}}}
 *   {id, result: {vectors: [[number]], usage}}
 *   {id, error: {kind, text}}                kind is a word of enum fetch_error
 * usage counts what the server counted, or, where it said nothing, a token for each four bytes.
 * Either end may close: then nothing that was asked is answered. */
#ifndef KENNEL_PROTO_FETCH_LINK_H
#define KENNEL_PROTO_FETCH_LINK_H

/* Descriptors the launcher gives kennel-fetch --serve. */
enum fetch_fd {
	FETCH_LINK_FD = 3, /* stream socket to the broker */
	FETCH_CEILING_FD,  /* memfd, sealed: struct ceiling */
	FETCH_KEY_FD,	   /* from here on: the key of each profile that has one, in their order */
};

enum fetch_error {
	FETCH_UNAVAILABLE, /* no server, or one that has no time */
	FETCH_TIMEOUT,
	FETCH_REFUSED,	/* the server does not want this question */
	FETCH_MALFORMED, /* its answer is none */
	FETCH_TOO_LARGE,
	FETCH_ERROR_COUNT
};

static inline const char *fetch_error_word(unsigned int i)
{
	static const char *const words[FETCH_ERROR_COUNT] = { "unavailable", "timeout", "refused",
							      "malformed", "too_large" };

	return i < FETCH_ERROR_COUNT ? words[i] : "";
}

#endif
