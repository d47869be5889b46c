/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/log_block.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

static _Atomic uint64_t last_number; /* of all executors in this process */

struct log_block *log_block_new(uint32_t capacity)
{
    struct log_block *block = malloc(sizeof(*block) + capacity);

    if (!block)
        return NULL;
    block->references = 1;
    block->capacity = capacity;
    log_block_renew(block);
    return block;
}

void log_block_renew(struct log_block *block)
{
    assert(block->references == 1);
    block->number =
            atomic_fetch_add_explicit(&last_number, 1, memory_order_relaxed) +
            1;
}

void log_block_hold(struct log_block *block)
{
    assert(block->references > 0);
    block->references++;
}

void log_block_release(struct log_block *block)
{
    assert(block->references > 0);
    if (--block->references == 0)
        free(block);
}
