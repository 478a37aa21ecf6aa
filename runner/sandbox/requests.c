/* SPDX-License-Identifier: Apache-2.0 */
/* requests.c - the supervisor's requests: checked, permitted, done, answered; and what it is told
 * unasked. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "sandbox/host.h"
#include "sandbox/leftovers.h"

enum {
	RECORDS_PER_WAKE = 16, /* then the loop looks at the others */
	NS_PER_MS = 1000000,
	STOP_MS = 10000, /* all instances have this long to be gone */
};

/* The supervisor must read; one that does not for the socket's send timeout is treated as gone. */
static void send_out(struct launcher *l, const struct record_fds *fds, int flags)
{
	struct err e = { 0 };

	if (l->request_sock < 0)
		return;
	l->out.abi = REQUEST_ABI;
	if (record_send(l->request_sock, &l->out, sizeof(l->out), fds, flags, &e) == 0 || flags)
		return;
	if (l->state == LAUNCHER_SERVING) {
		l->options.note(LOG_ERROR, "the supervisor takes no answers", &e);
		launcher_stop(l, 125);
	}
}

static struct launch_msg *new_out(struct launcher *l, uint32_t kind, uint64_t serial)
{
	memset(&l->out, 0, sizeof(l->out));
	l->out.kind = kind;
	l->out.serial = serial;
	return &l->out;
}

static void answer_error(struct launcher *l, const struct launch_msg *m, const struct err *e)
{
	struct launch_msg *out = new_out(l, m->kind, m->serial);

	out->result = -1;
	out->u.error = *e;
	send_out(l, NULL, 0);
}

/* ---- one function a request; each answers itself on success ---- */

struct request {
	const struct launch_msg *msg;
	struct record_fds *fds;
	struct instance *instance; /* of requests that name one */
};

static int do_loader(struct launcher *l, const struct request *r, struct err *e)
{
	struct record_fds back = { .count = 1 };

	if (roles_start_loader(l, &r->msg->u.loader, r->fds, &back.fd[0], e) < 0)
		return -1;
	(void)new_out(l, r->msg->kind, r->msg->serial);
	send_out(l, &back, 0);
	record_fds_close(&back);
	return 0;
}

static int do_broker(struct launcher *l, const struct request *r, struct err *e)
{
	const char *tenant = r->msg->u.broker.tenant;
	struct record_fds back = { .count = 1 };
	struct launch_msg *out;

	if (!str_ends_inside(tenant, NAME_MAX_BYTES))
		return err_set(e, ERR_CEILING, "no such tenant");
	if (roles_start_broker(l, tenant, &back.fd[0], e) < 0)
		return -1;
	out = new_out(l, r->msg->kind, r->msg->serial);
	out->u.broker = r->msg->u.broker;
	send_out(l, &back, 0);
	record_fds_close(&back);
	return 0;
}

static int do_fetch(struct launcher *l, const struct request *r, struct err *e)
{
	const char *tenant = r->msg->u.broker.tenant;
	struct record_fds back = { .count = 1 };

	if (!str_ends_inside(tenant, NAME_MAX_BYTES))
		return err_set(e, ERR_CEILING, "no such tenant");
	if (roles_start_fetch(l, tenant, &back.fd[0], e) < 0)
		return -1;
	new_out(l, r->msg->kind, r->msg->serial)->u.broker = r->msg->u.broker;
	send_out(l, &back, 0);
	record_fds_close(&back);
	return 0;
}

/* A second one beside it would write to the same data. The supervisor hears of its end. */
static void answer_stuck(struct launcher *l, const struct request *r, const struct instance *i)
{
	new_out(l, r->msg->kind, r->msg->serial)->u.started =
		(struct launch_started){ .id = i->id, .cgroup = i->jail.cgroup, .stuck = 1 };
	send_out(l, NULL, 0);
}

static int do_start(struct launcher *l, const struct request *r, struct err *e)
{
	int64_t began_ns = clock_mono_ns();
	const struct tenant_ceiling *tenant;
	const struct instance *stuck;
	struct launch_msg *out;
	struct instance *i;

	if (launcher_check_start(&l->ceiling, &r->msg->u.start, &tenant, e) < 0)
		return -1;
	stuck = tenant ? leftovers_find(l, tenant->name, r->msg->u.start.plugin) : NULL;
	if (stuck) {
		answer_stuck(l, r, stuck);
		return 0;
	}
	if (instance_start(l, &r->msg->u.start, tenant, r->fds, &i, e) < 0)
		return -1;
	out = new_out(l, r->msg->kind, r->msg->serial);
	out->u.started = (struct launch_started){
		.id = i->id,
		.cgroup = i->jail.cgroup,
		.start_us = (uint32_t)((clock_mono_ns() - began_ns) / 1000),
	};
	send_out(l, NULL, 0);
	return 0;
}

static void answer_instance(struct launcher *l, const struct request *r)
{
	new_out(l, r->msg->kind, r->msg->serial)->u.instance = r->msg->u.instance;
	send_out(l, NULL, 0);
}

static int do_kill(struct launcher *l, const struct request *r, struct err *e)
{
	if (instance_kill(r->instance, e) < 0)
		return -1;
	answer_instance(l, r);
	return 0;
}

static int set_frozen(struct launcher *l, const struct request *r, bool frozen, struct err *e)
{
	struct instance *i = r->instance;

	if (i->jail.cgroup_fd < 0)
		return err_set(e, ERR_NO_CGROUP, "an instance without a cgroup cannot be frozen");
	if (cgroup_freeze(i->jail.cgroup_fd, frozen, e) < 0)
		return -1;
	i->state = frozen ? INSTANCE_FROZEN : INSTANCE_RUNNING;
	answer_instance(l, r);
	return 0;
}

static int do_freeze(struct launcher *l, const struct request *r, struct err *e)
{
	return set_frozen(l, r, true, e);
}

static int do_thaw(struct launcher *l, const struct request *r, struct err *e)
{
	return set_frozen(l, r, false, e);
}

static int do_budget(struct launcher *l, const struct request *r, struct err *e)
{
	const struct tenant_ceiling *t = ceiling_find_tenant(&l->ceiling, r->instance->tenant);
	uint64_t ns = r->msg->u.budget.budget_ms * NS_PER_MS;

	if (launcher_check_budget(t, r->msg->u.budget.budget_ms, e) < 0)
		return -1;
	/* Without a meter nobody counts; that was accepted. */
	if (l->meter && meter_set_budget(l->meter, r->instance->jail.cgroup, ns, e) < 0)
		return -1;
	r->instance->budget_ns = ns;
	answer_instance(l, r);
	return 0;
}

static void send_part(struct launcher *l, uint64_t serial, const struct launch_posture *part)
{
	new_out(l, LAUNCH_INSPECT, serial)->u.posture = *part;
	send_out(l, NULL, 0);
}

static void send_posture(struct launcher *l, uint64_t serial, const struct posture *p)
{
	static struct launch_posture part; /* the launcher has one thread */

	part = (struct launch_posture){ .part = POSTURE_MOUNT, .more = 1 };
	for (uint32_t i = 0; i < p->mounts; i++) {
		part.u.mount = p->mount[i];
		send_part(l, serial, &part);
	}
	part = (struct launch_posture){ .part = POSTURE_LABEL, .more = 1 };
	for (uint32_t i = 0; i < p->labels; i++) {
		part.u.label = p->label[i];
		send_part(l, serial, &part);
	}
	part = (struct launch_posture){ .part = POSTURE_PROCESS, .more = 1 };
	for (uint32_t i = 0; i < p->processes; i++) {
		part.u.process = p->process[i];
		send_part(l, serial, &part);
	}
	part = (struct launch_posture){ .part = POSTURE_HEAD, .u.head = p->head };
	send_part(l, serial, &part);
}

static int do_inspect(struct launcher *l, const struct request *r, struct err *e)
{
	static struct posture p;

	if (inspect_instance(l, r->instance, &p, e) < 0)
		return -1;
	send_posture(l, r->msg->serial, &p);
	return 0;
}

static int do_selftest(struct launcher *l, const struct request *r, struct err *e)
{
	struct selftest_report report;

	if (selftest_run(l, &report, e) < 0)
		return -1;
	new_out(l, r->msg->kind, r->msg->serial)->u.selftest = report;
	send_out(l, NULL, 0);
	return 0;
}

static void answer_usage(struct launcher *l, uint64_t serial, const struct instance *i, bool more)
{
	struct launch_msg *out = new_out(l, LAUNCH_USAGE, serial);

	out->u.usage.more = more;
	if (i) {
		out->u.usage.id = i->id;
		out->u.usage.usage = i->usage;
	}
	send_out(l, NULL, 0);
}

static int usage_of_one(struct launcher *l, const struct launch_msg *m, struct err *e)
{
	struct instance *i = instance_find(l, m->u.instance.id);

	if (!i || !instance_permits(i->state, LAUNCH_USAGE))
		return err_set(e, ERR_NOT_FOUND, "no such instance");
	if (l->meter && meter_read(l->meter, i->jail.cgroup, &i->usage, e) < 0)
		return -1;
	answer_usage(l, m->serial, i, false);
	return 0;
}

static int do_usage(struct launcher *l, const struct request *r, struct err *e)
{
	const struct instance *last = NULL;

	if (r->msg->u.instance.id)
		return usage_of_one(l, r->msg, e);
	instances_read_usage(l);
	for (uint32_t n = 0; n < l->instances_used; n++) {
		const struct instance *i = &l->instances[n];

		if (i->state == INSTANCE_FREE)
			continue;
		if (last)
			answer_usage(l, r->msg->serial, last, true);
		last = i;
	}
	answer_usage(l, r->msg->serial, last, false);
	return 0;
}

static int do_shutdown(struct launcher *l, const struct request *r, struct err *e)
{
	(void)e;
	(void)new_out(l, r->msg->kind, r->msg->serial);
	send_out(l, NULL, 0);
	launcher_stop(l, 0);
	return 0;
}

static int (*const handlers[LAUNCH_KIND_COUNT])(struct launcher *l, const struct request *r,
						struct err *e) = {
	[LAUNCH_LOADER] = do_loader,   [LAUNCH_BROKER] = do_broker,	[LAUNCH_START] = do_start,
	[LAUNCH_KILL] = do_kill,       [LAUNCH_FREEZE] = do_freeze,	[LAUNCH_THAW] = do_thaw,
	[LAUNCH_USAGE] = do_usage,     [LAUNCH_SHUTDOWN] = do_shutdown, [LAUNCH_BUDGET] = do_budget,
	[LAUNCH_INSPECT] = do_inspect, [LAUNCH_SELFTEST] = do_selftest, [LAUNCH_FETCH] = do_fetch,
};

/* The one way to a handler: the launcher's state, then the instance's, then the request itself. */
static int dispatch(struct launcher *l, struct request *r, struct err *e)
{
	uint32_t kind = r->msg->kind;

	if (!launcher_permits(l->state, kind))
		return err_set(e, ERR_STATE, "the launcher is stopping");
	if (request_names_instance(kind)) {
		r->instance = instance_find(l, r->msg->u.instance.id);
		if (!r->instance)
			return err_set(e, ERR_NOT_FOUND, "no such instance");
		if (!instance_permits(r->instance->state, kind))
			return err_set(e, ERR_STATE, "not in this state of the instance");
	}
	return handlers[kind](l, r, e);
}

static void supervisor_failed(struct launcher *l, const char *msg, const struct err *e)
{
	l->options.note(LOG_ERROR, msg, e);
	loop_remove(&l->request_source);
	fd_close_p(&l->request_sock);
	launcher_stop(l, 125);
}

void requests_on_record(void *launcher, uint32_t events)
{
	static struct launch_msg m; /* the launcher has one thread */
	struct launcher *l = launcher;

	(void)events;
	for (int n = 0; n < RECORDS_PER_WAKE && l->request_sock >= 0; n++) {
		struct record_fds fds = { 0 };
		struct request r = { .msg = &m, .fds = &fds };
		struct err e = { 0 };
		long len = record_recv(l->request_sock, &m, sizeof(m), &fds, MSG_DONTWAIT, &e);

		if (len == RECORD_AGAIN)
			return;
		if (len == 0)
			(void)err_set(&e, ERR_IO, "its socket is closed");
		if (len <= 0 || request_check(&m, (size_t)len, fds.count, &e) < 0) {
			record_fds_close(&fds);
			supervisor_failed(
				l,
				len == 0 ? "the supervisor is gone; ending all plugins"
					 : "the supervisor broke the protocol; ending all plugins",
				&e);
			return;
		}
		if (dispatch(l, &r, &e) < 0)
			answer_error(l, &m, &e);
		record_fds_close(&fds);
	}
}

/* ---- notices ---- */

void notice_ended(struct launcher *l, const struct instance *i, enum end_cause cause,
		  uint32_t status)
{
	struct launch_msg *out = new_out(l, LAUNCH_NOTICE_ENDED, 0);

	out->u.ended = (struct launch_ended){
		.id = i->id, .cause = cause, .status = status, .usage = i->usage
	};
	send_out(l, NULL, 0);
}

void notice_broker_gone(struct launcher *l, uint32_t tenant)
{
	struct launch_msg *out = new_out(l, LAUNCH_NOTICE_BROKER_GONE, 0);

	(void)copy_str(out->u.broker.tenant, sizeof(out->u.broker.tenant),
		       l->ceiling.tenants[tenant].name);
	send_out(l, NULL, 0);
}

/* What lies below a mount, by its inode and generation (open_by_handle_at(2); the form of ext4 and
 * xfs, FILEID_INO32_GEN of include/linux/exportfs.h). -1 when it is gone, or of another kind. */
static int open_inode(int mount_fd, const struct refusal *r)
{
	struct {
		struct file_handle head;
		uint32_t ino, generation;
	} h = { .head = { .handle_bytes = 8, .handle_type = 1 },
		.ino = (uint32_t)r->ino,
		.generation = r->generation };
	CLEANUP_FD int dir = openat(mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (r->ino > UINT32_MAX || dir < 0 || fstat(dir, &st) < 0 || guard_dev(st.st_dev) != r->dev)
		return -1;
	return open_by_handle_at(dir, &h.head, O_PATH | O_CLOEXEC);
}

/* The nearest labelled folder, by the rule's number: that of its row among the mounts, from 1.
 * Behind it the file's own name, where the kernel still knows it: the mount is attached in the
 * jail, so the path of a descriptor below it is the one that the plugin sees. */
static void name_place(const struct launcher *l, const struct instance *i,
		       struct launch_refusal *ret)
{
	const struct refusal *r = &ret->refusal;
	char name[32], path[sizeof(ret->path)];
	CLEANUP_FD int fd = -1;
	ssize_t n;

	if (r->rule == 0 || r->rule > i->jail.mount_count)
		return;
	(void)snprintf(ret->path, sizeof(ret->path), "/%.250s", i->jail.mounts[r->rule - 1].target);
	ret->place_len = (uint32_t)strlen(ret->path);
	fd = open_inode(i->jail.mounts[r->rule - 1].fd, r);
	if (fd < 0)
		return;
	(void)snprintf(name, sizeof(name), "self/fd/%d", fd);
	n = readlinkat(l->proc_fd, name, path, sizeof(path));
	if (n <= (ssize_t)ret->place_len || n >= (ssize_t)sizeof(path) ||
	    memcmp(path, ret->path, ret->place_len) != 0)
		return;
	memcpy(ret->path, path, (size_t)n);
	ret->path[n] = '\0';
}

static void on_refusal(void *arg, const struct refusal *r)
{
	struct launcher *l = arg;
	const struct instance *i = instance_of_cgroup(l, r->cgroup);
	struct launch_msg *out = new_out(l, LAUNCH_NOTICE_REFUSAL, 0);

	if (!i)
		return;
	out->u.refusal.id = i->id;
	out->u.refusal.refusal = *r;
	name_place(l, i, &out->u.refusal);
	send_out(l, NULL, MSG_DONTWAIT); /* may be lost; the counter is not */
}

void requests_on_refusals(void *launcher, uint32_t events)
{
	struct launcher *l = launcher;
	struct err e = { 0 };

	(void)events;
	if (guard_poll(l->guard, on_refusal, l, &e) < 0)
		l->options.note(LOG_WARN, "refusals cannot be read", &e);
}

static void on_budget(void *arg, const struct budget_event *b)
{
	struct launcher *l = arg;
	const struct instance *i = instance_of_cgroup(l, b->cgroup);

	if (!i)
		return;
	/* In the record a budget stands as the reading at which it ends. */
	new_out(l, LAUNCH_NOTICE_BUDGET, 0)->u.budget = (struct launch_budget){
		.id = i->id,
		.budget_ms = i->budget_ns / NS_PER_MS,
		.used_ms = (b->cpu_ns + i->budget_ns - b->cpu_budget_ns) / NS_PER_MS,
	};
	send_out(l, NULL, 0);
}

void requests_on_budgets(void *launcher, uint32_t events)
{
	struct launcher *l = launcher;
	struct err e = { 0 };

	(void)events;
	if (meter_poll(l->meter, on_budget, l, &e) < 0)
		l->options.note(LOG_WARN, "spent budgets cannot be read", &e);
}

void launcher_stop(struct launcher *l, int status)
{
	if (status > l->exit_status)
		l->exit_status = status;
	if (l->state == LAUNCHER_STOPPING)
		return;
	l->state = LAUNCHER_STOPPING;
	l->stop_until_ms = clock_mono_ms() + STOP_MS;
	instances_kill_all(l);
	(void)loop_arm(l->tick, 1, NULL);
}
