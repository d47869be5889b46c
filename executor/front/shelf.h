/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_SHELF_H
#define EXECUTOR_FRONT_SHELF_H

/*
 * Output that more than one peer wants: it has come over the link once, and
 * lies here until its place is given to other output. At most LINK_PLACES times
 * LINK_MAX_KEPT bytes, as many again that came along with them, and, as places
 * are given out in turn, the rest of one frame, whose places are just going.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executor/link_frame.h"
#include "executor/load.h"

/* Bytes on their way to a peer. */
struct part {
    const void *data;
    size_t size;
    struct load *load; /* that they lie in; NULL: they are lent for a call */
};

struct shelf {
    struct part places[LINK_PLACES]; /* zeroed: nothing lies there */
};

/* Reads the body of a LINK_PARTS frame, which lies in `load` (NULL: elsewhere),
 * puts away what it has for the shelf, and tells the parts of the reply. Each
 * holds its load, which the caller has to release, also on failure: false, it
 * makes no sense, or there is no memory. */
bool shelf_read(struct shelf *shelf, const struct link_header *header,
        const uint8_t *body, struct load *load, struct part out[LINK_MAX_PARTS],
        size_t *count_out);

void shelf_clear(struct shelf *shelf);

#endif
