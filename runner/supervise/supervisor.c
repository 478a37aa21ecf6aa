/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor.c - opening the parts, one timer for all deadlines, the loop. */
#include "supervise/supervisor.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/loop.h"
#include "policy/wire.h"
#include "proto/request.h"
#include "supervise/feed.h"
#include "supervise/letin.h"
#include "supervise/note.h"
#include "supervise/scan.h"
#include "supervise/sweep.h"

const struct tenant_ceiling *supervisor_tenant(const struct supervisor *s, const char *name)
{
	for (uint32_t i = 0; i < s->ceiling.tenant_count; i++)
		if (!strcmp(s->ceiling.tenants[i].name, name))
			return &s->ceiling.tenants[i];
	return NULL;
}

/* xorshift64: nobody gains by guessing when a crashed plugin comes back. */
uint64_t supervisor_chance(struct supervisor *s)
{
	s->chance ^= s->chance << 13;
	s->chance ^= s->chance >> 7;
	s->chance ^= s->chance << 17;
	return s->chance;
}

void supervisor_end(struct supervisor *s, enum err_code why)
{
	s->end = why;
	loop_stop(s->loop, 0);
}

/* ---- time ---- */

static int64_t sooner(int64_t a, int64_t b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}

void supervisor_rearm(struct supervisor *s)
{
	int64_t next = emit_next_deadline(s), wait;

	for (size_t i = 0; i < s->plugin_count; i++) {
		next = sooner(next, s->plugins[i]->deadline_ms);
		next = sooner(next, s->plugins[i]->standbys.deadline_ms);
	}
	if (s->admit.now)
		next = sooner(next, s->admit.now->deadline_ms);
	next = sooner(next, s->revoked.deadline_ms);
	next = sooner(next, s->floor.deadline_ms);
	next = sooner(next, s->letin_ms);
	next = sooner(next, broker_ask_next_deadline(s));
	if (s->stats.running)
		next = sooner(next, s->stats.deadline_ms);
	wait = next - clock_mono_ms();
	(void)loop_arm(s->timer, next ? (wait > 0 ? (uint64_t)wait : 1) : 0, NULL);
}

int64_t supervisor_now_s(const struct supervisor *s)
{
	return timefloor_now(&s->floor, clock_wall_s(), clock_mono_ms());
}

/* A clock that was wrong once, and far ahead, makes everything expire early: somebody must learn
 * why. */
static void tell_behind(struct supervisor *s)
{
	int64_t wall = clock_wall_s();
	bool behind = wall + TIMEFLOOR_BEHIND_S < supervisor_now_s(s);
	char was[CLOCK_TEXT_BYTES], text[TEXT_MAX_BYTES];

	if (behind && !s->floor.told_behind) {
		clock_format_utc(supervisor_now_s(s) * 1000000000, was);
		(void)snprintf(text, sizeof(text),
			       "the clock was set back behind %.19sZ, which this host has seen; "
			       "what had expired by then stays so",
			       was);
		note_tell(s, &(struct note){ .event = "clock.behind", .detail = text });
		feed_host(s, "clock", NULL, text);
	}
	s->floor.told_behind = behind;
}

int supervisor_keep_time(struct supervisor *s, struct err *e)
{
	(void)timefloor_advance(&s->floor, clock_wall_s(), clock_mono_ms());
	tell_behind(s);
	return timefloor_save(s->store.state, &s->floor, false, e);
}

static void floor_on_time(struct supervisor *s, int64_t now_ms)
{
	struct err e = { 0 };

	if (s->floor.deadline_ms > now_ms)
		return;
	s->floor.deadline_ms = now_ms + TIMEFLOOR_TICK_MS;
	if (supervisor_keep_time(s, &e) < 0)
		feed_host(s, "clock", NULL, e.text);
}

static void on_timer(void *arg)
{
	struct supervisor *s = arg;
	int64_t now = clock_mono_ms();

	for (size_t i = s->plugin_count; i-- > 0;)
		if (i < s->plugin_count) /* one that ends may take itself out */
			plugin_on_time(s->plugins[i], now);
	admit_on_time(s, now);
	revoked_on_time(s, now);
	floor_on_time(s, now);
	letin_on_time(s, now);
	emit_on_time(s, now);
	broker_ask_on_time(s, now);
	stats_on_time(s, now);
	supervisor_rearm(s);
}

static void on_signal(void *arg, int sig)
{
	(void)sig;
	supervisor_end(arg, ERR_OK);
}

/* ---- opening ---- */

static int read_ceiling(struct ceiling *ret, struct err *e)
{
	struct ceiling c;

	if (pread(SUPERVISOR_CEILING_FD, &c, sizeof(c), 0) != (ssize_t)sizeof(c))
		return err_set(e, ERR_PROTOCOL, "the ceiling is not whole");
	if (ceiling_check(&c, e) < 0)
		return err_wrap(e, "ceiling");
	*ret = c;
	return 0;
}

static int add_installed(struct supervisor *s, struct err *e)
{
	for (uint32_t i = 0; i < s->registry.count; i++) {
		const struct registry_entry *g = &s->registry.entries[i];
		const struct tenant_ceiling *t = supervisor_tenant(s, g->tenant);
		struct plugin *p;

		if (!g->bundle[0])
			continue;
		if (!t)
			feed_host(s, "tenant", g->tenant,
				  "is not in the configuration; its plugins do not run");
		else if (plugin_add(s, t, g->plugin, &p, e) < 0)
			return -1;
	}
	return 0;
}

static int open_loop(struct supervisor *s, struct err *e)
{
	if (loop_new(&s->loop, e) < 0 || loop_add_timer(s->loop, on_timer, s, &s->timer, e) < 0 ||
	    loop_add_signal(s->loop, SIGTERM, on_signal, s, e) < 0 ||
	    loop_add_signal(s->loop, SIGINT, on_signal, s, e) < 0)
		return -1;
	return launcher_open(s, e) < 0 || control_open(s, e) < 0 ? -1 : 0;
}

/* Three descriptors a start, one a client: the default of 1024 is not enough for a full host. */
static void raise_descriptors(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
}

int supervisor_new(struct supervisor **ret, struct err *e)
{
	CLEANUP(supervisor_free_p) struct supervisor *s = calloc(1, sizeof(*s));
	struct sweep_report swept = { 0 };
	struct err why = { 0 };

	if (!s)
		return err_set(e, ERR_NOMEM, "supervisor");
	s->scan_fd = -1;
	s->revoked.folder = -1;
	s->store = (struct store){ -1, -1, -1, -1, -1, -1, -1 };
	s->events.cap = EVENTS_KEPT;
	raise_descriptors();
	if (read_ceiling(&s->ceiling, e) < 0 || store_open(SUPERVISOR_STATE_FD, &s->store, e) < 0 ||
	    registry_load(s->store.registry, &s->registry, e) < 0 ||
	    timefloor_load(SUPERVISOR_STATE_FD, clock_mono_ms(), &s->floor, e) < 0)
		return -1;
	if (sweep_all(s, &swept, &why) < 0) /* what a crash left; it harms nobody but the disk */
		feed_host(s, "store", NULL, why.text);
	if (getrandom(&s->chance, sizeof(s->chance), 0) != (ssize_t)sizeof(s->chance) || !s->chance)
		s->chance = 1;
	for (uint32_t i = 0; i < s->ceiling.tenant_count; i++)
		s->brokers[i] =
			(struct broker){ .s = s, .tenant = &s->ceiling.tenants[i], .fd = -1 };
	scan_prepare(s);
	if (revoked_open(s, e) < 0 || open_loop(s, e) < 0 || add_installed(s, e) < 0)
		return -1;
	*ret = take_ptr(s);
	return 0;
}

void supervisor_free_p(struct supervisor **ps)
{
	struct supervisor *s = *ps;

	if (!s)
		return;
	if (s->loop) {
		admit_close(s);
		control_close(s);
	}
	while (s->plugin_count > 0)
		plugin_drop(s->plugins[0]);
	for (size_t i = 0; i < EMITS_MAX; i++)
		json_decref(s->emits.list[i].results);
	for (uint32_t i = 0; i < s->ceiling.tenant_count; i++) {
		loop_remove(&s->brokers[i].source);
		fd_close_p(&s->brokers[i].fd);
		dialogs_forget(&s->brokers[i]);
	}
	loop_remove(&s->launcher.source);
	loop_remove(&s->timer);
	loop_free_p(&s->loop);
	ring_free_p(&s->events);
	registry_free_p(&s->registry);
	revoked_close(s);
	store_close(&s->store);
	fd_close_p(&s->scan_fd);
	free(s);
	*ps = NULL;
}

/* What this host does without is on record with each of its starts. */
static int note_start(const struct supervisor *s, struct err *e)
{
	char accepted[TEXT_MAX_BYTES] = "";
	struct writer w;

	writer_init(&w, accepted, sizeof(accepted));
	for (unsigned int i = 0; i < ACCEPT_COUNT; i++)
		if (s->ceiling.accept & (1u << i))
			writer_fmt(&w, "%s%s", accepted[0] ? ", " : "runs with ",
				   degradation_name(i));
	return note_write(
		&(struct note){ .event = "host.start", .detail = accepted[0] ? accepted : NULL },
		e);
}

int supervisor_serve(struct supervisor *s, struct err *e)
{
	if (note_start(s, e) < 0 || supervisor_keep_time(s, e) < 0)
		return -1;
	s->floor.deadline_ms = clock_mono_ms() + TIMEFLOOR_TICK_MS;
	s->letin_ms = s->ceiling.min_release_age_ms ? clock_mono_ms() + 1000 : 0;
	for (size_t i = 0; i < s->plugin_count; i++)
		plugin_boot(s->plugins[i]);
	supervisor_rearm(s);
	if (loop_run(s->loop, e) < 0)
		return -1;
	note_tell(s, &(struct note){ .event = "host.end" });
	(void)timefloor_advance(&s->floor, clock_wall_s(), clock_mono_ms());
	if (timefloor_save(s->store.state, &s->floor, true, e) < 0)
		return -1;
	if (s->end != ERR_OK)
		return err_set(e, s->end, "the launcher sent what is no record");
	return 0;
}
