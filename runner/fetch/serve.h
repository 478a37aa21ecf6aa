/* SPDX-License-Identifier: Apache-2.0 */
/* serve.h - kennel-fetch --serve: one broker's questions to models' servers, at the same time.
 * Owns: the broker's socket and the transfers.  Must not know: plugins, notes, budgets. */
#ifndef KENNEL_FETCH_SERVE_H
#define KENNEL_FETCH_SERVE_H

#include "base/err.h"

/* Somebody must hear that a server did not answer; said is its own word, printable, or "". */
typedef void (*serve_note_fn)(const char *model, const char *why, const char *said);

/* With the descriptors of enum fetch_fd, before anything is confined. Until the broker is gone (0)
 * or breaks the protocol (-1). */
int serve(serve_note_fn note, struct err *e);

#endif
