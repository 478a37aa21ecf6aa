/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - the two clocks.  Owns: reading them.  Must not know: what time is for. */
#ifndef KENNEL_BASE_CLOCK_H
#define KENNEL_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_mono_ms(void);	/* for intervals; never set back */
int64_t clock_mono_ns(void);
int64_t clock_wall_s(void);	/* for people and expiry */
int64_t clock_wall_ns(void);
/* "2026-01-02T03:04:05.678901234Z" */
#define CLOCK_TEXT_BYTES 31u
void clock_format_utc(int64_t wall_ns, char ret_text[CLOCK_TEXT_BYTES]);

#endif
