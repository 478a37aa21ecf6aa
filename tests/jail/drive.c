/* SPDX-License-Identifier: Apache-2.0 */
/* drive.c - stands in the supervisor's place: kenneld starts it under that name, and it puts text
 * commands from the control socket into launch records. Called by another name it is the client:
 *   jail-drive RUN COMMAND...
 * Commands (answer: one line, "error E_… text" for a refusal):
 *   start TENANT PLUGIN HEX IMAGE UID [rule…]   rule: r|w:vault|data:PATH   -> started ID CGROUP US
 *   compile PLUGIN STAGING UID                  -> started ID CGROUP US
 *   tell ID LINE        a line to its wire, its answer back
 *   attempts ID FROM    "try N" from there on, an answer a line with what the guard refused
 * meanwhile; closes with "end", or "closed N" when it ended before it answered out ID what it wrote
 * to stdout kill|freeze|thaw ID, usage ID, wait ID (-> ended CAUSE STATUS), refusals ID (-> COUNT
 * LASTPATH) repeat COUNT AT_ONCE TENANT PLUGIN HEX IMAGE UID [rule…]   start, use and end so many,
 * AT_ONCE at a time                    -> repeated COUNT start_us MEDIAN MOST malformed, shutdown
 * and by the client itself, as its caller: jail-drive --projects DIR counts the quota entries
 * there. Owns: nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/quota.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/record.h"
#include "proto/request.h"

enum { KNOWN_MAX = 2048, ANSWER_MS = 20000, REPEAT_MAX = 10000, AT_ONCE_MAX = 64 };

static struct known {
	uint64_t id;
	int wire, out;
	bool ended, told;
	uint32_t cause, status;
	uint64_t refusals, budgets;
	char path[64];
	struct usage usage;
} known[KNOWN_MAX];
static size_t known_count;
static uint64_t serial;
static int client;

static struct known *find(uint64_t id)
{
	for (size_t i = 0; i < known_count; i++)
		if (known[i].id == id)
			return &known[i];
	return NULL;
}

/* One whose end was waited for, or the next. */
static struct known *free_slot(void)
{
	for (size_t i = 0; i < known_count; i++)
		if (known[i].told)
			return &known[i];
	return known_count < KNOWN_MAX ? &known[known_count] : NULL;
}

static void take_notice(const struct launch_msg *m)
{
	struct known *k = NULL;

	if (m->kind == LAUNCH_NOTICE_ENDED && (k = find(m->u.ended.id))) {
		k->ended = true;
		k->cause = m->u.ended.cause;
		k->status = m->u.ended.status;
		k->usage = m->u.ended.usage;
	}
	if (m->kind == LAUNCH_NOTICE_REFUSAL && (k = find(m->u.refusal.id))) {
		k->refusals++;
		snprintf(k->path, sizeof(k->path), "%.60s", m->u.refusal.path);
	}
	if (m->kind == LAUNCH_NOTICE_BUDGET && (k = find(m->u.instance.id)))
		k->budgets++;
}

/* One record within the time, or -1. */
static int next_record(struct launch_msg *m, int ms)
{
	struct pollfd p = { .fd = REQUEST_FD, .events = POLLIN };
	struct record_fds fds;
	struct err e;
	long n;

	if (poll(&p, 1, ms) <= 0)
		return -1;
	n = record_recv(REQUEST_FD, m, sizeof(*m), &fds, 0, &e);
	if (n == 0)
		_exit(0); /* the launcher ends */
	record_fds_close(&fds);
	return n == (long)sizeof(*m) ? 0 : -1;
}

static int ask(struct launch_msg *m, const struct record_fds *fds, struct launch_msg *ret)
{
	struct err e;

	m->abi = REQUEST_ABI;
	m->serial = ++serial;
	if (record_send(REQUEST_FD, m, sizeof(*m), fds, 0, &e) < 0)
		return -1;
	while (next_record(ret, ANSWER_MS) == 0) {
		if (ret->serial == m->serial)
			return 0;
		take_notice(ret);
	}
	return -1;
}

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vdprintf(client, fmt, ap);
	va_end(ap);
	dprintf(client, "\n");
}

static void say_error(const struct launch_msg *a)
{
	say("error %s %s", err_name(a->u.error.code), a->u.error.text);
}

static const struct limits limits = { .memory_bytes = 64 << 20,
				      .cpu_percent = 100,
				      .tasks = 16,
				      .event_timeout_ms = 1000,
				      .calls_per_second = 10,
				      .data_bytes = 1 << 20,
				      .io_bytes = 64 << 20 };

/* NULL: it was said why. */
static struct known *begin(struct launch_msg *m, bool wired, struct launch_msg *ret)
{
	struct known *k = free_slot();
	int pair[2], out[2];
	struct record_fds fds = { .count = wired ? 3 : 2 };

	if (!k || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 ||
	    pipe2(out, O_CLOEXEC) < 0) {
		say("error driver %s", strerror(errno));
		return NULL;
	}
	fds.fd[0] = wired ? pair[1] : out[1];
	fds.fd[1] = fds.fd[2] = out[1];
	m->kind = LAUNCH_START;
	ret->result = 0;
	ret->u.started.id = 0;
	if (ask(m, &fds, ret) < 0)
		say("error driver no answer");
	else if (ret->result < 0)
		say_error(ret);
	close(pair[1]);
	close(out[1]);
	if (ret->result < 0 || !ret->u.started.id) {
		close(pair[0]);
		close(out[0]);
		return NULL;
	}
	*k = (struct known){ .id = ret->u.started.id, .wire = pair[0], .out = out[0] };
	known_count += k == &known[known_count];
	return k;
}

static void start(struct launch_msg *m, bool wired)
{
	struct launch_msg a;

	if (begin(m, wired, &a))
		say("started %llu %llu %u", (unsigned long long)a.u.started.id,
		    (unsigned long long)a.u.started.cgroup, a.u.started.start_us);
}

/* "r:vault:Projects" */
static bool add_rule(struct launch_start *s, const char *text)
{
	struct file_rule *f = &s->files[s->file_count];
	const char *path = strchr(text + 2, ':');

	if (!path || s->file_count == FILE_RULES_MAX)
		return false;
	f->root = text[2] == 'v' ? FILE_ROOT_VAULT : FILE_ROOT_DATA;
	f->access = FILE_ACCESS_READ | (text[0] == 'w' ? FILE_ACCESS_WRITE : 0);
	snprintf(f->path, sizeof(f->path), "%s", path + 1);
	s->file_count++;
	return true;
}

/* The words after "start". */
static bool fill_start(struct launch_msg *m, char **w, int n)
{
	struct launch_start *s = &m->u.start;

	memset(m, 0, sizeof(*m));
	snprintf(s->tenant, sizeof(s->tenant), "%s", w[0]);
	snprintf(s->plugin, sizeof(s->plugin), "%s", w[1]);
	snprintf(s->bundle_hex, sizeof(s->bundle_hex), "%s", w[2]);
	s->image = (uint32_t)strtoul(w[3], NULL, 10);
	s->uid_index = (uint32_t)strtoul(w[4], NULL, 10);
	s->limits = limits;
	s->cpu_budget_ms = 10000;
	if (s->image == IMAGE_NATIVE || s->image == IMAGE_JS)
		snprintf(s->entry, sizeof(s->entry), "plugin");
	for (int i = 5; i < n; i++) {
		if (!strncmp(w[i], "budget=", 7))
			s->cpu_budget_ms = strtoull(w[i] + 7, NULL, 10);
		else if (!strncmp(w[i], "memory=", 7))
			s->limits.memory_bytes = strtoull(w[i] + 7, NULL, 10);
		else if (!strncmp(w[i], "io=", 3))
			s->limits.io_bytes = strtoull(w[i] + 3, NULL, 10);
		else if (!strncmp(w[i], "data=", 5))
			s->limits.data_bytes = strtoull(w[i] + 5, NULL, 10);
		else if (!strcmp(w[i], "jit"))
			s->jit = 1;
		else if (!add_rule(s, w[i])) {
			say("error driver rule");
			return false;
		}
	}
	return true;
}

static void do_start(char **w, int n)
{
	static struct launch_msg m;

	if (fill_start(&m, w + 1, n - 1))
		start(&m, true);
}

static void do_compile(char **w)
{
	static struct launch_msg m;
	struct launch_start *s = &m.u.start;

	memset(&m, 0, sizeof(m));
	snprintf(s->plugin, sizeof(s->plugin), "%s", w[1]);
	snprintf(s->staging, sizeof(s->staging), "%s", w[2]);
	s->image = IMAGE_COMPILE;
	s->uid_index = (uint32_t)strtoul(w[3], NULL, 10);
	s->limits = limits;
	s->limits.memory_bytes = 1u << 30;
	s->limits.tasks = 32;
	start(&m, false);
}

static void do_simple(uint32_t kind, uint64_t id)
{
	struct launch_msg m = { .kind = kind, .u.instance.id = id }, a;

	if (ask(&m, NULL, &a) < 0)
		say("error driver no answer");
	else if (a.result < 0)
		say_error(&a);
	else if (kind == LAUNCH_USAGE)
		say("usage cpu_ms %llu peak %llu anon %llu execs %llu tasks %llu refused %llu opens %llu",
		    (unsigned long long)a.u.usage.usage.cpu_ns / 1000000,
		    (unsigned long long)a.u.usage.usage.memory_peak_bytes,
		    (unsigned long long)a.u.usage.usage.anon_bytes,
		    (unsigned long long)a.u.usage.usage.execs,
		    (unsigned long long)a.u.usage.usage.tasks,
		    (unsigned long long)a.u.usage.usage.refused,
		    (unsigned long long)a.u.usage.usage.opens);
	else
		say("ok");
}

static void await_end(struct known *k)
{
	struct launch_msg a;

	while (!k->ended && next_record(&a, ANSWER_MS) == 0)
		take_notice(&a);
	close(k->wire);
	close(k->out);
	k->wire = k->out = -1;
	k->told = true;
}

static void do_wait(struct known *k)
{
	static const char *const causes[] = { "?", "exit", "signal", "oom", "killed", "setup" };

	await_end(k);
	if (k->ended)
		say("ended %s %u cpu_ms %llu", causes[k->cause < 6 ? k->cause : 0], k->status,
		    (unsigned long long)k->usage.cpu_ns / 1000000);
	else
		say("error driver it does not end");
}

/* ---- many ---- */

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* What it is told costs page cache, inodes and quota while it lives; then it ends with status 3. */
static bool use_and_end(struct known **k, size_t n)
{
	static const char work[] = "open c /data/x\nopen c /tmp/x\nexit 3\n";
	bool good = true;

	for (size_t i = 0; i < n; i++)
		good &= write(k[i]->wire, work, sizeof(work) - 1) == sizeof(work) - 1;
	for (size_t i = 0; i < n; i++) {
		await_end(k[i]);
		good &= k[i]->ended && k[i]->cause == END_EXIT && k[i]->status == 3;
	}
	return good;
}

static void do_repeat(char **w, int n)
{
	static uint32_t took_us[REPEAT_MAX];
	static struct launch_msg m, a;
	size_t count = strtoul(w[1], NULL, 10), at_once = strtoul(w[2], NULL, 10), done = 0;
	struct known *k[AT_ONCE_MAX];

	if (count == 0 || count > REPEAT_MAX || at_once == 0 || at_once > AT_ONCE_MAX) {
		say("error driver count");
		return;
	}
	if (!fill_start(&m, w + 3, n - 3))
		return;
	while (done < count) {
		size_t now = 0;

		for (; now < at_once && done + now < count; now++) {
			k[now] = begin(&m, true, &a);
			if (!k[now])
				return;
			took_us[done + now] = a.u.started.start_us;
		}
		if (!use_and_end(k, now)) {
			say("error driver one of %zu to %zu did not end with status 3", done,
			    done + now);
			return;
		}
		done += now;
	}
	qsort(took_us, count, sizeof(took_us[0]), by_number);
	say("repeated %zu start_us %u %u", count, took_us[count / 2], took_us[count - 1]);
}

/* Its answer without the newline; false: it did not answer. */
static bool hear(struct known *k, char *answer, size_t cap)
{
	struct pollfd p = { .fd = k->wire, .events = POLLIN };
	size_t n = 0;

	while (n < cap - 1 && poll(&p, 1, ANSWER_MS) > 0 && read(k->wire, answer + n, 1) == 1)
		if (answer[n++] == '\n')
			break;
	answer[n ? n - 1 : 0] = '\0';
	return n > 0;
}

static void do_tell(struct known *k, const char *text)
{
	char answer[8192];

	dprintf(k->wire, "%s\n", text);
	say("%s", hear(k, answer, sizeof(answer)) ? answer : "closed");
}

static uint64_t count_refused(uint64_t id)
{
	struct launch_msg m = { .kind = LAUNCH_USAGE, .u.instance.id = id }, a;

	return ask(&m, NULL, &a) == 0 && a.result == 0 ? a.u.usage.usage.refused : 0;
}

static void do_attempts(struct known *k, size_t from)
{
	char answer[1024] = "";

	for (size_t n = from; strcmp(answer, "end") != 0; n++) {
		uint64_t before = count_refused(k->id);

		dprintf(k->wire, "try %zu\n", n);
		if (!hear(k, answer, sizeof(answer))) {
			say("closed %zu", n);
			return;
		}
		if (strcmp(answer, "end") != 0)
			say("%s\t%llu", answer,
			    (unsigned long long)(count_refused(k->id) - before));
	}
	say("end");
}

static void do_out(struct known *k)
{
	char text[4096];
	ssize_t n;

	fcntl(k->out, F_SETFL, O_NONBLOCK);
	n = read(k->out, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	dprintf(client, "%s", text);
}

static void of_instance(const char *verb, uint64_t id, const char *rest)
{
	struct known *k = find(id);
	struct launch_msg a;

	if (!strcmp(verb, "kill"))
		do_simple(LAUNCH_KILL, id);
	else if (!strcmp(verb, "freeze"))
		do_simple(LAUNCH_FREEZE, id);
	else if (!strcmp(verb, "thaw"))
		do_simple(LAUNCH_THAW, id);
	else if (!strcmp(verb, "usage"))
		do_simple(LAUNCH_USAGE, id);
	else if (!k)
		say("error driver no such instance");
	else if (!strcmp(verb, "wait"))
		do_wait(k);
	else if (!strcmp(verb, "tell"))
		do_tell(k, rest);
	else if (!strcmp(verb, "attempts"))
		do_attempts(k, strtoul(rest, NULL, 10));
	else if (!strcmp(verb, "out"))
		do_out(k);
	else if (!strcmp(verb, "refusals") || !strcmp(verb, "budgets")) {
		while (next_record(&a, 300) == 0)
			take_notice(&a);
		say("%llu %s", (unsigned long long)(verb[0] == 'r' ? k->refusals : k->budgets),
		    k->path);
	} else
		say("error driver command");
}

static void handle(char *line)
{
	char copy[4096];
	char *w[16] = { NULL }, *at = copy, *rest = line;
	int n = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word; n < 16 && (word = strsep(&at, " "));)
		if (*word)
			w[n++] = word;
	if (n == 0)
		return;
	if (!strcmp(w[0], "start") && n >= 6)
		do_start(w, n);
	else if (!strcmp(w[0], "repeat") && n >= 8)
		do_repeat(w, n);
	else if (!strcmp(w[0], "compile") && n == 4)
		do_compile(w);
	else if (!strcmp(w[0], "shutdown"))
		do_simple(LAUNCH_SHUTDOWN, 0);
	else if (!strcmp(w[0], "malformed"))
		say("%s", send(REQUEST_FD, "hello", 5, 0) == 5 ? "sent" : "error");
	else if (n >= 2) {
		rest = strchr(line, ' ') + 1;
		rest = strchr(rest, ' ');
		of_instance(w[0], strtoull(w[1], NULL, 10), rest ? rest + 1 : "");
	}
}

static size_t read_line(int fd, char *line, size_t cap)
{
	size_t n = 0;

	while (n < cap - 1 && read(fd, line + n, 1) == 1 && line[n] != '\n')
		n++;
	line[n] = '\0';
	return n;
}

static int serve(void)
{
	struct pollfd p[2] = { { .fd = SUPERVISOR_CONTROL_FD, .events = POLLIN },
			       { .fd = REQUEST_FD, .events = POLLIN } };
	char line[4096];
	struct launch_msg m;

	/* A jail that has just died is an answer ("closed"), not the driver's end. */
	(void)signal(SIGPIPE, SIG_IGN);
	for (;;) {
		if (poll(p, 2, -1) < 0)
			return 1;
		if (p[1].revents && next_record(&m, 0) == 0)
			take_notice(&m);
		if (!p[0].revents || (client = accept(SUPERVISOR_CONTROL_FD, NULL, NULL)) < 0)
			continue;
		if (read_line(client, line, sizeof(line)))
			handle(line);
		close(client);
	}
}

static int call(int argc, char **argv)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char buf[4096];
	ssize_t n;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/control.sock", argv[1]);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return 1;
	for (int i = 2; i < argc; i++)
		dprintf(fd, "%s%s", argv[i], i + 1 < argc ? " " : "\n");
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (write(1, buf, (size_t)n) != n)
			return 1;
	return 0;
}

/* Every project that the file system of dir keeps count of. */
static int count_projects(const char *dir)
{
	struct if_nextdqblk q;
	int fd = open(dir, O_RDONLY | O_DIRECTORY), n = 0;
	uint32_t id = 0;

	while (fd >= 0 &&
	       syscall(SYS_quotactl_fd, fd, QCMD(Q_GETNEXTQUOTA, PRJQUOTA), id, &q) == 0) {
		n++;
		id = q.dqb_id + 1;
	}
	printf("%d\n", n);
	return fd < 0;
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');

	name = name ? name + 1 : argv[0];
	if (!strcmp(name, "kennel-supervisor"))
		return serve();
	if (argc < 3) {
		fprintf(stderr, "usage: jail-drive RUN COMMAND...\n");
		return 2;
	}
	if (!strcmp(argv[1], "--projects"))
		return count_projects(argv[2]);
	return call(argc, argv);
}
