/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.h - start one of our own programs with exactly the descriptors it is given.
 * Owns: fork, descriptor placement, exec.  Must not know: namespaces, privileges of plugins. */
#ifndef KENNEL_BASE_SPAWN_H
#define KENNEL_BASE_SPAWN_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

#define SPAWN_FDS_MAX 16u

struct spawn {
	const char *path;		/* absolute, or a descriptor in path_fd */
	int path_fd;			/* -1: use path; else fexecve(3) by execveat(2) */
	char *const *argv;
	char *const *envp;		/* NULL: an empty environment */
	int fds[SPAWN_FDS_MAX]; /* fds[i] becomes descriptor i of the child; -1: /dev/null for 0-2,
				   closed above */
	size_t fds_count;		/* every descriptor from here on is closed */
	uid_t uid; /* (uid_t)-1: unchanged; else uid, gid and no supplementary groups */
	gid_t gid;
	gid_t extra_gid;		/* (gid_t)-1: none */
	int parent_death_signal;	/* 0: none */
	int cgroup_fd;			/* -1: stay; else clone3(CLONE_INTO_CGROUP) */
};

/* ret_pidfd is close-on-exec. An exec that fails is reported here (through a close-on-exec pipe),
 * not by an exit status. */
int spawn_program(const struct spawn *s, pid_t *ret_pid, int *ret_pidfd, struct err *e);

#endif
