/* SPDX-License-Identifier: Apache-2.0 */
/* kennel-compile.c - kennel-compile MODULE EXECUTABLE: a plugin's wasm becomes one static
 * executable. Owns: its files and its own bounds.  Must not know: wasm, options of tools. Runs in a
 * jail of its own. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fs.h"
#include "images/compile/translate.h"

#define WORK_DIR ".work"

/* A backstop: the jail's own limits are tighter, and end what these do not. Each tool has them
 * anew. */
#define CPU_SECONDS 600u
#define ADDRESS_BYTES (8ull << 30)
#define OUTPUT_BYTES (1ull << 30) /* largest single file: the C of a 20 MB module */

static int bound_self(struct err *e)
{
	static const struct {
		__rlimit_resource_t what;
		rlim_t most;
	} rows[] = { { RLIMIT_CPU, CPU_SECONDS },
		     { RLIMIT_AS, ADDRESS_BYTES },
		     { RLIMIT_FSIZE, OUTPUT_BYTES },
		     { RLIMIT_CORE, 0 } };

	for (size_t i = 0; i < countof(rows); i++) {
		struct rlimit l;

		if (getrlimit(rows[i].what, &l) < 0)
			return err_sys(e, "getrlimit");
		if (l.rlim_max > rows[i].most)
			l.rlim_max = rows[i].most;
		l.rlim_cur = l.rlim_max;
		if (setrlimit(rows[i].what, &l) < 0)
			return err_sys(e, "setrlimit");
	}
	return 0;
}

/* PREFIX/lib/kennel-wasm for PREFIX/bin/kennel-compile. Without /proc, by the name we were started
 * with. */
static int find_lib(char *ret, size_t cap, struct err *e)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	struct writer w;

	if (n < 0) {
		uintptr_t started = getauxval(AT_EXECFN);

		if (!started || !realpath((const char *)started, self))
			return err_sys(e, "find own executable");
	} else {
		self[n] = '\0';
	}
	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(self, '/');

		if (!slash)
			return err_set(e, ERR_INTERNAL, "own executable has no folder");
		*slash = '\0';
	}
	writer_init(&w, ret, cap);
	writer_fmt(&w, "%s/lib/kennel-wasm", self);
	return w.full ? err_set(e, ERR_LIMIT, "path of own executable") : 0;
}

/* The folder of an output path, opened, and its last component. */
static int open_output(const char *path, const char **ret_name, struct err *e)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) + 1 : 0;
	char dir[PATH_MAX] = ".";
	int fd;

	if (n >= sizeof(dir) || !path[n])
		return err_set(e, ERR_PATH, "output %.100s", path);
	if (n)
		memcpy(dir, path, n);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open %.100s", dir);
	*ret_name = path + n;
	return fd;
}

static int move_result(int work, int out, const char *name, struct err *e)
{
	if (fchmodat(work, TRANSLATE_RESULT, 0555, 0) < 0)
		return err_sys(e, "chmod the executable");
	if (renameat(work, TRANSLATE_RESULT, out, name) < 0)
		return err_sys(e, "rename to %.100s", name);
	return fsync(out) < 0 ? err_sys(e, "sync the output folder") : 0;
}

/* In a folder beside the output, so that the result is whole when it gets its name. */
static int build(const struct module *m, const struct buffer *reduced, const char *output,
		 struct err *e)
{
	char lib[PATH_MAX];
	CLEANUP_FD int out = -1;
	CLEANUP_FD int work = -1;
	const char *name = NULL;
	int r;

	if (find_lib(lib, sizeof(lib), e) < 0)
		return -1;
	out = open_output(output, &name, e);
	if (out < 0 || fs_remove_tree(out, WORK_DIR, e) < 0)
		return -1;
	work = fs_open_dir(out, WORK_DIR, true, 0700, e);
	if (work < 0)
		return -1;
	if (fchdir(work) < 0)
		return err_sys(e, "enter the work folder");
	r = translate(m, reduced, lib, e);
	if (r == 0)
		r = move_result(work, out, name, e);
	if (fs_remove_tree(out, WORK_DIR, r < 0 ? NULL : e) < 0)
		return -1;
	return r;
}

static int compile_plugin(const char *input, const char *output, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer file = { 0 };
	CLEANUP(buffer_free_p) struct buffer reduced = { 0 };
	struct module m;

	if (bound_self(e) < 0 || fs_read_file(AT_FDCWD, input, WASM_MODULE_MAX, &file, e) < 0)
		return -1;
	if (module_reduce(file.p, file.len, &m, &reduced, e) < 0)
		return -1;
	return build(&m, &reduced, output, e);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };

	if (argc != 3) {
		(void)fprintf(stderr, "usage: kennel-compile MODULE EXECUTABLE\n");
		return err_exit_status(ERR_USAGE);
	}
	if (compile_plugin(argv[1], argv[2], &e) == 0)
		return 0;
	(void)fprintf(stderr, "%s: %s\n", err_name(e.code), e.text);
	return err_exit_status(e.code);
}
