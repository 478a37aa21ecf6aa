/* SPDX-License-Identifier: Apache-2.0 */
/* limit.h - the vocabulary of limits: names, units, ranges, defaults, one table.
 * Owns: the numbers, and their spelling as text.  Must not know: JSON, who enforces them. */
#ifndef KENNEL_POLICY_LIMIT_H
#define KENNEL_POLICY_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "policy/policy.h"

#define KIB 1024ull
#define MIB (1024ull * KIB)
#define GIB (1024ull * MIB)

/* What a plugin gets that does not ask. */
#define DEFAULT_MEMORY (64u * MIB)   /* the largest example needs 20 MiB */
#define DEFAULT_CPU_TIME_MS 10000u /* one event; a single thread cannot use more than its runtime \
				    */
#define DEFAULT_CPU_PERCENT 50u /* half a core: two busy plugins leave a host of two cores usable \
				 */
#define DEFAULT_TASKS 16u	     /* init, the plugin, some threads */
#define DEFAULT_EVENT_TIMEOUT_MS 10000u
#define DEFAULT_CALLS_PER_SECOND 200u
#define DEFAULT_DATA (10u * MIB) /* only with a "data:/" rule */
#define DEFAULT_FREEZE_MS 60000u /* longer than the pauses of somebody who writes */
#define DEFAULT_STOP_MS 1800000u
#define DEFAULT_INSTANCES 2u
#define DEFAULT_IO (16u * MIB)	 /* a tenth of a slow disk; all of a default /data in a second */

/* What happens after a crash when the manifest does not say: on-failure, and this. */
#define DEFAULT_RESTART_MAX 5u
#define DEFAULT_RESTART_WITHIN_MS 600000u
#define MOST_RESTARTS 100u
#define LEAST_RESTART_WINDOW_MS 1000u
#define MOST_RESTART_WINDOW_MS 86400000u /* a day */

/* The most one plugin gets in a tenant whose configuration does not say. */
#define CEILING_MEMORY (256u * MIB)
#define CEILING_CPU_TIME_MS EVENT_DEADLINE_MS
#define CEILING_CPU_PERCENT 100u
#define CEILING_TASKS 64u
#define CEILING_EVENT_TIMEOUT_MS EVENT_DEADLINE_MS
#define CEILING_CALLS_PER_SECOND 1000u
#define CEILING_DATA (64u * MIB)
#define CEILING_FREEZE_MS 3600000u
#define CEILING_STOP_MS 86400000u
#define CEILING_INSTANCES 2u
#define CEILING_IO (64u * MIB)

/* The range anybody may write. */
#define LEAST_MEMORY MIB	 /* below it no process starts */
#define MOST_MEMORY (1024u * GIB)
#define MOST_TIME_MS 3600000u	 /* an hour */
#define MOST_CPU_PERCENT 102400u /* 1,024 cores */
#define LEAST_TASKS 2u		 /* init and the plugin */
#define MOST_TASKS 4096u
#define MOST_CALLS_PER_SECOND 100000u
#define LEAST_DATA (4u * KIB)
#define LEAST_IDLE_MS 1000u /* below it a plugin would be frozen between two of its own steps */
#define MOST_IDLE_MS 2592000000u /* thirty days: never, as far as an event is concerned */
#define MOST_INSTANCES 16u	 /* two stand by at most: supervise/standby.h */
#define LEAST_IO MIB /* slower, and a journal commit of the disk waits too long for a plugin */

/* One row each: enumerator, JSON key, member of struct limits, unit, least, most, default, ceiling,
 * help. */
#define LIMIT_TABLE(X)                                                                             \
	X(LIMIT_MEMORY, "memory", memory_bytes, BYTES, LEAST_MEMORY, MOST_MEMORY, DEFAULT_MEMORY,  \
	  CEILING_MEMORY, "Memory of all instances together; beyond it all are killed.")           \
	X(LIMIT_CPU, "cpu", cpu_percent, PERCENT, 1, MOST_CPU_PERCENT, DEFAULT_CPU_PERCENT,        \
	  CEILING_CPU_PERCENT, "CPU in percent of one core.")                                      \
	X(LIMIT_TASKS, "tasks", tasks, COUNT, LEAST_TASKS, MOST_TASKS, DEFAULT_TASKS,              \
	  CEILING_TASKS, "Processes and threads, init included.")                                  \
	X(LIMIT_RUNTIME, "runtime", event_timeout_ms, TIME, 1, MOST_TIME_MS,                       \
	  DEFAULT_EVENT_TIMEOUT_MS, CEILING_EVENT_TIMEOUT_MS, "Wall time of one event.")           \
	X(LIMIT_CPU_TIME, "cpuTime", cpu_time_ms, TIME, 1, MOST_TIME_MS, DEFAULT_CPU_TIME_MS,      \
	  CEILING_CPU_TIME_MS, "CPU time of one event.")                                           \
	X(LIMIT_CALLS, "callsPerSecond", calls_per_second, COUNT, 1, MOST_CALLS_PER_SECOND,        \
	  DEFAULT_CALLS_PER_SECOND, CEILING_CALLS_PER_SECOND, "Host API calls in one second.")     \
	X(LIMIT_STORAGE, "storage", data_bytes, BYTES, LEAST_DATA, MOST_MEMORY, DEFAULT_DATA,      \
	  CEILING_DATA, "All files below /data together; only with a data:/ rule.")                \
	X(LIMIT_FREEZE, "freezeAfter", freeze_after_ms, TIME, LEAST_IDLE_MS, MOST_IDLE_MS,         \
	  DEFAULT_FREEZE_MS, CEILING_FREEZE_MS, "Without work for so long: frozen, until work comes.") \
	X(LIMIT_STOP, "stopAfter", stop_after_ms, TIME, LEAST_IDLE_MS, MOST_IDLE_MS,               \
	  DEFAULT_STOP_MS, CEILING_STOP_MS, "Without work for so long: stopped; an event starts it.") \
	X(LIMIT_INSTANCES, "instances", instances, COUNT, 1, MOST_INSTANCES, DEFAULT_INSTANCES,    \
	  CEILING_INSTANCES, "Instances at once: one works, the others stand by.")                  \
	X(LIMIT_IO, "io", io_bytes, BYTES, LEAST_IO, MOST_MEMORY, DEFAULT_IO, CEILING_IO,          \
	  "Bytes a second read from each disk below it, and as many written.")

#define LIMIT_ENUM_(id, key, member, unit, least, most, normal, ceiling, help) id,
enum limit_id { LIMIT_TABLE(LIMIT_ENUM_) LIMIT_COUNT };
#undef LIMIT_ENUM_

enum limit_unit { LIMIT_UNIT_BYTES, LIMIT_UNIT_TIME, LIMIT_UNIT_PERCENT, LIMIT_UNIT_COUNT };

struct limit_info {
	const char *key;
	enum limit_unit unit;
	uint64_t least;
	uint64_t most;
	uint64_t normal;  /* DEFAULT_… */
	uint64_t ceiling; /* CEILING_… */
};

const struct limit_info *limit_info(enum limit_id id);
uint64_t limit_get(const struct limits *l, enum limit_id id);
void limit_set(struct limits *l, enum limit_id id, uint64_t value); /* value <= most */

/* What a size or a time is spelled with, largest first; false: no such one. */
#define LIMIT_SUFFIXES 4u
struct limit_suffix {
	const char *text;
	uint64_t factor;
};
bool limit_suffix(enum limit_unit unit, size_t i, struct limit_suffix *ret);

/* "64M" "4K" "1G", and "500ms" "10s" "5m" "2h"; false for anything else, and for 0. */
bool limit_bytes_from_text(const char *s, uint64_t *ret_bytes);
bool limit_time_from_text(const char *s, uint64_t *ret_ms);
/* The shortest of the same spellings, a bare number when none fits or the unit has none. */
#define LIMIT_TEXT_MAX 24u
void limit_print(enum limit_unit unit, uint64_t value, char ret_text[LIMIT_TEXT_MAX]);

/* Each limit in its range. zero_ok: bits of enum limit_id that may be 0. what names the record. */
int limit_check_all(const struct limits *l, uint32_t zero_ok, const char *what, struct err *e);

#endif
