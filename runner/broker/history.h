/* SPDX-License-Identifier: Apache-2.0 */
/* history.h - the revisions that calls of plugins replaced: STATE/history/REVISION holds a note's
 * bytes. Owns: that folder and its size.  Must not know: which note had them (the audit log does).
 */
#ifndef KENNEL_BROKER_HISTORY_H
#define KENNEL_BROKER_HISTORY_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

/* A plugin must not fill the disk, and must not push out what undo needs: beyond this, what is
 * older than HISTORY_KEEP_S goes; if that is not enough, the write is refused. */
#define HISTORY_BYTES_MAX (1ull << 30)
#define HISTORY_FILES_MAX 262144u
#define HISTORY_KEEP_S (30 * 24 * 3600)

struct history {
	int fd; /* the folder, -1: closed */
	uint64_t bytes;
	uint64_t files;
};

int history_open(int state_fd, struct history *ret, struct err *e);
void history_close_p(struct history *h);
/* On disk when it returns; a revision that is there already costs nothing. ERR_FULL. */
int history_save(struct history *h, const char *revision, const void *p, size_t n, int64_t now_s,
		 struct err *e);

/* The bytes of a revision, checked against its name. ERR_NOT_FOUND: not kept, or no longer;
 * ERR_FILE_DIGEST: what lies there is something else. Free with buffer_free_p. */
int history_read(const struct history *h, const char *revision, struct buffer *ret, struct err *e);

#endif
