/* SPDX-License-Identifier: Apache-2.0 */
/* dialogs.h - questions of plugins that wait for a person, as the brokers tell of them.
 * Owns: what is shown of them.  Must not know: which answer fits; the broker that asked decides. */
#ifndef KENNEL_SUPERVISE_DIALOGS_H
#define KENNEL_SUPERVISE_DIALOGS_H

#include "proto/broker_link.h"
#include "supervise/control.h"

struct broker;

struct shown_dialog {
	uint64_t id; /* for people, of the whole host, never used again; 0: free */
	uint64_t of_broker;
	char plugin[NAME_MAX_BYTES];
	int64_t opened_ms; /* both of the wall clock */
	int64_t until_ms;
	json_t *shape; /* as the plugin has it: a hostile text in every string */
};

/* false: not a dialog that a broker may tell of. */
bool dialogs_on_open(struct broker *b, const struct broker_dialog *d);
void dialogs_on_end(struct broker *b, uint64_t of_broker);
/* The broker is gone, and every dialog of its plugins. */
void dialogs_forget(struct broker *b);

int method_dialogs(struct control_request *q, struct err *e);
int method_dialogs_answer(struct control_request *q, struct err *e);

#endif
