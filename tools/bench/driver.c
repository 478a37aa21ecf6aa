/* SPDX-License-Identifier: Apache-2.0 */
/* driver.c - stands in the supervisor's place (kenneld starts it under that name) and measures
 * starts: from the request to the first word on the wire ("ready"), and to the notice that the
 * cgroup is empty, reaped and removed ("end"). The series stand in the file "bench" of the state
 * folder, one a line: NAME ROUNDS stub|wasm PLUGIN BUNDLE-HEX UID-INDEX The figures go to
 * "bench.out" beside it. Owns: the measuring.  Must not know: how a jail is made. */
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/frame.h"
#include "base/fs.h"
#include "base/record.h"
#include "proto/request.h"
#include "tools/bench/sample.h"

enum { WARM_ROUNDS = 3 };

static const char initialize[] =
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":"
	"{\"protocol\":\"1.0\",\"plugin\":\"bench\",\"version\":\"1.0.0\",\"tenant\":\"t\","
	"\"instance\":\"1\",\"grants\":[],\"events\":[],\"limits\":{}}}";

struct series {
	char name[32];
	unsigned int rounds;
	char kind[8];
	char plugin[NAME_MAX_BYTES];
	char hex[DIGEST_HEX_BYTES];
	unsigned int uid_index;
	struct sample ready, end;
};

static uint64_t serial;

static int next(struct launch_msg *m, struct err *e)
{
	struct record_fds fds = { 0 };
	long n = record_recv(REQUEST_FD, m, sizeof(*m), &fds, 0, e);

	record_fds_close(&fds);
	return n == (long)sizeof(*m) ? 0 : err_set(e, ERR_IO, "the launcher is gone");
}

static int start(const struct series *s, const int fds[3], uint64_t *ret_id, struct err *e)
{
	struct launch_msg m = { .abi = REQUEST_ABI, .kind = LAUNCH_START, .serial = ++serial };
	struct record_fds pass = { .fd = { fds[0], fds[1], fds[2] }, .count = 3 };

	(void)copy_str(m.u.start.tenant, sizeof(m.u.start.tenant), "default");
	(void)copy_str(m.u.start.plugin, sizeof(m.u.start.plugin), s->plugin);
	(void)copy_str(m.u.start.bundle_hex, sizeof(m.u.start.bundle_hex), s->hex);
	m.u.start.image = IMAGE_WASM;
	m.u.start.uid_index = s->uid_index;
	m.u.start.cpu_budget_ms = 10000;
	m.u.start.limits = (struct limits){ .memory_bytes = 32u << 20,
					    .cpu_percent = 100,
					    .tasks = 8,
					    .event_timeout_ms = 1000,
					    .calls_per_second = 10,
					    .io_bytes = 64 << 20 };
	if (record_send(REQUEST_FD, &m, sizeof(m), &pass, 0, e) < 0)
		return -1;
	do {
		if (next(&m, e) < 0)
			return -1;
	} while (m.serial != serial);
	if (m.result < 0) {
		*e = m.u.error;
		return -1;
	}
	*ret_id = m.u.started.id;
	return 0;
}

static int await_end(uint64_t id, struct err *e)
{
	struct launch_msg m;

	do {
		if (next(&m, e) < 0)
			return -1;
	} while (m.kind != LAUNCH_NOTICE_ENDED || m.u.ended.id != id);
	return 0;
}

static int await_ready(const struct series *s, int wire, struct err *e)
{
	struct buffer b = { 0 };
	char c;

	if (strcmp(s->kind, "wasm") != 0)
		return read(wire, &c, 1) == 1 ? 0 : err_set(e, ERR_IO, "the stub said nothing");
	if (frame_write_blocking(wire, initialize, sizeof(initialize) - 1, -1, e) < 0 ||
	    frame_read_blocking(wire, 1 << 20, &b, e) < 0)
		return -1;
	buffer_free_p(&b);
	return 0;
}

static int one_round(struct series *s, struct err *e)
{
	int pair[2], out[2], fds[3];
	double begin = 0, ready = 0;
	uint64_t id = 0;
	int r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 ||
	    pipe2(out, O_CLOEXEC) < 0)
		return err_sys(e, "descriptors");
	fds[0] = pair[1];
	fds[1] = fds[2] = out[1];
	begin = bench_now_us();
	r = start(s, fds, &id, e);
	(void)close(pair[1]);
	(void)close(out[1]);
	if (r == 0)
		r = await_ready(s, pair[0], e);
	ready = bench_now_us();
	(void)close(pair[0]);
	if (r == 0)
		r = await_end(id, e);
	(void)close(out[0]);
	if (r < 0)
		return -1;
	sample_add(&s->ready, ready - begin);
	sample_add(&s->end, bench_now_us() - begin);
	return 0;
}

static int run_series(struct series *s, struct err *e)
{
	for (unsigned int i = 0; i < s->rounds + WARM_ROUNDS; i++) {
		if (one_round(s, e) < 0)
			return err_wrap(e, "%s, round %u", s->name, i);
		if (i == WARM_ROUNDS - 1)
			s->ready.n = s->end.n = 0;
	}
	sample_print(&s->ready, s->name, "ready");
	sample_print(&s->end, s->name, "end");
	return 0;
}

static int run_all(struct err *e)
{
	static struct series s;
	struct buffer b = { 0 };
	char *rest = NULL;

	if (fs_read_file(SUPERVISOR_STATE_FD, "bench", 65536, &b, e) < 0)
		return -1;
	for (char *line = strtok_r((char *)b.p, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		memset(&s, 0, sizeof(s));
		if (sscanf(line, "%31s %u %7s %63s %64s %u", s.name, &s.rounds, s.kind, s.plugin,
			   s.hex, &s.uid_index) != 6)
			return err_set(e, ERR_FORMAT, "line %.60s", line);
		if (run_series(&s, e) < 0)
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
