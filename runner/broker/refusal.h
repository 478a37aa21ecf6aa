/* SPDX-License-Identifier: Apache-2.0 */
/* refusal.h - a refusal that teaches: what was asked, what is missing, the line that would allow
 * it. Owns: the words.  Must not know: how it was decided. */
#ifndef KENNEL_BROKER_REFUSAL_H
#define KENNEL_BROKER_REFUSAL_H

#include "broker/gate.h"

/* Fills c->refusal for a verdict other than VERDICT_OK. */
void refusal_of_verdict(struct call *c, enum verdict v, const char *method);
/* The error answer: data is {kind, method, permission?, grant?, retryAfterMs?, revision?}. */
json_t *refusal_answer(const struct refusal *r, const struct rpc_id *id, const char *method);

#endif
