/* SPDX-License-Identifier: Apache-2.0 */
/* linkname.c - does a link, as written in a note, mean this target? */
#include "broker/linkname.h"

#include <string.h>
#include <strings.h>

#include "base/bytes.h"

static size_t without_ending(const char *s, size_t n)
{
	return n > 3 && !strncasecmp(s + n - 3, ".md", 3) ? n - 3 : n;
}

const char *linkname_stem(const char *path, size_t *ret_len)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	*ret_len = without_ending(name, strlen(name));
	return name;
}

bool linkname_means(const char *written, size_t n, const struct link_target *t)
{
	size_t path_len = without_ending(t->path, strlen(t->path));
	const char *cut = memchr(written, '#', n);

	if (cut)
		n = (size_t)(cut - written);
	while (n > 0 && (written[0] == ' ' || written[0] == '/')) {
		written++;
		n--;
	}
	while (n > 0 && written[n - 1] == ' ')
		n--;
	n = without_ending(written, n);
	if (n == 0 || n > path_len || strncasecmp(written, t->path + path_len - n, n) != 0)
		return false;
	if (n == path_len)
		return true;
	/* A part of the path means the target when it is whole components and enough to be sure. */
	return t->path[path_len - n - 1] == '/' && (t->stem_unique || memchr(written, '/', n));
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Percent-decoded up to '#' or '?'. False: it does not fit, so it is no note's path. */
static bool decode_path(const char *href, char *ret, size_t cap, size_t *ret_len)
{
	size_t len = 0;

	for (; *href && *href != '#' && *href != '?'; href++) {
		int hi = *href == '%' ? hex_value(href[1]) : -1;
		int lo = hi >= 0 ? hex_value(href[2]) : -1;

		if (len + 1 >= cap)
			return false;
		ret[len++] = (char)(lo >= 0 ? hi << 4 | lo : *href);
		href += lo >= 0 ? 2 : 0;
	}
	*ret_len = len;
	return true;
}

bool linkname_href_means(const char *href, const struct link_target *t)
{
	char plain[VAULT_PATH_MAX];
	size_t len;

	if (strstr(href, "://") || !strncasecmp(href, "mailto:", 7))
		return false;
	while (!strncmp(href, "./", 2) || !strncmp(href, "../", 3))
		href += href[1] == '/' ? 2 : 3;
	if (!decode_path(href, plain, sizeof(plain), &len))
		return false;
	/* "[x](Note)" without the ending is a web address or an anchor for most readers. */
	return len > 3 && !strncasecmp(plain + len - 3, ".md", 3) && linkname_means(plain, len, t);
}

bool linkname_is_writable(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= LINK_NAME_MAX && name[0] != ' ' && name[n - 1] != ' ' &&
	       text_is_printable(name, n) && !strpbrk(name, "[]|#^\\`<>");
}
