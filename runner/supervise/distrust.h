/* SPDX-License-Identifier: Apache-2.0 */
/* distrust.h - what follows when a key or a bundle is not trusted any more.
 * Owns: the record, the trust file, what is stopped, the counters.  Must not know: who decided. */
#ifndef KENNEL_SUPERVISE_DISTRUST_H
#define KENNEL_SUPERVISE_DISTRUST_H

#include "base/err.h"
#include "base/limits.h"

struct supervisor;

struct distrust {
	char digest[DIGEST_HEX_BYTES]; /* fingerprint, or bundle id */
	const char *reason;
	const char *by; /* for the record: a list's serial; NULL: a person */
};

/* A key that is not in the trust store is not there to be revoked: 0 for a list (by), else
 * ERR_NOT_FOUND. What is revoked for a worse reason already stays so. */
int distrust_key(struct supervisor *s, const struct distrust *d, struct err *e);
int distrust_bundle(struct supervisor *s, const struct distrust *d, struct err *e);
/* Row 5: the highest counter that a key signed which nobody else has; on record, and saved. */
int distrust_recount(struct supervisor *s, struct err *e);

#endif
