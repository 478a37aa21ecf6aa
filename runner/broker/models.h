/* SPDX-License-Identifier: Apache-2.0 */
/* models.h - the language models that this tenant's plugins may ask, and who waits for one.
 * Owns: which plugin may use which.  Must not know: how a model is reached. */
#ifndef KENNEL_BROKER_MODELS_H
#define KENNEL_BROKER_MODELS_H

#include "broker/tokens.h"
#include "broker/waits.h"

struct models {
	struct broker_models known;
	struct tokens tokens;
	struct err no_tokens; /* why there is no account of them, and so no question */
	struct waits calls;   /* wait.kind: index in known.list; wait.cost: tokens */
};

void models_init(struct models *m);
/* From the supervisor; the record is checked. ERR_PROTOCOL. */
int models_take(struct models *m, const struct broker_models *known, struct err *e);
/* NULL: there is none of that name for this plugin. */
const struct broker_model *models_find(const struct models *m, const char *name,
				       const char *plugin);
/* What a question may take: its texts at three bytes a token, and the longest answer. */
uint64_t models_cost(size_t bytes, size_t items, uint64_t answer_tokens);

#endif
