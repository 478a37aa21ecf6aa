/* SPDX-License-Identifier: Apache-2.0 */
/* peers.c - starts one payload under the others: a bare clone3(2) + exec with the same namespaces,
 * bubblewrap, crun, runc. Rounds go through all of them in turn, so that noise meets all alike.
 *   bench-peers stub|wasm PARALLEL ROUNDS run|idle ROOT PROGRAM BUNDLE CRUN-OPTION TURNS
 * TURNS is the folder of the FIFOs by which kennel's own batch comes first in each round. ROOT is a
 * root tree, PROGRAM a path in it, BUNDLE an OCI bundle that runs it. "down" ends when waitpid
 * returns. With idle: one batch each, and what it weighs, as lines "RUNNER KIND memory PROCESSES
 * PRIVATE-KIB GROUP-KIB JAILS". A runner that does not start ends the whole bench. BENCH_ONLY names
 * one runner. Owns: starting.  Must not know: kenneld. */
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/bench/batch.h"
#include "tools/bench/memory.h"
#include "tools/bench/turn.h"

enum { ARGS_MAX = 16, RUNNERS = 4 };
#define WEIGH_GROUP "/sys/fs/cgroup/bench-weigh"

struct peer {
	const char *name;
	const char *argv[ARGS_MAX]; /* NULL: the bare clone3 */
	size_t id_at;		    /* argument that must be another one for each start; 0: none */
	struct series series;
};

struct order {
	const char *kind;
	unsigned int parallel;
	unsigned long rounds;
	bool idle;
	const char *root;
	const char *program;
	const char *bundle;
	const char *crun_option;
	int turns; /* folder */
	int group_fd;	   /* so that there is a cgroup to ask for memory; -1: none */
	struct peer *peer; /* whose turn it is */
};

static void place_wire(int wire)
{
	int null_fd = open("/dev/null", O_RDWR);

	if (wire == 3)
		(void)fcntl(3, F_SETFD, 0);
	else
		(void)dup2(wire, 3);
	(void)dup2(null_fd, 0);
	(void)dup2(null_fd, 1);
	(void)syscall(SYS_close_range, 4, ~0u, 0);
}

static void run_bare(const struct order *o, int wire)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s%s", o->root, o->program);
	place_wire(wire);
	(void)execl(path, path, (char *)NULL);
	_exit(127); /* child */
}

static void run_program(const struct order *o, int wire, size_t n)
{
	const char *argv[ARGS_MAX];
	char id[32];

	memcpy(argv, o->peer->argv, sizeof(argv));
	(void)snprintf(id, sizeof(id), "kennel-bench-%zu", n);
	if (o->peer->id_at)
		argv[o->peer->id_at] = id;
	place_wire(wire);
	(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127); /* child */
}

static int start(struct batch *b, size_t n, int *ret_wire, struct err *e)
{
	const struct order *o = b->arg;
	bool bare = !o->peer->argv[0];
	struct clone_args ca = { .flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
				 .exit_signal = SIGCHLD };
	int theirs, pidfd = -1;
	long pid;

	if (batch_wire(ret_wire, &theirs, e) < 0)
		return -1;
	ca.pidfd = (uint64_t)(uintptr_t)&pidfd;
	if (o->group_fd >= 0) {
		ca.flags |= CLONE_INTO_CGROUP;
		ca.cgroup = (uint64_t)(unsigned int)o->group_fd;
	}
	if (bare)
		ca.flags |= CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
			    CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWNET;
	pid = syscall(SYS_clone3, &ca, sizeof(ca));
	if (pid == 0) {
		if (bare)
			run_bare(o, theirs);
		run_program(o, theirs, n);
	}
	(void)close(theirs);
	if (pid < 0)
		return err_sys(e, "clone3");
	b->starts[n].id = (uint64_t)pid;
	b->starts[n].end_fd = pidfd;
	return 0;
}

static int on_end(struct batch *b, size_t n, struct err *e)
{
	struct batch_start *s = &b->starts[n];
	int status;

	if (waitpid((pid_t)s->id, &status, 0) < 0)
		return err_sys(e, "waitpid");
	(void)close(s->end_fd);
	s->end_fd = -1;
	s->end_us = bench_now_us();
	if (!s->talk.done || status != 0)
		return err_set(e, ERR_IO, "it ended with status %d", status);
	return 0;
}

static int held(struct batch *b, struct err *e)
{
	const struct order *o = b->arg;
	pid_t roots[BATCH_MAX];
	struct memory sum;

	(void)e;
	for (size_t i = 0; i < b->count; i++)
		roots[i] = (pid_t)b->starts[i].id;
	memory_of_trees(roots, b->count, &sum);
	(void)printf("%s %s memory %u %llu %llu %zu\n", o->peer->name, o->kind, sum.processes,
		     (unsigned long long)sum.private_kib, (unsigned long long)sum.group_kib,
		     b->count);
	return 0;
}

static void name_programs(struct peer *peers, const struct order *o)
{
	const char *bwrap[] = {
		"bwrap", "--ro-bind",	  o->root,	"/",   "--proc",   "/proc", "--tmpfs",
		"/tmp",	 "--unshare-all", "--cap-drop", "ALL", o->program, NULL
	};
	const char *crun[] = { "crun", o->crun_option, "run", "--preserve-fds=1",
			       "-b",   o->bundle,      "ID",  NULL };
	const char *runc[] = { "runc", "run", "--preserve-fds=1", "-b", o->bundle, "ID", NULL };

	peers[0].name = "clone3";
	peers[1].name = "bubblewrap";
	memcpy(peers[1].argv, bwrap, sizeof(bwrap));
	peers[2].name = "crun";
	peers[2].id_at = 6;
	memcpy(peers[2].argv, crun, sizeof(crun));
	peers[3].name = "runc";
	peers[3].id_at = 5;
	memcpy(peers[3].argv, runc, sizeof(runc));
}

static int run_round(struct peer *peer, struct order *o, struct err *e)
{
	struct batch b = { .count = o->parallel,
			   .idle = o->idle,
			   .arg = o,
			   .start = start,
			   .on_end = on_end,
			   .held = held,
			   .notice_fd = -1 };

	o->peer = peer;
	peer->series.runner = peer->name;
	peer->series.wasm = !strcmp(o->kind, "wasm");
	peer->series.parallel = o->parallel;
	return batch_run(&b, &peer->series, e);
}

static int let_kennel(int to_kennel, int to_peers, struct err *e)
{
	return turn_give(to_kennel, e) < 0 || turn_take(to_peers, e) < 0 ? -1 : 0;
}

static int run_all(struct peer *peers, struct order *o, struct err *e)
{
	const char *only = getenv("BENCH_ONLY");
	unsigned int warm = batch_warm(o->parallel);
	unsigned long rounds = o->idle ? 1 : o->rounds + warm;
	int to_kennel = turn_open(o->turns, "to-kennel", e);
	int to_peers = turn_open(o->turns, "to-peers", e);

	if (to_kennel < 0 || to_peers < 0)
		return -1;
	for (unsigned long i = 0; i < rounds; i++) {
		if (!o->idle && let_kennel(to_kennel, to_peers, e) < 0)
			return -1;
		for (size_t k = 0; k < RUNNERS; k++) {
			if (only && strcmp(only, peers[k].name) != 0)
				continue;
			if (i == warm)
				series_reset(&peers[k].series);
			if (run_round(&peers[k], o, e) < 0)
				return -1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct peer peers[RUNNERS];
	struct order o = { 0 };
	struct err e = { 0 };

	if (argc != 10) {
		(void)fprintf(stderr, "usage: bench-peers stub|wasm PARALLEL ROUNDS run|idle ROOT "
				      "PROGRAM BUNDLE CRUN-OPTION TURNS\n");
		return 2;
	}
	o = (struct order){ .kind = argv[1],
			    .parallel = (unsigned int)strtoul(argv[2], NULL, 10),
			    .rounds = strtoul(argv[3], NULL, 10),
			    .idle = !strcmp(argv[4], "idle"),
			    .root = argv[5],
			    .program = argv[6],
			    .bundle = argv[7],
			    .crun_option = argv[8],
			    .turns = open(argv[9], O_PATH | O_DIRECTORY | O_CLOEXEC) };
	if (!o.parallel || o.parallel > BATCH_MAX)
		return 2;
	name_programs(peers, &o);
	o.group_fd = -1;
	if (o.idle && mkdir(WEIGH_GROUP, 0755) == 0)
		o.group_fd = open(WEIGH_GROUP, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run_all(peers, &o, &e) < 0) {
		(void)fprintf(stderr, "bench-peers: %s\n", e.text);
		return 1;
	}
	for (size_t k = 0; k < RUNNERS && !o.idle; k++)
		series_print(&peers[k].series);
	if (o.idle)
		(void)rmdir(WEIGH_GROUP);
	return 0;
}
