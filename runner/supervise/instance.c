/* SPDX-License-Identifier: Apache-2.0 */
/* instance.c - the state x event table. What is not in it does not happen. */
#include "supervise/instance.h"

#include "base/cleanup.h"

struct row {
	bool known;
	struct instance_step step;
};

#define TO(next_, action_)                                       \
	{                                                        \
		true,                                            \
		{                                                \
			INSTANCE_##next_, INSTANCE_ACT_##action_ \
		}                                                \
	}

/* clang-format off */
static const struct row table[INSTANCE_STATE_COUNT][INSTANCE_EV_COUNT] = {
	[INSTANCE_STOPPED] = {
		[INSTANCE_EV_START] = TO(STARTING, LAUNCH),
		[INSTANCE_EV_STOP] = TO(STOPPED, FINISH),
		[INSTANCE_EV_QUARANTINE] = TO(QUARANTINED, NONE),
	},
	[INSTANCE_STARTING] = {
		[INSTANCE_EV_UP] = TO(UP, ANNOUNCE),
		[INSTANCE_EV_FAILED] = TO(BACKOFF, RULE),
		[INSTANCE_EV_ENDED] = TO(BACKOFF, RULE),
		[INSTANCE_EV_STOP] = TO(DRAINING, DRAIN),
		[INSTANCE_EV_FAULT] = TO(KILLING, KILL),
		[INSTANCE_EV_TIMEOUT] = TO(KILLING, KILL),
		[INSTANCE_EV_LEFT] = TO(STUCK, ALARM),
	},
	[INSTANCE_UP] = {
		[INSTANCE_EV_QUIET] = TO(IDLE, FREEZE),
		[INSTANCE_EV_ENDED] = TO(BACKOFF, RULE),
		[INSTANCE_EV_STOP] = TO(DRAINING, DRAIN),
		[INSTANCE_EV_FAULT] = TO(KILLING, KILL),
	},
	[INSTANCE_IDLE] = {
		[INSTANCE_EV_WORK] = TO(UP, THAW),
		[INSTANCE_EV_TIMEOUT] = TO(DRAINING, REST),
		[INSTANCE_EV_ENDED] = TO(BACKOFF, RULE),
		[INSTANCE_EV_STOP] = TO(DRAINING, DRAIN),
		[INSTANCE_EV_FAULT] = TO(KILLING, KILL),
	},
	[INSTANCE_DRAINING] = {
		[INSTANCE_EV_ENDED] = TO(STOPPED, FINISH),
		[INSTANCE_EV_FAILED] = TO(STOPPED, FINISH),
		[INSTANCE_EV_FAULT] = TO(ENDING, KILL),
		[INSTANCE_EV_TIMEOUT] = TO(ENDING, KILL),
		[INSTANCE_EV_STOP] = TO(DRAINING, NONE),
		[INSTANCE_EV_LEFT] = TO(STUCK, ALARM),
	},
	[INSTANCE_ENDING] = {
		[INSTANCE_EV_ENDED] = TO(STOPPED, FINISH),
		[INSTANCE_EV_FAILED] = TO(STOPPED, FINISH),
		[INSTANCE_EV_STOP] = TO(ENDING, NONE),
		[INSTANCE_EV_TIMEOUT] = TO(STUCK, ALARM),
		[INSTANCE_EV_LEFT] = TO(STUCK, ALARM),
	},
	[INSTANCE_KILLING] = {
		[INSTANCE_EV_ENDED] = TO(BACKOFF, RULE),
		[INSTANCE_EV_FAILED] = TO(BACKOFF, RULE),
		[INSTANCE_EV_STOP] = TO(ENDING, NONE),
		[INSTANCE_EV_TIMEOUT] = TO(STUCK, ALARM),
		[INSTANCE_EV_LEFT] = TO(STUCK, ALARM),
	},
	[INSTANCE_BACKOFF] = {
		[INSTANCE_EV_START] = TO(STARTING, LAUNCH),
		[INSTANCE_EV_TIMEOUT] = TO(STARTING, LAUNCH),
		[INSTANCE_EV_STOP] = TO(STOPPED, FINISH),
		[INSTANCE_EV_REST] = TO(STOPPED, FINISH),
		[INSTANCE_EV_QUARANTINE] = TO(QUARANTINED, ALARM),
	},
	[INSTANCE_QUARANTINED] = {
		[INSTANCE_EV_START] = TO(STARTING, LAUNCH),
		[INSTANCE_EV_STOP] = TO(STOPPED, FINISH),
	},
	[INSTANCE_STUCK] = {
		[INSTANCE_EV_ENDED] = TO(STOPPED, FINISH),
		[INSTANCE_EV_FAILED] = TO(STOPPED, FINISH), /* a launch that is refused at last */
		[INSTANCE_EV_STOP] = TO(STUCK, KILL),
		[INSTANCE_EV_LEFT] = TO(STUCK, NONE),
	},
};
/* clang-format on */

bool instance_step(enum instance_state s, enum instance_event ev, struct instance_step *ret)
{
	if ((unsigned int)s >= INSTANCE_STATE_COUNT || (unsigned int)ev >= INSTANCE_EV_COUNT ||
	    !table[s][ev].known)
		return false;
	*ret = table[s][ev].step;
	return true;
}

const char *instance_state_name(unsigned int s)
{
#define STATE_NAME_(id, name) [id] = name,
	static const char *const names[] = { INSTANCE_STATE_TABLE(STATE_NAME_) };
#undef STATE_NAME_

	return s < countof(names) ? names[s] : "unknown";
}

bool instance_is_up(enum instance_state s)
{
	return s == INSTANCE_UP || s == INSTANCE_IDLE;
}

bool instance_is_alive(enum instance_state s)
{
	return s == INSTANCE_STARTING || instance_is_up(s) || s == INSTANCE_DRAINING ||
	       s == INSTANCE_ENDING || s == INSTANCE_KILLING || s == INSTANCE_STUCK;
}
