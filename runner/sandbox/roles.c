/* SPDX-License-Identifier: Apache-2.0 */
/* roles.c - starts our own programs, each with its ids and exactly its descriptors, and ends them.
 * They die with the launcher (PR_SET_PDEATHSIG); jails do not, the kernel holds those. */
#include "sandbox/roles.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/confine.h"
#include "base/fd.h"
#include "base/spawn.h"
#include "policy/wire.h"
#include "proto/audit_link.h"
#include "proto/broker_link.h"
#include "proto/loader.h"
#include "sandbox/host.h"

enum {
	CONFIG_MS_MAX = 10000, /* for the loader to read one file of CONFIG_FILE_MAX bytes */
	ROLE_END_MS = 3000,    /* to finish what is on its way to disk */
};

struct role_start {
	enum role_kind kind;
	const char *const *argv; /* argv[0] is the program's name */
	uid_t uid;
	gid_t gid;
	gid_t extra_gid;
	const int *fds; /* from descriptor 4 on; 3 is its link to whoever asked for it */
	size_t fd_count;
	uint32_t tenant; /* ROLE_BROKER, ROLE_FETCH */
	bool stream;	 /* its link is a stream, not of records */
};

static struct role *find_role(struct launcher *l, enum role_kind kind)
{
	for (size_t i = 0; i < ROLES_MAX; i++)
		if (l->roles[i].kind == kind)
			return &l->roles[i];
	return NULL;
}

static void forget_role(struct role *r)
{
	loop_remove(&r->source);
	fd_close_p(&r->pidfd);
	r->kind = ROLE_NONE;
}

static const char *const role_names[] = {
	"", "kennel-audit", "kennel-supervisor", "kennel-broker", "kennel-loader", "kennel-fetch"
};

/* A role that must not end has ended: no plugin runs unsupervised or unrecorded. */
static void on_role_exit(void *arg, uint32_t events)
{
	struct role *r = arg;
	struct launcher *l = r->launcher;
	enum role_kind kind = r->kind;
	uint32_t tenant = r->tenant;
	int status = 0;
	struct err why;

	(void)events;
	if (waitpid(r->pid, &status, WNOHANG) != r->pid)
		return;
	forget_role(r);
	if (WIFSIGNALED(status))
		(void)err_set(&why, ERR_INTERNAL, "%s was ended by signal %d", role_names[kind],
			      WTERMSIG(status));
	else
		(void)err_set(&why, ERR_INTERNAL, "%s ended with status %d", role_names[kind],
			      WEXITSTATUS(status));
	if (kind == ROLE_LOADER)
		return; /* its own record said why; that is for the supervisor */
	if (kind == ROLE_FETCH) { /* its broker sees the end of their socket */
		if (status != 0)
			l->options.note(LOG_WARN, "a plugin's way to a model ended", &why);
		return;
	}
	if (kind == ROLE_BROKER) {
		l->options.note(l->state == LAUNCHER_STOPPING ? LOG_DEBUG : LOG_WARN,
				"a broker is gone", &why);
		notice_broker_gone(l, tenant);
		return;
	}
	if (l->state == LAUNCHER_SERVING) {
		l->options.note(LOG_ERROR, "a role that must not end has ended; ending all plugins",
				&why);
		launcher_stop(l, 125);
	}
}

static int watch_role(struct role *r, struct err *e)
{
	return loop_add_fd(r->launcher->loop,
			   &(struct loop_watch){ r->pidfd, EPOLLIN, on_role_exit, r }, &r->source,
			   e);
}

struct started {
	pid_t pid;
	int pidfd;
	int link; /* our end */
};

static int spawn_role(struct launcher *l, const struct role_start *s, struct started *ret,
		      struct err *e)
{
	/* Only the loader that reads the configuration runs before the launcher has refused to go
	 * on without what nobody accepted. */
	static const char *const without_landlock[] = { CONFINE_WITHOUT_LANDLOCK "=1", NULL };
	char path[HOST_PATH_MAX + NAME_MAX_BYTES];
	struct spawn sp = {
		.path = path,
		.path_fd = -1,
		.argv = (char *const *)(uintptr_t)s->argv,
		.envp = landlock_abi(NULL) < 0 ? (char *const *)(uintptr_t)without_landlock : NULL,
		.fds = { -1, -1, STDERR_FILENO },
		.fds_count = 4 + s->fd_count,
		.uid = s->uid,
		.gid = s->gid,
		.extra_gid = s->extra_gid,
		.parent_death_signal = SIGKILL,
		.cgroup_fd = -1, /* the launcher's own group, daemon/ */
	};
	int ends[2], r;

	(void)snprintf(path, sizeof(path), "%s/%s", l->bin_dir, s->argv[0]);
	if (sp.fds_count > SPAWN_FDS_MAX)
		return err_set(e, ERR_INTERNAL, "%zu descriptors", sp.fds_count);
	if (s->stream && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(e, "socketpair");
	if (!s->stream && record_pair(ends, e) < 0)
		return -1;
	sp.fds[3] = ends[1];
	memcpy(sp.fds + 4, s->fds, s->fd_count * sizeof(int));
	r = spawn_program(&sp, &ret->pid, &ret->pidfd, e);
	fd_close_p(&ends[1]);
	if (r < 0)
		fd_close_p(&ends[0]);
	ret->link = ends[0];
	return r;
}

/* A role that is kept: in the table, watched once the loop is there. */
static int start_role(struct launcher *l, const struct role_start *s, int *ret_link, struct err *e)
{
	struct role *r = find_role(l, ROLE_NONE);
	struct started p;

	if (!r)
		return err_set(e, ERR_FULL, "no room for another %s", s->argv[0]);
	if (spawn_role(l, s, &p, e) < 0)
		return -1;
	*r = (struct role){
		.launcher = l, .kind = s->kind, .tenant = s->tenant, .pid = p.pid, .pidfd = p.pidfd
	};
	if (l->loop && watch_role(r, e) < 0) {
		(void)syscall(SYS_pidfd_send_signal, r->pidfd, SIGKILL, NULL, 0);
		(void)waitpid(r->pid, NULL, 0);
		forget_role(r);
		fd_close_p(&p.link);
		return -1;
	}
	*ret_link = p.link;
	return 0;
}

int roles_watch(struct launcher *l, struct err *e)
{
	for (size_t i = 0; i < ROLES_MAX; i++)
		if (l->roles[i].kind != ROLE_NONE && watch_role(&l->roles[i], e) < 0)
			return -1;
	return 0;
}

/* ---- the ceiling, from a confined loader ---- */

/* The record first, its check second: the loader has read the operator's file, but it is still a
 * parser. */
static int receive_ceiling(int sock, struct ceiling *ret, struct err *e)
{
	static struct loader_msg m; /* 60 KB; the launcher has one thread */
	int64_t until = clock_mono_ms() + CONFIG_MS_MAX;
	bool have = false;

	for (;;) {
		struct pollfd p = { .fd = sock, .events = POLLIN };
		int64_t left = until - clock_mono_ms();
		long n;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return err_set(e, ERR_TIMEOUT, "the loader did not answer in %d ms",
				       CONFIG_MS_MAX);
		n = record_recv(sock, &m, sizeof(m), NULL, 0, e);
		if (n < 0)
			return -1;
		if (n < 8 || m.abi != LOADER_ABI || n != (long)loader_msg_size(m.kind))
			return err_set(e, ERR_PROTOCOL,
				       "the loader sent %ld bytes of no known record", n);
		if (m.kind == LOADER_REFUSED) {
			m.u.refused.text[sizeof(m.u.refused.text) - 1] = '\0';
			if (e)
				*e = m.u.refused;
			return -1;
		}
		if (m.kind == LOADER_CEILING) {
			*ret = m.u.ceiling;
			have = true;
		}
		if (m.kind == LOADER_DONE)
			return have ? 0 : err_set(e, ERR_PROTOCOL, "the loader sent no ceiling");
	}
}

static int open_config(const char *path, struct err *e)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open %s", path);
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & 022))
		return err_set(
			e, ERR_CONFIG,
			"%s must be a file of root that nobody else may write: chown root, chmod go-w",
			path);
	return take_fd(fd);
}

int roles_read_ceiling(struct launcher *l, struct err *e)
{
	static const char *const argv[] = { "kennel-loader", "config", NULL };
	CLEANUP_FD int config = open_config(l->options.config, e);
	const struct role_start s = {
		.kind = ROLE_LOADER,
		.argv = argv,
		.uid = l->ids.store,
		.gid = l->ids.store,
		.extra_gid = (gid_t)-1,
		.fds = &config,
		.fd_count = 1,
	};
	struct started p;
	int r;

	if (config < 0)
		return -1;
	r = spawn_role(l, &s, &p, e);
	if (r == 0) {
		r = receive_ceiling(p.link, &l->ceiling, e);
		(void)syscall(SYS_pidfd_send_signal, p.pidfd, SIGKILL, NULL, 0);
		(void)waitpid(p.pid, NULL, 0);
		fd_close_p(&p.pidfd);
		fd_close_p(&p.link);
	}
	if (r < 0 || ceiling_check(&l->ceiling, e) < 0)
		return err_wrap(e, "configuration %s", l->options.config);
	return 0;
}

/* ---- audit, supervisor ---- */

/* Gives kennel-audit one end of a new pair and returns the other, for a client. */
static int make_audit_client(struct launcher *l, bool any_tenant, const char *tenant, struct err *e)
{
	struct audit_client c = { .abi = AUDIT_ABI, .any_tenant = any_tenant };
	struct record_fds fds = { .count = 1 };
	int ends[2];
	int r;

	(void)snprintf(c.tenant, sizeof(c.tenant), "%s", tenant);
	if (record_pair(ends, e) < 0)
		return -1;
	fds.fd[0] = ends[1];
	r = record_send(l->audit_admin, &c, sizeof(c), &fds, MSG_DONTWAIT, e);
	fd_close_p(&ends[1]);
	if (r < 0) {
		fd_close_p(&ends[0]);
		return err_wrap(e, "tell kennel-audit of a client");
	}
	return ends[0];
}

int roles_start_audit(struct launcher *l, struct err *e)
{
	static const char *const argv[] = { "kennel-audit", NULL };
	const struct role_start s = {
		.kind = ROLE_AUDIT,
		.argv = argv,
		.uid = l->ids.audit,
		.gid = l->ids.audit,
		.extra_gid = (gid_t)-1,
		.fds = &l->dirs.audit_fd,
		.fd_count = 1,
	};

	return start_role(l, &s, &l->audit_admin, e);
}

int roles_start_supervisor(struct launcher *l, struct err *e)
{
	static const char *const argv[] = { "kennel-supervisor", NULL };
	CLEANUP_FD int audit = make_audit_client(l, true, "", e);
	const int fds[] = { audit, l->dirs.supervisor_fd, l->control_fd, l->ceiling_fd };
	const struct role_start s = {
		.kind = ROLE_SUPERVISOR,
		.argv = argv,
		.uid = l->ids.supervisor,
		.gid = l->ids.supervisor,
		.extra_gid = l->ids.store, /* it reads what the loader unpacked */
		.fds = fds,
		.fd_count = countof(fds),
	};

	return audit < 0 ? -1 : start_role(l, &s, &l->request_sock, e);
}

/* ---- on request ---- */

static bool role_runs(const struct launcher *l, enum role_kind kind, uint32_t tenant)
{
	for (size_t i = 0; i < ROLES_MAX; i++)
		if (l->roles[i].kind == kind && l->roles[i].tenant == tenant)
			return true;
	return false;
}

int roles_start_broker(struct launcher *l, const char *tenant, int *ret_link, struct err *e)
{
	const char *const argv[] = { "kennel-broker", "--tenant", tenant, NULL };
	const struct tenant_ceiling *t = ceiling_find_tenant(&l->ceiling, tenant);
	uint32_t index = t ? (uint32_t)(t - l->ceiling.tenants) : 0;
	CLEANUP_FD int state = -1;
	CLEANUP_FD int audit = -1;

	if (!t)
		return err_set(e, ERR_CEILING, "no such tenant");
	if (role_runs(l, ROLE_BROKER, index))
		return err_set(e, ERR_EXISTS, "the broker of %s runs already", t->name);
	state = state_open_broker(&l->dirs, t, e);
	audit = state < 0 ? -1 : make_audit_client(l, false, t->name, e);
	if (audit < 0)
		return -1;
	const int fds[] = { audit, l->vault_fds[index], state };
	const struct role_start s = {
		.kind = ROLE_BROKER,
		.argv = argv,
		.uid = t->uid,
		.gid = t->gid,
		.extra_gid = (gid_t)-1,
		.fds = fds,
		.fd_count = countof(fds),
		.tenant = index,
	};

	return start_role(l, &s, ret_link, e);
}

static int check_type(int fd, bool folder, const char *what, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "%s", what);
	if (folder ? !S_ISDIR(st.st_mode) : !S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		return err_set(e, ERR_PROTOCOL, "descriptor of the wrong kind: %s", what);
	return 0;
}

static size_t count_roles(const struct launcher *l, enum role_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < ROLES_MAX; i++)
		n += l->roles[i].kind == kind;
	return n;
}

int roles_start_loader(struct launcher *l, const struct launch_loader *m,
		       const struct record_fds *fds, int *ret_link, struct err *e)
{
	static const char *const jobs[] = { NULL,   "unpack", "verify",
					    "show", "rotate", "revocations" };
	char not_before[24], bounds[BUNDLE_BOUNDS_TEXT_BYTES];
	const char *const argv[] = { "kennel-loader", m->job < countof(jobs) ? jobs[m->job] : NULL,
				     not_before, bounds, NULL };
	bool unpack = m->job == LAUNCH_JOB_UNPACK;

	if (!argv[1])
		return err_set(e, ERR_PROTOCOL, "loader job %u", m->job);
	(void)snprintf(not_before, sizeof(not_before), "%lld",
		       (long long)(m->not_before_s > 0 ? m->not_before_s : 0));
	bundle_bounds_print(&l->ceiling.bundles, bounds);
	if (count_roles(l, ROLE_LOADER) >= LOADERS_MAX)
		return err_set(e, ERR_FULL, "%u loaders run already", LOADERS_MAX);
	if (check_type(fds->fd[0], false, "bundle", e) < 0 ||
	    (unpack && check_type(fds->fd[1], true, "staging", e) < 0) ||
	    check_type(fds->fd[fds->count - 1], true, "trust", e) < 0)
		return -1;
	/* proto/loader.h: socket, bundle, trust, staging */
	const int child[] = { fds->fd[0], fds->fd[fds->count - 1], unpack ? fds->fd[1] : -1 };
	const struct role_start s = {
		.kind = ROLE_LOADER,
		.argv = argv,
		.uid = l->ids.store,
		.gid = l->ids.store,
		.extra_gid = (gid_t)-1,
		.fds = child,
		.fd_count = countof(child),
	};

	return start_role(l, &s, ret_link, e);
}

/* A key is for root's eyes, and for the one process that says it to the server. */
static int open_key(const char *path, struct err *e)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open the key %s", path);
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & 077))
		return err_set(e, ERR_CONFIG,
			       "the key %s must be a file of root that nobody else may read: "
			       "chown root, chmod 600",
			       path);
	return take_fd(fd);
}

int roles_start_fetch(struct launcher *l, const char *tenant, int *ret_link, struct err *e)
{
	static const char *const argv[] = { "kennel-fetch", "--serve", NULL };
	const struct tenant_ceiling *t = ceiling_find_tenant(&l->ceiling, tenant);
	int fds[1 + AI_PROFILES_MAX] = { l->ceiling_fd };
	struct role_start s = { .kind = ROLE_FETCH,
				.argv = argv,
				.uid = l->ids.fetch,
				.gid = l->ids.fetch,
				.extra_gid = (gid_t)-1,
				.fds = fds,
				.fd_count = 1,
				.stream = true };
	int r = 0;

	if (!t || !l->ceiling.ai_count || !(t->permissions & PERM_BIT(PERM_USE_AI)))
		return err_set(e, ERR_CEILING, "no such tenant, or no model for it");
	s.tenant = (uint32_t)(t - l->ceiling.tenants);
	if (role_runs(l, ROLE_FETCH, s.tenant))
		return err_set(e, ERR_EXISTS, "the way of %s to a model is open already", t->name);
	for (uint32_t i = 0; r == 0 && i < l->ceiling.ai_count; i++) {
		if (!l->ceiling.ai[i].key[0])
			continue;
		r = fds[s.fd_count] = open_key(l->ceiling.ai[i].key, e);
		if (r >= 0) {
			s.fd_count++;
			r = 0;
		}
	}
	if (r == 0)
		r = start_role(l, &s, ret_link, e);
	for (size_t i = 1; i < s.fd_count; i++)
		fd_close_p(&fds[i]);
	return r;
}

/* ---- the end ---- */

static void end_kind(struct launcher *l, enum role_kind kind, int64_t until_ms)
{
	for (size_t i = 0; i < ROLES_MAX; i++) {
		struct role *r = &l->roles[i];
		struct pollfd p = { .fd = r->pidfd, .events = POLLIN };
		int64_t left = until_ms - clock_mono_ms();

		if (r->kind != kind)
			continue;
		(void)syscall(SYS_pidfd_send_signal, r->pidfd, SIGTERM, NULL, 0);
		if (poll(&p, 1, left > 0 ? (int)left : 0) <= 0)
			(void)syscall(SYS_pidfd_send_signal, r->pidfd, SIGKILL, NULL, 0);
		while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
			;
		forget_role(r);
	}
}

void roles_end(struct launcher *l)
{
	/* Who records comes last: the others' ends are on the log then. */
	static const enum role_kind order[] = { ROLE_LOADER, ROLE_FETCH, ROLE_BROKER,
						ROLE_SUPERVISOR, ROLE_AUDIT };

	loop_remove(&l->request_source);
	fd_close_p(&l->request_sock);
	for (size_t i = 0; i < countof(order); i++) {
		if (order[i] == ROLE_AUDIT)
			fd_close_p(&l->audit_admin);
		end_kind(l, order[i], clock_mono_ms() + ROLE_END_MS);
	}
}
