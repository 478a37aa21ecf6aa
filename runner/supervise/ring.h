/* SPDX-License-Identifier: Apache-2.0 */
/* ring.h - the last so many JSON values; the oldest makes room.
 * Owns: its values.  Must not know: what they say. */
#ifndef KENNEL_SUPERVISE_RING_H
#define KENNEL_SUPERVISE_RING_H

#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

struct ring {
	json_t **items; /* NULL until the first push */
	size_t room;	/* of items; grows to cap, for most plugins say little */
	size_t cap;	/* set by the owner before the first push */
	uint64_t pushed;
};

/* Takes item, also when memory is out and it is dropped; NULL is dropped. */
void ring_push(struct ring *r, json_t *item);
/* A new array of at most last values, oldest first; NULL when memory is out. */
json_t *ring_list(const struct ring *r, size_t last);
void ring_free_p(struct ring *r);

#endif
