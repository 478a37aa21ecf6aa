/* SPDX-License-Identifier: Apache-2.0 */
/* logs.c - what a plugin says, as printable lines. */
#include "broker/logs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/fd.h"

enum {
	READ_BYTES = 16384,
	DRAIN_READS = 8,		    /* at the end: what the pipe can hold */
	READ_RATE = 16 * LOG_BYTES_PER_SECOND, /* faster than that, the plugin waits at its pipe */
	PAUSE_MS = 100,
	CHAR_BYTES_MAX = 4,
};

/* Bytes of the printable character at s, or 0. */
static size_t printable_at(const char *s, size_t n)
{
	for (size_t len = 1; len <= CHAR_BYTES_MAX && len <= n; len++)
		if (text_is_printable(s, len))
			return len;
	return 0;
}

size_t logs_escape(const char *s, size_t n, char *ret, size_t cap)
{
	size_t at = 0;

	for (size_t i = 0; i < n;) {
		size_t len = s[i] == '\t' ? 0 : printable_at(s + i, n - i);

		if (at + (len ? len : CHAR_BYTES_MAX) + 1 > cap)
			break;
		if (len) {
			memcpy(ret + at, s + i, len);
			at += len;
			i += len;
		} else if (s[i] == '\t') {
			ret[at++] = ' ';
			i++;
		} else {
			at += (size_t)snprintf(ret + at, cap - at, "\\x%02x", (unsigned char)s[i]);
			i++;
		}
	}
	ret[at] = '\0';
	return at;
}

static void give(struct plugin_log *l, enum log_stream stream, unsigned int level, const char *s,
		 size_t n)
{
	char line[LOG_LINE_MAX];

	if (l->unreported) {
		(void)snprintf(line, sizeof(line), "[%llu bytes of log dropped]",
			       (unsigned long long)l->unreported);
		if (l->sink && l->sink(l->arg, stream, 1, line))
			l->unreported = 0;
	}
	(void)logs_escape(s, n, line, sizeof(line));
	if (l->sink && l->sink(l->arg, stream, level, line)) {
		l->lines++;
		return;
	}
	l->dropped_bytes += n;
	l->unreported += n;
}

static void end_line(struct log_pipe *p)
{
	size_t n = p->len;

	if (n > 0 && p->line[n - 1] == '\r')
		n--;
	give(p->log, p->stream, p->stream == LOG_STREAM_STDERR ? 1 : 2, p->line, n);
	p->len = 0;
}

static void take_bytes(struct log_pipe *p, const char *s, size_t n, int64_t now_ms)
{
	if (!bucket_take(&p->log->bytes, n, now_ms)) {
		p->log->dropped_bytes += n;
		p->log->unreported += n;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\n') {
			end_line(p);
			continue;
		}
		/* Escapes take four bytes: a longer line is cut into lines. */
		if (p->len >= sizeof(p->line) / CHAR_BYTES_MAX - 1 && (s[i] & 0xc0) != 0x80)
			end_line(p);
		if (p->len < sizeof(p->line))
			p->line[p->len++] = s[i];
	}
}

static void close_pipe(struct log_pipe *p)
{
	if (p->len > 0)
		end_line(p);
	loop_remove(&p->source);
	fd_close_p(&p->fd);
}

static void pause_pipe(struct log_pipe *p, bool paused)
{
	if (p->paused != paused && p->source &&
	    loop_set_events(p->source, paused ? 0 : EPOLLIN, NULL) == 0)
		p->paused = paused;
	if (p->paused && p->log->on_paused)
		p->log->on_paused(p->log->arg);
}

/* False: nothing more for now. */
static bool read_once(struct log_pipe *p, int64_t now_ms)
{
	char buf[READ_BYTES];
	ssize_t n = read(p->fd, buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		close_pipe(p);
		return false;
	}
	take_bytes(p, buf, (size_t)n, now_ms);
	if (!bucket_take(&p->log->reads, (size_t)n, now_ms))
		pause_pipe(p, true);
	return true;
}

/* A closed pipe is always readable: it is read to its end even when paused. */
static void on_pipe(void *arg, uint32_t events)
{
	(void)events;
	(void)read_once(arg, clock_mono_ms());
}

static int open_pipe(struct log_pipe *p, struct loop *loop, struct err *e)
{
	if (fd_set_nonblock(p->fd) < 0)
		return err_sys(e, "log pipe");
	return loop_add_fd(loop, &(struct loop_watch){ p->fd, EPOLLIN, on_pipe, p }, &p->source, e);
}

int logs_open(struct plugin_log *l, struct loop *loop, int out_fd, int err_fd, int64_t now_ms,
	      struct err *e)
{
	*l = (struct plugin_log){ .out = { .log = l, .stream = LOG_STREAM_STDOUT, .fd = out_fd },
				  .err = { .log = l, .stream = LOG_STREAM_STDERR, .fd = err_fd } };
	bucket_init(&l->bytes, LOG_BYTES_PER_SECOND, 2 * LOG_BYTES_PER_SECOND, now_ms);
	bucket_init(&l->reads, READ_RATE, READ_RATE, now_ms);
	if (open_pipe(&l->out, loop, e) < 0 || open_pipe(&l->err, loop, e) < 0) {
		close_pipe(&l->out);
		close_pipe(&l->err);
		return -1;
	}
	return 0;
}

static void drain(struct log_pipe *p)
{
	for (int i = 0; i < DRAIN_READS && p->fd >= 0; i++)
		if (!read_once(p, clock_mono_ms()))
			break;
	close_pipe(p);
}

void logs_close(struct plugin_log *l)
{
	drain(&l->out);
	drain(&l->err);
}

void logs_set_sink(struct plugin_log *l, log_sink_fn sink, log_paused_fn on_paused, void *arg)
{
	l->on_paused = on_paused;
	l->sink = sink;
	l->arg = arg;
}

bool logs_write(struct plugin_log *l, unsigned int level, const char *text, size_t n,
		int64_t now_ms)
{
	if (!bucket_take(&l->bytes, n, now_ms)) {
		l->dropped_bytes += n;
		l->unreported += n;
		return false;
	}
	while (n > 0) {
		const char *nl = memchr(text, '\n', n);
		size_t len = nl ? (size_t)(nl - text) : n;
		size_t used = len + (nl ? 1 : 0);

		if (len >= LOG_LINE_MAX / CHAR_BYTES_MAX) {
			len = LOG_LINE_MAX / CHAR_BYTES_MAX - 1;
			while (len > 1 && (text[len] & 0xc0) == 0x80)
				len--;
			used = len;
		}
		give(l, LOG_STREAM_CALL, level, text, len);
		text += used;
		n -= used;
	}
	return true;
}

uint32_t logs_wait_ms(const struct plugin_log *l)
{
	return l->out.paused || l->err.paused ? PAUSE_MS : 0;
}

void logs_resume(struct plugin_log *l)
{
	pause_pipe(&l->out, false);
	pause_pipe(&l->err, false);
}
