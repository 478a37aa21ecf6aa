/* SPDX-License-Identifier: Apache-2.0 */
/* test_watch.c - every way a note can change is heard, once. */
#include "broker/watch.h"

#include <unistd.h>

#include "tests/lib/broker_fixture.h"

enum { QUIET_MS = 40, QUIET_TICKS = 3, SEEN_MAX = 64 };

struct fixture {
	struct folders f;
	struct loop *loop;
	struct loop_source *stop;
	struct vault *v;
	struct watch *w;
	int quiet; /* ticks without a change */
	size_t mark;
	size_t count;
	char seen[SEEN_MAX][VAULT_PATH_MAX];
};

static void on_change(void *arg, const struct note *note, const struct cause *cause)
{
	struct fixture *x = arg;

	assert_string_equal(cause->origin, "");
	if (x->count < SEEN_MAX)
		(void)snprintf(x->seen[x->count], VAULT_PATH_MAX, "%s", note->path);
	x->count++;
}

/* Quiet: nothing was heard, came or went for some ticks, however slow the machine is. */
static void on_tick(void *arg)
{
	struct fixture *x = arg;
	size_t mark = x->count * 1000003 + vault_count(x->v) * 1009 + watch_count(x->w);

	x->quiet = mark == x->mark ? x->quiet + 1 : 0;
	x->mark = mark;
	if (x->quiet >= QUIET_TICKS)
		loop_stop(x->loop, 0);
	else
		assert_int_equal(loop_arm(x->stop, QUIET_MS, NULL), 0);
}

static void start(struct fixture *x)
{
	assert_int_equal(loop_new(&x->loop, NULL), 0);
	assert_int_equal(loop_add_timer(x->loop, on_tick, x, &x->stop, NULL), 0);
	assert_int_equal(watch_new(x->loop, x->v, &x->w, NULL), 0);
	vault_on_change(x->v, on_change, x);
}

static void end(struct fixture *x)
{
	watch_free_p(&x->w);
	loop_remove(&x->stop);
	loop_free_p(&x->loop);
}

/* Lets the loop run until it is quiet. A loop that was stopped is not started again: it is made
 * anew. */
static void settle(struct fixture *x)
{
	x->quiet = 0;
	assert_int_equal(loop_arm(x->stop, QUIET_MS, NULL), 0);
	assert_int_equal(loop_run(x->loop, NULL), 0);
}

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	folders_make(&x->f);
	put_note(&x->f, "a.md", "a");
	put_note(&x->f, "d/b.md", "b");
	put_note(&x->f, "d/e/c.md", "c");
	put_note(&x->f, ".git/x.md", "x");
	assert_int_equal(vault_new(x->f.vault, &x->v, NULL), 0);
	start(x);
	assert_int_equal(vault_count(x->v), 3);
	assert_int_equal(watch_count(x->w), 3);
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	end(x);
	vault_free_p(&x->v);
	folders_remove(&x->f);
	free(x);
	return 0;
}

static void expect(struct fixture *x, size_t n, const char *path)
{
	settle(x);
	if (x->count != n)
		fail_msg("%zu changes heard, not %zu; the first: %s", x->count, n, x->seen[0]);
	if (n > 0)
		assert_string_equal(x->seen[n - 1], path);
}

static void a_save_in_place(void **state)
{
	put_note(&((struct fixture *)*state)->f, "d/e/c.md", "changed");
	expect(*state, 1, "d/e/c.md");
}

static void a_save_by_rename(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(fs_write_atomic(x->f.vault, "a.md", "changed", 7, 0600, NULL), 0);
	expect(x, 1, "a.md");
}

/* Some editors write beside it without a dot, and rename over. */
static void a_save_by_rename_of_a_visible_file(void **state)
{
	struct fixture *x = *state;

	put_note(&x->f, "d/b.md~tmp", "changed");
	assert_int_equal(renameat(x->f.vault, "d/b.md~tmp", x->f.vault, "d/b.md"), 0);
	expect(x, 1, "d/b.md");
}

static void the_same_text_again_is_no_change(void **state)
{
	struct fixture *x = *state;

	put_note(&x->f, "a.md", "a");
	assert_int_equal(fs_write_atomic(x->f.vault, "a.md", "a", 1, 0600, NULL), 0);
	expect(x, 0, NULL);
}

static void notes_in_new_folders(void **state)
{
	struct fixture *x = *state;

	put_note(&x->f, "new/deep/er/n.md", "n");
	expect(x, 1, "new/deep/er/n.md");
	assert_int_equal(watch_count(x->w), 6);
}

static void a_save_in_a_folder_made_before(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(mkdirat(x->f.vault, "later", 0700), 0);
	settle(x);
	end(x);
	start(x);
	put_note(&x->f, "later/n.md", "n");
	expect(x, 1, "later/n.md");
}

static void what_goes_leaves_the_index(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(unlinkat(x->f.vault, "a.md", 0), 0);
	assert_int_equal(fs_remove_tree(x->f.vault, "d", NULL), 0);
	expect(x, 0, NULL);
	assert_int_equal(vault_count(x->v), 0);
	assert_int_equal(watch_count(x->w), 1);
}

static void a_folder_that_moves(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(renameat(x->f.vault, "d", x->f.vault, "m"), 0);
	settle(x);
	assert_null(vault_find(x->v, "d/b.md"));
	assert_non_null(vault_find(x->v, "m/b.md"));
	assert_non_null(vault_find(x->v, "m/e/c.md"));
	assert_int_equal(x->count, 2);
	assert_int_equal(watch_count(x->w), 3);
}

static void a_note_that_moves_out_and_a_hard_link_in(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(renameat(x->f.vault, "a.md", x->f.top, "out.md"), 0);
	assert_int_equal(linkat(x->f.top, "out.md", x->f.vault, "in.md", 0), 0);
	expect(x, 1, "in.md");
	assert_null(vault_find(x->v, "a.md"));
}

static void what_is_no_note_is_not_heard(void **state)
{
	struct fixture *x = *state;

	put_note(&x->f, ".git/x.md", "changed");
	put_note(&x->f, ".hidden/new.md", "n");
	put_note(&x->f, "d/.tmp.md", "n");
	put_note(&x->f, "d/x.txt", "n");
	assert_int_equal(mkfifoat(x->f.vault, "d/fifo.md", 0600), 0);
	assert_int_equal(symlinkat("/etc/passwd", x->f.vault, "d/link.md"), 0);
	assert_int_equal(symlinkat("/etc", x->f.vault, "etc"), 0);
	expect(x, 0, NULL);
	assert_int_equal(vault_count(x->v), 3);
	assert_int_equal(watch_count(x->w), 3);
}

static void many_saves(void **state)
{
	struct fixture *x = *state;

	for (int i = 0; i < 300; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "many/f%d/n%d.md", i % 17, i);
		put_note(&x->f, path, path);
	}
	settle(x);
	assert_int_equal(vault_count(x->v), 303);
	assert_int_equal(x->count, 300);
}

/* The kernel's queue is bounded. After it ran over, the whole vault is looked at. */
static void an_overflow_loses_no_note(void **state)
{
	struct fixture *x = *state;
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	unsigned long most;

	if (fs_read_file(AT_FDCWD, "/proc/sys/fs/inotify/max_queued_events", 64, &b, NULL) < 0)
		skip();
	most = strtoul((char *)b.p, NULL, 10);
	if (most > 100000)
		skip();
	for (unsigned long i = 0; i < most + 10; i++)
		put_note(&x->f, i % 2 ? "o1.md" : "o2.md", "");
	put_note(&x->f, "d/b.md", "after the overflow");
	put_note(&x->f, "fresh/n.md", "in a folder whose making was not heard");
	assert_int_equal(unlinkat(x->f.vault, "a.md", 0), 0);
	settle(x);
	assert_null(vault_find(x->v, "a.md"));
	assert_non_null(vault_find(x->v, "fresh/n.md"));
	assert_int_equal(x->count, 4);
	end(x);
	start(x);
	assert_int_equal(vault_count(x->v), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_save_in_place, setup, teardown),
		cmocka_unit_test_setup_teardown(a_save_by_rename, setup, teardown),
		cmocka_unit_test_setup_teardown(a_save_by_rename_of_a_visible_file, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_same_text_again_is_no_change, setup, teardown),
		cmocka_unit_test_setup_teardown(notes_in_new_folders, setup, teardown),
		cmocka_unit_test_setup_teardown(a_save_in_a_folder_made_before, setup, teardown),
		cmocka_unit_test_setup_teardown(what_goes_leaves_the_index, setup, teardown),
		cmocka_unit_test_setup_teardown(a_folder_that_moves, setup, teardown),
		cmocka_unit_test_setup_teardown(a_note_that_moves_out_and_a_hard_link_in, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_no_note_is_not_heard, setup, teardown),
		cmocka_unit_test_setup_teardown(an_overflow_loses_no_note, setup, teardown),
		cmocka_unit_test_setup_teardown(many_saves, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
