/* SPDX-License-Identifier: Apache-2.0 */
/* quota.h - token buckets: so much a second, so much at once.
 * Owns: the arithmetic.  Must not know: requests, clocks (time is an argument). */
#ifndef KENNEL_BROKER_QUOTA_H
#define KENNEL_BROKER_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
	uint64_t per_second; /* 0: never refills, and nothing is allowed once the burst is gone */
	uint64_t burst;
	uint64_t milli; /* thousandths of a token */
	int64_t last_ms;
};

void bucket_init(struct bucket *b, uint64_t per_second, uint64_t burst, int64_t now_ms);
/* Takes n tokens when they are there; else takes nothing. A clock that goes back gives nothing. */
bool bucket_take(struct bucket *b, uint64_t n, int64_t now_ms);
/* How long until n tokens are there; UINT32_MAX: never. After a bucket_take that said no. */
uint32_t bucket_wait_ms(const struct bucket *b, uint64_t n);

#endif
