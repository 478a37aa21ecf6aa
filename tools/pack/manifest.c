/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.c - kennel-pack manifest: check one file, print the published schema.
 * Owns: its options and output.  Must not know: any key of a manifest. */
#include "tools/pack/manifest.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "base/json.h"
#include "manifest_schema.h"
#include "policy/manifest.h"

#define STDIN_WORD "-"

/* Names of files and what stands in them, for a terminal. */
static void make_plain(struct err *e)
{
	if (text_is_printable(e->text, strlen(e->text)))
		return;
	for (char *p = e->text; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
}

static int fail(struct err *e)
{
	make_plain(e);
	(void)fprintf(stderr, "kennel-pack: %s: %s\n%s", err_name(e->code), e->text,
		      e->code == ERR_USAGE ? "usage:\n" MANIFEST_USAGE : "");
	return err_exit_status(e->code);
}

static int read_text(const char *path, struct buffer *ret, struct err *e)
{
	CLEANUP_FD int fd = -1;

	fd = strcmp(path, STDIN_WORD) ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	if (fd < 0)
		return err_sys(e, "open %s", path);
	/* One byte more, so that a file that is too long is said to be so. */
	if (fs_read_fd(fd, MANIFEST_MAX + 1, ret, e) < 0)
		return err_wrap(e, "%s", path);
	return 0;
}

/* A refusal of a value starts with its JSON pointer, "/a/b: "; bytes of the pointer, or 0. */
static size_t pointer_len(const char *text)
{
	const char *end = *text == '/' ? strstr(text, ": ") : NULL;

	return end ? (size_t)(end - text) : 0;
}

static json_t *refusal_json(const struct err *e)
{
	size_t n = pointer_len(e->text);
	bool root = n == 1;
	json_t *j = json_pack("{s:b, s:{s:s, s:i, s:s}}", "ok", 0, "error", "name",
			      err_name(e->code), "exitStatus", err_exit_status(e->code), "message",
			      n ? e->text + n + 2 : e->text);

	if (n)
		(void)json_object_set_new(json_object_get(j, "error"), "pointer",
					  json_stringn(e->text, root ? 0 : n));
	return j;
}

static json_t *names_json(const char *(*name)(unsigned int i), unsigned int count, uint32_t set)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < count; i++)
		if (set & 1u << i)
			(void)json_array_append_new(all, json_string(name(i)));
	return all;
}

static json_t *accepted_json(const struct manifest *m)
{
	return json_pack("{s:b, s:s, s:s, s:s, s:s, s:o, s:o}", "ok", 1, "name", m->name, "version",
			 m->version, "entry", m->entry, "runtime", runtime_name(m->runtime),
			 "permissions", names_json(permission_name, PERM_COUNT, m->permissions),
			 "events", names_json(event_name, EVENT_COUNT, m->events));
}

static int print_json(json_t *take)
{
	CLEANUP(json_decref_p) json_t *j = take;

	if (!j || json_dumpf(j, stdout, JSON_INDENT(2) | JSON_SORT_KEYS) < 0 ||
	    putchar('\n') == EOF || fflush(stdout) == EOF)
		return err_exit_status(ERR_IO);
	return 0;
}

static int check(const char *path, bool json)
{
	CLEANUP(buffer_free_p) struct buffer text = { 0 };
	static struct manifest m;
	struct err e = { 0 };
	int r = read_text(path, &text, &e);

	if (r == 0 && manifest_parse((const char *)text.p, text.len, &m, &e) < 0)
		r = json ? -1 : err_wrap(&e, "%s", path); /* in JSON the pointer stands first */
	if (r < 0)
		make_plain(&e);
	if (json) {
		int printed = print_json(r < 0 ? refusal_json(&e) : accepted_json(&m));

		return printed ? printed : r < 0 ? err_exit_status(e.code) : 0;
	}
	if (r < 0)
		return fail(&e);
	(void)printf("%s: good: %s %s, %s\n", path, m.name, m.version, runtime_name(m.runtime));
	return fflush(stdout) == EOF ? err_exit_status(ERR_IO) : 0;
}

static int schema(void)
{
	struct err e = { 0 };

	if (fd_write_all(STDOUT_FILENO, manifest_schema, strlen(manifest_schema)) < 0) {
		(void)err_sys(&e, "write");
		return fail(&e);
	}
	return 0;
}

int manifest_command(int argc, char **argv)
{
	const char *path = NULL;
	struct err e = { 0 };
	bool json = false;

	if (argc == 2 && !strcmp(argv[1], "schema"))
		return schema();
	for (int i = 2; i < argc && !strcmp(argv[1], "check"); i++) {
		bool flag = !strcmp(argv[i], "--json");

		if (flag ? json : path || (argv[i][0] == '-' && argv[i][1])) {
			(void)err_set(&e, ERR_USAGE, "%.100s: not understood here", argv[i]);
			return fail(&e);
		}
		if (flag)
			json = true;
		else
			path = argv[i];
	}
	if (path)
		return check(path, json);
	(void)err_set(&e, ERR_USAGE, "expected check FILE, or schema");
	return fail(&e);
}
