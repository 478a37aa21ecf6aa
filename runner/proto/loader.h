/* SPDX-License-Identifier: Apache-2.0 */
/* loader.h - what kennel-loader tells its caller, record by record.
 * Owns: the order and layout.  Must not know: bundles, JSON.
 *
 * The loader gets its job in argv and descriptors, never a path:
 *   kennel-loader verify|show|unpack|config|rotate|revocations [NOT-BEFORE [BOUNDS]]
 *     NOT-BEFORE  epoch seconds; a clock that says less is not believed
 *     BOUNDS      how large a bundle may be: PACKED,UNPACKED,FILE,FILES; absent: base/bounds.h
 *     fd 3  record socket to the caller
 *     fd 4  the bundle (a pipe is fine), or the configuration file for "config", or the statement
 *           for "rotate" and "revocations"
 *     fd 5  folder of trust files (absent for config); for verify -p: one minisign public key file
 *     fd 6  staging folder, empty, for unpack
 * It answers, in this order: LOADER_IDENTITY (before any JSON is parsed), LOADER_MANIFEST (hash
 * matches, parsed, strict), LOADER_PROGRESS now and then, LOADER_DONE. A LOADER_REFUSED ends it at
 * any point. After LOADER_MANIFEST LOADER_FILE records list the contents (path, size, digest,
 * mode). For "config": LOADER_CEILING, then LOADER_DONE. For "rotate": LOADER_ROTATION. For
 * "revocations": LOADER_REVOCATIONS, then so many LOADER_REVOKED. Exit status:
 * err_exit_status() of the refusal. */
#ifndef KENNEL_PROTO_LOADER_H
#define KENNEL_PROTO_LOADER_H

#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "policy/policy.h"

#define LOADER_ABI 2u

enum loader_kind {
	LOADER_IDENTITY = 1,
	LOADER_MANIFEST,
	LOADER_FILE,
	LOADER_PROGRESS,
	LOADER_CEILING,
	LOADER_DONE,
	LOADER_REFUSED,
	LOADER_ROTATION,
	LOADER_REVOCATIONS,
	LOADER_REVOKED,
};

struct loader_signer {
	uint8_t fingerprint[DIGEST_BYTES]; /* BLAKE2b-256 of the raw 32-byte public key */
	uint8_t key_id[8];		   /* minisign's; a hint for people */
	uint8_t trusted;		   /* 1: known, in date, signature holds */
	uint8_t threshold; /* of a trusted one: so many signatures it asks for, and has */
	uint8_t reserved[6];
	char label[NAME_MAX_BYTES];
	struct key_ceiling ceiling; /* of a trusted key */
};

struct loader_identity {
	uint8_t bundle_id[DIGEST_BYTES]; /* BLAKE2b-256 of the TOC */
	uint32_t signer_count;
	uint32_t trusted_count;
	struct loader_signer signers[BUNDLE_SIGNATURES_MAX];
};

struct loader_file {
	uint64_t size_bytes;
	uint8_t digest[DIGEST_BYTES];
	uint8_t executable;
	uint8_t reserved[7];
	char path[BUNDLE_PATH_MAX + 1];
};

struct loader_progress {
	uint64_t done_bytes; /* of the unpacked total */
	uint64_t total_bytes;
};

struct loader_done {
	uint8_t content_id[DIGEST_BYTES]; /* BLAKE2b-256 of the canonical "files" array */
	uint64_t counter;
	uint64_t unpacked_bytes;
	uint32_t files;
	uint32_t frames;
};

struct loader_rotation {
	uint8_t from[DIGEST_BYTES]; /* fingerprints */
	uint8_t to[DIGEST_BYTES];
	char to_key[NAME_MAX_BYTES]; /* minisign's "RWQ…" */
	int64_t issued;
};

struct loader_revocations {
	uint64_t serial;
	int64_t issued;
	int64_t expires;
	uint8_t id[DIGEST_BYTES];     /* BLAKE2b-256 of the signed line */
	uint8_t signer[DIGEST_BYTES]; /* fingerprint */
	uint32_t count;
	uint32_t reserved;
};

/* The numbers are those of bundle/revocations.h and bundle/trust.h. */
enum loader_revoked_kind { LOADER_REVOKED_BUNDLE = 1, LOADER_REVOKED_KEY };
enum loader_revoked_reason {
	LOADER_REASON_COMPROMISE = 1,
	LOADER_REASON_SUPERSEDED,
	LOADER_REASON_RETIRED,
	LOADER_REASON_COUNT
};
struct loader_revoked {
	uint32_t kind;
	uint32_t reason;
	uint8_t digest[DIGEST_BYTES];
};

struct loader_msg {
	uint32_t abi;
	uint32_t kind; /* enum loader_kind */
	union {
		struct loader_identity identity;
		struct manifest manifest;
		struct loader_file file;
		struct loader_progress progress;
		struct ceiling ceiling;
		struct loader_done done;
		struct err refused;
		struct loader_rotation rotation;
		struct loader_revocations revocations;
		struct loader_revoked revoked;
	} u;
};

/* Bytes of a record of this kind (head and its member), 0 for an unknown kind. Records are sent cut
 * to this size and refused at any other. */
uint32_t loader_msg_size(uint32_t kind);

#endif
