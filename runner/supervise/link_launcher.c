/* SPDX-License-Identifier: Apache-2.0 */
/* link_launcher.c - requests to the launcher, its answers and notices. */
#include "supervise/link_launcher.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/loop.h"
#include "supervise/admit.h"
#include "supervise/budget.h"
#include "supervise/link_broker.h"
#include "supervise/plugin.h"
#include "supervise/supervisor.h"

static struct launcher_asked *find_asked(struct launcher_link *l, uint64_t serial)
{
	for (size_t i = 0; i < LAUNCHER_ASKED_MAX; i++)
		if (l->asked[i].serial == serial)
			return &l->asked[i];
	return NULL;
}

int launcher_ask(struct supervisor *s, struct launch_msg *m, const struct record_fds *fds,
		 launcher_answer_fn fn, void *arg, struct err *e)
{
	struct launcher_link *l = &s->launcher;
	struct launcher_asked *a = find_asked(l, 0);

	if (!a)
		return err_set(e, ERR_FULL, "the launcher owes %u answers", LAUNCHER_ASKED_MAX);
	m->abi = REQUEST_ABI;
	m->serial = ++l->serial;
	m->result = 0;
	m->reserved = 0;
	if (record_send(l->fd, m, sizeof(*m), fds, MSG_DONTWAIT, e) < 0)
		return err_wrap(e, "launcher");
	*a = (struct launcher_asked){ m->serial, fn, arg };
	return 0;
}

void launcher_forget(struct supervisor *s, const void *arg)
{
	for (size_t i = 0; i < LAUNCHER_ASKED_MAX; i++)
		if (s->launcher.asked[i].serial && s->launcher.asked[i].arg == arg)
			s->launcher.asked[i].fn = NULL;
}

void launcher_hand_over(struct supervisor *s, const void *arg, launcher_answer_fn fn)
{
	for (size_t i = 0; i < LAUNCHER_ASKED_MAX; i++)
		if (s->launcher.asked[i].serial && s->launcher.asked[i].arg == arg) {
			s->launcher.asked[i].fn = fn;
			s->launcher.asked[i].arg = NULL;
		}
}

/* Some answers come in parts. */
static bool has_more(const struct launch_msg *m)
{
	return (m->kind == LAUNCH_USAGE && m->u.usage.more) ||
	       (m->kind == LAUNCH_INSPECT && m->u.posture.more);
}

static void take_answer(struct supervisor *s, struct launch_msg *m, struct record_fds *fds)
{
	struct launcher_asked *a = find_asked(&s->launcher, m->serial);
	struct launcher_asked was;

	if (!a)
		return;
	was = *a;
	m->u.error.text[sizeof(m->u.error.text) - 1] =
		m->result < 0 ? '\0' : m->u.error.text[sizeof(m->u.error.text) - 1];
	if (m->result < 0 || !has_more(m))
		*a = (struct launcher_asked){ 0 };
	if (was.fn)
		was.fn(s, was.arg, m, fds);
}

static void on_ended(struct supervisor *s, const struct launch_msg *m)
{
	if (!admit_on_ended(s, &m->u.ended))
		plugin_on_ended(s, &m->u.ended);
}

static void on_refusal(struct supervisor *s, const struct launch_msg *m)
{
	plugin_on_refusal(s, &m->u.refusal);
}

static void on_budget(struct supervisor *s, const struct launch_msg *m)
{
	budget_on_spent(s, &m->u.budget);
}

static void on_broker_gone(struct supervisor *s, const struct launch_msg *m)
{
	broker_on_gone(s, m->u.broker.tenant);
}

static void take_notice(struct supervisor *s, const struct launch_msg *m)
{
	static void (*const notices[])(struct supervisor * s, const struct launch_msg *m) = {
		[LAUNCH_NOTICE_ENDED] = on_ended,
		[LAUNCH_NOTICE_REFUSAL] = on_refusal,
		[LAUNCH_NOTICE_BUDGET] = on_budget,
		[LAUNCH_NOTICE_BROKER_GONE] = on_broker_gone,
	};

	if (m->kind < sizeof(notices) / sizeof(notices[0]) && notices[m->kind])
		notices[m->kind](s, m);
}

/* The launcher is our parent and our ground: without it, or when it speaks something else, we end.
 */
static void on_readable(void *arg, uint32_t events)
{
	struct supervisor *s = arg;
	static struct launch_msg m; /* large; one at a time */

	(void)events;
	for (unsigned int turn = 0; turn < 64; turn++) {
		struct record_fds fds = { 0 };
		long n = record_recv(s->launcher.fd, &m, sizeof(m), &fds, MSG_DONTWAIT, NULL);

		if (n == RECORD_AGAIN)
			return;
		if (n != (long)sizeof(m) || m.abi != REQUEST_ABI) {
			record_fds_close(&fds);
			supervisor_end(s, n == 0 ? ERR_OK : ERR_PROTOCOL);
			return;
		}
		if (m.serial)
			take_answer(s, &m, &fds);
		else
			take_notice(s, &m);
		record_fds_close(&fds);
	}
}

int launcher_open(struct supervisor *s, struct err *e)
{
	s->launcher.fd = REQUEST_FD;
	return loop_add_fd(s->loop, &(struct loop_watch){ s->launcher.fd, EPOLLIN, on_readable, s },
			   &s->launcher.source, e);
}
