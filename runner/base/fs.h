/* SPDX-License-Identifier: Apache-2.0 */
/* fs.h - small files and trees below a directory descriptor.
 * Owns: whole-file reads, atomic writes, removal.  Must not know: what is in them. */
#ifndef KENNEL_BASE_FS_H
#define KENNEL_BASE_FS_H

#include <dirent.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/err.h"

/* The whole file, NUL-terminated for convenience (not counted in len). Refused when it is not a
 * regular file or larger than max_bytes. The caller frees ret->p with buffer_free_p. */
int fs_read_file(int dirfd, const char *path, size_t max_bytes, struct buffer *ret, struct err *e);
/* The same from an open descriptor, from its current offset to its end. */
int fs_read_fd(int fd, size_t max_bytes, struct buffer *ret, struct err *e);

/* Written beside it, synced, renamed over it, directory synced: after a crash the file is the old
 * or the new one, whole. What is there and is not a regular file (a device, a link) is not
 * replaced: E_IO. */
int fs_write_atomic(int dirfd, const char *name, const void *p, size_t n, mode_t mode,
		    struct err *e);

/* The same without a sync and without a rename: for a folder that is synced as a whole before
 * anybody looks into it. What has the name is replaced. */
int fs_write_unsynced(int dirfd, const char *name, const void *p, size_t n, mode_t mode,
		      struct err *e);

/* A directory that may exist already; -1 when something else has the name. Opened, O_DIRECTORY. */
int fs_open_dir(int dirfd, const char *name, bool create, mode_t mode, struct err *e);

/* A folder's names, one after another; a stream of its own, whatever else reads it ("." reads an
 * open one again). No link is followed. NULL: e is set. The caller closes it. */
DIR *fs_opendir(int dirfd, const char *name, struct err *e);
/* 1: *ret is the next entry, never "." or ".."; 0: the end; -1: the folder can't be read on. */
int fs_next(DIR *d, struct dirent **ret, struct err *e);

/* Removes name and everything below it without following links or leaving the file system entry.
 * Nothing there is success. */
int fs_remove_tree(int dirfd, const char *name, struct err *e);

#endif
