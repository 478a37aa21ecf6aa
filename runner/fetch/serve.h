/* SPDX-License-Identifier: Apache-2.0 */
/* serve.h - kennel-fetch --serve: one broker's questions to models' servers, at the same time.
 * Owns: the broker's socket and the transfers.  Must not know: plugins, notes, budgets. */
#ifndef KENNEL_FETCH_SERVE_H
#define KENNEL_FETCH_SERVE_H

#include "base/err.h"

/* With the descriptors of enum fetch_fd, before anything is confined. Until the broker is gone (0)
 * or breaks the protocol (-1). */
int serve(struct err *e);

#endif
