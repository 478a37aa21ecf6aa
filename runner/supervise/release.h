/* SPDX-License-Identifier: Apache-2.0 */
/* release.h - may this bundle be installed here and now: pins, and how long it has been known.
 * Owns: seen.json, the clock that never goes back.  Must not know: signatures, grants. */
#ifndef KENNEL_SUPERVISE_RELEASE_H
#define KENNEL_SUPERVISE_RELEASE_H

#include <stdint.h>

#include "base/err.h"
#include "policy/ceiling.h"

#define RELEASE_FILE "seen.json"
#define RELEASE_SEEN_MAX 4096u

struct release {
	const char *plugin;
	const char *version;
	const char *bundle; /* hex */
};

/* ERR_PINNED */
int release_check_pin(const struct ceiling *c, const struct release *r, struct err *e);
/* ERR_RELEASE_AGE until min_age_ms after the first call for that bundle, which is remembered. now_s
 * may go back: then the latest time ever seen holds. */
int release_check_age(int state_dir, uint64_t min_age_ms, const struct release *r, int64_t now_s,
		      struct err *e);

/* From when on it is old enough; 0: nobody has seen it, or no age is asked for. */
int64_t release_from_s(int state_dir, uint64_t min_age_ms, const char *bundle);

#endif
