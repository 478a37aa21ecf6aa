/* SPDX-License-Identifier: Apache-2.0 */
/* build.c - a wasm entry becomes an executable, in the compiler's jail. The module and the result
 * are copied as bytes; nothing here looks into them. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/loop.h"
#include "supervise/admit.h"
#include "supervise/feed.h"
#include "supervise/note.h"
#include "supervise/supervisor.h"

/* The launcher's own bounds for the compiler lie a little higher. */
#define BUILD_MEMORY_BYTES (1536ull << 20)
#define BUILD_CPU_PERCENT 400u
#define BUILD_TASKS 64u
#define BUILD_OUT_BYTES (256ull << 20)
#define BUILD_IO_BYTES (256ull << 20)

#define MODULE_FILE "in/module.wasm"
#define RESULT_FILE "out/plugin"

void build_close(struct admit_job *j)
{
	struct launch_msg m;

	loop_remove(&j->words);
	fd_close_p(&j->words_fd);
	if (!j->compiler)
		return;
	memset(&m, 0, sizeof(m));
	m.kind = LAUNCH_KILL;
	m.u.instance.id = j->compiler;
	(void)launcher_ask(j->s, &m, NULL, NULL, NULL, NULL);
	j->compiler = 0;
}

/* ---- the compiler's last words ---- */

static void read_words(struct admit_job *j)
{
	char chunk[1024];
	ssize_t n;

	while (j->words_fd >= 0 && (n = read(j->words_fd, chunk, sizeof(chunk))) != 0) {
		size_t room = sizeof(j->words_text) - 1 - j->words_len;
		size_t take;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		take = (size_t)n < room ? (size_t)n : room;
		memcpy(j->words_text + j->words_len, chunk, take);
		j->words_len += take;
	}
	loop_remove(&j->words);
	fd_close_p(&j->words_fd);
}

static void on_words(void *arg, uint32_t events)
{
	(void)events;
	read_words(arg);
}

/* "E_WASM_…: text" on the first line names the refusal; any other code is not the compiler's to
 * give. */
static void read_verdict(const struct admit_job *j, struct err *ret)
{
	static const enum err_code its_own[] = { ERR_WASM_FEATURE, ERR_WASM_IMPORT,
						 ERR_WASM_INVALID, ERR_COMPILE,
						 ERR_LIMIT,	   ERR_NOMEM };
	char line[sizeof(ret->text)], name[NAME_MAX_BYTES] = "";
	const char *at = strstr(j->words_text, "E_");
	enum err_code code = ERR_COMPILE;
	size_t n = 0;

	at = at ? at : j->words_text;
	for (; at[n] && at[n] != '\n' && n < sizeof(line) - 1; n++)
		line[n] = isprint((unsigned char)at[n]) ? at[n] : '?';
	line[n] = '\0';
	n = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
	if (n > 0 && n < sizeof(name) && line[n] == ':') {
		memcpy(name, line, n);
		name[n] = '\0';
	}
	for (size_t i = 0; i < countof(its_own); i++)
		if (name[0] && err_code_from_name(name) == (int)its_own[i])
			code = its_own[i];
	(void)err_set(ret, code, "%s", line[0] ? line : "the compiler failed without a word");
}

/* ---- its end ---- */

static void describe_end(const struct admit_job *j, const struct launch_ended *end, struct err *ret)
{
	if (end->cause == END_OOM)
		(void)err_set(ret, ERR_COMPILE, "the module needs more than %llu MiB to compile",
			      BUILD_MEMORY_BYTES >> 20);
	else if (end->cause == END_SETUP)
		(void)err_set(ret, ERR_CONFINE, "the compiler's jail could not be set up");
	else if (end->cause == END_EXIT)
		read_verdict(j, ret);
	else
		(void)err_set(ret, ERR_COMPILE, "the compiler was ended by signal %u", end->status);
}

static int take_result(struct admit_job *j, struct err *e)
{
	const struct store_copy copy = { j->staging_fd, RESULT_FILE, j->staging_fd,
					 "exec/plugin", 0555,	     STORE_EXECUTABLE_MAX };

	if (mkdirat(j->staging_fd, "exec", 0755) < 0)
		return err_sys(e, "make exec");
	if (store_copy_file(&copy, &j->info.executable_bytes, e) < 0)
		return err_wrap(e, "compiled plugin");
	return 0;
}

void build_on_ended(struct admit_job *j, const struct launch_ended *end)
{
	struct err e = { 0 };

	read_words(j);
	j->compiler = 0;
	build_close(j);
	if (end->cause != END_EXIT || end->status != 0) {
		describe_end(j, end, &e);
		admit_end(j, &e);
		return;
	}
	if (take_result(j, &e) < 0)
		admit_end(j, &e);
	else
		admit_commit(j);
}

/* ---- its start ---- */

static void on_started(struct supervisor *s, void *arg, const struct launch_msg *answer,
		       struct record_fds *fds)
{
	struct admit_job *j = arg;

	(void)s;
	(void)fds;
	if (answer->result < 0) {
		struct err e = answer->u.error;

		(void)err_wrap(&e, "compiler");
		admit_end(j, &e);
		return;
	}
	j->compiler = answer->u.started.id;
}

static int copy_module(struct admit_job *j, struct err *e)
{
	char entry[sizeof("root/") + sizeof(j->manifest.entry)];
	const struct store_copy copy = { j->staging_fd, entry, j->staging_fd,
					 MODULE_FILE,	0444,  BUNDLE_FILE_MAX };
	uint64_t bytes;
	struct writer w;

	writer_init(&w, entry, sizeof(entry));
	writer_str(&w, "root/");
	writer_str(&w, j->manifest.entry);
	if (w.full)
		return err_set(e, ERR_PATH, "entry of %zu bytes", strlen(j->manifest.entry));
	if (mkdirat(j->staging_fd, "in", 0755) < 0 || mkdirat(j->staging_fd, "out", 0755) < 0)
		return err_sys(e, "make the compiler's folders");
	return store_copy_file(&copy, &bytes, e);
}

static int launch_compiler(struct admit_job *j, int words_end, struct err *e)
{
	struct record_fds fds = { .fd = { words_end, words_end }, .count = 2 };
	struct launch_msg m;

	memset(&m, 0, sizeof(m));
	m.kind = LAUNCH_START;
	m.u.start.image = IMAGE_COMPILE;
	m.u.start.uid_index = UID_INDEX_COMPILER;
	(void)copy_str(m.u.start.plugin, sizeof(m.u.start.plugin), j->manifest.name);
	(void)copy_str(m.u.start.staging, sizeof(m.u.start.staging), j->staging);
	m.u.start.limits = (struct limits){ .memory_bytes = BUILD_MEMORY_BYTES,
					    .cpu_percent = BUILD_CPU_PERCENT,
					    .tasks = BUILD_TASKS,
					    .data_bytes = BUILD_OUT_BYTES,
					    .io_bytes = BUILD_IO_BYTES };
	return launcher_ask(j->s, &m, &fds, on_started, j, e);
}

int build_begin(struct admit_job *j, struct err *e)
{
	char like[DIGEST_HEX_BYTES];
	int ends[2];
	int r;

	if (j->manifest.runtime != RUNTIME_WASM)
		return 1;
	if (store_find_module(&j->s->store, j->manifest.name, j->info.module, like) &&
	    store_link_executable(&j->s->store, j->manifest.name, like, j->staging_fd, NULL) == 0)
		return 1;
	admit_step(j, "compile", 0, 0);
	if (copy_module(j, e) < 0)
		return -1;
	if (note_write(&(struct note){ .event = "compile",
				       .tenant = j->tenant->name,
				       .plugin = j->manifest.name,
				       .bundle = j->info.bundle },
		       e) < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	j->words_fd = ends[0];
	r = fd_set_nonblock(j->words_fd) < 0 ? err_sys(e, "pipe") : launch_compiler(j, ends[1], e);
	fd_close_p(&ends[1]);
	if (r < 0 ||
	    loop_add_fd(j->s->loop, &(struct loop_watch){ j->words_fd, EPOLLIN, on_words, j },
			&j->words, e) < 0)
		return -1;
	j->deadline_ms = clock_mono_ms() + ADMIT_COMPILE_MS;
	supervisor_rearm(j->s);
	return 0;
}
