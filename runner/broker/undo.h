/* SPDX-License-Identifier: Apache-2.0 */
/* undo.h - one replaced revision of a note put back, because a person asked.
 * Owns: the order look, record, effect, record.  Must not know: which changes are to be undone. */
#ifndef KENNEL_BROKER_UNDO_H
#define KENNEL_BROKER_UNDO_H

#include "broker/gate.h"
#include "proto/broker_link.h"

/* ERR_EXISTS: the note has another revision than expected, somebody edited it since; nothing was
 * done. ERR_NOT_FOUND: no such note, or its prior text is not kept any more. */
int undo_note(struct host *host, const struct broker_undo *what, struct err *e);

#endif
