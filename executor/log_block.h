/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_LOG_BLOCK_H
#define EXECUTOR_LOG_BLOCK_H

/*
 * Where a log keeps output: blocks that are filled from front to back and never
 * written again while anybody else holds them, so that he can send from one
 * without a copy. Large ones lie in a store, if there is one and it has room.
 * One thread owns all of them.
 */

#include <stdint.h>

#include "executor/event_log.h"
#include "executor/log_store.h"

/* Quiet processes get along with these: a page, with the block's head. */
enum { LOG_SMALL_BLOCK_BYTES = 4096 - 32 };

struct log_block {
    uint32_t references;
    uint32_t capacity;       /* LOG_BLOCK_BYTES or LOG_SMALL_BLOCK_BYTES */
    struct log_store *store; /* held; NULL: its bytes lie behind this head */
    uint32_t place;          /* of the store */
    uint8_t *data;
};

/* With one reference, the caller's; NULL if there is no memory. `store` may be
 * NULL. */
struct log_block *log_block_new(struct log_store *store, uint32_t capacity);

#endif
