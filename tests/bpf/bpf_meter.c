/* SPDX-License-Identifier: Apache-2.0 */
/* bpf_meter.c - the meter against the kernel's own counters, after each of several ways to use a
 * machine.
 * tests: runner/sandbox/meter.c, bpf/meter.bpf.c */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

#define MS 1000000ull
#define MIB (1ull << 20)
#define FORKS 200
#define NOBODY (1ull << 60) /* ids of cgroups that never were */

static struct meter *m;

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void spin(double s)
{
	double end = now_s() + s;

	while (now_s() < end)
		;
}

static int busy(void)
{
	spin(1);
	return 0;
}

static int sleepers(void)
{
	for (int i = 0; i < 2; i++)
		if (fork() == 0) {
			for (double end = now_s() + 1; now_s() < end;)
				usleep(100);
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	return 0;
}

static int forks(void)
{
	for (int i = 0; i < FORKS; i++) {
		if (fork() == 0)
			_exit(0);
		wait(NULL);
	}
	return 0;
}

static int crowd(void)
{
	for (int i = 0; i < 6; i++)
		if (fork() == 0) {
			spin(0.5);
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	return 0;
}

static int anonymous(void)
{
	char *p = mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return errno;
	memset(p, 1, 64 * MIB);
	return failed(munmap(p, 48 * MIB));
}

static int write_shm(void)
{
	static char block[1 << 16];
	int fd = open("/dev/shm/kennel-test", O_CREAT | O_RDWR, 0600);

	memset(block, 1, sizeof(block));
	for (int i = 0; i < 320; i++)
		if (write(fd, block, sizeof(block)) < 0)
			return errno;
	return 0;
}

static int execs(void)
{
	char *argv[] = { (char *)"payload", NULL };

	for (int i = 0; i < 20; i++) {
		if (fork() == 0) {
			execv(getenv("PAYLOAD"), argv);
			_exit(1);
		}
		wait(NULL);
	}
	return 0;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static uint64_t add(const char *path, int *ret_fd, uint64_t budget_ns)
{
	struct err e = { 0 };
	uint64_t id = cgroup_make(path, ret_fd);

	need(meter_add(m, id, budget_ns, &e) == 0, "meter_add: %s", e.text);
	return id;
}

static void drop(const char *path, uint64_t id, int fd)
{
	struct err e = { 0 };

	close(fd);
	cgroup_remove(path);
	need(meter_remove(m, id, &e) == 0, "meter_remove: %s", e.text);
}

struct memory {
	uint64_t current, peak, anon, file, shmem, kernel;
};

static struct memory kernel_memory(const char *path)
{
	return (struct memory){ .current = cgroup_read(path, "memory.current", NULL),
				.peak = cgroup_read(path, "memory.peak", NULL),
				.anon = cgroup_read(path, "memory.stat", "anon"),
				.file = cgroup_read(path, "memory.stat", "file"),
				.shmem = cgroup_read(path, "memory.stat", "shmem"),
				.kernel = cgroup_read(path, "memory.stat", "kernel") };
}

static struct memory metered_memory(uint64_t id)
{
	struct err e = { 0 };
	struct usage u;

	need(meter_read(m, id, &u, &e) == 0, "meter_read: %s", e.text);
	return (struct memory){ u.memory_bytes, u.memory_peak_bytes, u.anon_bytes,
				u.file_bytes,	u.shmem_bytes,	     u.kernel_bytes };
}

/* The kernel frees what a dead task had some time after its end, so that two readings in a row may
 * see different moments; they must agree as soon as it is quiet. */
static void check_memory(const char *path, uint64_t id, const char *name)
{
	struct memory is, want;
	bool same = false;

	for (int i = 0; i < 40 && !same; i++) {
		is = metered_memory(id);
		want = kernel_memory(path);
		same = memcmp(&is, &want, sizeof(is)) == 0;
		if (!same)
			usleep(50000);
	}
	check(is.current == want.current && is.peak == want.peak,
	      "%s: memory %lu of %lu, peak %lu of %lu", name, (unsigned long)is.current,
	      (unsigned long)want.current, (unsigned long)is.peak, (unsigned long)want.peak);
	check(same, "%s: anon %lu of %lu, file %lu of %lu, shmem %lu of %lu, kernel %lu of %lu",
	      name, (unsigned long)is.anon, (unsigned long)want.anon, (unsigned long)is.file,
	      (unsigned long)want.file, (unsigned long)is.shmem, (unsigned long)want.shmem,
	      (unsigned long)is.kernel, (unsigned long)want.kernel);
}

static const struct work {
	const char *name;
	act_fn act;
	uint64_t forks; /* the first task included */
	uint64_t execs;
	uint64_t peak_min;
} works[] = {
	{ "busy", busy, 1, 0, 0 },
	{ "sleepers", sleepers, 3, 0, 0 },
	{ "forks", forks, FORKS + 1, 0, 0 },
	{ "six on two processors", crowd, 7, 0, 0 },
	{ "64 MiB anonymous", anonymous, 1, 0, 64 * MIB },
	{ "20 MiB shared memory", write_shm, 1, 0, 20 * MIB },
	{ "20 execs", execs, 21, 20, 0 },
};

static void run_work(const struct work *w)
{
	struct err e = { 0 };
	struct usage u;
	uint64_t id, usec;
	int fd, r;

	id = add("t/p/work", &fd, 0);
	r = run_child(fd, NULL, NULL, w->act, NULL, NULL);
	usleep(50000); /* the last task's last switch */
	need(meter_read(m, id, &u, &e) == 0, "meter_read: %s", e.text);
	usec = cgroup_read("t/p/work", "cpu.stat", "usage_usec");
	check(r == 0 && distance(u.cpu_ns, usec * 1000) < MS, "%s: CPU %lu us, cpu.stat %lu us",
	      w->name, (unsigned long)(u.cpu_ns / 1000), (unsigned long)usec);
	check(u.forks == w->forks && u.exits == w->forks && u.execs == w->execs && u.tasks == 0,
	      "%s: %lu born, %lu ended, %lu execs", w->name, (unsigned long)u.forks,
	      (unsigned long)u.exits, (unsigned long)u.execs);
	check_memory("t/p/work", id, w->name);
	check(u.memory_peak_bytes >= w->peak_min, "%s: peak at least %lu", w->name,
	      (unsigned long)w->peak_min);
	check(w->execs ? u.started_ns && u.runtime_ns : !u.started_ns && !u.runtime_ns,
	      "%s: ran %lu ms", w->name, (unsigned long)(u.runtime_ns / MS));
	(void)unlink("/dev/shm/kennel-test");
	drop("t/p/work", id, fd);
}

static struct budget_event spent;

static void keep_event(void *arg, const struct budget_event *b)
{
	(void)arg;
	spent = *b;
}

static void test_budget(void)
{
	struct err e = { 0 };
	struct usage u;
	uint64_t id;
	int fd, r, n;

	id = add("t/p/budget", &fd, 200 * MS);
	run_child(fd, NULL, NULL, busy, NULL, NULL);
	n = meter_poll(m, keep_event, NULL, &e);
	need(meter_read(m, id, &u, &e) == 0, "read");
	check(n == 1 && spent.cgroup == id && u.budget_spent == 1,
	      "a spent budget is told once: %d", n);
	check(spent.cpu_ns > 200 * MS && spent.cpu_ns <= u.cpu_ns, "once it was, at %lu ms",
	      (unsigned long)(spent.cpu_ns / MS));
	check_ok(meter_set_budget(m, id, 200 * MS, &e), &e, "a new budget");
	need(meter_read(m, id, &u, &e) == 0, "read");
	check(!u.budget_spent && u.cpu_budget_ns == u.cpu_ns + 200 * MS,
	      "counts from what was used");
	run_child(fd, NULL, NULL, busy, NULL, NULL);
	check(meter_poll(m, keep_event, NULL, &e) == 1, "and is told again");
	need(meter_set_budget(m, id, 0, &e) == 0, "no budget");
	run_child(fd, NULL, NULL, busy, NULL, NULL);
	check(meter_poll(m, keep_event, NULL, &e) == 0, "no budget, no event");
	r = meter_set_budget(m, id + 1000, 1, &e);
	check(r < 0 && e.code == ERR_NOT_FOUND, "a budget of nobody is refused");
	r = meter_add(m, id, 0, &e);
	check(r < 0 && e.code == ERR_EXISTS, "an entry is never reset by adding it again");
	drop("t/p/budget", id, fd);
}

#define MANY 300 /* more than an iterator's own buffer could hold */

struct sum {
	uint64_t count, cpu_ns, memory_bytes;
};

static void add_up(void *arg, const struct usage *u)
{
	struct sum *s = arg;

	s->count++;
	s->cpu_ns += u->cpu_ns;
	s->memory_bytes += u->memory_bytes;
}

static int hold_memory(void)
{
	if (mmap(NULL, 4 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		 -1, 0) == MAP_FAILED)
		return errno;
	spin(0.1);
	pause();
	return 0;
}

static void test_many(void)
{
	uint64_t *ids = calloc(MANY, sizeof(*ids)), n = 0;
	struct sum s = { 0 };
	struct err e = { 0 };
	struct usage u;
	char path[64];
	pid_t pid;
	int fd, r;

	for (int i = 0; i < MANY; i++) {
		(void)snprintf(path, sizeof(path), "t/p/many%d", i);
		ids[i] = add(path, &fd, 0);
		if (i != MANY - 1)
			close(fd);
	}
	pid = fork();
	if (pid == 0) {
		run_child(fd, NULL, NULL, hold_memory, NULL, NULL);
		_exit(0);
	}
	usleep(600000);
	r = meter_read_all(m, add_up, &s, &e);
	check(r == 0 && s.count == MANY && s.cpu_ns > 50 * MS && s.memory_bytes >= 4 * MIB,
	      "one pass reads all %lu while they live: CPU %lu ms, memory %lu",
	      (unsigned long)s.count, (unsigned long)(s.cpu_ns / MS),
	      (unsigned long)s.memory_bytes);
	need(meter_read(m, ids[MANY - 1], &u, &e) == 0, "read");
	check(u.tasks == 1 && u.anon_bytes >= 4 * MIB, "tasks alive now: %lu",
	      (unsigned long)u.tasks);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fd);
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(path, sizeof(path), "t/p/many%d", i);
		cgroup_remove(path);
	}
	need(meter_read(m, ids[MANY - 1], &u, &e) == 0, "read after rmdir: %s", e.text);
	check(u.anon_bytes >= 4 * MIB && u.cpu_ns > 50 * MS, "after rmdir the last reading stays");
	r = meter_reconcile(m, &e);
	need(meter_count(m, &n, &e) == 0, "count");
	check(r == MANY && n == 0, "entries of cgroups that are gone go: %d, %lu left", r,
	      (unsigned long)n);
	r = meter_read(m, ids[0], &u, &e);
	check(r < 0 && e.code == ERR_NOT_FOUND, "and are not found");
	free(ids);
}

static int open_twice(void)
{
	return try_open("ro/f", O_RDONLY) + try_open("rw/f", O_RDONLY) +
	       try_open("secret/s", O_RDONLY);
}

static void test_guard_counters(struct guard *g)
{
	struct err e = { 0 };
	struct usage u;
	struct jail j;

	jail_make(g, &j, 0);
	need(meter_add(m, j.cgroup, 0, &e) == 0, "add");
	jail_enforce(&j);
	run_child(j.cgroup_fd, j.tree, NULL, open_twice, NULL, NULL);
	need(meter_read(m, j.cgroup, &u, &e) == 0, "read");
	check(u.opens == 2 && u.refused == 1,
	      "what the guard counted is part of it: %lu opens, %lu refused",
	      (unsigned long)u.opens, (unsigned long)u.refused);
	need(meter_remove(m, j.cgroup, &e) == 0, "remove");
	jail_remove(&j);
}

static struct meter *start(void)
{
	struct meter_config c = {
		.pin_dir = PINS, .slice_level = 1, .slice_cgroup = slice_id(), .usages_max = 512
	};
	CLEANUP_FD int fd = open(SLICE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct meter *ret = NULL;
	struct err e = { 0 };

	c.slice_fd = fd;
	need(meter_open(&c, &ret, &e) == 0, "meter_open: %s", e.text);
	return ret;
}

static void test_full(void)
{
	struct err e = { 0 };
	int r = 0;

	for (uint64_t i = 1; i <= 513 && r == 0; i++)
		r = meter_add(m, NOBODY + i, 0, &e);
	check(r < 0 && e.code == ERR_FULL, "a full map is told: %s", e.text);
	need(meter_reconcile(m, &e) == 512, "reconcile");
}

static void test_again(void)
{
	uint64_t id;
	struct usage u;
	struct err e = { 0 };
	int fd;

	id = add("t/p/again", &fd, 0);
	run_child(fd, NULL, NULL, busy, NULL, NULL);
	meter_close_p(&m);
	run_child(fd, NULL, NULL, busy, NULL, NULL);
	m = start();
	need(meter_read(m, id, &u, &e) == 0, "read: %s", e.text);
	check(distance(u.cpu_ns, cgroup_read("t/p/again", "cpu.stat", "usage_usec") * 1000) < MS,
	      "without its loader the meter goes on: %lu ms", (unsigned long)(u.cpu_ns / MS));
	drop("t/p/again", id, fd);
}

int main(void)
{
	char self[4096] = "";
	struct guard *g;

	setvbuf(stdout, NULL, _IOLBF, 0);
	need(readlink("/proc/self/exe", self, sizeof(self) - 16) > 0, "readlink");
	memcpy(strrchr(self, '/'), "/payload", sizeof("/payload"));
	setenv("PAYLOAD", self, 1);
	slice_make();
	m = start();
	for (size_t i = 0; i < countof(works); i++)
		run_work(&works[i]);
	test_budget();
	test_full();
	test_again();
	test_many();
	meter_close_p(&m);
	g = guard_start(0);
	m = start();
	test_guard_counters(g);
	meter_close_p(&m);
	need(meter_unload(PINS, NULL) == 0, "unload");
	guard_end(&g);
	slice_remove();
	return finish();
}
