/* SPDX-License-Identifier: Apache-2.0 */
/* inspect.h - a running instance as the kernel shows it, beside its policy.
 * Owns: questions that wait for the launcher.  Must not know: /proc, how a jail is made. */
#ifndef KENNEL_SUPERVISE_INSPECT_H
#define KENNEL_SUPERVISE_INSPECT_H

#include "base/err.h"
#include "base/json.h"
#include "policy/posture_compare.h"
#include "supervise/control.h"
#include "supervise/plugin.h"

/* CONTROL_LATER: who is answered with the posture and its differences, each of them on record. */
int inspect_ask(struct plugin *p, struct control_ref who, struct err *e);

/* inspect_json.c: {uid, frozen, cgroup, guard, mounts, labels, processes, seccomp, differences} */
json_t *inspect_to_json(const struct posture *p, const struct posture_report *r,
			const struct policy *policy);

#endif
