/* SPDX-License-Identifier: Apache-2.0 */
/* frame.c - length-prefixed messages on a byte stream. */
#include "base/frame.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

enum { HEADER_BYTES = 4, READ_CHUNK = 65536 };

static void put_u32le(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static uint32_t get_u32le(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

void frame_init(struct frame_conn *c, int fd, size_t body_max, size_t out_max)
{
	*c = (struct frame_conn){ .fd = fd, .body_max = body_max, .out_max = out_max };
}

void frame_free_p(struct frame_conn *c)
{
	buffer_free_p(&c->in);
	buffer_free_p(&c->out);
	record_fds_close(&c->fds);
}

int frame_fill(struct frame_conn *c, struct err *e)
{
	/* One whole message and its successor's header: the kernel's buffer is the back-pressure.
	 */
	size_t cap = c->body_max + HEADER_BYTES + READ_CHUNK;
	uint8_t chunk[READ_CHUNK];

	while (c->in.len < c->body_max + HEADER_BYTES) {
		struct record_fds got = { 0 };
		long n = record_recv(c->fd, chunk, sizeof(chunk), c->take_fds ? &got : NULL,
				     MSG_DONTWAIT, e);

		if (n == RECORD_AGAIN)
			return 0;
		if (n < 0)
			return -1;
		if (n == 0) {
			c->eof = true;
			return 0;
		}
		if (c->fds.count + got.count > RECORD_FDS_MAX) {
			record_fds_close(&got);
			return err_set(e, ERR_PROTOCOL, "too many descriptors");
		}
		for (size_t i = 0; i < got.count; i++)
			c->fds.fd[c->fds.count++] = got.fd[i];
		if (buffer_append(&c->in, chunk, (size_t)n, cap) < 0)
			return err_set(e, ERR_NOMEM, "input of %zu bytes", c->in.len);
	}
	return 0;
}

int frame_next(struct frame_conn *c, const uint8_t **ret_body, size_t *ret_len, struct err *e)
{
	uint32_t n;

	if (c->in.len < HEADER_BYTES)
		return 0;
	n = get_u32le(c->in.p);
	if (n > c->body_max)
		return err_set(e, ERR_LIMIT, "message of %u bytes, limit %zu", n, c->body_max);
	if (c->in.len - HEADER_BYTES < n)
		return 0;
	*ret_body = c->in.p + HEADER_BYTES;
	*ret_len = n;
	return 1;
}

void frame_consume(struct frame_conn *c)
{
	buffer_drop_front(&c->in, HEADER_BYTES + (size_t)get_u32le(c->in.p));
}

int frame_flush(struct frame_conn *c, struct err *e)
{
	size_t done = 0;

	while (done < c->out.len) {
		ssize_t n = send(c->fd, c->out.p + done, c->out.len - done,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0)
			return err_sys(e, "send");
		done += (size_t)n;
	}
	buffer_drop_front(&c->out, done);
	return 0;
}

int frame_send(struct frame_conn *c, const void *body, size_t n, struct err *e)
{
	uint8_t head[HEADER_BYTES];

	if (n > c->body_max)
		return err_set(e, ERR_LIMIT, "message of %zu bytes, limit %zu", n, c->body_max);
	if (c->out.len + HEADER_BYTES + n > c->out_max)
		return err_set(e, ERR_FULL, "peer does not read: %zu bytes queued", c->out.len);
	put_u32le(head, (uint32_t)n);
	if (buffer_append(&c->out, head, sizeof(head), c->out_max) < 0)
		return err_set(e, ERR_NOMEM, "output");
	if (buffer_append(&c->out, body, n, c->out_max) < 0) {
		c->out.len -= sizeof(head);
		return err_set(e, ERR_NOMEM, "output");
	}
	return frame_flush(c, e);
}

bool frame_wants_write(const struct frame_conn *c)
{
	return c->out.len > 0;
}

int frame_write_blocking(int fd, const void *body, size_t n, int fd_to_pass, struct err *e)
{
	struct record_fds fds = { .fd = { fd_to_pass }, .count = fd_to_pass >= 0 };
	uint8_t head[HEADER_BYTES];

	put_u32le(head, (uint32_t)n);
	if (record_send(fd, head, sizeof(head), &fds, 0, e) < 0)
		return -1;
	while (n > 0) {
		ssize_t r = send(fd, body, n, MSG_NOSIGNAL);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_sys(e, "send");
		body = (const uint8_t *)body + r;
		n -= (size_t)r;
	}
	return 0;
}

int frame_read_blocking(int fd, size_t body_max, struct buffer *ret_body, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	uint8_t head[HEADER_BYTES];
	uint32_t n;

	if (fd_read_full(fd, head, sizeof(head)) != HEADER_BYTES)
		return err_set(e, ERR_IO, "the other side closed the connection");
	n = get_u32le(head);
	if (n > body_max)
		return err_set(e, ERR_LIMIT, "message of %u bytes, limit %zu", n, body_max);
	b.p = malloc((size_t)n + 1);
	if (!b.p)
		return err_set(e, ERR_NOMEM, "message of %u bytes", n);
	b.cap = (size_t)n + 1;
	b.len = n;
	b.p[n] = '\0';
	if (fd_read_full(fd, b.p, n) != (ssize_t)n)
		return err_set(e, ERR_IO, "the other side closed the connection in a message");
	*ret_body = b;
	b = (struct buffer){ 0 };
	return 0;
}
