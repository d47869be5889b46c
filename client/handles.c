/* SPDX-License-Identifier: Apache-2.0 */
#include "client/handles.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 64

/* Follow ids count up, so their low bits spread them evenly. */
static struct handle **bucket_of(
        const struct handles *handles, uint64_t follow_id)
{
    return &handles->buckets[follow_id & (handles->bucket_count - 1)];
}

static void insert(struct handles *handles, struct handle *handle)
{
    struct handle **bucket = bucket_of(handles, handle->follow_id);

    handle->next = *bucket;
    *bucket = handle;
}

static bool grow(struct handles *handles)
{
    struct handles larger = { .count = handles->count };

    larger.bucket_count =
            handles->buckets ? handles->bucket_count * 2 : FIRST_BUCKETS;
    larger.buckets = calloc(larger.bucket_count, sizeof(struct handle *));
    if (!larger.buckets)
        return false;
    for (size_t i = 0; i < handles->bucket_count; i++) {
        struct handle *handle = handles->buckets[i];

        while (handle) {
            struct handle *next = handle->next;

            insert(&larger, handle);
            handle = next;
        }
    }
    free(handles->buckets);
    *handles = larger;
    return true;
}

enum remex_status handles_add(struct handles *handles, struct handle *handle)
{
    /* Only the first buckets are needed; more are for speed. */
    if (handles->count >= handles->bucket_count && !grow(handles) &&
            !handles->buckets)
        return REMEX_NO_MEMORY;
    insert(handles, handle);
    handles->count++;
    return REMEX_OK;
}

void handles_remove(struct handles *handles, struct handle *handle)
{
    struct handle **at = bucket_of(handles, handle->follow_id);

    while (*at != handle) {
        assert(*at);
        at = &(*at)->next;
    }
    *at = handle->next;
    handle->next = NULL;
    handles->count--;
}

struct handle *handles_find(const struct handles *handles, uint64_t follow_id)
{
    struct handle *handle;

    if (!handles->buckets)
        return NULL;
    handle = *bucket_of(handles, follow_id);
    while (handle && handle->follow_id != follow_id)
        handle = handle->next;
    return handle;
}

struct handle *handles_next(
        const struct handles *handles, const struct handle *handle)
{
    size_t i = 0;

    if (handle && handle->next)
        return handle->next;
    if (handle)
        i = (handle->follow_id & (handles->bucket_count - 1)) + 1;
    while (i < handles->bucket_count && !handles->buckets[i])
        i++;
    return i < handles->bucket_count ? handles->buckets[i] : NULL;
}

void handles_deinit(struct handles *handles)
{
    assert(handles->count == 0);
    free(handles->buckets);
    memset(handles, 0, sizeof(*handles));
}
