/* SPDX-License-Identifier: Apache-2.0 */
/* timefloor.h - the latest time this host has seen: a clock set back revives nothing that has
 * expired.
 * Owns: clock.json, the rule.  Must not know: what expires. */
#ifndef KENNEL_SUPERVISE_TIMEFLOOR_H
#define KENNEL_SUPERVISE_TIMEFLOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define TIMEFLOOR_FILE "clock.json"
#define TIMEFLOOR_MAX (1ll << 33) /* the year 2242; as nanoseconds it still fits */
#define TIMEFLOOR_BEHIND_S 3600	   /* a clock so far behind is told of */
#define TIMEFLOOR_SAVE_S 60	   /* what a crash may forget at a decision */
#define TIMEFLOOR_TICK_MS 600000   /* and without one */

struct timefloor {
	int64_t latest_s; /* seen at mono_ms */
	int64_t mono_ms;
	int64_t saved_s; /* on disk; 0: nothing is */
	int64_t deadline_ms; /* of the next look at the clock */
	bool told_behind;
};

/* The clock, or where it does not go back: the latest time seen and what has passed since. */
int64_t timefloor_now(const struct timefloor *f, int64_t wall_s, int64_t mono_ms);
/* The same, remembered. */
int64_t timefloor_advance(struct timefloor *f, int64_t wall_s, int64_t mono_ms);
/* No file is a host that has seen nothing yet. Anything odd is refused. */
int timefloor_load(int dir, int64_t mono_ms, struct timefloor *ret, struct err *e);
/* Writes when it is at least TIMEFLOOR_SAVE_S beyond what is on disk, or always. */
int timefloor_save(int dir, struct timefloor *f, bool always, struct err *e);

#endif
