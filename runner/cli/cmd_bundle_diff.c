/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_bundle_diff.c - kennel bundle diff: what a new version of a bundle changes.
 * Owns: comparing two reports of the loader.  Must not know: the format, what is granted. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "cli/bundle_report.h"
#include "cli/cli.h"
#include "policy/limit.h"

enum { OLD, NEW, SIDES };
static const char *const side_names[SIDES] = { "old", "new" };
static const char marks[SIDES] = { '-', '+' };

struct sides {
	const struct bundle_report *r[SIDES];
};

/* ---- files ---- */

struct change {
	const struct loader_file *side[SIDES]; /* NULL: not there */
};

static bool same_file(const struct loader_file *a, const struct loader_file *b)
{
	return a->size_bytes == b->size_bytes && a->executable == b->executable &&
	       memcmp(a->digest, b->digest, DIGEST_BYTES) == 0;
}

/* manifest.json comes first on both sides, the rest ascends. */
static int compare_at(const struct sides *s, const size_t at[SIDES])
{
	const bool ends[SIDES] = { at[OLD] == s->r[OLD]->file_count,
				   at[NEW] == s->r[NEW]->file_count };

	if (ends[OLD] || ends[NEW])
		return ends[OLD] - ends[NEW];
	if (at[OLD] == 0 || at[NEW] == 0)
		return at[OLD] == 0 ? (at[NEW] == 0 ? 0 : -1) : 1;
	return strcmp(s->r[OLD]->files[at[OLD]].path, s->r[NEW]->files[at[NEW]].path);
}

/* The next file that is not the same on both sides; false at the end. */
static bool next_change(const struct sides *s, size_t at[SIDES], struct change *ret)
{
	while (at[OLD] < s->r[OLD]->file_count || at[NEW] < s->r[NEW]->file_count) {
		int order = compare_at(s, at);

		*ret = (struct change){ 0 };
		if (order <= 0)
			ret->side[OLD] = &s->r[OLD]->files[at[OLD]++];
		if (order >= 0)
			ret->side[NEW] = &s->r[NEW]->files[at[NEW]++];
		if (order != 0 || !same_file(ret->side[OLD], ret->side[NEW]))
			return true;
	}
	return false;
}

/* ---- what it asks ---- */

static bool has_scope(const struct manifest *m, const struct scope_rule *rule)
{
	for (size_t i = 0; i < m->scope_count; i++)
		if (m->scopes[i].permission == rule->permission &&
		    m->scopes[i].deny == rule->deny && !strcmp(m->scopes[i].glob, rule->glob))
			return true;
	return false;
}

static bool has_rule(const struct manifest *m, const struct file_rule *rule)
{
	for (size_t i = 0; i < m->file_count; i++)
		if (m->files[i].root == rule->root && m->files[i].access == rule->access &&
		    !strcmp(m->files[i].path, rule->path))
			return true;
	return false;
}

/* The fields that say what runs, as text of both sides. */
struct field {
	const char *name;
	char side[SIDES][BUNDLE_PATH_MAX + 1];
};
enum { FIELDS = 7 };

static void fill_fields(const struct sides *s, struct field f[FIELDS])
{
	static const char *const names[FIELDS] = { "name",    "version", "counter", "entry",
						   "runtime", "jit",	 "native" };

	for (size_t i = 0; i < SIDES; i++) {
		const struct manifest *m = &s->r[i]->manifest;
		const char *runtime = runtime_name(m->runtime);
		char counter[24];
		const char *values[FIELDS] = { m->name,
					       m->version,
					       counter,
					       m->entry,
					       runtime ? runtime : "?",
					       m->jit ? "yes" : "no",
					       m->native ? "yes" : "no" };

		(void)snprintf(counter, sizeof(counter), "%" PRIu64, s->r[i]->end.counter);
		for (size_t k = 0; k < FIELDS; k++) {
			f[k].name = names[k];
			(void)copy_str(f[k].side[i], sizeof(f[k].side[i]), values[k]);
		}
	}
}

/* ---- as text ---- */

static void print_heads(const struct sides *s)
{
	for (size_t i = 0; i < SIDES; i++) {
		const struct bundle_report *r = s->r[i];
		char hex[DIGEST_HEX_BYTES], name[NAME_MAX_BYTES], version[VERSION_MAX_BYTES];

		hex_encode(r->identity.bundle_id, DIGEST_BYTES, hex);
		(void)printf("%s   %s %s, %u files, %" PRIu64 " bytes, %s\n      %s\n",
			     side_names[i], cli_safe(r->manifest.name, name, sizeof(name)),
			     cli_safe(r->manifest.version, version, sizeof(version)), r->end.files,
			     r->end.unpacked_bytes,
			     r->identity.trusted_count ? "verified"
						       : "UNTRUSTED: anybody may have written it",
			     hex);
	}
}

static void print_fields(const struct sides *s)
{
	struct field fields[FIELDS];
	char before[BUNDLE_PATH_MAX + 1], after[BUNDLE_PATH_MAX + 1];

	fill_fields(s, fields);
	for (size_t i = 0; i < FIELDS; i++)
		if (strcmp(fields[i].side[OLD], fields[i].side[NEW]) != 0)
			(void)printf("~ %-10s %s -> %s\n", fields[i].name,
				     cli_safe(fields[i].side[OLD], before, sizeof(before)),
				     cli_safe(fields[i].side[NEW], after, sizeof(after)));
	for (int i = 0; i < LIMIT_COUNT; i++) {
		uint64_t a = limit_get(&s->r[OLD]->manifest.limits, (enum limit_id)i);
		uint64_t b = limit_get(&s->r[NEW]->manifest.limits, (enum limit_id)i);

		if (a != b)
			(void)printf("~ limit      %s %" PRIu64 " -> %" PRIu64 "\n",
				     limit_info((enum limit_id)i)->key, a, b);
	}
}

static void print_asked(const struct sides *s)
{
	char safe[VAULT_PATH_MAX];

	for (size_t i = 0; i < SIDES; i++) {
		const struct manifest *m = &s->r[i]->manifest, *other = &s->r[1 - i]->manifest;

		for (unsigned int p = 0; p < PERM_COUNT; p++)
			if (m->permissions & ~other->permissions & PERM_BIT(p))
				(void)printf("%c permission %s\n", marks[i], permission_name(p));
		for (size_t k = 0; k < m->scope_count; k++)
			if (!has_scope(other, &m->scopes[k]))
				(void)printf("%c scope      %s %s %s\n", marks[i],
					     permission_name(m->scopes[k].permission),
					     m->scopes[k].deny ? "not" : "in",
					     cli_safe(m->scopes[k].glob, safe, sizeof(safe)));
		for (size_t k = 0; k < m->file_count; k++)
			if (!has_rule(other, &m->files[k]))
				(void)printf("%c files      %s:/%s %s\n", marks[i],
					     m->files[k].root == FILE_ROOT_VAULT ? "vault" : "data",
					     cli_safe(m->files[k].path, safe, sizeof(safe)),
					     m->files[k].access & FILE_ACCESS_WRITE ? "write"
										    : "read");
	}
}

static void print_files(const struct sides *s)
{
	size_t at[SIDES] = { 0 };
	struct change c;
	char safe[BUNDLE_PATH_MAX + 1];

	while (next_change(s, at, &c)) {
		const struct loader_file *any = c.side[NEW] ? c.side[NEW] : c.side[OLD];

		(void)cli_safe(any->path, safe, sizeof(safe));
		if (c.side[OLD] && c.side[NEW])
			(void)printf("~ file       %s  %" PRIu64 " -> %" PRIu64 " bytes%s\n", safe,
				     c.side[OLD]->size_bytes, c.side[NEW]->size_bytes,
				     c.side[OLD]->executable == c.side[NEW]->executable ? ""
				     : any->executable ? ", now executable"
						       : ", no longer executable");
		else
			(void)printf("%c file       %s  %" PRIu64 " bytes%s\n",
				     marks[c.side[NEW] ? NEW : OLD], safe, any->size_bytes,
				     any->executable ? ", executable" : "");
	}
}

/* ---- as JSON ---- */

static json_t *head_json(const struct bundle_report *r)
{
	char hex[DIGEST_HEX_BYTES];

	hex_encode(r->identity.bundle_id, DIGEST_BYTES, hex);
	return json_pack("{ss, sb, ss, ss, sI, sb, sI, sI}", "bundleId", hex, "verified",
			 r->identity.trusted_count > 0, "name", r->manifest.name, "version",
			 r->manifest.version, "counter", (json_int_t)r->end.counter, "native",
			 r->manifest.native, "files", (json_int_t)r->end.files, "unpackedBytes",
			 (json_int_t)r->end.unpacked_bytes);
}

/* What m asks that other does not. */
static json_t *asked_json(const struct manifest *m, const struct manifest *other)
{
	json_t *permissions = json_array(), *scopes = json_array(), *rules = json_array();

	for (unsigned int p = 0; p < PERM_COUNT; p++)
		if (m->permissions & ~other->permissions & PERM_BIT(p))
			(void)json_array_append_new(permissions, json_string(permission_name(p)));
	for (size_t i = 0; i < m->scope_count; i++)
		if (!has_scope(other, &m->scopes[i]))
			(void)json_array_append_new(
				scopes, json_pack("{ss, sb, ss}", "permission",
						  permission_name(m->scopes[i].permission), "deny",
						  m->scopes[i].deny, "glob", m->scopes[i].glob));
	for (size_t i = 0; i < m->file_count; i++)
		if (!has_rule(other, &m->files[i]))
			(void)json_array_append_new(
				rules,
				json_pack("{ss, ss, sb}", "root",
					  m->files[i].root == FILE_ROOT_VAULT ? "vault" : "data",
					  "path", m->files[i].path, "write",
					  m->files[i].access & FILE_ACCESS_WRITE));
	return json_pack("{so, so, so}", "permissions", permissions, "scopes", scopes, "files",
			 rules);
}

static json_t *fields_json(const struct sides *s)
{
	struct field fields[FIELDS];
	json_t *all = json_object();

	fill_fields(s, fields);
	for (size_t i = 0; i < FIELDS; i++)
		if (strcmp(fields[i].side[OLD], fields[i].side[NEW]) != 0)
			(void)json_object_set_new(all, fields[i].name,
						  json_pack("{ss, ss}", "old", fields[i].side[OLD],
							    "new", fields[i].side[NEW]));
	for (int i = 0; i < LIMIT_COUNT; i++) {
		uint64_t a = limit_get(&s->r[OLD]->manifest.limits, (enum limit_id)i);
		uint64_t b = limit_get(&s->r[NEW]->manifest.limits, (enum limit_id)i);
		char name[NAME_MAX_BYTES];

		(void)snprintf(name, sizeof(name), "limits.%.40s",
			       limit_info((enum limit_id)i)->key);
		if (a != b)
			(void)json_object_set_new(
				all, name,
				json_pack("{sI, sI}", "old", (json_int_t)a, "new", (json_int_t)b));
	}
	return all;
}

static json_t *files_json(const struct sides *s)
{
	json_t *added = json_array(), *removed = json_array(), *changed = json_array();
	size_t at[SIDES] = { 0 };
	struct change c;

	while (next_change(s, at, &c)) {
		if (c.side[OLD] && c.side[NEW])
			(void)json_array_append_new(
				changed, json_pack("{ss, sI, sI, sb}", "path", c.side[NEW]->path,
						   "oldSize", (json_int_t)c.side[OLD]->size_bytes,
						   "newSize", (json_int_t)c.side[NEW]->size_bytes,
						   "executable", c.side[NEW]->executable));
		else if (c.side[NEW])
			(void)json_array_append_new(
				added, json_pack("{ss, sI, sb}", "path", c.side[NEW]->path, "size",
						 (json_int_t)c.side[NEW]->size_bytes, "executable",
						 c.side[NEW]->executable));
		else
			(void)json_array_append_new(
				removed, json_pack("{ss, sI}", "path", c.side[OLD]->path, "size",
						   (json_int_t)c.side[OLD]->size_bytes));
	}
	return json_pack("{so, so, so}", "added", added, "removed", removed, "changed", changed);
}

static int print_json(const struct sides *s)
{
	const struct manifest *before = &s->r[OLD]->manifest, *after = &s->r[NEW]->manifest;
	CLEANUP(json_decref_p)
	json_t *j = json_pack("{so, so, so, so, so, so}", "old", head_json(s->r[OLD]), "new",
			      head_json(s->r[NEW]), "changed", fields_json(s), "gained",
			      asked_json(after, before), "lost", asked_json(before, after), "files",
			      files_json(s));

	if (!j) {
		(void)fprintf(stderr, "kennel: E_NOMEM: JSON\n");
		return err_exit_status(ERR_NOMEM);
	}
	return cli_print_json(j);
}

/* ---- the command ---- */

static int compare(const struct cli_args *a, const char *public_key, const char *folder)
{
	CLEANUP(bundle_report_free_p) struct bundle_report *before = NULL;
	CLEANUP(bundle_report_free_p) struct bundle_report *after = NULL;
	struct bundle_report **const reports[SIDES] = { &before, &after };
	struct err e = { 0 };
	struct sides s;

	if (!strcmp(a->words.value[OLD], "-") && !strcmp(a->words.value[NEW], "-")) {
		(void)err_set(&e, ERR_USAGE, "standard input holds one of them, not both");
		return bundle_refuse(&e, "-", a->json);
	}
	for (size_t i = 0; i < SIDES; i++) {
		CLEANUP_FD int trust = -1;

		if (bundle_report_open_trust(public_key, folder, &trust, &e) < 0 ||
		    bundle_report_read("show", a->words.value[i], trust, reports[i], &e) < 0)
			return bundle_refuse(&e, a->words.value[i], a->json);
		s.r[i] = *reports[i];
	}
	if (a->json)
		return print_json(&s);
	print_heads(&s);
	print_fields(&s);
	print_asked(&s);
	print_files(&s);
	return fflush(stdout) == EOF ? err_exit_status(ERR_IO) : 0;
}

int cmd_bundle_diff(int argc, char **argv)
{
	const char *public_key = NULL, *folder = NULL;
	const struct cli_option options[] = { BUNDLE_TRUST_OPTIONS(public_key, folder) };
	const struct cli_spec spec = {
		.usage = "kennel bundle diff OLD NEW [-p PUB | --trust DIR] [--json]",
		.about =
			"What NEW changes against OLD: version, native code, permissions and scopes gained (+) and lost (-),\n"
			"limits, files with their sizes. With a key, what it signed is verified to its last byte; without one,\n"
			"or signed by another, it is marked UNTRUSTED.",
		.more = "Exit status: 0 compared, whether they differ or not; 2, 10, 11, 12, 13 as for verify.\n\n"
			"Examples:\n"
			"  kennel bundle diff linker-1.2.kennel linker-1.3.kennel -p acme.key.pub\n"
			"  kennel bundle diff old.kennel new.kennel --json | jq .gained.permissions",
		.options = options,
		.option_count = countof(options),
		.words_min = 2,
		.words_max = 2,
	};
	struct cli_args a;
	int status = cli_parse(&spec, argc, argv, &a);

	return status == CLI_GO ? compare(&a, public_key, folder) : status;
}
