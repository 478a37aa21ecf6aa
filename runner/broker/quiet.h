/* SPDX-License-Identifier: Apache-2.0 */
/* quiet.h - when an instance has no work, and when it has some again.
 * Owns: that question, and telling the supervisor.  Must not know: what follows from it. */
#ifndef KENNEL_BROKER_QUIET_H
#define KENNEL_BROKER_QUIET_H

#include <stdint.h>

struct peer;

/* A message went to it, or came from it. */
void quiet_end(struct peer *p, int64_t now_ms);
/* When it will have been without work for as long as its policy says; 0: it has work, or is known
 * to be quiet already. */
int64_t quiet_due_ms(const struct peer *p);
/* Tells the supervisor, when that time has come. */
void quiet_check(struct peer *p, int64_t now_ms);

#endif
