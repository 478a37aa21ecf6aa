/* SPDX-License-Identifier: Apache-2.0 */
/* state.h - signed statements about keys: rotations and revocation lists.
 * Owns: their writing side.  Must not know: where files lie, how keys are stored. */
#ifndef KENNEL_PACK_STATE_H
#define KENNEL_PACK_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "tools/pack/secret.h"

/* One line and two signatures; what a host that trusts from would accept. */
int state_rotate(const struct secret_key *from, const struct secret_key *to, int64_t issued,
		 struct buffer *ret, struct err *e);

struct state_list {
	uint64_t serial;
	int64_t issued;
	int64_t expires;
	const char *text; /* lines "bundle|key DIGEST REASON", '#' begins a remark */
	size_t n;
};
/* Sorted, signed once; refused when a host would refuse it. */
int state_revocations(const struct state_list *l, const struct secret_key *k, struct buffer *ret,
		      struct err *e);
/* One more signature below, for a threshold. */
int state_add_signature(const struct buffer *statement, const struct secret_key *k,
			struct buffer *ret, struct err *e);

#endif
