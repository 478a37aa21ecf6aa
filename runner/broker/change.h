/* SPDX-License-Identifier: Apache-2.0 */
/* change.h - one change of a note: its text replaced, a note made, a note gone.
 * Owns: the order keep, effect, index.  Must not know: who asked, records. */
#ifndef KENNEL_BROKER_CHANGE_H
#define KENNEL_BROKER_CHANGE_H

#include "broker/gate.h"

struct note_change {
	const char *note;
	const struct vault_file *old; /* what vault_read gave; NULL: there is none yet */
	const void *text;	      /* NULL: the note goes */
	size_t n;
	const char *plugin; /* who caused it, and how far from a person's edit that is */
	uint32_t hops;
};

/* The old text is on disk in the history first; the index knows the new one, with its cause, before
 * inotify tells of it. ERR_EXISTS: the note is not what old says; ERR_FULL: no room to keep it.
 * Nothing was done then. */
int change_note(struct host *host, const struct note_change *c, struct err *e);

#endif
