/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz.h - what the targets share: a promise that ends the run when it is broken, and a cursor that
 * takes small numbers from the input. Owns: neither a parser nor an input.  Must not know: the
 * targets. */
#ifndef KENNEL_TESTS_FUZZ_H
#define KENNEL_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(holds) must_((holds) ? 1 : 0, #holds, __FILE__, __LINE__)
static inline void must_(int holds, const char *what, const char *file, int line)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s:%d: broken: %s\n", file, line, what);
	abort();
}

struct cursor {
	const uint8_t *p;
	size_t left;
};

/* 0 when the input is used up, so that every input is a whole plan. */
static inline uint8_t take_u8(struct cursor *c)
{
	if (!c->left)
		return 0;
	c->left--;
	return *c->p++;
}

static inline uint16_t take_u16(struct cursor *c)
{
	uint16_t low = take_u8(c);

	return (uint16_t)(low | take_u8(c) << 8);
}

static inline uint32_t take_u32(struct cursor *c)
{
	uint32_t low = take_u16(c);

	return low | (uint32_t)take_u16(c) << 16;
}

/* Up to n bytes, fewer at the end. */
static inline const uint8_t *take_bytes(struct cursor *c, size_t n, size_t *ret_n)
{
	const uint8_t *p = c->p;

	*ret_n = n < c->left ? n : c->left;
	c->p += *ret_n;
	c->left -= *ret_n;
	return p;
}

#endif
