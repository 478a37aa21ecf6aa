/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - kennel-pack: keys and bundles, the author's side.
 * Owns: options, files read and written.  Must not know: the format, the key format. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/fs.h"
#include "bundle/revocations.h"
#include "policy/manifest.h"
#include "tools/pack/ask.h"
#include "tools/pack/build.h"
#include "tools/pack/manifest.h"
#include "tools/pack/report.h"
#include "tools/pack/state.h"

static const char usage[] =
	"usage: kennel-pack key gen [-W] -o FILE\n"
	"       kennel-pack key show FILE.pub\n"
	"       kennel-pack key rotate OLD NEW -o FILE [--issued EPOCH]\n"
	"       kennel-pack trust sign-revocations ENTRIES -o FILE --key KEY --serial N --expires EPOCH [--issued EPOCH]\n"
	"       kennel-pack trust co-sign FILE --key KEY\n"
	"       kennel-pack bundle pack DIR -o FILE --key KEY [--counter N] [--expires EPOCH] [--min-host N]\n"
	"                               [--native] [--large]\n"
	"       kennel-pack bundle sign FILE --key KEY\n"
	"       kennel-pack bundle toc FILE\n"
	"       kennel-pack bundle attach-sig FILE SIGNATURE [-p PUB]\n" MANIFEST_USAGE
	"--json: one JSON document on standard output, a refusal too.\n";

struct options {
	const char *words[2];
	size_t word_count;
	const char *out;
	const char *key;
	const char *counter;
	const char *expires;
	const char *min_host;
	const char *public;
	const char *serial;
	const char *issued;
	bool no_password;
	bool json;
	bool native;
	bool large;
};

/* ---- files ---- */

static int write_file(const char *path, const void *p, size_t n, mode_t mode, struct err *e)
{
	CLEANUP_FD int dir = -1;
	const char *slash = strrchr(path, '/');
	CLEANUP(free_p)
	char *folder =
		slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");

	if (!folder)
		return err_set(e, ERR_NOMEM, "%s", path);
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "open folder %s", folder);
	return fs_write_atomic(dir, slash ? slash + 1 : path, p, n, mode, e);
}

static int read_file(const char *path, size_t max, struct buffer *ret, struct err *e)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open %s", path);
	if (fs_read_fd(fd, max, ret, e) < 0)
		return err_wrap(e, "%s", path);
	return 0;
}

static int read_key(const char *path, struct secret_key *ret, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer text = { 0 };
	char password[SECRET_PASSWORD_MAX] = "", prompt[256];
	bool encrypted;
	int r;

	if (read_file(path, SECRET_FILE_MAX, &text, e) < 0)
		return -1;
	r = secret_is_encrypted((const char *)text.p, text.len, &encrypted, e);
	(void)snprintf(prompt, sizeof(prompt), "Password of the secret key %.200s: ", path);
	if (r == 0 && encrypted)
		r = ask_password(prompt, false, password, e);
	if (r == 0)
		r = secret_parse((const char *)text.p, text.len, encrypted ? password : NULL, ret,
				 e);
	sodium_memzero(password, sizeof(password));
	sodium_memzero(text.p, text.len);
	return r < 0 ? err_wrap(e, "key %s", path) : 0;
}

static int parse_number(const char *text, const char *option, uint64_t max, uint64_t *ret,
			struct err *e)
{
	char *end;
	unsigned long long v;

	if (!text)
		return 0;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end || v > max)
		return err_set(e, ERR_USAGE, "%s: expected a number up to %llu", option,
			       (unsigned long long)max);
	*ret = v;
	return 0;
}

/* ---- commands ---- */

static int key_gen(const struct options *o, struct err *e)
{
	CLEANUP(secret_wipe_p) struct secret_key k = { 0 };
	char password[SECRET_PASSWORD_MAX] = "", text[SECRET_FILE_MAX], public[SECRET_FILE_MAX],
	     path[4096];
	int r = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s.pub", o->out) >= sizeof(path))
		return err_set(e, ERR_USAGE, "-o: path too long");
	if (access(o->out, F_OK) == 0 || access(path, F_OK) == 0)
		return err_set(e, ERR_EXISTS, "%s or %s is there; a key is never overwritten",
			       o->out, path);
	secret_make(&k);
	secret_print_public(&k, public);
	if (!o->no_password)
		r = ask_password("Password for the new secret key: ", true, password, e);
	if (r == 0)
		r = secret_print(&k, o->no_password ? NULL : password, text, e);
	/* Cut off in between, it leaves the half that is no secret. */
	if (r == 0)
		r = write_file(path, public, strlen(public), 0644, e);
	if (r == 0 && (r = write_file(o->out, text, strlen(text), 0600, e)) < 0)
		(void)unlink(path);
	sodium_memzero(password, sizeof(password));
	sodium_memzero(text, sizeof(text));
	if (r == 0 && o->json)
		return report_key(o->out, path, public, e);
	if (r == 0)
		(void)printf(
			"%s: secret key, keep it to yourself\n%s: public key, for those who trust you\n",
			o->out, path);
	return r;
}

static int key_show(const struct options *o, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer text = { 0 };
	struct public_key k;
	char hex[DIGEST_HEX_BYTES];
	const char *line;

	if (read_file(o->words[0], SECRET_FILE_MAX, &text, e) < 0)
		return -1;
	if (sign_parse_key_file((const char *)text.p, text.len, &k, e) < 0)
		return err_wrap(e, "%s", o->words[0]);
	if (o->json)
		return report_key(NULL, o->words[0], (const char *)text.p, e);
	line = strchr((const char *)text.p, '\n');
	hex_encode(k.fingerprint, DIGEST_BYTES, hex);
	(void)printf("fingerprint %s\nkey         %.56s\n", hex, line ? line + 1 : "");
	return 0;
}

/* The statement under its name, and a word about it for scripts. */
static int write_statement(const struct options *o, const char *path, const struct buffer *b,
			   struct err *e)
{
	if (write_file(path, b->p, b->len, 0644, e) < 0)
		return -1;
	return o->json ? report_statement(path, b, e) : 0;
}

static int key_rotate(const struct options *o, struct err *e)
{
	CLEANUP(secret_wipe_p) struct secret_key from = { 0 };
	CLEANUP(secret_wipe_p) struct secret_key to = { 0 };
	CLEANUP(buffer_free_p) struct buffer out = { 0 };
	uint64_t issued = (uint64_t)clock_wall_s();

	if (parse_number(o->issued, "--issued", INT64_MAX, &issued, e) < 0 ||
	    read_key(o->words[0], &from, e) < 0 || read_key(o->words[1], &to, e) < 0 ||
	    state_rotate(&from, &to, (int64_t)issued, &out, e) < 0)
		return -1;
	return write_statement(o, o->out, &out, e);
}

static int sign_revocations(const struct options *o, struct err *e)
{
	CLEANUP(secret_wipe_p) struct secret_key k = { 0 };
	CLEANUP(buffer_free_p) struct buffer in = { 0 };
	CLEANUP(buffer_free_p) struct buffer out = { 0 };
	uint64_t serial = 0, expires = 0, issued = (uint64_t)clock_wall_s();
	struct state_list l;

	if (!o->serial || !o->expires)
		return err_set(
			e, ERR_USAGE,
			"--serial N (above the last list's) and --expires EPOCH are missing");
	if (parse_number(o->serial, "--serial", REVOCATIONS_SERIAL_MAX, &serial, e) < 0 ||
	    parse_number(o->expires, "--expires", INT64_MAX, &expires, e) < 0 ||
	    parse_number(o->issued, "--issued", INT64_MAX, &issued, e) < 0 ||
	    read_file(o->words[0], STATEMENT_MAX, &in, e) < 0 || read_key(o->key, &k, e) < 0)
		return -1;
	l = (struct state_list){ .serial = serial,
				 .issued = (int64_t)issued,
				 .expires = (int64_t)expires,
				 .text = (const char *)in.p,
				 .n = in.len };
	if (state_revocations(&l, &k, &out, e) < 0)
		return err_wrap(e, "%s", o->words[0]);
	return write_statement(o, o->out, &out, e);
}

static int co_sign(const struct options *o, struct err *e)
{
	CLEANUP(secret_wipe_p) struct secret_key k = { 0 };
	CLEANUP(buffer_free_p) struct buffer in = { 0 };
	CLEANUP(buffer_free_p) struct buffer out = { 0 };

	if (read_file(o->words[0], STATEMENT_MAX, &in, e) < 0 || read_key(o->key, &k, e) < 0 ||
	    state_add_signature(&in, &k, &out, e) < 0)
		return -1;
	return write_statement(o, o->words[0], &out, e);
}

static int check_manifest(const struct tree *t, struct err *e)
{
	static struct manifest m;

	if (manifest_parse((const char *)t->files[0].bytes, t->files[0].n, &m, e) < 0)
		return err_wrap(e, "manifest.json");
	if (m.runtime == RUNTIME_NATIVE && !t->native)
		return err_set(
			e, ERR_NATIVE,
			"manifest.json: /entry: %.150s is native code: --native packs it, and "
			"every host must approve it",
			m.entry);
	for (size_t i = 1; i < t->count; i++) {
		if (strcmp(t->files[i].path, m.entry) != 0)
			continue;
		if (m.runtime == RUNTIME_NATIVE && !t->files[i].executable)
			return err_set(e, ERR_MANIFEST,
				       "manifest.json: /entry: %.150s is not executable: chmod a+x",
				       m.entry);
		return 0;
	}
	return err_set(e, ERR_MANIFEST, "manifest.json: /entry: the folder holds no file %.150s",
		       m.entry);
}

/* The bundle under its name, and a word about it for scripts. */
static int write_bundle(const struct options *o, const char *path, const struct buffer *b,
			struct err *e)
{
	if (write_file(path, b->p, b->len, 0644, e) < 0)
		return -1;
	return o->json ? report_bundle(path, b, e) : 0;
}

static int bundle_pack(const struct options *o, struct err *e)
{
	CLEANUP(secret_wipe_p) struct secret_key k = { 0 };
	CLEANUP(tree_free_p) struct tree t = { 0 };
	CLEANUP(buffer_free_p) struct buffer out = { 0 };
	uint64_t counter = 1, expires = 0, min_host = 0;
	unsigned int kinds = (o->native ? TREE_NATIVE : 0) | (o->large ? TREE_LARGE : 0);
	struct build b = { .tree = &t };

	if (parse_number(o->counter, "--counter", BUNDLE_COUNTER_MAX, &counter, e) < 0 ||
	    parse_number(o->expires, "--expires", INT64_MAX, &expires, e) < 0 ||
	    parse_number(o->min_host, "--min-host", UINT32_MAX, &min_host, e) < 0)
		return -1;
	b.counter = counter;
	b.expires = (int64_t)expires;
	b.min_host = (uint32_t)min_host;
	if (tree_read(o->words[0], kinds, &t, e) < 0 || check_manifest(&t, e) < 0)
		return err_wrap(e, "%s", o->words[0]);
	if (read_key(o->key, &k, e) < 0 || build_bundle(&b, &k, &out, e) < 0)
		return -1;
	return write_bundle(o, o->out, &out, e);
}

static int read_frame0(const struct buffer *bundle, struct frame0 *ret, struct err *e)
{
	struct reader r = { .p = bundle->p, .left = bundle->len };
	struct source s = { source_read_memory, &r };

	return frame0_read(&s, ret, e);
}

static int bundle_toc(const struct options *o, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer in = { 0 };
	CLEANUP(frame0_free_p) struct frame0 f = { 0 };

	if (read_file(o->words[0], BUNDLE_MOST, &in, e) < 0 || read_frame0(&in, &f, e) < 0)
		return -1;
	if (o->json)
		return report_toc(&in, e);
	return fd_write_all(STDOUT_FILENO, f.toc.p, f.toc.n) < 0 ? err_sys(e, "write") : 0;
}

static int bundle_sign(const struct options *o, struct err *e)
{
	CLEANUP(secret_wipe_p) struct secret_key k = { 0 };
	CLEANUP(buffer_free_p) struct buffer in = { 0 };
	CLEANUP(buffer_free_p) struct buffer out = { 0 };
	CLEANUP(frame0_free_p) struct frame0 f = { 0 };
	struct public_key public;
	char text[SIGNATURE_FILE_MAX];

	if (read_file(o->words[0], BUNDLE_MOST, &in, e) < 0 || read_frame0(&in, &f, e) < 0 ||
	    read_key(o->key, &k, e) < 0)
		return -1;
	secret_sign(&k, f.toc.p, f.toc.n, text);
	secret_public(&k, &public);
	/* Checked with the new signature in: nobody vouches for frames that do not decode. */
	if (build_attach(&in, (struct span){ (const uint8_t *)text, strlen(text) }, &out, e) < 0 ||
	    build_check(&out, &public, e) < 0)
		return -1;
	return write_bundle(o, o->words[0], &out, e);
}

/* With -p: the signature must be of that key, and the whole bundle hold as its owner would see it.
 */
static int check_attached(const struct options *o, const struct buffer *bundle, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer text = { 0 };
	struct public_key k;

	if (!o->public)
		return 0;
	if (read_file(o->public, SECRET_FILE_MAX, &text, e) < 0 ||
	    sign_parse_key_file((const char *)text.p, text.len, &k, e) < 0)
		return err_wrap(e, "%s", o->public);
	return build_check(bundle, &k, e);
}

/* minisign writes an untrusted comment of its own; in a bundle there is one spelling. */
static int bundle_attach(const struct options *o, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer in = { 0 };
	CLEANUP(buffer_free_p) struct buffer sig = { 0 };
	CLEANUP(buffer_free_p) struct buffer text = { 0 };
	CLEANUP(buffer_free_p) struct buffer out = { 0 };
	struct signature parsed;
	const uint8_t *newline;

	if (read_file(o->words[0], BUNDLE_MOST, &in, e) < 0 ||
	    read_file(o->words[1], SIGNATURE_FILE_MAX, &sig, e) < 0)
		return -1;
	newline = memchr(sig.p, '\n', sig.len);
	if (!newline)
		return err_set(e, ERR_SIGNATURE_FORMAT, "%s is no minisign signature", o->words[1]);
	newline++;
	if (buffer_append(&text, SIGN_UNTRUSTED_LINE, strlen(SIGN_UNTRUSTED_LINE),
			  SIGNATURE_FILE_MAX) < 0 ||
	    buffer_append(&text, newline, sig.len - (size_t)(newline - sig.p), SIGNATURE_FILE_MAX) <
		    0)
		return err_set(e, ERR_LIMIT, "%s is larger than %u bytes", o->words[1],
			       SIGNATURE_FILE_MAX);
	if (sign_parse((const char *)text.p, text.len, &parsed, e) < 0)
		return err_wrap(e, "%s", o->words[1]);
	if (build_attach(&in, (struct span){ text.p, text.len }, &out, e) < 0 ||
	    check_attached(o, &out, e) < 0)
		return -1;
	return write_bundle(o, o->words[0], &out, e);
}

/* ---- options ---- */

enum {
	NEEDS_OUT = 1,
	NEEDS_KEY = 2,
	TAKES_PACKING = 4,
	TAKES_NO_PASSWORD = 8,
	TAKES_ISSUED = 16,
	TAKES_LIST = 32,
	TAKES_PUBLIC = 64
};
static const struct command {
	const char *group, *name;
	size_t words;
	int takes;
	int (*run)(const struct options *o, struct err *e);
} commands[] = {
	{ "key", "gen", 0, NEEDS_OUT | TAKES_NO_PASSWORD, key_gen },
	{ "key", "show", 1, 0, key_show },
	{ "key", "rotate", 2, NEEDS_OUT | TAKES_ISSUED, key_rotate },
	{ "trust", "sign-revocations", 1, NEEDS_OUT | NEEDS_KEY | TAKES_ISSUED | TAKES_LIST,
	  sign_revocations },
	{ "trust", "co-sign", 1, NEEDS_KEY, co_sign },
	{ "bundle", "pack", 1, NEEDS_OUT | NEEDS_KEY | TAKES_PACKING, bundle_pack },
	{ "bundle", "sign", 1, NEEDS_KEY, bundle_sign },
	{ "bundle", "toc", 1, 0, bundle_toc },
	{ "bundle", "attach-sig", 2, TAKES_PUBLIC, bundle_attach },
};

static const struct option_row {
	int takes;
	const char *name;
	size_t offset;
} option_rows[] = {
	{ NEEDS_OUT, "-o", offsetof(struct options, out) },
	{ NEEDS_OUT, "--out", offsetof(struct options, out) },
	{ NEEDS_KEY, "--key", offsetof(struct options, key) },
	{ TAKES_PACKING, "--counter", offsetof(struct options, counter) },
	{ TAKES_PACKING | TAKES_LIST, "--expires", offsetof(struct options, expires) },
	{ TAKES_PACKING, "--min-host", offsetof(struct options, min_host) },
	{ TAKES_LIST, "--serial", offsetof(struct options, serial) },
	{ TAKES_ISSUED, "--issued", offsetof(struct options, issued) },
	{ TAKES_PUBLIC, "-p", offsetof(struct options, public) },
	{ TAKES_PUBLIC, "--public", offsetof(struct options, public) },
};

static const char **option_target(struct options *o, const struct command *c, const char *word)
{
	for (size_t i = 0; i < countof(option_rows); i++)
		if (c->takes & option_rows[i].takes && !strcmp(word, option_rows[i].name))
			return (const char **)(void *)((char *)o + option_rows[i].offset);
	return NULL;
}

static bool *flag_target(struct options *o, const struct command *c, const char *word)
{
	if (c->takes & TAKES_NO_PASSWORD && !strcmp(word, "-W"))
		return &o->no_password;
	if (c->takes & TAKES_PACKING && !strcmp(word, "--native"))
		return &o->native;
	if (c->takes & TAKES_PACKING && !strcmp(word, "--large"))
		return &o->large;
	return strcmp(word, "--json") ? NULL : &o->json;
}

static int parse_options(const struct command *c, int argc, char **argv, struct options *o,
			 struct err *e)
{
	for (int i = 0; i < argc; i++) {
		const char **target = option_target(o, c, argv[i]);
		bool *flag = flag_target(o, c, argv[i]);

		if (target) {
			if (*target || i + 1 == argc)
				return err_set(e, ERR_USAGE, "%s: %s", argv[i],
					       *target ? "given twice" : "expects a value");
			*target = argv[++i];
		} else if (flag) {
			*flag = true;
		} else if (argv[i][0] == '-' || o->word_count == c->words) {
			return err_set(e, ERR_USAGE, "%s: not understood here", argv[i]);
		} else {
			o->words[o->word_count++] = argv[i];
		}
	}
	if (o->word_count != c->words)
		return err_set(e, ERR_USAGE, "a file or folder is missing");
	if (c->takes & NEEDS_OUT && !o->out)
		return err_set(e, ERR_USAGE, "-o FILE is missing");
	if (c->takes & NEEDS_KEY && !o->key)
		return err_set(e, ERR_USAGE,
			       "--key KEY is missing; kennel key gen -o KEY makes one");
	return 0;
}

/* Whose --help explains. */
static const char *group_of(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < countof(commands); i++)
		if (!strcmp(commands[i].group, argv[1]))
			return commands[i].group;
	return "bundle";
}

static int fail(struct err *e, const char *group, bool json)
{
	for (char *p = e->text; *p; p++) /* names of the author's files stand in it */
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	if (json)
		report_refusal(e);
	(void)fprintf(stderr, "kennel-pack: %s: %s\n", err_name(e->code), e->text);
	if (e->code == ERR_USAGE)
		(void)fprintf(stderr, "(kennel %s --help explains)\n", group);
	return err_exit_status(e->code);
}

int main(int argc, char **argv)
{
	const struct command *c = NULL;
	struct options o = { 0 };
	struct err e = { 0 };

	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return fputs(usage, stdout) < 0;
	if (argc > 1 && !strcmp(argv[1], "manifest"))
		return manifest_command(argc - 1, argv + 1);
	for (size_t i = 0; argc > 2 && i < countof(commands); i++)
		if (!strcmp(argv[1], commands[i].group) && !strcmp(argv[2], commands[i].name))
			c = &commands[i];
	if (!c)
		(void)err_set(&e, ERR_USAGE, "no such command");
	else if (sodium_init() < 0)
		(void)err_set(&e, ERR_INTERNAL, "libsodium");
	else if (parse_options(c, argc - 3, argv + 3, &o, &e) == 0 && c->run(&o, &e) == 0)
		return 0;
	return fail(&e, group_of(argc, argv), o.json);
}
