/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.h - every decision of the gate, put on record through the audit writer.
 * Owns: what a record says, and that a flood is counted.  Must not know: why it was decided. */
#ifndef KENNEL_BROKER_LEDGER_H
#define KENNEL_BROKER_LEDGER_H

#include "base/err.h"
#include "broker/subject.h"
#include "proto/audit_link.h"

struct ledger {
	int sock;
	char tenant[NAME_MAX_BYTES];
};

struct entry {
	enum audit_class class;
	const char *event; /* "cap.use" (read), "cap.intent", "cap.done", "cap.failed" (write),
			      "deny" */
	const char *method;
	const char *cap;    /* NULL: left out, as the rest */
	const char *object; /* note */
	const char *result; /* NULL: "allow" */
	const char *detail;
	uint64_t count;
};

/* Blocks until the writer has it. ERR_AUDIT: it is not on record, and must not happen. */
int ledger_write(const struct ledger *l, const struct subject *who, const struct entry *entry,
		 struct err *e);
/* A refusal: on record now, or counted. One that cannot be written stays counted. */
void ledger_deny(const struct ledger *l, struct subject *who, const struct entry *entry,
		 int64_t now_ms);
/* Writes what was counted, when a second has passed, or now. */
void ledger_flush(const struct ledger *l, struct subject *who, bool now, int64_t now_ms);

#endif
