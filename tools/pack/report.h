/* SPDX-License-Identifier: Apache-2.0 */
/* report.h - what a command has made, as one JSON document for scripts.
 * Owns: its keys.  Must not know: how it was made. */
#ifndef KENNEL_PACK_REPORT_H
#define KENNEL_PACK_REPORT_H

#include "base/bytes.h"
#include "base/err.h"

/* {"file", "bundleId", "contentId", "counter", "native", "files", "unpackedBytes", "bytes",
 * "signatures"}: of a bundle whose contents its signer made or checked. */
int report_bundle(const char *file, const struct buffer *bundle, struct err *e);
/* {"bundleId", "signatures", "toc"}: toc is the text itself, to its final newline. */
int report_toc(const struct buffer *bundle, struct err *e);
/* {"secret", "public", "fingerprint", "key"}; text is the public key file's; secret may be NULL. */
int report_key(const char *secret, const char *public_path, const char *text, struct err *e);
/* {"file", "id", "bytes", "signatures", "statement"}: id is the digest of the signed line,
 * statement what it says. */
int report_statement(const char *file, const struct buffer *text, struct err *e);
/* {"error": {"name", "message"}} */
void report_refusal(const struct err *refused);

#endif
