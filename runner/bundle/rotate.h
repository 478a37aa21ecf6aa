/* SPDX-License-Identifier: Apache-2.0 */
/* rotate.h - "this key's work goes on under that one", signed by both.
 * Owns: kennel.rotate/1.  Must not know: where trust files lie, what becomes of the old key. */
#ifndef KENNEL_BUNDLE_ROTATE_H
#define KENNEL_BUNDLE_ROTATE_H

#include <stdint.h>

#include "base/err.h"
#include "bundle/trust.h"

#define ROTATE_TYPE "kennel.rotate/1"

/* {"_type":"kennel.rotate/1","from":FINGERPRINT,"issued":EPOCH,"to":"RWQ…"}: it can name neither a
 * ceiling nor plugins, so there is nothing to widen. */
struct rotation {
	const struct trust_key *from; /* good, and it signed; points into the trust given */
	struct public_key to;	      /* not trusted yet, and it signed */
	char to_text[NAME_MAX_BYTES]; /* as in a trust file */
	int64_t issued;
};

/* ERR_STATEMENT, ERR_SIGNATURE…, ERR_UNTRUSTED, ERR_KEY_REVOKED (either key), ERR_KEY_EXPIRED,
 * ERR_EXISTS: the new key is trusted here for itself. */
int rotate_check(const char *text, size_t n, const struct trust *t, int64_t now_s,
		 struct rotation *ret, struct err *e);

#endif
