/* SPDX-License-Identifier: Apache-2.0 */
/* sse.c - server-sent events, as far as completions use them. */
#include "fetch/sse.h"

#include <string.h>

static int too_long(struct err *e)
{
	return err_set(e, ERR_LIMIT, "an event of more than %u bytes, or no memory for it",
		       SSE_EVENT_MAX);
}

static int end_event(struct sse *s, sse_fn fn, void *arg, struct err *e)
{
	int r = s->has_data ? fn(arg, (const char *)s->data.p, s->data.len, e) : 0;

	s->data.len = 0;
	s->has_data = false;
	return r;
}

/* Fields other than data, and comments, are for other uses. */
static int end_line(struct sse *s, sse_fn fn, void *arg, struct err *e)
{
	const char *p = (const char *)s->line.p;
	size_t n = s->line.len;

	s->line.len = 0;
	if (n == 0)
		return end_event(s, fn, arg, e);
	if (n < 4 || memcmp(p, "data", 4) != 0 || (n > 4 && p[4] != ':'))
		return 0;
	p += n > 4 ? 5 : 4;
	n -= n > 4 ? 5 : 4;
	if (n > 0 && *p == ' ') {
		p++;
		n--;
	}
	if (s->has_data && buffer_append(&s->data, "\n", 1, SSE_EVENT_MAX) < 0)
		return too_long(e);
	if (n > 0 && buffer_append(&s->data, p, n, SSE_EVENT_MAX) < 0)
		return too_long(e);
	s->has_data = true;
	return 0;
}

int sse_feed(struct sse *s, const char *p, size_t n, sse_fn fn, void *arg, struct err *e)
{
	while (n > 0) {
		size_t len = 0;

		if (s->after_cr && *p == '\n') {
			s->after_cr = false;
			p++;
			n--;
			continue;
		}
		s->after_cr = false;
		while (len < n && p[len] != '\n' && p[len] != '\r')
			len++;
		if (len > 0 && buffer_append(&s->line, p, len, SSE_EVENT_MAX) < 0)
			return too_long(e);
		if (len == n)
			break;
		s->after_cr = p[len] == '\r';
		p += len + 1;
		n -= len + 1;
		if (end_line(s, fn, arg, e) < 0)
			return -1;
	}
	return 0;
}

void sse_free_p(struct sse *s)
{
	buffer_free_p(&s->line);
	buffer_free_p(&s->data);
}
