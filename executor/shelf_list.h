/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_SHELF_LIST_H
#define EXECUTOR_SHELF_LIST_H

/*
 * What lies on a front's shelf, as its executor knows: output that it was sent
 * for one follower of a process and that others will want. For these a place is
 * named instead of sending the bytes again. Places are given out in turn.
 */

#include <stddef.h>
#include <stdint.h>

#include "executor/link.h"

struct shelf_list_place {
    uint64_t block; /* its number; 0: nothing lies here */
    uint32_t start;
    uint32_t size;
};

/* Zeroed: that of a new process, which has nothing. */
struct shelf_list {
    struct shelf_list_place places[LINK_PLACES];
    uint32_t next; /* to be given out */
};

/* See link_send. A reply of which something lies there, or will, leaves as
 * LINK_PARTS. */
void shelf_list_send(struct shelf_list *list, struct link *link,
        const struct link_header *header, const struct link_piece *pieces,
        size_t count);

#endif
