/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_LOG_BLOCK_H
#define EXECUTOR_LOG_BLOCK_H

/*
 * Where a log keeps output: blocks that are filled from front to back and never
 * written again, so that whoever holds one can send from it without a copy.
 * One thread owns all of them.
 */

#include <stdint.h>

#include "executor/event_log.h"

/* Quiet processes get along with these: a page, with the block's head. */
enum { LOG_SMALL_BLOCK_BYTES = 4096 - 24 };

struct log_block {
    uint32_t references;
    uint32_t capacity; /* LOG_BLOCK_BYTES or LOG_SMALL_BLOCK_BYTES */
    uint64_t number;   /* no other block has had it, and no other contents */
    uint8_t data[];
};

/* With one reference, the caller's; NULL if there is no memory. */
struct log_block *log_block_new(uint32_t capacity);

/* Its only holder fills it anew. */
void log_block_renew(struct log_block *block);

#endif
