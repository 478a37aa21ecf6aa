/* SPDX-License-Identifier: Apache-2.0 */
/* link_broker.c - one broker a tenant. It may be talked into anything by a plugin's messages, so
 * its records are checked as hostile: kind, size, every text. */
#include "supervise/link_broker.h"

#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/loop.h"
#include "supervise/budget.h"
#include "supervise/emit.h"
#include "supervise/feed.h"
#include "supervise/models.h"
#include "supervise/plugin.h"
#include "supervise/stats.h"
#include "supervise/supervisor.h"

enum { BACKOFF_FIRST_MS = 500, BACKOFF_LONGEST_MS = 30000, TURN_MAX = 256 };

struct broker *broker_of(struct supervisor *s, const char *tenant)
{
	for (uint32_t i = 0; i < s->ceiling.tenant_count; i++)
		if (!strcmp(s->brokers[i].tenant->name, tenant))
			return &s->brokers[i];
	return NULL;
}

static void lose(struct broker *b, const char *why)
{
	int64_t wait = BACKOFF_FIRST_MS;
	struct err e;

	if (b->state == BROKER_NONE)
		return;
	loop_remove(&b->source);
	fd_close_p(&b->fd);
	b->state = BROKER_NONE;
	dialogs_forget(b);
	for (uint32_t i = 0; i < b->failures && wait < BACKOFF_LONGEST_MS; i++)
		wait *= 2;
	b->failures++;
	b->not_before_ms = clock_mono_ms() + wait;
	(void)err_set(&e, ERR_IO, "the broker of tenant %s %s", b->tenant->name, why);
	feed_host(b->s, "broker", b->tenant->name, e.text);
	plugin_on_broker(b->s, b->tenant->name, &e);
}

bool broker_has_ended(const struct broker *b)
{
	struct pollfd p = { .fd = b->fd, .events = POLLRDHUP };

	return b->state != BROKER_SERVING ||
	       (poll(&p, 1, 0) == 1 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)));
}

void broker_on_gone(struct supervisor *s, const char *tenant)
{
	char name[NAME_MAX_BYTES];
	struct broker *b;

	memcpy(name, tenant, sizeof(name));
	name[sizeof(name) - 1] = '\0';
	b = broker_of(s, name);
	if (b)
		lose(b, "ended");
}

/* ---- its records ---- */

static void on_ready(struct broker *b, const struct broker_msg *m)
{
	(void)m;
	if (b->state != BROKER_OPENING)
		return;
	b->state = BROKER_SERVING;
	b->failures = 0;
	models_on_ready(b);
	plugin_on_broker(b->s, b->tenant->name, NULL);
}

static void on_up(struct broker *b, const struct broker_msg *m)
{
	struct plugin *p = plugin_find_attached(b->s, b->tenant->name, m->u.instance.id);

	if (!p) {
		(void)standby_on_up(b->s, b->tenant->name, m->u.instance.id);
		return;
	}
	plugin_on_up(p);
	budget_on_event_end(p);
}

static void on_violation(struct broker *b, const struct broker_msg *m)
{
	struct plugin *p = plugin_find_attached(b->s, b->tenant->name, m->u.fault.id);

	if (p)
		plugin_fault(p, PLUGIN_BLAME_PLUGIN, &m->u.fault.error);
	else
		(void)standby_on_fault(b->s, b->tenant->name, m->u.fault.id, &m->u.fault.error);
}

static void on_done(struct broker *b, const struct broker_msg *m)
{
	struct plugin *p = plugin_find_attached(b->s, b->tenant->name, m->u.event.id);

	if (p)
		budget_on_event_end(p);
	emit_on_event(b->s, b->tenant->name, &m->u.event);
	feed_delivery(b->s, b->tenant->name, &m->u.event);
}

static void on_late(struct broker *b, const struct broker_msg *m)
{
	struct plugin *p = plugin_find_attached(b->s, b->tenant->name, m->u.event.id);
	struct broker_event late = m->u.event;
	struct err why;

	if (late.result >= 0)
		late.result = -1;
	emit_on_event(b->s, b->tenant->name, &late);
	(void)err_set(&why, ERR_TIMEOUT, "did not answer the event in time, its runtime is %u ms",
		      p && p->policy ? p->policy->limits.event_timeout_ms : 0);
	if (p)
		plugin_fault(p, PLUGIN_BLAME_PLUGIN, &why);
}

static void on_emitted(struct broker *b, const struct broker_msg *m)
{
	emit_on_emitted(b->s, &m->u.emitted);
}

static void on_stats(struct broker *b, const struct broker_msg *m)
{
	stats_on_broker(b->s, b->tenant->name, &m->u.stats);
}

static void on_log(struct broker *b, const struct broker_msg *m)
{
	struct plugin *p = plugin_find_attached(b->s, b->tenant->name, m->u.log.id);

	if (p)
		feed_log(p, &m->u.log);
}

static void on_asked(struct broker *b, const struct broker_msg *m)
{
	broker_ask_on_done(b->s, b, &m->u.done);
}

static void on_dialog(struct broker *b, const struct broker_msg *m)
{
	if (!dialogs_on_open(b, &m->u.dialog))
		lose(b, "told of a dialog that is none");
}

static void on_dialog_end(struct broker *b, const struct broker_msg *m)
{
	dialogs_on_end(b, m->u.instance.id);
}

static void on_model_wanted(struct broker *b, const struct broker_msg *m)
{
	(void)m;
	models_on_wanted(b);
}

static void on_quiet(struct broker *b, const struct broker_msg *m)
{
	struct plugin *p = plugin_find_attached(b->s, b->tenant->name, m->u.instance.id);

	if (p)
		plugin_on_quiet(p, m->kind == BROKER_QUIET);
}

static void on_wanted(struct broker *b, const struct broker_msg *m)
{
	struct plugin *p = plugin_find(b->s, b->tenant->name, m->u.event.plugin);

	if (p)
		plugin_on_wanted(p);
}

static const struct {
	uint32_t kind;
	void (*fn)(struct broker *b, const struct broker_msg *m);
} records[] = {
	{ BROKER_READY, on_ready },
	{ BROKER_UP, on_up },
	{ BROKER_VIOLATION, on_violation },
	{ BROKER_EVENT_DONE, on_done },
	{ BROKER_EVENT_LATE, on_late },
	{ BROKER_EMITTED, on_emitted },
	{ BROKER_PLUGIN_STATS, on_stats },
	{ BROKER_LOG, on_log },
	{ BROKER_WANTED, on_wanted },
	{ BROKER_DONE, on_asked },
	{ BROKER_DIALOG, on_dialog },
	{ BROKER_DIALOG_END, on_dialog_end },
	{ BROKER_MODEL_WANTED, on_model_wanted },
	{ BROKER_QUIET, on_quiet },
	{ BROKER_WORK, on_quiet },
};

static bool texts_end(const struct broker_msg *m)
{
	switch (m->kind) {
	case BROKER_VIOLATION:
		return str_ends_inside(m->u.fault.error.text, sizeof(m->u.fault.error.text));
	case BROKER_EMITTED:
		return str_ends_inside(m->u.emitted.error.text, sizeof(m->u.emitted.error.text));
	case BROKER_DONE:
		return str_ends_inside(m->u.done.error.text, sizeof(m->u.done.error.text));
	case BROKER_DIALOG:
		return str_ends_inside(m->u.dialog.text, sizeof(m->u.dialog.text));
	case BROKER_LOG:
		return str_ends_inside(m->u.log.line, sizeof(m->u.log.line));
	case BROKER_EVENT_DONE:
	case BROKER_EVENT_LATE:
	case BROKER_WANTED:
		return str_ends_inside(m->u.event.plugin, sizeof(m->u.event.plugin)) &&
		       str_ends_inside(m->u.event.note, sizeof(m->u.event.note)) &&
		       str_ends_inside(m->u.event.text, sizeof(m->u.event.text));
	default:
		return true;
	}
}

static bool take_record(struct broker *b, const struct broker_msg *m, long n)
{
	if (m->abi != BROKER_ABI || n != (long)broker_msg_size(m->kind) || !texts_end(m))
		return false;
	for (size_t i = 0; i < countof(records); i++)
		if (records[i].kind == m->kind) {
			records[i].fn(b, m);
			return true;
		}
	return false;
}

static void on_readable(void *arg, uint32_t events)
{
	static struct broker_msg m; /* large; one at a time */
	struct broker *b = arg;

	(void)events;
	for (unsigned int turn = 0; turn < TURN_MAX && b->state != BROKER_NONE; turn++) {
		long n;

		memset(&m, 0, offsetof(struct broker_msg, u));
		n = record_recv(b->fd, &m, sizeof(m), NULL, MSG_DONTWAIT, NULL);
		if (n == RECORD_AGAIN)
			return;
		if (n <= 0) {
			lose(b, "closed its link");
			return;
		}
		if (!take_record(b, &m, n)) {
			lose(b, "sent a record that is none");
			return;
		}
	}
}

void broker_catch_up(struct broker *b)
{
	if (b && (b->state == BROKER_OPENING || b->state == BROKER_SERVING))
		on_readable(b, 0);
}

/* ---- asking for it ---- */

static void on_answer(struct supervisor *s, void *arg, const struct launch_msg *answer,
		      struct record_fds *fds)
{
	struct broker *b = arg;
	struct err e = { 0 };

	if (b->state != BROKER_ASKED)
		return;
	if (answer->result < 0 || fds->count < 1) {
		lose(b, answer->result < 0 ? answer->u.error.text : "came without its link");
		return;
	}
	b->fd = take_fd(fds->fd[0]);
	b->state = BROKER_OPENING;
	if (loop_add_fd(s->loop, &(struct loop_watch){ b->fd, EPOLLIN, on_readable, b }, &b->source,
			&e) < 0)
		lose(b, e.text);
}

int broker_ensure(struct supervisor *s, const struct tenant_ceiling *t, struct err *e)
{
	struct launch_msg m = { .kind = LAUNCH_BROKER };
	struct broker *b = broker_of(s, t->name);

	if (!b)
		return err_set(e, ERR_NOT_FOUND, "no tenant %s", t->name);
	if (b->state != BROKER_NONE)
		return b->state == BROKER_SERVING;
	if (clock_mono_ms() < b->not_before_ms)
		return err_set(e, ERR_STATE,
			       "the broker of tenant %s ended; it is started again soon", t->name);
	(void)copy_str(m.u.broker.tenant, sizeof(m.u.broker.tenant), t->name);
	if (launcher_ask(s, &m, NULL, on_answer, b, e) < 0)
		return -1;
	b->state = BROKER_ASKED;
	return 0;
}

int broker_tell(struct broker *b, struct broker_msg *m, const struct record_fds *fds, struct err *e)
{
	if (b->state != BROKER_SERVING)
		return err_set(e, ERR_STATE, "no broker serves tenant %s", b->tenant->name);
	m->abi = BROKER_ABI;
	return record_send(b->fd, m, broker_msg_size(m->kind), fds, MSG_DONTWAIT, e);
}
