/* SPDX-License-Identifier: Apache-2.0 */
/* vault.h - the tenant's notes: the index, and every open of a note.
 * Owns: the vault's descriptor and what was read below it.  Must not know: plugins, permissions. */
#ifndef KENNEL_BROKER_VAULT_H
#define KENNEL_BROKER_VAULT_H

#include "base/bytes.h"
#include "broker/note.h"

/* Why a note changed: "" and 0 for an edit from outside, else the plugin whose call wrote it. */
struct cause {
	char origin[NAME_MAX_BYTES];
	uint32_t hops;
};

struct vault;
/* After the index holds the new revision. The note is the vault's; do not change the index here. */
typedef void (*vault_change_fn)(void *arg, const struct note *note, const struct cause *cause);

/* A note's bytes as they are on disk now. Free with vault_file_free_p. */
struct vault_file {
	struct buffer text;
	char revision[DIGEST_HEX_BYTES];
	struct stat st;
};

/* dirfd stays the caller's and must stay open. The index is empty until vault_scan. */
int vault_new(int dirfd, struct vault **ret, struct err *e);
void vault_free_p(struct vault **v);
void vault_on_change(struct vault *v, vault_change_fn fn, void *arg);
int vault_dirfd(const struct vault *v);

/* ---- the index; notes are sorted by path ---- */
size_t vault_count(const struct vault *v);
const struct note *vault_at(const struct vault *v, size_t i);
/* The first note whose path is greater than path; vault_count() when there is none. */
size_t vault_after(const struct vault *v, const char *path);
const struct note *vault_find(const struct vault *v, const char *path);
/* How many notes have the same file name, whatever their folder (ASCII case does not count). */
size_t vault_count_stem(const struct vault *v, const char *path);
/* Notes left out because there are more than VAULT_NOTES_MAX. */
size_t vault_left_out(const struct vault *v);

/* ---- the disk ---- */
/* ERR_PATH: not a note's path; ERR_NOT_FOUND: not there, not a regular file, or reached through a
 * link; ERR_LIMIT: larger than NOTE_MAX; ERR_FORMAT: not UTF-8. Never blocks on a pipe. */
int vault_read(const struct vault *v, const char *path, struct vault_file *ret, struct err *e);
void vault_file_free_p(struct vault_file *f);

/* ERR_FULL: n more bytes would leave less than VAULT_FREE_MIN on the vault's disk. */
int vault_check_room(const struct vault *v, size_t n, struct err *e);

/* Makes the index say what the disk says of this path, and tells of a new revision; what is no note
 * (any more) leaves the index. -1 only when memory is out. */
int vault_refresh(struct vault *v, const char *path, const struct cause *cause, struct err *e);
void vault_forget(struct vault *v, const char *path);
void vault_forget_below(struct vault *v, const char *folder);

/* Called with each folder that is not hidden before its entries are read; the descriptor is only
 * lent. */
typedef int (*vault_folder_fn)(void *arg, int fd, const char *path, struct err *e);
/* Reads folder ("" is the vault) and all below it into the index. */
int vault_scan(struct vault *v, const char *folder, vault_folder_fn fn, void *arg, struct err *e);
/* The whole vault, and what was not seen leaves the index. */
int vault_rescan(struct vault *v, vault_folder_fn fn, void *arg, struct err *e);

#endif
