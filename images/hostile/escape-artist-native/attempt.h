/* SPDX-License-Identifier: Apache-2.0 */
/* attempt.h - one try to break out, and the list of what became of them.
 * Owns: running a try in a child and judging it.  Must not know: the wire. */
#ifndef ESCAPE_ARTIST_ATTEMPT_H
#define ESCAPE_ARTIST_ATTEMPT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* 0 or more: it went through. -1 with errno: it was refused. */
struct attempt {
	const char *name;
	long (*run)(void);
};

/* Where we were started from, and whether that is our own bundle: an approved native one. Then
 * executing what stands in the bundle is no escape. */
extern const char *attempt_self;
extern bool attempt_approved;

/* Each in a child of its own, so that none changes the next; in this process when there can be no
 * child. */
void attempt_all(json_t *report, const struct attempt *list, size_t n);
void attempt_here(json_t *report, const struct attempt *a);

/* Appends {attempt, outcome, errno, by}. r as of run; error is errno, or 128 + signal. */
void attempt_report(json_t *report, const char *name, long r, int error);

/* The groups: each appends its attempts. */
void attempt_files(json_t *report);
void attempt_kernel(json_t *report);
void attempt_exec(json_t *report);
void attempt_bombs(json_t *report);
void attempt_memory(json_t *report);

/* What an executed copy of us ends with: a file that could be executed is an escape. */
#define ATTEMPT_EXECUTED 77

#endif
