/* SPDX-License-Identifier: Apache-2.0 */
/* instances.c - one jail's life: start in the order of DESIGN 6, end in the reverse, nothing left.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/fd.h"
#include "sandbox/host.h"
#include "sandbox/iolimit.h"
#include "sandbox/spawn.h"

enum {
	ENDING_MS = 5000, /* after cgroup.kill; a task in the kernel may need a while, then it is
			     STUCK */
	LET_GO_MS = 1000, /* then it is no limit of ours that it waits for */
	TICK_MS = 500,	  /* how often what is ENDING is looked at besides its own events */
	NS_PER_MS = 1000000,
	FAILED_END_MS = 1000, /* a start that failed waits this long for its cgroup */
};
#define SIGNAL_STATUS 128u /* kennel-init: 128 + n */

struct instance *instance_find(struct launcher *l, uint64_t id)
{
	struct instance *i = &l->instances[id % INSTANCES_MAX];

	return id && i->state != INSTANCE_FREE && i->id == id ? i : NULL;
}

struct instance *instance_of_cgroup(struct launcher *l, uint64_t cgroup)
{
	for (uint32_t n = 0; n < l->instances_used; n++)
		if (l->instances[n].state != INSTANCE_FREE && l->instances[n].jail.cgroup == cgroup)
			return &l->instances[n];
	return NULL;
}

/* ---- the end ---- */

static void note_leftover(struct launcher *l, const char *what, const struct err *e)
{
	l->options.note(LOG_WARN, what, e);
}

/* The groups above go too, when they are empty; an instance of the same plugin keeps them. */
static void remove_groups(struct instance *i)
{
	struct launcher *l = i->launcher;
	CLEANUP_FD int tenant = -1;
	CLEANUP_FD int plugin = -1;
	struct err e = { 0 };

	if (l->tree.plugins_fd < 0)
		return;
	tenant = fd_open_beneath(l->tree.plugins_fd, i->tenant, O_RDONLY | O_DIRECTORY, 0);
	if (tenant < 0) {
		if (errno != ENOENT)
			note_leftover(l, "a cgroup is left",
				      ((void)err_sys(&e, "open the group of %s", i->tenant), &e));
		return;
	}
	plugin = fd_open_beneath(tenant, i->plugin, O_RDONLY | O_DIRECTORY, 0);
	if (plugin < 0 && errno != ENOENT)
		note_leftover(l, "a cgroup is left",
			      ((void)err_sys(&e, "open the group of %s", i->plugin), &e));
	if (plugin >= 0 && cgroup_remove(plugin, i->group, &e) < 0)
		note_leftover(l, "a cgroup is left", &e);
	if (unlinkat(tenant, i->plugin, AT_REMOVEDIR) == 0 || errno == ENOENT)
		(void)unlinkat(l->tree.plugins_fd, i->tenant, AT_REMOVEDIR);
	else if (plugin >= 0)
		iolimit_set_again(i, plugin);
}

/* The group is empty; one without a policy may do nothing, so nothing gets freer on the way. */
static void forget_kernel_entries(struct instance *i)
{
	struct launcher *l = i->launcher;
	struct err e = { 0 };

	if (!i->jail.cgroup)
		return;
	if (l->guard && (guard_labels_remove(l->guard, i->jail.cgroup, &e) < 0 ||
			 guard_policy_remove(l->guard, i->jail.cgroup, &e) < 0))
		note_leftover(l, "an entry of the guard is left", &e);
	if (l->meter && meter_remove(l->meter, i->jail.cgroup, &e) < 0)
		note_leftover(l, "an entry of the meter is left", &e);
}

static void give_back_output(struct instance *i)
{
	struct launcher *l = i->launcher;
	struct err e = { 0 };

	if (i->out_fd >= 0 &&
	    state_give_tree(i->out_fd, l->ids.supervisor, l->ids.supervisor, &e) < 0)
		note_leftover(l, "the compiler's output stays with its user", &e);
	fd_close_p(&i->out_fd);
}

/* Everything of it but what its end is told with. The cgroup is empty. */
static void release(struct instance *i)
{
	loop_remove(&i->exit_source);
	loop_remove(&i->events_source);
	fd_close_p(&i->events_fd);
	fd_close_p(&i->pidfd);
	forget_kernel_entries(i);
	give_back_output(i);
	jail_close(&i->jail); /* before the groups are opened: there may be no other descriptor */
	remove_groups(i);
	i->state = INSTANCE_FREE;
}

static enum end_cause find_cause(const struct instance *i, bool oom, uint32_t *ret_status)
{
	uint32_t status = (uint32_t)i->status;

	*ret_status = status;
	if (i->kill_asked)
		return END_KILLED;
	if (oom)
		return END_OOM;
	if (i->code != CLD_EXITED)
		return END_SIGNAL;
	if (status > SIGNAL_STATUS && status - SIGNAL_STATUS < NSIG) {
		*ret_status = status - SIGNAL_STATUS; /* what process 1 says of its program */
		return END_SIGNAL;
	}
	return END_EXIT;
}

static void finish(struct instance *i)
{
	struct launcher *l = i->launcher;
	bool oom = i->jail.cgroup_fd >= 0 && cgroup_had_oom(i->jail.cgroup_fd);
	enum end_cause cause;
	uint32_t status;
	struct err e = { 0 };

	if (i->untold) {
		release(i);
		return;
	}
	/* Empty, and before rmdir: this is the final truth. */
	if (l->meter && meter_read(l->meter, i->jail.cgroup, &i->usage, &e) < 0)
		note_leftover(l, "the last usage cannot be read", &e);
	cause = find_cause(i, oom, &status);
	release(i);
	notice_ended(l, i, cause, status);
}

static void take_exit(struct instance *i)
{
	siginfo_t si = { 0 };

	if (i->reaped || waitid(P_PIDFD, (id_t)i->pidfd, &si, WEXITED | WNOHANG) < 0 ||
	    si.si_pid == 0)
		return;
	i->reaped = true;
	i->status = si.si_status;
	i->code = si.si_code;
	loop_remove(&i->exit_source);
}

/* Reaped and empty? Then it is over; else its events or the next tick bring us here again. */
static void try_finish(struct instance *i)
{
	struct launcher *l = i->launcher;
	struct err e = { 0 };
	bool populated;

	take_exit(i);
	/* Read in any case: until then its event stands, and the loop would come back at once, for
	 * ever, and put off the tick each time. */
	populated = i->events_fd >= 0 && cgroup_populated(i->events_fd, &e) > 0;
	if (!i->reaped || populated) {
		if (!i->let_go && clock_mono_ms() - i->ending_ms > LET_GO_MS)
			iolimit_let_go(i);
		if (i->state == INSTANCE_ENDING && clock_mono_ms() - i->ending_ms > ENDING_MS) {
			i->state = INSTANCE_STUCK;
			(void)err_set(&e, ERR_TIMEOUT, "instance %" PRIu64 " of %s", i->id,
				      i->plugin);
			l->options.note(LOG_ERROR, "killed, but the kernel has not let go of it",
					&e);
		}
		(void)loop_arm(l->tick, TICK_MS, NULL);
		return;
	}
	finish(i);
}

static void on_group_event(void *arg, uint32_t events)
{
	(void)events;
	try_finish(arg);
}

/* Kills what is left and begins to watch the group; not being able to kill is not believed. */
static void begin_end(struct instance *i)
{
	struct launcher *l = i->launcher;
	struct err e = { 0 };

	if (i->state == INSTANCE_ENDING || i->state == INSTANCE_STUCK)
		return;
	i->state = INSTANCE_ENDING;
	i->ending_ms = clock_mono_ms();
	if (i->jail.cgroup_fd < 0)
		return;
	if (cgroup_kill(i->jail.cgroup_fd, &e) < 0)
		l->options.note(LOG_ERROR, "a cgroup cannot be killed", &e);
	i->events_fd = cgroup_open_events(i->jail.cgroup_fd, &e);
	if (i->events_fd < 0 ||
	    loop_add_fd(l->loop, &(struct loop_watch){ i->events_fd, EPOLLPRI, on_group_event, i },
			&i->events_source, &e) < 0)
		l->options.note(LOG_WARN,
				"cgroup.events cannot be watched; looking at it now and then", &e);
}

static void on_exit_of_init(void *arg, uint32_t events)
{
	struct instance *i = arg;

	(void)events;
	take_exit(i);
	if (!i->reaped)
		return;
	begin_end(i);
	try_finish(i);
}

int instance_kill(struct instance *i, struct err *e)
{
	i->kill_asked = true;
	begin_end(i);
	/* Its process 1 takes the pid namespace with it, cgroup or not. */
	if (!i->reaped && syscall(SYS_pidfd_send_signal, i->pidfd, SIGKILL, NULL, 0) < 0 &&
	    errno != ESRCH)
		return err_sys(e, "kill instance %" PRIu64, i->id);
	(void)loop_arm(i->launcher->tick, TICK_MS, NULL);
	return 0;
}

void instances_kill_all(struct launcher *l)
{
	struct err e = { 0 };

	for (uint32_t n = 0; n < l->instances_used; n++)
		if (l->instances[n].state != INSTANCE_FREE &&
		    instance_kill(&l->instances[n], &e) < 0)
			l->options.note(LOG_ERROR, "an instance cannot be killed", &e);
}

size_t instances_tick(struct launcher *l)
{
	size_t left = 0;

	for (uint32_t n = 0; n < l->instances_used; n++) {
		struct instance *i = &l->instances[n];

		if (i->state == INSTANCE_ENDING || i->state == INSTANCE_STUCK)
			try_finish(i);
		left += i->state != INSTANCE_FREE;
	}
	return left;
}

static void store_usage(void *arg, const struct usage *u)
{
	struct instance *i = instance_of_cgroup(arg, u->cgroup);

	if (i)
		i->usage = *u;
}

void instances_read_usage(struct launcher *l)
{
	struct err e = { 0 };

	if (l->meter && meter_read_all(l->meter, store_usage, l, &e) < 0)
		l->options.note(LOG_WARN, "usage cannot be read", &e);
}

/* ---- the start ---- */

/* A user id is one installation: nobody else may run as it at the same time. */
static int check_uid_free(struct launcher *l, const struct launch_start *s, const char *tenant,
			  struct err *e)
{
	uid_t uid = l->ceiling.plugin_uid_base + s->uid_index;

	for (uint32_t n = 0; n < l->instances_used; n++) {
		const struct instance *i = &l->instances[n];

		if (i->state != INSTANCE_FREE && i->jail.uid == uid &&
		    (strcmp(i->plugin, s->plugin) != 0 || strcmp(i->tenant, tenant) != 0))
			return err_set(e, ERR_CEILING, "uid %u is %s's, which runs", uid,
				       i->plugin);
	}
	return 0;
}

static struct instance *take_slot(struct launcher *l)
{
	for (uint32_t n = 0; n < INSTANCES_MAX; n++) {
		struct instance *i = &l->instances[n];

		if (i->state != INSTANCE_FREE)
			continue;
		memset(i, 0, sizeof(*i));
		jail_init(&i->jail);
		i->launcher = l;
		i->out_fd = i->pidfd = i->events_fd = -1;
		i->id = ++l->next_serial * INSTANCES_MAX + n;
		if (n >= l->instances_used)
			l->instances_used = n + 1;
		return i;
	}
	return NULL;
}

static int open_groups(struct instance *i, const struct launch_start *s,
		       const struct tenant_ceiling *t, struct err *e)
{
	struct launcher *l = i->launcher;
	CLEANUP_FD int tenant = -1;
	CLEANUP_FD int plugin = -1;

	if (l->tree.plugins_fd < 0)
		return 0;
	tenant = cgroup_open_group(&l->tree, l->tree.plugins_fd, i->tenant, NULL, e);
	plugin = tenant < 0 ? -1 : cgroup_open_group(&l->tree, tenant, i->plugin, &s->limits, e);
	i->io_bytes = s->limits.io_bytes;
	if (plugin < 0 || iolimit_set(l, plugin, t, s->limits.io_bytes, e) < 0)
		return -1;
	i->jail.cgroup_fd = cgroup_make_leaf(&l->tree, plugin, i->group, &s->limits, e);
	if (i->jail.cgroup_fd < 0)
		return -1;
	return cgroup_id(i->jail.cgroup_fd, &i->jail.cgroup, e);
}

/* Usage entry and policy before the first task joins; from then on the slice refuses every exec. */
static int add_kernel_entries(struct instance *i, const struct launch_start *s, struct err *e)
{
	struct launcher *l = i->launcher;
	struct jail *j = &i->jail;

	i->budget_ns = s->cpu_budget_ms * NS_PER_MS;
	if (l->meter && meter_add(l->meter, j->cgroup, i->budget_ns, e) < 0)
		return -1;
	if (!l->guard)
		return 0;
	if (guard_policy_set(l->guard, j->cgroup, PHASE_SETUP, s->jit ? GUARD_JIT : 0, e) < 0)
		return -1;
	for (size_t n = 0; n < j->label_count; n++) {
		const struct label label = { .rights = j->labels[n].rights,
					     .rule = j->labels[n].rule };

		if (guard_label_fd(l->guard, j->cgroup, j->labels[n].fd, &label, e) < 0)
			return -1;
	}
	return 0;
}

static int spawn(struct instance *i, struct err *e)
{
	struct launcher *l = i->launcher;
	int r;

	r = seed_enter(&l->seed, e);
	if (r < 0)
		(void)err_wrap(e, "start namespaces");
	else
		r = jail_spawn(l->guard, l->proc_fd, &i->jail, &i->pid, &i->pidfd, e);
	if (seed_leave(&l->seed, r < 0 ? NULL : e) < 0 && r == 0)
		r = err_wrap(e, "start namespaces");
	return r;
}

static int build(struct instance *i, const struct launch_start *s, const struct tenant_ceiling *t,
		 struct err *e)
{
	struct launcher *l = i->launcher;

	if (open_groups(i, s, t, e) < 0)
		return err_wrap(e, "start cgroup");
	if (prepare_jail(l, i, s, t, e) < 0)
		return err_wrap(e, "start mounts");
	if (add_kernel_entries(i, s, e) < 0)
		return err_wrap(e, "start guard");
	if (spawn(i, e) < 0)
		return -1;
	if (loop_add_fd(l->loop, &(struct loop_watch){ i->pidfd, EPOLLIN, on_exit_of_init, i },
			&i->exit_source, e) < 0)
		return err_wrap(e, "start watch");
	return 0;
}

static void set_fds(struct instance *i, const struct record_fds *fds)
{
	bool wired = i->image != IMAGE_COMPILE;

	i->jail.fds[0] = i->launcher->null_fd;
	i->jail.fds[1] = fds->fd[wired ? 1 : 0];
	i->jail.fds[2] = fds->fd[wired ? 2 : 1];
	i->jail.fds[3] = wired ? fds->fd[0] : i->launcher->null_fd;
}

/* Pipes and sockets only: a folder or a device among them would be a way out. */
static int check_fds(const struct record_fds *fds, struct err *e)
{
	struct stat st;

	for (size_t n = 0; n < fds->count; n++) {
		if (fstat(fds->fd[n], &st) < 0)
			return err_sys(e, "start descriptors: fstat");
		if (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode))
			return err_set(e, ERR_CEILING,
				       "descriptor %zu for the jail is no pipe and no socket", n);
	}
	return 0;
}

/* The start failed: whatever of it lives ends here, and nothing of it stays. What the kernel does
 * not let go of in time keeps its slot and ends like any other, but nobody is told: the start was
 * refused. */
static void undo_start(struct instance *i)
{
	struct err e = { 0 };

	i->untold = true;
	if (i->pidfd < 0)
		i->reaped = true;
	else
		(void)syscall(SYS_pidfd_send_signal, i->pidfd, SIGKILL, NULL, 0);
	begin_end(i);
	if (!i->reaped)
		(void)poll(&(struct pollfd){ .fd = i->pidfd, .events = POLLIN }, 1, FAILED_END_MS);
	if (i->jail.cgroup_fd >= 0 && cgroup_wait_empty(i->jail.cgroup_fd, FAILED_END_MS, &e) < 0)
		note_leftover(i->launcher, "a start that failed leaves tasks", &e);
	try_finish(i);
}

struct start {
	const struct launch_start *s;
	const struct tenant_ceiling *t;
	const char *tenant; /* name of its group */
	bool selftest;
};

static int start(struct launcher *l, const struct start *w, const struct record_fds *fds,
		 struct instance **ret, struct err *e)
{
	const struct launch_start *s = w->s;
	struct instance *i;

	if (check_fds(fds, e) < 0 || check_uid_free(l, s, w->tenant, e) < 0)
		return -1;
	i = take_slot(l);
	if (!i)
		return err_set(e, ERR_FULL, "%u instances run already", INSTANCES_MAX);
	(void)copy_str(i->tenant, sizeof(i->tenant), w->tenant);
	(void)copy_str(i->plugin, sizeof(i->plugin), s->plugin);
	(void)snprintf(i->group, sizeof(i->group), "i%" PRIu64, i->id);
	i->image = s->image;
	i->selftest = w->selftest;
	set_fds(i, fds);
	if (build(i, s, w->t, e) < 0) {
		undo_start(i);
		return -1;
	}
	i->state = INSTANCE_RUNNING;
	i->usage.cgroup = i->jail.cgroup;
	*ret = i;
	return 0;
}

int instance_start(struct launcher *l, const struct launch_start *s, const struct tenant_ceiling *t,
		   const struct record_fds *fds, struct instance **ret, struct err *e)
{
	const struct start w = { s, t, t ? t->name : COMPILE_TENANT, false };

	return start(l, &w, fds, ret, e);
}

int instance_start_selftest(struct launcher *l, const struct launch_start *s,
			    const struct record_fds *fds, struct instance **ret, struct err *e)
{
	const struct start w = { s, NULL, SELFTEST_TENANT, true };

	return start(l, &w, fds, ret, e);
}

void instance_end_selftest(struct instance *i)
{
	undo_start(i);
}
