/* SPDX-License-Identifier: Apache-2.0 */
/* marks.h - the highest counter that each key signed of one plugin.
 * Owns: the rule which of them counts.  Must not know: which keys are good, where it is stored. */
#ifndef KENNEL_SUPERVISE_MARKS_H
#define KENNEL_SUPERVISE_MARKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"

#define MARKS_MAX                                                                      \
	BUNDLE_SIGNATURES_MAX /* keys of one name; the lowest goes when there are more \
			       */

struct marks {
	uint32_t count;
	struct mark {
		uint8_t signer[DIGEST_BYTES];
		uint64_t counter;
	} list[MARKS_MAX];
};

/* The key's mark only rises. */
void marks_note(struct marks *m, const uint8_t signer[DIGEST_BYTES], uint64_t counter);
/* Of the keys that survive; 0: none did. */
uint64_t marks_highest(const struct marks *m,
		       bool (*survives)(const void *arg, const uint8_t signer[DIGEST_BYTES]),
		       const void *arg);

/* {FINGERPRINT: COUNTER} at key "marks" of an entry; absent is empty. */
int marks_parse(struct json_place at, struct marks *ret, struct err *e);
void marks_print(const struct marks *m, struct writer *w); /* , "marks": {…} */

#endif
