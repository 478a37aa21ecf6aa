/* SPDX-License-Identifier: Apache-2.0 */
/* note.h - what the broker remembers of one note.
 * Owns: how it is read out of the note's bytes.  Must not know: folders, plugins. */
#ifndef KENNEL_BROKER_NOTE_H
#define KENNEL_BROKER_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/limits.h"
#include "broker/words.h"

/* Equal stamps: the file was not touched, and is not read again. */
struct note_stamp {
	uint64_t inode;
	int64_t size;
	int64_t mtime_ns;
	int64_t ctime_ns;
};

struct note {
	char *path;
	char *title; /* front matter, else first heading, else file name */
	char revision[DIGEST_HEX_BYTES];
	struct words aliases;
	struct words tags; /* of the front matter and of the text */
	struct note_stamp stamp;
	uint32_t generation; /* of the scan that last saw it */
};

/* BLAKE2b-256 of the bytes, lower-case hex. */
void note_revision(const void *text, size_t n, char ret[DIGEST_HEX_BYTES]);
struct note_stamp note_stamp_of(const struct stat *st);
bool note_stamp_equal(const struct note_stamp *a, const struct note_stamp *b);
/* UTF-8 without NUL. */
bool note_text_is_valid(const char *text, size_t n);
/* Is this a path a note may have? Relative, ends in ".md", no hidden folder or file, printable. */
bool note_path_is_valid(const char *path);
/* ERR_NOMEM only. The caller frees with note_free. */
int note_read(const char *path, const char *text, size_t n, struct note **ret, struct err *e);
void note_free(struct note *n);

#endif
