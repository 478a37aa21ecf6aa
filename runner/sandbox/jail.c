/* SPDX-License-Identifier: Apache-2.0 */
/* jail.c - the record of one start. */
#include "sandbox/jail.h"

#include <string.h>

#include "base/bytes.h"
#include "base/fd.h"

void jail_init(struct jail *j)
{
	memset(j, 0, sizeof(*j));
	j->cgroup_fd = -1;
	for (size_t i = 0; i < JAIL_MOUNTS_MAX; i++)
		j->mounts[i].fd = -1;
	for (size_t i = 0; i < JAIL_LABELS_MAX; i++)
		j->labels[i].fd = -1;
	for (size_t i = 0; i < JAIL_FDS; i++)
		j->fds[i] = -1;
}

void jail_close(struct jail *j)
{
	for (size_t i = 0; i < j->label_count; i++)
		if (j->labels[i].owned)
			fd_close_p(&j->labels[i].fd);
	for (size_t i = 0; i < j->mount_count; i++)
		fd_close_p(&j->mounts[i].fd);
	fd_close_p(&j->cgroup_fd);
	jail_init(j);
}

int jail_add_mount(struct jail *j, int fd, const char *target, uint32_t rights, struct err *e)
{
	struct jail_mount *m = &j->mounts[j->mount_count];

	if (fd < 0)
		return -1;
	if (j->mount_count == JAIL_MOUNTS_MAX || !copy_str(m->target, sizeof(m->target), target)) {
		fd_close_p(&fd);
		return err_set(e, ERR_LIMIT, "mount %s: too many, or too long", target);
	}
	m->fd = fd;
	m->rights = rights;
	j->mount_count++;
	return 0;
}

int jail_add_label(struct jail *j, struct jail_label l, struct err *e)
{
	if (j->label_count == JAIL_LABELS_MAX) {
		if (l.owned)
			fd_close_p(&l.fd);
		return err_set(e, ERR_LIMIT, "more than %u labels", JAIL_LABELS_MAX);
	}
	j->labels[j->label_count++] = l;
	return 0;
}
