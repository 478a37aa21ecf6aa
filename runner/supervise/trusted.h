/* SPDX-License-Identifier: Apache-2.0 */
/* trusted.h - trust/FINGERPRINT.json as local users wrote them: list, add, revoke, look up.
 * Owns: the spelling that runner/bundle/trust.c reads.  Must not know: keys' arithmetic, bundles.
 */
#ifndef KENNEL_SUPERVISE_TRUSTED_H
#define KENNEL_SUPERVISE_TRUSTED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"

/* May what this key signed be launched? ERR_UNTRUSTED: its file is gone. ERR_KEY_REVOKED: its owner
 * lost it; a key that was only replaced or retired does not stop what is installed. */
int trusted_check_launch(int dir, const char *fingerprint, struct err *e);
/* [{fingerprint, label, ...}]; a file that is not readable is listed with its error. */
int trusted_list(int dir, json_t **ret, struct err *e);
/* Of all of it, as LC_ALL=C b2sum -l 256 *.json | b2sum -l 256 has it: what a launch trusted. */
int trusted_digest(int dir, char ret_hex[DIGEST_HEX_BYTES], struct err *e);
/* One file's document; ERR_NOT_FOUND. */
int trusted_read(int dir, const char *fingerprint, json_t **ret, struct err *e);
/* The word why it is revoked, or NULL; points into doc. */
const char *trusted_reason(const json_t *doc);
/* May what it signed be installed now? Revoked for whatever reason, expired or trusted for lists
 * only: no. ERR_UNTRUSTED, ERR_KEY_REVOKED, ERR_KEY_EXPIRED. */
int trusted_check_install(int dir, const char *fingerprint, int64_t now_s, struct err *e);
/* So many signatures it asks for; 1 where nothing is said. */
uint32_t trusted_threshold(int dir, const char *fingerprint);
/* No new installation with it; what it signed may still be launched. */
bool trusted_has_expired(int dir, const char *fingerprint, int64_t now_s);
/* Somebody else has it, or may have. A file that cannot be read says so too. */
bool trusted_is_compromised(int dir, const char *fingerprint);
/* The same key, or one that took over from it, however many were between. */
bool trusted_succeeds(int dir, const char *fingerprint, const char *ancestor);
bool trusted_same_lineage(int dir, const uint8_t a[DIGEST_BYTES], const uint8_t b[DIGEST_BYTES]);

/* A grant is bound to a signer; it goes on under the key that took over, and back. */
struct grant;
void trusted_carry_grant(int dir, const uint8_t signer[DIGEST_BYTES], struct grant *g);

/* The text of a new trust file for the request's params {key, label, permissions?, runtimes?,
 * plugins?, expires?, maxMemoryMib?, jit?, native?, noNetwork?, threshold?, for?, succeeds?};
 * malloc'd. ERR_JSON…, ERR_PERMISSION_UNKNOWN. */
int trusted_make(const json_t *params, int64_t now_s, char **ret_text, struct err *e);
/* The text of the file of to, which takes over from the key whose document is from: every bound is
 * the old one's. */
int trusted_make_successor(const json_t *from, const char *from_fingerprint, const char *to_key,
			   int64_t now_s, char **ret_text, struct err *e);
int trusted_check_fingerprint(const char *fingerprint, struct err *e);
int trusted_write(int dir, const char *fingerprint, const char *text, struct err *e);
/* A reason only gets worse: compromise after superseded, never the other way (ERR_KEY_REVOKED). The
 * same one again changes nothing. */
int trusted_revoke(int dir, const char *fingerprint, const char *reason, int64_t now_s,
		   struct err *e);

#endif
