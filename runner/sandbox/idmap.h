/* SPDX-License-Identifier: Apache-2.0 */
/* idmap.h - user namespaces with exactly one id mapped, and those that idmapped mounts need.
 * Owns: uid_map, gid_map, setgroups, a small cache.  Must not know: which id is whose. */
#ifndef KENNEL_SANDBOX_IDMAP_H
#define KENNEL_SANDBOX_IDMAP_H

#include <sys/types.h>

#include "base/err.h"

/* One user id and one group id; `inside` is what stands on disk, or in the namespace. */
struct idmap {
	uid_t inside_uid;
	gid_t inside_gid;
	uid_t outside_uid;
	gid_t outside_gid;
};

/* Writes "deny" and the two one-line maps of the process pid, through the caller's procfs. */
int idmap_write(int proc_fd, pid_t pid, const struct idmap *m, struct err *e);

/* A user namespace that maps m, as a descriptor for mount_setattr(2). Borrowed: it stays the
 * cache's. Waits for a helper process the first time. */
int idmap_namespace(int proc_fd, const struct idmap *m, struct err *e);
void idmap_forget_all(void);

#endif
