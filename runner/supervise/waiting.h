/* SPDX-License-Identifier: Apache-2.0 */
/* waiting.h - an upgrade that asks for more, or is too young: what it asks beyond, since when, and
 * what becomes of it.
 * Owns: when an upgrade must wait.  Must not know: how it was verified. */
#ifndef KENNEL_SUPERVISE_WAITING_H
#define KENNEL_SUPERVISE_WAITING_H

#include <stdbool.h>

#include "base/err.h"
#include "policy/policy.h"
#include "supervise/registry.h"
#include "supervise/store.h"

struct supervisor;

/* What now asks, old did not, and nobody granted; granted may be NULL. */
permission_set waiting_more(const struct manifest *now, const struct manifest *old,
			    const struct grant *granted, bool *ret_jit);
/* "useAI, network, jit" */
void waiting_print(permission_set more, bool jit, char *buf, size_t cap);

struct waiting {
	struct install_info info;
	struct manifest manifest;
	permission_set more;
	bool more_jit;
	int64_t from_s; /* from when on minReleaseAge lets it in; 0: it asks for no age */
};
/* ERR_NOT_FOUND when nothing of it waits. */
int waiting_read(struct supervisor *s, const struct registry_entry *g, struct waiting *ret,
		 struct err *e);
/* Its place is given up; the bundle goes. On record already. */
int waiting_drop(struct supervisor *s, struct registry_entry *g, struct err *e);

#endif
