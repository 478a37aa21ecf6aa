/* SPDX-License-Identifier: Apache-2.0 */
/* ask.h - what the subcommands that talk to the supervisor share: one question, tables, plain text
 * of JSON. Owns: how an answer looks.  Must not know: any method. */
#ifndef KENNEL_CLI_ASK_H
#define KENNEL_CLI_ASK_H

#include <stdio.h>

#include "base/err.h"
#include "base/json.h"
#include "cli/cli.h"
#include "proto/control.h"

struct ask {
	const struct cli_args *args;
	const char *method;
	json_t *params; /* taken; NULL: those of args */
	int fd;		/* -1: none */
	control_progress_fn on_progress;
	void *arg;
};
int cli_ask(const struct ask *a, json_t **ret_result, struct err *e);
/* The same for people at a terminal. CLI_GO: print *ret_result; anything else is the exit status:
 * --json has printed it, or the error was printed. */
int cli_answer(const struct ask *a, json_t **ret_result);

/* A subcommand that is one question: its words and options are the parameters. */
struct cli_command {
	struct cli_spec spec;
	const char *method;
	int (*print)(const json_t *result); /* for people; the exit status */
};
int cli_command(const struct cli_command *c, int argc, char **argv);
/* Rows of cli_spec.options; and the fields of a cli_spec whose one word is a plugin's name. */
#define CLI_TENANT(why) \
	{ .name = "--tenant", .value = "NAME", .help = (why), .param = "tenant" }
#define CLI_TENANT_ONLY CLI_TENANT("this tenant's plugins only")
#define CLI_TENANT_OF_PLUGIN CLI_TENANT("when several tenants have a plugin of that name")
extern const struct cli_option cli_tenant_of_plugin[1];
#define CLI_OF_PLUGIN(table)                                                                       \
	.options = (table), .option_count = countof(table), .word = "plugin", .words_min = 1, \
	.words_max = 1

/* Sets key when text is not NULL. */
void cli_put(json_t *params, const char *key, const char *text);

/* Text for a terminal, never NULL: "-" when the key is missing. buf belongs to the caller. */
#define CLI_CELL_MAX 200u
const char *cli_text(const json_t *o, const char *key, char buf[CLI_CELL_MAX]);
long long cli_number(const json_t *o, const char *key);

/* "  TITLE one, two": the strings of a list on a line, or none. */
void cli_print_words(const char *title, const json_t *list, const char *none);
/* A line, where a plugin that was granted these could carry off what it reads. */
void cli_print_leaks(const char *title, const json_t *granted);

/* ---- tables: columns as wide as their widest cell ---- */
enum cli_cell { CELL_TEXT, CELL_NUMBER, CELL_BYTES, CELL_MS, CELL_TIME };
struct cli_column {
	const char *title;
	const char *key; /* "-" where a row has none */
	enum cli_cell cell;
	/* Writes what no single key says, instead. */
	void (*write)(const json_t *row, char buf[CLI_CELL_MAX]);
};
void cli_print_table(const struct cli_column *columns, size_t n, const json_t *rows);

/* "1.5 MiB" "320 KiB"; "12.3 s" "5 ms"; "2027-01-31 12:00" (UTC), "-" for 0 */
void cli_format_bytes(long long bytes, char buf[CLI_CELL_MAX]);
void cli_format_ms(long long ms, char buf[CLI_CELL_MAX]);
const char *cli_format_time(long long epoch_s, char buf[CLI_CELL_MAX]);

/* {all} or {permissions, scopes, files} from --grant PERM[=GLOB,...], --grant-files,
 * --grant-all-asked; "!GLOB" denies. NULL with no error set when nothing was said. */
struct grant_words {
	struct cli_list perms;
	bool all;
	bool files;
};
int cli_grant_wish(const struct grant_words *w, json_t **ret, struct err *e);
/* The parameter "grant", when anything was said. */
int cli_put_grant(struct cli_args *a, const struct grant_words *w, struct err *e);

#endif
