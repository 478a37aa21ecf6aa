/* SPDX-License-Identifier: Apache-2.0 */
/* test_vault.c - the index says what the disk says, and no path leaves the vault.
 * tests: runner/broker/vault_scan.c runner/broker/note.c runner/broker/markdown.c */
#include "broker/vault.h"

#include "broker/markdown.h"
#include "tests/lib/broker_fixture.h"

struct fixture {
	struct folders f;
	struct vault *v;
	unsigned int changes;
	char last[VAULT_PATH_MAX];
};

static void on_change(void *arg, const struct note *note, const struct cause *cause)
{
	struct fixture *x = arg;

	(void)cause;
	x->changes++;
	(void)snprintf(x->last, sizeof(x->last), "%s", note->path);
}

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	folders_make(&x->f);
	assert_int_equal(vault_new(x->f.vault, &x->v, NULL), 0);
	vault_on_change(x->v, on_change, x);
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

static void scan(struct fixture *x)
{
	assert_int_equal(vault_rescan(x->v, NULL, NULL, NULL), 0);
}

static void notes_and_nothing_else(void **state)
{
	struct fixture *x = *state;
	static const char *const notes[] = { "A.md", "Folder/B.md", "Folder/Deep/C c.md",
					     "ö/ü.md" };

	for (size_t i = 0; i < countof(notes); i++)
		put_note(&x->f, notes[i], "text\n");
	put_note(&x->f, ".obsidian/x.md", "hidden");
	put_note(&x->f, ".git/a/x.md", "hidden");
	put_note(&x->f, ".hidden.md", "hidden");
	put_note(&x->f, "Folder/.trash/x.md", "hidden");
	put_note(&x->f, "a.txt", "not a note");
	put_note(&x->f, "a.MD", "not a note here");
	put_note(&x->f, "bad\x01name.md", "control");
	put_note_n(&x->f, "binary.md", "a\0b", 3);
	put_note_n(&x->f, "latin1.md", "\xe4\xf6", 2);
	assert_int_equal(mkdirat(x->f.vault, "dir.md", 0700), 0);
	assert_int_equal(mkfifoat(x->f.vault, "fifo.md", 0600), 0);
	assert_int_equal(symlinkat("A.md", x->f.vault, "link.md"), 0);
	assert_int_equal(symlinkat("/etc", x->f.vault, "etc"), 0);
	assert_int_equal(symlinkat("..", x->f.vault, "up"), 0);
	scan(x);
	assert_int_equal(vault_count(x->v), countof(notes));
	for (size_t i = 0; i < countof(notes); i++)
		assert_string_equal(vault_at(x->v, i)->path, notes[i]);
	assert_int_equal(x->changes, countof(notes));
	scan(x);
	assert_int_equal(x->changes, countof(notes));
}

static void no_path_leaves_the_vault(void **state)
{
	struct fixture *x = *state;
	static const char *const bad[] = {
		"",
		"..",
		"../secret.md",
		"/etc/passwd",
		"/A.md",
		"A.md/../../secret.md",
		"./A.md",
		"A.md/",
		"Folder//B.md",
		"out/secret.md",
		"link.md",
		"dir.md",
		"fifo.md",
		"up/secret.md",
		"A",
		"A.txt",
		".hidden.md",
		".git/a.md",
		"A.md\n",
		"Folder/../A.md",
		"\xff.md",
		"secret.md\x7f.md",
		"loop/loop/loop.md",
		"noexec/x.md",
		"~/a.md",
		"file:///etc/x.md",
		"socket.md",
	};
	struct sockaddr_un {
		sa_family_t family;
		char path[108];
	} addr = { .family = AF_UNIX };
	CLEANUP_FD int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CLEANUP(free_p) char *longest = malloc(4 * VAULT_PATH_MAX);
	struct vault_file f;
	struct err e;

	put_note(&x->f, "A.md", "a");
	put_note(&x->f, "Folder/B.md", "b");
	assert_int_equal(fs_write_atomic(x->f.top, "secret.md", "secret", 6, 0600, NULL), 0);
	assert_int_equal(symlinkat("..", x->f.vault, "out"), 0);
	assert_int_equal(symlinkat("../secret.md", x->f.vault, "link.md"), 0);
	assert_int_equal(symlinkat("loop", x->f.vault, "loop"), 0);
	assert_int_equal(mkdirat(x->f.vault, "dir.md", 0700), 0);
	assert_int_equal(mkfifoat(x->f.vault, "fifo.md", 0600), 0);
	(void)snprintf(addr.path, sizeof(addr.path), "%s/vault/socket.md", x->f.path);
	assert_int_equal(bind(s, (void *)&addr, sizeof(addr)), 0);
	for (size_t i = 0; i < countof(bad); i++) {
		if (vault_read(x->v, bad[i], &f, &e) == 0)
			fail_msg("\"%s\" was read", bad[i]);
		assert_true(e.code == ERR_PATH || e.code == ERR_NOT_FOUND);
		assert_int_equal(vault_refresh(x->v, bad[i], NULL, NULL), 0);
	}
	memset(longest, 'a', 4 * VAULT_PATH_MAX);
	memcpy(longest + 4 * VAULT_PATH_MAX - 4, ".md", 4);
	assert_int_equal(vault_read(x->v, longest, &f, &e), -1);
	assert_int_equal(vault_count(x->v), 0);
	assert_int_equal(vault_read(x->v, "A.md", &f, &e), 0);
	vault_file_free_p(&f);
}

static void too_large_is_no_note(void **state)
{
	struct fixture *x = *state;
	CLEANUP(free_p) char *big = calloc(1, NOTE_MAX + 1);
	struct vault_file f;
	struct err e;

	memset(big, 'x', NOTE_MAX + 1);
	put_note_n(&x->f, "max.md", big, NOTE_MAX);
	put_note_n(&x->f, "big.md", big, NOTE_MAX + 1);
	scan(x);
	assert_int_equal(vault_count(x->v), 1);
	assert_int_equal(vault_read(x->v, "big.md", &f, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(vault_read(x->v, "max.md", &f, &e), 0);
	assert_int_equal(f.text.len, NOTE_MAX);
	vault_file_free_p(&f);
}

static void what_a_note_says_of_itself(void **state)
{
	static const struct {
		const char *text, *title, *tags;
	} cases[] = {
		{ "---\ntitle: Front\ntags: [a]\n---\n# Head\n#b text #a\n", "Front", "a b" },
		{ "# Head *with* `code`\ntext\n", "Head with code", "" },
		{ "## Two\n\n# One\n", "One", "" },
		{ "no heading #x/y-z #1 #1a `#code` [#l](#m) a#b\n", "file", "x/y-z 1a" },
		{ "```\n# code #t\n```\n", "file", "" },
		{ "Setext\n======\n#ünï\n", "Setext", "ünï" },
		{ "", "file", "" },
		{ "---\ntitle: [broken\n---\n# Head\n", "Head", "" },
	};
	(void)state;

	for (size_t i = 0; i < countof(cases); i++) {
		char tags[256] = "";
		struct note *n;

		assert_int_equal(
			note_read("a/file.md", cases[i].text, strlen(cases[i].text), &n, NULL), 0);
		for (size_t k = 0; k < n->tags.count; k++)
			(void)snprintf(tags + strlen(tags), sizeof(tags) - strlen(tags), "%s%s",
				       k ? " " : "", n->tags.v[k]);
		assert_string_equal(n->title, cases[i].title);
		assert_string_equal(tags, cases[i].tags);
		note_free(n);
	}
}

static void the_index_follows_the_disk(void **state)
{
	struct fixture *x = *state;
	char first[DIGEST_HEX_BYTES];

	put_note(&x->f, "b.md", "one");
	put_note(&x->f, "d/a.md", "two");
	put_note(&x->f, "d/b.md", "three");
	put_note(&x->f, "d e.md", "four");
	scan(x);
	assert_int_equal(vault_count(x->v), 4);
	assert_int_equal(vault_count_stem(x->v, "B.md"), 2);
	assert_int_equal(vault_count_stem(x->v, "x/b.md"), 2);
	assert_int_equal(vault_count_stem(x->v, "a.md"), 1);
	assert_int_equal(vault_count_stem(x->v, "none.md"), 0);
	(void)snprintf(first, sizeof(first), "%s", vault_find(x->v, "b.md")->revision);
	put_note(&x->f, "b.md", "changed");
	assert_int_equal(vault_refresh(x->v, "b.md", &(struct cause){ 0 }, NULL), 0);
	assert_string_equal(x->last, "b.md");
	assert_string_not_equal(vault_find(x->v, "b.md")->revision, first);
	x->changes = 0;
	assert_int_equal(vault_refresh(x->v, "b.md", &(struct cause){ 0 }, NULL), 0);
	assert_int_equal(x->changes, 0);
	assert_int_equal(vault_after(x->v, "b.md"), 1);
	assert_int_equal(vault_after(x->v, "zzz"), 4);
	assert_int_equal(vault_after(x->v, ""), 0);
	assert_int_equal(unlinkat(x->f.vault, "d/a.md", 0), 0);
	scan(x);
	assert_null(vault_find(x->v, "d/a.md"));
	assert_int_equal(vault_count(x->v), 3);
	vault_forget_below(x->v, "d");
	assert_null(vault_find(x->v, "d/b.md"));
	assert_non_null(vault_find(x->v, "d e.md"));
	assert_int_equal(vault_count_stem(x->v, "b.md"), 1);
}

/* Two sorted arrays over the same records stay so, whatever comes and goes. */
static void many_notes_stay_sorted(void **state)
{
	struct fixture *x = *state;
	uint64_t random = 42;

	for (int i = 0; i < 1500; i++) {
		char path[64];

		random = random * 6364136223846793005ull + 1442695040888963407ull;
		(void)snprintf(path, sizeof(path), "f%u/n%u.md", (unsigned int)(random >> 33) % 7,
			       (unsigned int)(random >> 40) % 60);
		if (random >> 62) {
			put_note(&x->f, path, path);
			assert_int_equal(vault_refresh(x->v, path, &(struct cause){ 0 }, NULL), 0);
		} else {
			vault_forget(x->v, path);
		}
	}
	assert_true(vault_count(x->v) > 50);
	for (size_t i = 0; i < vault_count(x->v); i++) {
		const char *path = vault_at(x->v, i)->path;
		size_t same = 0;

		if (i > 0)
			assert_true(strcmp(vault_at(x->v, i - 1)->path, path) < 0);
		for (size_t k = 0; k < vault_count(x->v); k++)
			same += !strcmp(strchr(vault_at(x->v, k)->path, '/'), strchr(path, '/'));
		assert_int_equal(vault_count_stem(x->v, path), same);
		assert_ptr_equal(vault_find(x->v, path), vault_at(x->v, i));
	}
}

static void the_disk_keeps_some_room(void **state)
{
	struct folders f;
	struct vault *v = NULL;
	struct err e = { 0 };

	(void)state;
	folders_make(&f);
	assert_int_equal(vault_new(f.vault, &v, &e), 0);
	assert_int_equal(vault_check_room(v, 1, &e), 0);
	assert_int_equal(vault_check_room(v, (size_t)1 << 60, &e), -1);
	assert_int_equal(e.code, ERR_FULL);
	vault_free_p(&v);
	folders_remove(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(notes_and_nothing_else, setup, teardown),
		cmocka_unit_test_setup_teardown(no_path_leaves_the_vault, setup, teardown),
		cmocka_unit_test_setup_teardown(too_large_is_no_note, setup, teardown),
		cmocka_unit_test(what_a_note_says_of_itself),
		cmocka_unit_test_setup_teardown(the_index_follows_the_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(many_notes_stay_sorted, setup, teardown),
		cmocka_unit_test(the_disk_keeps_some_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
