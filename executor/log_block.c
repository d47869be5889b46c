/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/log_block.h"

#include <assert.h>
#include <stdlib.h>

struct log_block *log_block_new(uint32_t capacity)
{
    struct log_block *block = malloc(sizeof(*block) + capacity);

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
    if (--block->references == 0)
        free(block);
}
