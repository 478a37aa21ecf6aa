/* SPDX-License-Identifier: Apache-2.0 */
/* inspect.c - what an instance is at this moment, as the kernel says it: proc(5) through the
 * descriptor of the launcher's own proc, cgroup files through held descriptors, the guard's maps.
 * Nothing inside the jail is opened, and no path of it is resolved. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "policy/posture.h"
#include "sandbox/host.h"
#include "sandbox/iolimit.h"
#include "sandbox/procread.h"
#include "sandbox/storage.h"

enum {
	TEXT_BYTES =
		65536, /* of the files read here, mountinfo of a jail is the largest: some KiB */
	FREEZE_MS = 1000,
	DECIMAL = 10,
	PROC_ROOT_INODE = 1,
};

struct looking {
	struct launcher *launcher;
	const struct instance *instance;
	struct posture *p;
	uint32_t proc_dev; /* of the jail's own proc, as the guard knows devices */
};

/* The launcher has one thread. */
static char text[TEXT_BYTES];

static int read_text(int dir, const char *name, struct err *e)
{
	CLEANUP_FD int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return err_sys(e, "open %s", name);
	n = fd_read_full(fd, text, sizeof(text));
	if (n < 0)
		return err_sys(e, "read %s", name);
	if (n == (ssize_t)sizeof(text))
		return err_set(e, ERR_LIMIT, "%s is longer than %d bytes", name, (int)TEXT_BYTES);
	text[n] = '\0';
	return 0;
}

/* ---- one process ---- */

static int read_namespaces(int pid_dir, uint64_t ret[NS_COUNT], struct err *e)
{
	for (int i = 0; i < NS_COUNT; i++) {
		char name[32];
		struct stat st;

		(void)snprintf(name, sizeof(name), "ns/%s", posture_ns_name((enum posture_ns)i));
		if (fstatat(pid_dir, name, &st, 0) < 0)
			return err_sys(e, "%s", name);
		ret[i] = st.st_ino;
	}
	return 0;
}

static int read_maps(int pid_dir, struct posture_process *ret, struct err *e)
{
	if (read_text(pid_dir, "uid_map", e) < 0 || procread_map(text, &ret->uid_map, e) < 0 ||
	    read_text(pid_dir, "gid_map", e) < 0 || procread_map(text, &ret->gid_map, e) < 0 ||
	    read_text(pid_dir, "setgroups", e) < 0)
		return -1;
	ret->setgroups_denied = !strcmp(text, "deny\n");
	return 0;
}

static int read_rlimits(pid_t pid, struct posture_process *ret, struct err *e)
{
	static const __rlimit_resource_t which[POSTURE_RLIMITS] = {
		[POSTURE_CORE] = RLIMIT_CORE,	      [POSTURE_MEMLOCK] = RLIMIT_MEMLOCK,
		[POSTURE_MSGQUEUE] = RLIMIT_MSGQUEUE, [POSTURE_RTPRIO] = RLIMIT_RTPRIO,
		[POSTURE_NICE] = RLIMIT_NICE,	      [POSTURE_SIGPENDING] = RLIMIT_SIGPENDING,
		[POSTURE_STACK] = RLIMIT_STACK,	      [POSTURE_NOFILE] = RLIMIT_NOFILE,
		[POSTURE_FSIZE] = RLIMIT_FSIZE,	      [POSTURE_NPROC] = RLIMIT_NPROC,
	};

	for (int i = 0; i < POSTURE_RLIMITS; i++) {
		struct rlimit now;

		if (prlimit(pid, which[i], NULL, &now) < 0)
			return err_sys(e, "rlimit %s", posture_rlimit_name((enum posture_rlimit)i));
		ret->soft[i] = now.rlim_cur; /* RLIM_INFINITY is POSTURE_UNLIMITED */
		ret->hard[i] = now.rlim_max;
	}
	return 0;
}

static enum posture_fd_kind kind_of(const struct stat *st)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		return FD_FILE;
	case S_IFDIR:
		return FD_FOLDER;
	case S_IFCHR:
	case S_IFBLK:
		return FD_DEVICE;
	case S_IFIFO:
		return FD_PIPE;
	case S_IFSOCK:
		return FD_SOCKET;
	default:
		return FD_OTHER;
	}
}

static int read_fd(int pid_dir, const char *number, struct posture_fd *ret, struct err *e)
{
	char name[48];
	struct stat st;

	(void)snprintf(name, sizeof(name), "fd/%.16s", number);
	if (fstatat(pid_dir, name, &st, 0) < 0) /* what it refers to; nothing is opened */
		return err_sys(e, "%s", name);
	*ret = (struct posture_fd){ .fd = (uint32_t)strtoul(number, NULL, DECIMAL),
				    .kind = kind_of(&st),
				    .major = major(st.st_rdev),
				    .minor = minor(st.st_rdev) };
	(void)snprintf(name, sizeof(name), "fdinfo/%.16s", number);
	if (read_text(pid_dir, name, e) < 0)
		return -1;
	return procread_mount_id(text, &ret->mount, e);
}

static int read_fds(int pid_dir, struct posture_process *ret, struct err *e)
{
	CLEANUP(closedir_p) DIR *d = NULL;
	int fd = openat(pid_dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		fd_close_p(&fd);
		return err_sys(e, "open fd");
	}
	for (struct dirent *de; (de = readdir(d));) {
		if (de->d_name[0] == '.')
			continue;
		if (ret->fd_count < POSTURE_FDS_MAX &&
		    read_fd(pid_dir, de->d_name, &ret->fds[ret->fd_count], e) < 0)
			return -1;
		ret->fd_count++;
	}
	return 0;
}

/* The launcher may look into every jail, for it made their user namespaces. What it may not look
 * into is not one of them: what is left unread then says so. */
static bool is_closed(const struct err *e)
{
	return e->code == ERR_SYS && (e->sys == EACCES || e->sys == EPERM);
}

static int read_process(int proc_fd, pid_t pid, struct posture_process *ret, struct err *e)
{
	CLEANUP_FD int dir = -1;
	char name[16];

	(void)snprintf(name, sizeof(name), "%d", (int)pid);
	dir = openat(proc_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "open /proc/%s", name);
	memset(ret, 0, sizeof(*ret));
	ret->pid = (uint32_t)pid;
	if (read_text(dir, "status", e) < 0 || procread_status(text, ret, e) < 0)
		return err_wrap(e, "/proc/%s", name);
	if (read_namespaces(dir, ret->ns, e) < 0 || read_maps(dir, ret, e) < 0 ||
	    read_rlimits(pid, ret, e) < 0 || read_fds(dir, ret, e) < 0)
		return is_closed(e) ? 0 : err_wrap(e, "/proc/%s", name);
	return 0;
}

/* ---- all processes ---- */

static bool is_gone(const struct err *e)
{
	return e->code == ERR_SYS && (e->sys == ENOENT || e->sys == ESRCH);
}

static int list_pids(const struct instance *i, pid_t ret[POSTURE_PROCESSES_MAX],
		     uint32_t *ret_count, struct err *e)
{
	uint32_t n = 0;

	if (i->jail.cgroup_fd < 0) { /* nobody lists its processes: the first is known */
		ret[0] = i->pid;
		*ret_count = 1;
		return 0;
	}
	if (read_text(i->jail.cgroup_fd, "cgroup.procs", e) < 0)
		return -1;
	for (const char *at = text; *at;) {
		char *end;
		long pid = strtol(at, &end, DECIMAL);

		if (end == at || *end != '\n' || pid <= 0)
			return err_set(e, ERR_FORMAT, "cgroup.procs");
		if (n < POSTURE_PROCESSES_MAX)
			ret[n] = (pid_t)pid;
		n++;
		at = end + 1;
	}
	*ret_count = n;
	return 0;
}

static int read_processes(struct looking *k, struct err *e)
{
	pid_t pids[POSTURE_PROCESSES_MAX];
	struct posture *p = k->p;
	uint32_t n;

	if (list_pids(k->instance, pids, &n, e) < 0)
		return -1;
	p->head.process_count = n;
	for (uint32_t i = 0; i < n && i < POSTURE_PROCESSES_MAX; i++) {
		struct err why = { 0 };

		if (read_process(k->launcher->proc_fd, pids[i], &p->process[p->processes], &why) ==
		    0) {
			p->processes++;
		} else if (is_gone(&why) && !p->head.frozen) {
			p->head.process_count--; /* it has ended by itself */
		} else {
			if (e)
				*e = why;
			return -1;
		}
	}
	return 0;
}

/* ---- mounts ---- */

static int read_mounts(struct looking *k, struct err *e)
{
	char name[32];
	char *rest = text;

	(void)snprintf(name, sizeof(name), "%d/mountinfo", (int)k->instance->pid);
	if (read_text(k->launcher->proc_fd, name, e) < 0)
		return -1;
	for (char *line; (line = strsep(&rest, "\n")) && *line;) {
		struct posture_mount *m = &k->p->mount[k->p->mounts];

		if (k->p->mounts == POSTURE_MOUNTS_MAX)
			return err_set(e, ERR_POSTURE, "more than %u mounts in the jail",
				       POSTURE_MOUNTS_MAX);
		if (procread_mount(line, m, e) < 0)
			return -1;
		if (!strcmp(m->type, "proc"))
			k->proc_dev = guard_dev(makedev(m->major, m->minor));
		k->p->mounts++;
	}
	return 0;
}

/* ---- the guard ---- */

/* Which of the instance's labels is on this inode? */
static const struct jail_label *find_label(struct looking *k, const struct label_key *key)
{
	const struct jail *j = &k->instance->jail;

	for (size_t i = 0; i < j->label_count; i++) {
		uint32_t dev;
		uint64_t ino;

		if (guard_identify(k->launcher->guard, j->labels[i].fd, &dev, &ino, NULL) == 0 &&
		    dev == key->dev && ino == key->ino)
			return &j->labels[i];
	}
	return NULL;
}

static enum posture_label_place place_of(const struct looking *k, const struct jail_label *l)
{
	if (l->fd == k->launcher->images[k->instance->image].canary_fd)
		return LABEL_CANARY;
	return l->owned ? LABEL_BELOW : LABEL_ROOT;
}

static void take_label(void *arg, const struct label_key *key, const struct label *label)
{
	struct looking *k = arg;
	const struct jail_label *l;
	struct posture_label *to;

	if (k->p->labels == POSTURE_LABELS_MAX)
		return;
	to = &k->p->label[k->p->labels++];
	to->rights = label->rights;
	if (key->ino == PROC_ROOT_INODE && key->dev == k->proc_dev) {
		to->place = LABEL_ROOT;
		(void)snprintf(to->target, sizeof(to->target), "/" JAIL_PROC);
		return;
	}
	l = find_label(k, key);
	if (!l || l->rule == 0 || l->rule > k->instance->jail.mount_count)
		return; /* LABEL_UNKNOWN */
	to->place = place_of(k, l);
	(void)snprintf(to->target, sizeof(to->target), "/%.510s",
		       k->instance->jail.mounts[l->rule - 1].target);
}

static int read_guard(struct looking *k, struct err *e)
{
	struct posture_head *h = &k->p->head;
	struct guard_policy policy;
	int r;

	if (!k->launcher->guard)
		return 0;
	r = guard_policy_get(k->launcher->guard, h->cgroup, &policy, e);
	if (r < 0)
		return e->code == ERR_NOT_FOUND ? 0 : -1; /* the comparison says so */
	h->has_guard = 1;
	h->guard_phase = policy.phase;
	h->guard_flags = policy.flags;
	h->refused = policy.refused;
	return guard_labels_read(k->launcher->guard, h->cgroup, take_label, k, e);
}

/* ---- groups, storage ---- */

static int read_limit(int dir, const char *name, uint64_t *ret, struct err *e)
{
	return read_text(dir, name, e) < 0 ? -1 : procread_number(text, ret, e);
}

static int read_group(int dir, struct posture_group *ret, struct err *e)
{
	struct err none = { 0 };

	if (read_limit(dir, "memory.max", &ret->memory_max, e) < 0 ||
	    read_limit(dir, "memory.oom.group", &ret->oom_group, e) < 0 ||
	    read_limit(dir, "pids.max", &ret->tasks_max, e) < 0 ||
	    read_text(dir, "cpu.max", e) < 0 ||
	    procread_cpu_max(text, &ret->cpu_quota_us, &ret->cpu_period_us, e) < 0)
		return -1;
	if (read_limit(dir, "memory.swap.max", &ret->swap_max, &none) < 0 && !is_gone(&none)) {
		if (e)
			*e = none;
		return -1; /* missing: no swap is counted, and then there is none to take */
	}
	return 0;
}

static int read_groups(struct looking *k, struct err *e)
{
	const struct instance *i = k->instance;
	CLEANUP_FD int plugin = -1;
	char path[2 * NAME_MAX_BYTES];

	if (i->jail.cgroup_fd < 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/%s", i->tenant, i->plugin);
	plugin = fd_open_beneath(k->launcher->tree.plugins_fd, path, O_RDONLY | O_DIRECTORY, 0);
	if (plugin < 0)
		return err_sys(e, "open cgroup %s", path);
	if (iolimit_read(i, plugin, &k->p->head, e) < 0)
		return -1;
	if (!cgroup_has_all(&k->launcher->tree))
		return 0;
	k->p->head.has_cgroup = 1;
	if (read_group(i->jail.cgroup_fd, &k->p->head.instance, e) < 0)
		return -1;
	return read_group(plugin, &k->p->head.plugin, e);
}

static int read_storage(struct looking *k, struct err *e)
{
	const struct instance *i = k->instance;
	CLEANUP_FD int fd = -1;
	bool data = false;

	for (size_t n = 0; n < i->jail.mount_count; n++)
		data |= !strcmp(i->jail.mounts[n].target, "data");
	if (!data || launcher_lacks(k->launcher, ACCEPT_NO_STORAGE_QUOTA))
		return 0;
	fd = state_open_data(&k->launcher->dirs, i->tenant, i->plugin, i->jail.uid, e);
	if (fd < 0)
		return -1;
	if (storage_limit(fd, i->jail.uid, &k->p->head.data_max_bytes, e) == 0)
		return 0;
	return e->code == ERR_NO_STORAGE_QUOTA ? 0 : -1; /* none: the comparison says so */
}

/* ---- all ---- */

static int read_host(struct looking *k, struct err *e)
{
	CLEANUP_FD int self =
		openat(k->launcher->proc_fd, "self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (self < 0)
		return err_sys(e, "open /proc/self");
	return read_namespaces(self, k->p->head.host_ns, e);
}

static int read_all(struct looking *k, struct err *e)
{
	if (read_host(k, e) < 0 || read_groups(k, e) < 0 || read_storage(k, e) < 0 ||
	    read_mounts(k, e) < 0 || read_guard(k, e) < 0)
		return -1;
	return read_processes(k, e);
}

/* What is frozen already stays so, also when a person did that by hand: it is not ours to wake. */
static int hold_still(const struct instance *i, bool *ret_ours, bool *ret_frozen, struct err *e)
{
	int fd = i->jail.cgroup_fd;
	int held;

	*ret_ours = false;
	*ret_frozen = i->state == INSTANCE_FROZEN;
	if (i->state != INSTANCE_RUNNING || fd < 0)
		return 0;
	held = cgroup_is_held(fd, e);
	if (held < 0)
		return -1;
	if (!held && cgroup_freeze(fd, true, NULL) < 0)
		return 0; /* it is read while it runs, and the answer says so */
	*ret_ours = !held;
	*ret_frozen = cgroup_wait_frozen(fd, FREEZE_MS, NULL) == 0;
	return 0;
}

int inspect_instance(struct launcher *l, struct instance *i, struct posture *ret, struct err *e)
{
	struct looking k = { .launcher = l, .instance = i, .p = ret };
	struct err why = { 0 };
	bool ours, frozen;
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->head.cgroup = i->jail.cgroup;
	ret->head.uid = i->jail.uid;
	ret->head.has_landlock = i->jail.landlock;
	if (hold_still(i, &ours, &frozen, e) < 0)
		return err_wrap(e, "inspect");
	ret->head.frozen = frozen;
	r = read_all(&k, &why);
	if (ours && cgroup_freeze(i->jail.cgroup_fd, false, r < 0 ? NULL : &why) < 0)
		r = -1;
	if (r < 0 && e)
		*e = why;
	return r < 0 ? err_wrap(e, "inspect") : 0;
}
