/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.h - the tree ROOT/{daemon,images,plugins/TENANT/PLUGIN/INSTANCE} (cgroup v2).
 * Owns: its folders, limits, freezing, killing, removal.  Must not know: why a group ends, BPF.
 * Everything below an open folder is named by one component; no path comes from outside. */
#ifndef KENNEL_SANDBOX_CGROUP_H
#define KENNEL_SANDBOX_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "policy/policy.h"

struct cgroup_tree {
	int root_fd;
	int daemon_fd;
	int images_fd;
	int plugins_fd;
	uint32_t plugins_level; /* depth of plugins/ below the v2 root */
	uint64_t plugins_id;
	uint32_t controllers; /* CONTROLLER_ bits: which are enabled below plugins/ */
};

enum {
	CONTROLLER_MEMORY = 1,
	CONTROLLER_CPU = 2,
	CONTROLLER_PIDS = 4,
	CONTROLLER_ALL = 7, /* what "no-cgroup" is about */
	CONTROLLER_IO = 8,  /* what "no-io-limit" is about */
};

/* Makes what is missing and moves this process to daemon/, once. configured: below the v2 root, ""
 * is the own group. A controller that is not to be had is ERR_NO_CGROUP, unless without_ok: then
 * the others limit what they can, and *e says which is missing, and why. Descriptors are the
 * caller's (cgroup_tree_close). */
int cgroup_tree_open(const char *configured, bool without_ok, struct cgroup_tree *ret,
		     struct err *e);
void cgroup_tree_close(struct cgroup_tree *t);
bool cgroup_has_all(const struct cgroup_tree *t); /* of CONTROLLER_ALL */

/* Kernfs id of an open cgroup folder: the name of an instance in usage and refusals. */
int cgroup_id(int fd, uint64_t *ret_id, struct err *e);

/* Makes, or opens, the folder `name` below parent_fd; enables the controllers for its children when
 * they are there. limits NULL: none are set; disks are limited by disks.h. Returns the descriptor.
 */
int cgroup_open_group(const struct cgroup_tree *t, int parent_fd, const char *name,
		      const struct limits *limits, struct err *e);
/* A new leaf with limits; a leaf that exists is ERR_EXISTS. */
int cgroup_make_leaf(const struct cgroup_tree *t, int parent_fd, const char *name,
		     const struct limits *limits, struct err *e);

int cgroup_freeze(int fd, bool frozen, struct err *e);
/* 1: somebody, we or a person, has asked for this group to be frozen; 0: nobody has. */
int cgroup_is_held(int fd, struct err *e);
/* Kills everything below, frozen or not; returns at once. */
int cgroup_kill(int fd, struct err *e);
/* cgroup.events: poll for EPOLLPRI, then ask again. */
int cgroup_open_events(int fd, struct err *e);
/* 1 while a live task is inside, 0 when not. */
int cgroup_populated(int events_fd, struct err *e);
/* Blocks until nothing lives below fd, at most timeout_ms: ERR_TIMEOUT. */
int cgroup_wait_empty(int fd, int timeout_ms, struct err *e);
/* A task in the kernel may not stop in time: ERR_TIMEOUT, and it is still to be thawed. */
int cgroup_wait_frozen(int fd, int timeout_ms, struct err *e);
/* Was a task below killed by the memory controller? */
bool cgroup_had_oom(int fd);
/* rmdir; a group that is not there is success. */
int cgroup_remove(int parent_fd, const char *name, struct err *e);
/* Kills, waits for and removes every group below fd. Returns how many went; *ret_stuck: others are
 * still there, since the kernel does not let go of a task in them. */
int cgroup_sweep(int fd, bool *ret_stuck, struct err *e);

#endif
