/* SPDX-License-Identifier: Apache-2.0 */
/* test_calls.c - what the host API's methods do once the gate said yes: what they show, what they
 * change, what stays on record.
 * tests: runner/broker/call_notes.c runner/broker/call_links.c
 * tests: runner/broker/call_search.c runner/broker/call_write.c
 * tests: runner/broker/page.c runner/broker/call_host.c runner/broker/call.c
 * tests: runner/broker/change.c */
#include "tests/lib/gate_fixture.h"

static void a_write_is_announced_done_and_kept(void **state)
{
	struct fixture *x = *state;
	CLEANUP(free_p) char *now = NULL;
	CLEANUP(buffer_free_p) struct buffer kept = { 0 };
	struct audit_record done;
	char write[512], path[128], detail[256];
	json_t *result;

	become(x, GRANT_IN);
	(void)snprintf(
		write, sizeof(write),
		"{\"note\":\"In/a.md\",\"baseRevision\":\"%s\",\"add\":[{\"target\":\"In/Topic.md\",\"anchor\":\"Topic\"},"
		"{\"target\":\"Out/o.md\"},{\"target\":\"In/none.md\"},{\"target\":\"In/a.md\"}]}",
		x->revision);
	assert_int_equal(ask(x, "writeLinks", write, 1000, &result), 0);
	now = get_note(&x->f, "In/a.md");
	assert_string_equal(now, "A note about [[Topic]] and foo.\n");
	assert_int_equal(json_array_size(json_object_get(result, "added")), 1);
	assert_int_equal(json_array_size(json_object_get(result, "skipped")), 3);
	/* hidden and absent notes cannot be told apart */
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(json_object_get(result, "skipped"), 0), "why")),
			    json_string_value(json_object_get(
				    json_array_get(json_object_get(result, "skipped"), 1), "why")));
	assert_string_equal(json_string_value(json_object_get(result, "revision")),
			    vault_find(x->host.vault, "In/a.md")->revision);
	assert_int_equal(audit_count(x->audit, "cap.intent", "allow"), 1);
	assert_int_equal(audit_count(x->audit, "cap.done", "allow"), 1);
	assert_int_equal(audit_count(x->audit, "deny", "E_SCOPE"), 1);
	done = audit_last(x->audit);
	assert_string_equal(done.event, "cap.done");
	assert_string_equal(done.method, "links.write");
	assert_string_equal(done.cap, "writeLinks");
	assert_string_equal(done.object, "In/a.md");
	assert_string_equal(done.plugin, "linker");
	assert_string_equal(done.tenant, "default");
	assert_int_equal(done.class, AUDIT_DURABLE);
	(void)snprintf(detail, sizeof(detail), "from %s to %s", x->revision,
		       vault_find(x->host.vault, "In/a.md")->revision);
	assert_non_null(strstr(done.detail, detail));
	(void)snprintf(path, sizeof(path), "history/%s", x->revision);
	assert_int_equal(fs_read_file(x->f.state, path, NOTE_MAX, &kept, NULL), 0);
	assert_string_equal((char *)kept.p, NOTE_TEXT);
	json_decref(result);
	/* again with the old revision: a conflict that names the new one */
	assert_int_equal(ask(x, "links.write", write, 1000, &result), RPC_CONFLICT);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(result, "data"), "revision")),
		vault_find(x->host.vault, "In/a.md")->revision);
	json_decref(result);
}

static void an_anchor_needs_the_right_to_read(void **state)
{
	struct fixture *x = *state;
	struct policy p;
	char write[512];

	policy_make(&p, "linker", PERM_BIT(PERM_WRITE_LINKS) | PERM_BIT(PERM_READ_METADATA));
	policy_scope(&p, PERM_WRITE_LINKS, "In/**", false);
	policy_scope(&p, PERM_READ_METADATA, "In/**", false);
	subject_init(&x->who, 7, &p, 1000);
	(void)snprintf(
		write, sizeof(write),
		"{\"note\":\"In/a.md\",\"baseRevision\":\"%s\",\"add\":[{\"target\":\"In/Topic.md\","
		"\"anchor\":\"foo\"}]}",
		x->revision);
	assert_int_equal(ask(x, "links.write", write, 1000, NULL), RPC_SCOPE_DENIED);
	(void)snprintf(
		write, sizeof(write),
		"{\"note\":\"In/a.md\",\"baseRevision\":\"%s\",\"add\":[{\"target\":\"In/Topic.md\"}]}",
		x->revision);
	assert_int_equal(ask(x, "links.write", write, 1000, NULL), 0);
}

static void a_list_shows_only_what_may_be_seen(void **state)
{
	struct fixture *x = *state;
	char params[CURSOR_TEXT_BYTES + 64] = "{\"limit\":1}";
	size_t seen = 0;

	become(x, GRANT_IN);
	for (int pages = 0; pages < 10; pages++) {
		json_t *result, *notes;
		const char *cursor;

		assert_int_equal(ask(x, "notes.list", params, 1000, &result), 0);
		notes = json_object_get(result, "notes");
		for (size_t i = 0; i < json_array_size(notes); i++) {
			const char *path = json_string_value(
				json_object_get(json_array_get(notes, i), "path"));

			assert_true(!strcmp(path, "In/a.md") || !strcmp(path, "In/Topic.md"));
			seen++;
		}
		cursor = json_string_value(json_object_get(result, "cursor"));
		if (cursor)
			(void)snprintf(params, sizeof(params), "{\"limit\":1,\"cursor\":\"%s\"}",
				       cursor);
		json_decref(result);
		if (!cursor)
			break;
	}
	assert_int_equal(seen, 2);
	become(x, GRANT_NO_SCOPE);
	{
		json_t *result;

		assert_int_equal(ask(x, "notes.list", "{}", 1000, &result), 0);
		assert_int_equal(json_array_size(json_object_get(result, "notes")), 0);
		json_decref(result);
	}
}

/* How many notes a search finds, following its cursors; -1: one that must not be seen. */
static int found(struct fixture *x, const char *query, bool *ret_snippet)
{
	char params[CURSOR_TEXT_BYTES + 256], cursor[CURSOR_TEXT_BYTES] = "";
	int n = 0;

	*ret_snippet = false;
	do {
		json_t *result, *note;
		size_t i;

		(void)snprintf(params, sizeof(params), "{\"query\":\"%s\",\"limit\":1%s%s%s}",
			       query, cursor[0] ? ",\"cursor\":\"" : "", cursor,
			       cursor[0] ? "\"" : "");
		assert_int_equal(ask(x, "notes.search", params, 1000, &result), 0);
		json_array_foreach(json_object_get(result, "notes"), i, note) {
			const char *path = json_string_value(json_object_get(note, "path"));

			if (!strncmp(path, "Out/", 4) || !strncmp(path, "In/private/", 11))
				n = -1000;
			assert_true(json_integer_value(json_object_get(note, "score")) > 0);
			*ret_snippet = json_object_get(note, "snippet") != NULL;
			n++;
		}
		(void)snprintf(cursor, sizeof(cursor), "%s",
			       json_object_get(result, "cursor")
				       ? json_string_value(json_object_get(result, "cursor"))
				       : "");
		json_decref(result);
	} while (cursor[0]);
	return n;
}

static void a_search_sees_only_its_scope(void **state)
{
	static const struct {
		const char *query;
		int notes;
	} queries[] = { { "topic", 2 },	       { "TOPIC foo", 1 }, { "out", 1 /* "about" */ },
			{ "secret", 0 },       { "absent", 0 },	   { "note", 1 },
			{ "\u00fcber", 1 }, { "a", 1 } };
	struct fixture *x = *state;
	struct policy p;
	bool snippet;

	put_note(&x->f, "In/Topic.md",
		 "# Topic\n\xc3\xbc"
		 "ber\n");
	assert_int_equal(vault_rescan(x->host.vault, NULL, NULL, NULL), 0);
	become(x, GRANT_IN);
	for (size_t i = 0; i < countof(queries); i++)
		if (found(x, queries[i].query, &snippet) != queries[i].notes)
			fail_msg("%s: not %d notes", queries[i].query, queries[i].notes);
	assert_int_equal(found(x, "about", &snippet), 1);
	assert_true(snippet);
	/* what a note says is for those who may read it */
	policy_make(&p, "linker", PERM_BIT(PERM_SEARCH_NOTES));
	policy_scope(&p, PERM_SEARCH_NOTES, "In/**", false);
	subject_init(&x->who, 7, &p, 1000);
	assert_int_equal(found(x, "about", &snippet), 1);
	assert_false(snippet);
	become(x, GRANT_NO_SCOPE);
	assert_int_equal(found(x, "about", &snippet), 0);
}

static void assert_changed(struct fixture *x, const char *from, const char *to)
{
	struct audit_record done = audit_last(x->audit);
	char detail[256];

	(void)snprintf(detail, sizeof(detail), "from %s to %s", from, to);
	assert_string_equal(done.event, "cap.done");
	assert_non_null(strstr(done.detail, detail));
	assert_int_equal(done.class, AUDIT_DURABLE);
}

static void notes_are_written_made_and_deleted_on_record(void **state)
{
	struct fixture *x = *state;
	CLEANUP(free_p) char *now = NULL;
	CLEANUP(buffer_free_p) struct buffer kept = { 0 };
	char params[512], path[128], revision[DIGEST_HEX_BYTES], made[DIGEST_HEX_BYTES];
	struct stat st;

	become(x, GRANT_IN);
	note_revision("new", 3, revision);
	write_params(params, sizeof(params), "In/a.md", x->revision, "new");
	assert_int_equal(ask(x, "notes.write", params, 1000, NULL), 0);
	assert_changed(x, x->revision, revision);
	now = get_note(&x->f, "In/a.md");
	assert_string_equal(now, "new");
	assert_string_equal(vault_find(x->host.vault, "In/a.md")->revision, revision);
	(void)snprintf(path, sizeof(path), "history/%s", x->revision);
	assert_int_equal(fs_read_file(x->f.state, path, NOTE_MAX, &kept, NULL), 0);
	assert_int_equal(ask(x, "notes.write", params, 1000, NULL), RPC_CONFLICT);
	/* folders on the way are made, as open as the one they lie in */
	write_params(params, sizeof(params), "In/deep/er/n.md", NULL, "made");
	note_revision("made", 4, made);
	assert_int_equal(ask(x, "notes.create", params, 1000, NULL), 0);
	assert_changed(x, NOTE_NONE, made);
	assert_int_equal(fstatat(x->f.vault, "In/deep/er", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(fstatat(x->f.vault, "In/deep/er/n.md", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(ask(x, "notes.create", params, 1000, NULL), RPC_CONFLICT);
	/* a wrong revision deletes nothing */
	write_params(params, sizeof(params), "In/deep/er/n.md", revision, NULL);
	assert_int_equal(ask(x, "notes.delete", params, 1000, NULL), RPC_CONFLICT);
	write_params(params, sizeof(params), "In/deep/er/n.md", made, NULL);
	assert_int_equal(ask(x, "notes.delete", params, 1000, NULL), 0);
	assert_changed(x, made, NOTE_NONE);
	assert_int_equal(fstatat(x->f.vault, "In/deep/er/n.md", &st, 0), -1);
	assert_null(vault_find(x->host.vault, "In/deep/er/n.md"));
}

static void a_flood_of_notes_is_slowed_down(void **state)
{
	enum { TEXT = 900000, FLOOD = 100 };
	struct fixture *x = *state;
	CLEANUP(free_p) char *params = malloc(TEXT + 256), *text = malloc(TEXT + 1);
	json_t *error = NULL;
	int made = 0, r = 0;

	become(x, GRANT_IN);
	memset(text, 'x', TEXT);
	text[TEXT] = '\0';
	while (r == 0 && made < FLOOD) {
		char note[32];

		(void)snprintf(note, sizeof(note), "In/f%d.md", made);
		write_params(params, TEXT + 256, note, NULL, text);
		r = ask(x, "notes.create", params, 1000, &error);
		made += r == 0;
		if (r == 0)
			json_decref(error);
	}
	assert_int_equal(r, RPC_RATE_LIMITED);
	assert_int_equal(made, WRITE_BYTES_BURST / TEXT);
	assert_true(json_integer_value(
			    json_object_get(json_object_get(error, "data"), "retryAfterMs")) > 0);
	json_decref(error);
	assert_int_equal(audit_count(x->audit, "deny", "E_RATE"), 1);
	assert_int_equal(ask(x, "notes.create", params, 61000, NULL), 0);
}

/* Links that lead out of the vault, and things that are no notes, in the way of a new one. */
static void a_new_note_goes_nowhere_else(void **state)
{
	struct fixture *x = *state;
	char params[512];
	struct stat st;

	become(x, GRANT_IN);
	assert_int_equal(symlinkat("/tmp", x->f.vault, "In/link"), 0);
	assert_int_equal(symlinkat("../Out", x->f.vault, "In/inner"), 0);
	assert_int_equal(symlinkat("/tmp/kennel-dangling.md", x->f.vault, "In/dangling.md"), 0);
	assert_int_equal(mkdirat(x->f.vault, "In/folder.md", 0700), 0);
	write_params(params, sizeof(params), "In/link/kennel-x.md", NULL, "x");
	assert_int_equal(ask(x, "notes.create", params, 1000, NULL), RPC_BACKEND);
	assert_int_equal(stat("/tmp/kennel-x.md", &st), -1);
	write_params(params, sizeof(params), "In/inner/x.md", NULL, "x");
	assert_int_equal(ask(x, "notes.create", params, 1000, NULL), RPC_BACKEND);
	assert_int_equal(fstatat(x->f.vault, "Out/x.md", &st, 0), -1);
	write_params(params, sizeof(params), "In/dangling.md", NULL, "x");
	assert_int_equal(ask(x, "notes.create", params, 1000, NULL), RPC_CONFLICT);
	assert_int_equal(stat("/tmp/kennel-dangling.md", &st), -1);
	write_params(params, sizeof(params), "In/folder.md", NULL, "x");
	assert_int_equal(ask(x, "notes.create", params, 1000, NULL), RPC_CONFLICT);
	write_params(params, sizeof(params), "In/a.md/x.md", NULL, "x");
	assert_int_not_equal(ask(x, "notes.create", params, 1000, NULL), 0);
	write_params(params, sizeof(params), "In/dangling.md", x->revision, NULL);
	assert_int_equal(ask(x, "notes.delete", params, 1000, NULL), RPC_NOT_FOUND);
}

/* Notes with as many and as long aliases as there can be: a page stays far below a frame. */
static void a_page_has_bounded_bytes(void **state)
{
	enum { NOTES = 60, FRONT = 64 * 140 };
	struct fixture *x = *state;
	char params[CURSOR_TEXT_BYTES + 64] = "{\"limit\":500}";
	size_t seen = 0, pages = 0;
	bool more;

	for (int i = 0; i < NOTES; i++) {
		char text[FRONT], path[32];
		int n = snprintf(text, sizeof(text), "---\naliases:\n");

		for (int k = 0; k < 64; k++)
			n += snprintf(text + n, sizeof(text) - (size_t)n, "- %0120d\n", k);
		n += snprintf(text + n, sizeof(text) - (size_t)n, "---\n");
		(void)snprintf(path, sizeof(path), "In/n%d.md", i);
		put_note_n(&x->f, path, text, (size_t)n);
	}
	assert_int_equal(vault_rescan(x->host.vault, NULL, NULL, NULL), 0);
	become(x, GRANT_IN);
	do {
		CLEANUP(free_p) char *text = NULL;
		const char *cursor;
		json_t *result;

		assert_int_equal(ask(x, "notes.list", params, 1000, &result), 0);
		text = json_dumps(result, JSON_COMPACT);
		assert_true(strlen(text) < WIRE_FRAME_MAX / 2);
		seen += json_array_size(json_object_get(result, "notes"));
		cursor = json_string_value(json_object_get(result, "cursor"));
		if (cursor)
			(void)snprintf(params, sizeof(params), "{\"limit\":500,\"cursor\":\"%s\"}",
				       cursor);
		more = cursor != NULL;
		json_decref(result);
		pages++;
	} while (more);
	assert_int_equal(seen, NOTES + 2);
	assert_true(pages > 1);
}

static void a_read_gives_the_note(void **state)
{
	struct fixture *x = *state;
	json_t *r;

	become(x, GRANT_IN);
	assert_int_equal(ask(x, "notes.read", "{\"note\":\"In/a.md\",\"_meta\":{\"deadlineMs\":5}}",
			     1000, &r),
			 0);
	assert_string_equal(json_string_value(json_object_get(r, "text")), NOTE_TEXT);
	assert_string_equal(json_string_value(json_object_get(r, "revision")), x->revision);
	assert_string_equal(json_string_value(json_object_get(r, "title")), "a");
	json_decref(r);
}

/* Ten thousand refusals: a few records at once, the rest counted, none lost. */
static void ambiguous_names_are_spelled_out(void **state)
{
	struct fixture *x = *state;
	CLEANUP(free_p) char *now = NULL;
	char write[512];

	put_note(&x->f, "In/sub/Topic.md", "other\n");
	assert_int_equal(vault_rescan(x->host.vault, NULL, NULL, NULL), 0);
	become(x, GRANT_IN);
	(void)snprintf(
		write, sizeof(write),
		"{\"note\":\"In/a.md\",\"baseRevision\":\"%s\",\"add\":[{\"target\":\"In/Topic.md\","
		"\"anchor\":\"Topic\"},{\"target\":\"In/sub/Topic.md\",\"anchor\":\"foo\"}]}",
		x->revision);
	assert_int_equal(ask(x, "links.write", write, 1000, NULL), 0);
	now = get_note(&x->f, "In/a.md");
	assert_string_equal(now, "A note about [[In/Topic|Topic]] and [[In/sub/Topic|foo]].\n");
}

static void a_plugin_learns_what_it_may(void **state)
{
	struct fixture *x = *state;
	json_t *r;

	become(x, GRANT_NOTHING);
	assert_int_equal(ask(x, "host.info", "{}", 1000, &r), 0);
	assert_int_equal(json_array_size(json_object_get(r, "methods")), gate_row_count());
	assert_string_equal(json_string_value(json_object_get(r, "protocol")), WIRE_PROTOCOL);
	json_decref(r);
	assert_int_equal(ask(x, "grants.query", "{}", 1000, &r), 0);
	assert_int_equal(json_array_size(json_object_get(r, "permissions")), 0);
	json_decref(r);
	become(x, GRANT_ASKED_ONLY);
	assert_int_equal(ask(x, "grants.query", "{}", 1000, &r), 0);
	assert_int_equal(json_array_size(json_object_get(r, "permissions")), 11);
	assert_string_equal(
		json_string_value(json_array_get(
			json_object_get(json_object_get(json_object_get(r, "asked"), "readNotes"),
					"deny"),
			0)),
		"In/private/**");
	assert_int_equal(json_object_size(json_object_get(r, "granted")), 0);
	json_decref(r);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_list_shows_only_what_may_be_seen),
		T(a_page_has_bounded_bytes),
		T(a_read_gives_the_note),
		T(a_search_sees_only_its_scope),
		T(notes_are_written_made_and_deleted_on_record),
		T(a_flood_of_notes_is_slowed_down),
		T(a_new_note_goes_nowhere_else),
		T(a_write_is_announced_done_and_kept),
		T(an_anchor_needs_the_right_to_read),
		T(ambiguous_names_are_spelled_out),
		T(a_plugin_learns_what_it_may),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
