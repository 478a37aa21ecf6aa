/* SPDX-License-Identifier: Apache-2.0 */
/* test_broker_undo.c - a prior text is put back on record, or not at all.
 * tests: runner/broker/undo.c */
#include "broker/undo.h"

#include "tests/lib/broker_fixture.h"

#define NOTE "Daily/a.md"
#define BEFORE "the text of a person\n"
#define AFTER "the text of a [[plugin]]\n"

struct fixture {
	struct folders f;
	struct audit_peer *audit;
	struct host host;
	struct broker_undo ask;
};

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));
	struct err e;

	folders_make(&x->f);
	x->audit = audit_start();
	x->host.ledger.sock = x->audit->ends[1];
	(void)copy_str(x->host.ledger.tenant, sizeof(x->host.ledger.tenant), "default");
	assert_int_equal(history_open(x->f.state, &x->host.history, &e), 0);
	assert_int_equal(vault_new(x->f.vault, &x->host.vault, &e), 0);
	put_note(&x->f, NOTE, AFTER);
	(void)copy_str(x->ask.plugin, sizeof(x->ask.plugin), "linker");
	(void)copy_str(x->ask.note, sizeof(x->ask.note), NOTE);
	note_revision(AFTER, strlen(AFTER), x->ask.expect);
	note_revision(BEFORE, strlen(BEFORE), x->ask.restore);
	assert_int_equal(
		history_save(&x->host.history, x->ask.restore, BEFORE, strlen(BEFORE), 0, &e), 0);
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	vault_free_p(&x->host.vault);
	history_close_p(&x->host.history);
	audit_stop(x->audit);
	folders_remove(&x->f);
	free(x);
	return 0;
}

static void assert_note(const struct fixture *x, const char *text)
{
	CLEANUP(free_p) char *now = get_note(&x->f, NOTE);

	assert_string_equal(now, text);
}

static void the_prior_text_comes_back_on_record(void **state)
{
	struct fixture *x = *state;
	CLEANUP(buffer_free_p) struct buffer kept = { 0 };
	struct err e;

	assert_int_equal(undo_note(&x->host, &x->ask, &e), 0);
	assert_note(x, BEFORE);
	assert_int_equal(audit_count(x->audit, "undo.intent", "allow"), 1);
	assert_int_equal(audit_count(x->audit, "undo.done", "allow"), 1);
	assert_string_equal(audit_last(x->audit).object, NOTE);
	assert_string_equal(audit_last(x->audit).plugin, "linker");
	/* what was replaced is kept in its turn */
	assert_int_equal(history_read(&x->host.history, x->ask.expect, &kept, &e), 0);
	assert_memory_equal(kept.p, AFTER, strlen(AFTER));
}

static bool is_there(const struct fixture *x)
{
	return faccessat(x->f.vault, NOTE, F_OK, 0) == 0;
}

static void a_made_note_goes_and_a_deleted_one_comes_back(void **state)
{
	struct fixture *x = *state;
	char revision[DIGEST_HEX_BYTES];
	struct err e;

	memcpy(revision, x->ask.restore, sizeof(revision));
	(void)copy_str(x->ask.restore, sizeof(x->ask.restore), NOTE_NONE);
	assert_int_equal(undo_note(&x->host, &x->ask, &e), 0);
	assert_false(is_there(x));
	assert_int_equal(audit_count(x->audit, "undo.done", "allow"), 1);
	/* again: it is not there, and that is said */
	assert_int_equal(undo_note(&x->host, &x->ask, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	(void)copy_str(x->ask.expect, sizeof(x->ask.expect), NOTE_NONE);
	memcpy(x->ask.restore, revision, sizeof(revision));
	assert_int_equal(undo_note(&x->host, &x->ask, &e), 0);
	assert_note(x, BEFORE);
	/* somebody made one of that name since */
	assert_int_equal(undo_note(&x->host, &x->ask, &e), -1);
	assert_int_equal(e.code, ERR_EXISTS);
	assert_note(x, BEFORE);
}

static void looking_changes_nothing(void **state)
{
	struct fixture *x = *state;
	struct err e;

	x->ask.look_only = 1;
	assert_int_equal(undo_note(&x->host, &x->ask, &e), 0);
	assert_note(x, AFTER);
	assert_int_equal(audit_count(x->audit, "", ""), 0);
}

static void a_persons_edit_wins(void **state)
{
	struct fixture *x = *state;
	struct err e;

	put_note(&x->f, NOTE, "edited since\n");
	assert_int_equal(undo_note(&x->host, &x->ask, &e), -1);
	assert_int_equal(e.code, ERR_EXISTS);
	assert_note(x, "edited since\n");
	assert_int_equal(audit_count(x->audit, "", ""), 0);
}

static void without_a_record_nothing_is_done(void **state)
{
	struct fixture *x = *state;
	struct err e;

	audit_refuse(x->audit, true);
	assert_int_equal(undo_note(&x->host, &x->ask, &e), -1);
	assert_int_equal(e.code, ERR_AUDIT);
	assert_note(x, AFTER);
}

static void what_is_not_kept_or_damaged_is_named(void **state)
{
	struct fixture *x = *state;
	struct err e;
	int fd = openat(x->host.history.fd, x->ask.restore, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(fd_write_all(fd, "another text", 12), 0);
	fd_close_p(&fd);
	assert_int_equal(undo_note(&x->host, &x->ask, &e), -1);
	assert_int_equal(e.code, ERR_FILE_DIGEST);
	assert_int_equal(unlinkat(x->host.history.fd, x->ask.restore, 0), 0);
	assert_int_equal(undo_note(&x->host, &x->ask, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_note(x, AFTER);
}

static void hostile_words_are_refused(void **state)
{
	static const char *const notes[] = { "", "../a.md", "/etc/passwd.md", ".git/a.md",
					     "a.txt" };
	struct fixture *x = *state;
	struct broker_undo bad;
	struct err e;

	for (size_t i = 0; i < countof(notes); i++) {
		bad = x->ask;
		(void)copy_str(bad.note, sizeof(bad.note), notes[i]);
		assert_int_equal(undo_note(&x->host, &bad, &e), -1);
		assert_int_equal(e.code, ERR_PROTOCOL);
	}
	bad = x->ask;
	memset(bad.note, 'a', sizeof(bad.note));
	assert_int_equal(undo_note(&x->host, &bad, &e), -1);
	bad = x->ask;
	bad.restore[3] = '/';
	assert_int_equal(undo_note(&x->host, &bad, &e), -1);
	assert_int_equal(e.code, ERR_PROTOCOL);
	bad = x->ask;
	(void)copy_str(bad.expect, sizeof(bad.expect), NOTE_NONE);
	(void)copy_str(bad.restore, sizeof(bad.restore), NOTE_NONE);
	assert_int_equal(undo_note(&x->host, &bad, &e), -1);
	assert_int_equal(e.code, ERR_PROTOCOL);
	assert_note(x, AFTER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(the_prior_text_comes_back_on_record),
		T(a_made_note_goes_and_a_deleted_one_comes_back),
		T(looking_changes_nothing),
		T(a_persons_edit_wins),
		T(without_a_record_nothing_is_done),
		T(what_is_not_kept_or_damaged_is_named),
		T(hostile_words_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
