/* SPDX-License-Identifier: Apache-2.0 */
/* statement.h - a signed statement: one line of canonical JSON, and the minisign signatures of it
 * below. Owns: that form, who signed.  Must not know: what is stated.
 *
 * Every statement starts with its own "_type", so that a signature of one says nothing of another,
 * nor of a bundle. Nothing is parsed as JSON before a trusted signature holds. */
#ifndef KENNEL_BUNDLE_STATEMENT_H
#define KENNEL_BUNDLE_STATEMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"
#include "bundle/frame0.h"
#include "bundle/trust.h"

struct statement {
	struct span line; /* with its newline: what is signed; points into the text */
	size_t count;	  /* of signatures, at least 1 */
	struct signature signatures[BUNDLE_SIGNATURES_MAX];
	const struct trust_key *signers[BUNDLE_SIGNATURES_MAX]; /* NULL: not known here */
};

/* ERR_STATEMENT, ERR_SIGNATURE_FORMAT; ERR_SIGNATURE for a trusted key's that does not hold. The
 * signers point into t. */
int statement_read(const char *text, size_t n, const struct trust *t, struct statement *ret,
		   struct err *e);
/* So many distinct keys that are trusted for this use, in date, with none of their thresholds above
 * that number. 0 is a refusal: ERR_UNTRUSTED, ERR_KEY_REVOKED, ERR_KEY_EXPIRED. */
int statement_count(const struct statement *s, enum trust_use use, int64_t now_s, struct err *e);
/* The line as JSON; its _type must be this one, its spelling canonical. */
int statement_parse(const struct statement *s, const char *type, unsigned int nodes_max,
		    json_t **ret, struct err *e);

#endif
