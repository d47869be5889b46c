/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_LENT_H
#define EXECUTOR_FRONT_LENT_H

/*
 * Output that the executor has lent instead of sending it: it lies in the store
 * (executor/log_store), which is mapped here for reading. What of a reply is
 * lent is one load, which is returned once nobody holds it any more; not at
 * once, unless it is much: a little can wait for something else that wakes up
 * the executor, who may well have a child to run on that core.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executor/front/part.h"
#include "executor/link_frame.h"

enum { LENT_PATIENCE = 16, LENT_PATIENCE_BYTES = 256 * 1024 };

struct lent {
    const uint8_t *store; /* NULL: nothing can be lent */
    size_t size;
    void (*returned)(void *user, uint64_t ticket);
    void *user;
    /* What waits to be returned. */
    uint64_t tickets[LENT_PATIENCE];
    size_t count;
    size_t bytes;
};

/* Maps the store, and closes `fd`; if that cannot be, or it is -1, there is
 * none. */
void lent_init(struct lent *lent, int fd,
        void (*returned)(void *user, uint64_t ticket), void *user);

void lent_deinit(struct lent *lent);

/* Returns what waits for it. To be called before anything else is sent. */
void lent_return(struct lent *lent);

/* Reads the body of a LINK_PARTS frame, which lies in `load` (NULL: elsewhere),
 * and tells the parts of the reply. Each holds its load, which the caller has
 * to release, also on failure: false, it makes no sense, or there is no memory.
 */
bool lent_read(struct lent *lent, const struct link_header *header,
        const uint8_t *body, struct load *load, struct part out[LINK_MAX_PARTS],
        size_t *count_out);

#endif
