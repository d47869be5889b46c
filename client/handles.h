/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_HANDLES_H
#define CLIENT_HANDLES_H

/*
 * All handles of a client, found by their follow ids.
 */

#include <stddef.h>
#include <stdint.h>

#include <remex/status.h>

#include "client/handle.h"

/* How many there are is for the user to bound. */
struct handles {
    struct handle **buckets;
    size_t bucket_count; /* 0, or a power of two */
    size_t count;
};

/* REMEX_NO_MEMORY: not added. */
REMEX_CHECKED enum remex_status handles_add(
        struct handles *handles, struct handle *handle);

void handles_remove(struct handles *handles, struct handle *handle);

/* NULL: there is none. */
struct handle *handles_find(const struct handles *handles, uint64_t follow_id);

/* One after the other, in no order; NULL begins and ends. The one named may be
 * removed only after the next has been asked for. */
struct handle *handles_next(
        const struct handles *handles, const struct handle *handle);

/* They must all have been removed. Safe on a zeroed struct. */
void handles_deinit(struct handles *handles);

#endif
