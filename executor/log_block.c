/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/log_block.h"

#include <assert.h>
#include <stdlib.h>

static_assert(sizeof(struct log_block) + LOG_SMALL_BLOCK_BYTES == 4096,
        "a small block is a page");

static struct log_block *new_in_store(struct log_store *store)
{
    uint32_t place = log_store_take(store);
    struct log_block *block;

    if (place == LOG_STORE_PLACES)
        return NULL;
    block = malloc(sizeof(*block));
    if (!block) {
        log_store_give(store, place);
        return NULL;
    }
    log_store_hold(store);
    block->store = store;
    block->place = place;
    block->data = log_store_at(store, place);
    return block;
}

static struct log_block *new_by_itself(uint32_t capacity)
{
    struct log_block *block = malloc(sizeof(*block) + capacity);

    if (!block)
        return NULL;
    block->store = NULL;
    block->place = 0;
    block->data = (uint8_t *)(block + 1);
    return block;
}

struct log_block *log_block_new(struct log_store *store, uint32_t capacity)
{
    struct log_block *block = NULL;

    if (store && capacity == LOG_BLOCK_BYTES)
        block = new_in_store(store);
    if (!block)
        block = new_by_itself(capacity);
    if (!block)
        return NULL;
    block->references = 1;
    block->capacity = capacity;
    return block;
}

void log_block_hold(struct log_block *block)
{
    assert(block->references > 0);
    block->references++;
}

void log_block_release(struct log_block *block)
{
    assert(block->references > 0);
    if (--block->references > 0)
        return;
    if (block->store) {
        log_store_give(block->store, block->place);
        log_store_release(block->store);
    }
    free(block);
}
