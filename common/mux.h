/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_MUX_H
#define COMMON_MUX_H

/*
 * Many streams through one: what an ssh connection carries between a client and
 * an executor's sockets. One end opens channels, the other one is asked to.
 *
 * A frame is its kind, the endpoint that is meant (of an opening), two zeros,
 * the channel's number and the number of bytes that follow, 4 bytes each with
 * the highest first. Numbers are never used again, so what is late for a
 * channel that one end has closed is known for that, and dropped.
 *
 * Both directions go on by themselves; within one, who does not take what is
 * his holds all others. That is no loss here: all channels of a connection lead
 * to the same front at one end, and to the same thread at the other.
 *
 * Nothing here waits but for whom it was told to by poll. Bounds: MUX_CHANNELS,
 * and a buffer of MUX_BUFFER_BYTES for each direction.
 */

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include <remex/status.h>

enum mux_endpoint {
    MUX_REQUESTS = 0,
    MUX_HINTS = 1,
};

enum {
    MUX_CHANNELS = 32,
    MUX_POLLS = MUX_CHANNELS + 2,
    MUX_BUFFER_BYTES = 64 * 1024,
};

struct mux;

struct mux_hooks {
    void *user;
    /* Of the end that is asked: a connected socket, non-blocking, or -1. NULL
     * at the end that asks. */
    int (*open)(void *user, enum mux_endpoint endpoint);
};

/* Both are made non-blocking, and are lent; they may be the same. */
REMEX_CHECKED enum remex_status mux_new(
        int in, int out, const struct mux_hooks *hooks, struct mux **out_mux);

/* Closes all channels. NULL is allowed. */
void mux_free(struct mux *mux);

/* A channel for this socket, which is taken over and has to be non-blocking.
 * False: there are too many, and it is closed. */
bool mux_add(struct mux *mux, int fd, enum mux_endpoint endpoint);

/* What to wait for; returns how many. */
size_t mux_poll(const struct mux *mux, struct pollfd polls[MUX_POLLS]);

/* Does what can be done. Call it whenever one of them is ready, or one was
 * added. False: the other end has gone, or speaks something else. */
bool mux_step(struct mux *mux);

#endif
