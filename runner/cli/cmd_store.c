/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_store.c - list, rollback, pending, approve, deny, store. Owns: their tables.  Must not know:
 * where anything lies. */
#include <string.h>

#include "base/cleanup.h"
#include "cli/ask.h"

static void write_bundle(const json_t *row, char buf[CLI_CELL_MAX])
{
	char whole[CLI_CELL_MAX];

	(void)snprintf(buf, CLI_CELL_MAX, "%.12s", cli_text(row, "bundle", whole));
}

/* ---- list ---- */

/* One row a version: what is said once of the plugin stands in each. */
static json_t *flatten(const json_t *plugins)
{
	json_t *rows = json_array(), *p, *v;
	size_t i, k;

	json_array_foreach(plugins, i, p) {
		json_array_foreach(json_object_get(p, "versions"), k, v) {
			json_t *row = json_copy(v);
			bool current = !strcmp(json_string_value(json_object_get(v, "role")) ?: "",
					       "current");

			(void)json_object_set(row, "plugin", json_object_get(p, "plugin"));
			(void)json_object_set(row, "tenant", json_object_get(p, "tenant"));
			if (current)
				(void)json_object_set(row, "state", json_object_get(p, "state"));
			(void)json_array_append_new(rows, row);
		}
	}
	return rows;
}

static int print_list(const json_t *result)
{
	static const struct cli_column columns[] = {
		{ "PLUGIN", "plugin", CELL_TEXT, NULL },
		{ "TENANT", "tenant", CELL_TEXT, NULL },
		{ "ROLE", "role", CELL_TEXT, NULL },
		{ "VERSION", "version", CELL_TEXT, NULL },
		{ "COUNTER", "counter", CELL_NUMBER, NULL },
		{ "STATE", "state", CELL_TEXT, NULL },
		{ "SIGNED BY", "signerLabel", CELL_TEXT, NULL },
		{ "INSTALLED", "installedAt", CELL_TIME, NULL },
		{ "BUNDLE", NULL, CELL_TEXT, write_bundle },
	};
	CLEANUP(json_decref_p) json_t *rows = flatten(json_object_get(result, "plugins"));

	cli_print_table(columns, countof(columns), rows);
	return 0;
}

int cmd_list(int argc, char **argv)
{
	static const struct cli_option options[] = { CLI_TENANT_ONLY };
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel list [PLUGIN] [OPTION]...",
			.about =
				"The versions that are kept of each plugin: the current one, the two before it (previous, older),\n"
				"and one that waits because it asks for more (pending). What runs, and how: kennel ps.",
			.options = options,
			.option_count = countof(options),
			.word = "plugin",
			.words_max = 1,
		},
		.method = "list",
		.print = print_list,
	};

	return cli_command(&c, argc, argv);
}

/* ---- pending ---- */

static void write_asks(const json_t *row, char buf[CLI_CELL_MAX])
{
	const json_t *asks = json_object_get(row, "asks");
	size_t used = 0, i;
	json_t *v;

	buf[0] = '\0';
	if (json_object_get(row, "error")) {
		(void)cli_text(row, "error", buf);
		return;
	}
	json_array_foreach(asks, i, v) {
		int n = snprintf(buf + used, CLI_CELL_MAX - used, "%s%.60s", i ? ", " : "",
				 json_string_value(v) ? json_string_value(v) : "?");

		if (n < 0 || (size_t)n >= CLI_CELL_MAX - used)
			return;
		used += (size_t)n;
	}
	if (json_is_true(json_object_get(row, "jit")))
		(void)snprintf(buf + used, CLI_CELL_MAX - used, "%sjit", used ? ", " : "");
}

static int print_pending(const json_t *result)
{
	static const struct cli_column columns[] = {
		{ "PLUGIN", "plugin", CELL_TEXT, NULL },
		{ "TENANT", "tenant", CELL_TEXT, NULL },
		{ "RUNS", "running", CELL_TEXT, NULL },
		{ "WAITS", "version", CELL_TEXT, NULL },
		{ "ASKS BEYOND", NULL, CELL_TEXT, write_asks },
		{ "SIGNED BY", "signerLabel", CELL_TEXT, NULL },
		{ "SINCE", "since", CELL_TIME, NULL },
		{ "OLD ENOUGH", "from", CELL_TIME, NULL },
	};

	if (!json_array_size(json_object_get(result, "pending")))
		(void)printf("Nothing waits.\n");
	else
		cli_print_table(columns, countof(columns), json_object_get(result, "pending"));
	return 0;
}

int cmd_pending(int argc, char **argv)
{
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel pending [OPTION]...",
			.about =
				"Upgrades that are verified and stored, and wait, because they ask for more than the version that\n"
				"runs: what they ask beyond. The old version goes on until somebody decides. One that asks for\n"
				"nothing waits until it is old enough (minReleaseAge), and is then let in by itself.",
			.more = "  kennel approve PLUGIN    grants what it asks beyond, and upgrades\n"
				"  kennel deny PLUGIN       drops it",
		},
		.method = "pending",
		.print = print_pending,
	};

	return cli_command(&c, argc, argv);
}

/* ---- one plugin: rollback, approve, deny ---- */

static int print_version(const json_t *result, const char *done)
{
	char name[CLI_CELL_MAX], version[CLI_CELL_MAX], state[CLI_CELL_MAX], why[CLI_CELL_MAX];

	(void)printf("%s %s %s, %s", cli_text(result, "plugin", name), done,
		     cli_text(result, "version", version), cli_text(result, "state", state));
	if (json_object_get(result, "reason"))
		(void)printf(": %s", cli_text(result, "reason", why));
	(void)printf("\n");
	return 0;
}

static int print_rolled_back(const json_t *result)
{
	return print_version(result, "is back at");
}

static int print_denied(const json_t *result)
{
	return print_version(result, "stays at");
}

int cmd_rollback(int argc, char **argv)
{
	static const struct cli_option options[] = {
		{ .name = "--to",
		  .value = "VERSION",
		  .help = "previous (the default), older, a version, or a bundle id's first digits",
		  .param = "to" },
		CLI_TENANT_OF_PLUGIN,
	};
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel rollback PLUGIN [OPTION]...",
			.about =
				"Makes a version that is kept (kennel list) the current one again, and starts it. Only what was\n"
				"installed here can come back; the highest counter stays what it was, so nothing older than that can\n"
				"be installed from a file. The same command leads forward again. Its grant stays.",
			CLI_OF_PLUGIN(options),
		},
		.method = "rollback",
		.print = print_rolled_back,
	};

	return cli_command(&c, argc, argv);
}

int cmd_approve(int argc, char **argv)
{
	struct grant_words words = { 0 };
	const struct cli_option options[] = {
		{ .name = "--grant",
		  .value = "PERM[=GLOB,...]",
		  .help = "grant exactly this instead; !GLOB takes out again",
		  .list = &words.perms },
		{ .name = "--grant-files",
		  .help = "allow the manifest's files rules, inside readNotes' scope",
		  .flag = &words.files },
		CLI_TENANT_OF_PLUGIN,
	};
	const struct cli_spec spec = {
		.usage = "kennel approve PLUGIN [OPTION]...",
		.about =
			"Lets the upgrade in that waits (kennel pending). Without --grant it is granted what it asks beyond the\n"
			"version before, on the notes it asks for, beside what was granted already; with --grant, that and\n"
			"nothing else. Its key, the revocation list, counter and policy are asked again.",
		CLI_OF_PLUGIN(options),
	};
	CLEANUP(cli_args_free) struct cli_args a = { 0 };
	CLEANUP(json_decref_p) json_t *result = NULL;
	struct err e = { 0 };
	int r = cli_parse(&spec, argc, argv, &a);

	if (r != CLI_GO)
		return r;
	if (cli_put_grant(&a, &words, &e) < 0)
		return cli_fail(&e);
	r = cli_answer(&(struct ask){ .args = &a, .method = "approve", .fd = -1 }, &result);
	return r == CLI_GO ? print_version(result, "is upgraded to") : r;
}

int cmd_deny(int argc, char **argv)
{
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel deny PLUGIN [OPTION]...",
			.about =
				"Drops the upgrade that waits (kennel pending); the version that runs goes on. It can be installed again\n"
				"from its file, and waits again.",
			CLI_OF_PLUGIN(cli_tenant_of_plugin),
		},
		.method = "deny",
		.print = print_denied,
	};

	return cli_command(&c, argc, argv);
}

/* ---- store verify, store gc ---- */

static void on_verified(void *arg, const json_t *params)
{
	const bool *quiet = arg;
	char name[CLI_CELL_MAX];

	if (!*quiet)
		(void)fprintf(stderr, "  %lld of %lld: %s\n", cli_number(params, "done"),
			      cli_number(params, "total"), cli_text(params, "plugin", name));
}

static void print_problem(const json_t *p)
{
	char name[CLI_CELL_MAX], bundle[CLI_CELL_MAX], code[CLI_CELL_MAX], text[CLI_CELL_MAX];

	(void)printf("%s %.12s: %s: %s\n", cli_text(p, "plugin", name),
		     cli_text(p, "bundle", bundle), cli_text(p, "error", code),
		     cli_text(p, "text", text));
}

static int print_verified(const json_t *result)
{
	char bytes[CLI_CELL_MAX];
	json_t *p;
	size_t i;

	json_array_foreach(json_object_get(result, "problems"), i, p)
		print_problem(p);
	cli_format_bytes(cli_number(result, "bytes"), bytes);
	(void)printf("%s: %lld versions, %lld files, %s, %lld of them hashed\n",
		     json_is_true(json_object_get(result, "clean")) ? "clean" : "NOT clean",
		     cli_number(result, "versions"), cli_number(result, "files"), bytes,
		     cli_number(result, "hashed"));
	return 0;
}

static int store_verify(int argc, char **argv)
{
	static const struct cli_option options[] = {
		{ .name = "--full",
		  .help = "hash every file, whatever the file system says of its times",
		  .param = "full" },
	};
	static const struct cli_spec spec = {
		.usage = "kennel store verify [PLUGIN] [OPTION]...",
		.about =
			"Compares every file of every version that is kept with the index made when it was installed: names,\n"
			"sizes, modes, owners; contents where a time or an inode differs, or everywhere with --full. The same is\n"
			"done at each start of a plugin; a version that differs (E_STORE_CHANGED) does not start.",
		.more = "To mend one: kennel install its bundle again; what differs is replaced as a whole.\n\n"
			"Exit status: 0 clean, 11 something differs, 127 no such plugin.",
		.options = options,
		.option_count = countof(options),
		.word = "plugin",
		.words_max = 1,
	};
	CLEANUP(cli_args_free) struct cli_args a = { 0 };
	CLEANUP(json_decref_p) json_t *result = NULL;
	int r = cli_parse(&spec, argc, argv, &a);

	if (r != CLI_GO)
		return r;
	r = cli_answer(&(struct ask){ &a, "store.verify", NULL, -1, on_verified, &a.json },
		       &result);
	if (r == CLI_GO)
		r = print_verified(result);
	return r == 0 && !json_is_true(json_object_get(result, "clean"))
		       ? err_exit_status(ERR_STORE_CHANGED)
		       : r;
}

static int print_removed(const json_t *result)
{
	(void)printf("removed: %lld versions, %lld folders of plugins, %lld leftovers\n",
		     cli_number(result, "versions"), cli_number(result, "plugins"),
		     cli_number(result, "staged"));
	return 0;
}

static int store_gc(int argc, char **argv)
{
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel store gc [OPTION]...",
			.about =
				"Removes what nothing refers to: versions beyond the two that are kept for a rollback, leftovers of\n"
				"installations that were cut off. Never what runs or waits. The host does the same at its start and after\n"
				"each installation.",
		},
		.method = "store.gc",
		.print = print_removed,
	};

	return cli_command(&c, argc, argv);
}

int cmd_store(int argc, char **argv)
{
	static const struct cli_part parts[] = {
		{ "verify", store_verify, "compare what is installed with what was installed" },
		{ "gc", store_gc, "remove what nothing refers to" },
	};

	return cli_group("kennel store COMMAND [ARGUMENT]...",
			 "What is installed, as it lies on the disk.", parts, countof(parts), argc,
			 argv);
}
