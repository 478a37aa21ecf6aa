/* SPDX-License-Identifier: Apache-2.0 */
/* path.c - which names may stand in a bundle. */
#include "bundle/path.h"

#include <stdbool.h>
#include <string.h>

#include "base/limits.h"

enum { USTAR_NAME = 100, USTAR_PREFIX = 155 }; /* POSIX.1-2017 pax, "ustar Interchange Format" */

static unsigned char fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned char)(c - 'A' + 'a');
	/* Below every letter of the alphabet, so that a folder's entries follow its name at once.
	 */
	return c == '/' ? 1 : (unsigned char)c;
}

static bool letter_is_allowed(char c, bool first)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	if (c == '.' || c == '-')
		return !first;
	return c && strchr("_@+=,~", c);
}

int path_ustar_split(const char *path, size_t n)
{
	if (n <= USTAR_NAME)
		return 0;
	for (size_t i = n < USTAR_PREFIX ? n : USTAR_PREFIX; i > 0; i--)
		if (path[i] == '/')
			return n - i - 1 <= USTAR_NAME ? (int)i : -1;
	return -1;
}

static bool is_below_meta(const char *path)
{
	static const char meta[] = "meta";

	for (size_t i = 0; i < 4; i++)
		if (fold(path[i]) != (unsigned char)meta[i])
			return false;
	return path[4] == '\0' || path[4] == '/';
}

int path_check(const char *path, struct err *e)
{
	size_t n = strnlen(path, BUNDLE_PATH_MAX + 1), start = 0, depth = 1;

	if (n == 0 || n > BUNDLE_PATH_MAX)
		return err_set(e, ERR_PATH, "path of %zu bytes: expected 1 to %u", n,
			       BUNDLE_PATH_MAX);
	for (size_t i = 0; i <= n; i++) {
		if (i < n && path[i] != '/') {
			if (!letter_is_allowed(path[i], i == start))
				return err_set(
					e, ERR_PATH,
					"%s: byte 0x%02x at %zu: letters, digits and _@+=,~ may start a name, . and - follow",
					path, (unsigned char)path[i], i);
			continue;
		}
		if (i == start || i - start > BUNDLE_COMPONENT_MAX)
			return err_set(e, ERR_PATH, "%s: a name of %zu bytes, expected 1 to %u",
				       path, i - start, BUNDLE_COMPONENT_MAX);
		if (i < n && ++depth > BUNDLE_DEPTH_MAX)
			return err_set(e, ERR_PATH, "%s: deeper than %u folders", path,
				       BUNDLE_DEPTH_MAX);
		start = i + 1;
	}
	if (is_below_meta(path))
		return err_set(e, ERR_PATH, "%s: META belongs to the bundle itself", path);
	if (path_ustar_split(path, n) < 0)
		return err_set(e, ERR_PATH,
			       "%s: does not fit a ustar header; shorten the folder names", path);
	return 0;
}

static int compare_folded(const char *a, const char *b)
{
	while (*a && fold(*a) == fold(*b))
		a++, b++;
	return (int)(*a ? fold(*a) : 0) - (int)(*b ? fold(*b) : 0);
}

static void sift_down(const char **p, size_t at, size_t n)
{
	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		const char *parent = p[at];

		if (child + 1 < n && compare_folded(p[child], p[child + 1]) < 0)
			child++;
		if (compare_folded(parent, p[child]) >= 0)
			return;
		p[at] = p[child];
		p[child] = parent;
	}
}

/* Heapsort: an author cannot make it slow, and it asks the kernel nothing; glibc's qsort(3) calls
 * sysinfo(2) for large arrays, which the loader's filter kills. */
static void sort_folded(const char **p, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift_down(p, i, n);
	for (size_t last = n; last-- > 1;) {
		const char *largest = p[0];

		p[0] = p[last];
		p[last] = largest;
		sift_down(p, 0, last);
	}
}

/* Neighbours in folded order: equal, one the folder of the other, or a shared folder spelled twice.
 */
static int check_neighbours(const char *a, const char *b, struct err *e)
{
	size_t i = 0;
	bool spelled_alike = true;

	for (; a[i] && b[i] && fold(a[i]) == fold(b[i]); i++) {
		spelled_alike = spelled_alike && a[i] == b[i];
		if (a[i] == '/' && !spelled_alike)
			return err_set(e, ERR_PATH, "%s and %s spell one folder in two ways", a, b);
	}
	if (!a[i] && !b[i])
		return err_set(e, ERR_PATH, "%s and %s differ only in case", a, b);
	if (!a[i] && b[i] == '/')
		return err_set(e, ERR_PATH, "%s is a file, and the folder of %s", a, b);
	return 0;
}

int path_check_set(const char **paths, size_t n, struct err *e)
{
	sort_folded(paths, n);
	for (size_t i = 1; i < n; i++)
		if (check_neighbours(paths[i - 1], paths[i], e) < 0)
			return -1;
	return 0;
}
