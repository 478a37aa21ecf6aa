/* SPDX-License-Identifier: Apache-2.0 */
/* leftovers.c - what an earlier launcher did not come to: the compiler's output is given back to
 * the supervisor; jails in which a task sleeps where no signal reaches it are taken over. Their
 * guard stands, and killed they are: they are watched like one's own that are STUCK, and go when
 * the kernel lets go of them. */
#include "sandbox/leftovers.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "sandbox/host.h"

/* The number in "i4711", which is its slot too; 0: no name of ours. */
static uint64_t read_id(const char *group)
{
	char again[GROUP_NAME_MAX], *end;
	uint64_t id;

	errno = 0;
	id = group[0] == 'i' ? strtoull(group + 1, &end, 10) : 0;
	(void)snprintf(again, sizeof(again), "i%" PRIu64, id);
	return errno == 0 && strcmp(again, group) == 0 ? id : 0;
}

static int adopt(struct launcher *l, const char *names[3], int *group_fd, struct err *e)
{
	uint64_t id = read_id(names[2]);
	struct instance *i = &l->instances[id % INSTANCES_MAX];
	int events;

	if (!id || i->state != INSTANCE_FREE)
		return err_set(e, ERR_STATE, "the cgroup %.60s/%.60s/%.20s is none of ours",
			       names[0], names[1], names[2]);
	events = cgroup_open_events(*group_fd, e);
	if (events < 0)
		return -1;
	memset(i, 0, sizeof(*i));
	jail_init(&i->jail);
	i->launcher = l;
	i->id = id;
	i->out_fd = i->pidfd = -1;
	i->events_fd = events;
	i->jail.cgroup_fd = take_fd(*group_fd);
	if (cgroup_id(i->jail.cgroup_fd, &i->jail.cgroup, e) < 0 ||
	    !copy_str(i->tenant, sizeof(i->tenant), names[0]) ||
	    !copy_str(i->plugin, sizeof(i->plugin), names[1]) ||
	    !copy_str(i->group, sizeof(i->group), names[2]))
		return -1;
	i->usage.cgroup = i->jail.cgroup;
	i->kill_asked = true;
	i->reaped = true; /* by somebody else: it was no child of ours */
	i->state = INSTANCE_STUCK;
	if (id % INSTANCES_MAX >= l->instances_used)
		l->instances_used = (uint32_t)(id % INSTANCES_MAX) + 1;
	if (id / INSTANCES_MAX > l->next_serial) /* no second group gets its name */
		l->next_serial = id / INSTANCES_MAX;
	return 0;
}

/* SLICE/TENANT/PLUGIN/INSTANCE; names holds those above depth. */
static int look_below(struct launcher *l, int fd, const char *names[3], int depth, struct err *e)
{
	CLEANUP(closedir_p) DIR *d = fs_opendir(fd, ".", e);
	struct dirent *de;
	int r;

	if (!d)
		return -1;
	while ((r = fs_next(d, &de, e)) > 0) {
		CLEANUP_FD int child = -1;

		if (de->d_type != DT_DIR)
			continue;
		child = openat(fd, de->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child < 0)
			return err_sys(e, "open cgroup %s", de->d_name);
		names[depth] = de->d_name;
		if ((depth == 2 ? adopt(l, names, &child, e)
				: look_below(l, child, names, depth + 1, e)) < 0)
			return -1;
	}
	return r;
}

int leftovers_give_back(struct launcher *l, struct err *e)
{
	CLEANUP_FD int staging =
		fd_open_beneath(l->dirs.supervisor_fd, "staging", O_RDONLY | O_DIRECTORY, 0);
	CLEANUP(closedir_p) DIR *d = staging < 0 ? NULL : fs_opendir(staging, ".", e);
	char path[sizeof(((struct dirent *)0)->d_name) + sizeof("/out")];
	struct dirent *de;
	int r;

	if (staging < 0)
		return err_sys(e, "open staging");
	if (!d)
		return -1;
	while ((r = fs_next(d, &de, e)) > 0) {
		CLEANUP_FD int out = -1;

		(void)snprintf(path, sizeof(path), "%s/out", de->d_name);
		out = fd_open_beneath(staging, path, O_RDONLY | O_DIRECTORY, 0);
		if (out >= 0 && state_give_tree(out, l->ids.supervisor, l->ids.supervisor, e) < 0)
			return err_wrap(e, "staging/%.60s", path);
	}
	return r;
}

int leftovers_adopt(struct launcher *l, struct err *e)
{
	const char *names[3] = { 0 };

	return look_below(l, l->tree.plugins_fd, names, 0, e);
}

const struct instance *leftovers_find(const struct launcher *l, const char *tenant,
				      const char *plugin)
{
	for (uint32_t n = 0; n < l->instances_used; n++) {
		const struct instance *i = &l->instances[n];

		if (i->state == INSTANCE_STUCK && !strcmp(i->tenant, tenant) &&
		    !strcmp(i->plugin, plugin))
			return i;
	}
	return NULL;
}
