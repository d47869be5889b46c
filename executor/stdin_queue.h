/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_STDIN_QUEUE_H
#define EXECUTOR_STDIN_QUEUE_H

/*
 * What was written for a child's stdin and is not in its pipe yet.
 *
 * Bytes are taken exactly once, by their offset from the first byte ever
 * written; taking never waits, it takes what there is room for. The end of
 * stdin is taken in order, behind all bytes. A queue takes memory only while it
 * holds something.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/event.h>
#include <remex/status.h>

#include "executor/allowance.h"

struct stdin_queue {
    uint8_t *ring;
    size_t capacity;             /* of the ring; a power of two, or 0 */
    size_t start;                /* of the first byte that waits */
    size_t size;                 /* bytes that wait */
    size_t max_bytes;            /* most that may wait */
    struct allowance *allowance; /* lent; charged what waits */
    uint64_t next;               /* offset of the next byte to be taken */
    bool eof;                    /* the end was taken: no byte follows */
    bool ended; /* nobody will read: nothing is taken any more */
};

/* Takes no memory yet. `max_bytes` > 0. */
void stdin_queue_init(struct stdin_queue *queue, size_t max_bytes,
        struct allowance *allowance);
void stdin_queue_deinit(struct stdin_queue *queue);

/* Takes the memory for so many bytes (at most its bound) before they come. */
REMEX_CHECKED enum remex_status stdin_queue_reserve(
        struct stdin_queue *queue, size_t size);

/* Takes those of the bytes at `offset` that are new, as far as there is room;
 * with `eof` also the end, if that takes the last of them. REMEX_OK also if
 * nothing fits: see `next`. REMEX_ENDED: there are new bytes, but the queue has
 * ended or its end was taken. REMEX_OUT_OF_RANGE: bytes before `offset` are
 * missing. REMEX_RESOURCE_EXHAUSTED: there is room, but nothing is left of the
 * allowance. REMEX_NO_MEMORY. Unless it is REMEX_OK nothing changes. */
REMEX_CHECKED enum remex_status stdin_queue_take(struct stdin_queue *queue,
        uint64_t offset, struct remex_bytes bytes, bool eof);

/* What would be taken now. */
size_t stdin_queue_room(const struct stdin_queue *queue);

/* There is no room whatever the allowance. */
bool stdin_queue_is_full(const struct stdin_queue *queue);

/* The first bytes that wait, as many as lie together; lent until the next call
 * that changes something. */
struct remex_bytes stdin_queue_peek(const struct stdin_queue *queue);

/* So many of them have gone. */
void stdin_queue_pass(struct stdin_queue *queue, size_t size);

/* Nobody reads any more: forgets what waits. */
void stdin_queue_end(struct stdin_queue *queue);

#endif
