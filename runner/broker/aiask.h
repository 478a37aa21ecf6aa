/* SPDX-License-Identifier: Apache-2.0 */
/* aiask.h - a plugin's question to a language model, as the method's params say it.
 * Owns: what such a question may say.  Must not know: plugins, models, sockets.
 *
 *   ai.complete {profile?, messages: [{role: system|user|assistant, content}], maxTokens?,
 *     temperature?, stop?: [text], stream?}
 *   ai.embed {profile?, input: [text]} */
#ifndef KENNEL_BROKER_AIASK_H
#define KENNEL_BROKER_AIASK_H

#include "base/json.h"
#include "base/limits.h"

struct ai_ask {
	char profile[NAME_MAX_BYTES]; /* AI_PROFILE_NORMAL when none is named */
	json_t *body;		      /* for kennel-fetch, without maxTokens; the caller's */
	uint64_t max_tokens;	      /* 0: not said */
	bool stream;
	size_t bytes; /* of all texts, in items pieces */
	size_t items;
};

/* ret->body is set only on success. ERR_JSON_KEY, ERR_JSON_TYPE, ERR_JSON_VALUE, ERR_LIMIT,
 * ERR_NOMEM. */
int ai_read_complete(const json_t *params, struct ai_ask *ret, struct err *e);
int ai_read_embed(const json_t *params, struct ai_ask *ret, struct err *e);

#endif
