/* SPDX-License-Identifier: Apache-2.0 */
/* filetree.h - the index of one installed bundle: which files lie there, what is in them, and how
 * the file system knows them. Owns: the index file, the walk that compares.  Must not know:
 * versions, who installed it.
 *
 *   index: "kennel.index/1 FILES FOLDERS OWNER", then a line a file, by path:
 *          DIGEST SIZE MODE UID INODE MTIME CTIME PATH (times in ns; the path below the bundle)
 *
 * A name, size, mode or owner that differs refuses. An inode or a time that differs does not: a
 * store that was restored from a backup, or a file that got or lost a hard link, is hashed again,
 * and the digest decides. */
#ifndef KENNEL_SUPERVISE_FILETREE_H
#define KENNEL_SUPERVISE_FILETREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

#define FILETREE_INDEX "index"
#define FILETREE_ROOT "root"
#define FILETREE_EXECUTABLE "exec/plugin"
#define FILETREE_ROWS_MAX (BUNDLE_FILES_MAX + 1u) /* and the executable made of it */
#define FILETREE_PATH_BYTES (BUNDLE_PATH_MAX + sizeof(FILETREE_ROOT "/"))
#define FILETREE_FILE_MAX (2u << 20) /* 4,096 lines of 130 bytes and the paths, 1 MiB at most */

struct filetree_row {
	uint8_t digest[DIGEST_BYTES];
	uint64_t size_bytes;
	uint64_t inode;
	int64_t mtime_ns;
	int64_t ctime_ns;
	uint32_t mode;
	uint32_t uid;
	uint32_t links;
	uint32_t path; /* offset in names */
	bool hashed;   /* digest is set */
	bool seen;     /* by the walk at hand */
};

struct filetree {
	struct filetree_row *rows;
	uint32_t count;
	uint32_t room;
	uint32_t folders;
	uint32_t owner; /* of the folders that are not the caller's */
	struct buffer names;
};

void filetree_free_p(struct filetree *t);
const char *filetree_path(const struct filetree *t, const struct filetree_row *row);

/* path lies below the bundle. digest NULL: filetree_seal computes it. */
int filetree_add(struct filetree *t, const char *path, uint64_t size_bytes,
		 const uint8_t digest[DIGEST_BYTES], struct err *e);
/* Fills what the file system says. Exactly the files of the rows must lie there. */
int filetree_seal(struct filetree *t, int dir, struct err *e);
/* Into a staging folder: store_commit makes it durable. */
int filetree_write(const struct filetree *t, int dir, struct err *e);
int filetree_read(int dir, struct filetree *ret, struct err *e);

/* What the same plugin's older bundle holds already is not stored twice: the new file becomes a
 * hard link of the old one, when that is ours to link; else it becomes a file of ours, that the
 * next version can share. Only digests decide. Before filetree_seal. */
int filetree_share(const struct filetree *t, int dir, const struct filetree *old, int old_dir,
		   struct err *e);

struct filetree_report {
	uint32_t files;
	uint32_t hashed;
	uint64_t bytes; /* of the files */
};
/* ERR_STORE_CHANGED names the first difference. rehash: every file, whatever its times say. The
 * index is written anew when only times or inodes differed. ret_report may be NULL. */
int filetree_check(int dir, bool rehash, struct filetree_report *ret_report, struct err *e);
/* After links went away: takes new times where nothing else differs, without reading a file. Only
 * for a tree that was sealed in the same breath. */
int filetree_refresh(int dir, struct err *e);

#endif
