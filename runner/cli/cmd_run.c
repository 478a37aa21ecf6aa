/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_run.c - kennel run: one bundle on one folder of notes, with everything enforced, and nothing
 * left. Owns: the order.  Must not know: another way to run a plugin; it asks a kenneld of its own.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "cli/ask.h"
#include "cli/private.h"
#include "cli/trust.h"

struct run {
	const char *bundle;
	const char *vault;
	const char *key;
	const char *images;
	const char *state;
	struct cli_list events;
	struct grant_words grant;
	bool json;
	struct cli_args to; /* the private host */
	json_t *report;
	char plugin[NAME_MAX_BYTES];
	int status;
};

static int ask(const struct run *r, const char *method, json_t *params, json_t **ret, struct err *e)
{
	return cli_ask(
		&(struct ask){ .args = &r->to, .method = method, .params = params, .fd = -1 }, ret,
		e);
}

static int trust_key(const struct run *r, struct err *e)
{
	CLEANUP(json_decref_p) json_t *result = NULL;
	json_t *params = json_pack("{s:s}", "label", "given with -p");

	if (trust_read_key(r->key, params, e) < 0) {
		json_decref(params);
		return -1;
	}
	return ask(r, "trust.add", params, &result, e);
}

static int install(struct run *r, struct err *e)
{
	CLEANUP_FD int fd = open(r->bundle, O_RDONLY | O_CLOEXEC);
	json_t *params = json_object(), *wish = NULL, *result = NULL;
	const char *name, *state;

	if (fd < 0) {
		json_decref(params);
		return err_sys(e, "open %s", r->bundle);
	}
	if (cli_grant_wish(&r->grant, &wish, e) < 0) {
		json_decref(params);
		return -1;
	}
	if (wish)
		(void)json_object_set_new(params, "grant", wish);
	if (cli_ask(
		    &(struct ask){
			    .args = &r->to, .method = "install", .params = params, .fd = fd },
		    &result, e) < 0)
		return -1;
	(void)json_object_set_new(r->report, "installed", result);
	name = json_string_value(json_object_get(result, "plugin"));
	state = json_string_value(json_object_get(result, "state"));
	(void)snprintf(r->plugin, sizeof(r->plugin), "%s", name ? name : "");
	if (!state || strcmp(state, "up") != 0)
		return err_set(e, ERR_REFUSED, "the plugin does not come up: %s",
			       json_string_value(json_object_get(result, "reason"))
				       ? json_string_value(json_object_get(result, "reason"))
				       : "no reason given");
	return 0;
}

/* "note=PATH" or "command=TEXT" */
static int emit(struct run *r, const char *event, struct err *e)
{
	const char *equals = strchr(event, '=');
	bool note = equals && !strncmp(event, "note=", 5),
	     command = equals && !strncmp(event, "command=", 8);
	json_t *params, *result = NULL, *one;
	size_t i;

	if (!note && !command)
		return err_set(e, ERR_USAGE, "--event takes note=PATH or command=TEXT");
	params =
		json_pack("{s:s, s:s, s:s, s:b}", "event", note ? "onNoteSave" : "onCommandPalette",
			  "plugin", r->plugin, note ? "note" : "command", equals + 1, "wait", 1);
	if (ask(r, "emit", params, &result, e) < 0)
		return -1;
	(void)json_object_set_new(result, "event", json_string(event));
	(void)json_array_append_new(json_object_get(r->report, "events"), result);
	json_array_foreach(json_object_get(result, "results"), i, one)
		if (!json_is_true(json_object_get(one, "ok")))
			r->status = err_exit_status(ERR_STATE);
	return 0;
}

/* What it left behind in figures; a question that fails is left out. */
static void collect(struct run *r)
{
	static const char *const questions[] = { "stats", "logs", "refusals" };

	for (size_t i = 0; i < countof(questions); i++) {
		json_t *result = NULL;

		if (ask(r, questions[i], json_pack("{s:s}", "plugin", r->plugin), &result, NULL) ==
		    0)
			(void)json_object_set_new(r->report, questions[i], result);
	}
}

static void print_report(const struct run *r)
{
	const json_t *stats =
		json_array_get(json_object_get(json_object_get(r->report, "stats"), "plugins"), 0);
	const json_t *refusals =
		json_object_get(json_object_get(r->report, "refusals"), "refusals");
	const json_t *lines = json_object_get(json_object_get(r->report, "logs"), "lines");
	char a[CLI_CELL_MAX], b[CLI_CELL_MAX];
	json_t *o, *one;
	size_t i, k;

	(void)printf("%s: %s\n", r->plugin,
		     cli_text(json_object_get(r->report, "installed"), "state", a));
	json_array_foreach(json_object_get(r->report, "events"), i, o) {
		(void)printf("%s\n", cli_text(o, "event", a));
		json_array_foreach(json_object_get(o, "results"), k, one)
			(void)printf("  %s: %s\n",
				     json_is_true(json_object_get(one, "ok")) ? "done" : "failed",
				     cli_text(one, "text", b));
	}
	json_array_foreach(lines, i, o)
		(void)printf("  log: %s\n", cli_text(o, "text", a));
	json_array_foreach(refusals, i, o)
		(void)printf("  refused by the kernel: %s %s\n", cli_text(o, "hook", a),
			     cli_text(o, "path", b));
	cli_format_ms(cli_number(stats, "cpuMs"), a);
	cli_format_bytes(cli_number(stats, "memoryPeakBytes"), b);
	(void)printf(
		"used %s of CPU, %s of memory at most; %lld calls allowed, %lld refused, %lld kernel refusals\n",
		a, b, cli_number(stats, "calls"), cli_number(stats, "callsRefused"),
		cli_number(stats, "kernelRefusals"));
}

static int work(struct run *r, struct err *e)
{
	if (trust_key(r, e) < 0 || install(r, e) < 0)
		return -1;
	for (size_t i = 0; i < r->events.count; i++)
		if (emit(r, r->events.value[i], e) < 0)
			return -1;
	collect(r);
	return 0;
}

static void on_signal(int sig)
{
	(void)sig; /* kenneld gets it too, and ends; then our question fails, and we clean up */
}

static int run_private(struct run *r)
{
	const struct private_options o = { .vault = r->vault,
					   .images = r->images,
					   .base = r->state };
	struct private_host h;
	struct err e = { 0 };
	int result;

	(void)signal(SIGINT, on_signal);
	(void)signal(SIGTERM, on_signal);
	result = private_start(&o, &h, &e);
	if (result < 0)
		private_print_log(&h);
	r->to = (struct cli_args){ .run_dir = h.run };
	if (result == 0)
		result = work(r, &e);
	private_stop(&h);
	if (result < 0)
		return cli_fail(&e);
	if (r->json)
		(void)cli_print_json(r->report);
	else
		print_report(r);
	return r->status;
}

int cmd_run(int argc, char **argv)
{
	struct run run = { 0 };
	const struct cli_option options[] = {
		{ .name = "--vault",
		  .value = "DIR",
		  .help = "the notes; the folder must not belong to root",
		  .text = &run.vault },
		{ .name = "--key",
		  .alias = "-p",
		  .value = "KEY.pub",
		  .help = "the public key the bundle is signed with",
		  .text = &run.key },
		{ .name = "--grant",
		  .value = "PERM[=GLOB,...]",
		  .help = "grant one permission, on these notes; !GLOB takes out again",
		  .list = &run.grant.perms },
		{ .name = "--grant-files",
		  .help = "allow the manifest's files rules, inside readNotes' scope",
		  .flag = &run.grant.files },
		{ .name = "--grant-all-asked",
		  .help = "grant what the manifest asks",
		  .flag = &run.grant.all },
		{ .name = "--event",
		  .value = "note=PATH|command=TEXT",
		  .help = "tell the plugin, and wait; may be repeated",
		  .list = &run.events },
		{ .name = "--images",
		  .value = "DIR",
		  .help = "the jails' images (beside the programs)",
		  .text = &run.images },
		{ .name = "--state",
		  .value = "DIR",
		  .help = "where the private state is made (/var/tmp)",
		  .text = &run.state },
	};
	const struct cli_spec spec = {
		.usage = "kennel run BUNDLE --vault DIR -p KEY.pub [OPTION]...",
		.about =
			"Tries one bundle on one folder of notes, with a kenneld of its own: verified, compiled, jailed and audited\n"
			"as on a server, then stopped, and every trace removed. What it writes into notes stays written; use a\n"
			"copy to be safe. Needs root, to make the jail; the plugin runs as a user nobody else is.",
		.more = "  kennel run word-count.kennel --vault ~/notes -p acme.pub --grant 'readNotes=**' --event 'note=Ideas.md'",
		.options = options,
		.option_count = countof(options),
		.words_min = 1,
		.words_max = 1,
	};
	struct cli_args a = { 0 };
	struct err e = { 0 };
	int r = cli_parse(&spec, argc, argv, &a);

	if (r != CLI_GO)
		return r;
	if (!run.vault || !run.key) {
		(void)err_set(&e, ERR_USAGE, "--vault and -p are needed; see kennel run --help");
		return cli_fail(&e);
	}
	run.bundle = a.words.value[0];
	run.json = a.json;
	run.report = json_pack("{s:[]}", "events");
	r = run_private(&run);
	json_decref(run.report);
	return r;
}
