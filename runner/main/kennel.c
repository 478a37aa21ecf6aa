/* SPDX-License-Identifier: Apache-2.0 */
/* kennel.c - the command line: one row a subcommand. Owns: the table.  Must not know: what they do.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "cli/cli.h"

#define KENNEL_VERSION "0.1.0"

static int cmd_help(int argc, char **argv);
static int cmd_version(int argc, char **argv);

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "run", cmd_run,
	  "try one bundle on a folder of notes, with everything enforced, and clean up" },
	{ "install", cmd_install, "verify, compile, grant and start a bundle" },
	{ "upgrade", cmd_upgrade, "install a newer version of what is installed" },
	{ "rollback", cmd_rollback, "go back to a version that is kept" },
	{ "list", cmd_list, "installed plugins, and the versions that are kept of each" },
	{ "pending", cmd_pending, "upgrades that ask for more, and wait" },
	{ "approve", cmd_approve, "let an upgrade that waits in, with what it asks" },
	{ "deny", cmd_deny, "drop an upgrade that waits" },
	{ "store", cmd_store, "verify what is installed, remove what nothing refers to" },
	{ "remove", cmd_remove, "stop a plugin and delete what was installed of it" },
	{ "start", cmd_start, "start a stopped or quarantined plugin" },
	{ "stop", cmd_stop, "stop a plugin; it stays stopped until started" },
	{ "ps", cmd_ps, "what is installed, in which state" },
	{ "stats", cmd_stats, "CPU, memory, calls and refusals, by plugin, tenant and host" },
	{ "scan", cmd_scan, "look into the plugin folder, verify what lies there" },
	{ "emit", cmd_emit, "send an event to plugins" },
	{ "trust", cmd_trust, "keys whose bundles may be installed" },
	{ "native", cmd_native, "whose machine code may run: approve, list, revoke" },
	{ "grant", cmd_grant, "what a plugin may do: show, change" },
	{ "explain", cmd_explain, "asked, allowed, refused, by whom, and how it is enforced" },
	{ "events", cmd_events, "follow starts, ends, refusals and log lines" },
	{ "refusals", cmd_refusals, "what the kernel refused a plugin" },
	{ "inspect", cmd_inspect, "what a running plugin is by the kernel, beside its policy" },
	{ "selftest", cmd_selftest, "try to get out of jails made for it" },
	{ "logs", cmd_logs, "what plugins wrote" },
	{ "dialogs", cmd_dialogs, "what plugins ask people: list, show, answer" },
	{ "audit", cmd_audit, "read and verify the audit log" },
	{ "undo", cmd_undo, "put back what a plugin changed in notes" },
	{ "bundle", cmd_bundle, "pack, sign, verify and show bundles" },
	{ "manifest", cmd_manifest, "check a plugin's manifest; print the JSON Schema" },
	{ "key", cmd_key, "make and show signing keys" },
	{ "doctor", cmd_doctor, "what this host can enforce, and what to change" },
	{ "version", cmd_version, "print the version" },
	{ "help", cmd_help, "this text" },
};

static int cmd_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	(void)printf(
		"usage: kennel COMMAND [ARGUMENT]...\n\n"
		"Runs plugins that nobody trusts next to notes. \"kennel COMMAND --help\" explains each.\n\n");
	for (size_t i = 0; i < countof(commands); i++)
		(void)printf("  %-10s %s\n", commands[i].name, commands[i].help);
	(void)printf(
		"\nExit status: 0 done, 2 usage, 10 malformed, 11 signature or trust, 12 policy, 13 I/O,\n"
		"125 kennel failed, 126 refused or not enforceable here, 127 no such plugin.\n");
	return 0;
}

static int cmd_version(int argc, char **argv)
{
	static const struct cli_spec spec = { .usage = "kennel version",
					      .about = "Prints the version." };
	struct cli_args a;
	int r = cli_parse(&spec, argc, argv, &a);

	if (r != CLI_GO)
		return r;
	(void)printf(a.json ? "{\"version\":\"%s\"}\n" : "kennel %s\n", KENNEL_VERSION);
	return 0;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "help";

	log_init("kennel", LOG_WARN);
	(void)signal(SIGPIPE, SIG_IGN);
	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		name = "help";
	if (!strcmp(name, "--version"))
		name = "version";
	for (size_t i = 0; i < countof(commands); i++)
		if (!strcmp(commands[i].name, name))
			return commands[i].run(argc > 1 ? argc - 1 : argc,
					       argc > 1 ? argv + 1 : argv);
	(void)fprintf(stderr, "kennel: E_USAGE: no command \"%s\"; see kennel help\n",
		      cli_safe(name, (char[NAME_MAX_BYTES]){ 0 }, NAME_MAX_BYTES));
	return 2;
}
