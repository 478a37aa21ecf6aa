/* SPDX-License-Identifier: Apache-2.0 */
/* plugin.h - one installed plugin of one tenant: its running instance, its restarts, its last
 * words. Owns: carrying out instance.c's table.  Must not know: how it was installed, who asks. */
#ifndef KENNEL_SUPERVISE_PLUGIN_H
#define KENNEL_SUPERVISE_PLUGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "policy/compile.h"
#include "proto/broker_link.h"
#include "proto/request.h"
#include "supervise/control.h"
#include "supervise/instance.h"
#include "supervise/restart.h"
#include "supervise/ring.h"
#include "supervise/standby.h"
#include "supervise/store.h"

struct supervisor;

#define PLUGINS_MAX INSTANCES_MAX
#define PLUGIN_WAITERS_MAX 8u
#define PLUGIN_REFUSALS_KEPT 256u
#define PLUGIN_LOGS_KEPT 256u

/* Whose fault an end is: only the plugin's own count for quarantine. */
enum plugin_blame { PLUGIN_BLAME_PLUGIN, PLUGIN_BLAME_HOST, PLUGIN_BLAME_POLICY };

/* What follows a stop. */
enum plugin_then { PLUGIN_THEN_REST, PLUGIN_THEN_START, PLUGIN_THEN_RETIRE };

enum plugin_goal { PLUGIN_GOAL_UP, PLUGIN_GOAL_SETTLED, PLUGIN_GOAL_STOPPED };
/* SETTLED: up, or known not to come up; never an error. */
struct plugin_waiter {
	struct control_ref who;
	enum plugin_goal goal;
	json_t *result; /* merged with the state's description; owned */
};

/* Descriptions of refusals beyond this rate are counted in one audit record. */
struct plugin_rate {
	int64_t second;
	uint32_t written;
	uint64_t held_back;
};

/* CPU time of one event: budget.c */
struct plugin_budget {
	int64_t set_ms;	   /* monotonic */
	bool event_ended; /* since then: what was used is not one event's */
};

struct plugin {
	struct supervisor *s;
	const struct tenant_ceiling *ceiling;
	char name[NAME_MAX_BYTES];
	enum instance_state state;
	int64_t deadline_ms; /* of the state; 0: none */
	enum plugin_then then;
	bool waits_for_broker;
	bool asked;		/* the launcher owes an answer to LAUNCH_START */
	int host_fds[3];	/* wire, stdout, stderr: ours until the broker has them */
	uint64_t instance;	/* 0: none */
	uint64_t last_instance; /* the same, or the one before */
	uint64_t cgroup;
	uint32_t start_us;
	bool frozen; /* or about to be */
	bool rests; /* stopped because it was idle: its next event starts it */
	struct standbys standbys;
	int64_t up_at_ms;
	struct policy *policy;		 /* of the instance at hand */
	char entry[BUNDLE_PATH_MAX + 1]; /* of a native one, below /plugin; else "" */
	struct restart_state restart;
	uint32_t starts;
	enum plugin_blame blame; /* of the end that is being handled */
	bool ended_well;
	int64_t ended_at_ms; /* monotonic, of the last instance */
	struct err reason;   /* why it does not run, or last ended; code 0: nothing to say */
	struct usage past;   /* of instances that are gone */
	struct usage now;    /* as last asked */
	struct broker_stats stats_past;
	struct broker_stats stats_now;
	uint64_t refusals_seen;
	struct plugin_rate rate;
	struct plugin_budget budget;
	struct ring refusals;
	struct ring logs;
	struct plugin_waiter waiters[PLUGIN_WAITERS_MAX];
	size_t waiter_count;
};

/* What it takes to decide about an installed plugin. */
struct plugin_dossier {
	struct install_info info;
	struct manifest manifest;
	struct grant grant;
	bool granted; /* grant is set */
	enum native_approval native;
	uint8_t bundle_id[DIGEST_BYTES];
	uint8_t signer[DIGEST_BYTES];
};

struct plugin *plugin_find(struct supervisor *s, const char *tenant, const char *name);
struct plugin *plugin_find_instance(struct supervisor *s, uint64_t id);
struct plugin *plugin_find_attached(struct supervisor *s, const char *tenant, uint64_t id);
/* The one of that name; tenant may be "" when only one tenant has it. */
struct plugin *plugin_named(struct supervisor *s, const char *tenant, const char *name,
			    struct err *e);
int plugin_add(struct supervisor *s, const struct tenant_ceiling *t, const char *name,
	       struct plugin **ret, struct err *e);
void plugin_drop(struct plugin *p); /* not alive */
/* At boot: it starts when its turn comes, or stays in the quarantine it was in. */
void plugin_boot(struct plugin *p);
/* Stops it and starts it anew, if it runs, so that what was changed takes effect. */
void plugin_renew(struct plugin *p);
/* retire.c: nothing installed is left of it; its user number and counter are remembered. Frees p.
 */
void plugin_retire(struct plugin *p);

int plugin_read_dossier(const struct plugin *p, struct plugin_dossier *ret, struct err *e);
/* Enters refer to the dossier. */
struct policy_inputs plugin_inputs(const struct plugin *p, const struct plugin_dossier *d);

/* false: the event has no meaning now. */
bool plugin_event(struct plugin *p, enum instance_event ev);
/* A person wants it to run: the past is forgotten. */
bool plugin_start(struct plugin *p);
int plugin_wait(struct plugin *p, struct control_ref who, enum plugin_goal goal, json_t *result,
		struct err *e);
void plugin_fault(struct plugin *p, enum plugin_blame blame, const struct err *why);

void plugin_on_up(struct plugin *p);
void plugin_on_wanted(struct plugin *p);
/* Without work for a while, or no more. */
void plugin_on_quiet(struct plugin *p, bool quiet);
void plugin_on_ended(struct supervisor *s, const struct launch_ended *end);
void plugin_on_refusal(struct supervisor *s, const struct launch_refusal *r);
/* lost NULL: it serves now. */
void plugin_on_broker(struct supervisor *s, const char *tenant, const struct err *lost);
void plugin_on_time(struct plugin *p, int64_t now_ms);

/* {plugin, tenant, state, version, ...}; NULL when memory is out. */
json_t *plugin_describe(const struct plugin *p);

#endif
