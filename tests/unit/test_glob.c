/* SPDX-License-Identifier: Apache-2.0 */
/* test_glob.c - globs match what they say, in bounded time. */
#include "policy/glob.h"
#include "tests/unit/policy_sample.h"

static const struct {
	const char *glob;
	const char *path;
	bool match;
} globs[] = {
	{ "**", "a.md", true },
	{ "**", "a/b/c.md", true },
	{ "**", "", false },
	{ "", "", false },
	{ "", "a", false },
	{ "Projects/**", "Projects/a.md", true },
	{ "Projects/**", "Projects/a/b.md", true },
	{ "Projects/**", "Projects", false },
	{ "Projects/**", "Projects/", false },
	{ "Projects/**", "Projects2/x", false },
	{ "Projects/**", "projects/x", false },
	{ "Projects/**", "a/Projects/x", false },
	{ "*", "a.md", true },
	{ "*", "a/b.md", false },
	{ "*/**", "a/b.md", true },
	{ "*/**", "a.md", false },
	{ "*.md", "a.md", true },
	{ "*.md", ".md", true },
	{ "*.md", "a/b.md", false },
	{ "*.md", "a.md.bak", false },
	{ "**/*.md", "a.md", true },
	{ "**/*.md", "a/b/c.md", true },
	{ "**/secret.md", "secret.md", true },
	{ "**/secret.md", "a/secret.md", true },
	{ "**/secret.md", "a/b/secret.md", true },
	{ "**/secret.md", "notsecret.md", false },
	{ "**/secret.md", "a/notsecret.md", false },
	{ "a/**/b", "a/b", true },
	{ "a/**/b", "a/x/b", true },
	{ "a/**/b", "a/x/y/b", true },
	{ "a/**/b", "axb", false },
	{ "a/**/b", "a/xb", false },
	{ "a/**/**/b", "a/b", true },
	{ "**/**/**/x", "x", true },
	{ "a**b", "a/x/b", true },
	{ "a**b", "ab", true },
	{ "a**/b", "ab", false },
	{ "a**/b", "a/b", true },
	{ "a**/b", "axx/y/b", true },
	{ "a***b", "a/x/b", true },
	{ "?.md", "a.md", true },
	{ "?.md", ".md", false },
	{ "?.md", "ab.md", false },
	{ "?.md", "\xc3\xa9.md", true },
	{ "?.md", "\xf0\x9f\x90\x95.md", true },
	{ "?.md", "\xc3\xa9\xc3\xa9.md", false },
	{ "??.md", "\xc3\xa9\xc3\xa9.md", true },
	{ "a?b", "a/b", false },
	{ "?*", "a", true },
	{ "*?", "\xc3\xa9", true },
	{ "?\xc3\xa9", "\xc3\xa9\xc3\xa9", true },
	{ "a/*/c", "a/b/c", true },
	{ "a/*/c", "a//c", true },
	{ "a/*/c", "a/b/b/c", false },
	{ "a.md", "a.md", true },
	{ "a.md", "aXmd", false },
	{ "a.md", "a.mdx", false },
	{ "a.md", "a.m", false },
	{ "*a*b*", "xaxbx", true },
	{ "*a*b*", "xbxax", false },
	{ "**a", "a/a", true },
	{ "**a", "a/b", false },
};

static void globs_match_what_they_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(globs); i++)
		if (scope_glob_matches(globs[i].glob, globs[i].path) != globs[i].match)
			fail_msg("\"%s\" on \"%s\"", globs[i].glob, globs[i].path);
}

/* With backtracking these would outlive the universe. */
static void no_glob_blows_up(void **state)
{
	static const char *const hostile[] = { "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b",
					       "**a**a**a**a**a**a**a**a**a**a**a**a**a**a**a**b",
					       "**/**/**/**/**/**/**/**/**/**/**/**/**/**/**/**/b",
					       "*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?b" };
	char path[VAULT_PATH_MAX];

	(void)state;
	for (size_t i = 0; i < countof(hostile); i++) {
		memset(path, 'a', sizeof(path) - 1);
		path[sizeof(path) - 1] = '\0';
		for (int k = 0; k < 100; k++)
			assert_false(scope_glob_matches(hostile[i], path));
		for (size_t k = 1; k < sizeof(path) - 1; k += 2)
			path[k] = '/';
		for (int k = 0; k < 100; k++)
			assert_false(scope_glob_matches(hostile[i], path));
	}
}

/* Wherever "covers" and "meets" decide, the matcher must agree on every path below. */
static const struct {
	const char *glob;
	const char *folder;
	bool covers;
	bool meets;
} folders[] = {
	{ "**", "", true, true },
	{ "**", "a", true, true },
	{ "a/**", "a", true, true },
	{ "a/**", "a/b", true, true },
	{ "a/**", "ab", false, false },
	{ "a/**", "", false, true },
	{ "a/**", "b", false, false },
	{ "a/b/**", "a", false, true },
	{ "a/b.md", "a", false, true },
	{ "a", "a", false, false },
	{ "a**", "a", false, true },
	{ "*", "a", false, false },
	{ "*", "", false, true },
	{ "*/**", "a", false, true },
	{ "**/secret.md", "a", false, true },
	{ "b/**/x", "a", false, false },
	{ "?/x", "a", false, true },
	{ "?/x", "ab", false, false },
	{ "[", "", false, true },
};

static void folders_are_covered_and_met(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(folders); i++) {
		if (scope_glob_covers_folder(folders[i].glob, folders[i].folder) !=
		    folders[i].covers)
			fail_msg("\"%s\" covers \"%s\"", folders[i].glob, folders[i].folder);
		if (scope_glob_meets_folder(folders[i].glob, folders[i].folder) != folders[i].meets)
			fail_msg("\"%s\" meets \"%s\"", folders[i].glob, folders[i].folder);
	}
}

static void paths_stay_below_their_root(void **state)
{
	static const char *const good[] = { "a",   "a/b",	"a.md", "...", "a..b",
					    "..a", "a/.hidden", " ",	"a b" };
	static const char *const bad[] = { "",	   "/",	   "/a",     "a/",    "a//b", ".",  "..",
					   "a/..", "../a", "a/../b", "a/./b", "./a",  "a/." };
	char path[VAULT_PATH_MAX + 1];

	(void)state;
	for (size_t i = 0; i < countof(good); i++)
		assert_true(relative_path_is_valid(good[i]));
	for (size_t i = 0; i < countof(bad); i++)
		if (relative_path_is_valid(bad[i]))
			fail_msg("\"%s\"", bad[i]);
	memset(path, 'a', sizeof(path));
	path[VAULT_PATH_MAX] = '\0';
	assert_false(relative_path_is_valid(path));
	path[VAULT_PATH_MAX - 1] = '\0';
	assert_true(relative_path_is_valid(path));
}

static void ambiguous_globs_are_invalid(void **state)
{
	static const char *const bad[] = { "",
					   "/",
					   "/a/**",
					   "a/",
					   "a//b",
					   "../**",
					   "a/../b",
					   "./a",
					   "!a",
					   "[ab].md",
					   "{a,b}",
					   "a\\*",
					   "a\nb",
					   "a\xe2\x80\xae"
					   "b",
					   "\xff" };
	char glob[SCOPE_GLOB_MAX + 1];

	(void)state;
	for (size_t i = 0; i < countof(bad); i++)
		if (scope_glob_is_valid(bad[i]))
			fail_msg("\"%s\"", bad[i]);
	memset(glob, 'a', sizeof(glob));
	glob[SCOPE_GLOB_MAX] = '\0';
	assert_false(scope_glob_is_valid(glob));
	glob[SCOPE_GLOB_CHARS + 1] = '\0';
	assert_false(scope_glob_is_valid(glob));
	glob[SCOPE_GLOB_CHARS] = '\0';
	assert_true(scope_glob_is_valid(glob));
	assert_true(scope_glob_is_valid("**"));
	assert_true(scope_glob_is_valid("Caf\xc3\xa9/**"));
}

/* Counted in characters, whatever their bytes: 42 of four bytes among 127 fit the record. */
static void globs_are_counted_in_characters(void **state)
{
	char glob[SCOPE_GLOB_MAX];
	size_t n = 0;

	(void)state;
	for (unsigned int i = 0; i < SCOPE_GLOB_WIDE; i++, n += 4)
		memcpy(glob + n, "\xf0\x9f\x90\x95", 4);
	memset(glob + n, 'a', SCOPE_GLOB_CHARS - SCOPE_GLOB_WIDE);
	n += SCOPE_GLOB_CHARS - SCOPE_GLOB_WIDE;
	assert_true(n < sizeof(glob) - 1);
	glob[n] = '\0';
	assert_true(scope_glob_is_valid(glob));
	assert_true(scope_glob_matches(glob, glob));
	memcpy(glob + n - 2, "\xc3\xa9", 3); /* one character less, but one more of the wide ones */
	assert_false(scope_glob_is_valid(glob));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(globs_match_what_they_say),
		cmocka_unit_test(no_glob_blows_up),
		cmocka_unit_test(folders_are_covered_and_met),
		cmocka_unit_test(paths_stay_below_their_root),
		cmocka_unit_test(ambiguous_globs_are_invalid),
		cmocka_unit_test(globs_are_counted_in_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
