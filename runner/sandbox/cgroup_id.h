/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_id.h - cgroups by their 64-bit kernfs id.  Owns: the way from id to folder.
 * Must not know: what the cgroup is for. */
#ifndef KENNEL_SANDBOX_CGROUP_ID_H
#define KENNEL_SANDBOX_CGROUP_ID_H

#include <stdbool.h>
#include <stdint.h>

/* Is there a cgroup of this id in the v2 hierarchy? When the kernel cannot be asked: true. Needs
 * CAP_DAC_READ_SEARCH. */
bool cgroup_id_exists(uint64_t id);

#endif
