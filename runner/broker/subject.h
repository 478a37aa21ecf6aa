/* SPDX-License-Identifier: Apache-2.0 */
/* subject.h - who calls: what the gate, the ledger and the handlers may know of a connected plugin.
 * Owns: the record only.  Must not know: its socket. */
#ifndef KENNEL_BROKER_SUBJECT_H
#define KENNEL_BROKER_SUBJECT_H

#include "broker/quota.h"
#include "policy/policy.h"

/* A flood of refusals must not become a flood of durable records; what is over is counted. */
#define DENIALS_BURST 20u
#define DENIALS_PER_SECOND 5u
#define DENIALS_HOLD_MS 1000u

struct plugin_log;

struct subject {
	uint64_t id; /* instance */
	struct policy policy;
	struct bucket calls;
	struct bucket denials;
	struct bucket written; /* bytes of notes */
	size_t inflight; /* answers the plugin did not take yet */
	uint32_t hops;	 /* a save it causes now gets these */
	uint64_t allowed;
	uint64_t refused;
	struct {
		uint64_t count; /* refusals not on record yet */
		int64_t since_ms;
		char method[NAME_MAX_BYTES]; /* of the last one */
		char result[NAME_MAX_BYTES];
	} held;
	struct plugin_log *log;
};

void subject_init(struct subject *s, uint64_t id, const struct policy *policy, int64_t now_ms);

#endif
