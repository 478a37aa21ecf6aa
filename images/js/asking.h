/* SPDX-License-Identifier: Apache-2.0 */
/* asking.h - the running event's questions to a person or a model: the event's time stands still
 * for them, here as at the host. Owns: which calls those are.  Must not know: deadlines, events. */
#ifndef KENNEL_JS_ASKING_H
#define KENNEL_JS_ASKING_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* An event begins; what an earlier one asked does not count for it. */
void asking_begin(void);
void asking_sent(const char *method, json_int_t id, int64_t now_ms);
/* How long the time stood still, when this was the last answer; else 0. */
int64_t asking_answered(json_int_t id, int64_t now_ms);
bool asking_now(void);

#endif
