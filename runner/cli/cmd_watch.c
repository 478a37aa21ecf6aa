/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_watch.c - emit, events, logs, refusals. Owns: how a line reads.  Must not know: what causes
 * it. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "cli/ask.h"

/* ---- emit ---- */

static int print_results(const json_t *r)
{
	int status = 0;
	json_t *one;
	size_t i;

	(void)printf("%lld plugin(s) told\n", cli_number(r, "queued"));
	json_array_foreach(json_object_get(r, "results"), i, one) {
		bool ok = json_is_true(json_object_get(one, "ok"));
		const char *text = json_string_value(json_object_get(one, "text"));
		static char safe[EVENT_RESULT_MAX]; /* one result at a time */
		char name[CLI_CELL_MAX];

		(void)printf("  %s: %s: %s\n", cli_text(one, "plugin", name),
			     ok ? "done" : "failed",
			     cli_safe(text ? text : "", safe, sizeof(safe)));
		if (!ok)
			status = err_exit_status(ERR_STATE);
	}
	if (json_is_true(json_object_get(r, "late"))) {
		(void)printf("  not all answered in time\n");
		status = err_exit_status(ERR_TIMEOUT);
	}
	return status;
}

int cmd_emit(int argc, char **argv)
{
	static const struct cli_option options[] = {
		{ .name = "--note",
		  .value = "PATH",
		  .help = "the note, below the vault (onNoteSave)",
		  .param = "note" },
		{ .name = "--command",
		  .value = "TEXT",
		  .help = "the command (onCommandPalette)",
		  .param = "command" },
		{ .name = "--plugin",
		  .value = "NAME",
		  .help = "this plugin only; else every one that takes the event",
		  .param = "plugin" },
		CLI_TENANT("needed when the host has several and no plugin is named"),
		{ .name = "--wait", .help = "wait for what the handlers answer", .param = "wait" },
		{ .name = "--timeout",
		  .value = "SECONDS",
		  .help = "how long to wait (60)",
		  .param = "timeoutMs",
		  .kind = CLI_NUMBER,
		  .min = 1,
		  .max = 600,
		  .unit = 1000 },
	};
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel emit EVENT [OPTION]...",
			.about =
				"Sends an event to plugins that take it and may read what it is about. EVENT is onNoteSave or\n"
				"onCommandPalette. Saving a note in the vault sends onNoteSave by itself; this is for trying and repeating.",
			.more = "  kennel emit onNoteSave --note 'Projects/Rain Barrel.md' --wait\n"
				"  kennel emit onCommandPalette --plugin word-count --command count --wait",
			.options = options,
			.option_count = countof(options),
			.word = "event",
			.words_min = 1,
			.words_max = 1,
		},
		.method = "emit",
		.print = print_results,
	};

	return cli_command(&c, argc, argv);
}

/* ---- events, logs ---- */

static void print_event(const json_t *o)
{
	char a[CLI_CELL_MAX], b[CLI_CELL_MAX], c[CLI_CELL_MAX], d[CLI_CELL_MAX];

	(void)printf("%.23s  %-10s %s", cli_text(o, "time", a), cli_text(o, "kind", b),
		     cli_text(o, "plugin", c));
	if (json_object_get(o, "hook"))
		(void)printf("  %s", cli_text(o, "path", d));
	if (json_object_get(o, "note"))
		(void)printf("  %s", cli_text(o, "note", d));
	if (json_object_get(o, "text"))
		(void)printf("  %s", cli_text(o, "text", d));
	(void)printf("\n");
}

static void print_log(const json_t *o)
{
	char a[CLI_CELL_MAX], b[CLI_CELL_MAX], c[CLI_CELL_MAX];
	char line[1200];
	const char *text = json_string_value(json_object_get(o, "text"));

	(void)printf("%.23s  %s %s: %s\n", cli_text(o, "time", a), cli_text(o, "plugin", b),
		     cli_text(o, json_object_get(o, "level") ? "level" : "stream", c),
		     cli_safe(text ? text : "", line, sizeof(line)));
}

struct printing {
	bool json;
	void (*print)(const json_t *o);
};

static void on_line(void *arg, const json_t *o)
{
	const struct printing *p = arg;

	if (p->json) {
		char *text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);

		(void)printf("%s\n", text ? text : "{}");
		free(text);
	} else {
		p->print(o);
	}
	(void)fflush(stdout);
}

struct watching {
	const char *method;
	const char *key;
	void (*print)(const json_t *o);
	bool needs_plugin;
};

static int watch(const struct cli_spec *base, const struct watching *w, int argc, char **argv)
{
	static const struct cli_option options[] = {
		CLI_TENANT("this tenant only"),
		{ .name = "--last",
		  .value = "N",
		  .help = "so many from the past (100)",
		  .param = "last",
		  .kind = CLI_NUMBER,
		  .max = 4096 },
		{ .name = "--follow",
		  .alias = "-f",
		  .help = "go on with what comes, until interrupted",
		  .param = "follow" },
	};
	struct cli_spec spec = *base;
	CLEANUP(cli_args_free) struct cli_args a = { 0 };
	CLEANUP(json_decref_p) json_t *result = NULL;
	struct printing p = { .print = w->print };
	json_t *line;
	size_t i;
	int r;

	spec.options = options;
	spec.option_count = countof(options) - (w->needs_plugin ? 1 : 0);
	spec.word = "plugin";
	spec.words_min = w->needs_plugin;
	spec.words_max = 1;
	r = cli_parse(&spec, argc, argv, &a);
	if (r != CLI_GO)
		return r;
	p.json = a.json;
	r = cli_answer(&(struct ask){ &a, w->method, NULL, -1, on_line, &p }, &result);
	if (r != CLI_GO)
		return r;
	json_array_foreach(json_object_get(result, w->key), i, line)
		w->print(line);
	if (json_object_get(result, "counted"))
		(void)printf("%lld refused in all; %lld of them were described\n",
			     cli_number(result, "counted"), cli_number(result, "described"));
	return 0;
}

int cmd_events(int argc, char **argv)
{
	static const struct cli_spec spec = {
		.usage = "kennel events [PLUGIN] [OPTION]...",
		.about =
			"What happened lately: starts, ends and why, restarts, kills, deliveries, refusals, log lines. For the record\n"
			"that nobody can change, see kennel audit.",
	};
	static const struct watching w = { "events", "events", print_event, false };

	return watch(&spec, &w, argc, argv);
}

int cmd_logs(int argc, char **argv)
{
	static const struct cli_spec spec = {
		.usage = "kennel logs [PLUGIN] [OPTION]...",
		.about = "What plugins wrote to their log, standard output and standard error.",
	};
	static const struct watching w = { "logs", "lines", print_log, false };

	return watch(&spec, &w, argc, argv);
}

int cmd_refusals(int argc, char **argv)
{
	static const struct cli_spec spec = {
		.usage = "kennel refusals PLUGIN [OPTION]...",
		.about =
			"What the kernel guard refused this plugin: which file or folder, as the plugin sees it, what was wanted of\n"
			"it, and the rule that decided. Every refusal is counted; the last 256 that were described are shown.",
	};
	static const struct watching w = { "refusals", "refusals", print_event, true };

	return watch(&spec, &w, argc, argv);
}
