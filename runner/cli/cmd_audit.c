/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_audit.c - kennel audit show|verify: read the log back.
 * Owns: filters and the table.  Must not know: how records are written. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/limits.h"
#include "cli/auditlog.h"
#include "cli/cli.h"

enum { LAST_MAX = 1000000 };

struct options {
	const char *state;
	const char *tenant;
	const char *plugin;
	const char *event;
	const char *result;
	bool json;
};

static const char *state_or_default(const char *state)
{
	if (!state)
		state = getenv("KENNEL_STATE");
	return state ? state : DEFAULT_STATE;
}

/* ---- show ---- */

static bool field_is(const json_t *r, const char *key, const char *want)
{
	const char *got = json_string_value(json_object_get(r, key));

	return !want || (got && !strcmp(got, want));
}

static const char *text_of(const json_t *r, const char *key)
{
	const json_t *v = json_object_get(r, key);

	if (json_is_object(v))
		v = json_object_get(v, "head");
	return json_is_string(v) ? json_string_value(v) : "";
}

/* Text of plugins goes to a terminal: what is not printable is shown escaped. */
static void print_safe(const char *before, const char *s)
{
	char buf[2 * AUDIT_LINE_MAX];
	struct writer w;

	if (!s[0])
		return;
	if (text_is_printable(s, strlen(s))) {
		(void)printf("%s%s", before, s);
		return;
	}
	writer_init(&w, buf, sizeof(buf));
	writer_json_str(&w, s, strlen(s));
	(void)printf("%s%s", before, buf);
}

static void print_record(const json_t *r)
{
	json_t *count = json_object_get(r, "count");

	(void)printf("%6lld  %.23s  %-12s",
		     (long long)json_integer_value(json_object_get(r, "seq")), text_of(r, "t"),
		     text_of(r, "ev"));
	print_safe("  ", text_of(r, "plugin"));
	print_safe("  ", text_of(r, "method"));
	print_safe("  ", text_of(r, "object"));
	print_safe("  -> ", text_of(r, "res"));
	if (count)
		(void)printf("  x%lld", (long long)json_integer_value(count));
	print_safe("  (", text_of(r, "detail"));
	(void)printf("%s\n", text_of(r, "detail")[0] ? ")" : "");
}

/* One ring of the last N lines, so that --last costs no second pass. */
struct ring {
	char **lines;
	size_t cap;
	size_t next;
};

static void show_line(const struct options *o, struct ring *ring, const char *line)
{
	CLEANUP(json_decref_p) json_t *r = NULL;

	if (ring->cap) {
		free(ring->lines[ring->next % ring->cap]);
		ring->lines[ring->next++ % ring->cap] = strdup(line);
		return;
	}
	if (o->json) {
		(void)printf("%s\n", line);
		return;
	}
	if (json_parse(line, strlen(line), JSON_DEPTH_MANIFEST, 256, &r, NULL) < 0)
		(void)printf("     ?  not a record\n");
	else
		print_record(r);
}

/* What the ring holds, oldest first; it is empty afterwards. */
static void show_ring(const struct options *o, struct ring *ring)
{
	struct ring none = { 0 };

	for (size_t i = 0; i < ring->cap; i++) {
		char **line = &ring->lines[(ring->next + i) % ring->cap];

		if (*line)
			show_line(o, &none, *line);
		free(*line);
		*line = NULL;
	}
	ring->next = 0;
}

static bool line_matches(const struct options *o, const char *line)
{
	CLEANUP(json_decref_p) json_t *r = NULL;

	if (json_parse(line, strlen(line), JSON_DEPTH_MANIFEST, 256, &r, NULL) < 0)
		return !o->plugin && !o->event &&
		       !o->result; /* shown, so that nobody hides behind bad JSON */
	return field_is(r, "plugin", o->plugin) && field_is(r, "ev", o->event) &&
	       field_is(r, "res", o->result);
}

struct showing {
	const struct options *o;
	struct ring *ring;
};

static int show_if_wanted(void *arg, const char *line, struct err *e)
{
	const struct showing *s = arg;

	(void)e;
	if (line_matches(s->o, line))
		show_line(s->o, s->ring, line);
	return 0;
}

static int show_log(const struct options *o, struct ring *ring, const char *name, struct err *e)
{
	struct showing s = { o, ring };
	int r;

	if (!o->json)
		(void)printf("log %s\n", name);
	r = auditlog_walk(o->state, name, show_if_wanted, &s, e);
	show_ring(o, ring);
	return r;
}

static int is_log(const struct dirent *d)
{
	return d->d_type == DT_DIR && name_is_valid(d->d_name);
}

static int show_all(const struct options *o, struct ring *ring, struct err *e)
{
	CLEANUP(free_p) struct dirent **found = NULL;
	char path[HOST_PATH_MAX];
	int n, r = 0;

	if (o->tenant)
		return show_log(o, ring, o->tenant, e);
	(void)snprintf(path, sizeof(path), "%s/audit", o->state);
	n = scandir(path, &found, is_log, alphasort);
	if (n < 0)
		return err_sys(e, "read %s", path);
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = show_log(o, ring, found[i]->d_name, e);
		free(found[i]);
	}
	return r;
}

#define OPTION_STATE(target)                                                             \
	{                                                                                \
		.name = "--state", .value = "DIR",                                       \
		.help = "the state folder ($KENNEL_STATE, " DEFAULT_STATE ")",           \
		.text = (target)                                                         \
	}
#define OPTION_TENANT(target)                                                            \
	{                                                                                \
		.name = "--tenant", .value = "NAME",                                     \
		.help = "this tenant's log only; host is the rest", .text = (target)     \
	}

static int audit_show(int argc, char **argv)
{
	struct options o = { 0 };
	const struct cli_option options[] = {
		OPTION_STATE(&o.state),
		OPTION_TENANT(&o.tenant),
		{ .name = "--plugin",
		  .value = "NAME",
		  .help = "records of this plugin",
		  .text = &o.plugin },
		{ .name = "--event",
		  .value = "EVENT",
		  .help = "records of this kind: cap.done, install, kill ...",
		  .text = &o.event },
		{ .name = "--result",
		  .value = "RESULT",
		  .help = "records that end so: ok, or an E_ name",
		  .text = &o.result },
		{ .name = "--last",
		  .value = "N",
		  .help = "the last N of each log",
		  .param = "last",
		  .kind = CLI_NUMBER,
		  .min = 1,
		  .max = LAST_MAX },
	};
	const struct cli_spec spec = {
		.usage = "kennel audit show [OPTION]...",
		.about =
			"Prints records, log by log, oldest first; --json as they are stored, one a line.",
		.more = "  kennel audit show --plugin ai-auto-linker --event cap.done --last 20",
		.options = options,
		.option_count = countof(options),
	};
	CLEANUP(cli_args_free) struct cli_args a = { 0 };
	struct ring ring = { 0 };
	struct err e = { 0 };
	int r = cli_parse(&spec, argc, argv, &a);

	if (r != CLI_GO)
		return r;
	o.state = state_or_default(o.state);
	o.json = a.json;
	ring.cap = (size_t)json_integer_value(json_object_get(a.params, "last"));
	ring.lines = calloc(ring.cap ? ring.cap : 1, sizeof(char *));
	if (!ring.lines)
		return cli_fail(((void)err_set(&e, ERR_NOMEM, "--last %zu", ring.cap), &e));
	r = show_all(&o, &ring, &e);
	free(ring.lines);
	return r < 0 ? cli_fail(&e) : 0;
}

/* ---- verify: the reader is kennel-audit, which alone knows the arithmetic ---- */

static int audit_verify(int argc, char **argv)
{
	const char *state = NULL, *tenant = NULL;
	const struct cli_option options[] = { OPTION_STATE(&state), OPTION_TENANT(&tenant) };
	const struct cli_spec spec = {
		.usage = "kennel audit verify [OPTION]...",
		.about = "Recomputes the chain of records and checks every signed checkpoint.",
		.more = "Exit status: 0 intact, 20 tampered (it says which record), 21 only the last line is torn,\n"
			"22 a key or a log is missing.",
		.options = options,
		.option_count = countof(options),
	};
	CLEANUP(cli_args_free) struct cli_args a = { 0 };
	struct err e = { 0 };
	int status, r = cli_parse(&spec, argc, argv, &a);

	if (r != CLI_GO)
		return r;
	if (auditlog_verify(state_or_default(state), tenant, a.json, STDOUT_FILENO, &status, &e) <
	    0)
		return cli_fail(&e);
	return status;
}

int cmd_audit(int argc, char **argv)
{
	static const struct cli_part parts[] = {
		{ "show", audit_show, "print records" },
		{ "verify", audit_verify, "is the log whole and untouched?" },
	};

	return cli_group(
		"kennel audit COMMAND [ARGUMENT]...",
		"Every privileged call and every refusal is one record of an append-only, hash-chained log, one log\n"
		"a tenant and one, \"host\", for the rest, in STATE/audit.",
		parts, countof(parts), argc, argv);
}
