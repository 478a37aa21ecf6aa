/* SPDX-License-Identifier: Apache-2.0 */
/* test_replace.c - a note is replaced whole or not at all, and never over another's save.
 * tests: runner/broker/history.c */
#include "broker/replace.h"

#include <dirent.h>
#include <time.h>

#include "broker/history.h"
#include "tests/lib/broker_fixture.h"

struct fixture {
	struct folders f;
	struct vault *v;
};

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	folders_make(&x->f);
	assert_int_equal(vault_new(x->f.vault, &x->v, NULL), 0);
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	vault_free_p(&x->v);
	folders_remove(&x->f);
	free(x);
	return 0;
}

static size_t entries(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY);
	CLEANUP(closedir_p) DIR *d = fdopendir(fd);
	size_t n = 0;

	while (readdir(d))
		n++;
	return n - 2;
}

static void owner_and_mode_stay(void **state)
{
	struct fixture *x = *state;
	struct vault_file f;
	struct stat st;
	CLEANUP(free_p) char *now = NULL;

	put_note(&x->f, "d/a.md", "old");
	assert_int_equal(fchmodat(x->f.vault, "d/a.md", 0654, 0), 0);
	if (geteuid() == 0)
		assert_int_equal(fchownat(x->f.vault, "d/a.md", 4321, 1234, 0), 0);
	assert_int_equal(vault_read(x->v, "d/a.md", &f, NULL), 0);
	assert_int_equal(replace_note(x->v, "d/a.md", &f, "new text", 8, NULL), 0);
	assert_int_equal(fstatat(x->f.vault, "d/a.md", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0654);
	assert_int_equal(st.st_uid, f.st.st_uid);
	assert_int_equal(st.st_gid, f.st.st_gid);
	now = get_note(&x->f, "d/a.md");
	assert_string_equal(now, "new text");
	vault_file_free_p(&f);
	assert_int_equal(entries(x->f.vault), 1);
}

static void another_save_wins(void **state)
{
	static const char *const others[] = { "someone else's", "" };
	struct fixture *x = *state;

	for (size_t i = 0; i < countof(others); i++) {
		struct vault_file f;
		struct err e;
		CLEANUP(free_p) char *now = NULL;

		put_note(&x->f, "a.md", "old");
		assert_int_equal(vault_read(x->v, "a.md", &f, NULL), 0);
		put_note(&x->f, "a.md", others[i]);
		assert_int_equal(replace_note(x->v, "a.md", &f, "new", 3, &e), -1);
		assert_int_equal(e.code, ERR_EXISTS);
		now = get_note(&x->f, "a.md");
		assert_string_equal(now, others[i]);
		vault_file_free_p(&f);
	}
	assert_int_equal(entries(x->f.vault), 1);
}

static void a_note_that_went_or_became_something_else(void **state)
{
	struct fixture *x = *state;
	struct vault_file f;
	struct err e;

	put_note(&x->f, "a.md", "old");
	assert_int_equal(vault_read(x->v, "a.md", &f, NULL), 0);
	assert_int_equal(unlinkat(x->f.vault, "a.md", 0), 0);
	assert_int_equal(replace_note(x->v, "a.md", &f, "new", 3, &e), -1);
	assert_int_equal(e.code, ERR_EXISTS);
	assert_int_equal(symlinkat("../b.md", x->f.vault, "a.md"), 0);
	assert_int_equal(replace_note(x->v, "a.md", &f, "new", 3, &e), -1);
	assert_int_equal(e.code, ERR_EXISTS);
	assert_int_equal(mkfifoat(x->f.vault, "b.md", 0600), 0);
	assert_int_equal(replace_note(x->v, "b.md", &f, "new", 3, &e), -1);
	assert_int_equal(faccessat(x->f.top, "b.md", F_OK, 0), -1);
	vault_file_free_p(&f);
	assert_int_equal(entries(x->f.vault), 2);
}

/* Writers beside us save by rename, as editors do. Every save that ours did not see must survive.
 */
struct editor {
	const struct folders *f;
	volatile int stop;
	unsigned int saves;
};

static void *edit(void *arg)
{
	struct editor *ed = arg;

	while (!ed->stop) {
		char text[64];

		(void)snprintf(text, sizeof(text), "editor %u", ++ed->saves);
		(void)fs_write_atomic(ed->f->vault, "a.md", text, strlen(text), 0600, NULL);
	}
	return NULL;
}

static void no_save_is_lost(void **state)
{
	struct fixture *x = *state;
	struct editor ed = { .f = &x->f };
	unsigned int won = 0, lost = 0;
	CLEANUP(free_p) char *now = NULL;
	pthread_t t;
	char last[64];

	put_note(&x->f, "a.md", "start");
	assert_int_equal(pthread_create(&t, NULL, edit, &ed), 0);
	for (int i = 0; i < 300; i++) {
		struct vault_file f;
		struct err e;

		if (vault_read(x->v, "a.md", &f, &e) < 0)
			continue;
		if (replace_note(x->v, "a.md", &f, "ours", 4, &e) == 0) {
			won++;
		} else {
			assert_int_equal(e.code, ERR_EXISTS);
			lost++;
		}
		vault_file_free_p(&f);
	}
	ed.stop = 1;
	(void)pthread_join(t, NULL);
	(void)snprintf(last, sizeof(last), "editor %u", ed.saves);
	now = get_note(&x->f, "a.md");
	/* The editor stopped last: its text stands, or ours was put in place of it knowingly. */
	assert_true(!strcmp(now, last) || !strcmp(now, "ours"));
	assert_true(won + lost > 0);
}

static void history_keeps_and_is_bounded(void **state)
{
	struct fixture *x = *state;
	struct history h = { .fd = -1 };
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	char rev[DIGEST_HEX_BYTES];
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	struct err e;

	assert_int_equal(history_open(x->f.state, &h, NULL), 0);
	note_revision("old", 3, rev);
	assert_int_equal(history_save(&h, rev, "old", 3, 1, NULL), 0);
	assert_int_equal(history_save(&h, rev, "old", 3, 1, NULL), 0);
	assert_int_equal(h.files, 1);
	assert_int_equal(fs_read_file(h.fd, rev, 10, &b, NULL), 0);
	assert_string_equal((char *)b.p, "old");
	h.bytes = HISTORY_BYTES_MAX;
	assert_int_equal(utimensat(h.fd, rev, old, 0), 0);
	note_revision("new", 3, rev);
	assert_int_equal(history_save(&h, rev, "new", 3, time(NULL), NULL), 0);
	assert_int_equal(h.files, 1);
	history_close_p(&h);
	assert_int_equal(history_open(x->f.state, &h, NULL), 0);
	assert_int_equal(h.files, 1);
	assert_int_equal(h.bytes, 3);
	h.bytes = HISTORY_BYTES_MAX; /* as if the disk held that much of this month */
	h.files = 1;
	note_revision("x", 1, rev);
	{
		/* A sparse file stands for a gigabyte of young revisions. */
		CLEANUP_FD int fd = openat(h.fd, "young", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		assert_int_equal(ftruncate(fd, (off_t)HISTORY_BYTES_MAX), 0);
	}
	assert_int_equal(history_save(&h, rev, "x", 1, time(NULL), &e), -1);
	assert_int_equal(e.code, ERR_FULL);
	history_close_p(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(owner_and_mode_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(another_save_wins, setup, teardown),
		cmocka_unit_test_setup_teardown(a_note_that_went_or_became_something_else, setup,
						teardown),
		cmocka_unit_test_setup_teardown(no_save_is_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(history_keeps_and_is_bounded, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
