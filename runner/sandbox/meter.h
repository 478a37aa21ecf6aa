/* SPDX-License-Identifier: Apache-2.0 */
/* meter.h - what each instance used, counted in the kernel: loads bpf/meter.bpf.c and reads it.
 * Owns: the pins below PIN_DIR/meter, the map usages.
 * Must not know: limits, billing, plugins. */
#ifndef KENNEL_SANDBOX_METER_H
#define KENNEL_SANDBOX_METER_H

#include <stdint.h>

#include "base/err.h"
#include "bpf/abi.h"

struct meter;

struct meter_config {
	const char *pin_dir; /* as the guard's; open the guard first, its counters are then part of
				a usage */
	uint32_t slice_level;
	uint64_t slice_cgroup;
	int slice_fd;	     /* folder of the slice, open during the call */
	uint32_t usages_max; /* 0: a default */
};

/* As guard_open. Needs BTF and cgroup v2, not the BPF LSM. */
int meter_open(const struct meter_config *c, struct meter **ret, struct err *e);
void meter_close_p(struct meter **m);
int meter_unload(const char *pin_dir, struct err *e);

/* Before the first task joins the cgroup. budget_ns of CPU time from now on, 0: none. ERR_FULL,
 * ERR_EXISTS. */
int meter_add(struct meter *m, uint64_t cgroup, uint64_t budget_ns, struct err *e);
/* What is not there is success. */
int meter_remove(struct meter *m, uint64_t cgroup, struct err *e);
/* A new budget, counted from what is used now; clears budget_spent. ERR_NOT_FOUND. */
int meter_set_budget(struct meter *m, uint64_t cgroup, uint64_t budget_ns, struct err *e);

/* One instance, exactly: read it when the cgroup is empty and before rmdir, it is the final truth
 * then. When the cgroup is gone already, memory fields are as last read. ERR_NOT_FOUND without an
 * entry. */
int meter_read(struct meter *m, uint64_t cgroup, struct usage *ret, struct err *e);
/* All of them, in one pass of the kernel's cgroup iterator over the slice. */
typedef void (*meter_usage_fn)(void *arg, const struct usage *u);
int meter_read_all(struct meter *m, meter_usage_fn fn, void *arg, struct err *e);

/* Budgets spent: watch for EPOLLIN, then poll; returns the number given to fn. budget_spent in a
 * usage says the same, should the ring be full. */
typedef void (*meter_budget_fn)(void *arg, const struct budget_event *b);
int meter_events_fd(const struct meter *m);
int meter_poll(struct meter *m, meter_budget_fn fn, void *arg, struct err *e);

/* Deletes entries of cgroups that are gone, returns how many. */
int meter_reconcile(struct meter *m, struct err *e);
int meter_count(struct meter *m, uint64_t *ret, struct err *e);

#endif
