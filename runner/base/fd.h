/* SPDX-License-Identifier: Apache-2.0 */
/* fd.h - descriptors: own, pass, close, open below another one.
 * Owns: descriptor hygiene.  Must not know: absolute paths inside what a plugin controls. */
#ifndef KENNEL_BASE_FD_H
#define KENNEL_BASE_FD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/err.h"

void fd_close_p(int *fd); /* closes and sets -1; takes -1; keeps errno */
#define CLEANUP_FD CLEANUP(fd_close_p)
#define take_fd(fd)                          \
	({                                   \
		int taken_fd_ = (fd);        \
		(fd) = -1;                   \
		taken_fd_;                   \
	})

/* Opens path below dirfd: never above it, never through a symlink or a magic link (openat2(2)
 * RESOLVE_BENEATH|NO_SYMLINKS|NO_MAGICLINKS). O_CLOEXEC is added. mode only with O_CREAT.
 * The descriptor, or -1 with errno (EXDEV or ELOOP: the path tried to leave). */
int fd_open_beneath(int dirfd, const char *path, int flags, mode_t mode);

/* The same for reading, but a symlink is followed as long as it stays below dirfd: EXDEV, it leads
 * out or is absolute; ELOOP, into itself. */
int fd_open_inside(int dirfd, const char *path, int flags);

/* All n bytes or -1 with errno; EINTR is retried. For blocking descriptors. */
int fd_write_all(int fd, const void *p, size_t n);
/* Exactly n bytes: n, or fewer at end of file (the count), or -1 with errno. */
ssize_t fd_read_full(int fd, void *p, size_t n);

int fd_set_nonblock(int fd);
int fd_set_cloexec(int fd, int on);

#endif
