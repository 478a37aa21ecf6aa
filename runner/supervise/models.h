/* SPDX-License-Identifier: Apache-2.0 */
/* models.h - a broker learns which language models there are, and gets its way to them when it
 * first needs one: a socket to a kennel-fetch of its own.
 * Owns: asking the launcher for it.  Must not know: what is asked of a model. */
#ifndef KENNEL_SUPERVISE_MODELS_H
#define KENNEL_SUPERVISE_MODELS_H

struct broker;

/* It serves now: it is told BROKER_MODELS, before any plugin. */
void models_on_ready(struct broker *b);
/* It wants a way: BROKER_MODEL_WAY follows, with the socket or with why there is none. */
void models_on_wanted(struct broker *b);

#endif
