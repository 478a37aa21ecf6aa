/* SPDX-License-Identifier: Apache-2.0 */
/* guard_program.c - bench-guard_program OBJECT FOLDER CGROUP2-ROOT: nanoseconds of one decision of
 * the guard, natively, without an LSM: the object's program runs it in this very task. Rows
 * "outside|inside DEPTH PROGRAM-NS OPEN-CLOSE-NS"; a kernel that does not take the program is one
 * row "none 0 REASON". Owns: the measuring.  Must not know: what is decided. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

#include "bpf/pins.h"
#include "tools/bench/guard_program.h"
#include "tools/bench/guard_tree.h"
#include "tools/bench/opens.h"

enum { DECISIONS = 20000, RUNS = 21, OPENS = 2000 };

struct bench {
	struct bpf_object *object;
	const char *top;
	const char *groups;
	uint64_t cgroup;
};

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

static int load(struct bench *b, const char *path, struct err *e)
{
	struct slice_config slice = { .level = 1, .page_bytes = 4096 };
	char at[GUARD_TREE_PATH];
	struct bpf_program *p;
	struct bpf_map *rodata;

	(void)libbpf_set_print(quiet);
	(void)snprintf(at, sizeof(at), "%s/" GUARD_TREE_SLICE, b->groups);
	if (guard_tree_id(at, &slice.cgroup, e) < 0)
		return -1;
	b->object = bpf_object__open_file(path, NULL);
	if (!b->object)
		return err_sys(e, "open %s", path);
	bpf_object__for_each_program(p, b->object)
		(void)bpf_program__set_autoload(p, !strcmp(bpf_program__name(p), "bench_open"));
	rodata = bpf_object__find_map_by_name(b->object, ".rodata");
	if (!rodata || bpf_map__set_initial_value(rodata, &slice, sizeof(slice)) < 0)
		return err_sys(e, "its slice");
	return bpf_object__load(b->object) < 0 ? err_sys(e, "load the program") : 0;
}

static int put(const struct bench *b, const char *map, const void *key, const void *value,
	       struct err *e)
{
	int fd = bpf_object__find_map_fd_by_name(b->object, map);

	return bpf_map_update_elem(fd, key, value, BPF_ANY) < 0 ? err_sys(e, "map %s", map) : 0;
}

/* The instance in ENFORCE, and one label on top. */
static int fill(struct bench *b, struct err *e)
{
	const struct guard_policy policy = { .abi = KENNEL_BPF_ABI, .phase = PHASE_ENFORCE };
	const struct label label = { .rights = MAY_READ, .rule = 1 };
	struct label_key key = { 0 };
	char at[GUARD_TREE_PATH];
	struct stat st;

	(void)snprintf(at, sizeof(at), "%s/" GUARD_TREE_INSTANCE, b->groups);
	if (guard_tree_id(at, &b->cgroup, e) < 0)
		return -1;
	if (stat(b->top, &st) < 0)
		return err_sys(e, "%s", b->top);
	key.cgroup = b->cgroup;
	key.ino = st.st_ino;
	key.dev = major(st.st_dev) << 20 | minor(st.st_dev);
	return put(b, "policies", &b->cgroup, &policy, e) < 0 ||
			       put(b, "labels", &key, &label, e) < 0
		       ? -1
		       : 0;
}

/* Nanoseconds of one decision in this task, the loop's own taken away. */
static int decide(const struct bench *b, int fd, double *ret_ns, struct err *e)
{
	uint64_t args[2] = { (uint64_t)fd, DECISIONS };
	LIBBPF_OPTS(bpf_test_run_opts, o, .ctx_in = args, .ctx_size_in = sizeof(args));
	int prog = bpf_program__fd(bpf_object__find_program_by_name(b->object, "bench_open"));
	int answers = bpf_object__find_map_fd_by_name(b->object, "answers");
	struct bench_answer a = { 0 };
	uint32_t zero = 0;

	if (bpf_prog_test_run_opts(prog, &o) < 0)
		return err_sys(e, "run the program");
	if (bpf_map_lookup_elem(answers, &zero, &a) < 0 || !a.decide_ns)
		return err_set(e, ERR_IO, "the program did not answer");
	if (a.refused)
		return err_set(e, ERR_IO, "%llu opens were refused", (unsigned long long)a.refused);
	*ret_ns = ((double)a.decide_ns - (double)a.empty_ns) / DECISIONS;
	return 0;
}

static int measure(const struct bench *b, const char *where, unsigned int depth, struct err *e)
{
	static struct sample program, opens;
	char path[GUARD_TREE_PATH];
	int fd, r = 0;

	guard_tree_path(b->top, depth, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open %s", path);
	program.n = 0;
	for (int i = 0; i < RUNS && r == 0; i++) {
		double ns = 0;

		r = decide(b, fd, &ns, e);
		sample_add(&program, ns);
	}
	(void)close(fd);
	if (r < 0)
		return -1;
	if (opens_measure(path, OPENS, &opens) < 0)
		return err_sys(e, "open %s", path);
	sample_sort(&program);
	(void)printf("%s %u %.0f %.0f\n", where, depth, sample_at(&program, 50),
		     sample_at(&opens, 50));
	return 0;
}

static int enter_group(const struct bench *b, const char *group, struct err *e)
{
	char at[GUARD_TREE_PATH];
	int fd;

	(void)snprintf(at, sizeof(at), "%s%s/cgroup.procs", b->groups, group);
	fd = open(at, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		return err_sys(e, "join %s", at);
	(void)close(fd);
	return 0;
}

static int measure_all(struct bench *b, struct err *e)
{
	static const unsigned int depths[] = { 1, 4, 10 };

	if (fill(b, e) < 0 || measure(b, "outside", 1, e) < 0 ||
	    enter_group(b, "/" GUARD_TREE_INSTANCE, e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++)
		if (measure(b, "inside", depths[i], e) < 0)
			return -1;
	return enter_group(b, "", e);
}

int main(int argc, char **argv)
{
	struct bench b = { 0 };
	struct err e = { 0 };
	int r;

	if (argc != 4) {
		(void)fprintf(stderr, "usage: bench-guard_program OBJECT FOLDER CGROUP2-ROOT\n");
		return 2;
	}
	b.top = argv[2];
	b.groups = argv[3];
	r = guard_tree_make(b.top, &e) < 0 || guard_tree_groups(b.groups, &e) < 0 ? -1 : 0;
	if (r == 0 && load(&b, argv[1], &e) < 0) {
		(void)printf("none 0 %s\n", e.text);
	} else if (r == 0) {
		r = measure_all(&b, &e);
	}
	(void)enter_group(&b, "", NULL);
	guard_tree_remove_groups(b.groups);
	if (r < 0)
		(void)fprintf(stderr, "bench-guard_program: %s\n", e.text);
	return r < 0 ? 1 : 0;
}
