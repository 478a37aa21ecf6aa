/* SPDX-License-Identifier: Apache-2.0 */
/* posture_disk.h - what a plugin may ask of one disk, as the kernel says it: a row of io.max.
 * Owns: the record.  Must not know: how it is read, what it ought to be. */
#ifndef KENNEL_POLICY_POSTURE_DISK_H
#define KENNEL_POLICY_POSTURE_DISK_H

#include <stdint.h>

#define POSTURE_DISKS_MAX 4u /* below the image, the bundle, /data and the vault */

/* In a second. */
enum posture_disk_max {
	DISK_READ_BYTES,
	DISK_WRITE_BYTES,
	DISK_READS,
	DISK_WRITES,
	DISK_MAX_COUNT
};

struct posture_disk {
	uint32_t fs_major, fs_minor; /* the file system, as mounts name it */
	uint32_t major, minor;	     /* the whole disk below it */
	uint64_t max[DISK_MAX_COUNT];
};

#endif
