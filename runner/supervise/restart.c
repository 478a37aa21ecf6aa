/* SPDX-License-Identifier: Apache-2.0 */
/* restart.c - exponential back-off with jitter, then quarantine. */
#include "supervise/restart.h"

#include <string.h>

static struct restart_rule with_defaults(const struct restart_rule *rule)
{
	struct restart_rule r = *rule;

	if (r.policy != RESTART_NEVER && r.policy != RESTART_ALWAYS)
		r.policy = RESTART_ON_FAILURE;
	if (!r.max)
		r.max = RESTART_DEFAULT_MAX;
	if (!r.within_ms)
		r.within_ms = RESTART_DEFAULT_WITHIN_MS;
	if (r.max >= RESTART_TIMES_MAX)
		r.max = RESTART_TIMES_MAX - 1;
	return r;
}

static uint32_t count_recent(const struct restart_state *s, int64_t now_ms, uint64_t within_ms)
{
	uint32_t held = s->crashes < RESTART_TIMES_MAX ? s->crashes : RESTART_TIMES_MAX;
	uint32_t n = 0;

	for (uint32_t i = 0; i < held; i++)
		n += (uint64_t)(now_ms - s->crash_ms[i]) <= within_ms;
	return n;
}

/* Between three quarters and five quarters of the step, so that many do not come back at once. */
static uint64_t backoff_ms(uint32_t recent, uint64_t chance)
{
	uint64_t step = RESTART_FIRST_MS;

	for (uint32_t i = 1; i < recent && step < RESTART_LONGEST_MS; i++)
		step *= 2;
	if (step > RESTART_LONGEST_MS)
		step = RESTART_LONGEST_MS;
	return step - step / 4 + chance % (step / 2 + 1);
}

struct restart_decision restart_decide(struct restart_state *s, const struct restart_rule *rule,
				       bool failed, int64_t now_ms, uint64_t chance)
{
	struct restart_rule r = with_defaults(rule);
	struct restart_decision d = { .verdict = RESTART_LEAVE };

	if (!failed && r.policy != RESTART_ALWAYS)
		return d;
	s->crash_ms[s->crashes % RESTART_TIMES_MAX] = now_ms;
	s->crashes++;
	d.recent = count_recent(s, now_ms, r.within_ms);
	if (r.policy == RESTART_NEVER)
		return d;
	d.verdict = d.recent > r.max ? RESTART_QUARANTINE : RESTART_AGAIN;
	d.delay_ms = d.verdict == RESTART_AGAIN ? backoff_ms(d.recent, chance) : 0;
	return d;
}

void restart_forget(struct restart_state *s)
{
	memset(s, 0, sizeof(*s));
}
