/* SPDX-License-Identifier: Apache-2.0 */
/* audit.h - one append-only, hash-chained log of JSON lines, and its signed checkpoints.
 * Owns: the line format, the chain, durability.  Must not know: who decided, sockets.
 *
 * Line n carries "p": base64url(SHA-256(0x00 || line n-1 without its newline)), the leaf hash of
 * RFC 6962; the first line carries the hash of nothing, 32 zero bytes. A checkpoint is one line in
 * the file "checkpoints": "kennel.checkpoint/1 LOG SIZE LEAF-HASH-HEX SIGNATURE-BASE64", an Ed25519
 * signature over the text before the last space: it pins the last record too, which no later line
 * vouches for. Segments are named after their first record, twenty digits; the chain runs across
 * them. */
#ifndef KENNEL_OBSERVE_AUDIT_H
#define KENNEL_OBSERVE_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "proto/audit_link.h"

#define AUDIT_SEGMENT_MAX (64ll << 20)
#define AUDIT_CHECKPOINT_EVERY 256u
#define AUDIT_HASH_TEXT 44u /* base64url of 32 bytes without padding, and the NUL */
#define AUDIT_KEY_FILE "audit.key"
#define AUDIT_PUBKEY_FILE "audit.pub"
#define AUDIT_CHECKPOINTS "checkpoints"

struct audit_key {
	uint8_t secret[64];
	uint8_t public[32];
};

struct audit_log {
	char name[NAME_MAX_BYTES];
	int dir;
	int fd;		    /* current segment */
	int64_t size_bytes; /* of the current segment, up to the last whole line */
	uint64_t seq;	    /* of the last record; 0: none */
	uint64_t checkpointed;
	uint8_t last_hash[DIGEST_BYTES];
	bool unsynced; /* written, not yet on disk */
	bool failed;   /* a write or a sync went wrong: nothing is ever accepted again */
};

/* Made on first use in dirfd: the secret 0600, the public half as hex for whoever verifies. */
int audit_key_load(int dirfd, struct audit_key *ret, struct err *e);

/* Opens or makes the folder name below dirfd. A torn last line (a crash in the middle of a write)
 * is kept in "torn-SEQ", cut off, and named in a log.recovered record. */
int audit_log_open(int dirfd, const char *name, struct audit_log *ret, struct err *e);
void audit_log_close(struct audit_log *l);

/* Formats and writes one record; durable only after audit_log_sync. Any failure is final for the
 * log: what is not known to be on disk must never be followed by more (ERR_AUDIT). */
int audit_log_append(struct audit_log *l, const struct audit_record *r, uint64_t *ret_seq,
		     struct err *e);
int audit_log_sync(struct audit_log *l, struct err *e);
/* Signs the current end, when it is not signed yet. Syncs first. */
int audit_log_checkpoint(struct audit_log *l, const struct audit_key *k, struct err *e);

/* For the reader: the same arithmetic. */
void audit_leaf_hash(const char *line, size_t n, uint8_t ret[DIGEST_BYTES]);
void audit_hash_text(const uint8_t hash[DIGEST_BYTES], char ret[AUDIT_HASH_TEXT]);
/* Cuts `"key":` out of a line of ours: a pointer behind the colon, or NULL. Strings are escaped, so
 * the pattern can only be the key. */
const char *audit_line_field(const char *line, const char *key);

#endif
