/* SPDX-License-Identifier: Apache-2.0 */
/* bpf_handover.c - a new generation of programs takes the place of the old one while jailed tasks
 * open files in a tight loop: what they may not open is never let through, however the hand-over
 * ends. The loaders are processes of their own, of two builds (handover.c).
 * tests: runner/sandbox/pinset.c, runner/sandbox/pinload.c */
#include "harness.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "bpf/pins.h"

enum { LOOPS = 1, ROUNDS = 2, KILLS = 6, SOAK = 20, BREATH_US = 50000 };

struct tally {
	uint64_t let, refused;	   /* of what they may not open */
	uint64_t opened, withheld; /* of what they may */
	uint64_t odd;		   /* any other errno */
	int last_odd;
};
static struct tally *tallies; /* LOOPS of them, shared with the children */
static int loop;	      /* which of them a child is */

static void count(int r, uint64_t *ok, uint64_t *refused)
{
	struct tally *t = &tallies[loop];

	if (r == 0)
		++*ok;
	else if (r == EACCES)
		++*refused;
	else
		t->odd++, t->last_odd = r;
}

static int hammer(void)
{
	static const struct {
		const char *path;
		int flags;
		bool may;
	} opens[] = {
		{ "secret/s", O_RDONLY, false }, { "ro/f", O_RDONLY, true },
		{ "ro/f", O_WRONLY, false },	 { "secret/d", O_RDONLY | O_DIRECTORY, false },
		{ "rw/f", O_RDWR, true },
	};
	struct tally *t = &tallies[loop];

	for (;;)
		for (size_t i = 0; i < countof(opens); i++) {
			int r = try_open(opens[i].path, opens[i].flags);

			if (opens[i].may)
				count(r, &t->opened, &t->withheld);
			else
				count(r, &t->let, &t->refused);
		}
	return 0;
}

static struct tally sum(void)
{
	struct tally s = { 0 };

	for (int i = 0; i < LOOPS; i++) {
		struct tally t = tallies[i];

		s.let += t.let;
		s.refused += t.refused;
		s.opened += t.opened;
		s.withheld += t.withheld;
		s.odd += t.odd;
		s.last_odd = t.last_odd ? t.last_odd : s.last_odd;
	}
	return s;
}

/* ---- what is pinned ---- */

static uint64_t pinned_generation(void)
{
	CLEANUP_FD int fd = bpf_obj_get(PINS "/guard/maps/about");
	struct pinned_about about = { 0 };
	uint32_t zero = 0;

	return fd < 0 || bpf_map_lookup_elem(fd, &zero, &about) < 0 ? 0 : about.generation;
}

/* Those that look at opens, whole or not. */
static unsigned int generations(void)
{
	CLEANUP(closedir_p) DIR *d = opendir(PINS "/guard");
	struct dirent *entry;
	char path[PATH_MAX];
	unsigned int n = 0;

	while (d && (entry = readdir(d))) {
		(void)snprintf(path, sizeof(path), "%.32s/guard_open", entry->d_name);
		n += strncmp(entry->d_name, "gen_", 4) == 0 &&
		     faccessat(dirfd(d), path, F_OK, 0) == 0;
	}
	return n;
}

/* The kernel's digest of a program's instructions. */
static void tag_of(uint64_t generation, char ret[2 * BPF_TAG_SIZE + 1])
{
	struct bpf_prog_info prog = { 0 };
	struct bpf_link_info link = { 0 };
	uint32_t link_bytes = sizeof(link), prog_bytes = sizeof(prog);
	CLEANUP_FD int link_fd = -1;
	CLEANUP_FD int prog_fd = -1;
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), PINS "/guard/gen_%" PRIu64 "/guard_open", generation);
	link_fd = bpf_obj_get(path);
	need(link_fd >= 0 && bpf_obj_get_info_by_fd(link_fd, &link, &link_bytes) == 0, "link %s",
	     path);
	prog_fd = bpf_prog_get_fd_by_id(link.prog_id);
	need(prog_fd >= 0 && bpf_obj_get_info_by_fd(prog_fd, &prog, &prog_bytes) == 0, "program");
	for (size_t i = 0; i < BPF_TAG_SIZE; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", prog.tag[i]);
}

/* ---- loaders ---- */

static pid_t start_loader(bool next, bool wrong)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 32);
	pid_t pid;

	need(n > 0, "readlink");
	path[n] = '\0';
	(void)snprintf(strrchr(path, '/'), 32, "/handover%s", next ? "-next" : "");
	pid = fork();
	need(pid >= 0, "fork");
	if (pid == 0) {
		execl(path, path, PINS, SLICE, "1", wrong ? "wrong" : NULL, NULL);
		_exit(127);
	}
	return pid;
}

/* Its exit status, 256 + n for signal n. */
static int wait_loader(pid_t pid)
{
	int status = 0;

	need(waitpid(pid, &status, 0) == pid, "waitpid");
	return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void sleep_us(uint64_t us)
{
	struct timespec t = { .tv_sec = (time_t)(us / 1000000),
			      .tv_nsec = (long)(us % 1000000) * 1000 };

	while (nanosleep(&t, &t) < 0)
		;
}

/* ---- the tests ---- */

static void check_tally(const struct tally *before, const char *what)
{
	struct tally now = sum();

	check(now.let == before->let, "%s: none let through: %" PRIu64, what, now.let);
	check(now.refused > before->refused && now.opened > before->opened && !now.odd,
	      "%s: %" PRIu64 " refused, %" PRIu64 " opened, %" PRIu64
	      " withheld meanwhile; errno %d",
	      what, now.refused - before->refused, now.opened - before->opened,
	      now.withheld - before->withheld, now.last_odd);
}

/* Back and forth; how long the longest one takes, in microseconds. */
static uint64_t test_whole(int rounds)
{
	char old[2 * BPF_TAG_SIZE + 1], new[2 * BPF_TAG_SIZE + 1];
	struct tally before = sum();
	uint64_t longest_us = 0;
	bool good = true;

	for (int i = 0; i < rounds; i++) {
		uint64_t generation = pinned_generation(), us;
		int64_t began_ns = clock_mono_ns();
		int r;

		tag_of(generation, old);
		r = wait_loader(start_loader(i % 2 == 0, false));
		us = (uint64_t)(clock_mono_ns() - began_ns) / 1000;
		longest_us = us > longest_us ? us : longest_us;
		good &= r == 0 && pinned_generation() == generation + 1 && generations() == 1;
		tag_of(generation + 1, new);
		good &= strcmp(old, new) != 0;
		sleep_us(BREATH_US);
	}
	check(good, "%d hand-overs, each to other programs, alone at its end: %s, then %s", rounds,
	      old, new);
	printf("# the longest takes %" PRIu64 " ms\n", longest_us / 1000);
	check_tally(&before, "whole hand-overs");
	return longest_us;
}

/* A loader that is killed at one of many moments, before, while and after both stand. */
static void test_killed(uint64_t whole_us, int kills)
{
	unsigned int both = 0, done = 0, n;
	struct tally before = sum();
	bool next = true; /* of what is to come: test_whole ended with this build's */
	int r;

	for (int i = 1; i <= kills; i++) {
		uint64_t generation = pinned_generation();
		pid_t pid = start_loader(next, false);

		sleep_us(whole_us * (uint64_t)i / (uint64_t)(kills + 1));
		(void)kill(pid, SIGKILL);
		(void)wait_loader(pid);
		both += generations() > 1;
		if (pinned_generation() != generation) {
			next = !next;
			done++;
		}
		sleep_us(BREATH_US);
	}
	printf("# %d loaders killed: %u while two stood, %u when the new one was the record's\n",
	       kills, both, done);
	check(both > 0, "some are killed while two stand");
	check_tally(&before, "killed hand-overs");
	r = wait_loader(start_loader(next, false));
	n = generations();
	check(r == 0 && n == 1, "the next loader brings it to its end: %u stand", n);
	check_tally(&before, "and the end of those");
}

/* Else the loops prove nothing: the same, done in the wrong order, is seen by them. */
static void test_wrong(void)
{
	struct tally before = sum();

	check(wait_loader(start_loader(true, true)) == 0, "the wrong order");
	check(sum().let > before.let, "is seen: %" PRIu64 " let through", sum().let - before.let);
}

int main(void)
{
	bool soak = getenv("KENNEL_SOAK") != NULL;
	struct guard *g;
	pid_t pids[LOOPS];
	struct tally quiet;
	struct jail j;

	setvbuf(stdout, NULL, _IOLBF, 0);
	tallies = mmap(NULL, LOOPS * sizeof(*tallies), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	need(tallies != MAP_FAILED, "mmap");
	slice_make();
	g = guard_start(0);
	jail_make(g, &j, 0);
	jail_enforce(&j);
	for (loop = 0; loop < LOOPS; loop++)
		pids[loop] = start_child(j.cgroup_fd, j.tree, hammer);
	while (sum().opened == 0)
		sleep_us(BREATH_US);
	quiet = (struct tally){ 0 };
	check_tally(&quiet, "before");
	test_killed(test_whole(soak ? ROUNDS * SOAK : ROUNDS), soak ? KILLS * SOAK : KILLS);
	check(jail_refused(&j) >= sum().refused, "each refusal is counted, over all generations");
	test_wrong();
	for (int i = 0; i < LOOPS; i++)
		victim_end(pids[i]);
	jail_remove(&j);
	guard_end(&g);
	slice_remove();
	return finish();
}
