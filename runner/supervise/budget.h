/* SPDX-License-Identifier: Apache-2.0 */
/* budget.h - limits.cpuTime: the CPU time of one event.
 * Owns: when an instance's budget is set anew, what a spent one means.  Must not know: how the
 * launcher counts. */
#ifndef KENNEL_SUPERVISE_BUDGET_H
#define KENNEL_SUPERVISE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/request.h"

struct plugin;
struct supervisor;

/* Could so much have been used of the budget that the next event would miss it? */
bool budget_is_due(int64_t elapsed_ms, uint32_t cpu_percent, uint64_t budget_ms);

/* The instance was started with its first budget. */
void budget_begin(struct plugin *p);
/* One that was started before takes its place: what it used meanwhile is no event's. */
void budget_renew(struct plugin *p);
/* An event was answered, or failed, or the handshake is done: the next has a budget of its own. */
void budget_on_event_end(struct plugin *p);
/* Kills the instance, unless what was used was more than one event's. */
void budget_on_spent(struct supervisor *s, const struct launch_budget *b);

#endif
