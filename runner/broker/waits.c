/* SPDX-License-Identifier: Apache-2.0 */
/* waits.c - calls of one tenant's plugins whose answer takes a while. */
#include "broker/waits.h"

#include <stdlib.h>

int waits_check_room(const struct waits *all, uint64_t instance, struct err *e)
{
	size_t own = 0;

	for (const struct wait *w = all->first; w; w = w->next)
		own += w->instance == instance;
	if (own >= all->of_one_max)
		return err_set(e, ERR_FULL, "%zu calls of this plugin wait for %s already",
			       all->of_one_max, all->who);
	if (all->count >= all->all_max)
		return err_set(e, ERR_FULL, "%zu calls of this tenant wait for %s already",
			       all->all_max, all->who);
	return 0;
}

int waits_open(struct waits *all, const struct wait *as, int64_t now_ms)
{
	struct wait **at = &all->first;
	struct wait *w;

	w = malloc(sizeof(*w));
	if (!w)
		return -1;
	*w = *as;
	w->next = NULL;
	w->id = ++all->last_id;
	(void)json_incref(w->what);
	w->deadline_ms = now_ms + (int64_t)w->timeout_ms;
	while (*at)
		at = &(*at)->next;
	*at = w;
	all->count++;
	if (all->on_open)
		all->on_open(all->arg, w);
	return 0;
}

void waits_drop(struct waits *all, struct wait *w)
{
	for (struct wait **at = &all->first; w && *at; at = &(*at)->next) {
		if (*at != w)
			continue;
		*at = w->next;
		all->count--;
		json_decref(w->what);
		free(w);
		return;
	}
}

struct wait *waits_find(const struct waits *all, uint64_t id)
{
	struct wait *w = all->first;

	while (w && w->id != id)
		w = w->next;
	return w;
}

struct wait *waits_find_call(const struct waits *all, uint64_t instance, const struct rpc_id *call)
{
	struct wait *w = all->first;

	while (w && (w->instance != instance || !rpc_id_equal(&w->call, call)))
		w = w->next;
	return w;
}

struct wait *waits_find_of(const struct waits *all, uint64_t instance)
{
	struct wait *w = all->first;

	while (w && w->instance != instance)
		w = w->next;
	return w;
}

struct wait *waits_find_due(const struct waits *all, int64_t now_ms)
{
	struct wait *w = all->first;

	while (w && w->deadline_ms > now_ms)
		w = w->next;
	return w;
}

int64_t waits_next_deadline(const struct waits *all)
{
	int64_t least = 0;

	for (const struct wait *w = all->first; w; w = w->next)
		if (!least || w->deadline_ms < least)
			least = w->deadline_ms;
	return least;
}
