/* SPDX-License-Identifier: Apache-2.0 */
/* replace.h - a note's file is replaced, made or removed, if it is still what the caller saw.
 * Owns: the compare-and-swap on a file.  Must not know: what the text is. */
#ifndef KENNEL_BROKER_REPLACE_H
#define KENNEL_BROKER_REPLACE_H

#include "broker/vault.h"

/* old is what vault_read gave. Owner and mode are kept; after a crash the note is the old or the
 * new one, whole. ERR_EXISTS: the note has another revision by now, nothing was done. */
int replace_note(const struct vault *v, const char *path, const struct vault_file *old,
		 const void *text, size_t n, struct err *e);
/* Folders on the way are made; mode as its folder's, without execution. ERR_EXISTS: something has
 * the name. */
int create_note(const struct vault *v, const char *path, const void *text, size_t n, struct err *e);
/* ERR_EXISTS: the note has another revision by now, or is gone; nothing was done. */
int remove_note(const struct vault *v, const char *path, const char *revision, struct err *e);

#endif
