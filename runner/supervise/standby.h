/* SPDX-License-Identifier: Apache-2.0 */
/* standby.h - further instances of a plugin, ready to take the place of the one that works.
 * Owns: how many there are, their start and their end.  Must not know: when one is needed.
 *
 * A standby is a whole jail under the same policy: its runtime is up, it has answered initialize,
 * its wire is sealed by the broker and it is frozen. It costs memory within the plugin's own limits
 * and nothing else. Their number follows the demand: one for each time in the last
 * STANDBY_WINDOW_MS that the plugin had to be replaced, at most the limit "instances" less one;
 * without demand there is none. A plugin with files rules has none: what it read at its start may
 * have changed since. */
#ifndef KENNEL_SUPERVISE_STANDBY_H
#define KENNEL_SUPERVISE_STANDBY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "proto/request.h"

struct plugin;
struct policy;
struct supervisor;

#define PLUGIN_STANDBY_MAX 2u
#define STANDBY_WINDOW_MS 600000

struct standby {
	struct plugin *p;
	struct policy *policy; /* it was started under; NULL: this place is free */
	int host_fds[3];       /* until the broker has them */
	uint64_t instance;     /* 0: the launcher owes the answer to its start */
	uint64_t cgroup;
	bool ready;
	bool ending;
};

struct standbys {
	struct standby at[PLUGIN_STANDBY_MAX];
	int64_t needed_ms[PLUGIN_STANDBY_MAX]; /* the latest, monotonic; 0: none */
	int64_t deadline_ms;		       /* the demand falls; 0: there is none */
};

void standby_init(struct plugin *p);
/* The plugin had to be replaced. */
void standby_note_need(struct plugin *p);
/* Starts what is missing and ends what is too many; while the plugin is up. */
void standby_adjust(struct plugin *p);
void standby_on_time(struct plugin *p, int64_t now_ms);
unsigned int standby_ready(const struct plugin *p); /* how many could take its place now */
/* Ends all. How many are still there. */
unsigned int standby_end_all(struct plugin *p);
/* The plugin goes: nobody is called for it any more, and what still starts is ended. */
void standby_drop(struct plugin *p);

/* One that is ready and runs under exactly this policy becomes the plugin's instance. False: there
 * is none. */
bool standby_take(struct plugin *p);

/* False: that instance is no standby. */
bool standby_on_up(struct supervisor *s, const char *tenant, uint64_t id);
bool standby_on_fault(struct supervisor *s, const char *tenant, uint64_t id, const struct err *why);
bool standby_on_ended(struct supervisor *s, const struct launch_ended *end);
/* The plugin whose standby that is; NULL: nobody's. */
struct plugin *standby_owner(struct supervisor *s, uint64_t id);

#endif
