/* SPDX-License-Identifier: Apache-2.0 */
/* trust_more.c - trust show|rotate|fetch, and what kennel-pack does. Owns: how keys are shown.
 * Must not know: key arithmetic, the network (kennel-fetch does that). */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "cli/ask.h"
#include "cli/pack.h"
#include "cli/sibling.h"
#include "cli/trust.h"

#define DEFAULT_CONFIG "/etc/kennel/kennel.json"

/* A time in UTC, or "never". */
static const char *day(const json_t *o, const char *key, char buf[CLI_CELL_MAX])
{
	return cli_number(o, key) ? cli_format_time(cli_number(o, key), buf) : "never";
}

void trust_print_list(const json_t *r)
{
	char a[CLI_CELL_MAX], b[CLI_CELL_MAX];

	if (!json_is_true(json_object_get(r, "configured")))
		return;
	(void)printf("revocation list %lld of %s, until %s: %lld entries\n",
		     cli_number(r, "serial"), day(r, "issued", a), day(r, "expires", b),
		     cli_number(r, "entries"));
	if (json_is_true(json_object_get(r, "stale")))
		(void)fprintf(stderr, "warning: the revocation list is missing or has expired\n");
	if (json_object_get(r, "error"))
		(void)fprintf(stderr, "warning: %s: %s\n", cli_text(r, "error", a),
			      cli_text(r, "text", b));
}

void trust_print_successors(const json_t *result)
{
	const json_t *list = json_object_get(result, "successors");
	char a[CLI_CELL_MAX];
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		(void)printf("  its successor is trusted still: %s\n",
			     cli_safe(json_string_value(item), a, sizeof(a)));
}

static int print_shown(const json_t *result)
{
	const json_t *t = json_object_get(result, "trust"), *c = json_object_get(t, "ceiling");
	const json_t *plugins = json_object_get(result, "plugins");
	char a[CLI_CELL_MAX], b[CLI_CELL_MAX];
	json_t *p;
	size_t i;

	(void)printf("%s\n  fingerprint %s\n", cli_text(t, "label", a),
		     cli_text(result, "fingerprint", b));
	(void)printf("  key         %s\n  expires     %s\n", cli_text(t, "key", a),
		     day(t, "expires", b));
	(void)printf("  threshold   %lld\n  memory      %lld MiB (0: no bound of its own)\n",
		     cli_number(t, "threshold"), cli_number(c, "max_mem_mib"));
	cli_print_words("for        ", json_object_get(t, "for"), "bundles");
	cli_print_words("plugins    ", json_object_get(t, "plugins"), "any name");
	cli_print_words("permissions", json_object_get(c, "permissions"), "none");
	cli_print_words("runtimes   ", json_object_get(c, "runtimes"), "none");
	(void)printf("  network     %s\n  native      %s\n  jit         %s\n",
		     json_is_true(json_object_get(c, "network")) ? "may be asked for" : "no",
		     json_is_true(json_object_get(c, "native")) ? "yes, when approved" : "no",
		     json_is_true(json_object_get(c, "jit")) ? "may be asked for" : "no");
	if (json_is_string(json_object_get(t, "succeeds")))
		(void)printf("  succeeds    %s\n", cli_text(t, "succeeds", a));
	if (json_is_object(json_object_get(t, "revoked")))
		(void)printf("  REVOKED     %s\n",
			     cli_text(json_object_get(t, "revoked"), "reason", a));
	trust_print_successors(result);
	json_array_foreach(plugins, i, p)
		(void)printf("  owns        %s %s\n", cli_text(p, "plugin", a),
			     cli_text(p, "version", b));
	return 0;
}

int trust_show(int argc, char **argv)
{
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel trust show FINGERPRINT [OPTION]...",
			.about =
				"One key: what it may sign, how far its plugins may go, and what is installed of it.",
			.word = "fingerprint",
			.words_min = 1,
			.words_max = 1,
		},
		.method = "trust.show",
		.print = print_shown,
	};

	return cli_command(&c, argc, argv);
}

int trust_rotate(int argc, char **argv)
{
	static const struct cli_spec spec = {
		.usage = "kennel trust rotate STATEMENT [OPTION]...",
		.about =
			"A statement signed by a trusted key and by its successor (kennel key rotate) lets the successor take over:\n"
			"its names, its bounds, what was granted to its plugins. The old key is superseded: what it signed runs on,\n"
			"and nothing new of it is installed.",
		.words_min = 1,
		.words_max = 1,
	};
	CLEANUP(cli_args_free) struct cli_args a = { 0 };
	CLEANUP(json_decref_p) json_t *result = NULL;
	CLEANUP_FD int fd = -1;
	char from[CLI_CELL_MAX], to[CLI_CELL_MAX];
	struct err e = { 0 };
	int r = cli_parse(&spec, argc, argv, &a);

	if (r != CLI_GO)
		return r;
	fd = open(a.words.value[0], O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		(void)err_sys(&e, "open %.160s", a.words.value[0]);
		return cli_fail(&e);
	}
	r = cli_answer(&(struct ask){ .args = &a, .method = "trust.rotate", .fd = fd }, &result);
	if (r == CLI_GO) {
		(void)printf("rotated\n  from %s\n  to   %s\n", cli_text(result, "from", from),
			     cli_text(result, "to", to));
		r = 0;
	}
	return r;
}

static int run_fetch(const char *config, struct err *e)
{
	const char *const argv[] = { "kennel-fetch", "--config", config, NULL };
	const int fds[] = { -1, STDERR_FILENO, STDERR_FILENO };
	struct sibling fetch;
	int status;

	if (sibling_start(argv, fds, countof(fds), &fetch, e) < 0 ||
	    sibling_wait(&fetch, &status, e) < 0)
		return -1;
	if (status != 0)
		return err_set(e, ERR_IO, "kennel-fetch brought no revocation list");
	return 0;
}

int trust_fetch(int argc, char **argv)
{
	const char *config = NULL;
	bool no_network = false;
	const struct cli_option options[] = {
		{ .name = "--config",
		  .value = "FILE",
		  .help = "the host's configuration (" DEFAULT_CONFIG ")",
		  .text = &config },
		{ .name = "--read-only",
		  .help = "fetch nothing: read the file that is there, now",
		  .flag = &no_network },
	};
	const struct cli_spec spec = {
		.usage = "kennel trust fetch [OPTION]...",
		.about =
			"Gets the signed revocation list from the address in the configuration, and has the host read it at once\n"
			"instead of at its next look. kennel-fetch does it, as a user of its own; so does kennel-trust-fetch.timer.",
		.options = options,
		.option_count = countof(options),
	};
	CLEANUP(cli_args_free) struct cli_args a = { 0 };
	CLEANUP(json_decref_p) json_t *result = NULL;
	struct err e = { 0 };
	int r = cli_parse(&spec, argc, argv, &a);

	if (r != CLI_GO)
		return r;
	if (!no_network && run_fetch(config ? config : DEFAULT_CONFIG, &e) < 0)
		return cli_fail(&e);
	r = cli_answer(&(struct ask){ .args = &a, .method = "trust.refresh", .fd = -1 }, &result);
	if (r == CLI_GO) {
		trust_print_list(result);
		r = 0;
	}
	return r;
}

static const char pack_help[] =
	"usage: kennel trust sign-revocations ENTRIES -o FILE --key KEY --serial N --expires EPOCH [--issued EPOCH]\n"
	"       kennel trust co-sign FILE --key KEY\n\n"
	"Makes the signed list that takes trust away on every host that trusts KEY for it (kennel trust add --for\n"
	"revocations). ENTRIES has a line each:\n\n"
	"  key FINGERPRINT compromise        # or superseded, retired\n"
	"  bundle BUNDLE-ID compromise\n\n"
	"The serial must be above the last list's; the list is good until --expires. co-sign adds a signature, where\n"
	"a key's threshold asks for several.\n";

int trust_pack(int argc, char **argv)
{
	return cli_hand_to_pack("trust", pack_help, argc, argv);
}
