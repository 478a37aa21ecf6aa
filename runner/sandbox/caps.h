/* SPDX-License-Identifier: Apache-2.0 */
/* caps.h - capabilities: none in a jail, the named few in the launcher.
 * Owns: the five sets, securebits.  Must not know: who runs with them otherwise. */
#ifndef KENNEL_SANDBOX_CAPS_H
#define KENNEL_SANDBOX_CAPS_H

#include "base/err.h"

/* Bounding, ambient, inheritable, permitted and effective become empty, and securebits are locked,
 * so that no exec gives any of them back. */
int caps_drop_all(struct err *e);
/* The launcher after boot: what its requests need, in the bounding set too. */
int caps_keep_launcher(struct err *e);

#endif
