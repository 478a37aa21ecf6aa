/* SPDX-License-Identifier: Apache-2.0 */
/* glob.c - note paths and the patterns over them.
 * Owns: the matcher: a set of positions, so that time is at most length times length, whatever the
 * glob. Must not know: permissions, the vault. */
#include "policy/glob.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

#define ALIVE 1u   /* this position of the glob may be next */
#define ENTERED 2u /* and it was reached anew, not by a star that stays */

struct positions {
	uint8_t at[SCOPE_GLOB_MAX + 1];
};

static bool is_double_star(const char *glob, size_t i)
{
	return glob[i] == '*' && glob[i + 1] == '*';
}

/* Position i and all that follow it without a byte of the path: a star may be empty, and a whole
 * "**" between slashes stands for no folder too, so that a deny of all "x" means the one on top
 * too. */
static void enter(struct positions *set, const char *glob, size_t i)
{
	while (!(set->at[i] & ENTERED)) {
		set->at[i] |= ALIVE | ENTERED;
		if (glob[i] != '*')
			return;
		if (!is_double_star(glob, i)) {
			i++;
			continue;
		}
		if ((i == 0 || glob[i - 1] == '/') && glob[i + 2] == '/')
			enter(set, glob, i + 3);
		i += 2;
	}
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static bool follows_question(const char *glob, size_t i)
{
	return i > 0 && glob[i - 1] == '?';
}

/* One byte of the path, from position i. */
static void step_from(struct positions *next, const char *glob, size_t i, char c)
{
	bool inside = is_continuation(c);

	if (glob[i] == '*') {
		bool deep = is_double_star(glob, i);

		if (!deep && c == '/')
			return;
		next->at[i] |= ALIVE;
		enter(next, glob, i + (deep ? 2 : 1));
	} else if (glob[i] == '?' ? c != '/' && !inside : glob[i] == c && c != '\0') {
		enter(next, glob, i + 1);
	}
	/* The rest of a character that "?" took. */
	if (inside && follows_question(glob, i))
		next->at[i] |= ALIVE;
}

/* Feeds n bytes; false when no position is left. */
static bool feed(struct positions *set, const char *glob, size_t glob_len, const char *s, size_t n)
{
	bool any = true;

	for (size_t k = 0; k < n && any; k++) {
		struct positions next = { 0 };

		any = false;
		for (size_t i = 0; i <= glob_len; i++)
			if (set->at[i] & ALIVE)
				step_from(&next, glob, i, s[k]);
		for (size_t i = 0; i <= glob_len && !any; i++)
			any = next.at[i] & ALIVE;
		*set = next;
	}
	return any;
}

/* Bytes before the first character with a meaning: most globs are a folder and "**". */
static size_t literal_len(const char *glob)
{
	return strcspn(glob, "*?");
}

bool scope_glob_matches(const char *glob, const char *path)
{
	size_t glob_len = strnlen(glob, SCOPE_GLOB_MAX);
	size_t path_len = strnlen(path, VAULT_PATH_MAX);
	size_t same = literal_len(glob);
	struct positions set = { 0 };

	if (glob_len == 0 || glob_len >= SCOPE_GLOB_MAX || path_len == 0 ||
	    path_len >= VAULT_PATH_MAX)
		return false;
	if (strncmp(glob, path, same) != 0)
		return false;
	if (!strcmp(glob + same, "**"))
		return path_len > same;
	if (same == glob_len)
		return path_len == same;
	/* A "**" after the literal start is between slashes or not by what stands before it. */
	enter(&set, glob, same);
	return feed(&set, glob, glob_len, path + same, path_len - same) && set.at[glob_len] & ALIVE;
}

bool scope_glob_meets_folder(const char *glob, const char *folder)
{
	size_t glob_len = strnlen(glob, SCOPE_GLOB_MAX);
	size_t folder_len = strnlen(folder, VAULT_PATH_MAX);
	struct positions set = { 0 };
	bool any;

	if (glob_len >= SCOPE_GLOB_MAX || folder_len >= VAULT_PATH_MAX)
		return true;
	enter(&set, glob, 0);
	any = feed(&set, glob, glob_len, folder, folder_len);
	if (any && folder_len > 0)
		any = feed(&set, glob, glob_len, "/", 1);
	if (!any)
		return false;
	for (size_t i = 0; i < glob_len; i++)
		if (set.at[i] & ALIVE)
			return true;
	return false;
}

bool scope_glob_covers_folder(const char *glob, const char *folder)
{
	size_t same = literal_len(glob);

	if (strcmp(glob + same, "**") != 0)
		return false;
	if (same == 0)
		return true;
	/* "Projects/" before the stars: the folder is Projects or lies below it. */
	return glob[same - 1] == '/' && strncmp(glob, folder, same - 1) == 0 &&
	       (folder[same - 1] == '\0' || folder[same - 1] == '/');
}

bool scope_glob_is_valid(const char *glob)
{
	size_t n = strnlen(glob, SCOPE_GLOB_MAX);
	struct text_size size = text_measure(glob, n);

	return n > 0 && n < SCOPE_GLOB_MAX && size.chars <= SCOPE_GLOB_CHARS &&
	       size.wide <= SCOPE_GLOB_WIDE && text_is_printable(glob, n) &&
	       relative_path_is_valid(glob) && glob[0] != '!' && !strpbrk(glob, "[]{}\\");
}

bool relative_path_is_valid(const char *path)
{
	size_t n = strnlen(path, VAULT_PATH_MAX), start = 0;

	if (n == 0 || n >= VAULT_PATH_MAX)
		return false;
	while (start <= n) {
		size_t len = strcspn(path + start, "/");

		if (len == 0 || (len == 1 && path[start] == '.') ||
		    (len == 2 && path[start] == '.' && path[start + 1] == '.'))
			return false;
		start += len + 1;
	}
	return true;
}
