/* SPDX-License-Identifier: Apache-2.0 */
/* stats.h - one round of questions (launcher: usage; brokers: calls), then an answer to all who
 * asked. Owns: the round, the sums.  Must not know: how anything is measured. */
#ifndef KENNEL_SUPERVISE_STATS_H
#define KENNEL_SUPERVISE_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/broker_link.h"
#include "proto/request.h"
#include "supervise/control.h"
#include "supervise/plugin.h"

#define STATS_ASKERS_MAX 32u
#define STATS_ROUND_MS 2000u /* a part that is silent for so long is left out, and said to be */

struct stats {
	bool running;
	bool usage_open;       /* the launcher owes the rest */
	uint32_t brokers_open; /* bit: the broker of ceiling.tenants[i] owes the rest */
	int64_t deadline_ms;
	size_t asker_count;
	struct control_ref askers[STATS_ASKERS_MAX];
};

int stats_ask(struct supervisor *s, struct control_ref who, struct err *e);
void stats_on_broker(struct supervisor *s, const char *tenant, const struct broker_stats *m);
void stats_on_time(struct supervisor *s, int64_t now_ms);
/* A standby is gone: what it used is the plugin's. */
void stats_add_usage(struct plugin *p, const struct usage *last);
/* An instance is gone: what it used is remembered. */
void stats_keep_usage(struct plugin *p, const struct usage *last);
/* By the kernel guard, in all instances, as of the last round. */
uint64_t stats_refusals(const struct plugin *p);

#endif
