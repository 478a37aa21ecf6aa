/* SPDX-License-Identifier: Apache-2.0 */
/* cli.h - what every subcommand shares: options by table, help printed from it, errors, siblings.
 * Owns: the shape of the command line.  Must not know: what a subcommand does. */
#ifndef KENNEL_CLI_CLI_H
#define KENNEL_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"

/* ---- subcommands: argv[0] is the subcommand's own name; the result is the exit status ---- */
int cmd_install(int argc, char **argv);
int cmd_upgrade(int argc, char **argv);
int cmd_rollback(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_pending(int argc, char **argv);
int cmd_approve(int argc, char **argv);
int cmd_deny(int argc, char **argv);
int cmd_store(int argc, char **argv);
int cmd_remove(int argc, char **argv);
int cmd_start(int argc, char **argv);
int cmd_stop(int argc, char **argv);
int cmd_ps(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_scan(int argc, char **argv);
int cmd_emit(int argc, char **argv);
int cmd_trust(int argc, char **argv);
int cmd_native(int argc, char **argv);
int cmd_grant(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_events(int argc, char **argv);
int cmd_refusals(int argc, char **argv);
int cmd_logs(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_selftest(int argc, char **argv);
int cmd_bundle(int argc, char **argv);
int cmd_bundle_diff(int argc, char **argv); /* argv[0] is "diff" */
int cmd_manifest(int argc, char **argv);
int cmd_key(int argc, char **argv);
int cmd_audit(int argc, char **argv);
int cmd_dialogs(int argc, char **argv);
int cmd_undo(int argc, char **argv);

#define DEFAULT_STATE "/var/lib/kennel" /* unless $KENNEL_STATE says otherwise */

/* ---- options ---- */
#define CLI_WORDS_MAX \
	32u /* words that are no option, and values of one option that may be repeated */

struct cli_list {
	size_t count;
	const char *value[CLI_WORDS_MAX];
};

/* How the value of an option that names a parameter becomes JSON. */
enum cli_kind {
	CLI_TEXT,   /* as it stands */
	CLI_NUMBER, /* min to max, times unit */
	CLI_WORDS,  /* "a,b" as an array */
};

/* Exactly one target is set: a parameter of the question (a flag sets it to true), or a variable.
 * Without a list, an option given twice is an error. */
struct cli_option {
	const char *name;  /* "--tenant" */
	const char *alias; /* "-p", or NULL */
	const char *value; /* "NAME" in the help; NULL for a flag */
	const char *help;
	const char *param;
	const char **text;
	bool *flag;
	struct cli_list *list;
	enum cli_kind kind;
	unsigned min, max, unit;
};

struct cli_spec {
	const char *usage; /* "kennel install BUNDLE [OPTION]..." */
	const char *about; /* what it does, when to use it */
	const char *more;  /* examples, or NULL */
	const struct cli_option *options;
	size_t option_count;
	const char *word; /* the parameter that the first word becomes, or NULL */
	size_t words_min;
	size_t words_max;
};

/* --json, --run DIR (else $KENNEL_RUN, else CONTROL_RUN_DIR) and --help belong to every subcommand.
 */
struct cli_args {
	bool json;
	const char *run_dir;
	struct cli_list words;
	json_t *params; /* what words and options say; NULL when they say nothing */
};
void cli_args_free(struct cli_args *a);
/* a->params, made when it is not there. */
json_t *cli_params(struct cli_args *a);

/* CLI_GO: go on. Anything else is the exit status; help or the error was printed. */
#define CLI_GO (-1)
int cli_parse(const struct cli_spec *s, int argc, char **argv, struct cli_args *ret);

/* ---- commands of commands: kennel trust add ---- */
struct cli_part {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help; /* one line */
};
/* argv[0] is the group's own name; usage and about go above the list of its parts. */
int cli_group(const char *usage, const char *about, const struct cli_part *parts, size_t n,
	      int argc, char **argv);

/* ---- the rest ---- */
/* "kennel: E_X: text" on stderr; the exit status of its code. */
int cli_fail(const struct err *e);
/* One JSON document on stdout, indented; 0 or an exit status. */
int cli_print_json(const json_t *j);
/* Text of another process for a terminal: control and bidi characters and bad UTF-8 become '?'. */
const char *cli_safe(const char *text, char *buf, size_t cap);

#endif
