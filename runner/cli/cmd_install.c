/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_install.c - install, and scan. Owns: what is shown of it.  Must not know: how it is verified.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "cli/ask.h"

/* ---- install ---- */

struct shown {
	bool quiet;
	char step[32];
};

static void on_step(void *arg, const json_t *params)
{
	struct shown *s = arg;
	char buf[CLI_CELL_MAX];
	const char *step = cli_text(params, "step", buf);

	if (s->quiet || !strcmp(step, s->step))
		return;
	(void)snprintf(s->step, sizeof(s->step), "%s", step);
	(void)fprintf(stderr, "  %s\n", step);
}

static void print_installed(const json_t *r)
{
	const json_t *asked = json_object_get(r, "asked"), *granted = json_object_get(r, "granted");
	char name[CLI_CELL_MAX], b[CLI_CELL_MAX], c[CLI_CELL_MAX];

	(void)printf("%s %s installed in tenant %s, signed by %s\n", cli_text(r, "plugin", name),
		     cli_text(r, "version", b), cli_text(r, "tenant", c),
		     cli_text(r, "signerLabel", (char[CLI_CELL_MAX]){ 0 }));
	cli_print_words("asks      ", asked, "nothing");
	cli_print_words("granted   ", granted, "nothing");
	cli_print_leaks("careful   ", granted);
	(void)printf("  %-10s %s", "state", cli_text(r, "state", b));
	if (json_object_get(r, "reason"))
		(void)printf(": %s", cli_text(r, "reason", c));
	(void)printf("\n");
	if (json_array_size(asked) > json_array_size(granted))
		(void)printf(
			"  It may do less than it asks. See: kennel explain %s; change: kennel grant %s --grant ...\n",
			name, name);
}

/* file: the bundle's, or NULL for one of the plugin folder, named in the question already. */
static int send_bundle(const struct cli_args *a, const char *file)
{
	CLEANUP(json_decref_p) json_t *result = NULL;
	struct shown shown = { .quiet = a->json };
	CLEANUP_FD int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
	struct err e = { 0 };
	int r;

	if (file && fd < 0) {
		(void)err_sys(&e, "open %s", file);
		return cli_fail(&e);
	}
	r = cli_answer(&(struct ask){ a, "install", NULL, fd, on_step, &shown }, &result);
	if (r != CLI_GO)
		return r;
	print_installed(result);
	return 0;
}

static int install_or_upgrade(const struct cli_spec *base, int argc, char **argv, bool upgrade)
{
	struct grant_words grant = { 0 };
	bool from_scan = false;
	const struct cli_option options[] = {
		CLI_TENANT("whose plugin it becomes (needed when the host has several)"),
		{ .name = "--grant",
		  .value = "PERM[=GLOB,...]",
		  .help = "grant one permission, on these notes; !GLOB takes out again",
		  .list = &grant.perms },
		{ .name = "--grant-files",
		  .help = "allow the manifest's files rules, inside readNotes' scope",
		  .flag = &grant.files },
		{ .name = "--grant-all-asked",
		  .help = "grant what the manifest asks, spelled out in the grant file",
		  .flag = &grant.all },
		{ .name = "--approve-native",
		  .value = "ID",
		  .help = "let in its machine code: ID is its bundle id, or its key's fingerprint",
		  .param = "approveNative" },
		{ .name = "--from-scan",
		  .help = "BUNDLE names a file in the plugin folder (kennel scan)",
		  .flag = &from_scan },
	};
	struct cli_spec spec = *base;
	CLEANUP(cli_args_free) struct cli_args a = { 0 };
	struct err e = { 0 };
	const char *file;
	int r;

	spec.options = options;
	spec.option_count = countof(options);
	spec.words_min = spec.words_max = 1;
	r = cli_parse(&spec, argc, argv, &a);
	if (r != CLI_GO)
		return r;
	if (cli_put_grant(&a, &grant, &e) < 0)
		return cli_fail(&e);
	if (upgrade)
		(void)json_object_set_new(cli_params(&a), "upgrade", json_true());
	file = a.words.value[0];
	if (from_scan)
		cli_put(cli_params(&a), "file", file);
	return send_bundle(&a, from_scan ? NULL : file);
}

#define INSTALL_STATUS                                                                \
	"Exit status: 0 installed; 10 malformed; 11 signature or trust; 12 refused\n" \
	"by policy, or stored and waiting (E_PENDING); 13 I/O."

int cmd_install(int argc, char **argv)
{
	static const struct cli_spec spec = {
		.usage = "kennel install BUNDLE [OPTION]...",
		.about =
			"Verifies the bundle's signature against the trusted keys, then every byte of it; validates the\n"
			"manifest; compiles the wasm entry in a jail of its own; stores it; starts it. Nothing is granted\n"
			"that is not said here or in an earlier grant: without a grant a plugin runs and may do nothing.\n"
			"An upgrade that asks for more than the version before is stored and waits (E_PENDING), and the\n"
			"old version runs on: see kennel pending, kennel approve, kennel deny. With a grant it does not wait.",
		.more = "Without globs, --grant PERM takes the notes the manifest asks for that permission.\n\n"
			"  kennel install ai-auto-linker.kennel --grant 'readNotes=**' --grant 'writeLinks=Projects/**,!Projects/private/**'\n\n" INSTALL_STATUS,
	};

	return install_or_upgrade(&spec, argc, argv, false);
}

int cmd_upgrade(int argc, char **argv)
{
	static const struct cli_spec spec = {
		.usage = "kennel upgrade BUNDLE [OPTION]...",
		.about =
			"As kennel install, for a plugin that is installed already; any other name is refused. The version\n"
			"before and the one before that are kept: kennel list, kennel rollback. What asks for more than\n"
			"the version before waits (E_PENDING): kennel pending, kennel approve, kennel deny.",
		.more = INSTALL_STATUS,
	};

	return install_or_upgrade(&spec, argc, argv, true);
}

/* ---- scan ---- */

static void write_verdict(const json_t *row, char buf[CLI_CELL_MAX])
{
	char name[CLI_CELL_MAX], text[CLI_CELL_MAX];

	if (json_is_true(json_object_get(row, "ok")))
		(void)snprintf(buf, CLI_CELL_MAX, "%s",
			       json_is_true(json_object_get(row, "installed")) ? "installed"
									       : "ok");
	else
		(void)snprintf(buf, CLI_CELL_MAX, "%.40s: %.150s", cli_text(row, "error", name),
			       cli_text(row, "text", text));
}

static int print_scan(const json_t *result)
{
	static const struct cli_column columns[] = {
		{ "FILE", "file", CELL_TEXT, NULL },
		{ "PLUGIN", "plugin", CELL_TEXT, NULL },
		{ "VERSION", "version", CELL_TEXT, NULL },
		{ "SIGNED BY", "signer", CELL_TEXT, NULL },
		{ "VERDICT", NULL, CELL_TEXT, write_verdict },
	};

	cli_print_table(columns, countof(columns), json_object_get(result, "bundles"));
	return 0;
}

int cmd_scan(int argc, char **argv)
{
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel scan [OPTION]...",
			.about =
				"Lists the bundles (*.kennel) in the plugin folder and verifies each, without installing any. The folder\n"
				"is \"scan\" in the configuration, else incoming/ below the supervisor's state. A link out of the folder\n"
				"and a bundle over 64 MiB are refused by name.",
			.more = "To install one of them: kennel install NAME.kennel --from-scan",
		},
		.method = "scan_plugins",
		.print = print_scan,
	};

	return cli_command(&c, argc, argv);
}
