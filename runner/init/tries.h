/* SPDX-License-Identifier: Apache-2.0 */
/* tries.h - process 1 tries to get out of its own jail, instead of starting a program.
 * Owns: how each is tried.  Must not know: who asked, what is done with the outcome. */
#ifndef KENNEL_INIT_TRIES_H
#define KENNEL_INIT_TRIES_H

/* Writes one struct selftest_result a try to descriptor 1. For process 1 of a jail only: it ends
 * all it can see. The exit status: 0 when all were tried. */
int tries_run(void);

#endif
