/* SPDX-License-Identifier: Apache-2.0 */
/* translate.c - wasm2c, cc, link.
 * Owns: their options.  Must not know: where modules are from. */
#include "images/compile/translate.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fs.h"

#define MODULE_FILE "module.wasm"
#define SAID_FILE "said" /* what a tool printed */
#define SAID_MAX 65536u
#define GLUE_MAX 32768u
#define ARGS_MAX 48u

/* ---- tools ---- */

/* The exit status, 128 + signal, or -1. What it prints goes to SAID_FILE. */
static int run(const char *const *argv, struct err *e)
{
	static char path[] = "PATH=/usr/bin", locale[] = "LC_ALL=C", tmp[] = "TMPDIR=.";
	char *const environment[] = { path, locale, tmp, NULL };
	posix_spawn_file_actions_t fa;
	int status, r;
	pid_t pid;

	if (posix_spawn_file_actions_init(&fa) != 0)
		return err_set(e, ERR_NOMEM, "%s", argv[0]);
	r = posix_spawn_file_actions_addopen(&fa, 1, SAID_FILE, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&fa, 1, 2);
	if (r == 0)
		r = posix_spawn(&pid, argv[0], &fa, NULL, (char *const *)(uintptr_t)argv,
				environment);
	(void)posix_spawn_file_actions_destroy(&fa);
	if (r != 0)
		return err_set(e, ERR_COMPILE, "start %s: %s", argv[0], strerror(r));
	if (waitpid(pid, &status, 0) < 0)
		return err_sys(e, "wait for %s", argv[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The first line that a tool printed and that says "error", else its first; made printable. */
static void first_complaint(char *ret, size_t cap)
{
	CLEANUP(buffer_free_p) struct buffer said = { 0 };
	const char *line, *end;
	struct writer w;

	writer_init(&w, ret, cap);
	if (fs_read_file(AT_FDCWD, SAID_FILE, SAID_MAX, &said, NULL) < 0 || !said.len) {
		writer_str(&w, "it said nothing");
		return;
	}
	line = strstr((char *)said.p, "error");
	while (line && line > (char *)said.p && line[-1] != '\n')
		line--;
	if (!line)
		line = (char *)said.p;
	end = strchrnul(line, '\n');
	for (; line < end && w.len + 1 < cap; line++)
		writer_bytes(&w, *line >= ' ' && *line <= '~' ? line : "?", 1);
}

static int write_file(const char *name, const void *p, size_t n, struct err *e)
{
	CLEANUP_FD int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 || fd_write_all(fd, p, n) < 0 ? err_sys(e, "write %s", name) : 0;
}

/* ---- wasm2c ---- */

/* What wasm2c 1.0.32 translates is what the validator takes by default, without this one, at which
 * wasm2c ends with a signal. */
#define OFF "--disable-simd"
#define VALIDATE "/usr/bin/wasm-validate"

static const struct {
	const char *name, *option;
} features[] = {
	{ "threads", "--enable-threads" },
	{ "exceptions", "--enable-exceptions" },
	{ "tail calls", "--enable-tail-call" },
	{ "typed function references", "--enable-function-references" },
	{ "memory64", "--enable-memory64" },
	{ "multi-memory", "--enable-multi-memory" },
	{ "extended constant expressions", "--enable-extended-const" },
	{ "gc", "--enable-gc" },
};

static int refuse_feature(struct err *e, const char *name)
{
	return err_set(e, ERR_WASM_FEATURE, "%s", name);
}

/* The validator said no: is it no module, or one with something that we cannot do? */
static int explain_refusal(struct err *e)
{
	const char *with_simd[] = { VALIDATE, MODULE_FILE, NULL };
	const char *with_all[] = { VALIDATE, "--enable-all", MODULE_FILE, NULL };
	const char *with_one[] = { VALIDATE, OFF, NULL, MODULE_FILE, NULL };
	char text[160];
	int r;

	first_complaint(text, sizeof(text));
	r = run(with_simd, e);
	if (r <= 0)
		return r < 0 ? -1 : refuse_feature(e, "simd");
	for (size_t i = 0; i < countof(features); i++) {
		with_one[2] = features[i].option;
		r = run(with_one, e);
		if (r <= 0)
			return r < 0 ? -1 : refuse_feature(e, features[i].name);
	}
	r = run(with_all, e);
	if (r <= 0)
		return r < 0 ? -1 : refuse_feature(e, "several proposals at once");
	return err_set(e, ERR_WASM_INVALID, "%s", text);
}

static int run_wasm2c(struct err *e)
{
	static const char *const check[] = { VALIDATE, OFF, MODULE_FILE, NULL };
	static const char *const argv[] = {
		"/usr/bin/wasm2c", "--no-debug-names", "-n", "plugin", "-o",
		"module.c",	   MODULE_FILE,	       NULL
	};
	char text[160];
	int r = run(check, e);

	if (r != 0)
		return r < 0 ? -1 : explain_refusal(e);
	r = run(argv, e);
	if (r <= 0)
		return r;
	first_complaint(text, sizeof(text));
	return err_set(e, ERR_WASM_FEATURE, "wasm2c cannot translate this module (status %d): %s",
		       r, text);
}

/* ---- glue: the module's functions under the names the runtime knows ---- */

static const char *const start_calls[] = {
	[MODULE_START_NONE] = "(void)0",
	[MODULE_START_INITIALIZE] = "Z_pluginZ__initialize(&self)",
	[MODULE_START_CTORS] = "Z_pluginZ___wasm_call_ctors(&self)",
	[MODULE_START_COMMAND] = "Z_pluginZ__start(&self)",
};

/* wasm2c escapes a byte as Z and two hex digits, and so Z itself; handlers have letters and digits
 * only. */
static void write_handler(struct writer *w, unsigned int i, const char *name)
{
	writer_fmt(w, "static uint32_t h%u(void) { return Z_pluginZ_", i);
	for (; *name; name++)
		writer_bytes(w, *name == 'Z' ? "Z5A" : name, *name == 'Z' ? 3 : 1);
	writer_str(w, "(&self); }\n");
}

static int write_glue(const struct module *m, struct err *e)
{
	CLEANUP(free_p) char *text = malloc(GLUE_MAX);
	struct writer w;

	if (!text)
		return err_set(e, ERR_NOMEM, "glue");
	writer_init(&w, text, GLUE_MAX);
	writer_str(&w, "#include \"module.h\"\n#include \"plugin.h\"\n"
		       "static Z_plugin_instance_t self;\n"
		       "static void instantiate(void)\n{\n\tself = (Z_plugin_instance_t){ 0 };\n"
		       "\tZ_plugin_instantiate(&self");
	for (unsigned int bits = m->import_modules; bits; bits &= bits - 1)
		writer_str(&w, ", 0");
	writer_fmt(&w, ");\n}\nstatic void start(void) { %s; }\n", start_calls[m->start]);
	writer_str(&w,
		   "static void release(void) { Z_plugin_free(&self); }\n"
		   "static wasm_rt_memory_t *memory(void) { return Z_pluginZ_memory(&self); }\n");
	for (unsigned int i = 0; i < m->handler_count; i++)
		write_handler(&w, i, m->handlers[i]);
	writer_str(&w, "static const struct plugin_handler handlers[] = {\n");
	for (unsigned int i = 0; i < m->handler_count; i++)
		writer_fmt(&w, "\t{ \"%s\", h%u },\n", m->handlers[i], i);
	writer_fmt(
		&w,
		"};\nconst struct plugin_code plugin_code = { Z_plugin_init_module, instantiate, start,\n"
		"\trelease, memory, handlers, %u };\n",
		m->handler_count);
	if (w.full)
		return err_set(e, ERR_INTERNAL, "glue of more than %u bytes", GLUE_MAX);
	return write_file("glue.c", text, w.len, e);
}

/* ---- cc ---- */

/* The first line is what wasm2c's manual asks of gcc for conformance. Then: arithmetic that wraps
 * and is not fused; every page of a large frame touched in order, so that the stack's guard cannot
 * be jumped over; bounds by guard pages and depth by the stack's end, as images/wasm/rt.c provides
 * them. */
static const char *const compile_options[] = {
	"-fno-optimize-sibling-calls",
	"-frounding-math",
	"-fsignaling-nans",
	"-std=gnu11",
	"-O2",
	"-w",
	"-fwrapv",
	"-fno-strict-aliasing",
	"-fno-delete-null-pointer-checks",
	"-ffp-contract=off",
	"-fstack-clash-protection",
	"-fno-pie",
	"-fno-ident",
	"-ffunction-sections",
	"-DNDEBUG",
	"-DWASM_RT_MEMCHECK_SIGNAL_HANDLER=1",
	"-DWASM_RT_USE_STACK_DEPTH_COUNT=0",
};

static int must_run(const char *const *argv, const char *what, struct err *e)
{
	char text[160];
	int r = run(argv, e);

	if (r <= 0)
		return r;
	first_complaint(text, sizeof(text));
	return err_set(e, ERR_COMPILE, "%s: status %d: %s", what, r, text);
}

static int compile(const char *lib_dir, const char *source, struct err *e)
{
	const char *argv[ARGS_MAX] = { "/usr/bin/gcc", "-c", source, "-I", lib_dir };
	size_t n = 5;

	for (size_t i = 0; i < countof(compile_options); i++)
		argv[n++] = compile_options[i];
	return must_run(argv, source, e);
}

static int link_all(const char *lib_dir, struct err *e)
{
	const char *argv[] = {
		"/usr/bin/gcc",
		"-static",
		"-no-pie",
		"-s",
		"-fno-use-linker-plugin",
		"-Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code,--build-id=none,--gc-sections",
		"-o",
		TRANSLATE_RESULT,
		"module.o",
		"glue.o",
		"-L",
		lib_dir,
		"-lkennel-wasm",
		"-ljansson",
		"-lm",
		NULL
	};

	return must_run(argv, "link", e);
}

int translate(const struct module *m, const struct buffer *reduced, const char *lib_dir,
	      struct err *e)
{
	if (write_file(MODULE_FILE, reduced->p, reduced->len, e) < 0)
		return -1;
	if (run_wasm2c(e) < 0 || write_glue(m, e) < 0)
		return -1;
	if (compile(lib_dir, "module.c", e) < 0 || compile(lib_dir, "glue.c", e) < 0)
		return -1;
	return link_all(lib_dir, e);
}
