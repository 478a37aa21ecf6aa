/* SPDX-License-Identifier: Apache-2.0 */
/* restart.h - after an end: again, and when; or never again. Pure: time and chance are given.
 * Owns: back-off and the crash window.  Must not know: instances, clocks. */
#ifndef KENNEL_SUPERVISE_RESTART_H
#define KENNEL_SUPERVISE_RESTART_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/policy.h"

#define RESTART_TIMES_MAX 64u /* crashes remembered; a rule's max is cut to one less */
#define RESTART_FIRST_MS 250u /* a plugin that fails once is back before a person notices */
#define RESTART_LONGEST_MS                                                    \
	60000u /* a storm of many plugins stays below one start a minute each \
		*/
#define RESTART_DEFAULT_MAX 5u
#define RESTART_DEFAULT_WITHIN_MS 600000u

/* Outlives the instance. Zero-initialise. */
struct restart_state {
	int64_t crash_ms[RESTART_TIMES_MAX]; /* a ring */
	uint32_t crashes;		     /* ever */
};

enum restart_verdict { RESTART_AGAIN = 1, RESTART_LEAVE, RESTART_QUARANTINE };

struct restart_decision {
	enum restart_verdict verdict;
	uint64_t delay_ms; /* RESTART_AGAIN */
	uint32_t recent;   /* crashes in the window, this one included */
};

/* failed: it ended otherwise than with exit status 0. chance is any number, the source of the
 * jitter. A rule of zeroes is the default one. */
struct restart_decision restart_decide(struct restart_state *s, const struct restart_rule *rule,
				       bool failed, int64_t now_ms, uint64_t chance);
/* A person started it: the window is empty again. */
void restart_forget(struct restart_state *s);

#endif
