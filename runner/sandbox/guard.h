/* SPDX-License-Identifier: Apache-2.0 */
/* guard.h - the rules of jails in the kernel: loads bpf/guard.bpf.c, pins it, fills its maps.
 * Owns: the pins below PIN_DIR/guard, the maps policies and labels.
 * Must not know: why a label is set, plugins, tenants, JSON. */
#ifndef KENNEL_SANDBOX_GUARD_H
#define KENNEL_SANDBOX_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "bpf/abi.h"

#define GUARD_INSTANCE_DEPTH 3u /* an instance is SLICE/TENANT/PLUGIN/INSTANCE */

struct guard;

struct guard_config {
	const char *pin_dir;   /* absolute, on bpffs; its last component is made, 0700 */
	uint32_t slice_level;  /* depth of the slice below the v2 root: 1 for /sys/fs/cgroup/x */
	uint64_t slice_cgroup; /* kernfs id of the slice: st_ino of its folder */
	uint32_t policies_max; /* 0: a default from INSTANCES_MAX; these three count at first load
				  only */
	uint32_t labels_max;   /* 0: a default */
	uint32_t ring_bytes;   /* 0: a default; else a power of two, whole pages */
};

/* Can this kernel enforce at all? ERR_NO_BPF_LSM says what to change. Needs no privilege. */
int guard_available(struct err *e);

/* Opens what is pinned when it is ours, complete and for the same slice. Otherwise loads, attaches,
 * pins, and only then lets an older generation go: there is no moment without a guard. Maps with
 * another ABI, or a pinned guard for another slice that still exists, are ERR_STATE. Takes about a
 * second. */
int guard_open(const struct guard_config *c, struct guard **ret, struct err *e);
/* Closes descriptors; what is pinned goes on enforcing. */
void guard_close_p(struct guard **g);
/* Removes the pins: enforcement ends when the last descriptor is closed. Nothing there is success.
 */
int guard_unload(const char *pin_dir, struct err *e);

/* Shows that it works and does not only load: a child in SLICE/guard-probe, which has no policy,
 * must be refused an open. ERR_NO_BPF_LSM when it was not. slice_fd is a descriptor of the slice's
 * folder. */
int guard_probe(struct guard *g, int slice_fd, struct err *e);

/* Makes the entry, or moves it from PHASE_SETUP to PHASE_ENFORCE; every other change is ERR_STATE.
 * Counters are kept. flags (enum guard_flag) count when the entry is made. A full map is ERR_FULL.
 */
int guard_policy_set(struct guard *g, uint64_t cgroup, enum guard_phase phase, uint32_t flags,
		     struct err *e);
/* Entry and labels of the cgroup; call it after rmdir. What is not there is success. */
int guard_policy_remove(struct guard *g, uint64_t cgroup, struct err *e);
/* ERR_NOT_FOUND without an entry. */
int guard_policy_get(struct guard *g, uint64_t cgroup, struct guard_policy *ret, struct err *e);
int guard_refused(struct guard *g, uint64_t cgroup, uint64_t *ret, struct err *e);

/* rights: enum guard_right bits, 0 is a label too (the canary). A label that exists is replaced.
 * The caller holds a descriptor of the inode as long as the label stands, so that its number is not
 * used again. */
int guard_label_set(struct guard *g, uint64_t cgroup, uint32_t dev, uint64_t ino,
		    const struct label *l, struct err *e);
/* The same for an open descriptor (O_PATH too): the kernel itself says device and inode, which
 * stat(2) does not do on btrfs. Prefer it. */
int guard_label_fd(struct guard *g, uint64_t cgroup, int fd, const struct label *l, struct err *e);
int guard_identify(struct guard *g, int fd, uint32_t *ret_dev, uint64_t *ret_ino, struct err *e);
/* All labels of the cgroup, in time proportional to their number. */
int guard_labels_remove(struct guard *g, uint64_t cgroup, struct err *e);
/* Gives every label of the cgroup as it stands in the kernel; reads the whole map. */
typedef void (*guard_label_fn)(void *arg, const struct label_key *key, const struct label *l);
int guard_labels_read(struct guard *g, uint64_t cgroup, guard_label_fn fn, void *arg,
		      struct err *e);
/* st_dev as the kernel's s_dev. */
uint32_t guard_dev(dev_t dev);

/* Refusals described: watch the descriptor for EPOLLIN, then poll. At most GUARD_POLL_MAX are given
 * to fn in one call, so that a flood cannot hold the caller; returns their number. */
#define GUARD_POLL_MAX 256
typedef void (*guard_refusal_fn)(void *arg, const struct refusal *r);
int guard_events_fd(const struct guard *g);
int guard_poll(struct guard *g, guard_refusal_fn fn, void *arg, struct err *e);
/* Refusals that were counted but not described: the ring was full, or the plugin had too many. */
uint64_t guard_events_lost(struct guard *g);
/* Refusals of tasks in the slice that have no policy: a start that failed half way, or an attack.
 */
uint64_t guard_no_policy(struct guard *g);

/* Deletes policies and labels of cgroups that are gone; after a start of the daemon. is_alive NULL:
 * the kernel is asked by id. Returns how many policies went. */
typedef bool (*guard_alive_fn)(void *arg, uint64_t cgroup);
int guard_reconcile(struct guard *g, guard_alive_fn is_alive, void *arg, struct err *e);
/* Does a cgroup with this id exist in the v2 hierarchy? */
bool guard_cgroup_exists(uint64_t cgroup);

struct guard_counts {
	uint64_t policies;
	uint64_t labels;
};
int guard_count(struct guard *g, struct guard_counts *ret, struct err *e);

/* For people; "unknown" outside the table. */
const char *guard_hook_name(uint32_t hook);

#endif
