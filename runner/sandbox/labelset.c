/* SPDX-License-Identifier: Apache-2.0 */
/* labelset.c - which labels each cgroup has, so that they can be taken away together.
 * Owns: a fixed pool of keys, chained by cgroup.  Must not know: BPF maps, what a label allows. */
#include "sandbox/labelset.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define BUCKETS 2048u /* twice the instances of a full host */
#define NONE UINT32_MAX

struct slot {
	struct label_key key;
	uint32_t next; /* in the bucket of the cgroup, or in the list of free slots */
	bool used;
};

struct labelset {
	size_t max;
	size_t count;
	uint32_t free;
	uint32_t buckets[BUCKETS];
	struct slot slots[];
};

/* Ids of cgroups rise by one: their low bits spread well as they are. */
static uint32_t bucket_of(uint64_t cgroup)
{
	return (uint32_t)(cgroup % BUCKETS);
}

static bool equal(const struct label_key *a, const struct label_key *b)
{
	return a->cgroup == b->cgroup && a->ino == b->ino && a->dev == b->dev;
}

int labelset_new(size_t max, struct labelset **ret, struct err *e)
{
	struct labelset *s;

	if (!max || max >= NONE)
		return err_set(e, ERR_LIMIT, "%zu labels", max);
	s = calloc(1, sizeof(*s) + max * sizeof(s->slots[0]));
	if (!s)
		return err_set(e, ERR_NOMEM, "%zu labels", max);
	s->max = max;
	for (size_t i = 0; i < BUCKETS; i++)
		s->buckets[i] = NONE;
	for (size_t i = 0; i < max; i++)
		s->slots[i].next = i + 1 < max ? (uint32_t)(i + 1) : NONE;
	*ret = s;
	return 0;
}

void labelset_free_p(struct labelset **s)
{
	free(*s);
	*s = NULL;
}

int labelset_add(struct labelset *s, const struct label_key *key, struct err *e)
{
	uint32_t *head = &s->buckets[bucket_of(key->cgroup)], at;
	struct slot *slot;

	for (at = *head; at != NONE; at = s->slots[at].next)
		if (equal(&s->slots[at].key, key))
			return 0;
	if (s->free == NONE)
		return err_set(e, ERR_FULL, "all %zu labels are in use", s->max);
	at = s->free;
	slot = &s->slots[at];
	s->free = slot->next;
	slot->key = *key;
	slot->used = true;
	slot->next = *head;
	*head = at;
	s->count++;
	return 0;
}

void labelset_remove(struct labelset *s, const struct label_key *key)
{
	uint32_t *link = &s->buckets[bucket_of(key->cgroup)], at;
	struct slot *slot;

	while (*link != NONE && !equal(&s->slots[*link].key, key))
		link = &s->slots[*link].next;
	at = *link;
	if (at == NONE)
		return;
	slot = &s->slots[at];
	*link = slot->next;
	memset(slot, 0, sizeof(*slot));
	slot->next = s->free;
	s->free = at;
	s->count--;
}

bool labelset_find(const struct labelset *s, uint64_t cgroup, struct label_key *ret)
{
	for (uint32_t at = s->buckets[bucket_of(cgroup)]; at != NONE; at = s->slots[at].next) {
		if (s->slots[at].key.cgroup == cgroup) {
			*ret = s->slots[at].key;
			return true;
		}
	}
	return false;
}

size_t labelset_count(const struct labelset *s)
{
	return s->count;
}

bool labelset_at(const struct labelset *s, size_t slot, struct label_key *ret)
{
	if (slot >= s->max || !s->slots[slot].used)
		return false;
	*ret = s->slots[slot].key;
	return true;
}

size_t labelset_max(const struct labelset *s)
{
	return s->max;
}
