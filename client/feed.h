/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_FEED_H
#define CLIENT_FEED_H

/*
 * A write to a process's stdin under way: one request after the other, by one
 * call, until all is taken. Exactly once, whatever is lost and repeated: each
 * request says which offset it begins at.
 *
 * Logic only. There is one feed at a time for a handle.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/handle.h"

struct feed {
    struct call *call; /* lent */
    struct handle *handle;
    const uint8_t *data; /* lent until the call is done */
    size_t size;         /* left to be taken */
    size_t taken;
    bool eof;
    bool patient; /* may wait for room */
    bool ended;   /* there is nobody to read more */
};

/* Makes `call` the one that feeds; its deadline and `done` are the maker's, and
 * so are `data`, `size`, `eof` and `patient`. */
void feed_init(struct feed *feed, struct handle *handle, struct call *call);

/* The call is done, or was not made: notes how stdin stands now. */
void feed_over(const struct feed *feed);

#endif
