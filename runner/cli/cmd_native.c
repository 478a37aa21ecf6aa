/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_native.c - native approve|list|revoke. Owns: how approvals read.  Must not know: where they
 * are kept. */
#include "base/cleanup.h"
#include "cli/ask.h"

/* One approval's id, and why. */
#define OF_APPROVAL(table)                                                                \
	.options = (table), .option_count = countof(table), .word = "id", .words_min = 1, \
	.words_max = 1
#define NOTE(why)                                                                 \
	{                                                                         \
		.name = "--note", .value = "TEXT", .help = (why), .param = "note" \
	}

static int print_approved(const json_t *result)
{
	char kind[CLI_CELL_MAX], id[CLI_CELL_MAX];

	(void)printf("approved: %s %s\n", cli_text(result, "kind", kind),
		     cli_text(result, "id", id));
	return 0;
}

static int native_approve(int argc, char **argv)
{
	static const struct cli_option options[] = { NOTE(
		"why, for those who read the list and the audit log") };
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel native approve BUNDLE-ID|KEY-FINGERPRINT [OPTION]...",
			.about =
				"Lets in the machine code of one bundle, or of every bundle one trusted key signs; there is no word for all.\n"
				"A native plugin also needs a key that may ship native code (kennel trust add --native) and \"native\" among\n"
				"the runtimes of its tenant. It runs in the same jail as any plugin; what it may do is still granted one by one.",
			.more = "  kennel bundle show tool.kennel            shows the bundle id\n"
				"  kennel native approve 5f0c... --note \"reviewed, ticket 17\"",
			OF_APPROVAL(options),
		},
		.method = "native.approve",
		.print = print_approved,
	};

	return cli_command(&c, argc, argv);
}

static void print_approval(const json_t *o)
{
	char a[CLI_CELL_MAX], b[CLI_CELL_MAX], at[CLI_CELL_MAX];
	json_t *p;
	size_t i;

	(void)printf("%-6s %s\n  approved %s UTC", cli_text(o, "kind", a), cli_text(o, "id", b),
		     cli_format_time(cli_number(o, "at"), at));
	if (json_object_get(o, "note"))
		(void)printf(": %s", cli_text(o, "note", a));
	(void)printf("\n");
	json_array_foreach(json_object_get(o, "plugins"), i, p) {
		(void)printf("  lets in  %s %s", cli_text(p, "plugin", a),
			     cli_text(p, "version", b));
		(void)printf(" in tenant %s, %s\n", cli_text(p, "tenant", a),
			     cli_text(p, "state", b));
	}
}

static int print_approvals(const json_t *result)
{
	json_t *o;
	size_t i;

	json_array_foreach(json_object_get(result, "approvals"), i, o)
		print_approval(o);
	if (!json_array_size(json_object_get(result, "approvals")))
		(void)printf("no native code is approved\n");
	return 0;
}

static int native_list(int argc, char **argv)
{
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel native list [OPTION]...",
			.about =
				"Whose machine code was approved on this host, when, why, and what of it is installed.",
		},
		.method = "native.list",
		.print = print_approvals,
	};

	return cli_command(&c, argc, argv);
}

static int print_revoked(const json_t *result)
{
	(void)printf("revoked; %lld stopped\n", cli_number(result, "stopped"));
	return 0;
}

static int native_revoke(int argc, char **argv)
{
	static const struct cli_option options[] = { NOTE("why, for the audit log") };
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel native revoke BUNDLE-ID|KEY-FINGERPRINT [OPTION]...",
			.about =
				"Takes an approval back: what it let in is stopped at once and does not start again. Nothing is removed.",
			OF_APPROVAL(options),
		},
		.method = "native.revoke",
		.print = print_revoked,
	};

	return cli_command(&c, argc, argv);
}

int cmd_native(int argc, char **argv)
{
	static const struct cli_part parts[] = {
		{ "approve", native_approve, "let in the machine code of one bundle or one key" },
		{ "list", native_list, "show what is approved" },
		{ "revoke", native_revoke, "take an approval back, and stop what it let in" },
	};

	return cli_group(
		"kennel native COMMAND [ARGUMENT]...",
		"Plugins that are machine code of their author's making, not WebAssembly compiled here.",
		parts, countof(parts), argc, argv);
}
