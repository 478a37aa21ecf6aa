/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_path.c - names of any bytes, one a line, against a second, slower reading of the same rules:
 * both must say the same of each name, of its cut in a header, and of the set. */
#include <strings.h>

#include "base/limits.h"
#include "bundle/path.h"
#include "tests/fuzz/fuzz.h"

enum { NAMES = 24, NAME_BYTES = BUNDLE_PATH_MAX + 16 };

static bool component_is_fine(const char *s, size_t n)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_@+=,~";

	if (n < 1 || n > 100 || !strchr(first, s[0]))
		return false;
	for (size_t i = 1; i < n; i++)
		if (!strchr(first, s[i]) && s[i] != '.' && s[i] != '-')
			return false;
	return true;
}

/* The name part holds 100 bytes, the prefix 155; a '/' between them is not stored. */
static bool header_can_hold(const char *path)
{
	size_t n = strlen(path);

	if (n <= 100)
		return true;
	for (size_t i = 1; i <= 155 && i < n; i++)
		if (path[i] == '/' && n - i - 1 <= 100)
			return true;
	return false;
}

static bool path_is_fine(const char *path)
{
	size_t folders = 0, n = strlen(path);
	const char *at = path;

	if (n < 1 || n > 255 || !header_can_hold(path))
		return false;
	for (;;) {
		size_t part = strcspn(at, "/");

		if (!component_is_fine(at, part))
			return false;
		if (at == path && part == 4 && strncasecmp(at, "META", 4) == 0)
			return false;
		if (!at[part])
			return folders < 16;
		folders++;
		at += part + 1;
	}
}

/* Walks two names folder by folder as a file system would that does not tell a from A. */
static bool names_clash(const char *a, const char *b)
{
	for (;;) {
		size_t n = strcspn(a, "/"), m = strcspn(b, "/");

		if (n != m || strncasecmp(a, b, n) != 0)
			return false;
		if (!a[n] || !b[m] || memcmp(a, b, n) != 0)
			return true;
		a += n + 1;
		b += m + 1;
	}
}

static void check_cut(const char *path)
{
	size_t n = strlen(path);
	int cut = path_ustar_split(path, n);

	if (cut <= 0) {
		must(cut == 0 && n <= 100);
		return;
	}
	must(cut <= 155 && path[cut] == '/' && n - (size_t)cut - 1 <= 100);
	for (size_t i = (size_t)cut + 1; i <= 155 && i < n; i++)
		must(path[i] != '/'); /* one spelling: the last cut that fits */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char names[NAMES][NAME_BYTES];
	const char *set[NAMES];
	size_t count = 0;
	bool clash = false;

	while (size > 0 && count < NAMES) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t n = end ? (size_t)(end - data) : size;
		size_t part = n < NAME_BYTES - 1 ? n : NAME_BYTES - 1;
		char *name = names[count];

		memcpy(name, data, part);
		name[part] = '\0';
		n += end ? 1 : 0;
		data += n;
		size -= n;
		must((path_check(name, NULL) == 0) == path_is_fine(name));
		if (!path_is_fine(name))
			continue;
		check_cut(name);
		set[count++] = name;
	}
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			clash = clash || names_clash(names[i], names[j]);
	must((path_check_set(set, count, NULL) == 0) == !clash);
	return 0;
}
