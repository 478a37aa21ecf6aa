/* SPDX-License-Identifier: Apache-2.0 */
/* err.h - the error record: made once where it happens, wrapped upwards, printed in main/ and cli/.
 * Owns: codes, their stable names and exit statuses.  Must not know: what a code means to a caller.
 */
#ifndef KENNEL_BASE_ERR_H
#define KENNEL_BASE_ERR_H

#include <stddef.h>

/* One row each: enumerator, stable name, exit status (DESIGN 4: 2 usage, 10 malformed, 11 signature
 * or trust, 12 policy, 13 I/O; 125 the runner failed, 126 refused, 127 no such plugin). */
#define ERR_TABLE(X)                                              \
	X(ERR_OK, "E_OK", 0)                                      \
	X(ERR_USAGE, "E_USAGE", 2)                                \
	X(ERR_INTERNAL, "E_INTERNAL", 125)                        \
	X(ERR_NOMEM, "E_NOMEM", 125)                              \
	X(ERR_SYS, "E_SYS", 13)                                   \
	X(ERR_IO, "E_IO", 13)                                     \
	X(ERR_FORMAT, "E_FORMAT", 10)                             \
	X(ERR_LIMIT, "E_LIMIT", 10)                               \
	X(ERR_PATH, "E_PATH", 10)                                 \
	X(ERR_FRAME0, "E_FRAME0", 10)                             \
	X(ERR_TOC, "E_TOC", 10)                                   \
	X(ERR_TOC_CANONICAL, "E_TOC_CANONICAL", 10)               \
	X(ERR_FRAME, "E_FRAME", 10)                               \
	X(ERR_FRAME_DIGEST, "E_FRAME_DIGEST", 10)                 \
	X(ERR_STREAM, "E_STREAM", 10)                             \
	X(ERR_FILE_DIGEST, "E_FILE_DIGEST", 10)                   \
	X(ERR_TRAILING, "E_TRAILING", 10)                         \
	X(ERR_TRUNCATED, "E_TRUNCATED", 10)                       \
	X(ERR_SIGNATURE_FORMAT, "E_SIGNATURE_FORMAT", 11)         \
	X(ERR_SIGNATURE, "E_SIGNATURE", 11)                       \
	X(ERR_UNTRUSTED, "E_UNTRUSTED", 11)                       \
	X(ERR_KEY_EXPIRED, "E_KEY_EXPIRED", 11)                   \
	X(ERR_KEY_REVOKED, "E_KEY_REVOKED", 11)                   \
	X(ERR_KEY_FORMAT, "E_KEY_FORMAT", 11)                     \
	X(ERR_TRUST_FILE, "E_TRUST_FILE", 11)                     \
	X(ERR_STATEMENT, "E_STATEMENT", 10)                       \
	X(ERR_BUNDLE_REVOKED, "E_BUNDLE_REVOKED", 11)             \
	X(ERR_REVOCATIONS_OLD, "E_REVOCATIONS_OLD", 11)           \
	X(ERR_REVOCATIONS_STALE, "E_REVOCATIONS_STALE", 11)       \
	X(ERR_JSON, "E_JSON", 10)                                 \
	X(ERR_JSON_KEY, "E_JSON_KEY", 10)                         \
	X(ERR_JSON_TYPE, "E_JSON_TYPE", 10)                       \
	X(ERR_JSON_VALUE, "E_JSON_VALUE", 10)                     \
	X(ERR_MANIFEST, "E_MANIFEST", 12)                         \
	X(ERR_MANIFEST_SIGNATURE, "E_MANIFEST_SIGNATURE", 12)     \
	X(ERR_PERMISSION_UNKNOWN, "E_PERMISSION_UNKNOWN", 12)     \
	X(ERR_CEILING, "E_CEILING", 12)                           \
	X(ERR_GRANT, "E_GRANT", 12)                               \
	X(ERR_FILES_RULE, "E_FILES_RULE", 12)                     \
	X(ERR_NATIVE, "E_NATIVE", 12)                             \
	X(ERR_COUNTER, "E_COUNTER", 12)                           \
	X(ERR_SIGNER_CHANGED, "E_SIGNER_CHANGED", 12)             \
	X(ERR_EXPIRED, "E_EXPIRED", 12)                           \
	X(ERR_OUTSIDE, "E_OUTSIDE", 12)                           \
	X(ERR_PENDING, "E_PENDING", 12)                           \
	X(ERR_PINNED, "E_PINNED", 12)                             \
	X(ERR_RELEASE_AGE, "E_RELEASE_AGE", 12)                   \
	X(ERR_STORE_CHANGED, "E_STORE_CHANGED", 11)               \
	X(ERR_CONFIG, "E_CONFIG", 12)                             \
	X(ERR_WASM_FEATURE, "E_WASM_FEATURE", 12)                 \
	X(ERR_WASM_IMPORT, "E_WASM_IMPORT", 12)                   \
	X(ERR_WASM_INVALID, "E_WASM_INVALID", 12)                 \
	X(ERR_COMPILE, "E_COMPILE", 12)                           \
	X(ERR_JS_SYNTAX, "E_JS_SYNTAX", 12)                       \
	X(ERR_JS_MODULE, "E_JS_MODULE", 12)                       \
	X(ERR_JS_IMPORT, "E_JS_IMPORT", 12)                       \
	X(ERR_PROTOCOL, "E_PROTOCOL", 125)                        \
	X(ERR_STATE, "E_STATE", 125)                              \
	X(ERR_REFUSED, "E_REFUSED", 126)                          \
	X(ERR_NOT_FOUND, "E_NOT_FOUND", 127)                      \
	X(ERR_EXISTS, "E_EXISTS", 12)                             \
	X(ERR_FULL, "E_FULL", 125)                                \
	X(ERR_TIMEOUT, "E_TIMEOUT", 125)                          \
	X(ERR_NO_BPF_LSM, "E_NO_BPF_LSM", 126)                    \
	X(ERR_NO_CGROUP, "E_NO_CGROUP", 126)                      \
	X(ERR_NO_IDMAP, "E_NO_IDMAP", 126)                        \
	X(ERR_NO_LANDLOCK, "E_NO_LANDLOCK", 126)                  \
	X(ERR_NO_STORAGE_QUOTA, "E_NO_STORAGE_QUOTA", 126)        \
	X(ERR_NO_IO_LIMIT, "E_NO_IO_LIMIT", 126)                  \
	X(ERR_UNSUPPORTED, "E_UNSUPPORTED", 126)                  \
	X(ERR_CANARY, "E_CANARY", 126)                            \
	X(ERR_POSTURE, "E_POSTURE", 126)                          \
	X(ERR_SELFTEST, "E_SELFTEST", 126)                        \
	X(ERR_CONFINE, "E_CONFINE", 126)                          \
	X(ERR_AUDIT, "E_AUDIT", 126)                              \
	X(ERR_AUDIT_TAMPERED, "E_AUDIT_TAMPERED", 20)             \
	X(ERR_AUDIT_TORN, "E_AUDIT_TORN", 21)                     \
	X(ERR_AUDIT_UNVERIFIABLE, "E_AUDIT_UNVERIFIABLE", 22)

#define ERR_ENUM_(code, name, status) code,
enum err_code { ERR_TABLE(ERR_ENUM_) ERR_COUNT };
#undef ERR_ENUM_

struct err {
	enum err_code code; /* for callers, exit status, audit, tests */
	int sys;	    /* errno at the origin, or 0 */
	char text[240];	    /* for people; never parsed */
};

/* All three return -1, so that "return err_set(...)" reads as one line.
 * e may be NULL: then only the return value says no. Text is cut, never overrun. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* As err_set with ERR_SYS and the current errno, whose text is appended. */
int err_sys(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Puts "WHAT: " before the text; code and errno stay. */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The call, and its constant result where a reader, or an analyser of one file, can see it. */
#define err_set(...) (err_set(__VA_ARGS__), -1)
#define err_sys(...) (err_sys(__VA_ARGS__), -1)
#define err_wrap(...) (err_wrap(__VA_ARGS__), -1)

const char *err_name(enum err_code code);	/* "E_…"; never NULL */
int err_exit_status(enum err_code code);	/* for main/ and cli/ */
int err_code_from_name(const char *name);	/* ERR_…, or -1 */

#endif
