/* SPDX-License-Identifier: Apache-2.0 */
/* blocks.h - the Extism kernel's memory: blocks beside linear memory, named by 64-bit offsets.
 * Owns: which offsets exist.  Must not know: what is in a block, JSON, the wire.
 *
 * An offset is an index into one arena and never an address. Every access is checked against the
 * part that was handed out; functions that return false leave everything as it was, and their
 * caller traps. */
#ifndef KENNEL_WASM_BLOCKS_H
#define KENNEL_WASM_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int blocks_init(void);	/* -1: no memory */
void blocks_reset(void); /* between events: nothing is left */

uint64_t blocks_alloc(uint64_t n); /* 0: n is 0, or the arena is full */
void blocks_free(uint64_t offset); /* not a block: nothing happens */
uint64_t blocks_length(uint64_t offset); /* 0: not a block */

bool blocks_load(uint64_t offset, void *ret, size_t n);
bool blocks_store(uint64_t offset, const void *p, size_t n);
/* A view of n bytes, valid until the next alloc, free or reset; NULL when they are not all there.
 */
const uint8_t *blocks_view(uint64_t offset, uint64_t n);
uint64_t blocks_put(const void *p, size_t n); /* alloc and store; 0: no room, or n is 0 */

#endif
