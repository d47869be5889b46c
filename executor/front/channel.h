/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_CHANNEL_H
#define EXECUTOR_FRONT_CHANNEL_H

/*
 * The front's end of the link to its executor. Reads and writes block. A front
 * without an executor has no purpose, so whatever goes wrong here ends it.
 *
 * Any thread may send; only one receives. The one that receives must never
 * send: the executor stops reading while we owe it reading, so that thread is
 * what gets the link going again.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executor/link_frame.h"

struct channel {
    int fd;
    pthread_mutex_t sending;    /* frames must not mix */
    _Atomic int64_t full_until; /* INT64_MAX: somebody waits to send */
};

void channel_init(struct channel *channel, int fd);

/* `header->size` bytes of body. */
void channel_send(struct channel *channel, const struct link_header *header,
        const void *body);

/* Whether somebody had to wait for the executor to read, at or after that time
 * (monotonic, nanoseconds): NNG may have stood still then, for lack of threads.
 */
bool channel_was_full(const struct channel *channel, int64_t since);

void channel_receive(struct channel *channel, void *out, size_t size);

#endif
