/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/output_ring.h"

#include <assert.h>
#include <stdlib.h>

#define FIRST_RECORDS 8

/* Room of a page, in a small block or at the end of another. */
#define PAGE_BYTES 4096

static struct output_record *slot(const struct output_ring *ring, size_t index)
{
    return &ring->records[(ring->oldest + index) & (ring->capacity - 1)];
}

/* --- Letting go ---------------------------------------------------------- */

/* Gives up one of the ring's references. */
static void give_back(struct output_ring *ring, struct log_block *block)
{
    bool last = block->references == 1;

    if (last && block->capacity == LOG_BLOCK_BYTES && !*ring->spare)
        *ring->spare = block;
    else
        log_block_release(block);
}

void output_ring_drop_oldest(struct output_ring *ring)
{
    struct output_record *record = slot(ring, 0);

    assert(ring->count > 0);
    ring->bytes -= record->size;
    ring->oldest = (ring->oldest + 1) & (ring->capacity - 1);
    ring->count--;
    give_back(ring, record->block);
}

void output_ring_stop(struct output_ring *ring)
{
    if (ring->filling)
        give_back(ring, ring->filling);
    ring->filling = NULL;
    ring->reserved = 0;
}

void output_ring_clear(struct output_ring *ring)
{
    while (ring->count > 0)
        output_ring_drop_oldest(ring);
    output_ring_stop(ring);
    free(ring->records);
    ring->records = NULL;
    ring->capacity = 0;
}

/* --- Adding -------------------------------------------------------------- */

/* Makes sure that one more record has a slot. */
static enum remex_status grow(struct output_ring *ring)
{
    size_t capacity = ring->capacity ? 2 * ring->capacity : FIRST_RECORDS;
    struct output_record *records;

    if (ring->count < ring->capacity)
        return REMEX_OK;
    records = malloc(capacity * sizeof(*records));
    if (!records)
        return REMEX_NO_MEMORY;
    for (size_t i = 0; i < ring->count; i++)
        records[i] = *slot(ring, i);
    free(ring->records);
    ring->records = records;
    ring->capacity = capacity;
    ring->oldest = 0;
    return REMEX_OK;
}

/* What is left of a block serves, if it takes all, or is not a mere rest. */
static bool block_serves(const struct output_ring *ring, size_t size)
{
    const struct log_block *block = ring->filling;

    if (!block || size > block->capacity)
        return false;
    size = size < block->capacity / 4 ? size : block->capacity / 4;
    return block->capacity - ring->filled >= size;
}

static enum remex_status next_block(struct output_ring *ring, size_t size)
{
    struct log_block *block = NULL;

    if (block_serves(ring, size))
        return REMEX_OK;
    if (size <= LOG_SMALL_BLOCK_BYTES) {
        block = log_block_new(NULL, LOG_SMALL_BLOCK_BYTES);
    } else if (*ring->spare) {
        block = *ring->spare;
        *ring->spare = NULL;
    } else {
        block = log_block_new(ring->store, LOG_BLOCK_BYTES);
    }
    if (!block)
        return REMEX_NO_MEMORY;
    if (ring->filling)
        give_back(ring, ring->filling);
    ring->filling = block;
    ring->filled = 0;
    return REMEX_OK;
}

enum remex_status output_ring_reserve(struct output_ring *ring, size_t size,
        void **data_out, size_t *size_out)
{
    size_t left;

    assert(size > 0);
    ring->reserved = 0;
    if (size > LOG_BLOCK_BYTES)
        size = LOG_BLOCK_BYTES;
    if (size > LOG_SMALL_BLOCK_BYTES && size <= PAGE_BYTES)
        size = LOG_SMALL_BLOCK_BYTES;
    if (grow(ring) != REMEX_OK || next_block(ring, size) != REMEX_OK)
        return REMEX_NO_MEMORY;
    left = ring->filling->capacity - ring->filled;
    ring->reserved = size < left ? size : left;
    *data_out = ring->filling->data + ring->filled;
    *size_out = ring->reserved;
    return REMEX_OK;
}

void output_ring_commit(
        struct output_ring *ring, const struct output_record *record)
{
    struct output_record *place = slot(ring, ring->count);

    assert(record->size > 0 && record->size <= ring->reserved);
    *place = *record;
    place->block = ring->filling;
    place->start = ring->filled;
    log_block_hold(ring->filling);
    ring->filled += record->size;
    ring->bytes += record->size;
    ring->count++;
    ring->reserved = 0;
}

/* --- Finding ------------------------------------------------------------- */

const struct output_record *output_ring_at(
        const struct output_ring *ring, size_t index)
{
    assert(index < ring->count);
    return slot(ring, index);
}

/* Numbers rise by one at least, so none lies further back than its distance
 * from the oldest: where one stream writes alone, exactly there. */
size_t output_ring_until(const struct output_ring *ring, uint64_t seq)
{
    size_t low = 0;
    size_t high = ring->count;
    uint64_t first;

    if (high == 0 || seq < (first = slot(ring, 0)->seq))
        return 0;
    if (seq - first < high)
        high = (size_t)(seq - first) + 1;
    if (slot(ring, high - 1)->seq <= seq)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (slot(ring, middle)->seq <= seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
