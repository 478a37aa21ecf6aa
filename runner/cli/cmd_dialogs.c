/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_dialogs.c - dialogs list|show|answer. Owns: the order ask, fill in, send.  Must not know:
 * which answer fits. */
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/ask.h"
#include "cli/dialogform.h"

/* ---- list ---- */

static void write_title(const json_t *row, char buf[CLI_CELL_MAX])
{
	(void)cli_text(json_object_get(row, "dialog"), "title", buf);
}

static void write_until(const json_t *row, char buf[CLI_CELL_MAX])
{
	(void)cli_format_time(cli_number(row, "untilMs") / 1000, buf);
}

static int print_list(const json_t *result)
{
	static const struct cli_column columns[] = {
		{ "ID", "id", CELL_NUMBER, NULL },
		{ "PLUGIN", "plugin", CELL_TEXT, NULL },
		{ "TENANT", "tenant", CELL_TEXT, NULL },
		{ "UNTIL (UTC)", NULL, CELL_TEXT, write_until },
		{ "TITLE", NULL, CELL_TEXT, write_title },
	};
	const json_t *all = json_object_get(result, "dialogs");

	if (json_array_size(all) > 0)
		cli_print_table(columns, countof(columns), all);
	else
		(void)printf("no plugin asks anything\n");
	return 0;
}

static int dialogs_list(int argc, char **argv)
{
	static const struct cli_option options[] = {
		CLI_TENANT_ONLY,
		{ .name = "--plugin",
		  .value = "NAME",
		  .help = "this plugin's only",
		  .param = "plugin" },
	};
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel dialogs list [OPTION]...",
			.about =
				"What plugins ask, and until when each waits. A plugin needs openDialog to ask; what it writes is shown as\n"
				"text, whatever it looks like. kennel events --follow says when a new one comes.",
			.options = options,
			.option_count = countof(options),
		},
		.method = "dialogs",
		.print = print_list,
	};

	return cli_command(&c, argc, argv);
}

/* ---- show, answer ---- */

static int find(const struct cli_args *a, json_t **ret, struct err *e)
{
	const struct ask ask = {
		.args = a, .method = "dialogs", .params = json_object(), .fd = -1
	};
	CLEANUP(json_decref_p) json_t *result = NULL;
	const char *word = a->words.value[0];
	char *end;
	long long id = strtoll(word, &end, 10);
	char safe[NAME_MAX_BYTES];
	json_t *d;
	size_t i;

	if (id <= 0 || *end) {
		json_decref(ask.params);
		return err_set(e, ERR_USAGE, "%s is no id of kennel dialogs list",
			       cli_safe(word, safe, sizeof(safe)));
	}
	if (cli_ask(&ask, &result, e) < 0)
		return -1;
	json_array_foreach(json_object_get(result, "dialogs"), i, d)
		if (cli_number(d, "id") == id) {
			*ret = json_incref(d);
			return 0;
		}
	return err_set(e, ERR_NOT_FOUND,
		       "no dialog %lld waits; its time is over, or it was answered", id);
}

static int dialogs_show(int argc, char **argv)
{
	static const struct cli_spec spec = {
		.usage = "kennel dialogs show ID [OPTION]...",
		.about =
			"One dialog: its text, and each field with its kind and what stands in it.",
		.words_min = 1,
		.words_max = 1,
	};
	CLEANUP(json_decref_p) json_t *shown = NULL;
	struct cli_args a;
	struct err e;
	int r = cli_parse(&spec, argc, argv, &a);

	if (r != CLI_GO)
		return r;
	if (find(&a, &shown, &e) < 0)
		return cli_fail(&e);
	if (a.json)
		return cli_print_json(shown);
	dialog_print(shown);
	return 0;
}

static int fill_in(const struct cli_args *a, const json_t *shown, json_t **ret, struct err *e)
{
	size_t n = a->words.count - 1;

	if (n == 0 && !a->json && isatty(STDIN_FILENO)) {
		dialog_print(shown);
		return dialog_by_typing(shown, ret, e);
	}
	return dialog_of_words(shown, a->words.value + 1, n, ret, e);
}

static int send_answer(const struct cli_args *a, bool decline, json_t **ret, struct err *e)
{
	CLEANUP(json_decref_p) json_t *shown = NULL;
	CLEANUP(json_decref_p) json_t *values = NULL;
	struct ask ask = { .args = a, .method = "dialogs.answer", .fd = -1 };

	if (find(a, &shown, e) < 0)
		return -1;
	if (!decline && fill_in(a, shown, &values, e) < 0)
		return -1;
	ask.params = json_pack("{s:I, s:s, s:O*}", "id", (json_int_t)cli_number(shown, "id"),
			       "action", decline ? "decline" : "accept", "values", values);
	return ask.params ? cli_ask(&ask, ret, e) : err_set(e, ERR_NOMEM, "answer");
}

static int dialogs_answer(int argc, char **argv)
{
	bool decline = false;
	const struct cli_option options[] = { { .name = "--decline",
						.help = "say no; the plugin gets no values",
						.flag = &decline } };
	const struct cli_spec spec = {
		.usage = "kennel dialogs answer ID [FIELD=VALUE]... [OPTION]...",
		.about =
			"Answers a dialog. Fields that are not named keep the value they have; a check takes true or false. Without\n"
			"any, at a terminal, each is asked for. The plugin gets the values, the audit log that it was answered.",
		.more = "  kennel dialogs answer 3 folder=Projects/2027 archive=true\n"
			"  kennel dialogs answer 3 --decline",
		.options = options,
		.option_count = countof(options),
		.words_min = 1,
		.words_max = 1 + DIALOG_FIELDS_MAX,
	};
	CLEANUP(json_decref_p) json_t *result = NULL;
	struct cli_args a;
	struct err e;
	int r = cli_parse(&spec, argc, argv, &a);

	if (r != CLI_GO)
		return r;
	if (decline && a.words.count > 1) {
		(void)err_set(&e, ERR_USAGE, "--decline sends no values");
		return cli_fail(&e);
	}
	if (send_answer(&a, decline, &result, &e) < 0)
		return cli_fail(&e);
	if (a.json)
		return cli_print_json(result);
	(void)printf("%s\n", decline ? "declined" : "answered");
	return 0;
}

int cmd_dialogs(int argc, char **argv)
{
	static const struct cli_part parts[] = {
		{ "list", dialogs_list, "what plugins ask, and until when each waits" },
		{ "show", dialogs_show, "one dialog with its fields" },
		{ "answer", dialogs_answer, "fill one in, or decline it" },
	};

	return cli_group("kennel dialogs COMMAND", "Questions of plugins to people.", parts,
			 countof(parts), argc, argv);
}
