/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_undo.c - kennel undo: what a plugin changed is put back, note by note.
 * Owns: what is said of each.  Must not know: how changes are read or written. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/ask.h"
#include "cli/auditlog.h"
#include "cli/changes.h"
#include "proto/broker_link.h"

struct undo_options {
	const char *plugin;
	const char *tenant;
	const char *since;
	const char *state;
	bool dry_run;
};

/* What is put back is what the log says; so the log must be what was written. The line that a crash
 * tore is no record of a change that took effect: those are durable first. */
static int check_log(const struct undo_options *o, struct err *e)
{
	int status;

	if (auditlog_verify(o->state, o->tenant, false, -1, &status, e) < 0)
		return -1;
	if (status != 0 && status != err_exit_status(ERR_AUDIT_TORN))
		return err_set(
			e,
			status == err_exit_status(ERR_AUDIT_TAMPERED) ? ERR_AUDIT_TAMPERED
								      : ERR_AUDIT_UNVERIFIABLE,
			"the audit log of tenant %s does not hold, so nothing is put back; see "
			"kennel audit verify",
			o->tenant);
	return 0;
}

static int read_plan(const struct undo_options *o, struct changes *ret, struct err *e)
{
	char since[32];
	struct changes_of of = { .plugin = o->plugin, .since = since, .all = ret };

	if (!name_is_valid(o->plugin))
		return err_set(e, ERR_USAGE, "not a plugin's name");
	if (changes_since(o->since, clock_wall_s(), since, e) < 0 || check_log(o, e) < 0 ||
	    auditlog_walk(o->state, o->tenant, changes_take, &of, e) < 0)
		return -1;
	return changes_plan(ret, e);
}

static int put_back(const struct cli_args *a, const struct undo_options *o,
		    const struct undo_step *s, struct err *e)
{
	CLEANUP(json_decref_p) json_t *result = NULL;
	struct ask ask = { .args = a, .method = "undo", .fd = -1 };

	ask.params = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "plugin", o->plugin, "tenant",
			       o->tenant, "note", s->last->note, "expect", s->last->to, "restore",
			       s->first->from, "dryRun", o->dry_run);
	if (!ask.params)
		return err_set(e, ERR_NOMEM, "undo");
	return cli_ask(&ask, &result, e);
}

static json_t *describe(const struct undo_step *s, const struct err *why)
{
	json_t *j = json_pack("{s:s, s:I, s:I, s:s, s:s, s:s, s:b}", "note", s->last->note,
			      "changes", (json_int_t)s->changes, "kept", (json_int_t)s->kept,
			      "since", s->first->when, "from", s->last->to, "to", s->first->from,
			      "done", why == NULL);

	if (j && why) {
		(void)json_object_set_new(j, "error", json_string(err_name(why->code)));
		(void)json_object_set_new(j, "why", json_string(why->text));
	}
	return j;
}

static void print_step(const struct undo_options *o, const struct undo_step *s,
		       const struct err *why)
{
	char note[VAULT_PATH_MAX];

	(void)cli_safe(s->last->note, note, sizeof(note));
	if (why && why->code == ERR_EXISTS)
		(void)printf("kept     %s: edited since, so it stays as it is\n", note);
	else if (why)
		(void)printf("failed   %s: %s: %s\n", note, err_name(why->code), why->text);
	else
		(void)printf("%s  %s: %zu change(s), %s %.19sZ\n",
			     o->dry_run ? "would  " : "undone ", note, s->changes,
			     !strcmp(s->first->from, NOTE_NONE)
				     ? "and it goes: the plugin made it at"
				     : "to the text before",
			     s->first->when);
	if (s->kept > 0)
		(void)printf("         %zu earlier change(s) stay: somebody edited in between\n",
			     s->kept);
}

/* 0: all of it; the status of a refusal when something stays. */
static int run(const struct cli_args *a, const struct undo_options *o, struct changes *c)
{
	CLEANUP(json_decref_p) json_t *notes = json_array();
	CLEANUP(json_decref_p) json_t *all = NULL;
	size_t done = 0, kept = c->nameless;

	for (size_t i = 0; i < c->step_count; i++) {
		const struct undo_step *s = &c->steps[i];
		struct err e = { 0 };
		bool ok = put_back(a, o, s, &e) == 0;

		done += ok;
		kept += !ok + s->kept;
		if (a->json)
			(void)json_array_append_new(notes, describe(s, ok ? NULL : &e));
		else
			print_step(o, s, ok ? NULL : &e);
	}
	if (a->json) {
		all = json_pack("{s:s, s:s, s:b, s:O, s:I, s:I}", "plugin", o->plugin, "tenant",
				o->tenant, "dryRun", o->dry_run, "notes", notes, "undone",
				(json_int_t)done, "kept", (json_int_t)kept);
		(void)cli_print_json(all);
	} else {
		(void)printf("%zu note(s) %s, %zu kept\n", done,
			     o->dry_run ? "would be put back" : "put back", kept);
		if (c->nameless)
			(void)printf(
				"%zu change(s) of notes whose names are too long for the log\n",
				c->nameless);
	}
	return kept ? err_exit_status(ERR_REFUSED) : 0;
}

/* The tenant names the log: the plugin's, or the only one there is. */
static int find_tenant(const struct cli_args *a, struct undo_options *o, json_t **ret,
		       struct err *e)
{
	struct ask ask = { .args = a, .method = "ping", .params = json_object(), .fd = -1 };
	json_t *tenants;

	if (o->tenant)
		return 0;
	if (cli_ask(&ask, ret, e) < 0)
		return -1;
	tenants = json_object_get(*ret, "tenants");
	if (json_array_size(tenants) != 1)
		return err_set(e, ERR_USAGE, "this host has %zu tenants: say which with --tenant",
			       json_array_size(tenants));
	o->tenant = json_string_value(json_array_get(tenants, 0));
	return o->tenant ? 0 : err_set(e, ERR_PROTOCOL, "a tenant without a name");
}

int cmd_undo(int argc, char **argv)
{
	struct undo_options o = { 0 };
	const struct cli_option options[] = {
		{ .name = "--since",
		  .value = "TIME",
		  .help = "10m, 2h, 7d, 2026-11-27 or 2026-11-27T10:00:00Z",
		  .text = &o.since },
		{ .name = "--dry-run", .help = "say what would be done", .flag = &o.dry_run },
		{ .name = "--tenant",
		  .value = "NAME",
		  .help = "when the host has several",
		  .text = &o.tenant },
		{ .name = "--state",
		  .value = "DIR",
		  .help = "the state folder ($KENNEL_STATE, " DEFAULT_STATE ")",
		  .text = &o.state },
	};
	const struct cli_spec spec = {
		.usage = "kennel undo PLUGIN --since TIME [OPTION]...",
		.about =
			"Puts back what a plugin changed in notes since then, as the audit log has it: former texts, and notes\n"
			"it deleted; notes it made go. A note that was edited since stays as it is, and is named; so do changes\n"
			"with another's edit in between. The log is verified first. Each note is put on record, and what is\n"
			"replaced is kept like any prior text. The plugin is not told of it. Exit status: 0 all of it, 126\n"
			"something stays.",
		.more = "  kennel undo ai-auto-linker --since 2h --dry-run\n"
			"  kennel stop ai-auto-linker && kennel undo ai-auto-linker --since 2026-11-27",
		.options = options,
		.option_count = countof(options),
		.words_min = 1,
		.words_max = 1,
	};
	CLEANUP(json_decref_p) json_t *tenants = NULL;
	struct changes changes = { 0 };
	struct cli_args a;
	struct err e = { 0 };
	int r = cli_parse(&spec, argc, argv, &a);

	if (r != CLI_GO)
		return r;
	o.plugin = a.words.value[0];
	if (!o.state)
		o.state = getenv("KENNEL_STATE");
	if (!o.state)
		o.state = DEFAULT_STATE;
	if (!o.since)
		r = cli_fail(
			((void)err_set(&e, ERR_USAGE, "--since is missing: see kennel undo --help"),
			 &e));
	else if (find_tenant(&a, &o, &tenants, &e) < 0 || read_plan(&o, &changes, &e) < 0)
		r = cli_fail(&e);
	else
		r = run(&a, &o, &changes);
	changes_free_p(&changes);
	cli_args_free(&a);
	return r;
}
