/* SPDX-License-Identifier: Apache-2.0 */
/* procread.h - the texts of /proc and of cgroup files, as numbers.
 * Owns: the kernel's own formats, each with its bounds.  Must not know: how a text is had. */
#ifndef KENNEL_SANDBOX_PROCREAD_H
#define KENNEL_SANDBOX_PROCREAD_H

#include <stdbool.h>

#include "base/err.h"
#include "policy/posture.h"

/* Every text ends with a NUL. What is missing, or not as the kernel writes it, is ERR_FORMAT. */
int procread_status(const char *text, struct posture_process *ret, struct err *e);
int procread_map(const char *text, struct posture_map *ret, struct err *e);
/* One line of mountinfo, without its end. A target that does not fit is ERR_LIMIT. */
int procread_mount(const char *line, struct posture_mount *ret, struct err *e);
/* The mount a descriptor was opened on, from its fdinfo. */
int procread_mount_id(const char *text, uint32_t *ret, struct err *e);
/* "max" is POSTURE_UNLIMITED. */
int procread_number(const char *text, uint64_t *ret, struct err *e);
/* cpu.max: two of them */
int procread_cpu_max(const char *text, uint64_t *ret_quota, uint64_t *ret_period, struct err *e);
/* "8:0" and the end of the line. */
int procread_device(const char *text, uint32_t *ret_major, uint32_t *ret_minor, struct err *e);
/* io.max: the row of one disk. One that has none is unlimited. */
int procread_io_max(const char *text, uint32_t major, uint32_t minor, uint64_t ret[DISK_MAX_COUNT],
		    struct err *e);

#endif
