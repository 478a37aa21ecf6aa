/* SPDX-License-Identifier: Apache-2.0 */
/* sse.h - server-sent events (WHATWG HTML, 9.2.6), as far as completions use them: the data of each
 * event. Owns: cutting lines and joining data.  Must not know: what the data says. */
#ifndef KENNEL_FETCH_SSE_H
#define KENNEL_FETCH_SSE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

#define SSE_EVENT_MAX (256u << 10) /* bytes of one event's data, and of one line */

/* Negative: no more of this stream. */
typedef int (*sse_fn)(void *arg, const char *data, size_t n, struct err *e);

struct sse {
	struct buffer line;
	struct buffer data;
	bool has_data;
	bool after_cr; /* a line feed now ends the same line */
};

/* ERR_LIMIT, ERR_NOMEM, or what fn said. The data of an event is not NUL-terminated. */
int sse_feed(struct sse *s, const char *p, size_t n, sse_fn fn, void *arg, struct err *e);
void sse_free_p(struct sse *s);

#endif
