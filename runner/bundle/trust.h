/* SPDX-License-Identifier: Apache-2.0 */
/* trust.h - the public keys this host accepts, and how far each may go.
 * Owns: trust files (STATE/…/trust/FINGERPRINT.json), expiry, revocation, thresholds.
 * Must not know: bundles; what a permission means (its words come from the caller). */
#ifndef KENNEL_BUNDLE_TRUST_H
#define KENNEL_BUNDLE_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "bundle/sign.h"

#define TRUST_TYPE "kennel.trust/1"
#define TRUST_PLUGINS_MAX 16u

/* Words → bit numbers below 32, or -1: permission_from_name, runtime_from_name. */
struct trust_words {
	int (*permission)(const char *name);
	int (*runtime)(const char *name);
};

struct trust_ceiling {
	uint32_t permissions; /* bits by the caller's words */
	uint32_t runtimes;
	uint64_t memory_bytes; /* 0: no own bound */
	bool network;	       /* false takes it away, whatever permissions say */
	bool native;
	bool jit;
};

/* COMPROMISE: somebody else has it, nothing it signed runs. The others end new installations only.
 */
enum revocation_reason {
	REVOKED_COMPROMISE = 1,
	REVOKED_SUPERSEDED,
	REVOKED_RETIRED,
	REVOKED_COUNT
};

/* What a key may vouch for; one that signs revocation lists signs no bundle unless it says both. */
enum trust_use { TRUST_FOR_BUNDLES = 1, TRUST_FOR_REVOCATIONS = 2 };

struct trust_key {
	struct public_key key;
	char label[NAME_MAX_BYTES];
	struct trust_ceiling ceiling;
	int64_t expires; /* epoch seconds, 0: never */
	bool revoked;
	enum revocation_reason reason; /* of a revoked one */
	uint32_t uses;		       /* enum trust_use bits; 0: bundles */
	bool succeeds;		       /* predecessor is set: its names are this key's too */
	uint8_t predecessor[DIGEST_BYTES];
	uint32_t threshold;  /* so many trusted signers must have signed */
	size_t plugin_count; /* 0: any name */
	char plugins[TRUST_PLUGINS_MAX][NAME_MAX_BYTES]; /* a final '*' stands for any rest */
};

struct trust {
	struct trust_key *keys;
	size_t count;
};

const char *revocation_reason_name(enum revocation_reason r); /* NULL: no such reason */
int revocation_reason_from_name(const char *name);	      /* or -1 */

enum trust_state { TRUST_GOOD, TRUST_REVOKED, TRUST_EXPIRED, TRUST_OTHER_USE };

/* One trust file. name is its file name: it must be the fingerprint of the key inside.
 * ERR_TRUST_FILE, ERR_KEY_FORMAT, ERR_JSON…, ERR_PERMISSION_UNKNOWN. */
int trust_parse(const char *name, const char *text, size_t n, const struct trust_words *w,
		struct trust_key *ret, struct err *e);
/* Every "*.json" of the folder; one bad file refuses all. The folder and the files must belong to
 * one owner (or root) and be writable by nobody else. Other names are left alone: they add no
 * trust. */
int trust_load(int dirfd, const struct trust_words *w, struct trust *ret, struct err *e);
/* One key with no bound of its own, as "verify -p" wants it, which installs nothing. */
int trust_from_key(const struct public_key *k, struct trust *ret, struct err *e);
void trust_free_p(struct trust *t);

/* use: what it shall vouch for. */
enum trust_state trust_state(const struct trust_key *k, enum trust_use use, int64_t now_s);
bool trust_covers(const struct trust_key *k, const char *plugin);

#endif
