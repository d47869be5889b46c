/* SPDX-License-Identifier: Apache-2.0 */
#include "common/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* With AddressSanitizer, what is not handed out must not be touched: else it
 * would see a block as one piece, and no overrun within it. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define ARENA_GUARDED
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define ARENA_GUARDED
#endif

#ifdef ARENA_GUARDED
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(data, size) ((void)(data), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(data, size) ((void)(data), (void)(size))
#endif

enum { BLOCK_BYTES = 16 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t size; /* of data */
    size_t used; /* of data */
    alignas(max_align_t) unsigned char data[];
};

static bool round_up(size_t size, size_t *out)
{
    size_t align = alignof(max_align_t);

    if (size > SIZE_MAX / 2)
        return false;
    *out = size ? (size + align - 1) / align * align : align;
    return true;
}

/* Puts a block with room for `size` in front. */
static struct arena_block *add_block(struct arena *arena, size_t size)
{
    size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
    struct arena_block *block = malloc(sizeof(*block) + room);

    if (!block)
        return NULL;
    ASAN_POISON_MEMORY_REGION(block->data, room);
    block->size = room;
    block->used = 0;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

static void free_blocks(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;

        ASAN_UNPOISON_MEMORY_REGION(block->data, block->size);
        free(block);
        block = next;
    }
}

void arena_init(struct arena *arena, size_t limit)
{
    *arena = (struct arena){ .limit = limit };
}

void *arena_alloc(struct arena *arena, size_t size)
{
    struct arena_block *block = arena->blocks;
    unsigned char *data;
    size_t taken;

    if (!round_up(size, &taken) || taken > arena->limit - arena->used)
        return NULL;
    if (!block || taken > block->size - block->used)
        block = add_block(arena, taken);
    if (!block) {
        arena->starved = true;
        return NULL;
    }
    data = block->data + block->used;
    block->used += taken;
    arena->used += taken;
    assert(arena->used <= arena->limit);
    ASAN_UNPOISON_MEMORY_REGION(data, size);
    return memset(data, 0, size);
}

void arena_reset(struct arena *arena)
{
    struct arena_block *kept = arena->blocks;

    arena->used = 0;
    arena->starved = false;
    if (!kept)
        return;
    free_blocks(kept->next);
    kept->next = NULL;
    kept->used = 0;
    ASAN_POISON_MEMORY_REGION(kept->data, kept->size);
    /* A large one was made for a large message; the next is likely small. */
    if (kept->size > BLOCK_BYTES)
        arena_deinit(arena);
}

void arena_deinit(struct arena *arena)
{
    free_blocks(arena->blocks);
    arena->blocks = NULL;
    arena->used = 0;
    arena->starved = false;
}
