/* SPDX-License-Identifier: Apache-2.0 */
/* mounts.h - what stands in a jail: detached mounts made by the launcher, attached by the child.
 * Owns: mount attributes, tmpfs, proc, pivot_root.  Must not know: rights, policies, which folder
 * it is. The child resolves no path but names of our own image tree below its root. */
#ifndef KENNEL_SANDBOX_MOUNTS_H
#define KENNEL_SANDBOX_MOUNTS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum mount_flag {
	MOUNT_READ_ONLY = 1,
	MOUNT_NO_EXEC = 2,
	MOUNT_DEVICES = 4, /* device nodes work; nosuid is always set */
};

/* A clone of the one mount at dir_fd (not of mounts below it), seen through id map namespace
 * userns_fd
 * (-1: none). A file system that cannot is ERR_NO_IDMAP. Returns the detached mount. */
int mounts_clone(int dir_fd, unsigned int flags, int userns_fd, struct err *e);

struct tmpfs {
	uid_t uid; /* owner of its root folder */
	gid_t gid;
	unsigned int mode;
	uint64_t size_bytes;
	uint64_t inodes;
};
/* A detached tmpfs; mounts_seal gives it its attributes, once it holds what it should. */
int mounts_tmpfs(const struct tmpfs *t, struct err *e);
int mounts_seal(int mount_fd, unsigned int flags, struct err *e);
/* The host-made /dev: null zero full random urandom, attached at the path `at` in the launcher's
 * own mount namespace (a clone must come from there). Returns a descriptor of it. */
int mounts_devices(const char *at, struct err *e);
/* Folders path/with/parts below a tmpfs root, so that something can be mounted there. */
int mounts_make_points(int root_fd, const char *path, struct err *e);
/* The launcher's own, private mount namespace. */
int mounts_private(struct err *e);

/* ---- in the child, in its own namespaces ---- */
/* The tree becomes the working directory: it covers the folder that was. */
int mounts_enter_root(int mount_fd, struct err *e);
int mounts_attach(int mount_fd, const char *target, struct err *e);
enum mounts_proc_view {
	MOUNTS_PROC_OWN, /* only processes, only the reader's own */
	MOUNTS_PROC_WHOLE
};
/* Read-only. Returns the mount, attached at target. */
int mounts_proc(const char *target, enum mounts_proc_view view, struct err *e);
/* The working directory becomes /, and nothing of the old tree stays reachable. */
int mounts_pivot(struct err *e);

#endif
