/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_TICKETS_H
#define EXECUTOR_FRONT_TICKETS_H

/*
 * The requests that the executor has and will answer: whose each of them is,
 * and the way back to him. As many as there are peers, PEER_MAX_HELD times.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/sp.h"

struct ticket {
    uint32_t generation; /* so that a ticket is never taken for an older one */
    uint32_t peer;       /* 0: free */
    uint32_t next_free;
    uint8_t way_back_size;
    uint8_t way_back[SP_MAX_WAY_BACK];
};

struct tickets {
    struct ticket *all;
    uint32_t capacity;
    uint32_t used; /* so many have been in use */
    uint32_t free; /* the first free one, from 1; 0: none */
};

void tickets_deinit(struct tickets *tickets); /* safe on a zeroed one */

/* False: no memory. `peer` is not 0. */
bool tickets_new(struct tickets *tickets, uint32_t peer,
        const uint8_t *way_back, size_t way_back_size, uint64_t *out);

/* Gives it back, and says what it was; false: there is none of that name. */
bool tickets_take(struct tickets *tickets, uint64_t name, struct ticket *out);

#endif
