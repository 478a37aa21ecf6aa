/* SPDX-License-Identifier: Apache-2.0 */
/* link_broker.h - one broker a tenant: asked for when first needed, and again when it is gone.
 * Owns: its socket, what it was told.  Must not know: notes, the gate. */
#ifndef KENNEL_SUPERVISE_LINK_BROKER_H
#define KENNEL_SUPERVISE_LINK_BROKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/record.h"
#include "proto/broker_link.h"
#include "supervise/dialogs.h"

struct supervisor;
struct loop_source;
struct plugin;

enum broker_state { BROKER_NONE, BROKER_ASKED, BROKER_OPENING, BROKER_SERVING };

struct broker {
	struct supervisor *s;
	const struct tenant_ceiling *tenant;
	enum broker_state state;
	int fd;
	struct loop_source *source;
	uint32_t failures;     /* since it last served */
	int64_t not_before_ms; /* of the next try */
	struct shown_dialog dialogs[DIALOGS_MAX];
};

/* 1: it serves. 0: not yet; plugin_on_broker follows, for every plugin of the tenant. -1: not now.
 */
int broker_ensure(struct supervisor *s, const struct tenant_ceiling *t, struct err *e);
struct broker *broker_of(struct supervisor *s, const char *tenant);
void broker_on_gone(struct supervisor *s, const char *tenant);
/* Has it ended, though nobody has told us yet? Its link closes before its plugins' wires do. */
bool broker_has_ended(const struct broker *b);

/* Takes what it has sent already. */
void broker_catch_up(struct broker *b);

/* m: kind and u. ERR_STATE when it does not serve, ERR_FULL when it does not read. */
int broker_tell(struct broker *b, struct broker_msg *m, const struct record_fds *fds,
		struct err *e);

#endif
