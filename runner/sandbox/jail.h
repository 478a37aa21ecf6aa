/* SPDX-License-Identifier: Apache-2.0 */
/* jail.h - everything one start needs, resolved: descriptors and numbers, no name from outside.
 * Owns: its shape.  Must not know: requests, tenants, bundles. */
#ifndef KENNEL_SANDBOX_JAIL_H
#define KENNEL_SANDBOX_JAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/confine.h"
#include "base/limits.h"
#include "sandbox/fds.h"
#include "sandbox/rlimits.h"

#define JAIL_MOUNTS_MAX \
	16u /* root, exec, plugin, data, tmp, dev, vault and its FILE_RULES_MAX rules */
#define JAIL_LABELS_MAX (JAIL_MOUNTS_MAX + FILE_RULES_MAX)
#define JAIL_TARGET_MAX (VAULT_PATH_MAX + 8u)
#define JAIL_PROGRAM_MAX (BUNDLE_PATH_MAX + sizeof("/plugin/"))
#define JAIL_CANARY "/canary"
#define JAIL_INIT "/init"
#define JAIL_PROC "proc"

/* Rows stand in the order of attaching; row 0 is the root. */
struct jail_mount {
	int fd; /* detached at first, attached by the child; held while the jail lives */
	char target[JAIL_TARGET_MAX]; /* below the root, no leading slash; "" for the root */
	uint32_t rights;	      /* the most that any label in it gives */
};

/* A folder and what may be done below it, for the guard. Landlock is the coarser layer and goes by
 * whole mounts, so that the guard sees, counts and tells what is refused; without a guard it goes
 * by labels. */
struct jail_label {
	int fd;
	bool owned;	 /* not a mount's or an image's descriptor */
	uint32_t rights; /* enum guard_right bits */
	uint32_t rule;	 /* number that a refusal carries */
};

struct jail {
	uid_t uid;     /* and gid; inside and outside alike */
	int cgroup_fd; /* -1: no cgroup v2 here, and that is accepted */
	uint64_t cgroup;
	size_t mount_count;
	struct jail_mount mounts[JAIL_MOUNTS_MAX];
	size_t label_count;
	struct jail_label labels[JAIL_LABELS_MAX];
	int fds[JAIL_FDS];	 /* borrowed */
	const char *const *argv; /* fixed words, or own_argv */
	const char *own_argv[6];
	char program[JAIL_PROGRAM_MAX]; /* where own_argv says so */
	struct rlimits rlimits;
	enum seccomp_profile profile;
	bool jit;
	bool guarded;  /* the guard is there: exec is refused until ENFORCE, the canary must be
			  refused */
	bool landlock; /* false only with that degradation accepted */
};

/* An empty jail, every descriptor -1. */
void jail_init(struct jail *j);
/* Closes what it holds. */
void jail_close(struct jail *j);
/* Takes fd, also on failure. */
int jail_add_mount(struct jail *j, int fd, const char *target, uint32_t rights, struct err *e);
int jail_add_label(struct jail *j, struct jail_label l, struct err *e);

#endif
