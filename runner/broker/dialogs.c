/* SPDX-License-Identifier: Apache-2.0 */
/* dialogs.c - the dialogs of one tenant's plugins that wait for a person. */
#include "broker/dialogs.h"

#include <stdlib.h>

int dialogs_check_room(const struct dialogs *all, uint64_t instance, struct err *e)
{
	size_t own = 0;

	for (const struct dialog *d = all->first; d; d = d->next)
		own += d->instance == instance;
	if (own >= DIALOGS_OF_ONE_MAX)
		return err_set(e, ERR_FULL, "%u dialogs of this plugin wait for a person already",
			       DIALOGS_OF_ONE_MAX);
	if (all->count >= DIALOGS_MAX)
		return err_set(e, ERR_FULL, "%u dialogs of this tenant wait for a person already",
			       DIALOGS_MAX);
	return 0;
}

int dialogs_open(struct dialogs *all, const struct dialog *what, int64_t now_ms)
{
	struct dialog **at = &all->first;
	struct dialog *d;

	d = malloc(sizeof(*d));
	if (!d)
		return -1;
	*d = *what;
	d->next = NULL;
	d->id = ++all->last_id;
	(void)json_incref(d->shape);
	d->deadline_ms = now_ms + (int64_t)d->timeout_ms;
	while (*at)
		at = &(*at)->next;
	*at = d;
	all->count++;
	if (all->on_open)
		all->on_open(all->arg, d);
	return 0;
}

void dialogs_drop(struct dialogs *all, struct dialog *d)
{
	for (struct dialog **at = &all->first; d && *at; at = &(*at)->next) {
		if (*at != d)
			continue;
		*at = d->next;
		all->count--;
		json_decref(d->shape);
		free(d);
		return;
	}
}

struct dialog *dialogs_find(const struct dialogs *all, uint64_t id)
{
	struct dialog *d = all->first;

	while (d && d->id != id)
		d = d->next;
	return d;
}

struct dialog *dialogs_find_call(const struct dialogs *all, uint64_t instance,
				 const struct rpc_id *call)
{
	struct dialog *d = all->first;

	while (d && (d->instance != instance || !rpc_id_equal(&d->call, call)))
		d = d->next;
	return d;
}

struct dialog *dialogs_find_of(const struct dialogs *all, uint64_t instance)
{
	struct dialog *d = all->first;

	while (d && d->instance != instance)
		d = d->next;
	return d;
}

struct dialog *dialogs_find_due(const struct dialogs *all, int64_t now_ms)
{
	struct dialog *d = all->first;

	while (d && d->deadline_ms > now_ms)
		d = d->next;
	return d;
}

int64_t dialogs_next_deadline(const struct dialogs *all)
{
	int64_t least = 0;

	for (const struct dialog *d = all->first; d; d = d->next)
		if (!least || d->deadline_ms < least)
			least = d->deadline_ms;
	return least;
}
