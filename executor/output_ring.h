/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_OUTPUT_RING_H
#define EXECUTOR_OUTPUT_RING_H

/*
 * The outputs of one stream that its log keeps: the newest ones, in order.
 * They leave oldest first, so the blocks they lie in leave in order as well:
 * beside what is kept there is at most one block that is partly gone, one that
 * is being filled, and a quarter of each where a piece did not fit.
 *
 * No bounds here: the log has them.
 */

#include <stddef.h>
#include <stdint.h>

#include <remex/event.h>
#include <remex/status.h>

#include "executor/log_block.h"

/* One output: 64 bytes, and up to as many again in a ring that has grown. */
struct output_record {
    struct log_block *block;
    uint64_t seq;
    uint64_t before[REMEX_STREAMS]; /* bytes of each stream before it */
    int64_t time_ns;
    uint32_t start; /* within the block */
    uint32_t size;
};

/* Zeroed: empty; but for `store` and `spare`. */
struct output_ring {
    struct output_record *records;
    size_t capacity; /* 0 or a power of two */
    size_t oldest;   /* slot */
    size_t count;
    size_t bytes;
    struct log_block *filling; /* up to `filled`, or NULL */
    uint32_t filled;
    size_t reserved;
    struct log_store *store;  /* lent: of large blocks; NULL: none */
    struct log_block **spare; /* lent: saves a malloc per block */
};

/* Lets go of everything. */
void output_ring_clear(struct output_ring *ring);

/* Lets go of what only waits for further output. */
void output_ring_stop(struct output_ring *ring);

/* A place for up to `size` (> 0) bytes, and one for their record. */
REMEX_CHECKED enum remex_status output_ring_reserve(struct output_ring *ring,
        size_t size, void **data_out, size_t *size_out);

/* Adds what was written into the place reserved: `record->size` bytes. Fills in
 * where they lie. */
void output_ring_commit(
        struct output_ring *ring, const struct output_record *record);

/* The nth of those kept, counted from the oldest. */
const struct output_record *output_ring_at(
        const struct output_ring *ring, size_t index);

/* How many of those kept are numbered `seq` or below. */
size_t output_ring_until(const struct output_ring *ring, uint64_t seq);

/* There must be one. */
void output_ring_drop_oldest(struct output_ring *ring);

#endif
