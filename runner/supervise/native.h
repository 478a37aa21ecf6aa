/* SPDX-License-Identifier: Apache-2.0 */
/* native.h - native.json: whose machine code the operator let in, one bundle or one key at a time.
 * Owns: the file.  Must not know: who asks, what runs. It is read at each decision, so that what
 * stands on disk is what holds. */
#ifndef KENNEL_SUPERVISE_NATIVE_H
#define KENNEL_SUPERVISE_NATIVE_H

#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"
#include "policy/compile.h"

#define NATIVE_FILE "native.json"
#define NATIVE_ENTRIES_MAX 1024u /* a person says each of them */

struct native_entry {
	const char *id;		 /* hex: a bundle's id, or a key's fingerprint */
	enum native_approval by; /* which of the two */
	int64_t at_s;
	const char *note; /* for people; may be "" */
};

/* ERR_USAGE: neither a bundle id nor a fingerprint. There is no word for "all". */
int native_check_id(const char *id, struct err *e);
/* Who approved the bundle with that id, signed by that key. A file that is not whole is an error,
 * and then nothing native starts. */
int native_find(int dir, const char *bundle, const char *signer, enum native_approval *ret,
		struct err *e);
/* An approval that is there already is replaced. ERR_FULL. Old or new, whatever happens. */
int native_add(int dir, const struct native_entry *a, struct err *e);
/* ERR_NOT_FOUND when nobody approved it. */
int native_remove(int dir, const char *id, struct err *e);
/* [{id, kind: "bundle"|"key", at, note}] in the order they were given. */
int native_list(int dir, json_t **ret, struct err *e);

#endif
