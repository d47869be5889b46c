/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_LOANS_H
#define EXECUTOR_LOANS_H

/*
 * What a front has been lent: output that lies in its store is named to it
 * instead of being sent, and is held here until it says that nothing of that
 * reply is needed any more. It is not believed: what is given back must have
 * been lent, and over a bound, which no front reaches that sheds peers that do
 * not read, output is sent as it would be without a store.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executor/link.h"
#include "executor/log_store.h"
#include "executor/table.h"

#define LOANS_MOST_BYTES ((size_t)72 * 1024 * 1024)

/* Zeroed: that of a new process, which has been lent nothing. */
struct loans {
    struct table by_ticket;
    size_t bytes;
};

/* See link_send. A reply of which something lies in `store` leaves as
 * LINK_PARTS; NULL: nothing does. */
void loans_send(struct loans *loans, const struct log_store *store,
        struct link *link, const struct link_header *header,
        const struct link_piece *pieces, size_t count);

/* What the reply to `ticket` was lent is not needed any more. False: nothing
 * was lent to it. */
bool loans_return(struct loans *loans, uint64_t ticket);

/* The front is gone, and needs nothing. */
void loans_clear(struct loans *loans);

#endif
