/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_plugin.c - ps, stats, start, stop, remove. Owns: their tables.  Must not know: plugins'
 * lives. */
#include "base/cleanup.h"
#include "cli/ask.h"

/* ---- ps ---- */

static void write_remark(const json_t *row, char buf[CLI_CELL_MAX])
{
	json_int_t standby = json_integer_value(json_object_get(row, "standby"));

	if (json_object_get(row, "reason"))
		(void)cli_text(row, "reason", buf);
	else if (json_is_true(json_object_get(row, "rests")))
		(void)snprintf(buf, CLI_CELL_MAX, "was idle; its next event starts it");
	else if (standby > 0)
		(void)snprintf(buf, CLI_CELL_MAX, "%d ready to take over", (int)standby);
	else
		(void)snprintf(buf, CLI_CELL_MAX, "%s",
			       json_is_true(json_object_get(row, "enabled")) ? "" : "disabled");
}

static int print_ps(const json_t *result)
{
	static const struct cli_column columns[] = {
		{ "PLUGIN", "plugin", CELL_TEXT, NULL },
		{ "TENANT", "tenant", CELL_TEXT, NULL },
		{ "VERSION", "version", CELL_TEXT, NULL },
		{ "STATE", "state", CELL_TEXT, NULL },
		{ "UP", "upMs", CELL_MS, NULL },
		{ "RESTARTS", "restarts", CELL_NUMBER, NULL },
		{ "UID", "uid", CELL_NUMBER, NULL },
		{ "REMARK", NULL, CELL_TEXT, write_remark },
	};
	const json_t *accept = json_object_get(json_object_get(result, "host"), "accept");

	cli_print_table(columns, countof(columns), json_object_get(result, "plugins"));
	if (json_array_size(accept) > 0)
		(void)printf(
			"This host enforces less than it could: %zu degradation(s) accepted in its configuration.\n",
			json_array_size(accept));
	return 0;
}

int cmd_ps(int argc, char **argv)
{
	static const struct cli_option options[] = { CLI_TENANT_ONLY };
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel ps [PLUGIN] [OPTION]...",
			.about =
				"What is installed, and in which state: up (takes events), idle (without work, frozen until its next\n"
				"event), starting, backoff (crashed, waits for its next start), quarantined (crashed too often;\n"
				"kennel start gives it another chance), stopped, stuck (killed, and the kernel does not end it).",
			.options = options,
			.option_count = countof(options),
			.word = "plugin",
			.words_max = 1,
		},
		.method = "ps",
		.print = print_ps,
	};

	return cli_command(&c, argc, argv);
}

/* ---- stats ---- */

static int print_stats(const json_t *result)
{
#define FIGURES                                                                           \
	{ "CPU", "cpuMs", CELL_MS, NULL }, { "MEMORY", "memoryBytes", CELL_BYTES, NULL }, \
		{ "PEAK", "memoryPeakBytes", CELL_BYTES, NULL },                          \
		{ "RUNTIME", "runtimeMs", CELL_MS, NULL },                                \
		{ "EVENTS", "events", CELL_NUMBER, NULL },                                \
		{ "FAILED", "eventsFailed", CELL_NUMBER, NULL },                          \
		{ "QUEUED", "queued", CELL_NUMBER, NULL },                                \
		{ "CALLS", "calls", CELL_NUMBER, NULL },                                  \
		{ "REFUSED", "callsRefused", CELL_NUMBER, NULL },                         \
		{ "KERNEL", "kernelRefusals", CELL_NUMBER, NULL },                        \
	{                                                                                 \
		"RESTARTS", "restarts", CELL_NUMBER, NULL                                 \
	}
	static const struct cli_column per_plugin[] = { { "PLUGIN", "plugin", CELL_TEXT, NULL },
							{ "TENANT", "tenant", CELL_TEXT, NULL },
							FIGURES };
	static const struct cli_column per_tenant[] = { { "TENANT", "tenant", CELL_TEXT, NULL },
							FIGURES };
#undef FIGURES

	cli_print_table(per_plugin, countof(per_plugin), json_object_get(result, "plugins"));
	(void)printf("\n");
	cli_print_table(per_tenant, countof(per_tenant), json_object_get(result, "tenants"));
	if (!json_is_true(json_object_get(result, "complete")))
		(void)printf(
			"Some parts did not answer in time; their figures are the last known.\n");
	return 0;
}

int cmd_stats(int argc, char **argv)
{
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel stats [OPTION]...",
			.about =
				"What each plugin used since its installation was loaded: CPU time, memory (now, and the peak), wall time\n"
				"of its instances, events answered, failed and waiting, host calls allowed and refused (REFUSED: by the\n"
				"broker, KERNEL: by the kernel guard); then the sums of each tenant.",
			.more = "Exact, not sampled: CPU and refusals are counted by the kernel as they happen.",
		},
		.method = "stats",
		.print = print_stats,
	};

	return cli_command(&c, argc, argv);
}

/* ---- start, stop, remove ---- */

static int print_state(const json_t *result)
{
	char name[CLI_CELL_MAX], state[CLI_CELL_MAX];

	(void)printf("%s %s\n", cli_text(result, "plugin", name), cli_text(result, "state", state));
	return 0;
}

static int print_removed(const json_t *result)
{
	char name[CLI_CELL_MAX];

	(void)printf("%s removed\n", cli_text(result, "plugin", name));
	return 0;
}

int cmd_start(int argc, char **argv)
{
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel start PLUGIN [OPTION]...",
			.about =
				"Starts a plugin that is stopped, waits in backoff or sits in quarantine; its crash count begins anew. From\n"
				"now on it starts with the host. What it may do is decided anew from its manifest and grant.",
			CLI_OF_PLUGIN(cli_tenant_of_plugin),
		},
		.method = "start",
		.print = print_state,
	};

	return cli_command(&c, argc, argv);
}

int cmd_stop(int argc, char **argv)
{
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel stop PLUGIN [OPTION]...",
			.about =
				"Asks the plugin to end, and ends it when it does not. It stays stopped, also after a reboot, until\n"
				"kennel start.",
			CLI_OF_PLUGIN(cli_tenant_of_plugin),
		},
		.method = "stop",
		.print = print_state,
	};

	return cli_command(&c, argc, argv);
}

int cmd_remove(int argc, char **argv)
{
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel remove PLUGIN [OPTION]...",
			.about =
				"Stops the plugin and deletes what was installed of it, and its grant. Its own data stays, under the user\n"
				"number that nobody else will get; so does the knowledge of its signer and its highest version counter.",
			CLI_OF_PLUGIN(cli_tenant_of_plugin),
		},
		.method = "remove",
		.print = print_removed,
	};

	return cli_command(&c, argc, argv);
}
