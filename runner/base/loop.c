/* SPDX-License-Identifier: Apache-2.0 */
/* loop.c - one epoll loop: descriptors, timers, signals (epoll(7), timerfd_create(2), signalfd(2)).
 */
#include "base/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

enum { LOOP_BATCH = 32 };

struct loop_source {
	struct loop *loop;
	struct loop_source *next;
	int fd;
	bool owned; /* timers and signals: the descriptor is ours */
	bool dead;  /* removed while a batch may still name it; freed after the batch */
	loop_fd_fn on_fd;
	loop_timer_fn on_timer;
	loop_signal_fn on_signal;
	void *arg;
};

struct loop {
	int epfd;
	bool stop;
	int status;
	struct loop_source *sources;
};

int loop_new(struct loop **ret, struct err *e)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (!l)
		return err_set(e, ERR_NOMEM, "loop");
	l->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epfd < 0) {
		free(l);
		return err_sys(e, "epoll_create1");
	}
	*ret = l;
	return 0;
}

static void free_sources(struct loop *l, bool only_dead)
{
	for (struct loop_source **at = &l->sources; *at;) {
		struct loop_source *s = *at;

		if (only_dead && !s->dead) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		if (s->owned)
			fd_close_p(&s->fd);
		free(s);
	}
}

void loop_free_p(struct loop **l)
{
	if (!*l)
		return;
	free_sources(*l, false);
	fd_close_p(&(*l)->epfd);
	free(*l);
	*l = NULL;
}

static int add_source(struct loop *l, struct loop_source proto, uint32_t events,
		      struct loop_source **ret, struct err *e)
{
	struct loop_source *s = malloc(sizeof(*s));
	struct epoll_event ev = { .events = events };

	if (!s)
		return err_set(e, ERR_NOMEM, "loop source");
	*s = proto;
	s->loop = l;
	ev.data.ptr = s;
	if (epoll_ctl(l->epfd, EPOLL_CTL_ADD, s->fd, &ev) < 0) {
		free(s);
		return err_sys(e, "epoll_ctl");
	}
	s->next = l->sources;
	l->sources = s;
	if (ret)
		*ret = s;
	return 0;
}

int loop_add_fd(struct loop *l, const struct loop_watch *w, struct loop_source **ret, struct err *e)
{
	return add_source(l, (struct loop_source){ .fd = w->fd, .on_fd = w->fn, .arg = w->arg },
			  w->events, ret, e);
}

int loop_set_events(struct loop_source *s, uint32_t events, struct err *e)
{
	struct epoll_event ev = { .events = events, .data.ptr = s };

	if (epoll_ctl(s->loop->epfd, EPOLL_CTL_MOD, s->fd, &ev) < 0)
		return err_sys(e, "epoll_ctl");
	return 0;
}

int loop_add_timer(struct loop *l, loop_timer_fn fn, void *arg, struct loop_source **ret,
		   struct err *e)
{
	CLEANUP_FD int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	struct loop_source proto = { .fd = fd, .owned = true, .on_timer = fn, .arg = arg };

	if (fd < 0)
		return err_sys(e, "timerfd_create");
	if (add_source(l, proto, EPOLLIN, ret, e) < 0)
		return -1;
	(void)take_fd(fd);
	return 0;
}

int loop_arm(struct loop_source *timer, uint64_t after_ms, struct err *e)
{
	struct itimerspec t = { .it_value = { .tv_sec = (time_t)(after_ms / 1000),
					      .tv_nsec = (long)(after_ms % 1000) * 1000000 } };

	if (timerfd_settime(timer->fd, 0, &t, NULL) < 0)
		return err_sys(e, "timerfd_settime");
	return 0;
}

int loop_add_signal(struct loop *l, int sig, loop_signal_fn fn, void *arg, struct err *e)
{
	CLEANUP_FD int fd = -1;
	struct loop_source proto = { .owned = true, .on_signal = fn, .arg = arg };
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, sig);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_sys(e, "sigprocmask");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_sys(e, "signalfd");
	proto.fd = fd;
	if (add_source(l, proto, EPOLLIN, NULL, e) < 0)
		return -1;
	(void)take_fd(fd);
	return 0;
}

void loop_remove(struct loop_source **s)
{
	if (!*s)
		return;
	(void)epoll_ctl((*s)->loop->epfd, EPOLL_CTL_DEL, (*s)->fd, NULL);
	(*s)->dead = true;
	*s = NULL;
}

static void dispatch(struct loop_source *s, uint32_t events)
{
	struct signalfd_siginfo si;
	uint64_t ticks;

	if (s->dead)
		return;
	if (s->on_fd)
		s->on_fd(s->arg, events);
	else if (s->on_timer && read(s->fd, &ticks, sizeof(ticks)) == sizeof(ticks))
		s->on_timer(s->arg);
	else if (s->on_signal && read(s->fd, &si, sizeof(si)) == sizeof(si))
		s->on_signal(s->arg, (int)si.ssi_signo);
}

int loop_run(struct loop *l, struct err *e)
{
	struct epoll_event ev[LOOP_BATCH];

	while (!l->stop) {
		int n = epoll_wait(l->epfd, ev, LOOP_BATCH, -1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "epoll_wait");
		for (int i = 0; i < n && !l->stop; i++)
			dispatch(ev[i].data.ptr, ev[i].events);
		free_sources(l, true);
	}
	return l->status;
}

void loop_stop(struct loop *l, int status)
{
	l->stop = true;
	l->status = status;
}
