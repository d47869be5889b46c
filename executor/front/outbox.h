/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_OUTBOX_H
#define EXECUTOR_FRONT_OUTBOX_H

/*
 * What waits to go out to a peer: whole messages or their ends, in order. Bytes
 * that lie in a load are held there, others are copied.
 */

#include <stdbool.h>
#include <stddef.h>

#include <sys/uio.h>

#include "executor/front/part.h"

struct outbox_message;

/* Zeroed but for `memory`: empty. */
struct outbox {
    struct outbox_message *first;
    struct outbox_message *last;
    size_t bytes;   /* that wait */
    size_t *memory; /* that all outboxes take; a load counts once */
};

/* Adds the bytes of a message but for its first `done`, of which there must be
 * more. False: there is no memory. */
bool outbox_add(struct outbox *outbox, const struct part *parts, size_t count,
        size_t done);

bool outbox_is_empty(const struct outbox *outbox);

/* The next bytes to go out, in at most `most` parts; how many these are. */
size_t outbox_next(const struct outbox *outbox, struct iovec *out, size_t most);

/* So many of them have gone. */
void outbox_sent(struct outbox *outbox, size_t size);

void outbox_clear(struct outbox *outbox);

#endif
