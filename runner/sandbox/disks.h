/* SPDX-License-Identifier: Apache-2.0 */
/* disks.h - which whole disk lies below a folder, and how much of it jails may use in a second.
 * Owns: from a file system's device to a row of io.max.  Must not know: policies, when a jail
 * starts. */
#ifndef KENNEL_SANDBOX_DISKS_H
#define KENNEL_SANDBOX_DISKS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* A file system and the disk below it; whole 0: none is known. */
struct disk {
	dev_t fs;
	dev_t whole;
};

/* io.max takes no partitions. A file system without a block device, such as btrfs, overlayfs or one
 * of the network, is ERR_NO_IO_LIMIT. */
int disk_below(int folder_fd, struct disk *ret, struct err *e);

/* Does the group have io.max, and does it take this disk? Changes nothing. ERR_NO_IO_LIMIT. */
int disk_can_be_limited(int cgroup_fd, dev_t whole, struct err *e);

/* Bytes a second read, as many written, and a request each way for every DISK_REQUEST_BYTES of
 * them: small requests cost a disk as much as large ones. */
#define DISK_REQUEST_BYTES 4096u
int disk_limit(int cgroup_fd, dev_t whole, uint64_t bytes, struct err *e);

/* Takes every limit of a group away, so that the kernel may end what it holds back for it. A group
 * without io.max is success. */
int disk_let_go(int cgroup_fd, struct err *e);

#endif
