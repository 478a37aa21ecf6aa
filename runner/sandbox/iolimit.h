/* SPDX-License-Identifier: Apache-2.0 */
/* iolimit.h - io.max of plugins: on which disks, from when to when.
 * Owns: the launcher's table of disks.  Must not know: how a disk is found or limited (disks.h). */
#ifndef KENNEL_SANDBOX_IOLIMIT_H
#define KENNEL_SANDBOX_IOLIMIT_H

#include "sandbox/host.h"

/* At boot, once: the disks below the folders that every jail sees, and below each vault. What can
 * be limited will be; ERR_NO_IO_LIMIT names the first folder that cannot. */
int iolimit_find(struct launcher *l, struct err *e);
int iolimit_find_vaults(struct launcher *l, struct err *e);

/* The group of a plugin, all its instances together. t NULL: no tenant, so no vault. */
int iolimit_set(struct launcher *l, int plugin_fd, const struct tenant_ceiling *t, uint64_t bytes,
		struct err *e);
/* Is what stands in this folder of a plugin of t held by iolimit_set? ERR_NO_IO_LIMIT, unless that
 * is accepted. */
int iolimit_check(const struct launcher *l, const struct tenant_ceiling *t, int folder_fd,
		  struct err *e);
/* i is dead, but waits for its turn at a disk: the limit goes until another start, or until its
 * groups are gone. */
void iolimit_let_go(struct instance *i);
/* Its group stays, because of another instance: limited again. */
void iolimit_set_again(struct instance *i, int plugin_fd);

/* The row of each disk of i, as the kernel has it. */
int iolimit_read(const struct instance *i, int plugin_fd, struct posture_head *ret, struct err *e);

#endif
