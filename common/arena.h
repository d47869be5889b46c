/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_ARENA_H
#define COMMON_ARENA_H

/*
 * Memory that is freed together, up to a cap: what decoding one message may
 * use, so that a small hostile message cannot become a large heap.
 */

#include <stdbool.h>
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks;
    size_t used;  /* bytes handed out, each piece rounded up to its alignment */
    size_t limit; /* most that may be handed out until the next reset */
    bool starved; /* since then there was no memory, within the limit */
};

/* Takes no memory yet. */
void arena_init(struct arena *arena, size_t limit);

/* Zeroed and aligned for anything; NULL over the limit or out of memory.
 * Lent until the arena is reset. */
void *arena_alloc(struct arena *arena, size_t size);

/* Gives back everything, but may keep a small block to be quick with the next.
 */
void arena_reset(struct arena *arena);

/* Gives back everything. Safe on a zeroed arena, which gives nothing out, and
 * on one that was given back, which can be used again. */
void arena_deinit(struct arena *arena);

#endif
