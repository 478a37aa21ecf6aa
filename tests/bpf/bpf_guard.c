/* SPDX-License-Identifier: Apache-2.0 */
/* bpf_guard.c - every attack works without the guard, and is refused, counted and described with
 * it; every legitimate act works. As root and without namespaces: nothing but the guard stands in
 * the way.
 * tests: bpf/guard.bpf.c */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

static struct refusal last;

static void keep_refusal(void *arg, const struct refusal *r)
{
	(void)arg;
	last = *r;
}

/* All that were described; the last one is in last. */
static int drain(struct guard *g)
{
	int n, sum = 0;

	memset(&last, 0, sizeof(last));
	while ((n = guard_poll(g, keep_refusal, NULL, NULL)) > 0)
		sum += n;
	return sum;
}

static void enforce(void *arg)
{
	jail_enforce(arg);
}

/* ptrace(2) asks about the parent, which is us, outside. */
static bool described(const struct attack *a, const struct jail *j)
{
	return last.cgroup == j->cgroup && last.seq == a->count && last.comm[0] &&
	       (last.hook == a->hook || (a->other_hook && last.hook == a->other_hook)) &&
	       (last.error == (uint32_t)a->error || a->control_error);
}

static void run_attack(struct guard *g, const struct attack *a)
{
	struct jail j;
	uint64_t refused;
	int control, r, events;

	jail_make(g, &j, 0);
	control = run_child(-1, j.tree, a->prepare, a->act, NULL, NULL);
	jail_remove(&j);
	jail_make(g, &j, 0);
	drain(g);
	r = run_child(j.cgroup_fd, j.tree, a->prepare, a->act, enforce, &j);
	refused = jail_refused(&j);
	events = drain(g);
	check(control == a->control_error && r == a->error && refused == a->count &&
		      events == (int)a->count && described(a, &j),
	      "%s: without %d, with %d (%s), refused %lu, described %d by %s, error %u", a->name,
	      control, r, strerror(r), (unsigned long)refused, events, guard_hook_name(last.hook),
	      last.error);
	jail_remove(&j);
}

static void run_legitimate(struct guard *g, const struct attack *a)
{
	struct jail j;
	uint64_t refused;
	int r, events;

	jail_make(g, &j, 0);
	drain(g);
	r = run_child(j.cgroup_fd, j.tree, a->prepare, a->act, enforce, &j);
	refused = jail_refused(&j);
	events = drain(g);
	check(r == 0 && refused == 0, "legitimate: %s: %d (%s), refused %lu%s%s", a->name, r,
	      strerror(r), (unsigned long)refused, events ? " by " : "",
	      events ? guard_hook_name(last.hook) : "");
	jail_remove(&j);
}

static int read_secret(void)
{
	return try_open("secret/s", O_RDONLY);
}

static int run_prog(void)
{
	char *argv[] = { (char *)"prog", NULL };

	execv("ro/prog", argv);
	return errno;
}

/* Our own code prepares the jail in SETUP; but a program of the plugin it cannot start. */
static void test_setup(struct guard *g)
{
	struct guard_policy p;
	struct jail j;
	int r;

	jail_make(g, &j, 0);
	r = run_child(j.cgroup_fd, j.tree, NULL, read_secret, NULL, NULL);
	check(r == 0 && jail_refused(&j) == 0, "in SETUP files are open: %d", r);
	r = run_child(j.cgroup_fd, j.tree, NULL, run_prog, NULL, NULL);
	check(r == EACCES && jail_refused(&j) == 1, "in SETUP no program starts: %d", r);
	jail_enforce(&j);
	r = run_child(j.cgroup_fd, j.tree, NULL, run_prog, NULL, NULL);
	need(guard_policy_get(g, j.cgroup, &p, NULL) == 0, "policy");
	check(r == 0 && p.refused == 1, "in ENFORCE an allowed one does, and the count is kept: %d",
	      r);
	check(p.allowed == 1, "opens let through are counted: %lu", (unsigned long)p.allowed);
	jail_remove(&j);
}

static int map_memory(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno
											     : 0;
}

static int read_null(void)
{
	return try_open("/dev/null", O_RDONLY);
}

static int stat_null(void)
{
	struct stat st;

	return failed(stat("/dev/null", &st));
}

/* In the slice and without a policy nothing goes: at any depth, and below a cgroup that lost its
 * entry. */
static void test_no_policy(struct guard *g)
{
	static const char *const places[] = { "t/p/lost", "t2/p2", "t3" };
	uint64_t before = guard_no_policy(g);
	int fd, r[3];

	for (size_t i = 0; i < countof(places); i++) {
		cgroup_make(places[i], &fd);
		r[0] = run_child(fd, NULL, NULL, read_null, NULL, NULL);
		r[1] = run_child(fd, NULL, NULL, map_memory, NULL, NULL);
		r[2] = run_child(fd, NULL, NULL, stat_null, NULL, NULL);
		check(r[0] == EACCES && r[1] == EACCES && r[2] == EACCES,
		      "without a policy in %s: open %d, mmap %d, stat %d", places[i], r[0], r[1],
		      r[2]);
		close(fd);
		cgroup_remove(places[i]);
	}
	cgroup_remove("t2");
	check(guard_no_policy(g) >= before + 9, "refusals without a policy are counted: %lu",
	      (unsigned long)(guard_no_policy(g) - before));
	drain(g);
	check(last.hook == HOOK_NO_POLICY, "and described: %s", guard_hook_name(last.hook));
}

/* Children of an instance are the instance; neighbours are strangers; others are left alone. */
static void test_scope(struct guard *g)
{
	struct jail a, b;
	char path[96];
	int fd, r;

	jail_make(g, &a, 0);
	jail_make(g, &b, 0);
	jail_enforce(&a);
	(void)snprintf(path, sizeof(path), "%s/child", a.path);
	need(mkdirat(a.cgroup_fd, "child", 0755) == 0 &&
		     mkdirat(a.cgroup_fd, "child/grandchild", 0755) == 0,
	     "mkdir");
	fd = openat(a.cgroup_fd, "child/grandchild", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = run_child(fd, a.tree, NULL, read_secret, NULL, NULL);
	check(r == EACCES && jail_refused(&a) == 1, "a nested cgroup inherits what is refused: %d",
	      r);
	r = run_child(fd, a.tree, NULL, run_prog, NULL, NULL);
	check(r == 0 && jail_refused(&a) == 1, "and what is allowed: %d", r);
	close(fd);
	unlinkat(a.cgroup_fd, "child/grandchild", AT_REMOVEDIR);
	unlinkat(a.cgroup_fd, "child", AT_REMOVEDIR);
	r = run_child(a.cgroup_fd, b.tree, NULL, run_prog, NULL, NULL);
	check(r == EACCES, "labels of another instance are no labels: %d", r);
	check(jail_refused(&b) == 0, "and nothing is counted there");
	check(try_open("/etc/passwd", O_RDONLY) == 0, "tasks outside the slice are not touched");
	jail_remove(&a);
	jail_remove(&b);
}

static int jit_anon(void)
{
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	return p == MAP_FAILED ? errno : failed(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int jit_file(void)
{
	int fd = open("ro/prog", O_RDONLY);

	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, fd, 0) ==
			       MAP_FAILED
		       ? errno
		       : 0;
}

static void test_jit(struct guard *g)
{
	struct jail j;
	int r;

	jail_make(g, &j, GUARD_JIT);
	jail_enforce(&j);
	r = run_child(j.cgroup_fd, j.tree, NULL, jit_anon, NULL, NULL);
	check(r == 0 && jail_refused(&j) == 0, "with JIT anonymous memory may be executable: %d",
	      r);
	r = run_child(j.cgroup_fd, j.tree, NULL, jit_file, NULL, NULL);
	check(r == EACCES, "but no file writable and executable: %d", r);
	jail_remove(&j);
}

#define STORM 500

static int storm(void)
{
	int leaks = 0;

	for (int i = 0; i < 4; i++)
		if (fork() == 0) {
			for (int n = 0; n < STORM; n++)
				leaks += try_open("secret/s", O_RDONLY) != EACCES;
			_exit(leaks != 0);
		}
	for (int i = 0, status; i < 4; i++)
		leaks += wait(&status) < 0 || status != 0;
	return leaks;
}

/* With nobody reading a small ring, records are lost, and no refusal is. */
static void test_overflow(struct guard *g)
{
	uint64_t lost = guard_events_lost(g);
	struct guard_policy p;
	struct jail j;
	int r, events;

	jail_make(g, &j, 0);
	jail_enforce(&j);
	drain(g);
	r = run_child(j.cgroup_fd, j.tree, NULL, storm, NULL, NULL);
	need(guard_policy_get(g, j.cgroup, &p, NULL) == 0, "policy");
	check(r == 0 && p.refused == 4 * STORM,
	      "a full ring refuses all the same, counted exactly: %d, %lu", r,
	      (unsigned long)p.refused);
	events = drain(g);
	check(p.undescribed > 0 && p.undescribed + (uint64_t)events == p.refused &&
		      guard_events_lost(g) - lost == p.undescribed,
	      "what is not described is counted: %lu + %d", (unsigned long)p.undescribed, events);
	jail_remove(&j);
}

#define RACE_S 2

/* One process moves a file about, another opens it under every name: no move may change a verdict.
 */
static int race(void)
{
	time_t end = time(NULL) + RACE_S;
	int leaks = 0, status;
	pid_t mover = fork();

	if (mover == 0)
		for (;;) {
			rename("rw/f", "rw/d/f");
			rename("rw/d/f", "rw/lab/x");
			rename("rw/d/f", "secret/x");
			rename("rw/d/f", "rw/f");
			rename("rw/d", "rw/lab/d");
			rename("rw/lab", "rw/d");
		}
	while (time(NULL) < end) {
		int r = try_open("rw/f", O_RDONLY);

		leaks += r != 0 && r != ENOENT;
		leaks += try_open("secret/s", O_RDONLY) != EACCES;
		leaks += try_open("rw/lab/x", O_RDONLY) == 0;
	}
	kill(mover, SIGKILL);
	waitpid(mover, &status, 0);
	return leaks > 0;
}

static void test_race(struct guard *g)
{
	struct jail j;
	int r;

	jail_make(g, &j, 0);
	jail_enforce(&j);
	r = run_child(j.cgroup_fd, j.tree, NULL, race, NULL, NULL);
	check(r == 0, "renames against opens for %d s: no leak, no false refusal: %d", RACE_S, r);
	drain(g);
	jail_remove(&j);
}

/* Which hooks have an attack, by their names in the kernel. */
static int print_rows(void)
{
	static const struct {
		const struct attack *list;
		const size_t *count;
	} tables[] = { { file_attacks, &file_attacks_count },
		       { path_attacks, &path_attacks_count },
		       { host_attacks, &host_attacks_count } };

	for (size_t t = 0; t < countof(tables); t++)
		for (size_t i = 0; i < *tables[t].count; i++)
			printf("guard\t%s\thook:%s hook:%s\n", tables[t].list[i].name,
			       guard_hook_name(tables[t].list[i].hook),
			       guard_hook_name(tables[t].list[i].other_hook));
	return 0;
}

int main(int argc, char **argv)
{
	struct guard_counts n = { 0 };
	struct guard *g = NULL;

	if (argc == 2 && !strcmp(argv[1], "--rows"))
		return print_rows();
	setvbuf(stdout, NULL, _IOLBF, 0);
	slice_make();
	victim = victim_start();
	g = guard_start(1u << 14);
	for (size_t i = 0; i < file_attacks_count; i++)
		run_attack(g, &file_attacks[i]);
	for (size_t i = 0; i < path_attacks_count; i++)
		run_attack(g, &path_attacks[i]);
	for (size_t i = 0; i < host_attacks_count; i++)
		run_attack(g, &host_attacks[i]);
	for (size_t i = 0; i < legitimate_count; i++)
		run_legitimate(g, &legitimate[i]);
	test_setup(g);
	test_no_policy(g);
	test_scope(g);
	test_jit(g);
	test_overflow(g);
	test_race(g);
	need(guard_count(g, &n, NULL) == 0, "count");
	check(n.policies == 0 && n.labels == 0, "nothing is left: %lu policies, %lu labels",
	      (unsigned long)n.policies, (unsigned long)n.labels);
	guard_end(&g);
	victim_end(victim);
	slice_remove();
	return finish();
}
