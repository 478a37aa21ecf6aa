/* SPDX-License-Identifier: Apache-2.0 */
/* emit.h - events sent by hand, and waiting for what the handlers answer.
 * Owns: who waits for which deliveries.  Must not know: queues, plugins' lives. */
#ifndef KENNEL_SUPERVISE_EMIT_H
#define KENNEL_SUPERVISE_EMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/broker_link.h"
#include "supervise/control.h"

struct broker;

#define EMITS_MAX 64u
#define EMIT_WAIT_MS 60000u
#define EMIT_RESULTS_MAX 1024u

struct emit {
	uint64_t serial; /* 0: free */
	struct control_ref who;
	char tenant[NAME_MAX_BYTES];
	struct broker_emit sent;
	bool wait;
	bool queued_known;
	uint32_t queued;
	int64_t deadline_ms;
	json_t *results;
};

struct emits {
	uint64_t last_serial;
	struct emit list[EMITS_MAX];
};

/* The answer to who follows. what: event, plugin, note, text. */
int emit_send(struct supervisor *s, struct broker *b, struct control_ref who,
	      const struct broker_emit *what, uint64_t wait_ms, struct err *e);
void emit_on_emitted(struct supervisor *s, const struct broker_emitted *m);
void emit_on_event(struct supervisor *s, const char *tenant, const struct broker_event *ev);
/* The plugin's instance ended: what it had not answered failed. */
void emit_on_plugin_end(struct supervisor *s, const char *tenant, const char *plugin,
			const char *why);
void emit_on_time(struct supervisor *s, int64_t now_ms);
int64_t emit_next_deadline(const struct supervisor *s); /* 0: none */

#endif
