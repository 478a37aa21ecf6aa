/* SPDX-License-Identifier: Apache-2.0 */
/* posture_compare.h - a posture beside the policy it must fit.
 * Owns: the comparison.  Must not know: how a jail is made, files, sockets. */
#ifndef KENNEL_POLICY_POSTURE_COMPARE_H
#define KENNEL_POLICY_POSTURE_COMPARE_H

#include "policy/policy.h"
#include "policy/posture.h"

#define POSTURE_DIFFERENCES_MAX 32u

struct posture_difference {
	char what[160];
	char expected[96];
	char found[96];
};
struct posture_report {
	uint32_t count; /* may be larger than what is kept */
	struct posture_difference row[POSTURE_DIFFERENCES_MAX];
};

struct posture_want {
	const struct policy *policy;
	uint32_t uid;
	uint32_t accepted; /* bit: enum degradation of this host */
};

/* Every difference between the two. What may differ without harm (a limit of the host's own that is
 * lower) is none. */
void posture_compare(const struct posture_want *want, const struct posture *p,
		     struct posture_report *ret);

#endif
