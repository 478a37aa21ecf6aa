/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c - the two clocks (clock_gettime(2)). */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t now_ns(clockid_t id)
{
	struct timespec t = { 0 };

	(void)clock_gettime(id, &t); /* cannot fail for these two ids */
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_mono_ns(void)
{
	return now_ns(CLOCK_MONOTONIC);
}

int64_t clock_mono_ms(void)
{
	return clock_mono_ns() / 1000000;
}

int64_t clock_wall_ns(void)
{
	return now_ns(CLOCK_REALTIME);
}

int64_t clock_wall_s(void)
{
	return clock_wall_ns() / 1000000000;
}

void clock_format_utc(int64_t wall_ns, char ret_text[CLOCK_TEXT_BYTES])
{
	time_t s = (time_t)(wall_ns / 1000000000);
	struct tm tm = { 0 };
	char day[24];

	(void)gmtime_r(&s, &tm);
	(void)strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(ret_text, CLOCK_TEXT_BYTES, "%.19s.%09uZ", day,
		       (unsigned int)(wall_ns % 1000000000));
}
