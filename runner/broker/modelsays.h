/* SPDX-License-Identifier: Apache-2.0 */
/* modelsays.h - one message of kennel-fetch (proto/fetch_link.h), read as hostile input.
 * Owns: what it may say, and what a plugin hears of a failure.  Must not know: sockets, calls. */
#ifndef KENNEL_BROKER_MODELSAYS_H
#define KENNEL_BROKER_MODELSAYS_H

#include "base/json.h"
#include "broker/waits.h"

/* What a plugin and the log hear. */
struct model_failure {
	int code;	   /* enum rpc_error */
	const char *kind;  /* data.kind */
	const char *audit; /* the record's result */
	char text[TEXT_MAX_BYTES];
};

struct model_says {
	enum { MODEL_SAYS_CHUNK, MODEL_SAYS_RESULT, MODEL_SAYS_ERROR } kind;
	uint64_t id;
	json_t *value; /* text, or {text, finish, usage}, or {vectors, usage}: a part of root */
	uint64_t used; /* tokens of usage; of an error: all that it may have been */
	struct model_failure failure;
	json_t *root;
};

/* -1: that is none. Free with model_says_free_p. */
int model_says_read(const char *text, size_t n, struct model_says *ret, struct err *e);
void model_says_free_p(struct model_says *s);
/* Is this result one of that question? */
bool model_result_fits(const struct wait *w, const json_t *result);

struct model_failure model_failure_unavailable(const char *text);

#endif
