/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c - one poll loop over the wires and the ends. */
#include "tools/bench/batch.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int batch_wire(int *ret_ours, int *ret_theirs, struct err *e)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "socketpair");
	*ret_ours = pair[0];
	*ret_theirs = pair[1];
	return 0;
}

static size_t count_done(const struct batch *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->count; i++)
		n += b->starts[i].talk.done;
	return n;
}

static size_t count_ended(const struct batch *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->count; i++)
		n += b->starts[i].end_us != 0;
	return n;
}

/* Descriptor i is wire i, count + i the end of i, the last one the notices'. */
static int wait_once(struct batch *b, struct err *e)
{
	struct pollfd p[2 * BATCH_MAX + 1];
	size_t n = b->count;
	int r;

	for (size_t i = 0; i < n; i++) {
		const struct batch_start *s = &b->starts[i];

		p[i] = (struct pollfd){ s->talk.done ? -1 : s->talk.conn.fd, POLLIN, 0 };
		p[n + i] = (struct pollfd){ s->end_us != 0 ? -1 : s->end_fd, POLLIN, 0 };
	}
	p[2 * n] = (struct pollfd){ b->notice_fd, POLLIN, 0 };
	r = poll(p, 2 * n + 1, BATCH_TIMEOUT_MS);
	if (r < 0)
		return errno == EINTR ? 0 : err_sys(e, "poll");
	if (r == 0)
		return err_set(e, ERR_TIMEOUT, "nothing happened for a minute");
	for (size_t i = 0; i < n; i++)
		if (p[i].revents && talk_step(&b->starts[i].talk, e) < 0)
			return -1;
	for (size_t i = 0; i <= n; i++)
		if (p[n + i].revents && b->on_end(b, i, e) < 0)
			return -1;
	return 0;
}

static int begin_all(struct batch *b, const struct series *s, struct err *e)
{
	for (size_t i = 0; i < b->count; i++) {
		struct batch_start *x = &b->starts[i];
		int wire = -1;

		*x = (struct batch_start){ .end_fd = -1, .begin_us = bench_now_us() };
		if (b->start(b, i, &wire, e) < 0 || talk_begin(&x->talk, wire, s->wasm, e) < 0)
			return -1;
		x->talk.initialize_only = b->idle;
	}
	return 0;
}

static void add_times(const struct batch *b, struct series *s, double last_word)
{
	double last_end = 0;

	for (size_t i = 0; i < b->count; i++) {
		const struct batch_start *x = &b->starts[i];

		sample_add(&s->ready, x->talk.ready_us - x->begin_us);
		if (x->talk.event_us != 0)
			sample_add(&s->event, x->talk.event_us - x->begin_us);
		sample_add(&s->down, x->end_us - x->closed_us);
		if (x->end_us > last_end)
			last_end = x->end_us;
	}
	s->start_us += last_word - b->starts[0].begin_us;
	s->cycle_us += last_end - b->starts[0].begin_us;
	s->batches++;
}

static int run(struct batch *b, struct series *s, struct err *e)
{
	double last_word;

	if (begin_all(b, s, e) < 0)
		return -1;
	while (count_done(b) < b->count)
		if (wait_once(b, e) < 0)
			return -1;
	last_word = bench_now_us();
	if (b->idle && b->held(b, e) < 0)
		return -1;
	for (size_t i = 0; i < b->count; i++) {
		b->starts[i].closed_us = bench_now_us();
		talk_close(&b->starts[i].talk);
	}
	while (count_ended(b) < b->count)
		if (wait_once(b, e) < 0)
			return -1;
	add_times(b, s, last_word);
	return 0;
}

int batch_run(struct batch *b, struct series *s, struct err *e)
{
	if (run(b, s, e) < 0)
		return err_wrap(e, "%s, %s, %u at once", s->runner, s->wasm ? "wasm" : "stub",
				s->parallel);
	return 0;
}

void series_reset(struct series *s)
{
	s->ready.n = s->event.n = s->down.n = 0;
	s->start_us = s->cycle_us = 0;
	s->batches = 0;
}

void series_print(struct series *s)
{
	const char *kind = s->wasm ? "wasm" : "stub";
	double starts = (double)s->batches * s->parallel;
	char name[64];

	(void)snprintf(name, sizeof(name), "%s %s %u", s->runner, kind, s->parallel);
	sample_print(&s->ready, name, "ready");
	sample_print(&s->event, name, "event");
	sample_print(&s->down, name, "down");
	if (s->batches)
		(void)printf("%s rate %.1f %.1f %.0f\n", name, starts * 1e6 / s->start_us,
			     starts * 1e6 / s->cycle_us, starts);
}
