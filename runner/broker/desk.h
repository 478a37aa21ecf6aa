/* SPDX-License-Identifier: Apache-2.0 */
/* desk.h - dialogs between the plugins of a tenant and the person who answers: the supervisor is
 * told of each, and what it brings back goes to the call that waits.
 * Owns: when a dialog ends, and what is on record of that.  Must not know: who shows dialogs. */
#ifndef KENNEL_BROKER_DESK_H
#define KENNEL_BROKER_DESK_H

#include "proto/broker_link.h"

struct broker;
struct loop;
struct peer;
struct rpc_id;

int desk_open(struct broker *b, struct err *e);
void desk_close(struct broker *b);

/* A person's answer; the plugin has it, or *e says why it does not: the dialog then stays. */
int desk_answer(struct broker *b, const struct broker_dialog_answer *a, struct err *e);
/* The plugin wants no answer any more. */
void desk_withdraw(struct peer *p, const struct rpc_id *call);
/* The instance is gone, and what it asked with it. */
void desk_forget(struct peer *p);

#endif
