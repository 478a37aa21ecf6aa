/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h - hears of every change in the vault's folders and brings the index up to date.
 * Owns: inotify(7), which folder is which.  Must not know: what a change is good for. */
#ifndef KENNEL_BROKER_WATCH_H
#define KENNEL_BROKER_WATCH_H

#include "base/loop.h"
#include "broker/vault.h"

/* Without a watch for each folder (fs.inotify.max_user_watches) the whole vault is looked at this
 * often. */
#define WATCH_RESCAN_MS 60000u

struct watch;

/* Watches the vault and reads it into the index: when it returns, the index is complete and no
 * later change is missed. Changes the working directory (inotify takes paths, we have descriptors).
 * The vault stays the caller's and must outlive the watch. */
int watch_new(struct loop *loop, struct vault *v, struct watch **ret, struct err *e);
void watch_free_p(struct watch **w);
/* Folders watched; for tests and doctor. */
size_t watch_count(const struct watch *w);

#endif
