/* SPDX-License-Identifier: Apache-2.0 */
/* selftest.h - the built-in tries, when a person asks for them.
 * Owns: the question and its record.  Must not know: how anything is tried. */
#ifndef KENNEL_SUPERVISE_SELFTEST_H
#define KENNEL_SUPERVISE_SELFTEST_H

#include "base/err.h"
#include "supervise/control.h"

/* CONTROL_LATER: who is answered with every try and its outcome. */
int selftest_ask(struct supervisor *s, struct control_ref who, struct err *e);

#endif
