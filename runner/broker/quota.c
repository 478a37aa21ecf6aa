/* SPDX-License-Identifier: Apache-2.0 */
/* quota.c - token buckets. */
#include "broker/quota.h"

enum { MILLI = 1000 };
#define RATE_MAX (1ull << 32) /* keeps every product below 2^64 */

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void bucket_init(struct bucket *b, uint64_t per_second, uint64_t burst, int64_t now_ms)
{
	b->per_second = min_u64(per_second, RATE_MAX);
	b->burst = min_u64(burst, RATE_MAX);
	b->milli = b->burst * MILLI;
	b->last_ms = now_ms;
}

static void refill(struct bucket *b, int64_t now_ms)
{
	uint64_t full = b->burst * MILLI;
	uint64_t passed;

	if (now_ms <= b->last_ms)
		return;
	passed = (uint64_t)(now_ms - b->last_ms);
	b->last_ms = now_ms;
	/* tokens a second are thousandths a millisecond */
	if (b->per_second && passed > full / b->per_second)
		b->milli = full;
	else
		b->milli = min_u64(full, b->milli + passed * b->per_second);
}

bool bucket_take(struct bucket *b, uint64_t n, int64_t now_ms)
{
	refill(b, now_ms);
	if (n > b->burst || n * MILLI > b->milli)
		return false;
	b->milli -= n * MILLI;
	return true;
}

uint32_t bucket_wait_ms(const struct bucket *b, uint64_t n)
{
	uint64_t missing, ms;

	if (n > b->burst || !b->per_second)
		return UINT32_MAX;
	if (n * MILLI <= b->milli)
		return 0;
	missing = n * MILLI - b->milli;
	ms = (missing + b->per_second - 1) / b->per_second;
	return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}
