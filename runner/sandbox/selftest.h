/* SPDX-License-Identifier: Apache-2.0 */
/* selftest.h - is what process 1 says of its tries complete, and did all that had to be refused get
 * refused? Owns: the judgement.  Must not know: how a jail is started, how anything is tried. */
#ifndef KENNEL_SANDBOX_SELFTEST_H
#define KENNEL_SANDBOX_SELFTEST_H

#include <stddef.h>

#include "base/err.h"
#include "proto/selftest.h"

/* jail->image and guarded are set. Fills its results from the bytes that came, counts into r. What
 * is incomplete or out of order is ERR_SELFTEST, for then something was not tried. */
int selftest_judge(struct selftest_report *r, struct selftest_jail *jail, const void *bytes,
		   size_t n, struct err *e);
/* ERR_SELFTEST names the first that got through; 0 when nothing did. */
int selftest_verdict(const struct selftest_report *r, struct err *e);

/* For people; "unknown" outside the list. */
const char *selftest_name(unsigned int number);

#endif
