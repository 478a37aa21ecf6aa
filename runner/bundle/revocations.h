/* SPDX-License-Identifier: Apache-2.0 */
/* revocations.h - a list of what is not to be trusted any more, with a serial and an end.
 * Owns: kennel.revocations/1.  Must not know: which list came before, what is done about it. */
#ifndef KENNEL_BUNDLE_REVOCATIONS_H
#define KENNEL_BUNDLE_REVOCATIONS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "bundle/trust.h"

#define REVOCATIONS_TYPE "kennel.revocations/1"
#define REVOCATIONS_SERIAL_MAX 0x80000000ull /* as a bundle's counter */

enum revoked_kind { REVOKED_BUNDLE = 1, REVOKED_KEY };

struct revoked {
	enum revoked_kind kind;
	enum revocation_reason reason;
	uint8_t digest[DIGEST_BYTES]; /* bundle id, or fingerprint of a key */
};

struct revocation_list {
	uint64_t serial;
	int64_t issued;
	int64_t expires;
	uint8_t id[DIGEST_BYTES];	/* BLAKE2b-256 of the signed line */
	const struct trust_key *signer; /* one of them; points into the trust given */
	size_t count;
	struct revoked *entries; /* bundles before keys, ascending: none stands twice */
};

/* An expired list is read all the same: it only takes away. The caller looks at serial and expires.
 * ERR_STATEMENT, ERR_SIGNATURE…, ERR_UNTRUSTED, ERR_KEY_REVOKED, ERR_KEY_EXPIRED. */
int revocations_check(const char *text, size_t n, const struct trust *t, int64_t now_s,
		      struct revocation_list *ret, struct err *e);
void revocation_list_free_p(struct revocation_list *l);

#endif
