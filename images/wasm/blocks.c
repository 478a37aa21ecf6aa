/* SPDX-License-Identifier: Apache-2.0 */
/* blocks.c - one reserved arena, a table of blocks beside it.
 * Owns: offsets.  Must not know: what is in a block. */
#include "images/wasm/blocks.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "images/wasm/bounds.h"

#define FIRST_OFFSET 64u /* 0 means "none" to a plugin */
#define ALIGN 8u
#define KEPT_BYTES (256u << 10) /* of the arena stays resident between events */

struct block {
	uint32_t offset, room, used;
	bool is_free;
};

static struct {
	uint8_t *base; /* WASM_ARENA_MAX reserved; pages come when touched */
	uint32_t top;  /* first offset not handed out */
	struct block *blocks; /* ascending offsets, no gaps */
	uint32_t count, cap;
	uint32_t free_count;
} arena;

int blocks_init(void)
{
	void *p = mmap(NULL, WASM_ARENA_MAX, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return -1;
	arena.base = p;
	arena.top = FIRST_OFFSET;
	return 0;
}

void blocks_reset(void)
{
	if (arena.top > KEPT_BYTES)
		(void)madvise(arena.base, WASM_ARENA_MAX, MADV_DONTNEED);
	else
		memset(arena.base, 0, arena.top);
	arena.top = FIRST_OFFSET;
	arena.count = 0;
	arena.free_count = 0;
}

static struct block *find(uint64_t offset)
{
	uint32_t low = 0, high = arena.count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (arena.blocks[mid].offset == offset)
			return arena.blocks[mid].is_free ? NULL : &arena.blocks[mid];
		if (arena.blocks[mid].offset < offset)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static uint64_t reuse(uint32_t room, uint32_t used)
{
	for (uint32_t i = 0; arena.free_count && i < arena.count; i++) {
		struct block *b = &arena.blocks[i];

		if (!b->is_free || b->room < room)
			continue;
		b->is_free = false;
		b->used = used;
		arena.free_count--;
		return b->offset;
	}
	return 0;
}

static bool make_room_in_table(void)
{
	uint32_t cap = arena.cap ? 2 * arena.cap : 64;
	struct block *more;

	if (arena.count < arena.cap)
		return true;
	if (arena.count >= WASM_BLOCKS_MAX)
		return false;
	more = reallocarray(arena.blocks, cap, sizeof(*more));
	if (!more)
		return false;
	arena.blocks = more;
	arena.cap = cap;
	return true;
}

uint64_t blocks_alloc(uint64_t n)
{
	uint32_t room;
	uint64_t offset;

	if (n == 0 || n > WASM_ARENA_MAX - ALIGN)
		return 0;
	room = ((uint32_t)n + ALIGN - 1) & ~(ALIGN - 1);
	offset = reuse(room, (uint32_t)n);
	if (offset)
		return offset;
	if (room > WASM_ARENA_MAX - arena.top || !make_room_in_table())
		return 0;
	arena.blocks[arena.count++] =
		(struct block){ .offset = arena.top, .room = room, .used = (uint32_t)n };
	arena.top += room;
	return arena.top - room;
}

void blocks_free(uint64_t offset)
{
	struct block *b = find(offset);

	if (!b)
		return;
	b->is_free = true;
	arena.free_count++;
	while (arena.count && arena.blocks[arena.count - 1].is_free) {
		arena.count--;
		arena.free_count--;
		arena.top = arena.blocks[arena.count].offset;
	}
}

uint64_t blocks_length(uint64_t offset)
{
	const struct block *b = find(offset);

	return b ? b->used : 0;
}

static uint8_t *at(uint64_t offset, uint64_t n)
{
	if (offset < FIRST_OFFSET || offset > arena.top || n > arena.top - offset)
		return NULL;
	return arena.base + offset;
}

bool blocks_load(uint64_t offset, void *ret, size_t n)
{
	const uint8_t *p = at(offset, n);

	if (p)
		memcpy(ret, p, n);
	return p != NULL;
}

bool blocks_store(uint64_t offset, const void *p, size_t n)
{
	uint8_t *to = at(offset, n);

	if (to)
		memcpy(to, p, n);
	return to != NULL;
}

const uint8_t *blocks_view(uint64_t offset, uint64_t n)
{
	return at(offset, n);
}

uint64_t blocks_put(const void *p, size_t n)
{
	uint64_t offset = blocks_alloc(n);

	if (offset)
		(void)blocks_store(offset, p, n);
	return offset;
}
