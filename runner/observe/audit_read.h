/* SPDX-License-Identifier: Apache-2.0 */
/* audit_read.h - verify a log without trusting its writer.
 * Owns: the verdict.  Must not know: the writer, JSON. */
#ifndef KENNEL_OBSERVE_AUDIT_READ_H
#define KENNEL_OBSERVE_AUDIT_READ_H

#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"

struct audit_verdict {
	uint64_t records;      /* whole lines read */
	uint64_t checkpoints;  /* good signatures */
	uint64_t covered;      /* records up to the last good checkpoint */
	uint64_t bad_record;   /* first record that is not what was written, 0: none */
	uint64_t bad_offset;   /* where it starts in its segment */
	uint64_t torn_bytes;   /* after the last whole line */
};

/* One log folder (opened), the public key that signed its checkpoints. 0: intact. -1 with
 * ERR_AUDIT_TAMPERED (ret names the record), ERR_AUDIT_TORN (a crash cut the last line, nothing
 * below a checkpoint is missing) or ERR_AUDIT_UNVERIFIABLE. ret is filled in every case. */
int audit_verify(int logdir, const char *name, const uint8_t public_key[32],
		 struct audit_verdict *ret, struct err *e);

#endif
