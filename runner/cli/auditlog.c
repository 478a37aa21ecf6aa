/* SPDX-License-Identifier: Apache-2.0 */
/* auditlog.c - the lines of an audit log, front to back. */
#include "cli/auditlog.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "cli/sibling.h"

static int walk_segment(int dir, const char *name, auditlog_fn fn, void *arg, struct err *e)
{
	CLEANUP(fclose_p) FILE *f = NULL;
	CLEANUP(free_p) char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	f = fd < 0 ? NULL : fdopen(fd, "r");
	if (!f) {
		fd_close_p(&fd);
		return err_sys(e, "open %s", name);
	}
	while ((n = getline(&line, &cap, f)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (fn(arg, line, e) < 0)
			return -1;
	}
	return ferror(f) ? err_sys(e, "read %s", name) : 0;
}

static int is_segment(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot && !strcmp(dot, ".jsonl");
}

int auditlog_walk(const char *state, const char *name, auditlog_fn fn, void *arg, struct err *e)
{
	CLEANUP(free_p) struct dirent **found = NULL;
	CLEANUP_FD int dir = -1;
	char path[HOST_PATH_MAX + NAME_MAX_BYTES];
	int n, r = 0;

	(void)snprintf(path, sizeof(path), "%s/audit/%s", state, name);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	n = dir < 0 ? -1 : scandirat(dir, ".", &found, is_segment, alphasort);
	if (n < 0)
		return err_sys(e, "read %s", path);
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = walk_segment(dir, found[i]->d_name, fn, arg, e);
		free(found[i]);
	}
	return r;
}

int auditlog_verify(const char *state, const char *tenant, bool json, int out, int *ret_status,
		    struct err *e)
{
	const char *argv[6] = { "kennel-audit", "verify" };
	CLEANUP_FD int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fds[] = { nowhere, out < 0 ? nowhere : out, out < 0 ? nowhere : STDERR_FILENO };
	char dir[HOST_PATH_MAX];
	struct sibling audit;
	size_t n = 2;

	if (nowhere < 0)
		return err_sys(e, "open /dev/null");
	(void)snprintf(dir, sizeof(dir), "%s/audit", state);
	argv[n++] = dir;
	if (tenant)
		argv[n++] = tenant;
	if (json)
		argv[n++] = "--json";
	(void)fflush(stdout);
	return sibling_start(argv, fds, sizeof(fds) / sizeof(fds[0]), &audit, e) < 0 ||
			       sibling_wait(&audit, ret_status, e) < 0
		       ? -1
		       : 0;
}
