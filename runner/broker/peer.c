/* SPDX-License-Identifier: Apache-2.0 */
/* peer.c - one connected instance: descriptors, deadlines, output. */
#include "broker/peer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "broker/desk.h"
#include "broker/quiet.h"

/* ---- output ---- */

/* Answers whose last byte is gone no longer count as in flight. */
static void forget_taken(struct peer *p)
{
	uint64_t gone = p->out_total - p->conn.out.len;
	size_t kept = 0;

	for (size_t i = 0; i < p->who.inflight; i++)
		if (p->unread[i].end > gone)
			p->unread[kept++] = p->unread[i];
	p->who.inflight = kept;
	if (!frame_wants_write(&p->conn))
		p->stall_at_ms = 0;
}

bool peer_is_sealed(const struct peer *p)
{
	return p->standby && p->state == PEER_UP;
}

static bool is_reading(const struct peer *p)
{
	return p->state != PEER_CLOSED && !peer_is_sealed(p) && !p->resume_at_ms &&
	       p->conn.out.len <= OUT_PAUSE_BYTES;
}

static void update_interest(struct peer *p)
{
	uint32_t events =
		(is_reading(p) ? EPOLLIN : 0u) | (frame_wants_write(&p->conn) ? EPOLLOUT : 0u);

	if (p->wire && events != p->interest && loop_set_events(p->wire, events, NULL) == 0)
		p->interest = events;
}

bool peer_send_text(struct peer *p, const char *text, size_t n)
{
	struct err e;

	if (p->state == PEER_CLOSED)
		return false;
	if (!text)
		(void)err_set(&e, ERR_NOMEM, "no memory for a message");
	if (!text || frame_send(&p->conn, text, n, &e) < 0) {
		if (e.code == ERR_SYS)
			peer_close(p); /* the instance is gone */
		else
			peer_violation(p, &e);
		return false;
	}
	quiet_end(p, clock_mono_ms());
	p->out_total += n + 4;
	if (frame_wants_write(&p->conn) && !p->stall_at_ms)
		p->stall_at_ms = clock_mono_ms() + STALL_MS;
	forget_taken(p);
	return true;
}

bool peer_send(struct peer *p, json_t *j)
{
	CLEANUP(free_p) char *text = NULL;
	size_t n = 0;

	text = j ? json_print(j, &n) : NULL;
	json_decref(j);
	return peer_send_text(p, text, n);
}

uint64_t peer_ask(struct peer *p, enum waiting_for what, const char *method, json_t *params,
		  uint32_t timeout_ms)
{
	uint64_t id = p->next_rpc_id++;

	if (!peer_send(p, rpc_request(id, method, params)))
		return 0;
	p->waiting[what] =
		(struct waiting){ .rpc_id = id, .deadline_ms = clock_mono_ms() + timeout_ms };
	return id;
}

/* ---- the end ---- */

void peer_close(struct peer *p)
{
	if (p->state == PEER_CLOSED)
		return;
	p->state = PEER_CLOSED;
	desk_forget(p);
	modelway_forget(p);
	ledger_flush(&p->broker->host.ledger, &p->who, true, clock_mono_ms());
	loop_remove(&p->wire);
	fd_close_p(&p->conn.fd);
	deliver_abandon(p);
	peer_rearm(p);
}

void peer_violation(struct peer *p, const struct err *why)
{
	struct broker_msg m = { .kind = BROKER_VIOLATION,
				.u.fault = { .id = p->who.id, .error = *why } };
	struct entry entry = { .class = AUDIT_SOON,
			       .event = "deny",
			       .method = "wire",
			       .result = err_name(why->code),
			       .detail = why->text };

	if (p->state == PEER_CLOSED)
		return;
	ledger_deny(&p->broker->host.ledger, &p->who, &entry, clock_mono_ms());
	uplink_send(&p->broker->uplink, &m);
	peer_close(p);
}

/* ---- deadlines ---- */

static void earlier(int64_t *at, int64_t candidate)
{
	if (candidate && (!*at || candidate < *at))
		*at = candidate;
}

void peer_rearm(struct peer *p)
{
	int64_t now = clock_mono_ms(), at = 0;

	for (int i = 0; i < WAIT_COUNT; i++)
		earlier(&at, p->waiting[i].deadline_ms);
	earlier(&at, p->stall_at_ms);
	earlier(&at, p->resume_at_ms);
	if (p->state == PEER_UP && !p->delivery.event && !p->quiet && !p->standby)
		earlier(&at, p->idle_at_ms);
	earlier(&at, quiet_due_ms(p));
	if (p->state == PEER_CLOSED)
		at = 0;
	if (p->who.held.count)
		earlier(&at, p->who.held.since_ms + DENIALS_HOLD_MS);
	if (logs_wait_ms(&p->log))
		earlier(&at, now + logs_wait_ms(&p->log));
	/* A timer that is armed for earlier stays: it looks again, and a call costs no system call
	 * here. */
	if (p->timer && at && (!p->armed_at_ms || at < p->armed_at_ms)) {
		(void)loop_arm(p->timer, at > now ? (uint64_t)(at - now) : 1, NULL);
		p->armed_at_ms = at;
	}
	update_interest(p);
}

static bool is_past(int64_t at, int64_t now)
{
	return at && now >= at;
}

static void check_deadlines(struct peer *p, int64_t now)
{
	struct err e;

	if (is_past(p->waiting[WAIT_HANDSHAKE].deadline_ms, now)) {
		(void)err_set(&e, ERR_TIMEOUT, "initialize was not answered in %u ms",
			      WIRE_HANDSHAKE_MS);
		peer_violation(p, &e);
	} else if (is_past(p->waiting[WAIT_PING].deadline_ms, now)) {
		(void)err_set(&e, ERR_TIMEOUT, "$/ping was not answered in %u ms", PING_ANSWER_MS);
		peer_violation(p, &e);
	} else if (is_past(p->stall_at_ms, now)) {
		(void)err_set(&e, ERR_TIMEOUT, "the plugin took no byte of its answers in %u ms",
			      STALL_MS);
		peer_violation(p, &e);
	} else if (is_past(p->waiting[WAIT_EVENT].deadline_ms, now)) {
		deliver_late(p);
	}
}

static void ping_if_idle(struct peer *p, int64_t now)
{
	if (p->state != PEER_UP || p->delivery.event || p->waiting[WAIT_PING].rpc_id || p->quiet ||
	    p->standby || !is_past(p->idle_at_ms, now))
		return;
	p->idle_at_ms = now + PING_IDLE_MS;
	(void)peer_ask(p, WAIT_PING, "$/ping", json_object(), PING_ANSWER_MS);
}

static void on_timer(void *arg)
{
	struct peer *p = arg;
	int64_t now = clock_mono_ms();

	p->armed_at_ms = 0;
	logs_resume(&p->log);
	ledger_flush(&p->broker->host.ledger, &p->who, false, now);
	if (p->state != PEER_CLOSED) {
		check_deadlines(p, now);
		if (is_past(p->resume_at_ms, now))
			p->resume_at_ms = 0;
		wire_process(p);
		ping_if_idle(p, now);
		quiet_check(p, now);
	}
	peer_rearm(p);
}

/* ---- input ---- */

static void on_wire(void *arg, uint32_t events)
{
	struct peer *p = arg;
	size_t before = p->conn.out.len;
	struct err e;

	if (events & EPOLLOUT && frame_flush(&p->conn, &e) < 0) {
		peer_close(p);
		return;
	}
	if (p->conn.out.len < before)
		p->stall_at_ms = clock_mono_ms() + STALL_MS;
	forget_taken(p);
	if (is_reading(p) && frame_fill(&p->conn, &e) < 0) {
		peer_violation(p, &e);
		return;
	}
	if (!is_reading(p) && events & (EPOLLHUP | EPOLLERR)) {
		peer_close(p);
		return;
	}
	wire_process(p);
	if (p->conn.eof)
		peer_close(p);
	else
		deliver_next(p);
	peer_rearm(p);
}

/* ---- life ---- */

static bool take_line(void *arg, enum log_stream stream, unsigned int level, const char *line)
{
	struct peer *p = arg;
	struct broker_msg m = { .kind = BROKER_LOG,
				.u.log = { .id = p->who.id, .stream = stream, .level = level } };

	(void)copy_str(m.u.log.line, sizeof(m.u.log.line), line);
	return uplink_send_log(&p->broker->uplink, &m);
}

static void on_log_paused(void *arg)
{
	peer_rearm(arg);
}

static int open_wire(struct peer *p, struct err *e)
{
	if (fd_set_nonblock(p->conn.fd) < 0)
		return err_sys(e, "wire");
	p->interest = EPOLLIN;
	if (loop_add_fd(p->broker->loop,
			&(struct loop_watch){ p->conn.fd, p->interest, on_wire, p }, &p->wire,
			e) < 0)
		return -1;
	return loop_add_timer(p->broker->loop, on_timer, p, &p->timer, e);
}

int peer_new(struct broker *b, const struct broker_attach *a, struct record_fds *fds,
	     struct peer **ret, struct err *e)
{
	struct peer *p = calloc(1, sizeof(*p));
	int64_t now = clock_mono_ms();
	uint64_t rate = 4ull * a->policy.limits.calls_per_second;

	if (!p) {
		record_fds_close(fds);
		return err_set(e, ERR_NOMEM, "peer");
	}
	p->broker = b;
	p->next_rpc_id = 1;
	subject_init(&p->who, a->id, &a->policy, now);
	p->who.log = &p->log;
	rate = rate > MESSAGES_FLOOR ? rate : MESSAGES_FLOOR;
	bucket_init(&p->messages, rate, rate, now);
	p->idle_at_ms = now + PING_IDLE_MS;
	p->worked_at_ms = now;
	frame_init(&p->conn, take_fd(fds->fd[0]), WIRE_FRAME_MAX, WIRE_OUT_MAX);
	if (logs_open(&p->log, b->loop, take_fd(fds->fd[1]), take_fd(fds->fd[2]), now, e) < 0 ||
	    open_wire(p, e) < 0)
		goto fail;
	logs_set_sink(&p->log, take_line, on_log_paused, p);
	p->queue = events_attach(&b->events, &a->policy);
	if (!p->queue) {
		(void)err_set(e, ERR_FULL, "too many plugins, or memory is out");
		goto fail;
	}
	p->standby = a->standby != 0;
	p->queue->attached -= p->standby;
	*ret = p;
	return 0;
fail:
	peer_free(p);
	return -1;
}

void peer_free(struct peer *p)
{
	struct event_queue *q;

	if (!p)
		return;
	if (p->state == PEER_UP)
		(void)peer_send(p,
				json_pack("{s:s, s:s}", "jsonrpc", "2.0", "method", "$/shutdown"));
	peer_close(p);
	q = p->queue;
	logs_close(&p->log);
	loop_remove(&p->timer);
	frame_free_p(&p->conn);
	if (q) {
		q->attached -= !p->standby;
		broker_wake(p->broker, q);
	}
	free(p);
}

void peer_promote(struct peer *p)
{
	struct broker_msg up = { .kind = BROKER_UP, .u.instance = { .id = p->who.id } };
	int64_t now = clock_mono_ms();

	if (!peer_is_sealed(p))
		return; /* closed: its end is told by who watches it */
	p->standby = false;
	p->queue->attached++;
	p->queue->wanted = false;
	p->worked_at_ms = now;
	p->idle_at_ms = now + PING_IDLE_MS;
	uplink_send(&p->broker->uplink, &up);
	wire_process(p);
	deliver_next(p);
}

void peer_stats(const struct peer *p, struct broker_stats *ret)
{
	*ret = (struct broker_stats){
		.id = p->who.id,
		.up = p->state == PEER_UP,
		.calls = p->who.allowed,
		.refused = p->who.refused,
		.events = p->delivery.answered,
		.failed = p->delivery.failed,
		.queued = p->queue->count,
		.log_lines = p->log.lines,
		.log_dropped_bytes = p->log.dropped_bytes,
	};
}
