/* SPDX-License-Identifier: Apache-2.0 */
/* labelset.h - which labels each cgroup has, so that they can be taken away together.
 * Owns: a fixed pool of keys, chained by cgroup.  Must not know: BPF maps, what a label allows. */
#ifndef KENNEL_SANDBOX_LABELSET_H
#define KENNEL_SANDBOX_LABELSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "bpf/abi.h"

struct labelset;

/* Allocates for max keys at once, and nothing later. */
int labelset_new(size_t max, struct labelset **ret, struct err *e);
void labelset_free_p(struct labelset **s);

/* A key that is there already is left; ERR_FULL. */
int labelset_add(struct labelset *s, const struct label_key *key, struct err *e);
void labelset_remove(struct labelset *s, const struct label_key *key);
/* Any label of the cgroup; false when it has none. */
bool labelset_find(const struct labelset *s, uint64_t cgroup, struct label_key *ret);
size_t labelset_count(const struct labelset *s);
/* Slot 0..max-1 for walks over everything; false when the slot is free. */
bool labelset_at(const struct labelset *s, size_t slot, struct label_key *ret);
size_t labelset_max(const struct labelset *s);

#endif
