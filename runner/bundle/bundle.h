/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.h - the one order in which a bundle is believed: signature, contents, manifest, frames,
 * end. Owns: that order.  Must not know: manifests, policy, where the bytes come from or go. */
#ifndef KENNEL_BUNDLE_BUNDLE_H
#define KENNEL_BUNDLE_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "bundle/decode.h"
#include "bundle/sign.h"
#include "bundle/source.h"
#include "bundle/stream.h"
#include "bundle/toc.h"
#include "bundle/trust.h"

struct bundle_signer {
	uint8_t id[SIGN_KEY_ID_BYTES];
	const struct trust_key *known; /* NULL: no trusted key has made this signature */
	enum trust_state state;	       /* of a known one */
};

struct bundle_identity {
	uint8_t id[DIGEST_BYTES];
	size_t signer_count;
	size_t trusted_count; /* known, in date, not revoked, enough of them */
	struct bundle_signer signers[BUNDLE_SIGNATURES_MAX];
};

/* Called in this order; a negative result ends it with that error. Any may be NULL. */
struct bundle_hooks {
	/* The signature is known to hold or not; nothing has been parsed as JSON. */
	int (*identity)(void *arg, const struct bundle_identity *id, struct err *e);
	/* The contents are parsed and the manifest's digest holds. The caller parses it and
	 * decides. */
	int (*manifest)(void *arg, const struct toc *t, const char *text, size_t n, struct err *e);
	int (*progress)(void *arg, uint64_t done_bytes, uint64_t total_bytes, struct err *e);
	/* Everything held, to the last byte. */
	int (*checked)(void *arg, const struct toc *t, struct err *e);
	void *arg;
};

struct bundle_job {
	struct source source;
	const struct trust *trust;
	int64_t now_s;
	struct decoder decoder;
	struct stream_sink sink;
	struct bundle_hooks hooks;
	/* Look only: no refusal for trust, expiry or native code. Without a trusted signer it ends
	 * before the first frame, and ret_checked says so. */
	bool inspect;
	/* Contents that say native go on to the manifest hook, which decides about them. Without
	 * it they are refused; and executable files in contents that do not say so always are. */
	bool native_ok;
	const struct bundle_bounds *bounds; /* NULL: the default ones */
};

/* 0: everything was checked to the last byte (ret_checked true), or inspected. */
int bundle_check(const struct bundle_job *job, bool *ret_checked, struct err *e);

#endif
