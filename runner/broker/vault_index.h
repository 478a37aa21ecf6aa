/* SPDX-License-Identifier: Apache-2.0 */
/* vault_index.h - what vault.c and vault_scan.c share.
 * Owns: the index's inside.  Must not be included by anything else. */
#ifndef KENNEL_BROKER_VAULT_INDEX_H
#define KENNEL_BROKER_VAULT_INDEX_H

#include "broker/vault.h"

struct vault {
	int fd;			/* the caller's */
	struct note **by_path;	/* owns the notes */
	struct note **by_stem;	/* sorted by file name, then path */
	size_t count;
	size_t cap;
	size_t left_out;
	uint32_t generation;
	vault_change_fn on_change;
	void *arg;
};

/* An open regular file with a note's path, or -1. */
int vault_open_note(const struct vault *v, const char *path, struct stat *ret_st, struct err *e);
void vault_forget_unseen(struct vault *v);

#endif
