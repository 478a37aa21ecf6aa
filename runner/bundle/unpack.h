/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.h - verified files, written below a staging folder as root/….
 * Owns: modes, exclusive creation.  Must not know: digests, where the folder is, when it is
 * published. */
#ifndef KENNEL_BUNDLE_UNPACK_H
#define KENNEL_BUNDLE_UNPACK_H

#include "base/err.h"
#include "base/limits.h"
#include "bundle/stream.h"
#include "bundle/toc.h"

#define UNPACK_ROOT "root"

/* Descriptors, never paths from "/": an author's name is resolved component by component below
 * root. */
struct unpack {
	int staging; /* the caller's */
	int root;    /* -1: nothing made yet */
	int folder;  /* of the file at hand */
	int file;
	bool executable; /* that file, by the contents */
	char folder_name[BUNDLE_PATH_MAX + 1];
};

/* Makes root/ in the empty staging folder; ERR_EXISTS when it is there. */
int unpack_start(struct unpack *u, int staging, struct err *e);
struct stream_sink unpack_sink(struct unpack *u);
/* Beside the sink: the manifest, which came with the first frame. */
int unpack_file(struct unpack *u, const struct toc_file *f, const void *p, size_t n, struct err *e);
/* Folders closed to their owner. Whoever publishes the tree makes it durable first, with all that
 * belongs to it, by one syncfs(2). */
int unpack_finish(struct unpack *u, const struct toc *t, struct err *e);
/* Closes; removes root/ when unpack_finish has not been reached. */
void unpack_free_p(struct unpack *u);

#endif
