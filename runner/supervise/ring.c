/* SPDX-License-Identifier: Apache-2.0 */
/* ring.c - the last so many JSON values. */
#include "supervise/ring.h"

#include <stdbool.h>
#include <stdlib.h>

enum { ROOM_FIRST = 4 };

/* Only while it has never been full: then a value's place is its number. */
static bool make_room(struct ring *r)
{
	size_t room = r->room ? 2 * r->room : ROOM_FIRST;
	json_t **items;

	if (r->pushed < r->room || r->room == r->cap)
		return r->cap > 0;
	if (room > r->cap)
		room = r->cap;
	items = reallocarray(r->items, room, sizeof(json_t *));
	if (!items)
		return false;
	for (size_t i = r->room; i < room; i++)
		items[i] = NULL;
	r->items = items;
	r->room = room;
	return true;
}

void ring_push(struct ring *r, json_t *item)
{
	json_t **slot;

	if (!item || !make_room(r)) {
		json_decref(item);
		return;
	}
	slot = &r->items[r->pushed % r->cap];
	json_decref(*slot);
	*slot = item;
	r->pushed++;
}

json_t *ring_list(const struct ring *r, size_t last)
{
	uint64_t held = r->pushed < r->cap ? r->pushed : r->cap;
	uint64_t from = r->pushed - (last < held ? last : held);
	json_t *list = json_array();

	for (uint64_t i = from; list && i < r->pushed; i++)
		if (json_array_append(list, r->items[i % r->cap]) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

void ring_free_p(struct ring *r)
{
	for (size_t i = 0; i < r->room; i++)
		json_decref(r->items[i]);
	free(r->items);
	*r = (struct ring){ .cap = r->cap };
}
