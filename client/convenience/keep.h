/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_CONVENIENCE_KEEP_H
#define CLIENT_CONVENIENCE_KEEP_H

/*
 * The first or the last bytes of a stream, up to a bound. Memory grows with
 * what there is, at most to the bound and a NUL.
 */

#include <remex/capture.h>

struct keep {
    enum remex_keep which;
    size_t max;
    char *data;
    size_t capacity; /* without the NUL */
    size_t size;
    size_t oldest; /* where the ring begins, once it is full */
    bool truncated;
    bool failed; /* memory did; what came before it is here */
};

/* `max` is at least 1. */
void keep_init(struct keep *keep, enum remex_keep which, size_t max);

/* Safe on a zeroed one. */
void keep_deinit(struct keep *keep);

void keep_add(struct keep *keep, struct remex_bytes bytes);

/* All of it in a row, with a NUL behind; lent until the next call. */
struct remex_bytes keep_bytes(struct keep *keep);

#endif
