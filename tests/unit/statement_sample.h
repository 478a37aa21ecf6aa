/* SPDX-License-Identifier: Apache-2.0 */
/* statement_sample.h - signed lines for tests, right ones and wrong ones.
 * Owns: three keys.  Must not know: what the tests expect. */
#ifndef KENNEL_TESTS_STATEMENT_SAMPLE_H
#define KENNEL_TESTS_STATEMENT_SAMPLE_H

#include <stdio.h>

#include "bundle/statement.h"
#include "tests/unit/bundle_sample.h"
#include "tools/pack/state.h"

enum { SAMPLE_OLD, SAMPLE_NEW, SAMPLE_THIRD, SAMPLE_KEYS };

struct statement_sample {
	struct secret_key secret[SAMPLE_KEYS];
	struct trust_key keys[SAMPLE_KEYS]; /* as a host may trust them */
	char hex[SAMPLE_KEYS][DIGEST_HEX_BYTES];
	char text[SAMPLE_KEYS][NAME_MAX_BYTES];
};

static inline void statement_sample_make(struct statement_sample *s)
{
	char file[SECRET_FILE_MAX];

	memset(s, 0, sizeof(*s));
	if (sodium_init() < 0)
		abort();
	for (uint8_t i = 0; i < SAMPLE_KEYS; i++) {
		sample_key(&s->secret[i], (uint8_t)(i + 1));
		secret_public(&s->secret[i], &s->keys[i].key);
		s->keys[i].threshold = 1;
		(void)snprintf(s->keys[i].label, NAME_MAX_BYTES, "key %u", i);
		hex_encode(s->keys[i].key.fingerprint, DIGEST_BYTES, s->hex[i]);
		secret_print_public(&s->secret[i], file);
		(void)snprintf(s->text[i], NAME_MAX_BYTES, "%.56s", strchr(file, '\n') + 1);
	}
}

/* The line (its newline is added) and a signature each; free with buffer_free_p. */
static inline void statement_sample_sign(const struct statement_sample *s, const char *line,
					 const int *signers, size_t n, struct buffer *ret)
{
	size_t line_bytes = strlen(line) + 1;

	*ret = (struct buffer){ 0 };
	(void)buffer_append(ret, line, line_bytes - 1, 2 * STATEMENT_MAX);
	(void)buffer_append(ret, "\n", 1, 2 * STATEMENT_MAX);
	for (size_t i = 0; i < n; i++) {
		char text[SIGNATURE_FILE_MAX];

		secret_sign(&s->secret[signers[i]], ret->p, line_bytes, text);
		(void)buffer_append(ret, text, strlen(text), 2 * STATEMENT_MAX);
	}
}

#endif
