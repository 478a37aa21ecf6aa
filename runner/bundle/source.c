/* SPDX-License-Identifier: Apache-2.0 */
/* source.c - where a bundle's bytes come from: a callback, read once, front to back. */
#include "bundle/source.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"

int source_read(const struct source *s, void *p, size_t n, const char *what, struct err *e)
{
	uint8_t *at = p;
	size_t got = 0;

	while (got < n) {
		ssize_t r = s->read(s->arg, at + got, n - got);

		if (r < 0)
			return err_sys(e, "read %s", what);
		if (r == 0)
			return err_set(e, ERR_TRUNCATED,
				       "%s: the bundle ends after %zu of %zu bytes", what, got, n);
		if ((size_t)r > n - got)
			return err_set(e, ERR_INTERNAL, "source gave more than was asked");
		got += (size_t)r;
	}
	return 0;
}

int source_expect_end(const struct source *s, struct err *e)
{
	uint8_t byte;
	ssize_t r = s->read(s->arg, &byte, 1);

	if (r < 0)
		return err_sys(e, "read the end");
	if (r > 0)
		return err_set(e, ERR_TRAILING, "bytes follow the last frame; nothing may");
	return 0;
}

ssize_t source_read_fd(void *arg, void *p, size_t n)
{
	ssize_t r;

	do
		r = read(*(int *)arg, p, n);
	while (r < 0 && errno == EINTR);
	return r;
}

ssize_t source_read_memory(void *arg, void *p, size_t n)
{
	struct reader *r = arg;
	size_t part = n < r->left ? n : r->left;
	const uint8_t *from = reader_bytes(r, part);

	if (part)
		memcpy(p, from, part);
	return (ssize_t)part;
}
