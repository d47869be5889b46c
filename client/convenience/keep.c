/* SPDX-License-Identifier: Apache-2.0 */
#include "client/convenience/keep.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)4096)

void keep_init(struct keep *keep, enum remex_keep which, size_t max)
{
    if (max == SIZE_MAX) /* the NUL needs room, too */
        max--;
    *keep = (struct keep){ .which = which, .max = max };
}

void keep_deinit(struct keep *keep)
{
    free(keep->data);
    *keep = (struct keep){ 0 };
}

static bool reserve(struct keep *keep, size_t size)
{
    size_t capacity = keep->capacity;
    char *data;

    if (size <= capacity)
        return true;
    if (capacity < FIRST_CAPACITY)
        capacity = FIRST_CAPACITY;
    while (capacity < size)
        capacity = capacity > SIZE_MAX / 2 ? keep->max : capacity * 2;
    if (capacity > keep->max)
        capacity = keep->max;
    data = realloc(keep->data, capacity + 1);
    if (!data)
        return false;
    keep->data = data;
    keep->capacity = capacity;
    return true;
}

/* As many as fit behind what is there. */
static size_t append(struct keep *keep, struct remex_bytes bytes)
{
    size_t room = keep->max - keep->size;
    size_t size = bytes.size < room ? bytes.size : room;

    if (size == 0)
        return 0;
    if (!reserve(keep, keep->size + size)) {
        keep->failed = true;
        return 0;
    }
    memcpy(keep->data + keep->size, bytes.data, size);
    keep->size += size;
    return size;
}

/* Over the oldest; the ring is full. */
static void overwrite(struct keep *keep, const char *data, size_t size)
{
    size_t ahead;

    if (size > keep->max) { /* the rest would be overwritten at once */
        data += size - keep->max;
        size = keep->max;
    }
    ahead = keep->max - keep->oldest;
    if (ahead > size)
        ahead = size;
    memcpy(keep->data + keep->oldest, data, ahead);
    memcpy(keep->data, data + ahead, size - ahead);
    keep->oldest = (keep->oldest + size) % keep->max;
}

void keep_add(struct keep *keep, struct remex_bytes bytes)
{
    size_t taken = 0;

    if (bytes.size == 0)
        return;
    if (!keep->failed)
        taken = append(keep, bytes);
    if (taken == bytes.size)
        return;
    keep->truncated = true;
    if (!keep->failed && keep->which == REMEX_KEEP_LAST)
        overwrite(keep, (const char *)bytes.data + taken, bytes.size - taken);
}

static void reverse(char *data, size_t size)
{
    for (size_t i = 0; i < size / 2; i++) {
        char first = data[i];

        data[i] = data[size - 1 - i];
        data[size - 1 - i] = first;
    }
}

struct remex_bytes keep_bytes(struct keep *keep)
{
    if (!keep->data)
        return (struct remex_bytes){ "", 0 };
    if (keep->oldest > 0) {
        reverse(keep->data, keep->oldest);
        reverse(keep->data + keep->oldest, keep->size - keep->oldest);
        reverse(keep->data, keep->size);
        keep->oldest = 0;
    }
    keep->data[keep->size] = '\0';
    return (struct remex_bytes){ keep->data, keep->size };
}
