/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor.h - everything the supervisor holds, and the loop that turns it.
 * Owns: the parts' common ground.  Must not know: what each part does with it. */
#ifndef KENNEL_SUPERVISE_SUPERVISOR_H
#define KENNEL_SUPERVISE_SUPERVISOR_H

#include "base/err.h"
#include "policy/policy.h"
#include "supervise/admit.h"
#include "supervise/brokerask.h"
#include "supervise/control.h"
#include "supervise/emit.h"
#include "supervise/link_broker.h"
#include "supervise/link_launcher.h"
#include "supervise/plugin.h"
#include "supervise/registry.h"
#include "supervise/revoked.h"
#include "supervise/ring.h"
#include "supervise/stats.h"
#include "supervise/store.h"
#include "supervise/timefloor.h"

#define EVENTS_KEPT 1024u
#define STARTS_AT_ONCE 8u /* at boot, so that a thousand plugins do not start in one breath */

struct supervisor {
	struct loop *loop;
	struct loop_source *timer;
	enum err_code end; /* why the loop stopped */
	struct ceiling ceiling;
	struct store store;
	int scan_fd; /* -1: scan_error says why */
	struct err scan_error;
	struct registry registry;
	struct timefloor floor;
	int64_t letin_ms; /* of the next look at what waits for its age; 0: nothing does here */
	struct revoked_state revoked;
	struct launcher_link launcher;
	struct broker brokers[TENANTS_MAX];
	struct plugin *plugins[PLUGINS_MAX];
	size_t plugin_count;
	struct admit admit;
	struct emits emits;
	struct broker_asks broker_asks;
	uint64_t last_dialog; /* as people count them */
	struct stats stats;
	struct control control;
	struct ring events;
	uint64_t chance;     /* of the jitter; not secret */
	uint64_t audit_lost; /* records that could not be written where we go on all the same */
	char audit_why[TEXT_MAX_BYTES];
};

/* Descriptors as proto/request.h places them. Everything is opened here; the caller confines the
 * process and then serves. */
int supervisor_new(struct supervisor **ret, struct err *e);
void supervisor_free_p(struct supervisor **s);
/* Until the launcher is gone or a signal came; 0, or -1 with the reason. */
int supervisor_serve(struct supervisor *s, struct err *e);
void supervisor_end(struct supervisor *s, enum err_code why);
/* Some deadline changed. */
void supervisor_rearm(struct supervisor *s);
uint64_t supervisor_chance(struct supervisor *s);
/* The time that expiry is held against: the clock, but never less than was seen before. */
int64_t supervisor_now_s(const struct supervisor *s);
/* Before a decision that depends on the time: what is seen now is on disk, or there is none. */
int supervisor_keep_time(struct supervisor *s, struct err *e);
const struct tenant_ceiling *supervisor_tenant(const struct supervisor *s, const char *name);

#endif
