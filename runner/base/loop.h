/* SPDX-License-Identifier: Apache-2.0 */
/* loop.h - one epoll loop: descriptors, timers, signals.
 * Owns: waiting.  Must not know: what is watched. */
#ifndef KENNEL_BASE_LOOP_H
#define KENNEL_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct loop;
struct loop_source;
/* events: EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR. The source may be removed inside its own callback.
 */
typedef void (*loop_fd_fn)(void *arg, uint32_t events);
typedef void (*loop_timer_fn)(void *arg);
typedef void (*loop_signal_fn)(void *arg, int sig);

int loop_new(struct loop **ret, struct err *e);
void loop_free_p(struct loop **l);

/* The descriptor stays the caller's; remove the source before closing it. */
struct loop_watch {
	int fd;
	uint32_t events;
	loop_fd_fn fn;
	void *arg;
};
int loop_add_fd(struct loop *l, const struct loop_watch *w, struct loop_source **ret,
		struct err *e);
int loop_set_events(struct loop_source *s, uint32_t events, struct err *e);
/* A one-shot timer, unarmed at first; arming again moves it. after_ms 0 disarms. */
int loop_add_timer(struct loop *l, loop_timer_fn fn, void *arg, struct loop_source **ret,
		   struct err *e);
int loop_arm(struct loop_source *timer, uint64_t after_ms, struct err *e);
/* Blocks the signal in this process and delivers it through the loop. */
int loop_add_signal(struct loop *l, int sig, loop_signal_fn fn, void *arg, struct err *e);
/* Takes NULL; sets the pointer NULL. */
void loop_remove(struct loop_source **s);

/* Runs until loop_stop; the status given there is returned. -1 when waiting itself failed. */
int loop_run(struct loop *l, struct err *e);
void loop_stop(struct loop *l, int status);

#endif
