/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_bundle.c - kennel bundle: pack and sign by kennel-pack, verify and show by kennel-loader.
 * Owns: showing what the loader says of one bundle.  Must not know: the format; no byte of a bundle
 * is read in this process. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "cli/bundle_report.h"
#include "cli/cli.h"
#include "cli/pack.h"

static const char help[] =
	"usage: kennel bundle pack DIR -o FILE --key KEY [--counter N] [--expires EPOCH] [--native]\n"
	"                          [--large] [--json]\n"
	"       kennel bundle verify FILE (-p PUB | --trust DIR) [--json]\n"
	"       kennel bundle show FILE [-p PUB | --trust DIR] [--json]\n"
	"       kennel bundle diff OLD NEW [-p PUB | --trust DIR] [--json]\n"
	"       kennel bundle sign FILE --key KEY [--json]\n"
	"       kennel bundle toc FILE [--json]\n"
	"       kennel bundle attach-sig FILE SIGNATURE [-p PUB] [--json]\n\n"
	"A bundle is a folder with a manifest.json, packed and signed: an ordinary .tar.zst, whose first\n"
	"member lists every other byte of it. The same folder always gives the same bundle.\n\n"
	"  pack        makes one. N is the release number that hosts compare: it may never go down.\n"
	"              --native keeps programs, --large packs more than a host takes unless its\n"
	"              kennel.json(5) says bundles; every host must allow either.\n"
	"  verify      checks everything, to the last byte, against the keys you name. Exit status 0 means\n"
	"              it is whole and from them.\n"
	"  show        who signed it, what it asks for, which files it holds. Without a key whose signature\n"
	"              holds it is marked UNTRUSTED: anybody may have written what you read.\n"
	"  diff        what a new version changes: files, sizes, permissions gained and lost.\n"
	"  sign        adds your signature to those it has; the bundle id stays. At most 8.\n"
	"  toc         prints the table of contents, for signing elsewhere: minisign -S -m toc.json\n"
	"  attach-sig  adds such a signature; with -p only if it is of that key and holds.\n\n"
	"verify, show and diff read a pipe as well; - is standard input. --json prints one JSON document, a\n"
	"refusal too. Exit status: 0 done, 2 usage, 10 malformed, 11 signature or trust, 12 policy, 13 I/O;\n"
	"kennel-bundle(5) has the format and every E_ name.\n";

/* ---- as text ---- */

static void print_permissions(const struct manifest *m)
{
	char safe[LINE_MAX_BYTES];

	(void)printf("asks for\n");
	for (unsigned int p = 0; p < PERM_COUNT; p++) {
		if (!(m->permissions & PERM_BIT(p)))
			continue;
		(void)printf("  %-18s %s\n", permission_name(p),
			     cli_safe(m->reasons[p], safe, sizeof(safe)));
		for (size_t i = 0; i < m->scope_count; i++)
			if (m->scopes[i].permission == p)
				(void)printf("    %-5s %s%s\n", m->scopes[i].deny ? "not" : "in",
					     cli_safe(m->scopes[i].glob, safe, sizeof(safe)),
					     strcmp(m->scopes[i].glob, "**") ? ""
									     : "   (everything)");
	}
	if (!m->permissions)
		(void)printf("  nothing\n");
}

/* minisign prints a key id as a little-endian number. */
static const char *key_id_text(const struct loader_signer *s, char ret[2 * sizeof(s->key_id) + 1])
{
	uint8_t number[sizeof(s->key_id)];

	for (size_t i = 0; i < sizeof(number); i++)
		number[i] = s->key_id[sizeof(number) - 1 - i];
	hex_encode(number, sizeof(number), ret);
	return ret;
}

static void print_signers(const struct loader_identity *id)
{
	static const uint8_t unknown[DIGEST_BYTES];
	char hex[DIGEST_HEX_BYTES], key_id[2 * sizeof(id->signers[0].key_id) + 1],
		safe[NAME_MAX_BYTES];

	for (size_t i = 0; i < id->signer_count; i++) {
		const struct loader_signer *s = &id->signers[i];

		(void)key_id_text(s, key_id);
		if (!memcmp(s->fingerprint, unknown, DIGEST_BYTES)) {
			(void)printf("signature    of key id %s, not known here: not checked\n",
				     key_id);
			continue;
		}
		hex_encode(s->fingerprint, DIGEST_BYTES, hex);
		(void)printf("signature    holds: key %s%sid %s%s\n",
			     cli_safe(s->label, safe, sizeof(safe)), *s->label ? ", " : "", key_id,
			     s->trusted ? "" : " (expired or revoked: does not count)");
		(void)printf("fingerprint  %s\n", hex);
	}
}

static void print_head(const struct bundle_report *r)
{
	char hex[DIGEST_HEX_BYTES], safe[TEXT_MAX_BYTES];
	const struct manifest *m = &r->manifest;

	(void)printf("plugin       %s %s\n", cli_safe(m->name, safe, sizeof(safe)), m->version);
	hex_encode(r->identity.bundle_id, DIGEST_BYTES, hex);
	(void)printf("bundle id    %s\n", hex);
	hex_encode(r->end.content_id, DIGEST_BYTES, hex);
	(void)printf("content id   %s\n", hex);
	(void)printf("counter      %" PRIu64 "\n", r->end.counter);
	print_signers(&r->identity);
	(void)printf("contents     %u files, %" PRIu64 " bytes\n", r->end.files,
		     r->end.unpacked_bytes);
}

static void print_show(const struct bundle_report *r)
{
	char safe[PROSE_MAX_BYTES];
	const struct manifest *m = &r->manifest;
	const char *runtime = runtime_name(m->runtime);

	if (r->identity.trusted_count == 0)
		(void)printf(
			"UNTRUSTED    no key you named has signed this; anybody may have written what follows\n");
	else
		(void)printf("verified     every byte, against the key below\n");
	print_head(r);
	if (*m->description)
		(void)printf("says         %s\n", cli_safe(m->description, safe, sizeof(safe)));
	if (*m->author)
		(void)printf("author       %s\n", cli_safe(m->author, safe, sizeof(safe)));
	(void)printf("runs         %s as %s%s\n", cli_safe(m->entry, safe, sizeof(safe)),
		     runtime ? runtime : "?", m->jit ? ", with jit" : "");
	if (m->native)
		(void)printf(
			"native       yes: its machine code runs; a host wants its key, its tenant and\n"
			"             kennel native approve with the bundle id above\n");
	print_permissions(m);
	(void)printf("files\n");
	for (size_t i = 0; i < r->file_count; i++)
		(void)printf("  %10" PRIu64 "  %s%s\n", r->files[i].size_bytes,
			     cli_safe(r->files[i].path, safe, sizeof(safe)),
			     r->files[i].executable ? "  (executable)" : "");
}

/* ---- as JSON ---- */

static json_t *hex_json(const uint8_t *p, size_t n)
{
	char hex[DIGEST_HEX_BYTES];

	hex_encode(p, n, hex);
	return json_string(hex);
}

static json_t *signers_json(const struct loader_identity *id)
{
	static const uint8_t unknown[DIGEST_BYTES];
	char key_id[2 * sizeof(id->signers[0].key_id) + 1];
	json_t *all = json_array();

	for (size_t i = 0; i < id->signer_count; i++) {
		const struct loader_signer *s = &id->signers[i];
		bool known = memcmp(s->fingerprint, unknown, DIGEST_BYTES) != 0;

		(void)json_array_append_new(
			all, json_pack("{sb, ss, so, ss}", "trusted", s->trusted, "keyId",
				       key_id_text(s, key_id), "fingerprint",
				       known ? hex_json(s->fingerprint, DIGEST_BYTES) : json_null(),
				       "label", s->label));
	}
	return all;
}

static json_t *manifest_json(const struct manifest *m)
{
	json_t *permissions = json_array();
	const char *runtime = runtime_name(m->runtime);

	for (unsigned int p = 0; p < PERM_COUNT; p++)
		if (m->permissions & PERM_BIT(p))
			(void)json_array_append_new(permissions, json_string(permission_name(p)));
	return json_pack("{ss, ss, ss, ss, ss?, sb, sb, so}", "name", m->name, "version",
			 m->version, "description", m->description, "entry", m->entry, "runtime",
			 runtime, "jit", m->jit, "native", m->native, "permissions", permissions);
}

static int print_json(const struct bundle_report *r)
{
	CLEANUP(json_decref_p) json_t *j = NULL;
	json_t *files = json_array();

	for (size_t i = 0; i < r->file_count; i++)
		(void)json_array_append_new(
			files, json_pack("{ss, sI, so, sb}", "path", r->files[i].path, "size",
					 (json_int_t)r->files[i].size_bytes, "b2",
					 hex_json(r->files[i].digest, DIGEST_BYTES), "executable",
					 r->files[i].executable));
	j = json_pack("{sb, so, so, sI, so, so, sI, so}", "verified", r->identity.trusted_count > 0,
		      "bundleId", hex_json(r->identity.bundle_id, DIGEST_BYTES), "contentId",
		      hex_json(r->end.content_id, DIGEST_BYTES), "counter",
		      (json_int_t)r->end.counter, "signers", signers_json(&r->identity), "manifest",
		      manifest_json(&r->manifest), "unpackedBytes",
		      (json_int_t)r->end.unpacked_bytes, "files", files);
	if (!j) {
		(void)fprintf(stderr, "kennel: E_NOMEM: JSON\n");
		return err_exit_status(ERR_NOMEM);
	}
	return cli_print_json(j);
}

static int print_json_refusal(const struct err *e)
{
	CLEANUP(json_decref_p)
	json_t *j = json_pack("{sb, s{ss, ss}}", "verified", 0, "error", "name", err_name(e->code),
			      "message", e->text);
	int status = err_exit_status(e->code);

	if (j)
		(void)cli_print_json(j);
	return status;
}

/* ---- verify, show ---- */

static const char *advice(enum err_code code)
{
	static const struct {
		enum err_code code;
		const char *text;
	} all[] = {
		{ ERR_TRUNCATED, "The file is incomplete: fetch it again." },
		{ ERR_TRAILING, "The file was changed after it was signed: fetch it again." },
		{ ERR_FRAME_DIGEST, "The file was damaged or changed on its way: fetch it again." },
		{ ERR_FRAME0, "It is no bundle, or its beginning was damaged: fetch it again." },
		{ ERR_SIGNATURE, "Do not use this file; ask its author for the original." },
		{ ERR_KEY_EXPIRED, "Ask the author for a bundle signed with a key in date." },
		{ ERR_KEY_REVOKED,
		  "Do not use it; \"kennel trust list\" says why the key was revoked." },
		{ ERR_CEILING,
		  "Raise the key's ceiling with \"kennel trust add\", or ask for a plugin that asks less." },
		{ ERR_NATIVE,
		  "Ask for a plugin built to WebAssembly, or for contents that say native." },
		{ ERR_NO_LANDLOCK,
		  "Bundles are only read by a confined process; there is no way around it." },
	};

	for (size_t i = 0; i < countof(all); i++)
		if (all[i].code == code)
			return all[i].text;
	return NULL;
}

int bundle_refuse(struct err *e, const char *file, bool json)
{
	const char *what = advice(e->code);
	char safe[128];
	int status;

	(void)err_wrap(e, "%s",
		       strcmp(file, "-") ? cli_safe(file, safe, sizeof(safe)) : "standard input");
	if (json)
		(void)print_json_refusal(e);
	status = cli_fail(e);
	if (what)
		(void)fprintf(stderr, "%s\n", what);
	return status;
}

struct reading {
	const char *job;
	const struct cli_spec *spec;
	const char **public_key;
	const char **folder;
	bool needs_key;
};

static int read_bundle(const struct reading *x, int argc, char **argv)
{
	CLEANUP(bundle_report_free_p) struct bundle_report *r = NULL;
	CLEANUP_FD int trust = -1;
	struct err e = { 0 };
	struct cli_args a;
	const char *file;
	int status = cli_parse(x->spec, argc, argv, &a);

	if (status != CLI_GO)
		return status;
	file = a.words.value[0];
	if (x->needs_key && !*x->public_key && !*x->folder)
		(void)err_set(&e, ERR_USAGE,
			      "whose signature? -p PUB names a key, --trust DIR a folder of keys");
	else if (bundle_report_open_trust(*x->public_key, *x->folder, &trust, &e) == 0)
		(void)bundle_report_read(x->job, file, trust, &r, &e);
	if (!r)
		return bundle_refuse(&e, file, a.json);
	if (a.json)
		return print_json(r);
	if (x->needs_key) {
		(void)printf("verified     every byte\n");
		print_head(r);
	} else {
		print_show(r);
	}
	return fflush(stdout) == EOF ? err_exit_status(ERR_IO) : 0;
}

static int cmd_verify(int argc, char **argv)
{
	static const char *public_key, *folder;
	static const struct cli_option options[] = { BUNDLE_TRUST_OPTIONS(public_key, folder) };
	static const struct cli_spec spec = {
		.usage = "kennel bundle verify FILE (-p PUB | --trust DIR) [--json]",
		.about =
			"Checks a bundle to its last byte: the signature first, then the contents, the manifest, every\n"
			"frame and every file. A confined process reads it; nothing is written anywhere.",
		.more = "Exit status: 0 whole and trusted, 10 malformed, 11 signature or trust, 12 policy, 13 I/O.\n\n"
			"Examples:\n"
			"  kennel bundle verify linker-1.2.kennel -p acme.key.pub\n"
			"  some-download-command | kennel bundle verify - -p acme.key.pub --json",
		.options = options,
		.option_count = countof(options),
		.words_min = 1,
		.words_max = 1,
	};
	const struct reading x = { "verify", &spec, &public_key, &folder, true };

	return read_bundle(&x, argc, argv);
}

static int cmd_show(int argc, char **argv)
{
	static const char *public_key, *folder;
	static const struct cli_option options[] = { BUNDLE_TRUST_OPTIONS(public_key, folder) };
	static const struct cli_spec spec = {
		.usage = "kennel bundle show FILE [-p PUB | --trust DIR] [--json]",
		.about =
			"Who signed a bundle, what it asks for, which files it holds. With a key whose signature holds,\n"
			"everything is verified as well; without one it is marked UNTRUSTED and nothing is unpacked.",
		.more = "Examples:\n"
			"  kennel bundle show linker-1.2.kennel\n"
			"  kennel bundle show linker-1.2.kennel -p acme.key.pub --json",
		.options = options,
		.option_count = countof(options),
		.words_min = 1,
		.words_max = 1,
	};
	const struct reading x = { "show", &spec, &public_key, &folder, false };

	return read_bundle(&x, argc, argv);
}

int cmd_bundle(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "verify"))
		return cmd_verify(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "show"))
		return cmd_show(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "diff"))
		return cmd_bundle_diff(argc - 1, argv + 1);
	return cli_hand_to_pack(NULL, help, argc, argv);
}
