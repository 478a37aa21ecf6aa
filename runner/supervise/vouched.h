/* SPDX-License-Identifier: Apache-2.0 */
/* vouched.h - who signed what is installed, and whether that is still enough.
 * Owns: the signers of an installation, the rule for each later question.  Must not know:
 * signatures, where an installation lies. */
#ifndef KENNEL_SUPERVISE_VOUCHED_H
#define KENNEL_SUPERVISE_VOUCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"

/* Those whose signature counted when it was installed. */
struct vouched {
	uint32_t count;
	uint32_t threshold; /* the most that one of them asked for then */
	char signers[BUNDLE_SIGNATURES_MAX][DIGEST_HEX_BYTES]; /* fingerprints */
};

/* Each key once; more than there is room for are no bundle's. */
void vouched_add(struct vouched *v, const char *fingerprint, uint32_t threshold);
bool vouched_names(const struct vouched *v, const char *fingerprint);

/* May it be launched? by: the key its name belongs to, and one of them. ERR_UNTRUSTED,
 * ERR_KEY_REVOKED: by is lost (trusted_check_launch), or so many others that their number is below
 * what was asked for then; who asks for less today is heard. */
int vouched_check_launch(int trust_dir, const char *by, const struct vouched *v, struct err *e);
/* May it take the place of what is installed, as if it came today? ERR_KEY_EXPIRED besides. */
int vouched_check_install(int trust_dir, const char *by, const struct vouched *v, int64_t now_s,
			  struct err *e);

/* [FINGERPRINT, …] at "signers", and "threshold"; both absent: nobody but by, and 1. */
int vouched_parse(struct json_place at, struct vouched *ret, struct err *e);
json_t *vouched_signers_json(const struct vouched *v);

#endif
