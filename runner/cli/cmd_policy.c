/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_policy.c - grant, explain. Owns: how a grant reads.  Must not know: how it is enforced. */
#include "base/bytes.h"
#include "base/cleanup.h"
#include "cli/ask.h"
#include "policy/explain.h"

#define EXPLAIN_TEXT_MAX 65536u

static void print_list(const char *title, const json_t *list)
{
	json_t *v;
	size_t i;

	if (!json_array_size(list))
		return;
	(void)printf(" %s", title);
	json_array_foreach(list, i, v) {
		char buf[CLI_CELL_MAX];

		(void)printf("%s%s", i ? "," : " ",
			     cli_safe(json_string_value(v) ? json_string_value(v) : "?", buf,
				      sizeof(buf)));
	}
}

static void print_rights(const json_t *side, const json_t *reasons)
{
	const json_t *scopes = json_object_get(side, "scopes");
	json_t *v;
	size_t i;

	if (!json_array_size(json_object_get(side, "permissions")))
		(void)printf("  nothing\n");
	json_array_foreach(json_object_get(side, "permissions"), i, v) {
		const char *name = json_string_value(v) ? json_string_value(v) : "?";
		const json_t *scope = json_object_get(scopes, name);
		char buf[CLI_CELL_MAX];

		(void)printf("  %-18s", cli_safe(name, buf, sizeof(buf)));
		print_list("on", json_object_get(scope, "allow"));
		print_list("not", json_object_get(scope, "deny"));
		if (json_object_get(reasons, name))
			(void)printf("  \"%s\"", cli_text(reasons, name, buf));
		(void)printf("\n");
	}
}

static void print_grant(const json_t *r)
{
	const json_t *asked = json_object_get(r, "asked"), *grant = json_object_get(r, "grant");
	char a[CLI_CELL_MAX], b[CLI_CELL_MAX];

	(void)printf("%s in tenant %s\nasks:\n", cli_text(r, "plugin", a),
		     cli_text(r, "tenant", b));
	print_rights(asked, json_object_get(asked, "reasons"));
	(void)printf("is granted:\n");
	if (json_is_null(grant))
		(void)printf("  nothing\n");
	else
		print_rights(grant, NULL);
	cli_print_leaks("careful:", json_object_get(grant, "permissions"));
	if (json_is_true(json_object_get(grant, "files")))
		(void)printf("  and its files rules\n");
}

/* The parameters "grant" and "add", when anything is to change. */
static int put_change(struct cli_args *a, const struct grant_words *words,
		      const struct cli_list *more, bool revoke, struct err *e)
{
	struct grant_words all = *words;
	const bool replaces = words->perms.count || words->all || words->files;

	if (more->count && (replaces || revoke))
		return err_set(e, ERR_USAGE,
			       "--add goes on from what is granted; the others replace it");
	if (revoke && replaces)
		return err_set(e, ERR_USAGE, "--revoke takes everything back; it grants nothing");
	if (more->count)
		all.perms = *more;
	if (cli_put_grant(a, &all, e) < 0)
		return -1;
	if (more->count)
		(void)json_object_set_new(cli_params(a), "add", json_true());
	if (revoke)
		(void)json_object_set_new(cli_params(a), "grant", json_null());
	return 0;
}

int cmd_grant(int argc, char **argv)
{
	bool revoke = false;
	struct grant_words words = { 0 };
	struct cli_list more = { 0 };
	const struct cli_option options[] = {
		CLI_TENANT_OF_PLUGIN,
		{ .name = "--add",
		  .value = "PERM[=GLOB,...]",
		  .help = "grant this beside what is granted already",
		  .list = &more },
		{ .name = "--grant",
		  .value = "PERM[=GLOB,...]",
		  .help = "grant one permission, on these notes; !GLOB takes out again",
		  .list = &words.perms },
		{ .name = "--grant-files",
		  .help = "allow the manifest's files rules, inside readNotes' scope",
		  .flag = &words.files },
		{ .name = "--grant-all-asked",
		  .help = "grant what the manifest asks, spelled out",
		  .flag = &words.all },
		{ .name = "--revoke", .help = "take everything back", .flag = &revoke },
	};
	const struct cli_spec spec = {
		.usage = "kennel grant PLUGIN [OPTION]...",
		.about =
			"Without --add, --grant or --revoke: shows what the plugin asks, why it says it needs it, and what it is\n"
			"granted. --grant replaces the whole grant. A running plugin is started anew under it at once.",
		.more = "  kennel grant ai-auto-linker\n"
			"  kennel grant ai-auto-linker --add 'readNotes=Diary/**'\n"
			"  kennel grant ai-auto-linker --grant 'readNotes=**,!Diary/**' --grant 'writeLinks=Projects/**'",
		CLI_OF_PLUGIN(options),
	};
	CLEANUP(cli_args_free) struct cli_args a = { 0 };
	CLEANUP(json_decref_p) json_t *result = NULL;
	struct err e = { 0 };
	bool change;
	int r = cli_parse(&spec, argc, argv, &a);

	if (r != CLI_GO)
		return r;
	if (put_change(&a, &words, &more, revoke, &e) < 0)
		return cli_fail(&e);
	change = json_object_get(a.params, "grant") != NULL;
	r = cli_answer(
		&(struct ask){ .args = &a, .method = change ? "grant.set" : "grant.get", .fd = -1 },
		&result);
	if (r != CLI_GO)
		return r;
	print_grant(result);
	return 0;
}

static int print_explained(const json_t *result)
{
	static char text[EXPLAIN_TEXT_MAX];
	struct err e = { 0 };
	struct writer w;

	writer_init(&w, text, sizeof(text));
	if (explain_print(json_object_get(result, "explain"), &w) < 0) {
		(void)err_set(&e, ERR_PROTOCOL,
			      "the supervisor explained in another form than this program knows");
		return cli_fail(&e);
	}
	(void)fputs(text, stdout);
	if (json_object_get(result, "refused"))
		(void)printf("As it is, it does not start: %s\n",
			     cli_text(result, "refused", (char[CLI_CELL_MAX]){ 0 }));
	return 0;
}

int cmd_explain(int argc, char **argv)
{
	static const struct cli_command c = {
		.spec = {
			.usage = "kennel explain PLUGIN [OPTION]...",
			.about =
				"The whole policy: what the manifest asks, what its key, its tenant and its grant allow, what is left, and\n"
				"which part of the system enforces it.",
			CLI_OF_PLUGIN(cli_tenant_of_plugin),
		},
		.method = "explain",
		.print = print_explained,
	};

	return cli_command(&c, argc, argv);
}
