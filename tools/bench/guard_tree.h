/* SPDX-License-Identifier: Apache-2.0 */
/* guard_tree.h - a folder for a label, with a file at each depth below it, and a cgroup where an
 * instance's would be. Owns: their names.  Must not know: what is measured. */
#ifndef KENNEL_BENCH_GUARD_TREE_H
#define KENNEL_BENCH_GUARD_TREE_H

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

#define GUARD_TREE_SLICE "kennel-bench-guard"
#define GUARD_TREE_INSTANCE GUARD_TREE_SLICE "/t/p/i"

enum { GUARD_TREE_DEEPEST = 10, GUARD_TREE_PATH = 512 };

/* TOP/d/d/f: its label is so many steps up. */
static inline void guard_tree_path(const char *top, unsigned int depth, char *ret)
{
	int n = snprintf(ret, GUARD_TREE_PATH, "%s", top);

	for (unsigned int i = 1; i < depth; i++)
		n += snprintf(ret + n, GUARD_TREE_PATH - (size_t)n, "/d");
	(void)snprintf(ret + n, GUARD_TREE_PATH - (size_t)n, "/f");
}

static inline int guard_tree_make(const char *top, struct err *e)
{
	char path[GUARD_TREE_PATH];

	for (unsigned int depth = 1; depth <= GUARD_TREE_DEEPEST; depth++) {
		int fd;

		guard_tree_path(top, depth, path);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0 || write(fd, "x", 1) != 1)
			return err_sys(e, "make %s", path);
		(void)close(fd);
		path[strlen(path) - 1] = 'd';
		if (mkdir(path, 0755) < 0)
			return err_sys(e, "make %s", path);
	}
	return 0;
}

/* Makes the groups from the slice to the instance; whichever are there, stay. */
static inline int guard_tree_groups(const char *root, struct err *e)
{
	char path[GUARD_TREE_PATH];
	int n = snprintf(path, sizeof(path), "%s/" GUARD_TREE_INSTANCE, root);

	for (int i = (int)strlen(root) + 1; i <= n; i++)
		if (path[i] == '/' || !path[i]) {
			char was = path[i];

			path[i] = '\0';
			(void)mkdir(path, 0755);
			path[i] = was;
		}
	return access(path, F_OK) < 0 ? err_sys(e, "make the cgroup %s", path) : 0;
}

static inline void guard_tree_remove_groups(const char *root)
{
	char path[GUARD_TREE_PATH];

	(void)snprintf(path, sizeof(path), "%s/" GUARD_TREE_INSTANCE, root);
	for (int i = 0; i < 4; i++) {
		(void)rmdir(path);
		*strrchr(path, '/') = '\0';
	}
}

static inline int guard_tree_id(const char *path, uint64_t *ret, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(e, "%s", path);
	*ret = st.st_ino;
	return 0;
}

#endif
