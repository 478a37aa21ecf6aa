/* SPDX-License-Identifier: Apache-2.0 */
/* driver.c - stands in the supervisor's place (kenneld starts it under that name) and measures
 * starts: from the request to the first word on the wire ("ready"), to the answer to the first
 * event, and from the closed wire to the notice that the cgroup is empty, reaped and removed
 * ("down"). The file "bench" of the state folder says what, one series a line:
 *   stub|wasm PARALLEL ROUNDS run|idle UID-INDEX BUNDLE-HEX
 * N at once are the N plugins bench-KIND-0 and on, each with a user of its own. An idle series says
 * "held" by a file of that name, and goes on when somebody takes it away. The figures go to
 * "bench.out". A batch that is not idle waits for its turn (turn.h). Owns: the requests.  Must not
 * know: how a jail is made. */
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/fs.h"
#include "base/record.h"
#include "proto/request.h"
#include "tools/bench/batch.h"
#include "tools/bench/turn.h"

enum { HELD_POLL_US = 20000, ORDERS_MAX_BYTES = 65536 };

struct order {
	char kind[8];
	char mode[8];
	char hex[DIGEST_HEX_BYTES];
	unsigned int parallel, rounds, uid_index;
};

struct turns {
	int ours, theirs;
};

static uint64_t serial;

static int next(struct launch_msg *m, struct err *e)
{
	struct record_fds fds = { 0 };
	long n = record_recv(REQUEST_FD, m, sizeof(*m), &fds, 0, e);

	record_fds_close(&fds);
	return n == (long)sizeof(*m) ? 0 : err_set(e, ERR_IO, "the launcher is gone");
}

/* Sends the request and does not wait: its serial stands for the instance until the answer. */
static int start(struct batch *b, size_t n, int *ret_wire, struct err *e)
{
	const struct order *o = b->arg;
	struct launch_msg m = { .abi = REQUEST_ABI, .kind = LAUNCH_START, .serial = ++serial };
	struct record_fds pass = { .count = 3 };
	int theirs, out[2], r;

	if (batch_wire(ret_wire, &theirs, e) < 0)
		return -1;
	if (pipe2(out, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	pass.fd[0] = theirs;
	pass.fd[1] = pass.fd[2] = out[1];
	(void)copy_str(m.u.start.tenant, sizeof(m.u.start.tenant), "default");
	(void)snprintf(m.u.start.plugin, sizeof(m.u.start.plugin), "bench-%s-%zu", o->kind, n);
	(void)copy_str(m.u.start.bundle_hex, sizeof(m.u.start.bundle_hex), o->hex);
	m.u.start.image = IMAGE_WASM;
	m.u.start.uid_index = o->uid_index + (unsigned int)n;
	m.u.start.cpu_budget_ms = 10000;
	m.u.start.limits = (struct limits){ .memory_bytes = 32u << 20,
					    .cpu_percent = 100,
					    .tasks = 8,
					    .event_timeout_ms = 1000,
					    .calls_per_second = 10,
					    .io_bytes = 64 << 20 };
	b->starts[n].id = serial;
	r = record_send(REQUEST_FD, &m, sizeof(m), &pass, 0, e);
	(void)close(theirs);
	(void)close(out[0]); /* nobody writes to it */
	(void)close(out[1]);
	return r;
}

static struct batch_start *find(struct batch *b, uint64_t id)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->starts[i].id == id && b->starts[i].end_us == 0)
			return &b->starts[i];
	return NULL;
}

static int on_notice(struct batch *b, size_t n, struct err *e)
{
	struct batch_start *s;
	struct launch_msg m;

	(void)n;
	if (next(&m, e) < 0)
		return -1;
	if (m.serial && m.result < 0) {
		*e = m.u.error;
		return -1;
	}
	s = find(b, m.serial ? m.serial : m.u.ended.id);
	if (s && m.serial)
		s->id = m.u.started.id;
	else if (s && m.kind == LAUNCH_NOTICE_ENDED)
		s->end_us = bench_now_us();
	return 0;
}

static int held(struct batch *b, struct err *e)
{
	int fd = openat(SUPERVISOR_STATE_FD, "held", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	(void)b;
	if (fd < 0)
		return err_sys(e, "held");
	(void)close(fd);
	while (faccessat(SUPERVISOR_STATE_FD, "held", F_OK, 0) == 0)
		(void)usleep(HELD_POLL_US);
	return 0;
}

static int run_batch(struct batch *b, struct series *s, const struct turns *t, struct err *e)
{
	if (b->idle)
		return batch_run(b, s, e);
	if (turn_take(t->ours, e) < 0 || batch_run(b, s, e) < 0)
		return -1;
	return turn_give(t->theirs, e);
}

static int run_series(struct order *o, struct series *s, const struct turns *t, struct err *e)
{
	struct batch b = { .count = o->parallel,
			   .idle = !strcmp(o->mode, "idle"),
			   .arg = o,
			   .start = start,
			   .on_end = on_notice,
			   .held = held,
			   .notice_fd = REQUEST_FD };
	unsigned int warm = batch_warm(o->parallel);

	series_reset(s);
	s->runner = "kennel";
	s->wasm = !strcmp(o->kind, "wasm");
	s->parallel = o->parallel;
	for (unsigned int i = 0; i < (b.idle ? 1 : o->rounds + warm); i++) {
		if (i == warm)
			series_reset(s);
		if (run_batch(&b, s, t, e) < 0)
			return -1;
	}
	if (!b.idle)
		series_print(s);
	return 0;
}

static int run_all(struct err *e)
{
	static struct series s;
	struct buffer b = { 0 };
	struct turns t;
	char *rest;

	t.ours = turn_open(SUPERVISOR_STATE_FD, "to-kennel", e);
	t.theirs = turn_open(SUPERVISOR_STATE_FD, "to-peers", e);
	if (t.ours < 0 || t.theirs < 0)
		return -1;
	if (fs_read_file(SUPERVISOR_STATE_FD, "bench", ORDERS_MAX_BYTES, &b, e) < 0)
		return -1;
	rest = (char *)b.p;
	for (char *line; (line = strsep(&rest, "\n")) && *line;) {
		struct order o = { 0 };

		if (sscanf(line, "%7s %u %u %7s %u %64s", o.kind, &o.parallel, &o.rounds, o.mode,
			   &o.uid_index, o.hex) != 6 ||
		    !o.parallel || o.parallel > BATCH_MAX)
			return err_set(e, ERR_FORMAT, "line %.60s", line);
		if (run_series(&o, &s, &t, e) < 0)
			return -1;
	}
	buffer_free_p(&b);
	return 0;
}

int main(void)
{
	struct launch_msg end = { .abi = REQUEST_ABI, .kind = LAUNCH_SHUTDOWN };
	struct err e = { 0 };
	int out = openat(SUPERVISOR_STATE_FD, "bench.out", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			 0644);

	if (out < 0 || dup2(out, STDOUT_FILENO) < 0)
		return 125;
	if (run_all(&e) < 0)
		(void)printf("error %s %s\n", err_name(e.code), e.text);
	(void)fflush(stdout);
	end.serial = ++serial;
	(void)record_send(REQUEST_FD, &end, sizeof(end), NULL, 0, &e);
	(void)pause();
	return 0;
}
