/* SPDX-License-Identifier: Apache-2.0 */
/* guard_count.c - bench-guard_count FOLDER: open and close under the real guard, attached, in the
 * test machine. Its clock counts instructions, so these are instructions, the kernel's with them.
 * Rows "none|outside|plugin open|read DEPTH P50 P99": no program attached; a task outside the
 * slice; a task in an instance's cgroup, its label DEPTH steps above the file.
 * Owns: the measuring.  Must not know: kenneld. */
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "sandbox/guard.h"
#include "sandbox/meter.h"
#include "tools/bench/guard_tree.h"
#include "tools/bench/opens.h"

#define GROUPS "/sys/fs/cgroup"
#define PINS "/sys/fs/bpf/kennel-bench-guard"

enum { ROUNDS = 1000, DEEPEST = 4 };

struct bench {
	const char *top;
	struct guard *guard;
	struct meter *meter;
	uint64_t cgroup;
	int cgroup_fd; /* -1: measure where we are */
	int top_fd;
};

static int print_row(const char *where, const char *what, unsigned int depth,
		     const struct sample *s)
{
	return printf("%s %s %u %.0f %.0f\n", where, what, depth, sample_at(s, 50),
		      sample_at(s, 99));
}

/* In the child. */
static int measure_here(const struct bench *b, const char *where)
{
	static struct sample s;
	char path[GUARD_TREE_PATH];

	for (unsigned int depth = 1; depth <= DEEPEST; depth++) {
		guard_tree_path(b->top, depth, path);
		if (opens_measure(path, ROUNDS, &s) < 0) /* the first ones fill the caches */
			return -1;
		if (opens_measure(path, ROUNDS, &s) < 0)
			return -1;
		(void)print_row(where, "open", depth, &s);
	}
	if (opens_measure_read(path, ROUNDS, &s) < 0)
		return -1;
	(void)print_row(where, "read", DEEPEST, &s);
	return fflush(stdout);
}

static int measure(const struct bench *b, int cgroup_fd, const char *where, struct err *e)
{
	struct clone_args ca = { .exit_signal = SIGCHLD };
	int status = -1;
	long pid;

	(void)fflush(stdout);
	if (cgroup_fd >= 0) {
		ca.flags = CLONE_INTO_CGROUP;
		ca.cgroup = (uint64_t)(unsigned int)cgroup_fd;
	}
	pid = syscall(SYS_clone3, &ca, sizeof(ca));
	if (pid == 0)
		_exit(measure_here(b, where) < 0 ? errno : 0); /* child */
	if (pid < 0 || waitpid((pid_t)pid, &status, 0) < 0)
		return err_sys(e, "measure %s", where);
	if (status != 0)
		return err_set(e, ERR_IO, "%s: cannot open its files: %s", where,
			       strerror(WEXITSTATUS(status)));
	return 0;
}

/* As kenneld does it: guard and meter for all, then policy and label of one instance. */
static int attach(struct bench *b, struct err *e)
{
	const struct label label = { .rights = MAY_READ, .rule = 1 };
	struct guard_config gc = { .pin_dir = PINS, .slice_level = 1 };
	struct meter_config mc = { .pin_dir = PINS, .slice_level = 1 };
	CLEANUP_FD int slice_fd = open(GROUPS "/" GUARD_TREE_SLICE, O_RDONLY | O_DIRECTORY);

	if (slice_fd < 0 || guard_tree_id(GROUPS "/" GUARD_TREE_SLICE, &gc.slice_cgroup, e) < 0 ||
	    guard_tree_id(GROUPS "/" GUARD_TREE_INSTANCE, &b->cgroup, e) < 0)
		return err_sys(e, "the slice");
	mc.slice_cgroup = gc.slice_cgroup;
	mc.slice_fd = slice_fd;
	b->cgroup_fd = open(GROUPS "/" GUARD_TREE_INSTANCE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	b->top_fd = open(b->top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (b->cgroup_fd < 0 || b->top_fd < 0)
		return err_sys(e, "open %s", b->top);
	if (guard_open(&gc, &b->guard, e) < 0 || guard_probe(b->guard, slice_fd, e) < 0 ||
	    meter_open(&mc, &b->meter, e) < 0 || meter_add(b->meter, b->cgroup, 0, e) < 0)
		return -1;
	if (guard_policy_set(b->guard, b->cgroup, PHASE_SETUP, 0, e) < 0 ||
	    guard_label_fd(b->guard, b->cgroup, b->top_fd, &label, e) < 0)
		return -1;
	return guard_policy_set(b->guard, b->cgroup, PHASE_ENFORCE, 0, e);
}

static int measure_all(struct bench *b, struct err *e)
{
	if (guard_tree_make(b->top, e) < 0 || guard_tree_groups(GROUPS, e) < 0 ||
	    measure(b, -1, "none", e) < 0 || attach(b, e) < 0)
		return -1;
	if (measure(b, -1, "outside", e) < 0)
		return -1;
	return measure(b, b->cgroup_fd, "plugin", e);
}

int main(int argc, char **argv)
{
	struct bench b = { .cgroup_fd = -1, .top_fd = -1 };
	struct err e = { 0 };
	int r;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: bench-guard_count FOLDER\n");
		return 2;
	}
	b.top = argv[1];
	r = measure_all(&b, &e);
	guard_close_p(&b.guard);
	meter_close_p(&b.meter);
	(void)guard_unload(PINS, NULL);
	(void)meter_unload(PINS, NULL);
	guard_tree_remove_groups(GROUPS);
	if (r < 0)
		(void)fprintf(stderr, "bench-guard_count: %s\n", e.text);
	return r < 0 ? 1 : 0;
}
