/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.c - clone3 into the cgroup, and the launcher's half of the start (clone(2), pidfd_open(2)).
 */
#include "sandbox/spawn.h"

#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "sandbox/enter.h"
#include "sandbox/idmap.h"

/* The network namespace is the one the launcher is in for the moment: netns.h. */
#define NAMESPACES \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

struct starting {
	struct guard *guard;
	int proc_fd;
	const struct jail *jail;
	int sync;
	pid_t pid;
	int64_t until_ms;
};

/* The next record; ERR_TIMEOUT, what the child says of its failure, or 0 with kind 0 when it
 * closed: exec. */
static int receive(struct starting *s, struct sync_msg *ret, struct err *e)
{
	struct pollfd p = { .fd = s->sync, .events = POLLIN };
	int64_t left = s->until_ms - clock_mono_ms();
	ssize_t n;
	int r;

	do
		r = poll(&p, 1, left > 0 ? (int)left : 0);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return err_sys(e, "poll");
	if (r == 0)
		return err_set(e, ERR_TIMEOUT, "the start took more than %d ms", START_MS_MAX);
	n = recv(s->sync, ret, sizeof(*ret), MSG_DONTWAIT);
	if (n < 0 && errno != ECONNRESET)
		return err_sys(e, "sync socket");
	if (n > 0 && n != (ssize_t)sizeof(*ret))
		return err_set(e, ERR_PROTOCOL, "sync record of %zd bytes", n);
	if (n > 0 && ret->kind == SYNC_FAILED) {
		ret->error.text[sizeof(ret->error.text) - 1] = '\0';
		if (e)
			*e = ret->error;
		return -1;
	}
	return 0;
}

static int expect(struct starting *s, enum sync_kind kind, struct sync_msg *ret, struct err *e)
{
	memset(ret, 0, sizeof(*ret));
	if (receive(s, ret, e) < 0)
		return -1;
	if (ret->kind != (uint32_t)kind)
		return err_set(e, ERR_CONFINE, "the child ended, or went out of order (%u for %d)",
			       ret->kind, (int)kind);
	return 0;
}

static int let_go(struct starting *s, struct err *e)
{
	struct sync_msg m = { .kind = SYNC_GO };

	if (send(s->sync, &m, sizeof(m), MSG_NOSIGNAL) != (ssize_t)sizeof(m))
		return err_sys(e, "sync socket");
	return 0;
}

static int map_ids(struct starting *s, struct err *e)
{
	uid_t id = s->jail->uid;
	struct idmap m = { id, id, id, id };

	return idmap_write(s->proc_fd, s->pid, &m, e) < 0 ? -1 : let_go(s, e);
}

static int enforce(struct starting *s, struct err *e)
{
	const struct label proc = { .rights = MAY_READ };
	struct sync_msg got;

	if (expect(s, SYNC_READY, &got, e) < 0)
		return -1;
	if (s->jail->guarded &&
	    (guard_label_set(s->guard, s->jail->cgroup, guard_dev((dev_t)got.proc_dev),
			     got.proc_ino, &proc, e) < 0 ||
	     guard_policy_set(s->guard, s->jail->cgroup, PHASE_ENFORCE,
			      s->jail->jit ? GUARD_JIT : 0, e) < 0))
		return -1;
	return let_go(s, e);
}

static int check_canary(struct starting *s, struct err *e)
{
	struct sync_msg got;
	uint64_t refused = 0;

	if (!s->jail->guarded)
		return 0;
	if (expect(s, SYNC_CANARY, &got, e) < 0 ||
	    guard_refused(s->guard, s->jail->cgroup, &refused, e) < 0)
		return -1;
	if (refused != 1)
		return err_set(e, ERR_CANARY,
			       "the guard counted %llu refusals of the canary, not 1",
			       (unsigned long long)refused);
	return let_go(s, e);
}

static int wait_exec(struct starting *s, struct err *e)
{
	struct sync_msg got;

	return expect(s, 0, &got, e); /* closed by exec, or by an end that the pidfd will tell */
}

static const struct {
	const char *name;
	int (*run)(struct starting *s, struct err *e);
} steps[] = {
	{ "id maps", map_ids },
	{ "enforce", enforce },
	{ "canary", check_canary },
	{ "exec", wait_exec },
};

static int clone_child(const struct jail *j, const int sync[2], pid_t *ret_pid, int *ret_pidfd,
		       struct err *e)
{
	struct clone_args ca = { .flags = NAMESPACES | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
				 .exit_signal = SIGCHLD };
	int pidfd = -1;
	sigset_t none;
	long pid;

	ca.pidfd = (uint64_t)(uintptr_t)&pidfd;
	if (j->cgroup_fd >= 0) {
		ca.flags |= CLONE_INTO_CGROUP;
		ca.cgroup = (uint64_t)(unsigned int)j->cgroup_fd;
	}
	pid = syscall(SYS_clone3, &ca, sizeof(ca));
	if (pid == 0) {
		(void)close(sync[0]); /* so that the launcher's end alone keeps this one alive */
		(void)sigemptyset(&none);
		(void)sigprocmask(SIG_SETMASK, &none,
				  NULL); /* the launcher blocks what it takes by signalfd */
		enter_jail(j, sync[1]);
	}
	if (pid < 0)
		return err_sys(e, "start clone3");
	*ret_pid = (pid_t)pid;
	*ret_pidfd = pidfd;
	return 0;
}

int jail_spawn(struct guard *g, int proc_fd, const struct jail *j, pid_t *ret_pid, int *ret_pidfd,
	       struct err *e)
{
	struct starting s = { .guard = g,
			      .proc_fd = proc_fd,
			      .jail = j,
			      .sync = -1,
			      .until_ms = clock_mono_ms() + START_MS_MAX };
	int sync[2];
	int r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sync) < 0)
		return err_sys(e, "start socketpair");
	s.sync = sync[0];
	r = clone_child(j, sync, ret_pid, ret_pidfd, e);
	s.pid = *ret_pid;
	fd_close_p(&sync[1]);
	for (size_t i = 0; r == 0 && i < countof(steps); i++) {
		r = steps[i].run(&s, e);
		if (r < 0)
			(void)err_wrap(e, "start %s", steps[i].name);
	}
	fd_close_p(&sync[0]);
	return r;
}
