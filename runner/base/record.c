/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - fixed-size records with descriptors between our own processes (unix(7), cmsg(3)). */
#include "base/record.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"

union control {
	char buf[CMSG_SPACE(sizeof(int) * RECORD_FDS_MAX)];
	struct cmsghdr align;
};

int record_pair(int ret_ends[2], struct err *e)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_ends) < 0)
		return err_sys(e, "socketpair");
	return 0;
}

void record_fds_close(struct record_fds *fds)
{
	for (size_t i = 0; i < fds->count; i++)
		fd_close_p(&fds->fd[i]);
	fds->count = 0;
}

int record_send(int sock, const void *p, size_t n, const struct record_fds *fds, int flags,
		struct err *e)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)p, .iov_len = n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control c = { 0 };
	ssize_t r;

	if (fds && fds->count > RECORD_FDS_MAX)
		return err_set(e, ERR_LIMIT, "%zu descriptors in one record", fds->count);
	if (fds && fds->count > 0) {
		struct cmsghdr *h;

		m.msg_control = c.buf;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * fds->count);
		h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(int) * fds->count);
		memcpy(CMSG_DATA(h), fds->fd, sizeof(int) * fds->count);
	}
	do
		r = sendmsg(sock, &m, flags | MSG_NOSIGNAL);
	while (r < 0 && errno == EINTR);
	if (r < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return err_set(e, ERR_FULL, "peer does not read");
	if (r < 0 && (errno == EPIPE || errno == ECONNRESET))
		return err_set(e, ERR_IO, "peer is gone");
	return r < 0 ? err_sys(e, "sendmsg") : 0;
}

/* A hostile peer can attach more than one SCM_RIGHTS block; all of them must be closed on error. */
static void collect_fds(struct msghdr *m, struct record_fds *ret)
{
	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
		size_t count;

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(h) + i * sizeof(int), sizeof(fd));
			if (ret->count < RECORD_FDS_MAX)
				ret->fd[ret->count++] = fd;
			else
				fd_close_p(&fd);
		}
	}
}

long record_recv(int sock, void *p, size_t cap, struct record_fds *ret_fds, int flags,
		 struct err *e)
{
	struct iovec iov = { .iov_base = p, .iov_len = cap };
	union control c = { 0 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = c.buf, .msg_controllen = sizeof(c)
	};
	struct record_fds got = { 0 };
	ssize_t r;

	do
		r = recvmsg(sock, &m, flags | MSG_CMSG_CLOEXEC);
	while (r < 0 && errno == EINTR);
	if (r < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return RECORD_AGAIN;
	if (r < 0 && errno == ECONNRESET)
		return 0;
	if (r < 0)
		return err_sys(e, "recvmsg");
	collect_fds(&m, &got);
	if ((m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || (got.count && !ret_fds)) {
		record_fds_close(&got);
		return err_set(e, ERR_PROTOCOL, "a record or its descriptors were cut");
	}
	if (ret_fds)
		*ret_fds = got;
	return (long)r;
}
