/* SPDX-License-Identifier: Apache-2.0 */
/* install.c - stands in the supervisor's place towards the real kennel-loader: verify, and unpack
 * into staging, sync, rename; in turn with "zstd -dc | tar x" and one syncfs(2) of the same tree,
 * which checks nothing. "install make DIR FILES BYTES" cuts standard input into the tree to pack.
 * Owns: the order of one round.  Must not know: what is in a bundle. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/fs.h"
#include "base/record.h"
#include "base/spawn.h"
#include "proto/loader.h"
#include "tools/bench/sample.h"

enum { FILES_A_FOLDER = 100, WARM_ROUNDS = 1 };

struct paths {
	const char *name; /* of the row */
	const char *loader;
	const char *bundle;
	const char *key;
	const char *archive;
	int work;			       /* folder on the file system that is measured */
	char bounds[BUNDLE_BOUNDS_TEXT_BYTES]; /* as the launcher hands them on */
};

struct used {
	long peak_kib; /* the largest of the processes */
	double cpu_us; /* of all of them */
};

struct series {
	struct sample time, cpu;
	long peak_kib;
};

/* ---- the tree ---- */

/* Each file begins with a letter of ours: a piece of a program that begins at its magic number
 * would be refused as native code. */
static int make_file(int dir, const char *name, size_t n, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	CLEANUP_FD int fd = -1;
	static char piece[65536];

	if (buffer_append(&b, "/", 1, n) < 0)
		return err_set(e, ERR_NOMEM, "file");
	while (b.len < n) {
		ssize_t r = fd_read_full(STDIN_FILENO, piece,
					 n - b.len < sizeof(piece) ? n - b.len : sizeof(piece));

		if (r <= 0 || buffer_append(&b, piece, (size_t)r, n) < 0)
			return err_set(e, ERR_IO, "not enough on standard input");
	}
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 || fd_write_all(fd, b.p, b.len) < 0)
		return err_sys(e, "write");
	return 0;
}

static int make_tree(const char *path, unsigned int files, size_t bytes, struct err *e)
{
	CLEANUP_FD int top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (top < 0)
		return err_sys(e, "open %s", path);
	for (unsigned int i = 0; i < files; i++) {
		char folder[32], name[32];

		(void)snprintf(folder, sizeof(folder), "folder-%02u", i / FILES_A_FOLDER);
		(void)snprintf(name, sizeof(name), "file-%04u.txt", i);
		if (i % FILES_A_FOLDER == 0 && mkdirat(top, folder, 0755) < 0)
			return err_sys(e, "make %s", folder);
		CLEANUP_FD int dir = openat(top, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (dir < 0 || make_file(dir, name, bytes / files, e) < 0)
			return err_wrap(e, "%s/%s", folder, name);
	}
	return 0;
}

/* ---- one of ours ---- */

static int wait_for(pid_t pid, struct used *u, struct err *e)
{
	struct rusage r;
	int status = 0;

	if (wait4(pid, &status, 0, &r) != pid)
		return err_sys(e, "wait4");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(e, ERR_IO, "a program ended badly");
	/* Both count it and the children it has waited for. */
	u->peak_kib = r.ru_maxrss > u->peak_kib ? r.ru_maxrss : u->peak_kib;
	u->cpu_us += (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e6 +
		     (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
	return 0;
}

/* ret_bounds: of a configuration. */
static int read_records(int link, char ret_bounds[BUNDLE_BOUNDS_TEXT_BYTES], struct err *e)
{
	static struct loader_msg m;

	for (;;) {
		long n = record_recv(link, &m, sizeof(m), NULL, 0, e);

		if (n <= 0)
			return err_set(e, ERR_IO, "the loader ended without a word");
		if (m.kind == LOADER_REFUSED) {
			*e = m.u.refused;
			return -1;
		}
		if (m.kind == LOADER_CEILING && ret_bounds)
			bundle_bounds_print(&m.u.ceiling.bundles, ret_bounds);
		if (m.kind == LOADER_DONE)
			return 0;
	}
}

struct errand {
	const char *job, *input;
	int staging; /* -1: none */
	char *ret_bounds;
};

static int run_loader(const struct paths *p, const struct errand *r, struct used *u, struct err *e)
{
	char *const argv[] = { (char *)(uintptr_t) "kennel-loader", (char *)(uintptr_t)r->job,
			       (char *)(uintptr_t) "0",
			       r->ret_bounds ? NULL : (char *)(uintptr_t)p->bounds, NULL };
	CLEANUP_FD int bundle = open(r->input, O_RDONLY | O_CLOEXEC);
	CLEANUP_FD int key = open(p->key, O_RDONLY | O_CLOEXEC);
	CLEANUP_FD int ours = -1;
	CLEANUP_FD int theirs = -1;
	CLEANUP_FD int pidfd = -1;
	struct spawn s = { .path = p->loader,
			   .path_fd = -1,
			   .argv = argv,
			   .fds_count = r->staging < 0 ? 6 : 7,
			   .uid = (uid_t)-1,
			   .extra_gid = (gid_t)-1,
			   .cgroup_fd = -1 };
	int link[2];
	pid_t pid;

	if (bundle < 0 || key < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, link) < 0)
		return err_sys(e, "open");
	ours = link[0];
	theirs = link[1];
	s.fds[0] = s.fds[1] = -1;
	s.fds[2] = STDERR_FILENO;
	s.fds[3] = theirs;
	s.fds[4] = bundle;
	s.fds[5] = key;
	s.fds[6] = r->staging;
	if (spawn_program(&s, &pid, &pidfd, e) < 0)
		return -1;
	fd_close_p(&theirs);
	if (read_records(ours, r->ret_bounds, e) < 0)
		return -1;
	return wait_for(pid, u, e);
}

/* As the supervisor: a staging folder, the loader, one more sync for what it adds, the rename. */
static int install(const struct paths *p, struct used *u, struct err *e)
{
	CLEANUP_FD int staging = -1;

	if (mkdirat(p->work, "staging", 0770) < 0)
		return err_sys(e, "staging");
	staging = openat(p->work, "staging", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (staging < 0 ||
	    run_loader(p, &(struct errand){ "unpack", p->bundle, staging, NULL }, u, e) < 0)
		return -1;
	if (syncfs(staging) < 0 || renameat(p->work, "staging", p->work, "installed") < 0 ||
	    fsync(p->work) < 0)
		return err_sys(e, "publish");
	return 0;
}

static int verify(const struct paths *p, struct used *u, struct err *e)
{
	return run_loader(p, &(struct errand){ "verify", p->bundle, -1, NULL }, u, e);
}

/* How large a bundle may be: what kennel.json says, as the launcher learns it. */
static int read_config(struct paths *p, const char *config, struct err *e)
{
	struct used unused = { 0 };

	return run_loader(p, &(struct errand){ "config", config, -1, p->bounds }, &unused, e);
}

/* ---- the peer ---- */

static int start(const char *path, char *const argv[], int in, int out, pid_t *ret_pid,
		 struct err *e)
{
	CLEANUP_FD int pidfd = -1;
	struct spawn s = { .path = path,
			   .path_fd = -1,
			   .argv = argv,
			   .fds = { in, out, STDERR_FILENO },
			   .fds_count = 3,
			   .uid = (uid_t)-1,
			   .extra_gid = (gid_t)-1,
			   .cgroup_fd = -1 };

	return spawn_program(&s, ret_pid, &pidfd, e);
}

static int unchecked(const struct paths *p, struct used *u, struct err *e)
{
	char where[64];
	char *const zstd[] = { (char *)(uintptr_t) "zstd", (char *)(uintptr_t) "-qdc", NULL };
	char *const tar[] = { (char *)(uintptr_t) "tar", (char *)(uintptr_t) "xC", where, NULL };
	CLEANUP_FD int archive = open(p->archive, O_RDONLY | O_CLOEXEC);
	CLEANUP_FD int in = -1;
	CLEANUP_FD int out = -1;
	pid_t pids[2];
	int ends[2];

	if (archive < 0 || mkdirat(p->work, "installed", 0755) < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "archive");
	in = ends[0];
	out = ends[1];
	(void)snprintf(where, sizeof(where), "/proc/%d/fd/%d/installed", getpid(), p->work);
	if (start("/usr/bin/zstd", zstd, archive, out, &pids[0], e) < 0 ||
	    start("/bin/tar", tar, in, -1, &pids[1], e) < 0)
		return -1;
	fd_close_p(&in);
	fd_close_p(&out);
	if (wait_for(pids[0], u, e) < 0 || wait_for(pids[1], u, e) < 0)
		return -1;
	return syncfs(p->work) < 0 ? err_sys(e, "sync") : 0;
}

/* ---- rounds ---- */

static const struct contender {
	const char *name;
	int (*run)(const struct paths *p, struct used *u, struct err *e);
} contenders[] = {
	{ "zstd|tar", unchecked },
	{ "verify", verify },
	{ "install", install },
};

static int clean(const struct paths *p, struct err *e)
{
	if (fs_remove_tree(p->work, "installed", e) < 0)
		return -1;
	return syncfs(p->work) < 0 ? err_sys(e, "sync") : 0;
}

static int measure(const struct paths *p, unsigned int rounds, struct err *e)
{
	static struct series series[countof(contenders)];

	for (unsigned int i = 0; i < rounds + WARM_ROUNDS; i++) {
		for (size_t turn = 0; turn < countof(contenders); turn++) {
			/* Each comes after each: a disk remembers what was before. */
			size_t c = (turn + i) % countof(contenders);
			struct series *s = &series[c];
			double begin;
			struct used used = { 0 };

			if (clean(p, e) < 0)
				return -1;
			begin = bench_now_us();
			if (contenders[c].run(p, &used, e) < 0)
				return err_wrap(e, "%s, round %u", contenders[c].name, i);
			if (i < WARM_ROUNDS)
				continue;
			sample_add(&s->time, bench_now_us() - begin);
			sample_add(&s->cpu, used.cpu_us);
			s->peak_kib = used.peak_kib > s->peak_kib ? used.peak_kib : s->peak_kib;
		}
	}
	for (size_t c = 0; c < countof(contenders); c++) {
		struct series *s = &series[c];

		sample_sort(&s->time);
		sample_sort(&s->cpu);
		(void)printf("%s %s %.0f %.0f %zu %.0f %ld\n", p->name, contenders[c].name,
			     sample_at(&s->time, 50), sample_at(&s->time, 99), s->time.n,
			     sample_at(&s->cpu, 50), s->peak_kib);
	}
	return clean(p, e);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	int r = -1;

	if (argc == 5 && !strcmp(argv[1], "make"))
		r = make_tree(argv[2], (unsigned int)strtoul(argv[3], NULL, 10),
			      strtoul(argv[4], NULL, 10), &e);
	else if (argc == 9) {
		struct paths p = { .name = argv[2],
				   .loader = argv[3],
				   .bundle = argv[4],
				   .key = argv[5],
				   .archive = argv[6],
				   .work = open(argv[7], O_RDONLY | O_DIRECTORY | O_CLOEXEC) };

		r = p.work < 0 ? err_sys(&e, "open %s", argv[7]) : read_config(&p, argv[8], &e);
		if (r == 0)
			r = measure(&p, (unsigned int)strtoul(argv[1], NULL, 10), &e);
	}
	if (r < 0)
		(void)fprintf(stderr, "install: %s %s\n", err_name(e.code), e.text);
	return r < 0;
}
