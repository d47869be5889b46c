/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/stdin_queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* An empty queue keeps no more than this. */
#define FIRST_CAPACITY 4096

void stdin_queue_init(struct stdin_queue *queue, size_t max_bytes,
        struct allowance *allowance)
{
    assert(max_bytes > 0 && max_bytes <= SIZE_MAX / 4);
    *queue = (struct stdin_queue){ .max_bytes = max_bytes,
        .allowance = allowance };
}

void stdin_queue_deinit(struct stdin_queue *queue)
{
    allowance_give_back(queue->allowance, queue->size);
    free(queue->ring);
    queue->ring = NULL;
    queue->capacity = 0;
    queue->start = 0;
    queue->size = 0;
}

/* Copies what waits to the front of a larger ring. */
static enum remex_status grow(struct stdin_queue *queue, size_t size)
{
    size_t capacity = queue->capacity ? queue->capacity : FIRST_CAPACITY;
    size_t first = queue->capacity - queue->start;
    uint8_t *ring;

    if (size <= queue->capacity)
        return REMEX_OK;
    while (capacity < size)
        capacity *= 2;
    ring = malloc(capacity);
    if (!ring)
        return REMEX_NO_MEMORY;
    if (first > queue->size)
        first = queue->size;
    if (queue->size > 0) {
        memcpy(ring, queue->ring + queue->start, first);
        memcpy(ring + first, queue->ring, queue->size - first);
    }
    free(queue->ring);
    queue->ring = ring;
    queue->capacity = capacity;
    queue->start = 0;
    return REMEX_OK;
}

static enum remex_status append(
        struct stdin_queue *queue, const uint8_t *data, size_t size)
{
    size_t at;
    size_t first;

    if (size == 0)
        return REMEX_OK;
    allowance_take(queue->allowance, size);
    if (grow(queue, queue->size + size) != REMEX_OK) {
        allowance_give_back(queue->allowance, size);
        return REMEX_NO_MEMORY;
    }
    at = (queue->start + queue->size) & (queue->capacity - 1);
    first = queue->capacity - at;
    if (first > size)
        first = size;
    memcpy(queue->ring + at, data, first);
    memcpy(queue->ring, data + first, size - first);
    queue->size += size;
    queue->next += size;
    return REMEX_OK;
}

enum remex_status stdin_queue_reserve(struct stdin_queue *queue, size_t size)
{
    assert(size <= queue->max_bytes);
    return size > 0 ? grow(queue, size) : REMEX_OK;
}

enum remex_status stdin_queue_take(struct stdin_queue *queue, uint64_t offset,
        struct remex_bytes bytes, bool eof)
{
    uint64_t known = queue->next - offset; /* of these bytes, taken before */
    size_t room = stdin_queue_room(queue);
    size_t fresh;
    enum remex_status status;

    if (offset > queue->next)
        return REMEX_OUT_OF_RANGE;
    if (known > bytes.size)
        return REMEX_OK; /* an old repeat, its end was not the end */
    fresh = bytes.size - (size_t)known;
    if (queue->ended || queue->eof)
        return fresh > 0 || (eof && !queue->eof) ? REMEX_ENDED : REMEX_OK;

    if (fresh > 0 && room == 0 && !stdin_queue_is_full(queue))
        return REMEX_RESOURCE_EXHAUSTED;
    if (fresh > 0) {
        status = append(queue, (const uint8_t *)bytes.data + known,
                fresh < room ? fresh : room);
        if (status != REMEX_OK)
            return status;
    }
    queue->eof = eof && fresh <= room;
    return REMEX_OK;
}

bool stdin_queue_is_full(const struct stdin_queue *queue)
{
    return queue->ended || queue->eof || queue->size == queue->max_bytes;
}

size_t stdin_queue_room(const struct stdin_queue *queue)
{
    uint64_t left = allowance_left(queue->allowance);
    size_t room = queue->max_bytes - queue->size;

    if (stdin_queue_is_full(queue))
        return 0;
    return room < left ? room : (size_t)left;
}

struct remex_bytes stdin_queue_peek(const struct stdin_queue *queue)
{
    size_t first = queue->capacity - queue->start;

    if (queue->size == 0)
        return (struct remex_bytes){ 0 };
    return (struct remex_bytes){
        .data = queue->ring + queue->start,
        .size = queue->size < first ? queue->size : first,
    };
}

void stdin_queue_pass(struct stdin_queue *queue, size_t size)
{
    assert(size > 0 && size <= queue->size);
    queue->start = (queue->start + size) & (queue->capacity - 1);
    queue->size -= size;
    allowance_give_back(queue->allowance, size);
    if (queue->size > 0)
        return;
    queue->start = 0;
    if (queue->capacity > FIRST_CAPACITY)
        stdin_queue_deinit(queue);
}

void stdin_queue_end(struct stdin_queue *queue)
{
    stdin_queue_deinit(queue);
    queue->ended = true;
}
