/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_trust.c - trust add|list|revoke; the others are in trust_more.c. Owns: reading a public key
 * file as text.  Must not know: key arithmetic (kennel-pack tells the fingerprint). */
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "base/limits.h"
#include "cli/ask.h"
#include "cli/sibling.h"
#include "cli/trust.h"

enum { SHOWN_MAX = 4096 };

static int run_key_show(const char *path, struct buffer *ret, struct err *e)
{
	const char *const argv[] = { "kennel-pack", "key", "show", path, NULL };
	CLEANUP_FD int in = -1;
	struct sibling pack;
	int ends[2], fds[3] = { -1, -1, STDERR_FILENO }, status, r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	in = ends[0];
	fds[1] = ends[1];
	r = sibling_start(argv, fds, countof(fds), &pack, e);
	fd_close_p(&ends[1]);
	if (r < 0)
		return -1;
	r = fs_read_fd(in, SHOWN_MAX, ret, e);
	if (sibling_wait(&pack, &status, e) < 0)
		return -1;
	if (r == 0 && status != 0)
		return err_set(e, ERR_KEY_FORMAT, "%s is no public key", path);
	return r;
}

/* The word after "NAME" at the start of a line. */
static bool find_word(const char *text, const char *name, char *ret, size_t cap)
{
	const char *at = text;

	while (at) {
		size_t n = strlen(name);

		if (!strncmp(at, name, n) && isspace((unsigned char)at[n])) {
			size_t len;

			at += n + strspn(at + n, " \t");
			len = strcspn(at, " \t\r\n");
			if (len == 0 || len >= cap)
				return false;
			memcpy(ret, at, len);
			ret[len] = '\0';
			return true;
		}
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return false;
}

int trust_read_key(const char *path, json_t *params, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	char word[2 * NAME_MAX_BYTES];

	if (run_key_show(path, &b, e) < 0)
		return -1;
	if (!find_word((const char *)b.p, "fingerprint", word, sizeof(word)))
		return err_set(e, ERR_KEY_FORMAT, "%s: no fingerprint in what kennel-pack says",
			       path);
	cli_put(params, "fingerprint", word);
	if (!find_word((const char *)b.p, "key", word, sizeof(word)))
		return err_set(e, ERR_KEY_FORMAT, "%s: no key in what kennel-pack says", path);
	cli_put(params, "key", word);
	return 0;
}

/* A day becomes its first second, in UTC. */
static int put_expiry(json_t *params, struct err *e)
{
	const char *day = json_string_value(json_object_get(params, "expires"));
	struct tm t = { 0 };
	const char *end = day ? strptime(day, "%Y-%m-%d", &t) : NULL;

	if (!day)
		return 0;
	if (!end || *end)
		return err_set(e, ERR_USAGE, "--expires takes a day: 2027-01-31");
	(void)json_object_set_new(params, "expires", json_integer((json_int_t)timegm(&t)));
	return 0;
}

static int print_added(const json_t *result)
{
	char label[CLI_CELL_MAX], print[CLI_CELL_MAX];

	(void)printf("trusted: %s\n  fingerprint %s\n", cli_text(result, "label", label),
		     cli_text(result, "fingerprint", print));
	return 0;
}

/* What the question needs beyond the options: the key itself, a name for it, the day as a time. */
static int complete_add(struct cli_args *a, struct err *e)
{
	const char *path = a->words.value[0], *slash = strrchr(path, '/');
	json_t *params = cli_params(a);

	if (!json_object_get(params, "label"))
		cli_put(params, "label", slash ? slash + 1 : path);
	if (put_expiry(params, e) < 0)
		return -1;
	return trust_read_key(path, params, e);
}

static const struct cli_option add_options[] = {
	{ .name = "--label",
	  .value = "TEXT",
	  .help = "who it is, for people (the file's name)",
	  .param = "label" },
	{ .name = "--permissions",
	  .value = "P,...",
	  .help = "the most its plugins may ask for (everything)",
	  .param = "permissions",
	  .kind = CLI_WORDS },
	{ .name = "--no-network",
	  .help = "not the network, whatever --permissions says",
	  .param = "noNetwork" },
	{ .name = "--memory",
	  .value = "MIB",
	  .help = "the most memory they may ask for (no bound of its own)",
	  .param = "maxMemoryMib",
	  .kind = CLI_NUMBER,
	  .min = 1,
	  .max = TRUST_MEMORY_MIB_MAX },
	{ .name = "--runtimes",
	  .value = "R,...",
	  .help = "wasm, js (both)",
	  .param = "runtimes",
	  .kind = CLI_WORDS },
	{ .name = "--native",
	  .help = "it may ship native code; each bundle still needs kennel native approve",
	  .param = "native" },
	{ .name = "--jit", .help = "js plugins may ask for jit", .param = "jit" },
	{ .name = "--plugins",
	  .value = "NAME,...",
	  .help = "names it may sign, \"acme-*\" too (any)",
	  .param = "plugins",
	  .kind = CLI_WORDS },
	{ .name = "--threshold",
	  .value = "N",
	  .help = "so many trusted keys must have signed (1)",
	  .param = "threshold",
	  .kind = CLI_NUMBER,
	  .min = 1,
	  .max = BUNDLE_SIGNATURES_MAX },
	{ .name = "--for",
	  .value = "USE,...",
	  .help = "bundles, revocations: what it may sign (bundles)",
	  .param = "for",
	  .kind = CLI_WORDS },
	{ .name = "--expires",
	  .value = "DAY",
	  .help = "no new installation from then on",
	  .param = "expires" },
	{ .name = "--succeeds",
	  .value = "FINGERPRINT",
	  .help = "a key of the same owner, whose plugins' names it takes over",
	  .param = "succeeds" },
	{ .name = "--undo-revocation",
	  .help = "trust a key again that was revoked; on record",
	  .param = "undoRevocation" },
};

static int trust_add(int argc, char **argv)
{
	static const struct cli_spec spec = {
		.usage = "kennel trust add KEY.pub [OPTION]...",
		.about =
			"From now on bundles signed with this key can be installed. What their plugins may do is still granted one\n"
			"by one; the key's own ceiling only bounds it: a bundle that asks for more is refused.",
		.options = add_options,
		.option_count = countof(add_options),
		.words_min = 1,
		.words_max = 1,
	};
	CLEANUP(cli_args_free) struct cli_args a = { 0 };
	CLEANUP(json_decref_p) json_t *result = NULL;
	struct err e = { 0 };
	int r = cli_parse(&spec, argc, argv, &a);

	if (r != CLI_GO)
		return r;
	if (complete_add(&a, &e) < 0)
		return cli_fail(&e);
	r = cli_answer(&(struct ask){ .args = &a, .method = "trust.add", .fd = -1 }, &result);
	return r == CLI_GO ? print_added(result) : r;
}

static void print_key(const json_t *k)
{
	const json_t *t = json_object_get(k, "trust");
	const json_t *revoked = json_object_get(t, "revoked");
	char a[CLI_CELL_MAX], b[CLI_CELL_MAX];

	if (!t) {
		(void)printf("%s: %s\n", cli_text(k, "file", a), cli_text(k, "error", b));
		return;
	}
	(void)printf("%s\n  fingerprint %s\n  key         %s\n", cli_text(t, "label", a),
		     cli_text(k, "fingerprint", b), cli_text(t, "key", (char[CLI_CELL_MAX]){ 0 }));
	if (json_is_object(revoked))
		(void)printf("  REVOKED     %s\n", cli_text(revoked, "reason", a));
}

static int print_keys(const json_t *result)
{
	json_t *k;
	size_t i;

	json_array_foreach(json_object_get(result, "keys"), i, k)
		print_key(k);
	trust_print_list(json_object_get(result, "revocations"));
	return 0;
}

static int trust_list(int argc, char **argv)
{
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel trust list [OPTION]...",
			.about = "The keys whose bundles may be installed here, and the revoked ones.",
		},
		.method = "trust.list",
		.print = print_keys,
	};

	return cli_command(&c, argc, argv);
}

static int print_revoked(const json_t *result)
{
	(void)printf("revoked\n");
	trust_print_successors(result);
	return 0;
}

static int trust_revoke(int argc, char **argv)
{
	static const struct cli_option options[] = {
		{ .name = "--reason",
		  .value = "WHY",
		  .help = "compromise, superseded or retired (compromise)",
		  .param = "reason" },
	};
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel trust revoke FINGERPRINT [OPTION]...",
			.about =
				"Nothing signed with this key can be installed any more. With \"compromise\" what is installed is stopped and\n"
				"does not start again. The file stays, so that the key is not trusted again by mistake.",
			.options = options,
			.option_count = countof(options),
			.word = "fingerprint",
			.words_min = 1,
			.words_max = 1,
		},
		.method = "trust.revoke",
		.print = print_revoked,
	};

	return cli_command(&c, argc, argv);
}

int cmd_trust(int argc, char **argv)
{
	static const struct cli_part parts[] = {
		{ "add", trust_add, "trust a public key" },
		{ "list", trust_list, "show the keys" },
		{ "show", trust_show, "show one key, its bounds and its plugins" },
		{ "revoke", trust_revoke, "trust a key no more" },
		{ "rotate", trust_rotate, "let a new key take over, by a statement of both" },
		{ "fetch", trust_fetch, "get the revocation list, and read it now" },
		{ "sign-revocations", trust_pack, "make a revocation list (its signer's side)" },
		{ "co-sign", trust_pack, "put one more signature below a list" },
	};

	return cli_group("kennel trust COMMAND [ARGUMENT]...",
			 "The keys whose bundles may be installed on this host.", parts,
			 countof(parts), argc, argv);
}
