/* SPDX-License-Identifier: Apache-2.0 */
/* test_loop.c - descriptors, timers and signals, and a source that removes itself. */
#include "base/loop.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/epoll.h>

struct seen {
	struct loop *loop;
	struct loop_source *source;
	struct loop_source *timer;
	int fd;
	int reads;
	int ticks;
	int signals;
};

static void on_fd(void *arg, uint32_t events)
{
	struct seen *s = arg;
	char c;

	assert_true(events & EPOLLIN);
	assert_int_equal(read(s->fd, &c, 1), 1);
	s->reads++;
	loop_remove(&s->source); /* inside its own callback */
	assert_int_equal(loop_arm(s->timer, 1, NULL), 0);
}

static void on_timer(void *arg)
{
	struct seen *s = arg;

	if (++s->ticks < 3)
		assert_int_equal(loop_arm(s->timer, 1, NULL), 0);
	else
		assert_int_equal(raise(SIGUSR1), 0);
}

static void on_signal(void *arg, int sig)
{
	struct seen *s = arg;

	assert_int_equal(sig, SIGUSR1);
	s->signals++;
	loop_stop(s->loop, 7);
}

static void all_three_kinds_of_sources_are_heard(void **state)
{
	struct seen s = { 0 };
	struct err e = { 0 };
	int p[2];

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	s.fd = p[0];
	assert_int_equal(loop_new(&s.loop, &e), 0);
	assert_int_equal(loop_add_fd(s.loop, &(struct loop_watch){ p[0], EPOLLIN, on_fd, &s },
				     &s.source, &e),
			 0);
	assert_int_equal(loop_add_timer(s.loop, on_timer, &s, &s.timer, &e), 0);
	assert_int_equal(loop_add_signal(s.loop, SIGUSR1, on_signal, &s, &e), 0);
	assert_int_equal(write(p[1], "ab", 2), 2);
	assert_int_equal(loop_run(s.loop, &e), 7);
	assert_int_equal(s.reads, 1); /* the second byte finds nobody */
	assert_int_equal(s.ticks, 3);
	assert_int_equal(s.signals, 1);
	loop_free_p(&s.loop);
	loop_free_p(&s.loop);
	(void)close(p[0]);
	(void)close(p[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(
		all_three_kinds_of_sources_are_heard) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
