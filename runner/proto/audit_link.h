/* SPDX-License-Identifier: Apache-2.0 */
/* audit_link.h - how a broker or the supervisor puts a decision on record before it takes effect.
 * Owns: the record, its acknowledgement, the client.  Must not know: files, hashes.
 *
 * One socket a client, made by the launcher; kennel-audit knows from the descriptor, never from the
 * record, whether the client may write for every tenant (supervisor) or for one (a broker). */
#ifndef KENNEL_PROTO_AUDIT_LINK_H
#define KENNEL_PROTO_AUDIT_LINK_H

#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"

#define AUDIT_ABI 1u
#define AUDIT_HOST_LOG "host" /* the log of what belongs to no tenant: trust, start, stop */

/* Descriptors of kennel-audit. New clients arrive on AUDIT_ADMIN_FD as struct audit_client + one
 * fd. */
enum audit_fd {
	AUDIT_ADMIN_FD = 3, /* record socket to the launcher */
	AUDIT_LOG_FD,	    /* STATE/audit, owned by _kennel-audit */
	AUDIT_FD_COUNT
};

struct audit_client {
	uint32_t abi;
	uint32_t any_tenant; /* 1: the supervisor */
	char tenant[NAME_MAX_BYTES];
};

/* Durable: acknowledged only when it is on disk; the caller waits. Soon: acknowledged when
 * accepted, on disk within 50 ms (reads and refusals). */
enum audit_class { AUDIT_DURABLE = 1, AUDIT_SOON = 2 };

/* Every text is bounded and NUL-terminated; the writer escapes it. Empty texts are left out. */
struct audit_record {
	uint32_t abi;
	uint32_t class; /* enum audit_class */
	uint64_t serial; /* the client's, comes back */
	char tenant[NAME_MAX_BYTES];
	char event[NAME_MAX_BYTES]; /* "install" "launch" "cap.intent" "cap.done" "deny" "crash"
				       "kill" ... */
	char plugin[NAME_MAX_BYTES];
	char bundle[DIGEST_HEX_BYTES];
	uint8_t reserved[7];
	char instance[NAME_MAX_BYTES];
	char method[NAME_MAX_BYTES]; /* host API method or kernel hook */
	char cap[NAME_MAX_BYTES];    /* permission */
	char object[VAULT_PATH_MAX]; /* note path, key fingerprint … */
	char result[NAME_MAX_BYTES]; /* "allow", "E_…" */
	char detail[AUDIT_FIELD_MAX];
	uint64_t count; /* how many this record stands for; 0 is 1 */
};

struct audit_ack {
	uint32_t abi;
	int32_t result; /* 0, or -1: not written, the effect must not happen */
	uint64_t serial;
	uint64_t seq; /* in its log */
};

/* Blocking client: sends and, for AUDIT_DURABLE, waits for the acknowledgement (ERR_AUDIT when the
 * writer is gone or says no). For AUDIT_SOON it waits for acceptance as well: it is one round trip,
 * and a writer that cannot accept must stop the caller. */
int audit_write(int sock, struct audit_record *r, struct err *e);

#endif
