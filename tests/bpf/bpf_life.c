/* SPDX-License-Identifier: Apache-2.0 */
/* bpf_life.c - the guard over time: phases, full maps, a loader that is killed, pins found again,
 * replaced and refused, cgroups that are gone.
 * tests: runner/sandbox/guard.c, runner/sandbox/guard_probe.c, runner/sandbox/pinset.c
 * tests: runner/sandbox/pinload.c, runner/sandbox/cgroup_id.c, runner/sandbox/skeletons.c */
#include "harness.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "bpf/pins.h"

static int read_secret(void)
{
	return try_open("secret/s", O_RDONLY);
}

static int open_ro(void)
{
	return try_open("ro/f", O_RDONLY);
}

/* "gen_3", or "" and more than one is "many". */
static const char *generation(void)
{
	static char found[sizeof(((struct dirent *)0)->d_name)];
	CLEANUP(closedir_p) DIR *d = opendir(PINS "/guard");
	struct dirent *entry;

	found[0] = '\0';
	while (d && (entry = readdir(d)))
		if (strncmp(entry->d_name, "gen_", 4) == 0)
			(void)snprintf(found, sizeof(found), "%s",
				       found[0] ? "many" : entry->d_name);
	return found;
}

static int code_of(int r, const struct err *e)
{
	return r < 0 ? (int)e->code : 0;
}

static void test_phases(struct guard *g)
{
	static const struct {
		const char *name;
		int phase;
		uint32_t flags;
		int expect;
	} steps[] = {
		{ "an unknown phase", 3, 0, ERR_USAGE },
		{ "an unknown flag", PHASE_SETUP, 2, ERR_USAGE },
		{ "SETUP", PHASE_SETUP, 0, 0 },
		{ "SETUP twice", PHASE_SETUP, 0, ERR_STATE },
		{ "ENFORCE", PHASE_ENFORCE, 0, 0 },
		{ "ENFORCE twice", PHASE_ENFORCE, 0, ERR_STATE },
		{ "back to SETUP", PHASE_SETUP, 0, ERR_STATE },
	};
	uint64_t id = cgroup_make("t/p/phases", NULL), refused;
	struct err e = { 0 };
	int r;

	for (size_t i = 0; i < countof(steps); i++) {
		r = guard_policy_set(g, id, (enum guard_phase)steps[i].phase, steps[i].flags, &e);
		check(code_of(r, &e) == steps[i].expect, "phase: %s: %s", steps[i].name,
		      r < 0 ? e.text : "done");
	}
	need(guard_policy_remove(g, id, &e) == 0 && guard_policy_remove(g, id, &e) == 0,
	     "remove: %s", e.text);
	r = guard_refused(g, id, &refused, &e);
	check(code_of(r, &e) == ERR_NOT_FOUND, "a removed policy is not found");
	cgroup_remove("t/p/phases");
}

static void test_names(void)
{
	bool good = true;

	for (uint32_t i = 1; i < HOOK_COUNT; i++)
		good &= strcmp(guard_hook_name(i), "unknown") != 0;
	check(good && strcmp(guard_hook_name(HOOK_NONE), "unknown") == 0 &&
		      strcmp(guard_hook_name(HOOK_COUNT), "unknown") == 0,
	      "every hook has a name, and nothing else has");
}

static void test_full(void)
{
	struct guard_config c = { .pin_dir = PINS,
				  .slice_level = 1,
				  .slice_cgroup = slice_id(),
				  .policies_max = 2,
				  .labels_max = 3 };
	struct label l = { .rights = MAY_READ }, wrong = { .rights = 8 };
	struct guard_counts n = { 0 };
	struct guard *g = NULL;
	struct err e = { 0 };
	int r = 0;

	need(guard_open(&c, &g, &e) == 0, "open: %s", e.text);
	for (uint64_t id = 1; id <= 3 && r == 0; id++)
		r = guard_policy_set(g, id, PHASE_SETUP, 0, &e);
	check(code_of(r, &e) == ERR_FULL, "a full map of policies is told: %s", e.text);
	r = 0;
	for (uint64_t ino = 1; ino <= 3; ino++)
		r |= guard_label_set(g, 1, 5, ino, &l, &e);
	r |= guard_label_set(g, 1, 5, 3, &l, &e);
	check_ok(r, &e, "labels fit, also one twice");
	r = guard_label_set(g, 2, 5, 4, &l, &e);
	check(code_of(r, &e) == ERR_FULL, "a full map of labels is told: %s", e.text);
	r = guard_label_set(g, 1, 5, 3, &wrong, &e);
	check(code_of(r, &e) == ERR_USAGE, "rights that do not exist are refused");
	need(guard_labels_remove(g, 1, &e) == 0 && guard_count(g, &n, &e) == 0, "count");
	check(n.policies == 2 && n.labels == 0, "the labels of one cgroup go together: %lu left",
	      (unsigned long)n.labels);
	check_ok(guard_label_set(g, 2, 5, 4, &l, &e), &e, "and make room");
	guard_end(&g);
}

/* A process of its own loads the guard, makes a policy and is killed; what it pinned goes on. */
static void test_killed_loader(void)
{
	struct guard_counts n = { 0 };
	struct guard_policy p;
	struct err e = { 0 };
	struct jail j = { .cgroup_fd = -1 };
	int pipes[2], status, r;
	pid_t pid;

	need(pipe(pipes) == 0, "pipe");
	pid = fork();
	need(pid >= 0, "fork");
	if (pid == 0) {
		struct guard *own = guard_start(0);

		jail_make(own, &j, 0);
		jail_enforce(&j);
		if (write(pipes[1], &j, sizeof(j)) == sizeof(j))
			for (;;)
				pause();
		_exit(1);
	}
	need(fd_read_full(pipes[0], &j, sizeof(j)) == sizeof(j), "the loader failed");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	usleep(200000);
	j.cgroup = cgroup_make(j.path, &j.cgroup_fd);
	j.stream_fd = j.dgram_fd = -1;
	r = run_child(j.cgroup_fd, j.tree, NULL, read_secret, NULL, NULL);
	check(r == EACCES, "after kill -9 of the loader it still refuses: %d", r);
	r = run_child(j.cgroup_fd, j.tree, NULL, open_ro, NULL, NULL);
	check(r == 0, "and still allows: %d", r);
	j.guard = guard_start(0);
	check(strcmp(generation(), "gen_1") == 0,
	      "the pinned generation is taken, not another one: %s", generation());
	need(guard_policy_get(j.guard, j.cgroup, &p, &e) == 0 && guard_count(j.guard, &n, &e) == 0,
	     "%s", e.text);
	check(p.phase == PHASE_ENFORCE && p.refused == 1 && p.allowed == 1 && n.labels == 6,
	      "with its policies, counters and labels: refused %lu, opened %lu, labels %lu",
	      (unsigned long)p.refused, (unsigned long)p.allowed, (unsigned long)n.labels);
	jail_remove(&j);
	need(guard_count(j.guard, &n, &e) == 0, "count");
	check(n.policies == 0 && n.labels == 0, "whose labels can be removed: %lu left",
	      (unsigned long)n.labels);
	guard_end(&j.guard);
}

static void edit_about(void (*edit)(struct pinned_about *))
{
	CLEANUP_FD int fd = bpf_obj_get(PINS "/guard/maps/about");
	struct pinned_about about;
	uint32_t zero = 0;

	need(fd >= 0 && bpf_map_lookup_elem(fd, &zero, &about) == 0, "about");
	edit(&about);
	need(bpf_map_update_elem(fd, &zero, &about, BPF_ANY) == 0, "about");
}
static void other_abi(struct pinned_about *a)
{
	a->abi++;
}
static void our_abi(struct pinned_about *a)
{
	a->abi--;
}
static void other_object(struct pinned_about *a)
{
	a->object++;
}

static int open_again(struct guard **ret, uint64_t slice, struct err *e)
{
	struct guard_config c = { .pin_dir = PINS, .slice_level = 1, .slice_cgroup = slice };

	guard_close_p(ret);
	return guard_open(&c, ret, e);
}

static void test_generations(void)
{
	struct guard *g = guard_start(0);
	uint64_t slice = slice_id();
	struct err e = { 0 };
	struct jail j;
	int r;

	jail_make(g, &j, 0);
	jail_enforce(&j);
	edit_about(other_abi);
	r = open_again(&g, slice, &e);
	check(code_of(r, &e) == ERR_STATE, "records of another ABI are refused: %s", e.text);
	edit_about(our_abi);
	edit_about(other_object);
	r = open_again(&g, slice, &e);
	check_ok(r, &e, "another build takes the place");
	check(strcmp(generation(), "gen_2") == 0, "of the old one alone: %s", generation());
	r = run_child(j.cgroup_fd, j.tree, NULL, read_secret, NULL, NULL);
	check(r == EACCES, "and goes on refusing: %d", r);
	r = run_child(j.cgroup_fd, j.tree, NULL, open_ro, NULL, NULL);
	check(r == 0, "and allowing, with the same labels: %d", r);
	need(unlink(PINS "/guard/gen_2/guard_open") == 0, "unlink a pin");
	check_ok(open_again(&g, slice, &e), &e, "an incomplete generation is replaced");
	check(strcmp(generation(), "gen_3") == 0, "as a whole: %s", generation());
	need(mkdir(PINS "/guard/gen_9", 0700) == 0, "mkdir");
	check_ok(open_again(&g, slice, &e), &e, "what a crash left beside it is removed");
	check(strcmp(generation(), "gen_3") == 0, "and the complete one kept: %s", generation());
	j.guard = g;
	jail_remove(&j);
	guard_end(&g);
}

static void test_slices(void)
{
	uint64_t slice = slice_id();
	struct guard *g = guard_start(0);
	struct stat st;
	struct err e = { 0 };
	int r;

	r = open_again(&g, 0, &e);
	check(code_of(r, &e) == ERR_USAGE, "no slice is refused: %s", e.text);
	need(mkdir(CGROUP_ROOT "/kennel-other", 0755) == 0 &&
		     stat(CGROUP_ROOT "/kennel-other", &st) == 0,
	     "mkdir");
	r = open_again(&g, st.st_ino, &e);
	check(code_of(r, &e) == ERR_STATE, "a guard of another slice is left alone: %s", e.text);
	check(guard_cgroup_exists(slice) && guard_cgroup_exists(st.st_ino),
	      "cgroups are found by id");
	slice_remove();
	check(!guard_cgroup_exists(slice), "and missed when they are gone");
	check_ok(open_again(&g, st.st_ino, &e), &e, "whose guard is then replaced");
	guard_end(&g);
	need(rmdir(CGROUP_ROOT "/kennel-other") == 0, "rmdir");
	slice_make();
}

static void test_refused_places(void)
{
	struct guard_config c = { .pin_dir = "/run/kennel-test-pins",
				  .slice_level = 1,
				  .slice_cgroup = slice_id() };
	struct guard *g = NULL;
	struct err e = { 0 };
	int r = guard_open(&c, &g, &e);

	check(code_of(r, &e) == ERR_STATE, "no bpffs is refused: %s", e.text);
	need(mkdir(PINS, 0755) == 0, "mkdir");
	c.pin_dir = PINS;
	r = guard_open(&c, &g, &e);
	check(code_of(r, &e) == ERR_STATE, "a folder open to others is refused: %s", e.text);
	need(rmdir(PINS) == 0, "rmdir");
	check_ok(guard_unload(PINS, &e), &e, "unloading nothing is fine");
}

static bool only_first(void *arg, uint64_t cgroup)
{
	return cgroup == *(uint64_t *)arg;
}

static void test_reconcile(void)
{
	uint64_t alive = cgroup_make("t/p/alive", NULL), gone = cgroup_make("t/p/gone", NULL);
	struct guard *g = guard_start(0);
	struct label l = { .rights = MAY_READ };
	struct guard_counts n = { 0 };
	struct err e = { 0 };
	int r = 0;

	for (int i = 0; i < 2; i++) {
		r |= guard_policy_set(g, i ? alive : gone, PHASE_ENFORCE, 0, &e);
		r |= guard_label_set(g, i ? alive : gone, 1, 1, &l, &e);
		r |= guard_label_set(g, i ? alive : gone, 1, 2, &l, &e);
	}
	r |= guard_label_set(g, gone + 1000, 1, 2, &l,
			     &e); /* a start that failed before its policy */
	need(r == 0, "fill: %s", e.text);
	cgroup_remove("t/p/gone");
	r = guard_reconcile(g, NULL, NULL, &e);
	need(guard_count(g, &n, &e) == 0, "count");
	check(r == 1 && n.policies == 1 && n.labels == 2,
	      "entries of a cgroup that is gone go: %d; %lu and %lu left", r,
	      (unsigned long)n.policies, (unsigned long)n.labels);
	r = guard_reconcile(g, only_first, &alive, &e);
	check(r == 0, "what the caller calls alive stays");
	r = guard_reconcile(g, only_first, &gone, &e);
	need(guard_count(g, &n, &e) == 0, "count");
	check(r == 1 && n.policies == 0 && n.labels == 0, "what it does not goes: %d", r);
	cgroup_remove("t/p/alive");
	guard_end(&g);
}

static void test_probe(void)
{
	int fd = open(SLICE, O_RDONLY | O_DIRECTORY | O_CLOEXEC), none;
	struct guard *g = guard_start(0);
	struct err e = { 0 };
	struct stat st;

	check_ok(guard_available(&e), &e, "this kernel can enforce");
	check_ok(guard_probe(g, fd, &e), &e, "the probe is refused");
	check(fstatat(fd, "guard-probe", &st, 0) < 0, "and leaves no cgroup");
	none = open(CGROUP_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	check(code_of(guard_probe(g, none, &e), &e) == ERR_NO_BPF_LSM,
	      "a probe that is not refused is told: %s", e.text);
	close(fd);
	close(none);
	guard_end(&g);
}

static void test_identify(void)
{
	int fd = open("/etc/passwd", O_PATH | O_CLOEXEC);
	struct guard *g = guard_start(0);
	uint32_t dev = 0, dev2 = 0;
	uint64_t ino = 0, ino2 = 0;
	struct err e = { 0 };
	struct stat st;
	int r = guard_identify(g, fd, &dev, &ino, &e);

	need(stat("/run", &st) == 0, "stat");
	check_ok(r, &e, "an O_PATH descriptor is identified");
	close(fd);
	fd = open("/run", O_PATH | O_CLOEXEC);
	r = guard_identify(g, fd, &dev2, &ino2, &e);
	check(r == 0 && ino2 == st.st_ino && dev2 == guard_dev(st.st_dev) &&
		      (ino2 != ino || dev2 != dev),
	      "on a plain file system as stat does: %x %lu", dev2, (unsigned long)ino2);
	check(guard_identify(g, -1, &dev, &ino, &e) < 0, "a bad descriptor is an error: %s",
	      e.text);
	close(fd);
	guard_end(&g);
}

int main(void)
{
	struct guard *g;

	setvbuf(stdout, NULL, _IOLBF, 0);
	slice_make();
	test_refused_places();
	g = guard_start(0);
	test_phases(g);
	test_names();
	guard_end(&g);
	test_full();
	test_killed_loader();
	test_generations();
	test_reconcile();
	test_probe();
	test_identify();
	test_slices();
	slice_remove();
	return finish();
}
