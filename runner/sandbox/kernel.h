/* SPDX-License-Identifier: Apache-2.0 */
/* kernel.h - what this host's kernel must be able to do, tried, not guessed from its version.
 * Owns: the probes and their advice.  Must not know: what is accepted without. */
#ifndef KENNEL_SANDBOX_KERNEL_H
#define KENNEL_SANDBOX_KERNEL_H

#include "base/err.h"

/* Detached mounts with attributes; user namespaces with an id map; killing a cgroup at once. There
 * is no degradation for these: ERR_UNSUPPORTED with advice. plugins_fd: a cgroup folder. */
int kernel_has_basics(int proc_fd, int plugins_fd, unsigned int plugin_uid, struct err *e);

#endif
