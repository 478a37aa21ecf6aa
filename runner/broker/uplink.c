/* SPDX-License-Identifier: Apache-2.0 */
/* uplink.c - the broker's side of its socket to the supervisor. */
#include "broker/uplink.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { RECORDS_PER_TURN = 32 };

struct uplink_record {
	struct uplink_record *next;
	uint32_t len;
	uint8_t bytes[];
};

static void fail(struct uplink *u, const struct err *why)
{
	if (u->failed.code == ERR_OK)
		u->failed = *why;
	loop_stop(u->loop, 1);
}

static bool kind_is_ours_to_take(uint32_t kind)
{
	return kind >= BROKER_ATTACH && kind <= BROKER_PROMOTE;
}

/* False: nothing more for now. */
static bool take_one(struct uplink *u)
{
	struct record_fds fds = { 0 };
	struct broker_msg m;
	struct err e;
	long n = record_recv(u->fd, &m, sizeof(m), &fds, MSG_DONTWAIT, &e);

	if (n == RECORD_AGAIN)
		return false;
	if (n == 0) {
		loop_stop(u->loop, 0);
		return false;
	}
	if (n >= (long)offsetof(struct broker_msg, u) && m.abi == BROKER_ABI &&
	    kind_is_ours_to_take(m.kind) && (uint32_t)n == broker_msg_size(m.kind)) {
		u->take(u->arg, &m, &fds);
		return true;
	}
	record_fds_close(&fds);
	if (n > 0)
		(void)err_set(&e, ERR_PROTOCOL, "the supervisor sent a record that is none");
	fail(u, &e);
	return false;
}

static void flush(struct uplink *u)
{
	while (u->first) {
		struct uplink_record *r = u->first;
		struct err e;

		if (record_send(u->fd, r->bytes, r->len, NULL, MSG_DONTWAIT, &e) < 0) {
			if (e.code != ERR_FULL)
				fail(u, &e);
			break;
		}
		u->first = r->next;
		if (!u->first)
			u->last = NULL;
		u->queued--;
		free(r);
	}
	(void)loop_set_events(u->source, EPOLLIN | (u->first ? EPOLLOUT : 0u), NULL);
}

static void on_link(void *arg, uint32_t events)
{
	struct uplink *u = arg;

	if (events & EPOLLOUT)
		flush(u);
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		for (int i = 0; i < RECORDS_PER_TURN && take_one(u); i++)
			;
}

int uplink_open(struct uplink *u, struct loop *loop, int fd, uplink_fn take, void *arg,
		struct err *e)
{
	*u = (struct uplink){ .fd = fd, .loop = loop, .take = take, .arg = arg };
	return loop_add_fd(loop, &(struct loop_watch){ fd, EPOLLIN, on_link, u }, &u->source, e);
}

void uplink_close_p(struct uplink *u)
{
	loop_remove(&u->source);
	while (u->first) {
		struct uplink_record *r = u->first;

		u->first = r->next;
		free(r);
	}
	u->last = NULL;
	u->queued = 0;
}

static bool enqueue(struct uplink *u, const struct broker_msg *m, uint32_t len, size_t max)
{
	struct uplink_record *r = u->queued < max ? malloc(sizeof(*r) + len) : NULL;

	if (!r)
		return false;
	r->next = NULL;
	r->len = len;
	memcpy(r->bytes, m, len);
	if (u->last)
		u->last->next = r;
	else
		u->first = r;
	u->last = r;
	u->queued++;
	flush(u);
	return true;
}

void uplink_send(struct uplink *u, struct broker_msg *m)
{
	struct err e;

	m->abi = BROKER_ABI;
	if (enqueue(u, m, broker_msg_size(m->kind), UPLINK_QUEUE_MAX))
		return;
	(void)err_set(&e, ERR_FULL, "the supervisor does not take our records");
	fail(u, &e);
}

bool uplink_send_log(struct uplink *u, struct broker_msg *m)
{
	m->abi = BROKER_ABI;
	return enqueue(u, m, broker_msg_size(m->kind), UPLINK_LOG_QUEUE_MAX);
}
