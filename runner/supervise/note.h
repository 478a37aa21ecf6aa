/* SPDX-License-Identifier: Apache-2.0 */
/* note.h - a decision of the supervisor, on record before it takes effect.
 * Owns: filling the record.  Must not know: what is decided. */
#ifndef KENNEL_SUPERVISE_NOTE_H
#define KENNEL_SUPERVISE_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct supervisor;

/* NULL texts are left out; long ones are cut. */
struct note {
	const char *event;
	const char *tenant; /* NULL: the host's log */
	const char *plugin;
	const char *bundle;
	uint64_t instance;
	const char *method;
	const char *object;
	const char *result; /* NULL: "allow" */
	const char *detail;
	uint64_t count;
	bool soon; /* a refusal, or what needs no waiting for the disk */
};

/* ERR_AUDIT: it is not on record, so it must not happen. */
int note_write(const struct note *n, struct err *e);
/* For what takes rights away or already happened: it goes on, and the loss is counted and shown. */
void note_tell(struct supervisor *s, const struct note *n);

#endif
